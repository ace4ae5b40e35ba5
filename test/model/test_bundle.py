# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import json
import math
import os
import shutil

import pytest

from mt_perception.labels import CITYSCAPES
from mt_perception.model.bundle import CARD, WEIGHTS, load_bundle, new_bundle, sha256
from mt_perception.model.card import BundleError
from mt_perception.model.text import describe

ROAD = {"name": "road", "label_id": 7, "train_id": 0, "color": [128, 64, 128]}


@pytest.fixture
def copy(bundle, tmp_path):
    return shutil.copytree(bundle.folder, tmp_path / "model")


def test_what_is_written_is_read(bundle):
    again = load_bundle(bundle.folder)
    assert again.card == bundle.card
    assert again.card.network.decoder_width == 32 and again.card.parameters > 900_000
    assert set(again.card.files) == {"graph.xml", WEIGHTS}


def test_all_users_may_read_it(bundle):
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in bundle.folder.iterdir())


def test_units_and_classes_are_in_the_card(bundle):
    card = json.loads((bundle.folder / CARD).read_text())
    assert card["format"] == 1 and card["units"]["depth"] == "m"
    assert card["classes"][0] == {"name": "road", "label_id": 7, "train_id": 0, "color": [128, 64, 128], "covers": []}
    assert card["label_set"] == {"name": "cityscapes", "ignore": 255, "sky": "sky"}
    assert card["training_camera"] == {"fx_px": 100.0, "width_px": 128}


@pytest.mark.parametrize("name", ["graph.xml", WEIGHTS])
def test_a_changed_byte_is_found(copy, name):
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(BundleError, match=f"damaged: {name}"):
        load_bundle(copy)


def test_a_missing_file_is_named(copy):
    (copy / WEIGHTS).unlink()
    with pytest.raises(BundleError, match=f"{WEIGHTS} is missing"):
        load_bundle(copy)


def change_card(copy, **values):
    card = json.loads((copy / CARD).read_text())
    (copy / CARD).write_text(json.dumps(card | values))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"format": 99}, "format is 99; this version reads format 1"),
        ({"files": {"../../etc/passwd": "0"}}, "names no weights"),
        ({"files": [WEIGHTS]}, "files is ['weights.safetensors']; expected"),
        ({"network": {"width": 3}}, "unknown key"),
        ({"network": {"depth_encoding": {"max_m": 1e300}}}, "depth range is 0.5 to 1e+300 m"),
        ({"network": {"decoder_width": 64.5}}, "decoder_width is 64.5; expected a whole number"),
        ({"classes": 5}, "classes is 5"),
        ({"classes": []}, "has 0 classes; allowed: 1 to 255"),
        ({"classes": [ROAD], "label_set": {"name": "x"}}, "classes has none with the train_id 1"),
        ({"classes": [ROAD, ROAD]}, "two classes of cityscapes have the same name, 'road'"),
        ({"classes": [ROAD | {"color": [9]}]}, "classes[0].color is [9]"),
        ({"classes": [ROAD | {"color": [999, -1, 5]}]}, "color is [999, -1, 5]; allowed"),
        ({"classes": [ROAD | {"train_id": 300}]}, "train_id is 300; allowed: 0 to 254"),
        ({"classes": [ROAD | {"name": "r\x1b[31mead"}]}, r"name is 'r\x1b[31mead'; expected"),
        ({"classes": None}, "classes is None"),
        ({"label_set": 5}, "label_set is 5; expected keys and values"),
        ({"label_set": {"name": "x", "sky": "heaven"}}, "sky is 'heaven'; the classes are road, "),
        ({"label_set": {"name": "x", "ignore": 0}}, "ignore is 0; allowed"),
        ({"input": {"width": 1, "height": 1}}, "input size"),
        ({"input": {"width": 1e300}}, "width is 1e+300; expected a whole number"),
        ({"input": {"mean": [math.nan, 0, 0]}}, "normalisation is (nan, 0.0, 0.0)"),
        ({"training_camera": {"fx_px": -5, "width_px": 640}}, "fx_px is -5.0; allowed: 1 to 1e+06 px"),
        ({"training_camera": {"fx_px": 0, "width_px": 640}}, "fx_px is 0.0; allowed"),
        ({"training_camera": {"fx_px": math.nan, "width_px": 640}}, "fx_px is nan; allowed"),
        ({"training_camera": {"fx_px": math.inf, "width_px": 640}}, "fx_px is inf; allowed"),
        ({"training_camera": {"fx_px": "x", "width_px": 640}}, "fx_px is 'x'; expected a number"),
        ({"training_camera": {"fx_px": 10**400, "width_px": 640}}, "expected a number of at most"),
        ({"training_camera": {"fx_px": 500}}, "not given: width_px"),
        ({"row_prior": {"first": 0, "step": 0, "depth_m": [1]}}, "the steps must be above 0"),
        ({"row_prior": {"first": 0, "step": 1, "depth_m": [1, -1]}}, "all above 0 m"),
        ({"name": "x\x1b[31mRED\n[ERROR] fake line"}, r"name is 'x\x1b[31mRED\n[ERROR] fake line'; expected"),
        ({"name": "n" * 101}, "expected 1 to 100 printable characters"),
        ({"name": "n" * 5_000_000}, "larger than 1 MB"),
        ({"name": "two\nlines"}, r"name is 'two\nlines'; expected"),
        ({"name": 5}, "name is 5; expected a text"),
        ({"scores": {"a\nb": 1.0}}, r"scores has the key 'a\nb'"),
        ({"data": "\ud800"}, "expected at most 4000 printable characters"),
    ],
)
def test_foreign_cards_are_refused_in_one_sentence(copy, values, said):
    change_card(copy, **values)
    with pytest.raises(BundleError) as error:
        load_bundle(copy)
    assert said in str(error.value) and str(copy) in str(error.value)
    assert str(error.value).isprintable() and len(str(error.value)) < 500 + len(str(copy))


def test_files_outside_the_bundle_are_refused(copy):
    files = json.loads((copy / CARD).read_text())["files"]
    change_card(copy, files=files | {"../secret": "0"})
    with pytest.raises(BundleError, match="lies outside"):
        load_bundle(copy)


@pytest.mark.parametrize("name", ["..", "", "a\0b", "a" * 300, "/etc/passwd", "-rf"])
def test_files_without_a_plain_name_are_refused(copy, name):
    files = json.loads((copy / CARD).read_text())["files"]
    change_card(copy, files=files | {name: "0" * 64})
    with pytest.raises(BundleError, match=r"lies outside|printable"):
        load_bundle(copy)


def test_a_graph_without_the_hash_of_its_constants_is_refused(copy):
    files = json.loads((copy / CARD).read_text())["files"]
    (copy / "graph_int8.xml").write_text("<net/>")
    change_card(copy, files=files | {"graph_int8.xml": sha256(copy / "graph_int8.xml")})
    with pytest.raises(BundleError, match=r"names graph_int8.xml without its graph_int8.bin"):
        load_bundle(copy)


@pytest.mark.parametrize("digest", [5, "0", "../" * 21 + "x"])
def test_what_is_no_hash_is_refused(copy, digest):
    files = json.loads((copy / CARD).read_text())["files"]
    change_card(copy, files=files | {"graph.xml": digest})
    with pytest.raises(BundleError, match=r"graph\.xml is .*; expected"):
        load_bundle(copy)


@pytest.mark.parametrize("name", [CARD, WEIGHTS])
def test_a_pipe_is_not_waited_for(copy, name):
    (copy / name).unlink()
    os.mkfifo(copy / name)
    with pytest.raises(BundleError, match=f"{CARD}: the folder is no model bundle|{WEIGHTS} is missing"):
        load_bundle(copy)


@pytest.mark.parametrize("target", ["/dev/zero", "../outside.xml"])
def test_a_link_out_of_the_folder_is_not_followed(copy, target):
    shutil.copy(copy / "graph.xml", copy.parent / "outside.xml")
    (copy / "graph.xml").unlink()
    (copy / "graph.xml").symlink_to(target)
    with pytest.raises(BundleError, match=r"graph\.xml leads out of the model's folder"):
        load_bundle(copy)


def test_a_folder_of_links_to_one_bundle_is_that_bundle(copy, tmp_path):
    """As colcon makes it with --symlink-install."""
    links = tmp_path / "links"
    links.mkdir()
    for file in copy.iterdir():
        (links / file.name).symlink_to(file)
    assert load_bundle(links).folder == copy.resolve()


def test_a_card_that_knows_more_is_read(copy, bundle):
    change_card(copy, of_a_later_version=[1])
    assert load_bundle(copy).card == bundle.card


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "[" * 100_000, "\udcff"])
def test_rubbish_is_refused(copy, content):
    (copy / CARD).write_text(content, errors="surrogateescape")
    with pytest.raises(BundleError, match=CARD):
        load_bundle(copy)


def test_folders_that_are_no_bundle(tmp_path):
    with pytest.raises(BundleError, match="does not exist"):
        load_bundle(tmp_path / "none")
    with pytest.raises(BundleError, match="no model bundle"):
        load_bundle(tmp_path)


def test_a_failed_write_leaves_the_old_bundle(copy, bundle):
    with pytest.raises(ZeroDivisionError), new_bundle(copy, bundle.card) as folder:
        (folder / WEIGHTS).write_bytes(b"half")
        raise ZeroDivisionError
    assert load_bundle(copy).card == bundle.card
    assert [path.name for path in copy.parent.iterdir()] == ["model"]


def test_other_peoples_files_are_not_replaced(tmp_path, bundle):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BundleError, match="holds other files"), new_bundle(tmp_path, bundle.card):
        pass
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_the_card_in_words(bundle):
    text = describe(bundle)
    for part in ("UNTRAINED", "128x64 px", "GMACs", "focal length of 100 px", bundle.model_hash):
        assert part in text


def test_a_card_of_a_time_without_label_sets_is_in_cityscapes(copy, bundle):
    card = json.loads((copy / CARD).read_text())
    for key in ("label_set", "covers"):
        card.pop(key, None)
    card["classes"] = [{key: each[key] for key in ROAD} for each in card["classes"]]
    (copy / CARD).write_text(json.dumps(card))
    assert load_bundle(copy).card.labels == CITYSCAPES
    card.pop("classes")
    (copy / CARD).write_text(json.dumps(card))
    assert load_bundle(copy).card.labels == CITYSCAPES
