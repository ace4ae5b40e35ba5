# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Which backends this machine can run, and what is missing for the others. Imports none of them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from mt_perception.backends import BACKENDS, MODULES, NVIDIA_DRIVER

_DRIVER = "an NVIDIA GPU with its driver"
_NEEDS = {"tensorrt": ("torch",), "tensorrt_rtx": ("torch",)}
"""Other packages that a backend cannot do without."""
_NOTES = {
    "openvino": "on the processor",
    "tensorrt_rtx": "on an RTX card",
    "onnxruntime": "on the processor, or where onnx_providers says; a model without an ONNX graph needs PyTorch, too",
}
_WITHOUT_A_GPU = {
    "tensorrt_rtx": "; builds engines for other machines here: mt-perception export --backend tensorrt_rtx"
}


@dataclass(frozen=True)
class Readiness:
    """Whether a backend runs here. `text`: where, or what is missing; `remedy`: the command that installs that."""

    is_ready: bool
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{'ready, ' if self.is_ready else 'missing: '}{self.text}{self.remedy and f': {self.remedy}'}"


def readiness() -> dict[str, Readiness]:
    """Of each backend, by name."""
    return {name: _of(name) if name in MODULES else Readiness(True, "a plug-in") for name in sorted(BACKENDS)}


def _of(name: str) -> Readiness:
    has_gpu = NVIDIA_DRIVER.exists()
    needs_gpu = name.startswith("tensorrt")
    alternatives = MODULES[name]
    missing = [] if any(map(find_spec, alternatives)) else [" or ".join(alternatives)]
    missing += [each for each in _NEEDS.get(name, ()) if not find_spec(each)]
    if missing:
        gpu = f", and {_DRIVER}" if needs_gpu and not has_gpu else ""
        return Readiness(False, f"{' and '.join(missing)}{gpu}", f"pip install 'mt_perception[{name}]'")
    if needs_gpu and not has_gpu:
        return Readiness(False, f"{_DRIVER}{_WITHOUT_A_GPU.get(name, '')}")
    return Readiness(True, _NOTES.get(name, "on the GPU" if has_gpu else "on the processor: there is no NVIDIA GPU"))
