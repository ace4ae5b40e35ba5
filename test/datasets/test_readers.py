"""Readers: what each file becomes, and what is said about files that cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from miniature import CAMERA, HEIGHT, WIDTH, scene, write_camvid, write_city, write_kitti

from mt_perception.datasets.camvid import CamVid, merge
from mt_perception.datasets.cityscapes import (
    Cityscapes,
    decode_depth,
    decode_disparity,
    encode_depth,
    encode_disparity,
)
from mt_perception.datasets.kitti import Kitti
from mt_perception.datasets.sample import DatasetError, Sample
from mt_perception.datasets.sources import READERS, open_dataset


def test_camvid_and_its_teacher() -> None:
    #                    sky, building, building, sign, sign, car, bicyclist, pole, unlabelled, unlabelled
    label11 = np.array([[0, 1, 1, 6, 6, 8, 10, 2, 11, 11]], np.uint8)
    opinion = np.array([[8, 3, 8, 6, 2, 14, 255, 2, 4, 255]], np.uint8)
    assert merge(label11, opinion).tolist() == [[10, 3, 101, 6, 102, 14, 105, 5, 4, 255]]
    assert merge(label11).tolist() == [[10, 101, 101, 102, 102, 104, 105, 5, 255, 255]]


def test_camvid_reads_what_it_wrote(tmp_path: Path) -> None:
    reader = CamVid(write_camvid(tmp_path) / "train")
    sample = reader[1]
    assert len(reader) == 2 and sample.size == (HEIGHT, WIDTH)
    assert sample.depth_m is None and not sample.measured.any()
    assert set(np.unique(sample.labels)) == {0, 10, 13}
    assert set(np.unique(CamVid(tmp_path / "train", with_teacher=False)[1].labels)) == {0, 10, 104}


def test_a_generated_street_reads_as_cityscapes(tmp_path: Path) -> None:
    truth = scene(np.random.default_rng(0))
    sample = Cityscapes(write_city(tmp_path))[0]
    assert np.array_equal(sample.image, truth.left)
    assert np.array_equal(sample.labels, truth.labels)
    assert sample.camera == CAMERA
    np.testing.assert_allclose(sample.depth_m, truth.depth_m, atol=1 / 512)


def test_disparity_is_used_where_there_is_no_exact_depth(tmp_path: Path) -> None:
    truth = scene(np.random.default_rng(0))
    write_city(tmp_path)
    (tmp_path / "depth").rename(tmp_path / "put-away")
    sample = Cityscapes(tmp_path)[0]
    assert sample.measured[truth.labels != 10].all() and not sample.measured[truth.labels == 10].any()
    known = sample.measured
    np.testing.assert_allclose(sample.depth_m[known], truth.depth_m[known], rtol=0.03)


def test_void_labels_are_left_out(tmp_path: Path) -> None:
    path = Cityscapes(write_city(tmp_path)).path("gtFine", 0)
    ids = np.full((HEIGHT, WIDTH), 8, np.uint8)  # sidewalk: its trainId, 1, is itself the id of a void class
    ids[0, :5] = 0, 1, 4, 29, 30
    cv2.imwrite(str(path), ids)
    labels = Cityscapes(tmp_path)[0].labels
    assert (labels[0, :5] == 255).all() and (labels[1:] == 1).all()


def test_depth_and_disparity_files_have_inverses() -> None:
    depth_m = np.array([[np.nan, np.inf, 0.7, 12.3456, 250.0]], np.float32)
    np.testing.assert_allclose(decode_depth(encode_depth(depth_m)), depth_m, atol=1 / 512)
    again = decode_disparity(encode_disparity(depth_m, CAMERA), CAMERA)
    assert np.isnan(again[0, 0]) and not np.isfinite(again[0, 1])
    np.testing.assert_allclose(again[0, 2:4], depth_m[0, 2:4], rtol=2e-3)


def test_kitti(tmp_path: Path) -> None:
    for name in ("image_2", "disp_occ_0", "calib_cam_to_cam"):
        (tmp_path / name).mkdir()
    disparity = np.zeros((4, 6), np.uint16)
    disparity[2, 3] = 20 * 256
    cv2.imwrite(str(tmp_path / "image_2/000003_10.png"), np.zeros((4, 6, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "disp_occ_0/000003_10.png"), disparity)
    text = "P_rect_02: 700 0 3 35 0 700 2 0 0 0 1 0\nP_rect_03: 700 0 3 -350 0 700 2 0 0 0 1 0\n"
    (tmp_path / "calib_cam_to_cam/000003.txt").write_text(text)
    sample = Kitti(tmp_path)[0]
    assert sample.camera.baseline_m == pytest.approx(0.55)
    assert sample.measured.sum() == 1 and sample.depth_m[2, 3] == pytest.approx(700 * 0.55 / 20)


def test_kitti_is_never_validated_on_what_was_trained_on(tmp_path: Path) -> None:
    write_kitti(tmp_path, frames=11)
    train, val, whole = ([each.name for each in open_split(tmp_path, split)] for split in ("train", "val", "all"))
    assert train == [f"{number:06d}_10" for number in range(9)]
    assert val == ["000009_10", "000010_10"]  # a fifth, neighbours together
    assert whole == train + val


def open_split(folder: Path, split: str) -> list[Sample]:
    reader = READERS["kitti"](folder, split)
    return [reader[index] for index in range(len(reader))]


def test_one_picture_of_kitti_can_be_scored_and_not_trained_on(tmp_path: Path) -> None:
    write_kitti(tmp_path, frames=1)
    assert len(open_split(tmp_path, "val")) == 1
    with pytest.raises(DatasetError, match="holds one picture, which is kept to validate on; it takes 2"):
        open_split(tmp_path, "train")


@pytest.mark.parametrize("write", [write_city, write_kitti])
def test_right_pictures_are_read_when_asked_for(tmp_path: Path, write: Callable[..., Path]) -> None:
    reader = open_dataset(write(tmp_path, right=True), "train")
    sample = reader[0]
    assert np.array_equal(sample.right[:, :-4], sample.image[:, 4:]) and len(reader.files(0)) == len(
        set(reader.files(0))
    )
    assert all(path.is_file() for path in reader.files(0))
    assert open_dataset(write(tmp_path / "one camera"), "train")[0].right is None


def test_the_right_camera_is_not_read_by_itself(tmp_path: Path) -> None:
    assert Cityscapes(write_city(tmp_path, right=True))[0].right is None
    assert Kitti(write_kitti(tmp_path / "kitti", right=True))[0].right is None


def test_a_sample_is_checked() -> None:
    image = np.zeros((4, 6, 3), np.uint8)
    with pytest.raises(DatasetError, match="labels"):
        Sample("x", image, labels=np.zeros((6, 4), np.uint8))
    with pytest.raises(DatasetError, match="camera"):
        Sample("x", image, depth_m=np.ones((4, 6), np.float32))


def test_folders_that_are_no_data_set_are_named(tmp_path: Path) -> None:
    for reader in (CamVid, Cityscapes, Kitti):
        with pytest.raises(DatasetError, match=str(tmp_path)):
            reader(tmp_path)
    with pytest.raises(DatasetError, match="leftImg8bit"):
        open_dataset(tmp_path, "val")
