# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The graph by ONNX Runtime, on whatever its installed providers run on. Imports no torch itself."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from mt_perception.backends import NvidiaError, choose_precision
from mt_perception.backends.onnx_file import read_onnx
from mt_perception.model.bundle import Bundle
from mt_perception.types import Camera
from mt_perception.utils.hardware import limited_threads

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


class OnnxRuntimeBackend:
    """Runs the graph of one size by the named providers, the first that can for each of its operators."""

    name = "onnxruntime"
    progress = ""
    fallback = ""

    def __init__(
        self, bundle: Bundle, size: tuple[int, int], precision: str = "auto", providers: str = "", threads: int = 0
    ) -> None:
        chosen = providers_for(providers)
        self.device = chosen[0].removesuffix("ExecutionProvider").lower()
        floats = ["fp32", "fp16"] if self.device == "cpu" else ["fp16", "fp32"]
        # int8 has to be requested: whether it is faster depends on the provider
        supported = ["fp32"] if bundle.card.imported else [*floats, "int8"]
        self.precision = choose_precision(precision, supported, self.name, self.device)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads or limited_threads()
        options.log_severity_level = 3
        graph = read_onnx(bundle, size, self.precision)
        try:
            self._session = ort.InferenceSession(graph, options, providers=chosen)
        except Exception as error:  # the library has a dozen types of its own, without a common one
            raise NvidiaError(f"ONNX Runtime cannot run the graph by {', '.join(chosen)} ({error})") from error
        self._inputs = [each.name for each in self._session.get_inputs()]
        self._only_requested = ort.RunOptions()
        self._only_requested.only_execute_path_to_fetches = True
        self._size = size

    def infer(
        self, image: NDArray[np.uint8], depth_scale: float, outputs: Collection[str], camera: Camera | None = None
    ) -> dict[str, NDArray[np.generic]]:
        """See `Backend.infer`."""
        camera = camera or Camera.assumed(self._size)
        values = {
            "image": image[None],
            "depth_scale": np.array([depth_scale], np.float32),
            "camera": np.array([camera.intrinsics], np.float32),
        }
        names = list(outputs)
        results = self._session.run(names, {name: values[name] for name in self._inputs}, self._only_requested)
        return {name: result[0] for name, result in zip(names, results, strict=True)}


def providers_for(names: str) -> list[str]:
    """ONNX Runtime's providers of these names, separated by commas; none: CUDA's where it is installed, and the CPU's.

    Raises `NvidiaError` for one that this installation lacks.
    """
    installed = ort.get_available_providers()
    requested = [each.strip() for each in names.split(",") if each.strip()]
    for each in requested:
        if each not in installed:
            raise NvidiaError(f"onnx_providers names {each}; this ONNX Runtime has {', '.join(installed)}")
    return requested or [each for each in (_CUDA, _CPU) if each in installed]
