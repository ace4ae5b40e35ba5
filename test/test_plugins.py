"""Another package brings a backend and a data set, by entry points: `plugin/` lies here as in site-packages."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import SIZE, make_image

from mt_perception.backends import BACKENDS, open_backend
from mt_perception.datasets.sources import READERS
from mt_perception.settings import Settings, SettingsError
from mt_perception.testing import BackendContract, DatasetContract
from mt_perception.utils import registry
from mt_perception.utils.registry import PluginError, Registry

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


class TestOnnxRuntime(BackendContract):
    backend = "onnxruntime"
    size = SIZE

    @pytest.fixture(scope="class")
    def model(self, bundle):
        pytest.importorskip("onnxruntime")
        return bundle


class TestDots(DatasetContract):
    @pytest.fixture(scope="class")
    def reader(self, tmp_path_factory):
        return READERS["dots"](write_dots(tmp_path_factory.mktemp("dots")), "val")


def write_dots(folder):
    (folder / "val").mkdir()
    for index in range(2):
        labels = np.zeros((40, 60), np.uint8)
        labels[10:20, 5:30] = 13
        cv2.imwrite(str(folder / "val" / f"{index}.png"), make_image(40, 60, index))
        cv2.imwrite(str(folder / "val" / f"{index}_labels.png"), labels)
    return folder


def test_own_parts_come_first_and_a_plug_in_never_takes_their_names():
    assert list(BACKENDS)[:3] == ["openvino", "tensorrt", "torch"] and {"onnxruntime", "broken"} <= set(BACKENDS)
    assert "dots" in READERS and "cityscapes" in READERS and "none" not in READERS
    mine = Registry(registry.BACKENDS, {"onnxruntime": 7})
    assert (mine["onnxruntime"], list(mine).count("onnxruntime")) == (7, 1)


def test_settings_take_what_is_installed_and_nothing_else(bundle):
    assert Settings(backend="onnxruntime").backend == "onnxruntime"
    with pytest.raises(SettingsError, match=r"backend is 'onyx'; allowed: one of auto, .*, or an installed plug-in"):
        Settings(backend="onyx")
    with pytest.raises(
        PluginError, match=r"broken of mt-tiny \(mt_tiny\.none:open_backend\) cannot be loaded \(Module"
    ):
        open_backend(bundle, Settings(backend="broken"), SIZE)


def test_the_command_line_runs_a_plug_in(bundle, tmp_path, cache_home):
    """In a process that finds the package by its path alone."""
    pytest.importorskip("onnxruntime")
    cv2.imwrite(str(tmp_path / "a.png"), make_image(60, 100))
    made = {}
    for backend in ("onnxruntime", "openvino"):
        command = [sys.executable, "-c", PROGRAM, "run", str(tmp_path / "a.png"), "--precision", "fp32",
                   "--out", str(tmp_path / backend), "--model", str(bundle.folder), "--backend", backend]  # fmt: skip
        result = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(PLUGIN)}, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
        made[backend] = cv2.imread(str(tmp_path / backend / "a_mask.png"), cv2.IMREAD_UNCHANGED)
    assert (made["onnxruntime"] == made["openvino"]).mean() >= 0.999
