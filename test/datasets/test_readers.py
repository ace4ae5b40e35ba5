# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Readers: what each file becomes, and what is said about files that cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from miniature import CAMERA, HEIGHT, WIDTH, scene, write_camvid, write_city, write_kitti

from mt_perception.datasets.camvid import CAMVID11, CamVid
from mt_perception.datasets.cityscapes import (
    Cityscapes,
    decode_depth,
    decode_disparity,
    encode_depth,
    encode_disparity,
)
from mt_perception.datasets.kitti import Kitti
from mt_perception.datasets.middlebury import Middlebury
from mt_perception.datasets.pseudo_labels import Refined
from mt_perception.datasets.sample import DatasetError, Sample
from mt_perception.datasets.sources import READERS, open_dataset
from mt_perception.labels import CITYSCAPES, LabelSet


def test_camvid_and_its_teacher() -> None:
    #                    sky, building, building, sign, sign, car, bicyclist, pole, unlabelled, unlabelled
    label11 = np.array([[0, 1, 1, 6, 6, 8, 10, 2, 11, 11]], np.uint8)
    pseudo = np.array([[8, 3, 8, 6, 2, 14, 255, 2, 4, 255]], np.uint8)
    labels = CAMVID11.id_to_train_id()[label11]
    refined = Refined(CAMVID11, CITYSCAPES)
    names = names_in(refined.labels, refined(labels, pseudo))
    assert names == ["sky", "wall", "building", "traffic light", "sign", "truck", "bicyclist", "pole", "fence", ""]


def names_in(labels: LabelSet, mask: np.ndarray) -> list[str]:
    """The class of each pixel; empty for none."""
    names = dict(zip(labels.train_ids, labels.names, strict=True))
    return [names.get(each, "") for each in mask.ravel().tolist()]


def write_image_folder(folder: Path, names: Sequence[str], size: tuple[int, int] = (375, 12), **values: int) -> Path:
    """Grey images called `names`; `values`: what fills the files of a folder beside `image/`."""
    for kind, value in {"image": 90, **values}.items():
        (folder / kind).mkdir(parents=True)
        for name in names:
            image = np.full(size, value, np.uint16 if kind == "depth" else np.uint8)
            cv2.imwrite(str(folder / kind / f"{name}.png"), image)
    return folder


def test_other_labels_count_where_the_published_ones_leave_it_open(tmp_path: Path) -> None:
    folder = write_image_folder(tmp_path, ["12_1", "13_2"], label7=3, pseudo19=14)
    reader = READERS["idd_lite"](folder, "train")
    assert {*names_in(reader.labels, reader[0].labels)} == {"truck"}  # which is a vehicle
    assert not READERS["idd_lite"](folder, "train").files(0)[0].stem.startswith("17_")
    other = write_image_folder(tmp_path / "other", ["12_1"], label7=0, pseudo19=14)
    reader = READERS["idd_lite"](other, "train")
    assert {*names_in(reader.labels, reader[0].labels)} == {"drivable"}  # a truck is none


def test_drives_of_idd_are_in_one_split(tmp_path: Path) -> None:
    names = [f"{drive}_{number}" for drive in range(30) for number in range(2)]
    folder = write_image_folder(tmp_path, names, (4, 6), label7=1)
    splits = [
        [reader[i].name for i in range(len(reader))]
        for reader in map(READERS["idd_lite"], [folder] * 2, ("train", "val"))
    ]
    drives = [{name.split("_")[0] for name in split} for split in splits]
    assert not drives[0] & drives[1] and sorted(splits[0] + splits[1]) == sorted(names) and 0 < len(drives[1]) < 10


def test_kitti_images_have_the_camera_of_their_height(tmp_path: Path) -> None:
    folder = write_image_folder(tmp_path / "drive", ["0"], depth=20 * 256)
    sample = READERS["kitti_drive"](folder, "val")[0]
    assert sample.camera.intrinsics == (721.54, 721.54, 609.56, 172.85) and (sample.depth_m == 20).all()
    assert sample.labels is None and sample.metric
    with pytest.raises(DatasetError, match="is 100 px high; its cameras are known for 370, 374, 375, 376 px"):
        READERS["kitti_road"](write_image_folder(tmp_path / "x", ["0"], (100, 12)), "train")[0]


def test_an_image_folder_without_images_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no \.png or \.jpg of the split train"):
        READERS["labelmefacade"](tmp_path, "train")


def test_camvid_reads_what_it_wrote(tmp_path: Path) -> None:
    reader = CamVid(write_camvid(tmp_path) / "train")
    sample = reader[1]
    assert len(reader) == 2 and sample.size == (HEIGHT, WIDTH)
    assert sample.depth_m is None and not sample.measured.any()
    car = next(each for each in reader.labels if each.meaning == {"car"})  # more than CamVid says with that name
    assert set(np.unique(sample.labels)) == {0, 3, car.train_id}
    assert set(np.unique(reader.untaught()[1].labels)) == {0, 3, 8} and reader.untaught().labels == CAMVID11


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


def test_one_image_of_kitti_can_be_scored_and_not_trained_on(tmp_path: Path) -> None:
    write_kitti(tmp_path, frames=1)
    assert len(open_split(tmp_path, "val")) == 1
    with pytest.raises(DatasetError, match="holds one image, which is kept to validate on; it takes 2"):
        open_split(tmp_path, "train")


@pytest.mark.parametrize("write", [write_city, write_kitti])
def test_right_images_are_read_when_requested(tmp_path: Path, write: Callable[..., Path]) -> None:
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
    for reader in (CamVid, Cityscapes, Kitti, Middlebury):
        with pytest.raises(DatasetError, match=str(tmp_path)):
            reader(tmp_path)
    with pytest.raises(DatasetError, match="leftImg8bit"):
        open_dataset(tmp_path, "val")
