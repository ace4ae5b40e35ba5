# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The table of topics: what the node listens to and what it publishes, under which name, as what, and when.

Node, launch files, `bag` commands, player, demo and benchmarks take the names from here; the README, the SROS 2 policy
and the views that are shipped are tested against it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any, Literal

from mt_perception.utils import registry
from mt_perception.utils.registry import PluginError, Registry

IMAGE_TYPE, COMPRESSED_TYPE = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
COMPRESSED, COMPRESSED_DEPTH = "/compressed", "/compressedDepth"

IMAGE, LEFT_IMAGE, RIGHT_IMAGE = "image", "left/image_rect", "right/image_rect"
"""What the node listens to, and beside each its `camera_info_topic`. In recordings `IMAGE` is a left one's role too."""
DIAGNOSTICS = "/diagnostics"
TRUTH = "ground_truth/"
"""Topics that hold the truth begin with this, behind their namespace."""
TRUE_LABELS, TRUE_DEPTH, TRUE_LABEL_INFO = TRUTH + "labels", TRUTH + "depth", TRUTH + "label_info"
MASK, CONFIDENCE, LABEL_INFO = "segmentation/mask", "segmentation/confidence", "segmentation/label_info"
DEPTH, DEPTH_CAMERA, DISPARITY = "depth/image", "depth/camera_info", "disparity"
POINTS, OBSTACLES = "points", "obstacles"


@dataclass(frozen=True)
class OutputTopic:
    """A topic that the node publishes, relative to its namespace; `messages/outputs.py` has what makes its message.

    content: what it holds, in the words of the README. encoding: of an `Image`. needs: those of the network's outputs
    that it is made of. needs_camera: it is not made without a camera_info. made: for each `frame`, for each `match` of
    a pair, or, latched, for each loaded `model`. recorded: by the launch file's `record`. processed: `bag process`
    writes it. make: of another package's output, which is made for each frame: what `messages.outputs` has for this
    one's, (Result) -> the pixels of an `Image`, or another message.
    """

    name: str
    type_name: str
    content: str
    encoding: str = ""
    needs: frozenset[str] = frozenset()
    needs_camera: bool = False
    made: Literal["frame", "match", "model"] = "frame"
    recorded: bool = False
    processed: bool = False
    make: Callable[[Any], Any] | None = None


def _image(
    name: str, encoding: str, needs: str, content: str, recorded: bool = False, processed: bool = False
) -> OutputTopic:
    return OutputTopic(name, IMAGE_TYPE, content, encoding, frozenset([needs]), recorded=recorded, processed=processed)


OUTPUT_TOPICS: tuple[OutputTopic, ...] = (
    _image(
        MASK,
        "mono8",
        "mask",
        "trainId of each pixel, by default of Cityscapes; 255 = unlabelled",
        recorded=True,
        processed=True,
    ),
    _image(CONFIDENCE, "mono8", "confidence", "largest softmax probability, 0 to 255", recorded=True, processed=True),
    _image("segmentation/color", "rgb8", "mask", "the classes in the colours of the model's card"),
    _image("segmentation/overlay", "rgb8", "mask", "the camera image blended with them, with a legend", recorded=True),
    _image(
        DEPTH,
        "32FC1",
        "depth_m",
        "metres along the optical axis; +Inf for sky and beyond range, NaN unknown",
        recorded=True,
        processed=True,
    ),
    _image("depth/image_mm", "16UC1", "depth_m", "millimetres, 0 = invalid"),
    _image("depth/color", "rgb8", "depth_m", "depth in colours of a fixed range, near is bright"),
    OutputTopic(
        DEPTH_CAMERA,
        "sensor_msgs/msg/CameraInfo",
        "the camera at the size of the published depth",
        needs=frozenset(["depth_m"]),  # wanted with any depth image; by itself it needs nothing but a size
        needs_camera=True,
        recorded=True,
        processed=True,
    ),
    OutputTopic(
        DISPARITY,
        "stereo_msgs/msg/DisparityImage",
        "with `stereo`: what was matched in pixels of the left image, -1 unknown",
        made="match",
        processed=True,
    ),
    OutputTopic(
        POINTS,
        "sensor_msgs/msg/PointCloud2",
        "one point for each pixel of the mask, in its order: x y z (m, NaN where there is no depth), rgb, label, "
        "confidence (0 to 1); needs a `camera_info`",
        needs=frozenset(["mask", "confidence", "depth_m"]),
        needs_camera=True,
    ),
    OutputTopic(
        OBSTACLES,
        "sensor_msgs/msg/PointCloud2",
        "of these points those of `obstacle_classes` that are sure, none between two surfaces; needs a `camera_info`",
        needs=frozenset(["mask", "confidence", "depth_m"]),
        needs_camera=True,
    ),
    OutputTopic(
        LABEL_INFO,
        "vision_msgs/msg/LabelInfo",
        "the names of the classes; latched. Where `vision_msgs` is installed",
        made="model",
        recorded=True,
        processed=True,
    ),
)


OUTPUTS: Registry[OutputTopic] = Registry(registry.OUTPUTS, {each.name: each for each in OUTPUT_TOPICS})


def output_topics() -> tuple[OutputTopic, ...]:
    """The rows above, and those of other packages, by entry points. Raises `PluginError` for one that is none."""
    rows = {each.name: each for each in OUTPUT_TOPICS}
    for plugin in [each for each in OUTPUTS if each not in rows]:
        row = OUTPUTS[plugin]
        if not (isinstance(row, OutputTopic) and row.make and row.made == "frame"):
            raise PluginError(f"the output {plugin} of a plug-in is {row!r}; expected an OutputTopic with `make`")
        if row.name in rows:
            raise PluginError(f"the output {plugin} of a plug-in has the topic {row.name}, which is published already")
        rows[row.name] = row
    return tuple(rows.values())


def compressed_output(output: OutputTopic) -> OutputTopic:
    """The topic beside an output's on which image_transport's subscribers look for its compressed form."""
    form = COMPRESSED_DEPTH if output.encoding == "32FC1" else COMPRESSED
    return replace(output, name=output.name + form, type_name=COMPRESSED_TYPE, recorded=False)


def image_inputs(stereo: bool, camera: str = "") -> tuple[str, ...]:
    """The topics on which the node waits for images: of its camera, or of left and right."""
    return tuple(of_camera(each, camera) for each in ((LEFT_IMAGE, RIGHT_IMAGE) if stereo else (IMAGE,)))


def of_camera(name: str, camera: str) -> str:
    """A topic of the node for one of several cameras, by its name; one camera alone has none."""
    return f"{camera}/{name}" if camera else name


def camera_info_topic(image_topic: str) -> str:
    """Where a camera's `CameraInfo` is published, by the convention of image_transport: beside the image."""
    base = image_topic.removesuffix(COMPRESSED)
    return base.rsplit("/", 1)[0] + "/camera_info" if "/" in base else "camera_info"


def is_rectified(image_topic: str) -> bool:
    """Whether the name says that the images are rectified, as image_proc's do: `image_rect`, `image_rect_color`."""
    return not {"rect", "rectified"}.isdisjoint(words(image_topic))


def truth_name(topic: str) -> str:
    """`/robot/ground_truth/labels` -> `ground_truth/labels`; empty for what is no truth."""
    _, separator, rest = f"/{topic.lstrip('/')}".partition(f"/{TRUTH}")
    return separator.lstrip("/") + rest


def is_made_here(topic: str) -> bool:
    """Whether a topic holds truth, or results of this package's node, in whatever namespace."""
    return bool(truth_name(topic)) or any(
        namespace_of(topic.removesuffix(COMPRESSED_DEPTH), each.name) is not None
        for each in output_topics()
        if each.type_name == IMAGE_TYPE
    )


def namespace_of(topic: str, name: str) -> str | None:
    """`/robot/segmentation/mask` -> `robot/` for the name `segmentation/mask`, raw or compressed; None for another."""
    topic = topic.lstrip("/").removesuffix(COMPRESSED)
    is_it = topic == name or topic.endswith(f"/{name}")
    return topic.removesuffix(name) if is_it else None


def listed(names: Collection[str]) -> str:
    """Names of topics for a sentence."""
    return ", ".join(sorted(names)) or "none"


def words(topic: str) -> list[str]:
    """The words of a name: `/front_left/image` -> front, left, image."""
    return [word for word in re.split(r"[/_]", topic.lower()) if word]
