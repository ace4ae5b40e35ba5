# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A network from elsewhere as the deployable graph: pixels in, finished results out, in ONNX. Needs the package onnx.

It is the contract of `network/graph.py`, so every backend that takes a graph takes this one, and pays for no NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, compose, helper, numpy_helper

from mt_perception.foreign.description import DepthOutput, Description
from mt_perception.foreign.image_input import ImageInput
from mt_perception.foreign.network_file import NetworkFile, Said
from mt_perception.labels import UNLABELLED
from mt_perception.types import OUTPUTS

_PREFIX = "network/"
_GREY = np.array([[9798], [19235], [3735]], np.float32) / 2**15  # BT.601 to the very digits that OpenCV takes
_AXES_ARE_INPUTS = 18
"""Since this version of the operators, ReduceMax is told its axes by an input."""
_OLDEST_IR = 7
"""Before 4, what is constant had to be an input too."""
_LINEAR = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
_NEAREST = {"mode": "nearest", "coordinate_transformation_mode": "half_pixel", "nearest_mode": "round_prefer_ceil"}


def deployed(
    network: NetworkFile, description: Description, size: tuple[int, int], said: Mapping[str, Said]
) -> onnx.ModelProto:
    """The network for images of `size` (height, width), one at a time; `said` is what it gave for one such image.

    image (1, H, W, 3) uint8 RGB and depth_scale (1,) float32, a factor on metres -> each of `types.OUTPUTS`, (1, H, W).
    What it does not know is 255 in the mask, with the confidence 0, and NaN in depth.
    """
    graph = _Graph(network, size)
    graph.feed(description.input)
    results = {"mask": graph.filled(np.int32(UNLABELLED)), "confidence": graph.filled(np.int32(0))}
    sky = None
    if description.segmentation:
        results["mask"], results["confidence"] = graph.segmented(description, said["segmentation"])
        sky = description.labels.sky_id
    if description.depth:
        values = graph.resized(said["depth"], description.input, _LINEAR)
        results["depth_m"] = graph.metres(values, description.depth, results["mask"], sky)
    else:
        unknown = graph.node("Mul", "depth_scale", graph.constant(np.float32(np.nan)))
        results["depth_m"] = graph.node("Expand", unknown, graph.shape)
    return graph.finished(results)


class _Graph:
    """The network's own nodes, under a prefix, and those that are added around it.

    Only operators that all versions since `OLDEST_OPSET` write alike, but for ReduceMax.
    """

    def __init__(self, network: NetworkFile, size: tuple[int, int]) -> None:
        self._model = compose.add_prefix(network.model, _PREFIX)
        self._graph, self._opset, self._size = self._model.graph, network.opset, size
        self._model.ir_version = max(self._model.ir_version, _OLDEST_IR)
        self._nodes: list[onnx.NodeProto] = []
        self.shape = self.constant(np.array([1, *size], np.int64))

    def constant(self, value: NDArray[np.generic] | np.generic) -> str:
        """A tensor that is always the same."""
        name = f"constant {len(self._graph.initializer)}"
        self._graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """One more operator; the name of its result."""
        name = f"result {len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def feed(self, wanted: ImageInput) -> None:
        """From the pixels to what the network wants, in place of its input."""
        pixels = self.node("Cast", "image", to=TensorProto.FLOAT)
        if wanted.channels == "bgr":
            pixels = self.node("Gather", pixels, self.constant(np.array([2, 1, 0])), axis=3)
        elif wanted.channels == "mono":
            grey = self.node("MatMul", pixels, self.constant(_GREY))
            pixels = self.node("Floor", self.node("Add", grey, self.constant(np.float32(0.5))))
        mean, std = (np.array(each, np.float32) for each in wanted.pixel_mean_std)
        fed = self.node("Add", self.node("Mul", pixels, self.constant(1 / std)), self.constant(-mean / std))
        if wanted.layout == "NCHW":
            fed = self.node("Transpose", fed, perm=[0, 3, 1, 2])
        (entry,) = [each for each in self._graph.input if each.name == f"{_PREFIX}{wanted.name}"]
        self._nodes.append(helper.make_node("Cast", [fed], [entry.name], to=entry.type.tensor_type.elem_type))
        self._nodes += self._graph.node

    def resized(self, said: Said, wanted: ImageInput, how: Mapping[str, str]) -> str:
        """An output of the network as (1, C, H, W) float32."""
        planes = self.node("Cast", f"{_PREFIX}{said.name}", to=TensorProto.FLOAT)
        if wanted.layout == "NHWC" and said.raw.ndim == 4:
            planes = self.node("Transpose", planes, perm=[0, 3, 1, 2])
        shape = wanted.planes(said.raw).shape
        planes = self.node("Reshape", planes, self.constant(np.array([1, *shape], np.int64)))
        if shape[1:] == self._size:
            return planes
        return self.node("Resize", planes, "", "", self.constant(np.array([1, shape[0], *self._size], np.int64)), **how)

    def segmented(self, description: Description, said: Said) -> tuple[str, str]:
        """int32 trainIds, and confidence from 0 to 255, both (1, H, W)."""
        meaning, wanted = description.segmentation_meaning, description.input
        if meaning == "labels":
            places = self.resized(said, wanted, _NEAREST)
            table = np.array([UNLABELLED, *description.train_ids, UNLABELLED], np.int32)
            inside = self._clipped(self.node("Reshape", places, self.shape), -1, len(table) - 2)
            index = self.node("Cast", self.node("Add", inside, self.constant(np.float32(1))), to=TensorProto.INT32)
            return self.node("Gather", self.constant(table), index), self.filled(np.int32(255))
        scores = self.resized(said, wanted, _LINEAR)
        best = self.node("ArgMax", scores, axis=1, keepdims=0)
        largest, most = self._largest(scores), self.constant(np.float32(255))
        if meaning == "logits":  # softmax maximum = 1 / sum(exp(logit - largest logit))
            relative = self.node("Exp", self.node("Sub", scores, largest))
            surest = self.node("Div", most, self.node("ReduceSum", relative, self.constant(np.array([1])), keepdims=1))
        else:
            surest = self._clipped(self.node("Mul", most, largest), 0, 255)
        confidence = self.node("Reshape", self.node("Round", surest), self.shape)
        return self.node("Gather", self.constant(np.array(description.train_ids, np.int32)), best), confidence

    def metres(self, values: str, output: DepthOutput, mask: str, sky: int | None) -> str:
        """(1, H, W) float32: see `DepthOutput`; infinite where the `mask` is `sky`."""
        values = self.node("Reshape", values, self.shape)
        shifted = self.node("Add", values, self.constant(np.float32(output.offset)))
        factor = self.constant(np.float32(output.factor or 1))
        depth_m = self.node("Div", factor, shifted) if output.is_inverse else self.node("Mul", factor, shifted)
        near, far = (self.constant(np.float32(each)) for each in output.valid_m)
        outside = self.node("Or", self.node("Less", depth_m, near), self.node("Greater", depth_m, far))
        depth_m = self.node("Where", outside, self.constant(np.float32(np.nan)), depth_m)
        if sky is not None:
            is_sky = self.node("Equal", mask, self.constant(np.int32(sky)))
            depth_m = self.node("Where", is_sky, self.constant(np.float32(np.inf)), depth_m)
        return self.node("Mul", depth_m, "depth_scale")

    def filled(self, value: np.generic) -> str:
        """(1, H, W) of one value."""
        return self.node("Expand", self.constant(value), self.shape)

    def finished(self, results: dict[str, str]) -> onnx.ModelProto:
        """The whole, with these results."""
        kinds = {name: helper.np_dtype_to_tensor_dtype(dtype) for name, dtype in OUTPUTS.items()}
        for name, kind in kinds.items():
            self._nodes.append(helper.make_node("Cast", [results[name]], [name], to=kind))
        for field in ("node", "input", "output", "value_info"):
            self._graph.ClearField(field)
        self._graph.node.extend(self._nodes)
        inputs = {"image": (TensorProto.UINT8, [1, *self._size, 3]), "depth_scale": (TensorProto.FLOAT, [1])}
        self._graph.input.extend(helper.make_tensor_value_info(name, *each) for name, each in inputs.items())
        shape = [1, *self._size]
        self._graph.output.extend(helper.make_tensor_value_info(name, kind, shape) for name, kind in kinds.items())
        return self._model

    def _largest(self, scores: str) -> str:
        """Over the channels, which stay as one."""
        if self._opset >= _AXES_ARE_INPUTS:
            return self.node("ReduceMax", scores, self.constant(np.array([1])), keepdims=1)
        return self.node("ReduceMax", scores, axes=[1], keepdims=1)

    def _clipped(self, values: str, low: float, high: float) -> str:
        return self.node("Clip", values, self.constant(np.float32(low)), self.constant(np.float32(high)))
