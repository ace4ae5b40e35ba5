# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Teachers whose answer is known, as ONNX and YAML: one that sees a flat road, one that sees three colours."""

from __future__ import annotations

import numpy as np
import yaml

CAMERA = {"width": 96, "height": 48, "fx_px": 60.0, "fy_px": 58.0, "cx_px": 45.0, "cy_px": 20.0}
ABOVE_ROAD_M = 1.65
DEPTH = {
    "file": "depth.onnx",
    "task": "depth",
    "input": {"name": "image", "camera": CAMERA},
    "output": {"name": "depth_m", "meaning": "depth in metres", "valid_m": [1.0, 40.0]},
}
LABELS = {
    "file": "labels.onnx",
    "task": "labels",
    "input": {"name": "image", "multiple": 8},
    "output": {"meaning": "logits", "train_ids": [0, 13, 10]},
}


def merged(base, changes):
    """`base` with `changes` at any depth; None takes a key away."""
    out = dict(base)
    for key, value in changes.items():
        out[key] = merged(out[key], value) if isinstance(value, dict) and isinstance(out.get(key), dict) else value
        if value is None:
            del out[key]
    return out


def write_depth_teacher(folder, width="w", **changes):
    """depth = fy * height / rows under the horizon, 10 km above it; twice that where the image is red."""
    import onnx
    from onnx import helper

    rows = np.arange(CAMERA["height"]) - CAMERA["cy_px"]
    with np.errstate(divide="ignore"):
        road_m = np.where(rows > 0, CAMERA["fy_px"] * ABOVE_ROAD_M / rows, 1e4).astype(np.float32).reshape(1, 1, -1, 1)
    constants = {"road": road_m, "red": np.array([1, 0, 0], np.float32).reshape(1, 3, 1, 1), "one": np.float32(1)}
    nodes = [
        helper.make_node("Conv", ["image", "red"], ["redness"]),
        helper.make_node("Add", ["redness", "one"], ["factor"]),
        helper.make_node("Mul", ["factor", "road"], ["depth_m"]),
    ]
    _save(onnx, folder / "depth.onnx", nodes, constants, ["n", 3, CAMERA["height"], width], "depth_m", 1)
    return _describe(folder / "depth.yaml", merged(DEPTH, changes))


def write_label_teacher(folder, size=("h", "w"), **changes):
    """Scores are red, green and blue: road, car and sky by default."""
    import onnx
    from onnx import helper

    folder.mkdir(exist_ok=True, parents=True)
    nodes = [helper.make_node("Identity", ["image"], ["scores"])]
    _save(onnx, folder / "labels.onnx", nodes, {}, [1, 3, *size], "scores", 3)
    return _describe(folder / "labels.yaml", merged(LABELS, changes))


def _save(onnx, path, nodes, constants, shape, output, channels):
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    path.parent.mkdir(exist_ok=True, parents=True)
    image = helper.make_tensor_value_info("image", kind, shape)
    result = helper.make_tensor_value_info(output, kind, [shape[0], channels, *shape[2:]])
    held = [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "net", [image], [result], held)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))


def _describe(path, content):
    path.write_text(yaml.safe_dump(content))
    return path
