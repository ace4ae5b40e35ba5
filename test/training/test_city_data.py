"""The generator: streets of MuJoCo in the layout of Cityscapes, resumable, the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mt_perception.datasets.cityscapes import Cityscapes
from mt_perception_training.data.city import VALIDATION_SEED, Drive, generate, write_drive

pytestmark = pytest.mark.usefixtures("rendering")


def test_a_generated_drive_is_read_back(tmp_path: Path) -> None:
    drive = Drive(VALIDATION_SEED, "val", frames=2, width_px=96, height_px=64, stereo=True)
    write_drive(tmp_path, drive)
    reader = Cityscapes(tmp_path, "val")
    first, second = reader[0], reader[1]
    assert len(reader) == 2 and first.size == (64, 96) and reader.path("rightImg8bit", 0).is_file()
    assert {0, 10} <= set(np.unique(first.labels)) and not np.array_equal(first.image, second.image)
    assert np.isposinf(first.depth_m[first.labels == 10]).all()
    assert first.measured[first.labels == 0].all() and first.camera.baseline_m > 0


def test_a_complete_drive_is_not_rendered_again(tmp_path: Path) -> None:
    drive = Drive(3, "train", frames=1, width_px=96, height_px=64)
    write_drive(tmp_path, drive)
    path = Cityscapes(tmp_path).path("leftImg8bit", 0)
    path.write_bytes(b"kept")
    generate(tmp_path, [drive])
    assert path.read_bytes() == b"kept"
