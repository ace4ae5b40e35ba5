# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Malformed messages in numbers on every input of a node, with valid images among them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.serialization import serialize_message
from rig import Rig, camera_info, image, running
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image

from mt_perception.messages.read import frame_from_message, image_from_cdr
from mt_perception.types import DataError

_RATE_HZ, _VALID_HZ = 500.0, 5.0


def flood(input_name: str, number: int) -> dict[str, Any]:
    """Send `number` malformed messages to an input, and five valid images a second; the row of the table."""
    form = {"compressed": "compressed", "stereo": "stereo"}.get(input_name, "raw")
    with running(form, use_sim_time=input_name == "clock") as rig:
        before = rig.state["memory_mb"]
        seconds, waits_s = _interleaved(rig, _sender(rig, input_name, random.Random(0), number), number)
        died = rig.process.poll() is not None
        rig.spin(1.5)
        return {
            "input": input_name,
            "malformed": number,
            "a second": round(number / seconds),
            "deaths": int(died),
            "valid": len(waits_s),
            "worst wait s": round(max(waits_s), 2),
            "memory MB": f"{before:.0f} to {rig.state['memory_mb']:.0f}",
            "diagnostics kB": round(rig.diagnostics_bytes / 1e3, 1),
            "log kB": round(len(rig.log) / 1e3, 1),
        }


def _interleaved(rig: Rig, send: Callable[[], None], number: int) -> tuple[float, list[float]]:
    """How long it took, and for each valid image how long there was no answer to it, or a later one."""
    pending: list[tuple[float, int]] = []
    waits_s: list[float] = []

    def collect() -> None:
        done = max((stamp for _, stamp in pending if stamp in rig.answers), default=0)
        waits_s.extend(time.monotonic() - at_s for at_s, stamp in pending if stamp <= done)
        pending[:] = [each for each in pending if each[1] > done]

    started, sent, offered = time.monotonic(), 0, 0
    while sent < number:
        elapsed_s = time.monotonic() - started
        if elapsed_s * _VALID_HZ >= offered:
            offered += 1
            pending.append((time.monotonic(), rig.send()))
        for _ in range(min(number, int(elapsed_s * _RATE_HZ) + 1) - sent):
            send()
            sent += 1
        rig.spin(0.002)
        collect()
        assert rig.process.poll() is None, f"the node ended: {rig.log[-500:]}"
    seconds = time.monotonic() - started
    while pending and time.monotonic() - pending[-1][0] < 1.0:
        rig.spin(0.01)
        collect()
    if pending:  # of the last ones a newer one may have taken the place
        rig.answered()
        waits_s.extend(time.monotonic() - at_s for at_s, _ in pending)
    return seconds, waits_s


def _sender(rig: Rig, input_name: str, rng: random.Random, number: int) -> Callable[[], None]:
    """What sends the next malformed message to this input."""
    if input_name == "parameters":
        client, calls = rig.create_client(SetParameters, "perception/set_parameters"), _wrong_parameters(rng)
        rig.until(client.service_is_ready)
        return lambda: client.call_async(next(calls)) and None
    if input_name == "camera_info":
        messages = _garbage_of(serialize_message(camera_info()), rng)
        return lambda: rig.infos.publish(next(messages))
    if input_name == "clock":
        clock = rig.create_publisher(Clock, "/clock", 10)
        whole = serialize_message(Clock())
        messages = _garbage_of(whole, rng)
        return lambda: clock.publish(next(messages)[: len(whole)])  # DDS itself refuses more of a type of one size
    found = (each for each in _wrong_images(input_name == "compressed", rng) if not _is_image(each, input_name))
    images = iter(list(islice(found, number)))  # made beforehand: it takes longer than to send them
    others = [rig.create_publisher(each.msg_type, each.topic_name, 10) for each in rig.images]
    return lambda: rng.choice(others).publish(next(images))


def _is_image(message: Any, input_name: str) -> bool:
    """Whether it can be decoded all the same, as with wrong bytes among its pixels."""
    data = message if isinstance(message, bytes) else serialize_message(message)
    try:
        frame_from_message(image_from_cdr(data, input_name == "compressed"), max_megapixels=50.0)
    except DataError:
        return False
    return True


def _garbage(rng: random.Random, whole: bytes) -> bytes:
    """A serialized message that is cut off, has wrong bytes in its head or anywhere, or is no message at all."""
    kind = rng.randrange(4)
    if kind == 0:
        return whole[: rng.randrange(4, len(whole))]
    if kind == 1:
        return whole[:4] + rng.randbytes(rng.randrange(200))
    damaged = bytearray(whole)
    for _ in range(rng.randrange(1, 8)):
        damaged[rng.randrange(4, min(120, len(whole)) if kind == 2 else len(whole))] = rng.randrange(256)
    return bytes(damaged)


def _garbage_of(whole: bytes, rng: random.Random) -> Iterator[bytes]:
    while True:
        yield _garbage(rng, whole)


def _wrong_images(compressed: bool, rng: random.Random) -> Iterator[Any]:
    """Without end: garbage, and whole messages whose fields are wrong."""
    whole = serialize_message(image(1, compressed, (120, 160)))
    while True:
        yield _garbage(rng, whole)
        if compressed:
            data = rng.choice((b"", b"\x89PNG\r\n\x1a\n" + rng.randbytes(500), rng.randbytes(100_000)))
            yield CompressedImage(format=rng.choice(("jpeg", "x" * 300_000)), data=data)
        else:
            encoding, size = rng.choice(("banana8", "32FC1", "bgr8", "nv12", "y" * 300_000)), rng.randrange(1 << 31)
            yield Image(encoding=encoding, height=size, width=9, step=27, data=rng.randbytes(rng.randrange(100)))


def _wrong_parameters(rng: random.Random) -> Iterator[SetParameters.Request]:
    names = ("overlay_opacity", "input_timeout_s", "backend", "sync_slop_s", "none", "", "a" * 10_000)
    while True:
        value = ParameterValue(
            type=rng.choice((0, 1, 2, 3, 4, 9, 99, 255)), double_value=rng.choice((-1.0, float("nan")))
        )
        yield SetParameters.Request(parameters=[Parameter(name=rng.choice(names), value=value)])


INPUTS = ("image", "compressed", "stereo", "camera_info", "clock", "parameters")
