# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""From a frame to a prediction: bring the image to the network's size, run the graph, undo the geometry."""

from __future__ import annotations

import time
from collections.abc import Collection
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt_perception.backends import Backend, network_size, open_backend
from mt_perception.geometry import LetterBox, output_size
from mt_perception.model.bundle import Bundle, open_model
from mt_perception.prediction import Prediction, known_outputs
from mt_perception.settings import Settings
from mt_perception.types import OUTPUTS, Camera, Frame


class Stopwatch:
    """Milliseconds between successive marks, by name."""

    def __init__(self) -> None:
        self.timings_ms: dict[str, float] = {}
        self._last = time.perf_counter()

    def mark(self, name: str) -> None:
        """The time since the last mark belongs to `name`."""
        now = time.perf_counter()
        self.timings_ms[name] = self.timings_ms.get(name, 0.0) + 1e3 * (now - self._last)
        self._last = now


class Perceiver:
    """One model on one backend. Not thread-safe: it belongs to the thread that calls it."""

    def __init__(self, bundle: Bundle, backend: Backend, size: tuple[int, int], settings: Settings) -> None:
        self.bundle = bundle
        self.backend = backend
        self.size = size
        self._settings = settings

    @classmethod
    def open(cls, settings: Settings | None = None, background: bool = False, **values: Any) -> Perceiver:
        """Load a model, by default the one that comes with the package, on the backend that suits the machine.

        Args:
            settings: all settings at once; without, the defaults, and results of the image's size.
            background: do not wait for a backend that has to be built first (see `open_backend`).
            values: single settings by name, such as `model="street"`, `backend="openvino"`, `precision="fp32"`; the
                parameters of the node that concern the network, with the same meaning.

        Returns:
            What makes a `Prediction` of a `Frame`.

        Raises:
            SettingsError: a setting does not exist, or has a value that is not allowed.
            BundleError: there is no such model, or it is damaged.
            BackendError: the backend is not installed, or does not run here.

        Examples:
            >>> import numpy as np
            >>> from mt_perception import Perceiver
            >>> prediction = Perceiver.open(precision="fp32")(np.zeros((192, 320, 3), np.uint8))
            >>> prediction.mask.shape, prediction.depth_m.dtype
            ((192, 320), dtype('float32'))
        """
        settings = (settings or Settings(output_size="input")).replace(**values)
        bundle = open_model(settings.model)
        size = network_size(bundle, settings)
        return cls(bundle, open_backend(bundle, settings, size, background), size, settings)

    def siblings(self, count: int) -> list[Perceiver]:
        """At most `count` more, for threads of their own, of the same loaded model; none where its backend has none."""
        backends = islice(getattr(self.backend, "siblings", lambda: iter(()))(), max(0, count))
        return [Perceiver(self.bundle, each, self.size, self._settings) for each in backends]

    def warm_up(self, outputs: Collection[str] = ("mask", "depth_m"), runs: int = 3) -> float:
        """Run the graph on an empty image, so that the first frame is as fast as the others; median milliseconds."""
        image, outputs = np.zeros((*self.size, 3), np.uint8), known_outputs(outputs)
        times = []
        for _ in range(runs):
            watch = Stopwatch()
            self.backend.infer(image, 1.0, outputs)
            watch.mark("infer")
            times.append(watch.timings_ms["infer"])
        return float(np.median(times))

    def __call__(
        self, frame: Frame | NDArray[np.uint8], outputs: Collection[str] = tuple(OUTPUTS), keep: bool = True
    ) -> Prediction:
        """The requested outputs for `frame`, at its own size or another (setting `output_size`).

        Args:
            frame: an (H, W, 3) uint8 RGB array, or a `Frame`, which may have other pixels, a camera and a stamp.
            outputs: those of `mask`, `confidence` and `depth_m` to compute; what is left out costs no time.
            keep: False returns views into the backend's buffers, valid until the next call (no copy).

        Raises:
            DataError: an array that is no image, or `outputs` that there are not.
        """
        frame, outputs = frame if isinstance(frame, Frame) else Frame(frame), known_outputs(outputs)
        watch = Stopwatch()
        letterbox = self._letterbox(frame.size)
        image = letterbox.apply(frame)
        watch.mark("prepare")
        camera = letterbox.camera(frame.camera or Camera.assumed(frame.size))
        results = self.backend.infer(image, self.depth_scale(frame, letterbox), outputs, camera)
        watch.mark("network")
        size = self._output_size(frame.taken_size)
        finished = {name: letterbox.inverse(array, size) for name, array in results.items()}
        if keep:
            finished = {name: _own(array, results[name]) for name, array in finished.items()}
        watch.mark("restore")
        return Prediction(frame, finished, watch.timings_ms, self.bundle.card.labels)

    def sufficient_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """(height, width) to which an image of `size` may be made smaller before it comes here: a larger one is made
        smaller here, for the network and for what is drawn of its results."""
        letterbox = self._letterbox(size)
        height, width = self._output_size(size)
        return max(height, letterbox.height), max(width, letterbox.width)

    def _letterbox(self, size: tuple[int, int]) -> LetterBox:
        return LetterBox.named(self._settings.fit, size, self.size)

    def _output_size(self, taken: tuple[int, int]) -> tuple[int, int]:
        letterbox = self._letterbox(taken)
        return output_size(self._settings.output_size, taken, (letterbox.height, letterbox.width))

    def depth_scale(self, frame: Frame, letterbox: LetterBox) -> float:
        """What metres are multiplied by for this camera: fx_camera / fx_training, both at network resolution.

        A longer lens shows the same object larger, which a network trained with a shorter one takes for nearer.
        Without a known camera the scale is 1 and depth is uncorrected; so it is for a model that tells of none.
        """
        trained = self.bundle.card.training_camera
        if frame.camera is None or trained is None:
            return 1.0
        return letterbox.camera(frame.camera).fx_px / trained.fx_px


def _own(array: np.ndarray, source: np.ndarray) -> np.ndarray:
    return array.copy() if np.shares_memory(array, source) else np.ascontiguousarray(array)
