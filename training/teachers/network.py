# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What all networks of others have in common: a YAML file that describes one, a file with its graph, and OpenVINO."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt_perception.backends import require
from mt_perception.datasets.sample import DatasetError
from mt_perception.foreign.description import DescriptionError, read_values

_KEPT = 8  # compiled variants: images of one data set come in few sizes


class TeacherError(DatasetError):
    """A teacher whose description or network cannot be used."""


def read_description(path: Path) -> dict[str, Any]:
    """The keys and values of a teacher's YAML file. Raises `TeacherError` for what is no such file."""
    try:
        return read_values(path)
    except DescriptionError as error:
        raise TeacherError(str(error)) from None


class Network:
    """A file in ONNX or OpenVINO's format, compiled for each size that is requested, and kept.

    In fp32: bf16 has three digits, too few for a disparity of 100.
    """

    def __init__(self, file: Path, inputs: Collection[str], output: str, threads: int = 0) -> None:
        require("openvino", "openvino")
        import openvino as ov  # here, so that what needs no teacher needs no OpenVINO

        self.file = file
        self._core, self._output = ov.Core(), output
        self._config = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
        self._compiled: dict[tuple[Any, ...], Any] = {}
        try:
            model = self._core.read_model(file)
        except RuntimeError as error:
            raise self._refusal(error) from error
        _check_names(file, inputs, output, model.inputs, model.outputs)
        self._shapes = {name: model.input(name).partial_shape for name in inputs}

    def free(self, name: str, axis: int) -> bool:
        """Whether this axis of an input may have any size."""
        return bool(self._shapes[name][axis].is_dynamic)

    def length(self, name: str, axis: int) -> int:
        """The size of an axis that is not free."""
        return int(self._shapes[name][axis].get_length())

    def rank(self, name: str) -> int:
        """The number of axes of an input."""
        return len(self._shapes[name])

    def __call__(self, tensors: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        """The output for these inputs; compiles when their shapes are new."""
        key = tuple(tensor.shape for tensor in tensors.values())
        try:
            if key not in self._compiled:
                while len(self._compiled) >= _KEPT:
                    del self._compiled[next(iter(self._compiled))]
                model = self._core.read_model(self.file)
                model.reshape({name: list(tensor.shape) for name, tensor in tensors.items()})
                self._compiled[key] = self._core.compile_model(model, "CPU", self._config)
            network = self._compiled[key]
            result: NDArray[np.float32] = network(dict(tensors))[
                network.output(self._output) if self._output else network.output()
            ]
        except RuntimeError as error:
            raise self._refusal(error) from error
        return result

    def _refusal(self, error: RuntimeError) -> TeacherError:
        reason = str(error).strip().splitlines()[-1].strip()
        return TeacherError(f"OpenVINO cannot run {self.file} as its YAML file says ({reason})")


def _check_names(
    file: Path, requested: Collection[str], output: str, inputs: Sequence[Any], outputs: Sequence[Any]
) -> None:
    """OpenVINO's own words for a wrong name do not tell the right ones."""
    there = {name for port in inputs for name in port.names}
    if not set(requested) <= there or not all(set(requested) & port.names for port in inputs):
        raise TeacherError(f"the YAML file names the inputs {sorted(requested)}, but {file} has {sorted(there)}")
    results = {name for port in outputs for name in port.names}
    if output not in results and (output or len(outputs) > 1):
        raise TeacherError(f"the YAML file names the output {output!r}, but {file} has {sorted(results)}")
