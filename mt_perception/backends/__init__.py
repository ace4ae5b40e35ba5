"""What runs the deployable graph. Each backend is one file, imported only when it is chosen."""

from __future__ import annotations

from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mt_perception.bundle import Bundle
from mt_perception.settings import Settings


class BackendError(RuntimeError):
    """A backend that is not installed, or cannot do what was asked."""


class Backend(Protocol):
    """The graph, ready for pictures of one size."""

    name: str
    precision: str
    device: str

    def infer(
        self, image: NDArray[np.uint8], depth_scale: float, outputs: Collection[str]
    ) -> dict[str, NDArray[np.generic]]:
        """(H, W, 3) uint8 RGB -> the asked ones of `mask`, `confidence` (uint8) and `depth_m` (float32), each (H, W).

        The arrays may be overwritten by the next call.
        """


def open_backend(bundle: Bundle, settings: Settings, size: tuple[int, int]) -> Backend:
    """The backend that `settings` ask for, loaded for pictures of `size` (height, width)."""
    name = settings.backend if settings.backend != "auto" else fastest_installed()
    if name == "openvino":
        require("openvino", name)
        from mt_perception.backends.openvino import OpenVinoBackend

        return OpenVinoBackend(bundle, size, settings.precision, settings.threads, settings.streams, settings.pinning)
    require("torch", name)
    from mt_perception.backends.torch import TorchBackend

    return TorchBackend(bundle, size, settings.precision, settings.threads)


def fastest_installed() -> str:
    """The best backend for this machine, found without importing any."""
    has_nvidia_gpu = Path("/proc/driver/nvidia/version").exists()
    if find_spec("torch") and (has_nvidia_gpu or not find_spec("openvino")):
        return "torch"
    return "openvino"


def choose_precision(asked: str, supported: list[str], backend: str, device: str) -> str:
    """`asked`, or for `auto` the first of `supported` (fastest first). Raises `BackendError` for what is not there."""
    if asked == "auto":
        return supported[0]
    if asked not in supported:
        raise BackendError(f"precision is {asked}; {backend} on {device} computes in {', '.join(supported)}, or auto")
    return asked


def require(module: str, name: str) -> None:
    """Raise `BackendError` with the command that installs `module` when it is missing."""
    if not find_spec(module):
        raise BackendError(
            f"this needs the Python package {module}, which is not installed: pip install 'mt_perception[{name}]'"
        )
