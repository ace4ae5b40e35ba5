# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The one model of the node, which all of its cameras share, and what the diagnostics tell of it."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.impl.rcutils_logger import RcutilsLogger

from mt_perception.backends import Backend, BackendError
from mt_perception.labels import LabelSet
from mt_perception.pipeline import Perceiver
from mt_perception.ros.diagnostic_task import DiagnosticTask
from mt_perception.settings import Settings
from mt_perception.types import OUTPUTS
from mt_perception.utils.hardware import processor, resident_mb


class Model:
    """Loads the model and tells what it is. It holds nothing that would keep a model alive."""

    def __init__(self, logger: RcutilsLogger) -> None:
        self.labels: LabelSet | None = None
        """What the loaded model tells apart."""
        self._logger = logger
        self.task = DiagnosticTask("model", logger)
        self._backend: Callable[[], Backend | None] = lambda: None
        self._reported = ""

    def load(self, settings: Settings) -> Perceiver:
        """Open and warm up the model, and tell what it is."""
        started = time.perf_counter()
        perceiver = Perceiver.open(settings, background=not settings.build_only)
        warm_ms = perceiver.warm_up(OUTPUTS)  # with all there are: so it can serve every subscriber from the start
        backend, card, (height, width) = perceiver.backend, perceiver.bundle.card, perceiver.size
        if settings.build_only and backend.fallback:
            raise BackendError(backend.fallback)
        self._backend = weakref.ref(backend)  # cleanup frees the model, which must not live on here
        self.labels = card.labels
        untrained = f"the model {card.name} is untrained: its labels and depth mean nothing"
        self.task.describe(model=card.name, model_hash=perceiver.bundle.model_hash, input_size=f"{width}x{height}")
        self.task.warn("untrained", "" if card.trained else untrained)
        self._logger.info(
            f"ready in {time.perf_counter() - started:.1f} s: {card.name} ({perceiver.bundle.model_hash}), "
            f"{width}x{height}, {described(backend)}, {warm_ms:.0f} ms an image on {processor()}"
        )
        self._reported = described(backend)
        self.report_backend()
        gc.collect()
        gc.freeze()  # keep the model out of garbage collection: a full collection is a latency spike
        return perceiver

    def report_backend(self) -> None:
        """Tell which backend serves, what it is still busy with, and whether it is another than the one requested."""
        backend = self._backend()
        if backend is None:
            return
        self.task.describe(backend=backend.name, precision=backend.precision, device=backend.device)
        self.task.warn("backend", backend.progress)
        self.task.warn("backend fallback", backend.fallback, is_error=True)
        if described(backend) != self._reported:
            self._reported = described(backend)
            self._logger.info(f"from now on: {self._reported}")

    @property
    def hardware(self) -> str:
        """What it runs on; empty before it is loaded."""
        return self.task.fact("device")

    def status(self, owner: str) -> DiagnosticStatus:
        """Whether the model is there, and all that is known of it. `owner`: see `DiagnosticTask.status`."""
        self.report_backend()
        is_loaded = self._backend() is not None
        fine = f"{self.task.fact('model')}, {self._reported}" if is_loaded else "not loaded"
        return self.task.status(owner, fine, (), {"memory_mb": f"{resident_mb():.0f}"}, self.hardware, is_loaded)


def described(backend: Backend) -> str:
    """The backend in three words."""
    return f"{backend.name} {backend.precision} on {backend.device}"
