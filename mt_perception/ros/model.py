# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The one model of the node, which all of its cameras share."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable, Sequence

from rclpy.impl.rcutils_logger import RcutilsLogger

from mt_perception.backends import Backend, BackendError
from mt_perception.labels import LabelSet
from mt_perception.pipeline import Perceiver
from mt_perception.ros.health import Health
from mt_perception.settings import Settings
from mt_perception.types import OUTPUTS
from mt_perception.utils.hardware import processor


class Model:
    """Loads the model and tells each of `healths` what it is. It holds nothing that would keep a model alive."""

    def __init__(self, logger: RcutilsLogger) -> None:
        self.labels: LabelSet | None = None
        """What the loaded model tells apart."""
        self._logger = logger
        self._healths: Sequence[Health] = ()
        self._backend: Callable[[], Backend | None] = lambda: None
        self._reported = ""

    def load(self, settings: Settings, healths: Sequence[Health]) -> Perceiver:
        """Open and warm up the model, and tell what it is."""
        self._healths, started = healths, time.perf_counter()
        perceiver = Perceiver.open(settings, background=not settings.build_only)
        warm_ms = perceiver.warm_up(OUTPUTS)  # with all there are: so it can serve every subscriber from the start
        backend, card, (height, width) = perceiver.backend, perceiver.bundle.card, perceiver.size
        if settings.build_only and backend.fallback:
            raise BackendError(backend.fallback)
        self._backend = weakref.ref(backend)  # cleanup frees the model, which must not live on here
        self.labels = card.labels
        untrained = f"the model {card.name} is untrained: its labels and depth mean nothing"
        for health in healths:
            health.describe(model=card.name, model_hash=perceiver.bundle.model_hash, input_size=f"{width}x{height}")
            health.warn("untrained", "" if card.trained else untrained)
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
        for health in self._healths:
            health.describe(backend=backend.name, precision=backend.precision, device=backend.device)
            health.warn("backend", backend.progress)
            health.warn("backend fallback", backend.fallback, is_error=True)
        if described(backend) != self._reported:
            self._reported = described(backend)
            self._logger.info(f"from now on: {self._reported}")


def described(backend: Backend) -> str:
    """The backend in three words."""
    return f"{backend.name} {backend.precision} on {backend.device}"
