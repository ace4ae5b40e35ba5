# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium that is driven through pipes, without packages: opens a page, takes screenshots of it."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_OPTIONS = (
    "--headless", "--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-extensions", "--disable-dev-shm-usage", "--remote-debugging-pipe", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--blink-settings=preferredColorScheme=0",
)  # fmt: skip
"""WebGL in software; and no name of another machine is found, as on a robot."""


class Page:
    """One page of a browser, which listens at a pipe and answers at another."""

    def __init__(self, url: str, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, os.fdopen(from_browser, "rb", buffering=1 << 16)
        self._buffer, self._count, self._session = b"", 0, ""
        target = self.call("Target.createTarget", url=url)["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def call(self, method: str, **parameters: object) -> dict:
        """The answer to a command of the Chrome DevTools protocol."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._buffer:
                data = self._from.read1(1 << 16)
                assert data, "the browser has ended"
                self._buffer += data
            one, self._buffer = self._buffer.split(b"\0", 1)
            answer = json.loads(one)
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                return answer["result"]

    def screenshot(self) -> np.ndarray:
        """(H, W, 3) uint8 RGB, as it looks now."""
        data = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def area(shot: np.ndarray, color: Sequence[float] | np.ndarray, off: int = 10) -> int:
    """How many pixels of a screenshot have this colour, or nearly."""
    return int((np.abs(shot.astype(int) - color).max(2) <= off).sum())


@contextmanager
def page(url: str, folder: Path, size: tuple[int, int]) -> Iterator[Page]:
    """The page at `url`, in a window of `size` (width, height), in a browser whose profile lies in `folder`."""
    in_read, in_write = os.pipe()
    out_read, out_write = os.pipe()
    of_page = f"--user-data-dir={folder}", "--window-size={},{}".format(*size)
    browser = subprocess.Popen(
        ["bash", "-c", f'exec "$@" 3<&{in_read} 4>&{out_write}', "bash", str(CHROMIUM), *_OPTIONS, *of_page],
        pass_fds=(in_read, out_write), stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    os.close(in_read)
    os.close(out_write)
    opened = None
    try:
        opened = Page(url, in_write, out_read)
        yield opened
    finally:
        os.killpg(browser.pid, signal.SIGKILL)
        browser.wait()
        os.close(in_write)
        if opened:
            opened._from.close()
