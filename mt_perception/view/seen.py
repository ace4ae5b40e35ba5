# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What is shown of one image, and where it comes from: recorded results, or the network as it goes."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mt_perception.bags.bag import Bag, Recorded
from mt_perception.bags.by_stamp import FrameSet, frame_sets
from mt_perception.bags.sources import BagSource, NewestMessage, Source, SourceFrame
from mt_perception.bags.topics import Layout
from mt_perception.labels import LabelSet
from mt_perception.messages.compressed import Sufficient
from mt_perception.messages.read import frame_from_message, stamp_ns, usable_camera, with_camera
from mt_perception.pipeline import Perceiver
from mt_perception.prediction import Prediction
from mt_perception.topics import DEPTH, DEPTH_CAMERA, IMAGE, MASK, camera_info_topic
from mt_perception.types import Camera, DataError, Frame

ROLES = {MASK: "mask", DEPTH: "depth_m"}
"""Outputs of the network, by the topics on which they are published."""
FPS, LATENCY_MS = "fps", "latency_ms/result"
Numbers = Mapping[str, float]
"""What is plotted, by the names of the curves."""


@dataclass(frozen=True)
class Seen:
    """One image with what the network says of it, and the numbers that go with it."""

    prediction: Prediction
    numbers: Numbers = field(default_factory=dict)


class Rate:
    """Results per second, over the last ten."""

    def __init__(self) -> None:
        self._times_ns: deque[int] = deque(maxlen=10)

    def __call__(self, time_ns: int) -> dict[str, float]:
        """Take note of a result; `fps`, once there have been two."""
        self._times_ns.append(time_ns)
        span_ns = self._times_ns[-1] - self._times_ns[0]
        return {FPS: 1e9 * (len(self._times_ns) - 1) / span_ns} if span_ns > 0 else {}


def recorded(bag: Bag, beside: Bag, layout: Layout, labels: LabelSet, skipped: Counter[str]) -> Iterator[Seen]:
    """The results in a recording that is opened twice, with their images, in the order in which they were recorded.

    `labels`: their classes. What cannot be read is left out, and `skipped` gets why.
    """
    topics = [layout.topics[role] for role in (DEPTH_CAMERA, camera_info_topic(IMAGE)) if role in layout.topics]
    infos = NewestMessage(beside, topics[0]) if topics else None
    rate = Rate()
    for frame_set in frame_sets(bag, layout):
        answers = [recorded.received_ns for role, recorded in frame_set.messages.items() if role in ROLES]
        if not answers:
            continue
        told = infos.at(max(answers)) if infos else None
        camera = usable_camera(told.message()) if told else None
        try:
            yield seen_in(frame_set, camera, labels, rate)
        except DataError as error:
            skipped[str(error)] += 1


def seen_in(frame_set: FrameSet, camera: Camera | None, labels: LabelSet, rate: Rate) -> Seen:
    """Results with their image, and how late they were, and how many there are a second. Raises `DataError`."""
    answered_ns = max(each.received_ns for role, each in frame_set.messages.items() if role in ROLES)
    prediction = recorded_prediction(frame_set, camera, labels)
    numbers = rate(answered_ns)
    if answered_ns > (frame_set.image_received_ns or frame_set.stamp_ns):  # by the node, not by `bag process`
        numbers[LATENCY_MS] = (answered_ns - frame_set.stamp_ns) / 1e6
    return Seen(prediction, numbers)


def recorded_prediction(frame_set: FrameSet, camera: Camera | None, labels: LabelSet) -> Prediction:
    """Results as the network gave them; over black where the image was not recorded. Raises `DataError`."""
    arrays = {name: frame_set.array(role) for role, name in ROLES.items()}
    outputs = {name: array for name, array in arrays.items() if array is not None}
    size = next(iter(outputs.values())).shape[:2]
    if frame_set.has_image:  # of which no more is shown than lies below the results
        frame = frame_from_message(frame_set.messages[IMAGE].message(), sufficient=lambda _: size)
    else:
        frame = Frame(np.zeros((*size, 3), np.uint8))
    frame = replace(frame, stamp_ns=frame_set.stamp_ns)
    return Prediction(_with(frame, camera), outputs, classes=labels)


def perceived(source: Source, perceiver: Perceiver, skipped: Counter[str]) -> Iterator[Seen]:
    """The images of `source` with what the network says of them, as it goes; `skipped` gets why some are left out."""
    rate = Rate()
    busy_ns = 0
    for each in source:
        try:
            prediction = perceiver(_frame(source, each, perceiver.sufficient_size), tuple(ROLES.values()))
        except DataError as error:
            skipped[str(error)] += 1
            continue
        numbers = _latencies(prediction)
        busy_ns += round(1e6 * numbers["latency_ms/total"])
        yield Seen(prediction, {**rate(busy_ns), **numbers})


def watched(source: Iterable[SourceFrame], perceiver: Perceiver, camera: Camera | None) -> Iterator[Seen]:
    """The images of a camera, which `camera` describes, as they come.

    Raises `DataError` where it is another camera's description.
    """
    rate = Rate()
    for each in source:
        frame = Frame(np.asarray(each.image), "bgr", each.stamp_ns)
        prediction = perceiver(with_camera(frame, camera) if camera else frame, tuple(ROLES.values()))
        yield Seen(prediction, {**rate(each.stamp_ns), **_latencies(prediction)})


def _latencies(prediction: Prediction) -> dict[str, float]:
    """Of all that was done for an image, and of the network alone."""
    network = {f"latency_ms/{name}": ms for name, ms in prediction.timings_ms.items() if name == "network"}
    return {"latency_ms/total": sum(prediction.timings_ms.values()), **network}


def _frame(source: Source, each: SourceFrame, sufficient: Sufficient) -> Frame:
    """Raises `DataError` for what is no image."""
    if not isinstance(each.image, Recorded):
        return Frame(each.image, "bgr", each.stamp_ns)
    assert isinstance(source, BagSource)
    frame = frame_from_message(each.image.message(), sufficient=sufficient)
    frame = replace(frame, stamp_ns=source.layout.stamp_ns(each.image))
    info = each.others.get(camera_info_topic(source.topic))
    return _with(frame, usable_camera(info.message()) if info else None)


def _with(frame: Frame, camera: Camera | None) -> Frame:
    """As the node does it: without a camera that tells nothing about this image."""
    try:
        return with_camera(frame, camera) if camera else frame
    except DataError:
        return frame


def diagnosed(bag: Bag) -> Iterator[tuple[int, Numbers]]:
    """How many milliseconds the network took, by the node's own diagnostics, and the stamp at which it said so."""
    topics = [topic for topic, kind in bag.type_names.items() if kind == "diagnostic_msgs/msg/DiagnosticArray"]
    for each in bag.messages(topics):
        message: Any = each.message()
        yield stamp_ns(message.header), network_ms(message)


def network_ms(message: Any) -> Numbers:
    """Of a `DiagnosticArray`, how long the network takes; nothing where it does not tell."""
    told = [value for status in message.status for value in status.values if value.key == "network_p50_ms"]
    return {"latency_ms/network": float(told[0].value)} if told else {}
