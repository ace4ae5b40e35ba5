# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A network in ONNX: what goes in and comes out of it, and what it says. Needs the package onnx."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.version_converter
from numpy.typing import NDArray

from mt_perception.errors import reason_of
from mt_perception.foreign.description import Description, DescriptionError
from mt_perception.foreign.image_input import CHANNELS, ImageInput
from mt_perception.utils.files import no_file

OLDEST_OPSET = 13
"""Version of the operators to which networks of older ones are brought."""


_COARSE = {onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16, "float16", "bfloat16"}


@dataclass(frozen=True)
class Port:
    """An input or output: its shape, None where an axis is free, and the type of its numbers as NumPy calls it."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str

    def __str__(self) -> str:
        return f"{self.name}: {' x '.join('?' if each is None else str(each) for each in self.shape)}, {self.dtype}"


@dataclass(frozen=True)
class Said:
    """What a network gave by the output `name`."""

    name: str
    raw: NDArray[Any]


class NetworkFile:
    """A network that was read and is one, with its inputs and outputs."""

    def __init__(self, path: Path) -> None:
        """Raises `DescriptionError` for a file that holds no network in ONNX."""
        self.path = path
        self.model = _modern(_read(path), path)
        held = {each.name for each in self.model.graph.initializer}
        self.inputs = [_port(each) for each in self.model.graph.input if each.name not in held]
        self.outputs = [_port(each) for each in self.model.graph.output]

    @property
    def opset(self) -> int:
        """The version of the operators that it is made of."""
        return _opset(self.model)

    @property
    def is_exact(self) -> bool:
        """Whether it computes in single precision throughout; else runtimes differ in how they round."""
        kinds = {each.data_type for each in self.model.graph.initializer} | {port.dtype for port in self.inputs}
        operators = {each.op_type for each in self.model.graph.node}
        return not (kinds & _COARSE or operators & {"QuantizeLinear", "DynamicQuantizeLinear"})

    def input_size(self, wanted: ImageInput) -> tuple[int, int]:
        """(height, width) of its input: bound, or described.

        Raises `DescriptionError` for an input that does not fit what is `wanted`.
        """
        port = self._image_port(wanted)
        first = wanted.layout.index("H")
        camera = wanted.camera
        heights = port.shape[first], wanted.height, camera.height if camera else 0
        widths = port.shape[first + 1], wanted.width, camera.width if camera else 0
        for (bound, told, assumed), name in ((heights, "height"), (widths, "width")):
            if bound and told and bound != told:
                raise DescriptionError(f"input.{name} is {told}, but {self.path} takes {bound} px alone")
            if not (bound or told or assumed):
                raise DescriptionError(f"{self.path} takes any {name}; say with input.{name} at which it sees well")
        height, width = (bound or told or assumed for bound, told, assumed in (heights, widths))
        return height, width

    def _image_port(self, wanted: ImageInput) -> Port:
        port = self._found(wanted.name, "input", self.inputs)
        if len(self.inputs) > 1:
            raise DescriptionError(f"{self.path} has the inputs {_names(self.inputs)}; only an image can be fed to it")
        if len(port.shape) != 4:
            axes = f"{len(port.shape)} axes, {port}"
            raise DescriptionError(f"the input of {self.path} has {axes}; expected 4, as of {wanted.layout}")
        batch, channels = port.shape[0], port.shape[wanted.layout.index("C")]
        if batch not in (None, 1):
            raise DescriptionError(f"{self.path} takes {batch} images at a time; export it for one")
        if channels not in (None, CHANNELS[wanted.channels]):
            raise DescriptionError(
                f"the input of {self.path} is {port}; with layout {wanted.layout} these are {channels} channels, but "
                f"channels {wanted.channels} gives {CHANNELS[wanted.channels]}"
            )
        return port

    def say(self, description: Description, tensor: NDArray[np.float32]) -> dict[str, Said]:
        """What it gives for its input `tensor`, by the description's keys `segmentation` and `depth`.

        Raises `DescriptionError` for outputs that are not as described.
        """
        told = {"segmentation": description.segmentation, "depth": description.depth}
        names = {key: self._output_name(each.name, key) for key, each in told.items() if each}
        results = dict(zip(names.values(), self._run(description.input.name, tensor, [*names.values()]), strict=True))
        channels = {"segmentation": len(description.train_ids), "depth": 1}
        if description.segmentation_meaning == "labels":
            channels["segmentation"] = 1
        said = {key: Said(name, results[name]) for key, name in names.items()}
        for key, each in said.items():
            shape = description.input.planes(each.raw).shape
            if len(shape) != 3 or shape[0] != channels[key]:
                one = "one for each of train_ids, or of the classes of labels"
                expected = f"{channels[key]} channels, {one}" if channels[key] > 1 else "one plane"
                raise DescriptionError(
                    f"the output {each.name} of {self.path} is {each.raw.shape}; {key} is expected to have {expected}"
                )
        return said

    def _output_name(self, told: str, key: str) -> str:
        if not told and len(self.outputs) == 1:
            return self.outputs[0].name
        if not told:
            raise DescriptionError(f"{key} needs the name of an output; {self.path} has {_names(self.outputs)}")
        return self._found(told, "output", self.outputs).name

    def _run(self, name: str, tensor: NDArray[np.float32], outputs: list[str]) -> list[NDArray[Any]]:
        """The network as it is, by ONNX Runtime where that is installed, else by OpenVINO."""
        inputs = {name: tensor.astype(self._found(name, "input", self.inputs).dtype)}
        try:
            if find_spec("onnxruntime"):
                import onnxruntime as ort

                options = ort.SessionOptions()
                options.log_severity_level = 4
                session = ort.InferenceSession(str(self.path), options, providers=["CPUExecutionProvider"])
                return list(session.run(outputs, inputs))
            import openvino as ov

            compiled = ov.Core().compile_model(self.path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
            results = compiled(inputs)
            return [results[compiled.output(each)] for each in outputs]
        except Exception as error:  # ONNX Runtime has a dozen types of its own, without a common one
            shape = tensor.shape
            raise DescriptionError(f"{self.path} does not run with an input of {shape} ({reason_of(error)})") from error

    def _found(self, name: str, kind: str, ports: list[Port]) -> Port:
        for port in ports:
            if port.name == name:
                return port
        raise DescriptionError(f"{self.path} has no {kind} {name!r}; it has {_names(ports)}")


def _names(ports: list[Port]) -> str:
    return ", ".join(each.name for each in ports) or "none"


def _read(path: Path) -> onnx.ModelProto:
    if not path.is_file():
        raise DescriptionError(f"the network {path} {no_file(path)}; give a file in ONNX")
    try:
        model = onnx.load(path)
    except Exception as error:  # protobuf's, onnx's own, or what a part beside the file is missing with
        raise DescriptionError(f"{path} cannot be read as ONNX ({reason_of(error)})") from None
    if not model.graph.node or not model.graph.output:
        raise DescriptionError(f"{path} cannot be read as ONNX: there is no network in it")
    return model


def _opset(model: onnx.ModelProto) -> int:
    return next((each.version for each in model.opset_import if each.domain in ("", "ai.onnx")), 0)


def _modern(model: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    """The same in operators of `OLDEST_OPSET` at least."""
    if (version := _opset(model)) >= OLDEST_OPSET:
        return model
    try:
        return onnx.version_converter.convert_version(model, OLDEST_OPSET)
    except Exception as error:  # of C++, RuntimeError among others
        raise DescriptionError(
            f"{path} is of opset {version}, which cannot be brought to {OLDEST_OPSET} ({reason_of(error)}); "
            "export it again"
        ) from None


def _port(value: onnx.ValueInfoProto) -> Port:
    kind = value.type.tensor_type
    try:
        dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)).name
    except (KeyError, TypeError, ValueError):
        dtype = "unknown"
    shape = tuple(
        each.dim_value if each.HasField("dim_value") and each.dim_value > 0 else None for each in kind.shape.dim
    )
    return Port(value.name, shape, dtype)
