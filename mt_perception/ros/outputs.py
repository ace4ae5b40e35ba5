"""The table of published topics: what each needs from the network, and how its message is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_msgs.msg import Header

from mt_perception import geometry
from mt_perception.prediction import Prediction
from mt_perception.ros import convert
from mt_perception.settings import Settings


@dataclass(frozen=True)
class Result:
    """One prediction on its way out, with what the topics derive from it."""

    prediction: Prediction
    settings: Settings

    @cached_property
    def header(self) -> Header:
        """The input's stamp and frame, unchanged."""
        return convert.header(self.prediction.frame.stamp_ns, self.prediction.frame.frame_id)

    def image(self, pixels: NDArray[Any], encoding: str) -> Image:
        return convert.image(pixels, encoding, self.header)

    def overlay(self) -> Image:
        return self.image(self.prediction.overlay(self.settings.overlay_opacity), "rgb8")

    def depth_color(self) -> Image:
        low, high = self.settings.depth_color_min_m, self.settings.depth_color_max_m
        return self.image(self.prediction.depth_colors(low, high), "rgb8")

    def camera_info(self) -> CameraInfo:
        return convert.camera_info(self.prediction.camera, self.header)

    def points(self) -> PointCloud2:
        return convert.cloud(self.prediction.points(), self.header)


@dataclass(frozen=True)
class Output:
    """One topic: what it needs from the network, and whether it cannot be made without a camera_info."""

    topic: str
    type: type
    needs: frozenset[str]
    make: Callable[[Result], Any]
    needs_camera: bool = False


def _output(topic: str, type_: type, needs: str, make: Callable[[Result], Any], needs_camera: bool = False) -> Output:
    return Output(topic, type_, frozenset(needs.split()), make, needs_camera)


OUTPUTS: tuple[Output, ...] = (
    _output("segmentation/mask", Image, "mask", lambda r: r.image(r.prediction.mask, "mono8")),
    _output("segmentation/confidence", Image, "confidence", lambda r: r.image(r.prediction.confidence, "mono8")),
    _output("segmentation/color", Image, "mask", lambda r: r.image(r.prediction.mask_colors(), "rgb8")),
    _output("segmentation/overlay", Image, "mask", Result.overlay),
    _output("depth/image", Image, "depth_m", lambda r: r.image(r.prediction.depth_m, "32FC1")),
    _output(
        "depth/image_mm",
        Image,
        "depth_m",
        lambda r: r.image(geometry.millimetres_from_depth(r.prediction.depth_m), "16UC1"),
    ),
    _output("depth/color", Image, "depth_m", Result.depth_color),
    # wanted with any depth picture; by itself it needs nothing from the network but a size
    _output("depth/camera_info", CameraInfo, "depth_m", Result.camera_info, needs_camera=True),
    _output("points", PointCloud2, "mask confidence depth_m", Result.points, needs_camera=True),
)
