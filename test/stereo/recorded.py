# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The pairs of the recording in the repository, with their true depth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mt_perception.bags.sources import open_source
from mt_perception.geometry import depth_from_millimetres
from mt_perception.messages.compressed import array_from_compressed
from mt_perception.messages.read import camera_from_info, frame_from_message, with_camera
from mt_perception.types import DepthMap, StereoPair
from mt_perception.utils.resources import city_recording


def street(count: int) -> Iterator[tuple[StereoPair, DepthMap]]:
    """The first pairs of the rendered street, 8 per second, and the true depth of the left images."""
    for source_frame, _ in zip(open_source(city_recording()), range(count), strict=False):
        messages = {topic: recorded.message() for topic, recorded in source_frame.others.items()}
        frames = [
            frame_from_message(source_frame.image.message()),
            frame_from_message(messages["/right/image_rect/compressed"]),
        ]
        cameras = [camera_from_info(messages[f"/{side}/camera_info"]) for side in ("left", "right")]
        left, right = (with_camera(frame, camera) for frame, camera in zip(frames, cameras, strict=True))
        truth_m = depth_from_millimetres(array_from_compressed(messages["/ground_truth/depth/compressed"]))
        yield StereoPair(left, right), truth_m


def shifted(pair: StereoPair, seconds: float) -> StereoPair:
    """The same pair, taken later."""
    ns = pair.left.stamp_ns + round(1e9 * seconds)
    return StereoPair(replace(pair.left, stamp_ns=ns), replace(pair.right, stamp_ns=ns))
