# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Images of a frame for the report: input, truth, prediction and error, small and already encoded."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.draw.render import Image, color_depth
from mt_perception.geometry import resize, resize_nearest
from mt_perception.labels import UNLABELLED, UNLABELLED_COLOR, Label, LabelSet
from mt_perception.metrics.label_mapping import Comparison
from mt_perception.types import Camera, DepthMap, Mask

WIDTH_PX = 480
"""Of the largest image: a report of dozens of frames stays small enough to be mailed."""
DEPTH_RANGE_M = (1.0, 80.0)
WORST_RATIO = 2.0
"""The error of depth at which colours end: prediction twice as far as the truth, or half as far."""
_COLUMNS = 4  # of the page
_WRONG_RGB = (230, 30, 40)
_NO_TRUTH_RGB = (60, 60, 60)


@dataclass(frozen=True)
class Panel:
    """One image with its title, as a `data:` address. `starts_row`: below the second of those before it."""

    title: str
    address: str
    starts_row: bool = False


@dataclass(frozen=True)
class View:
    """All that there is to show of one frame: RGB, (H, W) trainIds, each of its own label set, and metres.

    They may be of any sizes; None what there is not. `camera`: that of the image, or of it at another size.
    """

    image: Image | None = None
    labels: Mask | None = None
    true_labels: Mask | None = None
    depth_m: DepthMap | None = None
    true_depth_m: DepthMap | None = None
    camera: Camera | None = None


def panels(view: View, comparison: Comparison) -> tuple[Panel, ...]:
    """The input; truth, prediction and error of labels and depth, as far as the view has them. All of one size."""
    small = _small(view)
    image = None if view.image is None else resize(view.image, small)
    made = [] if image is None else [Panel("input", jpeg(image))]
    folded = (
        None if view.true_labels is None else comparison.of_true(view.true_labels),
        None if view.labels is None else comparison.of_predicted(view.labels),
    )
    truth, guess = (_resized(each, small) for each in folded)
    if truth is not None:
        made.append(Panel("true labels", png(colored(truth, comparison.labels))))
    if guess is not None:
        made.append(Panel("predicted labels", png(colored(guess, comparison.labels))))
    if truth is not None and guess is not None:
        made.append(Panel("wrong labels", jpeg(label_errors(image, guess, truth))))
    truth_m, guess_m = (_resized(each, small) for each in (view.true_depth_m, view.depth_m))
    if truth_m is not None:
        shown = color_depth(truth_m, *DEPTH_RANGE_M)
        made.append(Panel("true depth", jpeg(shown), starts_row=len(made) == _COLUMNS))
    if guess_m is not None:
        made.append(Panel("predicted depth", jpeg(color_depth(guess_m, *DEPTH_RANGE_M))))
    if truth_m is not None and guess_m is not None:
        made.append(Panel("depth error", jpeg(depth_errors(guess_m, truth_m))))
    return tuple(made)


def colored(places: Mask, labels: LabelSet) -> Image:
    """(H, W) places in `labels`, `UNLABELLED` for none -> (H, W, 3)."""
    colors = np.array([*(each.color for each in labels), UNLABELLED_COLOR], np.uint8)
    return colors[np.minimum(places, len(labels))]


def _small(view: View) -> tuple[int, int]:
    """(height, width) at which the frame is shown."""
    arrays = (view.image, view.true_labels, view.labels, view.true_depth_m, view.depth_m)
    height, width = next(each.shape[:2] for each in arrays if each is not None)
    return round(height * min(WIDTH_PX, width) / width), min(WIDTH_PX, width)


def _resized(array: NDArray[Any] | None, size: tuple[int, int]) -> NDArray[Any] | None:
    return None if array is None else resize_nearest(array, size)


def label_errors(image: Image | None, predicted: Mask, truth: Mask) -> Image:
    """(H, W, 3): the image in grey, wrong pixels in red, pixels without truth nearly black."""
    grey = np.full(truth.shape, 200, np.uint8) if image is None else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    result = cv2.cvtColor(grey // 2 + 100, cv2.COLOR_GRAY2RGB)
    wrong, counted = predicted != truth, truth != UNLABELLED
    result[wrong & counted] = _WRONG_RGB
    result[~counted] = result[~counted] // 5
    return result  # type: ignore[return-value]


def depth_errors(predicted_m: DepthMap, truth_m: DepthMap) -> Image:
    """(H, W, 3): white where depth is right, ever redder where it is too far, bluer where it is too near."""
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.log(predicted_m / truth_m) / np.log(WORST_RATIO)  # -1 half as far .. 1 twice as far
    judged = np.isfinite(truth_m) & (truth_m > 0) & ~np.isnan(error)
    return np.where(judged[..., None], _diverging(error), np.array(_NO_TRUTH_RGB, np.uint8))


def _diverging(value: NDArray[np.floating]) -> Image:
    """(H, W) from -1 to 1 -> blue, white, red."""
    value = np.clip(np.nan_to_num(value), -1, 1)[..., None]
    blue, white, red = (np.array(c, np.float32) for c in ((33, 90, 200), (245, 245, 245), (200, 30, 40)))
    return (white + np.abs(value) * (np.where(value < 0, blue, red) - white)).astype(np.uint8)


def depth_scale() -> str:
    """The address of a bar of the depth colours, from the near end of `DEPTH_RANGE_M` to the far one."""
    metres = np.geomspace(*DEPTH_RANGE_M, 256, dtype=np.float32)
    return png(color_depth(np.tile(metres, (12, 1)), *DEPTH_RANGE_M))


def error_scale() -> str:
    """The address of a bar of the error colours, from half as far to twice as far."""
    return png(_diverging(np.tile(np.linspace(-1, 1, 256), (12, 1))))


def css_color(label: Label) -> str:
    """`#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*label.color)


def png(image: Image) -> str:
    """For flat colours, which JPEG would blur into colours of other classes."""
    return _address(image, ".png", "image/png")


def jpeg(image: Image) -> str:
    """For photographs and smooth maps."""
    return _address(image, ".jpg", "image/jpeg", [cv2.IMWRITE_JPEG_QUALITY, 85])


def _address(image: Image, suffix: str, kind: str, options: list[int] | None = None) -> str:
    _, encoded = cv2.imencode(suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options or [])
    return f"data:{kind};base64,{base64.b64encode(encoded.tobytes()).decode('ascii')}"
