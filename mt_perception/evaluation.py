"""What a recording of the node shows: frames joined by their stamps, rates, latencies, scores, and a picture of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt_perception import geometry, render
from mt_perception.bags import Bag, Recorded
from mt_perception.labels import CITYSCAPES
from mt_perception.messages import array_from_compressed, array_from_image, frame_from_message, header_stamp_ns
from mt_perception.metrics import DepthScores, SegmentationScores, percentiles
from mt_perception.sources import TRUTH

MASK, DEPTH = "segmentation/mask", "depth/image"
TRUE_LABELS, TRUE_DEPTH = TRUTH + "labels/compressed", TRUTH + "depth/compressed"
_PENDING = 100  # instants that are kept open for late messages: bounds the memory, whatever the length


@dataclass
class Instant:
    """All messages of one stamp, by topic without a leading slash."""

    stamp_ns: int
    messages: dict[str, Recorded] = field(default_factory=dict)

    def picture(self, size: tuple[int, int] | None = None) -> render.Picture | None:
        """The camera picture as RGB, resized to `size`; None when it was not recorded."""
        for topic in ("image", "image/compressed", "left/image_rect", "left/image_rect/compressed"):
            if topic in self.messages:
                frame = frame_from_message(self.messages[topic].message())
                return geometry.to_rgb(geometry.resize(frame.image, size or frame.size), frame.pixel_format)
        return None

    def array(self, topic: str) -> NDArray[Any] | None:
        """The content of an `Image` or `CompressedImage`; None when it was not recorded."""
        if topic not in self.messages:
            return None
        message = self.messages[topic].message()
        return array_from_image(message) if hasattr(message, "encoding") else array_from_compressed(message)

    def true_depth_m(self) -> NDArray[np.float32] | None:
        """Ground truth in metres from its 16-bit millimetres; NaN where there is none."""
        depth_mm = self.array(TRUE_DEPTH)
        return None if depth_mm is None else geometry.depth_from_millimetres(depth_mm)


def instants(bag: Bag) -> Iterator[Instant]:
    """The instants of a recording in the order of their stamps' arrival, each when it is complete."""
    topics = [t for t, kind in bag.type_names.items() if kind.startswith("sensor_msgs/msg/")]
    pending: dict[int, Instant] = {}
    for recorded in bag.messages(topics):
        stamp = header_stamp_ns(recorded.data)  # without decoding the picture
        pending.setdefault(stamp, Instant(stamp)).messages[recorded.topic.lstrip("/")] = recorded
        if len(pending) > _PENDING:
            yield pending.pop(next(iter(pending)))
    yield from pending.values()


def summarize(recording: Path) -> dict[str, Any]:
    """Frames, rate, latency and stages of a recorded run, and its scores where the truth was recorded too."""
    latencies_ms: list[float] = []
    arrivals_s: list[float] = []
    frames_in = 0
    labels, depth = SegmentationScores(), DepthScores()
    with Bag(recording) as bag:
        has_truth = any(topic.lstrip("/").startswith(TRUTH) for topic in bag.counts)
        for instant in instants(bag):
            frames_in += any(
                "image" in topic and "/" not in topic.removesuffix("/compressed") for topic in instant.messages
            )
            if MASK not in instant.messages:
                continue
            received_ns = instant.messages[MASK].received_ns
            arrivals_s.append(received_ns / 1e9)
            latencies_ms.append((received_ns - instant.stamp_ns) / 1e6)
            if has_truth:
                _score(instant, labels, depth)
        stages = _last_diagnostics(bag)
    span_s = arrivals_s[-1] - arrivals_s[0] if len(arrivals_s) > 1 else float("nan")
    result: dict[str, Any] = {
        "frames_in": frames_in,
        "frames_out": len(arrivals_s),
        "fps": (len(arrivals_s) - 1) / span_s,
        "latency_ms": percentiles(latencies_ms),
        **stages,
    }
    if has_truth:
        result |= {"miou": labels.miou, "pixel_accuracy": labels.pixel_accuracy, **depth.summary()}
    return result


def _score(instant: Instant, labels: SegmentationScores, depth: DepthScores) -> None:
    mask, true_labels = instant.array(MASK), instant.array(TRUE_LABELS)
    if mask is not None and true_labels is not None:
        labels.update(geometry.resize_nearest(mask, true_labels.shape), true_labels)
    depth_m, true_depth_m = instant.array(DEPTH), instant.true_depth_m()
    if depth_m is not None and true_depth_m is not None:
        depth.update(geometry.resize_nearest(depth_m, true_depth_m.shape), true_depth_m)


def _last_diagnostics(bag: Bag) -> dict[str, Any]:
    """Backend, model and the median milliseconds of each stage, as the node reported them last."""
    last: dict[str, str] = {}
    for recorded in bag.messages([t for t in bag.counts if t.endswith("diagnostics")]):
        last = {each.key: each.value for status in recorded.message().status for each in status.values}
    names = ("backend", "precision", "device", "model", "model_hash", "input_size", "frames_dropped")
    facts: dict[str, Any] = {name: last[name] for name in names if name in last}
    facts["stages"] = {k.removesuffix("_p50_ms"): float(v) for k, v in last.items() if k.endswith("_p50_ms")}
    return facts


def overview(recording: Path, frames: int = 4, depth_range_m: tuple[float, float] = (1.0, 80.0)) -> render.Picture:
    """A few evenly spaced frames, one a row: input, labels, depth, and the truth beside them where there is some."""
    with Bag(recording) as bag:
        total = bag.counts.get(MASK, bag.counts.get("/" + MASK, 0))
        wanted = set(np.linspace(0, max(0, total - 1), min(frames, max(1, total)), dtype=int).tolist())
        complete = (instant for instant in instants(bag) if MASK in instant.messages)
        chosen = [_row(instant, depth_range_m) for index, instant in enumerate(complete) if index in wanted]
    titles = ["input", "labels", "depth", "true labels", "true depth"][: max(map(len, chosen), default=3)]
    return render.tile(chosen, titles, footer=render.legend(CITYSCAPES, columns=10))


def _row(instant: Instant, depth_range_m: tuple[float, float]) -> list[render.Picture]:
    mask, depth_m = instant.array(MASK), instant.array(DEPTH)
    assert mask is not None
    picture = instant.picture(mask.shape)
    if picture is None:
        picture = np.zeros((*mask.shape, 3), np.uint8)
    empty = np.zeros_like(picture)
    row = [picture, render.overlay(picture, mask, 0.6)]
    row.append(empty if depth_m is None else render.color_depth(depth_m, *depth_range_m))
    true_labels, true_depth_m = instant.array(TRUE_LABELS), instant.true_depth_m()
    if true_labels is not None and true_depth_m is not None:
        row += [render.color_mask(true_labels), render.color_depth(true_depth_m, *depth_range_m)]
    return row
