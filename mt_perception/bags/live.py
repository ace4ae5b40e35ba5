# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a camera sees now, without ROS: the newest image each time, however long the last one took."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2

from mt_perception.bags.sources import SourceError, SourceFrame
from mt_perception.utils.latest import LatestQueue

_FIRST_WITHIN_S = 20.0
_ALLOWED = "; give a camera (0, /dev/video0), a video, or an address such as rtsp://HOST/PATH"
_DEVICES = Path("/dev")
_NAMES = Path("/sys/class/video4linux")


class LiveError(SourceError):
    """A camera that is not there, not for this user, or gives nothing."""

    page = "view"


class LiveSource:
    """The images of a camera, from the moment on at which the block is entered: of those that wait, the newest.

    `device`: the path or the number of a camera, or what else OpenCV's VideoCapture takes: a file, which plays at its
    own rate, or an address such as rtsp://. `size` (height, width) is asked of a camera, which may have another.

    Raises `LiveError` where there is no such device, and where no image comes.
    """

    def __init__(self, device: str, size: tuple[int, int] | None = None) -> None:
        self.device = f"/dev/video{device}" if device.isdecimal() and sys.platform == "linux" else device
        self._size = size
        self._newest: LatestQueue[SourceFrame | None] = LatestQueue()
        self._came, self._ending = threading.Event(), threading.Event()
        self._arrived = self._taken = self._skipped = 0
        self._times_s: list[float] = []
        self._thread = threading.Thread(target=self._read, name="camera", daemon=True)
        self._check()

    def _check(self) -> None:
        """Raises `LiveError` for a file or device that is not there, or not for this user."""
        path = Path(self.device)
        if "://" in self.device or self.device.isdecimal():
            return
        if not self.device:
            raise LiveError(f"the camera's name is empty{_ALLOWED}")
        if path.is_dir():
            raise LiveError(f"{self.device} is a folder; mt-perception view shows the images of one")
        if not path.exists():
            raise LiveError(f"there is no {self.device}{self._others()}")
        if not os.access(path, os.R_OK):
            raise LiveError(f"{self.device} may not be read by this user (of a camera, those of the group video may)")

    def __enter__(self) -> LiveSource:
        self._thread.start()
        if not self._came.wait(_FIRST_WITHIN_S) or not self._arrived:
            self._ending.set()
            is_file = Path(self.device).is_file()
            why = ": it is no video that OpenCV reads" if is_file else ""
            raise LiveError(f"{self.device} gives no images{why}{self._others()}")
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(1.0)  # it may be waiting for a camera that is gone

    def __iter__(self) -> Iterator[SourceFrame]:
        """The newest image, and again, until there are no more."""
        while came := self._newest.take()[0]:
            self._taken += 1
            self._times_s = [*self._times_s[:1], time.monotonic()]
            yield came

    def told(self) -> str:
        """How many images were taken, and how many not, in a sentence."""
        text = f"{self.device}: {self._taken} images"
        if self._taken > 1:
            span_s = self._times_s[-1] - self._times_s[0]
            text += f" in {span_s:.1f} s, {(self._taken - 1) / span_s:.1f} a second"
        return text + (f"; {self._skipped} more came meanwhile and were skipped" if self._skipped else "")

    def _read(self) -> None:
        """The images until there are no more, and then the end, whatever it came by: somebody waits for it."""
        try:
            self._follow(self._open())
        finally:
            self._newest.put(None, "end")  # a source of its own: it does not displace the last image
            self._came.set()

    def _follow(self, capture: Any) -> None:
        rate_hz = capture.get(cv2.CAP_PROP_FPS) if Path(self.device).is_file() else 0.0
        began_s = time.monotonic()
        try:
            while not self._ending.is_set():
                is_there, image = capture.read()
                if not is_there:
                    return
                if rate_hz > 0:  # a file has all of its images at once
                    self._ending.wait(max(0.0, began_s + self._arrived / rate_hz - time.monotonic()))
                self._arrived += 1
                displaced = self._newest.put(SourceFrame(image, stamp_ns=time.time_ns()))
                self._skipped += displaced and self._taken > 0
                self._came.set()
        finally:
            capture.release()

    def _open(self) -> Any:
        with suppress(AttributeError):  # what is wrong is said here; OpenCV 4.5 has no such function, and says it twice
            cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
        if Path(self.device).is_char_device():
            capture = cv2.VideoCapture(self.device, cv2.CAP_V4L2)
        else:
            capture = cv2.VideoCapture(int(self.device) if self.device.isdecimal() else self.device)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # what waits in a queue is old when it is looked at
        if self._size:
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._size[0])
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._size[1])
        return capture

    def _others(self) -> str:
        """The end of a sentence about a device that is of no use."""
        if not self.device.startswith("/dev/"):
            return _ALLOWED
        found = ", ".join(cameras())
        return f"; the cameras here are {found}" if found else "; this machine has no camera (/dev/video*)"


def cameras() -> list[str]:
    """The cameras of this machine, by path and name, where it is Linux."""
    found = sorted(_DEVICES.glob("video[0-9]*"), key=lambda each: (len(each.name), each.name))
    names = {each: _NAMES / each.name / "name" for each in found}
    return [f"{each} ({name.read_text().strip()})" if name.is_file() else str(each) for each, name in names.items()]
