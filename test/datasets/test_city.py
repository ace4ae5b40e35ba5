# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The rendered city is a package of its own: what it writes is read here, and without it one sentence says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from miniature import write_city

from mt_city import CityFolder
from mt_perception.bags.bag import Bag
from mt_perception.commands.main import main
from mt_perception.datasets.city import city_camera
from mt_perception.datasets.cityscapes import Cityscapes
from mt_perception.labels import CITYSCAPES

RUN = "import sys; from mt_perception.commands.main import main; sys.exit(main())"
HIDDEN = "import sys; sys.modules['mt_city'] = None; from {module} import main; sys.exit(main(sys.argv[1:]))"


@pytest.mark.parametrize("right", [False, True], ids=["one camera", "pair"])
def test_both_readers_say_the_same_of_what_the_city_wrote(tmp_path: Path, right: bool) -> None:
    write_city(tmp_path, frames=2, right=right)
    frames, samples = CityFolder(tmp_path, "val"), Cityscapes(tmp_path, "val", right=True)
    assert len(frames) == len(samples) == 2
    for frame, sample in zip(frames, samples, strict=True):
        assert city_camera(frame.camera) == sample.camera
        for mine, other in (("left", "image"), ("right", "right"), ("labels", "labels"), ("depth_m", "depth_m")):
            np.testing.assert_array_equal(getattr(frame, mine), getattr(sample, other))


def test_the_classes_of_the_city_are_those_of_cityscapes() -> None:
    from mt_city import labels

    assert tuple(each.label_id for each in CITYSCAPES) == labels.LABEL_IDS
    named = {each.name.upper().replace(" ", "_"): each.train_id for each in CITYSCAPES}
    assert {name: getattr(labels, name) for name in named} == named


@pytest.mark.usefixtures("rendering")
def test_a_drive_becomes_a_recording(tmp_path: Path) -> None:
    size = ["--seconds", "0.2", "--rate", "10", "--size", "64x96"]
    program = [sys.executable, "-c", RUN, "bag", "from-city", str(tmp_path / "bag"), *size]
    subprocess.run(program, check=True, capture_output=True, timeout=120)
    with Bag(tmp_path / "bag") as bag:
        assert {name: count for name, count in bag.counts.items() if "label_info" not in name} == {
            f"/{name}": 2
            for name in (
                "left/image_rect/compressed", "left/camera_info", "right/image_rect/compressed", "right/camera_info",
                "ground_truth/labels/compressed", "ground_truth/depth/compressed",
            )
        }  # fmt: skip


def test_what_the_city_refuses_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bag", "from-city", str(tmp_path / "bag"), "--size", "8x96"]) == 1
    assert "city height_px is 8; it must be between 16 and 4096" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("module", "command"),
    [("mt_perception.commands.main", ["bag", "from-city"]), ("mt_perception_training.cli", ["city", "--out"])],
)
def test_without_its_package_a_command_says_what_to_install(module: str, command: list[str], tmp_path: Path) -> None:
    program = [sys.executable, "-c", HIDDEN.format(module=module), *command, str(tmp_path / "out")]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "pip install 'mt-perception[sim]' (in a checkout: pip install ./packages/mt_city)" in done.stderr


def test_the_command_of_the_training_is_that_of_the_city(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    training = pytest.importorskip("mt_perception_training.cli")
    assert training.main(["city", "--out", str(tmp_path / "city"), "--camera", "fx=900"]) == 1
    assert "mt-perception-train city: --camera is 'fx=900'; expected NAME=VALUE" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        training.main(["evaluate", "--data", "city=CITY", "--no-such-option"])
    assert "unrecognized arguments: --no-such-option" in capsys.readouterr().err
