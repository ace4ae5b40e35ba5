"""Pictures of a frame for the report: input, truth, prediction and error, small and already encoded."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.datasets.sample import Sample
from mt_perception.geometry import resize, resize_nearest
from mt_perception.labels import UNLABELLED, Label
from mt_perception.render import Picture, color_depth, color_mask
from mt_perception.types import DepthMap, Mask
from mt_perception_training.report.classes import Classes

WIDTH_PX = 480
"""Of the largest picture: a report of dozens of frames stays small enough to be mailed."""
DEPTH_RANGE_M = (1.0, 80.0)
WORST_RATIO = 2.0
"""The error of depth at which colours end: prediction twice as far as the truth, or half as far."""
_WRONG_RGB = (230, 30, 40)
_NO_TRUTH_RGB = (60, 60, 60)


@dataclass(frozen=True)
class Panel:
    """One picture with its title, as a `data:` address."""

    title: str
    address: str


def panels(sample: Sample, mask: Mask, depth_m: DepthMap, classes: Classes) -> tuple[Panel, ...]:
    """The input, and truth, prediction and error of whatever the sample has truth of."""
    width = min(WIDTH_PX, sample.size[1])
    small = (round(sample.size[0] * width / sample.size[1]), width)
    picture = resize(sample.image, small)
    made = [Panel("input", jpeg(picture))]
    if sample.labels is not None:
        truth, guess = (classes.folded(resize_nearest(each, small)) for each in (sample.labels, mask))
        made += [
            Panel("true labels", png(color_mask(truth, classes.labels))),
            Panel("predicted labels", png(color_mask(guess, classes.labels))),
            Panel("wrong labels", jpeg(label_errors(picture, guess, truth))),
        ]
    if sample.depth_m is not None:
        truth_m, guess_m = (resize_nearest(each, small) for each in (sample.depth_m, depth_m))
        made += [
            Panel("true depth", jpeg(color_depth(truth_m, *DEPTH_RANGE_M))),
            Panel("predicted depth", jpeg(color_depth(guess_m, *DEPTH_RANGE_M))),
            Panel("depth error", jpeg(depth_errors(guess_m, truth_m))),
        ]
    return tuple(made)


def label_errors(picture: Picture, predicted: Mask, truth: Mask) -> Picture:
    """(H, W, 3): the picture in grey, wrong pixels in red, pixels without truth nearly black."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    result = cv2.cvtColor(grey // 2 + 100, cv2.COLOR_GRAY2RGB)
    wrong, counted = predicted != truth, truth != UNLABELLED
    result[wrong & counted] = _WRONG_RGB
    result[~counted] = result[~counted] // 5
    return result  # type: ignore[return-value]


def depth_errors(predicted_m: DepthMap, truth_m: DepthMap) -> Picture:
    """(H, W, 3): white where depth is right, ever redder where it is too far, bluer where it is too near."""
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.log(predicted_m / truth_m) / np.log(WORST_RATIO)  # -1 half as far .. 1 twice as far
    judged = np.isfinite(truth_m) & (truth_m > 0) & ~np.isnan(error)
    return np.where(judged[..., None], _diverging(error), np.array(_NO_TRUTH_RGB, np.uint8))


def _diverging(value: NDArray[np.floating]) -> Picture:
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


def png(picture: Picture) -> str:
    """For flat colours, which JPEG would blur into colours of other classes."""
    return _address(picture, ".png", "image/png")


def jpeg(picture: Picture) -> str:
    """For photographs and smooth maps."""
    return _address(picture, ".jpg", "image/jpeg", [cv2.IMWRITE_JPEG_QUALITY, 85])


def _address(picture: Picture, suffix: str, kind: str, options: list[int] | None = None) -> str:
    _, encoded = cv2.imencode(suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options or [])
    return f"data:{kind};base64,{base64.b64encode(encoded.tobytes()).decode('ascii')}"
