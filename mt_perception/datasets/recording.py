# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Samples as a rosbag2 recording: what a camera saw, and the truth about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from mt_perception.bags.writer import new_recording
from mt_perception.datasets.sample import DatasetError, Reader, Sample, labels_of
from mt_perception.geometry import millimetres_from_depth
from mt_perception.labels import CITYSCAPES, LabelSet
from mt_perception.messages.rosbags import new_camera_info, new_compressed, new_header, new_image, new_label_info
from mt_perception.topics import (
    COMPRESSED,
    RIGHT_IMAGE,
    TRUE_DEPTH,
    TRUE_LABEL_INFO,
    TRUE_LABELS,
    camera_info_topic,
    image_inputs,
)

FRAME_ID = "camera"
START_NS = 10**9
"""Stamp of the first sample: 0 would be no time to ROS."""


@dataclass(frozen=True)
class Form:
    """How images are written.

    codec: of the camera's images and of true labels; empty for raw ones, `jpg` or `png`. Labels are never JPEG.
    small_depth: true depth as PNG of whole millimetres, true to 0.1 %, which loses the sky and all beyond 65.5 m; else
    exact, 32FC1.
    """

    codec: str = ""
    quality: int = 95
    small_depth: bool = False


def record_dataset(
    reader: Reader, out: Path, rate_hz: float = 10.0, limit: int = 0, form: Form = Form(), storage: str = "mcap"
) -> int:
    """Write the first `limit` samples of `reader` (0: all) to the recording `out`; how many there were.

    Stamps follow from the index and `rate_hz`, whatever names and numbers the data set has.
    """
    if limit < 0:
        raise DatasetError(f"the limit is {limit}; it must be a number of images, or 0 for all")
    count = min(limit, len(reader)) if limit else len(reader)
    samples = (reader[index] for index in tqdm(range(count), unit="image"))
    record(out, samples, rate_hz, form, storage, labels_of(reader))
    return count


def record(
    out: Path,
    samples: Iterable[Sample],
    rate_hz: float,
    form: Form,
    storage: str = "mcap",
    labels: LabelSet = CITYSCAPES,
) -> None:
    """Write `samples`, `rate_hz` per second, to the recording `out`, which appears when it is complete.

    `labels`: the classes of their labels, whose names are recorded too if there are labels.
    """
    if not rate_hz > 0:
        raise DatasetError(f"the rate is {rate_hz} Hz; it must be above 0")
    with new_recording(out, storage) as bag:
        told = False
        for index, sample in enumerate(samples):
            stamp_ns = START_NS + round(index * 1e9 / rate_hz)
            if sample.labels is not None and not told:
                names = new_label_info(labels, new_header(stamp_ns, ""))
                bag.write_message(f"/{TRUE_LABEL_INFO}", stamp_ns, names, latched=True)
                told = True
            for topic, message in _messages(sample, new_header(stamp_ns, FRAME_ID), form):
                bag.write_message(topic, stamp_ns, message)


def _messages(sample: Sample, head: Any, form: Form) -> Iterator[tuple[str, Any]]:
    """Topics and messages in the order in which a camera's driver sends them: first what explains the image."""
    is_pair = sample.right is not None
    image = image_inputs(is_pair)[0]
    if sample.camera:
        yield camera_info_topic(f"/{image}"), new_camera_info(replace(sample.camera, baseline_m=None), head)
        if is_pair and sample.camera.baseline_m:
            info = new_camera_info(sample.camera, head, right_by_m=sample.camera.baseline_m)
            yield camera_info_topic(f"/{RIGHT_IMAGE}"), info
    if sample.labels is not None:
        yield _image(f"/{TRUE_LABELS}", sample.labels, head, "png" if form.codec else "")
    if sample.depth_m is not None:
        depth = _rounded(millimetres_from_depth(sample.depth_m)) if form.small_depth else sample.depth_m
        yield _image(f"/{TRUE_DEPTH}", depth, head, "png" if form.small_depth else "")
    if sample.right is not None:
        yield _image(f"/{RIGHT_IMAGE}", sample.right, head, form.codec, form.quality)
    yield _image(f"/{image}", sample.image, head, form.codec, form.quality)


def _rounded(depth_mm: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """To ten significant bits, 0.1 %: what PNG makes of it is smaller by a third."""
    mantissa, exponent = np.frexp(depth_mm.astype(np.float32))
    return np.ldexp(np.rint(mantissa * 1024) / 1024, exponent).clip(max=65535).astype(np.uint16)


_ENCODINGS = {("u1", 3): "rgb8", ("u1", 2): "mono8", ("f4", 2): "32FC1"}
"""By type of a pixel and number of dimensions."""


def _image(topic: str, pixels: NDArray[Any], head: Any, codec: str, quality: int = 0) -> tuple[str, Any]:
    """The topic and the message of an image: (H, W) or RGB."""
    if not codec:
        return topic, new_image(pixels, _ENCODINGS[pixels.dtype.str[1:], pixels.ndim], head)
    level = {"jpeg_quality": quality, "jpeg_optimize": 1} if codec == "jpg" else {"png_compression": 9}
    in_opencvs_order = np.ascontiguousarray(pixels[..., ::-1]) if pixels.ndim == 3 else pixels
    return topic + COMPRESSED, new_compressed(in_opencvs_order, codec, head, **level)
