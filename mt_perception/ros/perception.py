"""What happens in the worker thread: from a ROS message to published results."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from typing import Any

from rclpy.impl.rcutils_logger import RcutilsLogger

from mt_perception.backends import Backend, BackendError
from mt_perception.messages import with_camera
from mt_perception.pipeline import Perceiver, Stopwatch
from mt_perception.ros import convert
from mt_perception.ros.health import Health
from mt_perception.ros.outputs import Output, Result
from mt_perception.settings import Settings
from mt_perception.types import CameraModel, DataError, Frame


class Perception:
    """Loads the model, then turns each picture into what somebody subscribes to.

    The node's thread replaces `settings`, `camera` and `outlets` as a whole; they are read once per picture.
    """

    def __init__(self, settings: Settings, health: Health, logger: RcutilsLogger) -> None:
        self.settings = settings
        self.camera: CameraModel | None = None
        self.outlets: list[tuple[Output, Any]] = []
        """Each output with its publisher; empty while nothing is to be published."""
        self._health = health
        self._logger = logger
        self._backend: Callable[[], Backend | None] = lambda: None
        self._told = ""

    def load(self) -> Perceiver:
        """Open and warm up the model, and tell what it is."""
        started = time.perf_counter()
        perceiver = Perceiver.open(self.settings, background=not self.settings.build_only)
        warm_ms = perceiver.warm_up()
        backend, card, (height, width) = perceiver.backend, perceiver.bundle.card, perceiver.size
        if self.settings.build_only and backend.fallback:
            raise BackendError(backend.fallback)
        self._backend = weakref.ref(backend)  # cleanup frees the model, which must not live on here
        self._health.describe(
            model=card.name,
            model_hash=perceiver.bundle.model_hash,
            input_size=f"{width}x{height}",
        )
        untrained = f"the model {card.name} is untrained: its labels and depth mean nothing"
        self._health.warn("untrained", "" if card.trained else untrained)
        self._health.warn("camera_info", "depth is uncorrected: no camera_info yet")
        self._logger.info(
            f"ready in {time.perf_counter() - started:.1f} s: {card.name} ({perceiver.bundle.model_hash}), "
            f"{width}x{height}, {described(backend)}, {warm_ms:.0f} ms a picture"
        )
        self._told = described(backend)
        self.report_backend()
        return perceiver

    def report_backend(self) -> None:
        """Tell which backend serves, what it is still busy with, and whether it is another than the one asked for."""
        backend = self._backend()
        if backend is None:
            return
        self._health.describe(backend=backend.name, precision=backend.precision, device=backend.device)
        self._health.warn("backend", backend.progress)
        self._health.warn("backend fallback", backend.fallback, is_error=True)
        if described(backend) != self._told:
            self._told = described(backend)
            self._logger.info(f"from now on: {self._told}")

    def process(self, perceiver: Perceiver, message: Any) -> None:
        """Convert, perceive, publish. Nothing is computed that nobody subscribes to."""
        wanted = [(output, outlet) for output, outlet in self.outlets if outlet.get_subscription_count()]
        needs = frozenset().union(*(output.needs for output, _ in wanted))
        if not needs:
            return
        watch = Stopwatch()
        try:
            frame = self._calibrated(convert.frame(message))
        except DataError as error:
            self._health.skipped(f"picture skipped: {error}")
            return
        watch.mark("convert")
        prediction = perceiver(frame, needs)
        watch.mark("perceive")
        result = Result(prediction, self.settings, perceiver.bundle.card.classes)
        for output, outlet in wanted:
            made = output.make(result)
            if made is not None:
                outlet.publish(made)
        watch.mark("publish")
        self._health.finished({**watch.timings_ms, **prediction.timings_ms, "total": sum(watch.timings_ms.values())})

    def _calibrated(self, frame: Frame) -> Frame:
        camera = self.camera
        try:
            frame = with_camera(frame, camera) if camera else frame
        except DataError as error:
            self._health.warn("camera_size", f"depth is uncorrected: {error}")
        else:
            self._health.warn("camera_size", "")
        return frame


def described(backend: Backend) -> str:
    """The backend in three words."""
    return f"{backend.name} {backend.precision} on {backend.device}"
