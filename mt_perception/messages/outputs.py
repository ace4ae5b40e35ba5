# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""How the message of each topic in `topics.output_topics` is made, in the node and for recordings alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from numpy.typing import NDArray

from mt_perception import geometry
from mt_perception.messages.build import MessageBuilder
from mt_perception.prediction import Prediction
from mt_perception.settings import Settings
from mt_perception.stereo import Match, disparity
from mt_perception.topics import (
    COMPRESSED,
    COMPRESSED_DEPTH,
    COMPRESSED_TYPE,
    CONFIDENCE,
    DEPTH,
    DEPTH_CAMERA,
    MASK,
    OBSTACLES,
    POINTS,
    OutputTopic,
)
from mt_perception.types import Frame

_JPEG_QUALITY = 90


@dataclass(frozen=True)
class Result:
    """One prediction on its way out."""

    prediction: Prediction
    settings: Settings
    builder: MessageBuilder
    pixels: dict[str, NDArray[Any]] = field(default_factory=dict, compare=False)
    """What was made of it already, by topic: an image and its compressed form have the same."""

    @cached_property
    def header(self) -> Any:
        """The input's stamp and frame, unchanged."""
        return self.builder.header(self.prediction.frame.stamp_ns, self.prediction.frame.frame_id)

    def overlay(self) -> NDArray[Any]:
        return self.prediction.overlay(self.settings.overlay_opacity)

    def depth_colors(self) -> NDArray[Any]:
        return self.prediction.depth_colors(self.settings.depth_color_min_m, self.settings.depth_color_max_m)

    def camera_info(self) -> Any:
        return self.builder.camera_info(self.prediction.camera, self.header)

    def points(self) -> Any:
        return self.builder.cloud(self.prediction.points(), self.header)

    def obstacles(self) -> Any:
        settings = self.settings
        points = self.prediction.obstacles(
            settings.obstacle_classes, settings.obstacle_min_confidence, settings.obstacle_voxel_m
        )
        return self.builder.cloud(points[None], self.header)


IMAGES: Mapping[str, Callable[[Result], NDArray[Any]]] = {
    MASK: lambda result: result.prediction.mask,
    CONFIDENCE: lambda result: result.prediction.confidence,
    "segmentation/color": lambda result: result.prediction.mask_colors(),
    "segmentation/overlay": Result.overlay,
    DEPTH: lambda result: result.prediction.depth_m,
    "depth/image_mm": lambda result: geometry.millimetres_from_depth(result.prediction.depth_m),
    "depth/color": Result.depth_colors,
}
"""The pixels of each `Image`; its encoding is in the table."""

MESSAGES: Mapping[str, Callable[[Result], Any]] = {
    DEPTH_CAMERA: Result.camera_info,
    POINTS: Result.points,
    OBSTACLES: Result.obstacles,
}
"""The other messages that are made for each frame."""


def message_of(output: OutputTopic, result: Result) -> Any:
    """The message for a topic that is made for each frame."""
    if not output.encoding:
        return (output.make or MESSAGES[output.name])(result)
    pixels = _pixels(output, result)
    if is_compressed(output):
        return _compressed(pixels, output.encoding, result)
    return result.builder.image(pixels, output.encoding, result.header)


def is_compressed(output: OutputTopic) -> bool:
    """Whether its message takes long to make: of an image, the compressed form."""
    return output.type_name == COMPRESSED_TYPE


def for_later(output: OutputTopic, result: Result) -> Result:
    """What `message_of` needs for one image, for another thread: a copy, as a backend's memory is used again."""
    return replace(result, pixels={_image_name(output): _pixels(output, result).copy()})


def _pixels(output: OutputTopic, result: Result) -> NDArray[Any]:
    name = _image_name(output)
    if name not in result.pixels:
        result.pixels[name] = (output.make or IMAGES[name])(result)
    return result.pixels[name]


def _image_name(output: OutputTopic) -> str:
    return output.name.removesuffix(COMPRESSED_DEPTH).removesuffix(COMPRESSED)


def _compressed(pixels: NDArray[Any], encoding: str, result: Result) -> Any:
    """Colours as JPEG; never labels and millimetres, which are PNG; metres as image_transport's plug-in has them."""
    if encoding == "32FC1":
        return result.builder.compressed_depth(pixels, result.header)
    if encoding == "rgb8":
        return result.builder.compressed(pixels[..., ::-1], "jpg", result.header, jpeg_quality=_JPEG_QUALITY)
    return result.builder.compressed(pixels, "png", result.header)


def disparity_message(match: Match, left: Frame, builder: MessageBuilder) -> Any:
    """`disparity` at the size of the left image."""
    header = builder.header(left.stamp_ns, left.frame_id)
    return builder.disparity(header=header, **vars(disparity(match, left.size)))
