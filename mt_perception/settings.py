# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Every setting once: name, default, bounds, unit, description, and whether it may change while running.

The node's parameters, launch arguments, `config/perception.yaml`, the table in docs/parameters.md and the command line
are derived from this file, or tested against it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from mt_perception.utils import registry
from mt_perception.utils.setting import Setting as Setting
from mt_perception.utils.setting import SettingsError as SettingsError
from mt_perception.utils.setting import did_you_mean as did_you_mean


def _setting(default: Any, description: str, **facts: Any) -> Any:
    return field(default=default, metadata={"description": description, **facts})


_INPUT_EDGE: dict[str, Any] = {"unit": "px", "bounds": (0, 4096), "least": 32}


@dataclass(frozen=True)
class Settings:
    """The values of all settings, checked. Read once, then passed along.

    Raises:
        SettingsError: a value that is not allowed.

    Examples:
        >>> from mt_perception import Settings
        >>> Settings(precision="fp32").replace(backend="openvino").precision
        'fp32'
    """

    model: str = _setting(
        "",
        "Name of a model of the package (mt-perception models lists them), or folder of a model bundle, which is "
        "written ./NAME where it has such a name; empty for the package's default",
    )
    backend: str = _setting(
        "auto",
        "What runs the network; auto takes the fastest that is installed",
        choices=("auto", "openvino", "torch", "tensorrt", "tensorrt_rtx", "onnxruntime"),
        plugins=registry.BACKENDS,
    )
    device: str = _setting(
        "",
        "Which NVIDIA GPU: cuda:1 is the second, GPU-... and MIG-... are UUIDs of nvidia-smi -L; empty for the first. "
        "A process uses one",
        pattern=r"|cuda:\d{1,2}|(GPU|MIG)-[\w/-]{4,100}",
        said="cuda:0, cuda:1, ..., GPU-..., MIG-..., or empty",
    )
    precision: str = _setting(
        "auto",
        "Inference precision; auto: the fastest that the hardware supports natively, int8 if the bundle has an int8 "
        "graph",
        choices=("auto", "fp32", "bf16", "fp16", "int8"),
    )
    threads: int = _setting(0, "CPU threads of the network; 0 for all cores", bounds=(0, 256))
    streams: int = _setting(0, "Number of OpenVINO inference streams; 0: one, lowest latency", bounds=(0, 64))
    pinning: bool = _setting(False, "Pin OpenVINO threads to cores: less jitter on an otherwise idle machine")
    onnx_providers: str = _setting(
        "",
        "What ONNX Runtime runs the network on: names of its execution providers, separated by commas, the first that "
        "can; empty for CUDAExecutionProvider where it is installed, then CPUExecutionProvider",
    )
    input_width: int = _setting(0, "Width of the network's input; 0 for the model's own", **_INPUT_EDGE)
    input_height: int = _setting(0, "Height of the network's input; 0 for the model's own", **_INPUT_EDGE)
    fit: str = _setting(
        "letterbox",
        "How an image of another shape is brought to the network's: letterbox keeps its proportions and mirrors it "
        "into the bars, stretch fills",
        choices=("letterbox", "stretch"),
    )
    output_size: str = _setting(
        "auto",
        "Size of the published images: input is that of the camera image, network what the network computed (smaller, "
        "faster), or any other, such as 960x540; auto: input, but network where the image is more than twice as wide "
        "or high",
        choices=("auto", "input", "network"),
        pattern=r"[1-9]\d{0,3}x[1-9]\d{0,3}",
        said="WIDTHxHEIGHT in pixels",
    )
    image_transport: str = _setting(
        "raw",
        "Form of the incoming image: raw subscribes to `image`, compressed to `image/compressed` beside it, wherever "
        "`image` is remapped to; a topic that ends in /compressed is compressed in any case",
        choices=("raw", "compressed"),
    )
    bit_depth: int = _setting(
        0,
        "Bits that the camera uses of each value in 16-bit images (mono16, bayer_rggb16, ...); 0 finds them in each "
        "image, by its largest value",
        bounds=(0, 16),
        least=8,
    )
    max_image_megapixels: float = _setting(
        50.0,
        "Compressed images of more pixels are skipped before they are decoded: a small file may hold gigabytes",
        unit="Mpx",
        bounds=(0.1, 150.0),
        live=True,
    )
    cameras: tuple[str, ...] = _setting(
        (),
        "Names of several cameras, such as front,left,rear: each has the topics `NAME/image`, `NAME/camera_info`, "
        "`NAME/segmentation/mask` and so on, and all share one model. Empty: one camera, without a name",
    )
    stereo_cameras: tuple[str, ...] = _setting((), "Those of `cameras` that are pairs; with `stereo` all are")
    stereo: bool = _setting(False, "Take a rectified pair: `left/image_rect`, `right/image_rect` and their camera_info")
    sync_slop_s: float = _setting(
        0.01,
        "Largest time difference between left and right; 0: exact match",
        unit="s",
        bounds=(0.0, 1.0),
        live=True,
    )
    depth_mode: str = _setting(
        "scaled",
        "Depth of a pair: mono is the network's alone, scaled brings it to the pair's scale, "
        "fused takes the pair's own where it is sure; ground, for one camera too, takes the scale from the road and "
        "the camera's height",
        choices=("mono", "scaled", "fused", "ground"),
        live=True,
    )
    camera_height_m: float = _setting(
        0.0,
        "With depth_mode ground: how high the camera is above the road; 0 where base_frame tells",
        unit="m",
        bounds=(0.0, 10.0),
        live=True,
    )
    base_frame: str = _setting(
        "",
        "With depth_mode ground and camera_height_m 0: the frame on the ground, such as base_footprint, over which TF "
        "tells the camera's height and tilt",
    )
    stereo_rate_hz: float = _setting(
        5.0,
        "How often a pair is matched to measure the scale; with depth_mode fused every pair is",
        unit="Hz",
        bounds=(0.1, 120.0),
        live=True,
    )
    stereo_width: int = _setting(
        480, "Width at which pairs are matched; wider ones are made smaller", unit="px", bounds=(64, 4096), live=True
    )
    compressed: tuple[str, ...] = _setting(
        (),
        "Image topics that are published compressed as well, such as segmentation/overlay,depth/image, for weak "
        "networks: colours as JPEG, labels and millimetres as PNG, metres as compressedDepth; made only while somebody "
        "subscribes",
        names="[a-z_/]+",
    )
    overlay_opacity: float = _setting(
        0.5, "Weight of the class colours in segmentation/overlay", bounds=(0.0, 1.0), live=True
    )
    depth_color_min_m: float = _setting(
        1.0, "Depth at the near end of the colours of depth/color", unit="m", bounds=(0.01, 1000.0), live=True
    )
    depth_color_max_m: float = _setting(
        80.0, "Depth at the far end of the colours of depth/color", unit="m", bounds=(0.01, 1000.0), live=True
    )
    obstacle_classes: tuple[str, ...] = _setting(
        (),
        "Classes of which the topic obstacles has points, by their names; empty for all but road, sidewalk, terrain "
        "and sky",
        names=r"[^,]{1,100}",
        live=True,
    )
    obstacle_min_confidence: float = _setting(
        0.5, "Least confidence of a point of the topic obstacles", bounds=(0.0, 1.0), live=True
    )
    obstacle_voxel_m: float = _setting(
        0.1,
        "Size of the cubes of which the topic obstacles has one point each; 0 for every pixel's point",
        unit="m",
        bounds=(0.0, 10.0),
        live=True,
    )
    input_timeout_s: float = _setting(
        2.0,
        "Without an image for this long, the diagnostics report an error",
        unit="s",
        bounds=(0.1, 3600.0),
        live=True,
    )
    late_after_s: float = _setting(
        0.5,
        "Results that come out this long after their image's stamp make the diagnostics warn",
        unit="s",
        bounds=(0.001, 3600.0),
        live=True,
    )
    build_only: bool = _setting(False, "Load and check the model, build what its backend keeps in the cache, and end")
    force_rebuild: bool = _setting(False, "Build the TensorRT engine anew even when it is in the cache")
    autostart: bool = _setting(True, "Configure and activate the node as soon as it starts")

    def __post_init__(self) -> None:
        for setting in SETTINGS.values():
            object.__setattr__(self, setting.name, setting.check(getattr(self, setting.name)))
        if self.depth_color_min_m >= self.depth_color_max_m:
            raise SettingsError(
                f"depth_color_min_m is {self.depth_color_min_m:g} and depth_color_max_m {self.depth_color_max_m:g}; "
                "the first must be the smaller"
            )
        if self.scales_by_ground and not (self.camera_height_m or self.base_frame):
            raise SettingsError(
                "depth_mode is 'ground', which needs to know how high the camera is: set camera_height_m to the metres "
                "between the ground and the lens, or, for the node, base_frame"
            )
        if unknown := [name for name in self.stereo_cameras if name not in self.cameras]:
            raise SettingsError(
                f"stereo_cameras has {unknown[0]!r}, which is none of cameras ({', '.join(self.cameras) or 'empty'})"
            )

    def is_pair(self, camera: str) -> bool:
        """Whether a camera, by its name, is a stereo pair."""
        return self.stereo or camera in self.stereo_cameras

    @property
    def scales_by_pair(self) -> bool:
        """Whether `depth_mode` needs pairs to be matched."""
        return self.depth_mode in ("scaled", "fused")

    @property
    def scales_by_ground(self) -> bool:
        """Whether `depth_mode` needs the ground to be measured."""
        return self.depth_mode == "ground"

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Settings:
        """Settings from names and values; an unknown name is refused."""
        for name in values:
            if name not in SETTINGS:
                raise SettingsError(f"there is no setting {name!r}{did_you_mean(name, SETTINGS)}")
        return cls(**values)

    def replace(self, **values: Any) -> Settings:
        """A copy with some values changed, checked again."""
        return self.from_mapping({**dataclasses.asdict(self), **values})


SETTINGS: dict[str, Setting] = {
    each.name: Setting(name=each.name, default=each.default, **each.metadata) for each in fields(Settings)
}
