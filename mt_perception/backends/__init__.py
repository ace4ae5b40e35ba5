# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What runs the deployable graph. Each backend is one file, imported only when it is chosen."""

from __future__ import annotations

from collections.abc import Callable, Collection
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mt_perception.errors import Error
from mt_perception.model.bundle import Bundle
from mt_perception.settings import Settings
from mt_perception.types import Camera
from mt_perception.utils import registry
from mt_perception.utils.hardware import usable_cores
from mt_perception.utils.registry import Registry

MODULES = {
    "openvino": ("openvino",),
    "torch": ("torch",),
    "tensorrt": ("torch_tensorrt", "tensorrt"),
    "tensorrt_rtx": ("tensorrt_rtx",),
    "onnxruntime": ("onnxruntime",),
}
"""The Python package that each backend needs, or one of them."""
FOREIGN = ("openvino", "onnxruntime")
"""What runs an imported network, of which there is but a graph; `auto` is the first that is installed."""
NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


class BackendError(Error, RuntimeError):
    """A backend that is not installed, or cannot do what was requested."""


class NvidiaError(BackendError):
    """The same of the backends that docs/nvidia.md tells of."""

    page = "nvidia"


class Backend(Protocol):
    """The graph, ready for images of one size."""

    @property
    def name(self) -> str: ...

    @property
    def precision(self) -> str: ...

    @property
    def device(self) -> str: ...

    @property
    def progress(self) -> str:
        """What it is still busy with while it serves, in a sentence; empty when nothing."""

    @property
    def fallback(self) -> str:
        """Why it serves instead of the one that was requested, in a sentence; empty when it is that one."""

    def infer(
        self, image: NDArray[np.uint8], depth_scale: float, outputs: Collection[str], camera: Camera | None = None
    ) -> dict[str, NDArray[np.generic]]:
        """(H, W, 3) uint8 RGB -> the requested of `mask`, `confidence` (uint8) and `depth_m` (float32), each (H, W).

        `camera` is that of `image`; a network with rays assumes one where there is none. The arrays may be overwritten
        by the next call.
        """


Opener = Callable[[Bundle, Settings, tuple[int, int], bool], Backend]
"""(bundle, settings, size as (height, width), background) -> the backend; see `open_backend`."""

BACKENDS: Registry[Opener] = Registry(registry.BACKENDS)


def open_backend(bundle: Bundle, settings: Settings, size: tuple[int, int], background: bool = False) -> Backend:
    """The backend that `settings` ask for, loaded for images of `size` (height, width).

    With `background`, what has to be built first is not waited for: something else serves until it is ready.
    """
    name = chosen(settings)
    if bundle.card.imported and name in MODULES and name not in FOREIGN:
        if settings.backend != "auto":
            raise BackendError(
                f"backend is {name}, but the model {bundle.card.name} was imported, as a graph that only "
                f"{' and '.join(FOREIGN)} run; leave backend on auto"
            )
        name = next((each for each in FOREIGN if find_spec(each)), FOREIGN[0])
    if name in MODULES:
        require_backend(name)
    if settings.device and name == "openvino":
        raise BackendError(f"device is {settings.device}; openvino runs on the processor: leave device empty")
    if settings.device:
        from mt_perception.backends.gpu import choose_gpu

        choose_gpu(settings.device)
    return BACKENDS[name](bundle, settings, size, background)


@BACKENDS.add("openvino")
def _openvino(bundle: Bundle, settings: Settings, size: tuple[int, int], background: bool) -> Backend:
    from mt_perception.backends.openvino import OpenVinoBackend

    # with one stream for each camera they are served side by side, which is more than all threads on one at a time
    streams = settings.streams or min(len(settings.cameras), settings.threads or usable_cores())
    return OpenVinoBackend(bundle, size, settings.precision, settings.threads, streams, settings.pinning, background)


@BACKENDS.add("tensorrt")
def _tensorrt(bundle: Bundle, settings: Settings, size: tuple[int, int], background: bool) -> Backend:
    from mt_perception.backends.engine_builder import open_tensorrt

    return open_tensorrt(bundle, settings, size, background)


@BACKENDS.add("tensorrt_rtx")
def _tensorrt_rtx(bundle: Bundle, settings: Settings, size: tuple[int, int], background: bool) -> Backend:
    from mt_perception.backends.tensorrt_rtx import open_rtx

    return open_rtx(bundle, settings, size)


@BACKENDS.add("torch")
def _torch(bundle: Bundle, settings: Settings, size: tuple[int, int], background: bool) -> Backend:
    from mt_perception.backends.torch import TorchBackend

    return TorchBackend(bundle, size, settings.precision, settings.threads)


@BACKENDS.add("onnxruntime")
def _onnxruntime(bundle: Bundle, settings: Settings, size: tuple[int, int], background: bool) -> Backend:
    from mt_perception.backends.onnxruntime import OnnxRuntimeBackend

    return OnnxRuntimeBackend(bundle, size, settings.precision, settings.onnx_providers, settings.threads)


def network_size(bundle: Bundle, settings: Settings) -> tuple[int, int]:
    """(height, width) of the network's input: that of the settings, or the model's own.

    Raises `BackendError` for another one than an imported network has.
    """
    own = bundle.card.input
    size = settings.input_height or own.height, settings.input_width or own.width
    if bundle.card.imported and size != (own.height, own.width):
        raise BackendError(
            f"the model {bundle.card.name} was imported for {own.width}x{own.height} px alone, and "
            f"not for {size[1]}x{size[0]}: leave the size out, or import it again for another"
        )
    return size


def chosen(settings: Settings) -> str:
    """The name of the backend that `settings` mean."""
    return settings.backend if settings.backend != "auto" else fastest_installed()


def fastest_installed() -> str:
    """The best backend for this machine, found without importing any."""
    if NVIDIA_DRIVER.exists() and find_spec("torch"):
        return "tensorrt" if find_spec("torch_tensorrt") else "torch"
    return "openvino" if find_spec("openvino") or not find_spec("torch") else "torch"


def choose_precision(requested: str, supported: list[str], backend: str, device: str) -> str:
    """`requested`, or for `auto` the first of `supported` (fastest first). Raises `BackendError` for any other."""
    if requested == "auto":
        return supported[0]
    if requested not in supported:
        raise BackendError(
            f"precision is {requested}; {backend} on {device} computes in {', '.join(supported)}, or auto"
        )
    return requested


def require_backend(name: str) -> None:
    """Raise `BackendError` with the command that installs what the backend `name` needs, unless it is there."""
    if not any(map(find_spec, MODULES[name])):
        require(MODULES[name][0], name)


def require(module: str, name: str) -> None:
    """Raise `BackendError` with the command that installs `module` when it is missing."""
    if not find_spec(module):
        raise BackendError(
            f"this needs the Python package {module}, which is not installed: pip install 'mt_perception[{name}]'"
        )
