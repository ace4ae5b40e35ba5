"""Each file of examples/ does what it says, as a process of its own; so does each example in the public docstrings."""

import doctest
import subprocess
import sys

import cv2
import numpy as np
import pytest
from helpers import make_image

pytest.importorskip("openvino")

import mt_perception

CALIBRATION = """
image_width: 160
image_height: 90
camera_matrix: {rows: 3, cols: 3, data: [150, 0, 80, 0, 150, 45, 0, 0, 1]}
projection_matrix: {rows: 3, cols: 4, data: [150, 0, 80, 0, 0, 150, 45, 0, 0, 0, 1, 0]}
"""


@pytest.fixture
def example(root, cache_home, tmp_path):
    def run(name, *arguments):
        command = [sys.executable, str(root / "examples" / name), *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    return run


def test_every_example_is_run_here(root):
    assert {each.name for each in (root / "examples").glob("*.py")} == {"image.py", "video.py"}


def test_image(example, tmp_path):
    cv2.imwrite(str(tmp_path / "street.png"), make_image(90, 160))
    (tmp_path / "camera.yaml").write_text(CALIBRATION)
    done = example("image.py", "street.png", "camera.yaml")
    assert done.returncode == 0, done.stderr
    assert " %  nearest " in done.stdout
    for name in ("overlay.png", "depth.png"):
        assert cv2.imread(str(tmp_path / name)).shape == (90, 160, 3)
    assert np.load(tmp_path / "points.npy").shape == (90, 160)


def test_video(example, tmp_path):
    writer = cv2.VideoWriter(str(tmp_path / "in.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 5, (160, 96))
    for seed in range(3):
        writer.write(make_image(96, 160, seed=seed))
    writer.release()
    done = example("video.py", "in.mp4", "out.mp4", "2")
    assert done.returncode == 0, done.stderr
    made = cv2.VideoCapture(str(tmp_path / "out.mp4"))
    assert (made.get(cv2.CAP_PROP_FRAME_WIDTH), made.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (320, 96)
    assert made.get(cv2.CAP_PROP_FRAME_COUNT) == 2


@pytest.mark.parametrize(("name", "wrong"), [("image.py", ["none.png"]), ("video.py", ["none.mp4", "out.mp4"])])
def test_what_is_not_there_is_said(example, name, wrong):
    done = example(name, *wrong)
    assert done.returncode == 1 and wrong[0] in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("name", mt_perception.__all__)
def test_examples_in_docstrings_hold(name, cache_home):
    public = getattr(mt_perception, name)
    found = doctest.DocTestFinder().find(public, name, globs={})
    results = [doctest.DocTestRunner().run(each) for each in found]
    assert sum(each.attempted for each in results) > 0, f"{name} shows no example"
    assert sum(each.failed for each in results) == 0
