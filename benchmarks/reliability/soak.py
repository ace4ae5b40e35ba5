# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Thousands of frames while subscribers, sizes, encodings, parameters and the lifecycle change."""

from __future__ import annotations

import random
import time
from typing import Any

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rig import Rig, camera_info, running
from sensor_msgs.msg import Image

_SIZES = ((120, 160), (90, 160), (240, 320), (33, 200))
_ENCODINGS = ("bgr8", "rgb8", "mono8")
_EVERY = 100  # frames between two changes, or a tenth of them all


def soak(frames: int, minutes: float = float("inf")) -> list[dict[str, Any]]:
    """The node's state at the start (when every set of outputs has been used), and after each tenth of `frames`.

    It ends earlier after `minutes`.
    """
    rng, rows = random.Random(0), []
    with running() as rig:
        extra: list[Any] = []
        tenth, answered, ends_s = max(1, frames // 10), 0, time.monotonic() + 60 * minutes
        every = min(_EVERY, tenth)
        for number in range(-6 * every, frames + 1):
            is_over = number == frames or time.monotonic() > ends_s
            if number >= 0 and (is_over or number % tenth == 0):
                rows.append({"frames": number, "answered": answered, **rig.state})
            if is_over:
                break
            if number % every == 0:
                _change(rig, rng, extra, number // every)
            stamp_ns = rig.send(rng.choice(_SIZES), rng.choice(_ENCODINGS))
            patience_s = time.monotonic() + 5.0
            rig.until(lambda: stamp_ns in rig.answers or time.monotonic() > patience_s)  # noqa: B023
            answered += number >= 0 and stamp_ns in rig.answers
            rig.answers.clear()
    assert rows and rows[-1]["answered"] >= 0.99 * rows[-1]["frames"] > 0, rows
    return rows


def _change(rig: Rig, rng: random.Random, extra: list[Any], turn: int) -> None:
    """Another camera_info, then by turns: a subscriber comes, one goes, a parameter, the lifecycle."""
    rig.infos.publish(camera_info(fx_px=rng.uniform(100, 200)))
    if turn % 4 == 0:
        topic = rng.choice(("depth/image", "segmentation/color", "segmentation/confidence", "segmentation/overlay"))
        extra.append(rig.create_subscription(Image, topic, lambda _: None, 1))
    elif turn % 4 == 1 and extra:
        rig.destroy_subscription(extra.pop(0))
    elif turn % 4 == 2:
        value = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=rng.random())
        request = SetParameters.Request(parameters=[Parameter(name="overlay_opacity", value=value)])
        _call(rig, SetParameters, "perception/set_parameters", request)
    else:
        ids = [Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_ACTIVATE]
        if turn % 8 == 7:
            ids[1:1] = [Transition.TRANSITION_CLEANUP, Transition.TRANSITION_CONFIGURE]
        for each in ids:
            answer = _call(
                rig, ChangeState, "perception/change_state", ChangeState.Request(transition=Transition(id=each))
            )
            assert answer.success, f"transition {each} failed: {rig.log[-300:]}"
        rig.answered()


def _call(rig: Rig, kind: Any, name: str, request: Any) -> Any:
    client = rig.create_client(kind, name)
    rig.until(client.service_is_ready)
    future = client.call_async(request)
    rig.until(future.done)
    rig.destroy_client(client)
    return future.result()
