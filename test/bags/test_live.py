# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A camera is a video here, read by OpenCV as one: a file, a pipe, an address on this machine."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

from mt_perception.bags import live
from mt_perception.bags.live import LiveSource, cameras
from mt_perception.bags.sources import SourceError, SourceFrame

FRAMES, STEP = 5, 40


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Five frames, twenty a second, each brighter by 40."""
    path = tmp_path / "in.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20, (160, 96))
    for index in range(FRAMES):
        writer.write(np.full((96, 160, 3), STEP * index, np.uint8))
    writer.release()
    return path


@contextmanager
def a_file(video: Path) -> Iterator[str]:
    yield str(video)


@contextmanager
def a_pipe(video: Path) -> Iterator[str]:
    pipe = video.with_name("pipe")
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(video.read_bytes()))
    writer.start()
    yield str(pipe)
    writer.join()


@contextmanager
def an_address(video: Path) -> Iterator[str]:
    handler = partial(SimpleHTTPRequestHandler, directory=str(video.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/{video.name}"
        server.shutdown()
        thread.join()


def index_of(frame: SourceFrame) -> int:
    """Which frame of the video it is."""
    assert isinstance(frame.image, np.ndarray) and frame.image.shape == (96, 160, 3)
    return round(float(frame.image.mean()) / STEP)


def wait_for_the_end() -> None:
    """Of the thread that reads the camera."""
    for each in threading.enumerate():
        if each.name == "camera":
            each.join(20)


@pytest.mark.parametrize("given", [a_file, a_pipe, an_address])
def test_images_have_the_time_at_which_they_came(
    given: Callable[[Path], AbstractContextManager[str]], video: Path
) -> None:
    began_ns = time.time_ns()
    with given(video) as device, LiveSource(device) as source:
        frames = list(source)
    stamps = [each.stamp_ns for each in frames]
    assert stamps == sorted(stamps) and began_ns < stamps[0] <= stamps[-1] < time.time_ns()
    assert index_of(frames[-1]) == FRAMES - 1, "the last one is not lost at the end"


def test_who_takes_long_gets_the_newest_image_and_hears_of_the_others(video: Path) -> None:
    with LiveSource(str(video)) as source:
        images = iter(source)
        first = index_of(next(images))
        wait_for_the_end()
        assert [index_of(each) for each in images] == ([FRAMES - 1] if first < FRAMES - 1 else [])
    if first == 0:  # unless this machine was busy elsewhere before it took one
        told = rf"{video}: 2 images in \d\.\d s, \d+\.\d a second; [23] more came meanwhile and were skipped"
        assert re.fullmatch(told, source.told())


def test_a_file_takes_the_time_that_it_lasts(video: Path) -> None:
    began_s = time.monotonic()
    with LiveSource(str(video)) as source:
        wait_for_the_end()
        assert time.monotonic() - began_s > 0.19, "not all at once"
        assert len(list(source)) == 1


@pytest.mark.parametrize("device", ["77", "/dev/video77"])
def test_a_camera_that_is_not_there_is_told_with_those_that_are(
    device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_DEVICES", tmp_path)
    monkeypatch.setattr(live, "_NAMES", tmp_path / "names")
    with pytest.raises(SourceError, match=r"^there is no /dev/video77; this machine has no camera \(/dev/video\*\)$"):
        LiveSource(device)
    for name in ("video2", "video10", "videodev"):
        (tmp_path / name).touch()
    (tmp_path / "names" / "video2").mkdir(parents=True)
    (tmp_path / "names" / "video2" / "name").write_text("UVC Camera\n")
    assert cameras() == [f"{tmp_path}/video2 (UVC Camera)", f"{tmp_path}/video10"]
    with pytest.raises(SourceError, match=r"77; the cameras here are .*/video2 \(UVC Camera\), .*/video10$"):
        LiveSource(device)


@pytest.mark.parametrize("device", ["/dev/null", "{folder}/text", "http://127.0.0.1:9/none"])
def test_what_gives_no_images_is_told(device: str, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no video")
    device = device.format(folder=tmp_path)
    with pytest.raises(SourceError, match=f"^{device} gives no images"), LiveSource(device):
        pass
    wait_for_the_end()


def test_what_is_no_camera_is_told_with_what_is(tmp_path: Path) -> None:
    for device, said in (("", "name is empty; give a camera"), ("none.mp4", "there is no none.mp4; give a camera")):
        with pytest.raises(SourceError, match=rf"{said} \(0, /dev/video0\), a video, or an address such as rtsp://"):
            LiveSource(device)
    with pytest.raises(SourceError, match=f"^{tmp_path} is a folder; mt-perception view shows the images of one$"):
        LiveSource(str(tmp_path))


def test_a_stream_that_does_not_begin_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_FIRST_WITHIN_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection, and says nothing
        device = f"http://127.0.0.1:{silent.getsockname()[1]}/street.avi"
        with pytest.raises(SourceError, match="gives no images"), LiveSource(device):
            pass
    wait_for_the_end()


def test_a_camera_that_cannot_be_opened_is_told_at_once(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: cv2.imread(0))  # type: ignore[call-overload]
    with pytest.raises(SourceError, match="gives no images"), LiveSource(str(video)) as source:
        assert not source
    wait_for_the_end()
    assert len(raised) == 1


def test_the_opencv_of_ubuntu_22_04_will_do(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cv2.utils, "logging", raising=False)
    with LiveSource(str(video)) as source:
        assert index_of(list(source)[-1]) == FRAMES - 1
