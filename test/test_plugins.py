# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Another package brings a part of each kind, by entry points: `plugin/` lies here as in site-packages."""

import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import SIZE, make_image

from mt_perception.backends import BACKENDS, MODULES, open_backend
from mt_perception.bags.bag import Bag
from mt_perception.datasets.sources import READERS
from mt_perception.messages.read import array_from_image
from mt_perception.model.spec import NetworkSpec, SpecError
from mt_perception.processing.process import process_bag
from mt_perception.processing.shard import Processing
from mt_perception.settings import Settings, SettingsError
from mt_perception.testing import BackendContract, DatasetContract, DeployedContract, NetworkContract
from mt_perception.topics import IMAGE_TYPE, MASK, OutputTopic, is_made_here, output_topics
from mt_perception.utils import registry
from mt_perception.utils.registry import PluginError, Registry
from recordings import write_street

PROGRAM = "import sys; from mt_perception.utils.entry import perceive; sys.exit(perceive())"
PLUGIN = Path(__file__).parent / "plugin"


@pytest.fixture(scope="module", autouse=True)
def installed():
    """The package can be imported and its entry points are found."""
    sys.path.insert(0, str(PLUGIN))
    registry.plugins.cache_clear()
    yield
    sys.path.remove(str(PLUGIN))
    registry.plugins.cache_clear()


class TestPlain(BackendContract):
    backend = "plain"
    size = SIZE

    @pytest.fixture(scope="class")
    def model(self, bundle):
        pytest.importorskip("torch")
        return bundle


class TestDots(DatasetContract):
    @pytest.fixture(scope="class")
    def reader(self, tmp_path_factory):
        return READERS["dots"](write_dots(tmp_path_factory.mktemp("dots")), "val")


class TestTinyEncoder(DeployedContract):
    spec = NetworkSpec("tiny", decoder_width=16)
    parameters = 6_009


class TestTinyDecoder(NetworkContract):
    spec = NetworkSpec("tiny", "added", 16)
    parameters = 4_697


def write_dots(folder):
    (folder / "val").mkdir()
    for index in range(2):
        labels = np.zeros((40, 60), np.uint8)
        labels[10:20, 5:30] = 13
        cv2.imwrite(str(folder / "val" / f"{index}.png"), make_image(40, 60, index))
        cv2.imwrite(str(folder / "val" / f"{index}_labels.png"), labels)
    return folder


def test_own_parts_come_first_and_a_plug_in_never_takes_their_names():
    assert set(list(BACKENDS)[: len(MODULES)]) == set(MODULES) and {"plain", "broken"} <= set(BACKENDS)
    assert "dots" in READERS and "cityscapes" in READERS and "none" not in READERS
    mine = Registry(registry.BACKENDS, {"plain": 7})
    assert (mine["plain"], list(mine).count("plain")) == (7, 1)


def test_settings_take_what_is_installed_and_nothing_else(bundle):
    assert Settings(backend="plain").backend == "plain"
    with pytest.raises(SettingsError, match=r"backend is 'onyx'; allowed: one of auto, .*, or an installed plug-in"):
        Settings(backend="onyx")
    with pytest.raises(
        PluginError, match=r"broken of mt-tiny \(mt_tiny\.none:open_backend\) cannot be loaded \(Module"
    ):
        open_backend(bundle, Settings(backend="broken"), SIZE)


def test_a_network_says_what_is_installed():
    torch = pytest.importorskip("torch")
    from mt_perception.network.multitask import build_network

    assert isinstance(build_network(NetworkSpec("tiny", decoder_width=16)), torch.nn.Module)
    for spec, part in (
        (NetworkSpec("tinier"), "encoder is 'tinier'"),
        (NetworkSpec("tiny", "none"), "decoder is 'none'"),
    ):
        with pytest.raises(SpecError, match=rf"{part}; allowed: .*(tiny|added).*, or an installed plug-in"):
            build_network(spec)


def test_a_task_is_trained_by_its_name():
    torch = pytest.importorskip("torch")
    tasks = pytest.importorskip("mt_perception_training.tasks")
    (task,) = tasks.extra_tasks(NetworkSpec("tiny", decoder_width=16, extra_heads={"brightness": 1}), 100.0).values()
    assert task.loss(torch.zeros(1, 1, 2, 3), {"image": torch.full((1, 3, 4, 6), 2.0)}).item() == 4.0
    with pytest.raises(ValueError, match="extra_heads has 'brightless'; known: normals, brightness"):
        tasks.extra_tasks(NetworkSpec(extra_heads={"brightless": 1}), 100.0)


def test_bag_process_writes_an_output_and_takes_it_for_no_camera(bundle, tmp_path):
    settings = Settings(model=str(bundle.folder), backend="openvino", precision="fp32")
    street = write_street(tmp_path / "street", frames=2, start_ns=10**9)
    process_bag(street, tmp_path / "out", Processing(settings))
    with Bag(tmp_path / "out") as bag:
        kinds = {kind: list(bag.messages([f"/segmentation/{kind}"])) for kind in ("mask", "outline")}
        masks, outlines = ([array_from_image(each.message()) for each in found] for found in kinds.values())
    assert len(masks) == len(outlines) == 2
    assert is_made_here("/robot/segmentation/outline") and not is_made_here("/robot/outline")
    for mask, outline in zip(masks, outlines, strict=True):
        assert (outline[:, 1:] == 255 * (mask[:, 1:] != mask[:, :-1])).all() and outline.any()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (7, "the output odd of a plug-in is 7; expected an OutputTopic with `make`"),
        (OutputTopic(MASK, IMAGE_TYPE, "", "mono8", make=len), "has the topic segmentation/mask, which is published"),
    ],
)
def test_an_output_that_cannot_be_made_is_refused(monkeypatch, row, said):
    monkeypatch.setattr("mt_perception.topics.OUTPUTS", {"odd": row})
    with pytest.raises(PluginError, match=re.escape(said)):
        output_topics()


def test_the_command_line_runs_a_plug_in(bundle, tmp_path, cache_home):
    """In a process that finds the package by its path alone."""
    pytest.importorskip("torch")
    cv2.imwrite(str(tmp_path / "a.png"), make_image(60, 100))
    made = {}
    for backend in ("plain", "openvino"):
        command = [sys.executable, "-c", PROGRAM, "run", str(tmp_path / "a.png"), "--precision", "fp32",
                   "--out", str(tmp_path / backend), "--model", str(bundle.folder), "--backend", backend]  # fmt: skip
        result = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(PLUGIN)}, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
        made[backend] = cv2.imread(str(tmp_path / backend / "a_mask.png"), cv2.IMREAD_UNCHANGED)
    assert (made["plain"] == made["openvino"]).mean() >= 0.999
