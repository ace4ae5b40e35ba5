# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mt_perception.commands.params import parameter_file
from mt_perception.settings import SETTINGS, Settings, SettingsError


def test_defaults_are_allowed_and_described():
    Settings()
    for setting in SETTINGS.values():
        assert setting.check(setting.default) == setting.default
        assert len(setting.description) > 10


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("overlay_opacity", 1.5, "0 to 1"),
        ("backend", "cuda", "auto, openvino, torch"),
        ("input_width", "wide", "0, or 32 to 4096 px"),
        ("input_height", 31, "0, or 32 to 4096 px"),
        ("bit_depth", 7, "0, or 8 to 16"),
        ("input_width", 5, "32 to 4096"),
        ("autostart", 1, "true or false"),
        ("threads", True, "0 to 256"),
    ],
)
def test_wrong_values_are_refused_with_what_is_allowed(name, value, said):
    with pytest.raises(SettingsError) as error:
        Settings.from_mapping({name: value})
    assert name in str(error.value) and repr(value) in str(error.value) and said in str(error.value)


def test_unknown_names_are_refused():
    with pytest.raises(SettingsError, match="no setting 'opacity'"):
        Settings.from_mapping({"opacity": 1.0})


def test_depth_range_must_grow():
    with pytest.raises(SettingsError, match="the first must be the smaller"):
        Settings(depth_color_min_m=90.0)


def test_the_scale_of_the_ground_needs_a_height():
    with pytest.raises(SettingsError, match="set camera_height_m"):
        Settings(depth_mode="ground")
    assert Settings(depth_mode="ground", camera_height_m=1.5).scales_by_ground
    assert Settings(depth_mode="ground", base_frame="base_footprint").scales_by_ground


@given(st.integers(0, 1))
def test_whole_numbers_serve_for_fractions(value):
    assert Settings(overlay_opacity=value).overlay_opacity == float(value)


def test_parameter_file_is_what_it_prints(root):
    assert (root / "config" / "perception.yaml").read_text() == parameter_file()
    values = yaml.safe_load(parameter_file())["/**"]["ros__parameters"]
    assert Settings.from_mapping(values) == Settings()


def test_profiles_hold_settings(root):
    profiles = sorted((root / "config" / "profiles").glob("*.yaml"))
    assert profiles
    for profile in profiles:
        Settings.from_mapping(yaml.safe_load(profile.read_text())["/**"]["ros__parameters"])


@pytest.mark.parametrize("given", ["front, left", ["front", "left"], ("front", "left"), " front,left,"])
def test_names_of_cameras_are_a_text_with_commas_or_a_list(given):
    assert Settings(cameras=given).cameras == ("front", "left")


@pytest.mark.parametrize("given", ["front,front", ["front/left"], "1st", ["ok", "a b"]])
def test_names_that_are_no_part_of_a_topic_or_come_twice_are_refused(given):
    with pytest.raises(SettingsError, match=r"cameras is .*; allowed: names of letters, digits and _, .*none twice"):
        Settings(cameras=given)


def test_a_pair_is_one_of_the_cameras_and_with_stereo_all_are():
    with pytest.raises(SettingsError, match="stereo_cameras has 'rear', which is none of cameras \\(front\\)"):
        Settings(cameras="front", stereo_cameras="rear")
    mixed = Settings(cameras="front,left", stereo_cameras="left")
    assert [mixed.is_pair(name) for name in ("front", "left", "")] == [False, True, False]
    assert Settings(stereo=True).is_pair("") and Settings(stereo=True, cameras="a").is_pair("a")
