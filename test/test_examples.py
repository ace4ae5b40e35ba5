# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Each file of examples/ does what it says, as a process of its own; so does each example in the public docstrings."""

import doctest
import subprocess
import sys

import cv2
import numpy as np
import pytest
from helpers import make_image

pytest.importorskip("openvino")

import mt_perception as mtp
from mt_perception.datasets.own import Own
from mt_perception.utils.resources import city_recording

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
    assert {each.name for each in (root / "examples").glob("*.py")} == {
        "backend.py", "bag.py", "calibration.py", "dataset.py", "image.py", "own_classes.py", "video.py", "webcam.py"
    }  # fmt: skip


def test_image(example, tmp_path):
    cv2.imwrite(str(tmp_path / "street.png"), make_image(90, 160))
    (tmp_path / "camera.yaml").write_text(CALIBRATION)
    done = example("image.py", "street.png", "camera.yaml")
    assert done.returncode == 0, done.stderr
    assert " %  nearest " in done.stdout
    for name in ("overlay.png", "depth.png"):
        assert cv2.imread(str(tmp_path / name)).shape == (90, 160, 3)
    assert np.load(tmp_path / "points.npy").shape == (90, 160)


@pytest.fixture
def video(tmp_path):
    """in.mp4: three frames."""
    writer = cv2.VideoWriter(str(tmp_path / "in.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 5, (160, 96))
    for seed in range(3):
        writer.write(make_image(96, 160, seed=seed))
    writer.release()


def test_video(example, tmp_path, video):
    done = example("video.py", "in.mp4", "out.mp4", "2")
    assert done.returncode == 0, done.stderr
    made = cv2.VideoCapture(str(tmp_path / "out.mp4"))
    assert (made.get(cv2.CAP_PROP_FRAME_WIDTH), made.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (320, 96)
    assert made.get(cv2.CAP_PROP_FRAME_COUNT) == 2


def test_webcam(example, tmp_path, video):
    """With a file as the device."""
    done = example("webcam.py", "in.mp4")
    assert done.returncode == 0, done.stderr
    assert 1 <= done.stdout.count(" m straight ahead\n") <= 3, "as many as there was time for"
    assert cv2.imread(str(tmp_path / "webcam.png")).shape == (96, 160, 3)


def test_calibration(example, tmp_path):
    """Photos of a board that a camera with a focal length of 500 px would take."""
    squares = np.add.outer(range(7), range(10)) % 2
    board = np.pad(np.kron(squares, np.ones((40, 40))) * 255, 40, constant_values=255).astype(np.uint8)
    lens = np.array([[500.0, 0, 319.5], [0, 500, 239.5], [0, 0, 1]])
    edges = np.array([[-1, -1], [11, -1], [11, 8], [-1, 8]], np.float32)  # of the image, in squares
    (tmp_path / "photos").mkdir()
    for index, turn in enumerate([(0, 0, 0), (0.4, 0, 0), (-0.4, 0, 0.1), (0, 0.5, 0), (0, -0.5, 0.1), (0.3, 0.3, 0)]):
        corners = np.hstack([edges - (5, 3.5), np.zeros((4, 1))])
        seen, _ = cv2.projectPoints(corners, np.float64(turn), np.float64([0, 0, 13]), lens, None)
        source = np.array([[0, 0], [479, 0], [479, 359], [0, 359]], np.float32)
        placed = cv2.getPerspectiveTransform(source, seen[:, 0].astype(np.float32))
        photo = cv2.warpPerspective(board, placed, (640, 480), borderValue=(200,))
        cv2.imwrite(str(tmp_path / "photos" / f"{index}.png"), photo)
    cv2.imwrite(str(tmp_path / "street.png"), make_image(480, 640))
    done = example("calibration.py", "photos", "street.png")
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[1].rstrip(",")) == pytest.approx(500, rel=0.05)
    told = mtp.read_camera(tmp_path / "camera.yaml")
    assert told.fx_px == pytest.approx(float(done.stdout.split()[1].rstrip(",")), abs=0.05)
    assert (told.height_px, told.width_px) == (480, 640)
    assert np.load(tmp_path / "depth.npy").shape == cv2.imread(str(tmp_path / "rectified.png")).shape[:2] == (480, 640)


def test_bag(example):
    done = example("bag.py", city_recording())
    assert done.returncode == 0, done.stderr
    assert " s: nearest " in done.stdout and "road  " in done.stdout


def test_backend(example, tmp_path):
    cv2.imwrite(str(tmp_path / "street.png"), make_image(90, 160))
    done = example("backend.py", "street.png")
    assert done.returncode == 0, done.stderr
    assert "street on openvino: mirroring changes depth by " in done.stdout and "by 0.0 %" not in done.stdout


def test_dataset(example, tmp_path):
    (tmp_path / "yard" / "val").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "yard" / "val" / "a.jpg"), make_image(90, 160))
    labels = np.repeat(np.array([2, 1, 0], np.uint8), 30)[:, None].repeat(160, 1)
    cv2.imwrite(str(tmp_path / "yard" / "val" / "a_labels.png"), labels)
    done = example("dataset.py", "street", "yard")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["ground", "obstacle", "sky"]
    assert done.stdout.count(" %, 4800 pixels") == 3


def test_own_classes(example, tmp_path):
    assert example("own_classes.py", "yard").stdout == "yard: 20 images in the classes of labels.yaml\n"
    reader = Own(tmp_path / "yard", "val")
    assert reader.labels.names == ("ground", "obstacle", "sky") and len(reader) == 4
    shares = np.bincount(reader[0].labels.ravel(), minlength=3)[:3] / reader[0].labels.size
    assert (shares > 0.1).all(), "a street has all three"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("image.py", ["none.png"]),
        ("video.py", ["none.mp4", "out.mp4"]),
        ("webcam.py", ["none.mp4"]),
        ("calibration.py", [".", "none.png"]),
        ("bag.py", ["none"]),
        ("backend.py", ["none.png"]),
        ("dataset.py", ["street", "none"]),
    ],
)
def test_what_is_not_there_is_said(example, name, wrong):
    done = example(name, *wrong)
    assert done.returncode == 1 and "none" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("name", mtp.__all__)
def test_examples_in_docstrings_hold(name, cache_home):
    public = getattr(mtp, name)
    found = doctest.DocTestFinder().find(public, name, globs={})
    results = [doctest.DocTestRunner().run(each) for each in found]
    assert sum(each.attempted for each in results) > 0, f"{name} shows no example"
    assert sum(each.failed for each in results) == 0
