# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""An int8 graph for a model, by post-training quantisation on images, kept only if it loses little. Needs NNCF."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt_perception.backends import BackendError, require
from mt_perception.geometry import LetterBox
from mt_perception.metrics.depth_scores import DepthScores
from mt_perception.metrics.label_mapping import Comparison
from mt_perception.metrics.scores import SegmentationScores
from mt_perception.model.additions import copy_files
from mt_perception.model.bundle import (
    OPENVINO_GRAPH,
    OPENVINO_INT8_GRAPH,
    Bundle,
    load_bundle,
    new_bundle,
    require_place,
)
from mt_perception.network.graph_file import read_graph, save_graph, share_constants
from mt_perception.pipeline import Perceiver
from mt_perception.settings import Settings
from mt_perception.types import Camera, Frame

MOST_IMAGES = 300
"""More tell nothing new about the range of each layer's values."""
_BIAS_FRAMES = 50


class QuantizeError(BackendError):
    """A graph in int8 that would lose too much, or that cannot be made."""

    page = "explanations/int8"


@dataclass(frozen=True)
class AccuracyDrop:
    """What int8 costs in one score: `before` in fp32, `after` in int8, and at most `allowed` of it."""

    name: str
    before: float
    after: float
    cost: float
    allowed: float

    @property
    def holds(self) -> bool:
        """Whether the cost is allowed. A NaN is not."""
        return self.cost <= self.allowed

    def __str__(self) -> str:
        change = f"{self.name}: {self.before:.4f} -> {self.after:.4f}"
        return f"{change}, costs {self.cost:.2%} (at most {self.allowed:.2%})"


Check = Callable[[Path], Sequence[AccuracyDrop]]
"""Measures a model, by its folder, in int8 against itself in fp32."""


def add_int8(bundle: Bundle, frames: Iterable[Frame], check: Check, out: Path) -> tuple[Bundle, Sequence[AccuracyDrop]]:
    """Write `bundle` with an int8 graph to `out` (which may be its own folder), with what it costs.

    If that is more than allowed, the last layers are kept in higher precision; if it still is, `QuantizeError` is
    raised and nothing is written.
    """
    require("nncf", "quantize")
    require_place(out)
    fitted = prepare(bundle, frames)
    if not fitted:
        raise QuantizeError("there are no images to quantise on")
    for all_heads in (False, True):
        graph = _quantized(bundle, fitted, all_heads)
        with tempfile.TemporaryDirectory() as temporary:
            trial = _with_graph(bundle, graph, Path(temporary) / "trial", {})
            drops = check(trial.folder)
        if all(drop.holds for drop in drops):
            return _with_graph(bundle, graph, out, {drop.name: round(drop.after, 4) for drop in drops}), drops
    told = "; ".join(str(drop) for drop in drops)
    raise QuantizeError(f"int8 loses too much of {bundle.card.name}, nothing was written: {told}")


def prepare(bundle: Bundle, frames: Iterable[Frame]) -> list[Frame]:
    """The frames as the network gets them: RGB of its size, with the camera that would have taken them so."""
    size = bundle.card.input.height, bundle.card.input.width
    boxes = ((LetterBox.fit(each.size, size), each) for each in frames)
    return [Frame(box.apply(each), camera=each.camera and box.camera(each.camera)) for box, each in boxes]


def parity_check(
    bundle: Bundle, frames: Sequence[Frame], masks: float, depths: float, backend: str = "openvino"
) -> Check:
    """Without truth: labels may change in the share `masks` of the pixels, metres by `depths` on average.

    Only what the model tells is compared.
    """

    def check(trial: Path) -> list[AccuracyDrop]:
        labels, metres = SegmentationScores(Comparison(bundle.card.labels, bundle.card.labels)), DepthScores()
        settings = Settings(model=str(bundle.folder), backend=backend, precision="fp32")
        fp32, int8 = (Perceiver.open(each) for each in (settings, settings.replace(model=str(trial), precision="int8")))
        for frame in frames:
            truth, guess = (each(frame, ("mask", "depth_m")) for each in (fp32, int8))
            labels.update(guess.mask, truth.mask)
            metres.update(guess.depth_m, truth.depth_m)
        same, change = labels.pixel_accuracy, metres.summary()["abs_rel"]
        drops = [AccuracyDrop("same_labels", 1.0, same, 1 - same, masks)] * bundle.card.tells_labels
        return drops + [AccuracyDrop("depth_change", 0.0, change, change, depths)] * bundle.card.network.depth

    return check


def _with_graph(bundle: Bundle, graph: Any, out: Path, scores: dict[str, float]) -> Bundle:
    with new_bundle(out, replace(bundle.card, int8_scores=scores)) as folder:
        copy_files(bundle, folder)
        share_constants(folder)
        save_graph(graph, folder / OPENVINO_INT8_GRAPH)
    return load_bundle(out)


def _inputs(model: Any, frame: Frame) -> dict[str, NDArray[Any]]:
    return model_inputs([port.get_any_name() for port in model.inputs], frame)


def model_inputs(names: Iterable[str], frame: Frame) -> dict[str, NDArray[Any]]:
    """What a graph with inputs of these `names` is fed for a frame of its size."""
    camera = frame.camera or Camera.assumed(frame.size)
    values: dict[str, NDArray[Any]] = {
        "image": frame.image[None],
        "depth_scale": np.ones(1, np.float32),
        "camera": np.array([camera.intrinsics], np.float32),
    }
    return {name: values[name] for name in names}


def silence_nncf() -> None:
    """Only errors from it; its own function for that reaches into the log handlers of other programs."""
    logging.getLogger("nncf").setLevel(logging.ERROR)


def _quantized(bundle: Bundle, frames: Sequence[Frame], all_heads: bool) -> Any:
    import nncf
    import openvino as ov

    silence_nncf()
    fp32 = read_graph(ov.Core(), bundle, OPENVINO_GRAPH)
    last, around = _spared(fp32, all_heads)
    inputs = [_inputs(fp32, each) for each in frames]
    int8 = nncf.quantize(
        fp32,
        nncf.Dataset(inputs),
        # asymmetric ranges: the hard-swish of the encoder reaches far up and only a little below zero
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(inputs),
        ignored_scope=nncf.IgnoredScope(names=sorted(last | around), validate=False),
    )
    for name in sorted(last):
        _correct_bias(int8, fp32, name, frames[:: -(-len(frames) // _BIAS_FRAMES)])
    return int8


def _correct_bias(int8: Any, fp32: Any, name: str, frames: Sequence[Frame]) -> None:
    """Bias correction of the convolution `name`: the mean error that the quantised layers before it cause in each
    channel.

    NNCF does so for the layers that it quantises, not for those that it spares; metres then came out 1.3 % too far.
    """
    from openvino import opset13 as ops

    shift = _mean(fp32, name, frames) - _mean(int8, name, frames)
    result = _named(int8, name).output(0)
    users = result.get_target_inputs()
    centred = ops.add(result, shift.reshape(1, -1, 1, 1))
    for user in users:
        user.replace_source_output(centred.output(0))


def _mean(model: Any, name: str, frames: Sequence[Frame]) -> NDArray[np.float32]:
    """(channels,) what the convolution `name` says on average."""
    import openvino as ov

    used = [port.get_node() for port in model.inputs if port.get_any_name() != "depth_scale"]
    part = ov.Model([_named(model, name).output(0)], used)
    run = ov.Core().compile_model(part, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.mean([run(_inputs(part, each))[0].mean((0, 2, 3)) for each in frames], axis=0)


def _named(model: Any, name: str) -> Any:
    return next(each for each in model.get_ops() if each.get_friendly_name() == name)


def _spared(model: Any, all_heads: bool) -> tuple[set[str], set[str]]:
    """Names of what stays out of int8: last convolutions, and the first, with all before it or behind the last ones.

    The last convolution of depth is spared: what it says is the exponent of metres, and it costs little. With
    `all_heads`, those of the other heads are, too. The first one has few multiplications, and what it rounds no
    layer makes good: in int8 it cost `street` a point of mIoU, and no time less.
    """
    convolutions = [each for each in model.get_ops() if "Convolution" in each.get_type_name()]
    names = {each.get_friendly_name() for each in convolutions}
    if not names:
        raise QuantizeError("the network has no convolution, which is what int8 is for")
    first = next(each for each in convolutions if not _reached([_source(each)], _sources) & names)
    last, around = set[str](), _reached([_source(first)], _sources) | {first.get_friendly_name()}
    mask = model.output("mask").get_node().get_friendly_name()
    for each in convolutions:
        behind = _reached(_users(each), _users)
        if not behind & names:
            around |= behind
            last |= {each.get_friendly_name()} if all_heads or mask not in behind else set()
    if not names - last - around:
        raise QuantizeError("the network has no convolution between its first and its last, which stay out of int8")
    return last, around


def _reached(start: Iterable[Any], step: Callable[[Any], Iterable[Any]]) -> set[str]:
    """Names of the nodes `start` and of all that `step` leads to from there."""
    waiting, reached = list(start), set[str]()
    while waiting:
        each = waiting.pop()
        if each.get_friendly_name() not in reached:
            reached.add(each.get_friendly_name())
            waiting += step(each)
    return reached


def _users(node: Any) -> Iterator[Any]:
    return (user.get_node() for output in node.outputs() for user in output.get_target_inputs())


def _source(node: Any) -> Any:
    """What a convolution convolves."""
    return node.input_value(0).get_node()


def _sources(node: Any) -> Iterator[Any]:
    return (value.get_node() for value in node.input_values())
