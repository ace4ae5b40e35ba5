# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

rerun_chunk = pytest.importorskip("rerun.chunk", reason="rerun-sdk is not installed: pip install 'mt_perception[view]'")

from mt_perception.commands.main import main
from mt_perception.labels import CITYSCAPES
from recordings import CAMERA, SIZE, write_results


def rows(file, entity):
    """What was logged at an entity, one row for each time, in their order; `stamp` in nanoseconds."""
    found = []
    for chunk in rerun_chunk.RrdReader(file).stream():
        if chunk.entity_path == entity:
            batch = chunk.to_record_batch()
            stamps = batch["stamp"].cast("int64").to_pylist() if not chunk.is_static else [0] * batch.num_rows
            found += [row | {"stamp": stamp} for row, stamp in zip(batch.to_pylist(), stamps, strict=True)]
    return sorted(found, key=lambda row: row["stamp"])


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("view")
    bag = write_results(folder / "bag", 3, wrong_columns=40, camera=True, box_m=2.0)
    assert main(["view", str(bag), "--save", str(folder / "file.rrd")]) == 0
    assert [each.name for each in folder.iterdir() if each.is_file()] == ["file.rrd"]
    return folder / "file.rrd"


def test_the_classes_have_their_names_and_colours(file):
    (row,) = (row for row in rows(file, "/") if "AnnotationContext:context" in row)
    infos = {each["class_id"]: each["class_description"]["info"] for each in row["AnnotationContext:context"][0]}
    assert {key: each["label"] for key, each in infos.items()} == {
        **dict(zip(CITYSCAPES.train_ids, CITYSCAPES.names, strict=True)),
        255: "unlabelled",
    }
    assert infos[13]["color"] == 0x00008EFF, "a car is (0, 0, 142)"


def test_labels_and_metres_are_at_the_stamps_of_their_images(file):
    stamps = [1_000_000_000, 1_100_000_000, 1_200_000_000]
    for entity in ("/camera/labels", "/camera/depth", "/points", "/camera/image", "/camera"):
        assert [row["stamp"] for row in rows(file, entity)] == stamps
    assert not any(rows(file, "/camera/image")[0]["Image:buffer"][0]), "it is black"
    (labels,) = rows(file, "/camera/labels")[0]["SegmentationImage:buffer"]
    assert (np.array(labels, np.uint8).reshape(SIZE) == np.where(np.arange(100) < 40, 10, 0)).all()
    depth = rows(file, "/camera/depth")[0]
    metres = np.frombuffer(bytes(depth["DepthImage:buffer"][0]), np.float16).reshape(SIZE)
    assert (metres == 5).all() and depth["DepthImage:meter"] == [1.0]


def test_points_lie_where_the_camera_sees_them_with_their_classes(file):
    row = rows(file, "/points")[0]
    points, classes = np.array(row["Points3D:positions"]), np.array(row["Points3D:class_ids"])
    assert points.shape == (60 * 100, 3) and (points[:, 2] == 5).all()
    # of the pixel (0, 0): 5 m * (0 - 50) / 80 to the right, 5 m * (0 - 30) / 80 down
    assert points[0] == pytest.approx([-3.125, -1.875, 5]) and classes[0] == 10
    assert points[-1] == pytest.approx([5 * 49 / 80, 5 * 29 / 80, 5]) and classes[-1] == 0


def test_rerun_counts_pixels_from_their_corners(file):
    row = rows(file, "/camera")[0]
    (by_columns,) = row["Pinhole:image_from_camera"]
    assert by_columns == [80, 0, 0, 0, 80, 0, CAMERA.cx_px + 0.5, CAMERA.cy_px + 0.5, 1]


def test_latency_and_rate_are_curves(file):
    assert [row["Scalars:scalars"] for row in rows(file, "/plots/latency_ms/result")] == [[40.0]] * 3
    assert [row["Scalars:scalars"] for row in rows(file, "/plots/fps")] == [[10.0]] * 2


def test_a_file_that_cannot_be_made_is_not_there(tmp_path, capfd):
    bag = write_results(tmp_path / "bag", 1, results=False, truth=False)
    assert main(["view", str(bag), "--model", "none", "--save", str(tmp_path / "file.rrd")]) == 1
    assert "error: " in capfd.readouterr().err and [each.name for each in tmp_path.iterdir()] == ["bag"]
    assert main(["view", str(bag), "--save", str(tmp_path / "none" / "file.rrd")]) == 1
    assert "there is no folder" in capfd.readouterr().err
