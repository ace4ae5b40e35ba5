# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Stereo networks as teachers: a tiny one whose answer is known, in OpenVINO's own format and as ONNX."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from stereo_folder import BASELINE, FX, HEIGHT, WIDTH, command, write_folder

ov = pytest.importorskip("openvino")

from mt_perception.datasets.cityscapes import Cityscapes
from mt_perception_training.depth.teacher import Teacher, load_spec
from mt_perception_training.teachers.network import TeacherError

LAYOUT = {
    "width": 32,
    "height": 16,
    "channels": "bgr",
    "inputs": [{"name": "left", "view": "left"}, {"name": "right", "view": "right", "shrink": 1}],
    "mean": [3, 2, 1],
    "deviation": 2,
    "output": "flow",
    "plane": 1,
    "scale": -1,
}


def named(node, name):
    node.output(0).get_tensor().set_names({name})
    return node


def as_openvino(folder):
    """right - left, all three channels of it: a flow whose second plane is the green difference."""
    ops = ov.opset13
    left, right = named(ops.parameter([1, 3, -1, -1]), "left"), named(ops.parameter([1, 3, -1, -1]), "right")
    flow = named(ops.subtract(right, left), "flow")
    ov.save_model(ov.Model([flow], [left, right]), folder / "net.xml", compress_to_fp16=False)
    return "net.xml"


def as_onnx(folder):
    """The same."""
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    values = [helper.make_tensor_value_info(name, kind, [1, 3, "h", "w"]) for name in ("left", "right", "flow")]
    graph = helper.make_graph([helper.make_node("Sub", ["right", "left"], ["flow"])], "net", values[:2], values[2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(folder / "net.onnx"))
    return "net.onnx"


def describe(folder, **changes):
    path = folder / "teacher.yaml"
    path.write_text(yaml.safe_dump(LAYOUT | changes))
    return path


@pytest.mark.parametrize("save", [as_openvino, as_onnx])
def test_a_network_with_a_known_answer(tmp_path, save):
    """Green: ((90 - 2) - (50 - 2)) / 2 = 20 px of 32, which are 40 px of 64."""
    teacher = Teacher(load_spec(describe(tmp_path, model=save(tmp_path))))
    left, right = np.zeros((2, 20, 64, 3), np.uint8)
    left[:], right[:] = (7, 90, 200), (9, 50, 100)
    left[10:, 32:] = (7, 50, 200)  # nothing differs there
    disparity_px = teacher(left, right)
    assert disparity_px.shape == (20, 64) and disparity_px.dtype == np.float32
    assert (disparity_px[:10] == 40).all() and (disparity_px[:, :32] == 40).all()
    assert np.isnan(disparity_px[10:, 32:]).all()


def test_bgr_is_the_other_way_round_than_rgb(tmp_path):
    model = as_openvino(tmp_path)
    left, right = np.zeros((2, 16, 32, 3), np.uint8)
    left[..., 0] = 8  # red alone
    answers = []
    for channels in ("rgb", "bgr"):
        spec = load_spec(describe(tmp_path, model=model, channels=channels, plane=0, mean=0))
        answers.append(Teacher(spec)(left, right)[0, 0])
    assert answers[0] == 4 and np.isnan(answers[1])


def test_inputs_of_other_sizes_and_both_views_in_one(tmp_path):
    """Left and right as six channels at half the size, subtracted; in pixels of the full size."""
    ops = ov.opset13
    both = named(ops.parameter([1, 6, 8, 16]), "both")
    halves = ops.split(both, ops.constant(1), 2).outputs()
    ov.save_model(ov.Model([ops.subtract(*halves)], [both]), tmp_path / "net.xml", compress_to_fp16=False)
    inputs = [{"name": "both", "view": "both", "shrink": 2}]
    path = describe(tmp_path, model="net.xml", inputs=inputs, mean=0, deviation=1, output="", scale=1, plane=0)
    left, right = np.full((16, 64, 3), 12, np.uint8), np.full((16, 64, 3), 4, np.uint8)
    teacher = Teacher(load_spec(path))
    assert teacher._shape(load_spec(path).inputs[0]) == [1, 6, 8, 16]
    assert (teacher(left, right) == 16).all()  # 8 px of the network's 32 are 16 of 64


def test_a_folder_with_a_teacher(tmp_path):
    """A network that says 6 px everywhere, at a quarter of the width: 24 px."""
    ops = ov.opset13
    left, right = named(ops.parameter([1, 3, 24, 48]), "left"), named(ops.parameter([1, 3, 24, 48]), "right")
    nothing = ops.multiply(ops.add(left, right), ops.constant(np.float32(0)))
    ov.save_model(ov.Model([ops.add(nothing, ops.constant(np.float32(6)))], [left, right]), tmp_path / "net.xml")
    layout = {"model": "net.xml", "width": 48, "height": 24, "output": "", "plane": 0, "scale": 1}
    teacher = describe(tmp_path, **layout)
    command(write_folder(tmp_path / "in", 2), "--out", tmp_path / "out", "--source", "teacher", "--teacher", teacher)
    sample = Cityscapes(tmp_path / "out")[1]
    assert (WIDTH, HEIGHT) == (192, 96) and sample.measured.any()
    np.testing.assert_allclose(sample.depth_m[sample.measured], FX * BASELINE / 24, rtol=1e-3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sign": -1}, "unknown key 'sign'; known: model, width"),
        ({"width": None}, "width is None; expected a whole number"),
        ({"width": 0}, "at least 1"),
        ({"scale": 0}, "scale and deviation not 0"),
        ({"channels": "yuv"}, "channels is 'yuv'; allowed: rgb, bgr, mono"),
        ({"mean": [1, 2]}, "mean has 2 numbers"),
        ({"inputs": [{"name": "left", "view": "top"}]}, "'top'; allowed: left, right, both"),
        ({"inputs": [{"title": "left"}]}, r"inputs\[0\] has the unknown key 'title'"),
        ({"inputs": [{"name": "left"}]}, r"inputs\[0\] lacks a key; not given: view"),
        ({"plane": -1}, "plane at least 0"),
        ({"inputs": [{"name": "links", "view": "left"}]}, r"inputs \['links'\], but .* has \['left', 'right'\]"),
        ({"inputs": LAYOUT["inputs"][:1]}, r"inputs \['left'\], but .* has \['left', 'right'\]"),
        ({"output": "depth"}, r"output 'depth', but .* has \['flow'\]"),
        ({"plane": 3}, r"gives \(1, 3, 16, 32\)"),
        ({"model": "none.onnx"}, "OpenVINO cannot run .*none.onnx"),
    ],
)
def test_wrong_descriptions_end_in_a_sentence(tmp_path, changes, message):
    path = describe(tmp_path, **{"model": as_openvino(tmp_path)} | changes)
    with pytest.raises(TeacherError, match=message) as caught:
        Teacher(load_spec(path))(*np.zeros((2, 16, 32, 3), np.uint8))
    assert "\n" not in str(caught.value)


def test_yaml_mistakes_end_in_a_sentence(tmp_path):
    for text, message in (
        ("model: [", "no valid YAML"),
        ("", "does not describe"),
        ("width: 3", "lacks a key; not given: model, height"),
    ):
        path = tmp_path / "teacher.yaml"
        path.write_text(text)
        with pytest.raises(TeacherError, match=message):
            load_spec(path)
