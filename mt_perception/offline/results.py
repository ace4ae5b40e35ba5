"""Predictions as recorded messages: what the node would publish."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mt_perception.bag_messages import new_camera_info, new_header, new_image, new_message
from mt_perception.bags import Recorded, serialized
from mt_perception.geometry import scale_camera
from mt_perception.prediction import Prediction
from mt_perception.stereo import Match, disparity
from mt_perception.topics import DEPTH, DISPARITY, LABEL_INFO, MASK
from mt_perception.types import Frame

CONFIDENCE, DEPTH_CAMERA = "segmentation/confidence", "depth/camera_info"
RESULTS = (LABEL_INFO, MASK, CONFIDENCE, DEPTH, DEPTH_CAMERA, DISPARITY)


def results(
    received_ns: int, prediction: Prediction, found: Match | None = None, namespace: str = ""
) -> Iterator[Recorded]:
    """The messages of the picture that was received then, and `disparity` if `found` is what its pair gave."""
    for topic, message in _messages(prediction, found):
        yield serialized(f"{namespace}/{topic}", received_ns, message)


def _messages(prediction: Prediction, found: Match | None) -> Iterator[tuple[str, Any]]:
    frame = prediction.frame
    header = new_header(frame.stamp_ns, frame.frame_id)
    yield MASK, new_image(prediction.mask, "mono8", header)
    yield CONFIDENCE, new_image(prediction.confidence, "mono8", header)
    yield DEPTH, new_image(prediction.depth_m, "32FC1", header)
    if frame.camera:
        yield DEPTH_CAMERA, new_camera_info(scale_camera(frame.camera, prediction.size), header)
    if found:
        yield DISPARITY, disparity_image(found, frame)


def disparity_image(found: Match, left: Frame) -> Any:
    """A `stereo_msgs/DisparityImage` at the size of the left picture."""
    made, header = disparity(found, left.size), new_header(left.stamp_ns, left.frame_id)
    height, width = left.size
    window = {"x_offset": 0, "y_offset": 0, "height": height, "width": width, "do_rectify": False}
    return new_message(
        "stereo_msgs/msg/DisparityImage",
        header=header,
        image=new_image(made.image, "32FC1", header),
        f=made.f,
        t=made.t,
        valid_window=new_message("sensor_msgs/msg/RegionOfInterest", **window),
        min_disparity=made.min_disparity,
        max_disparity=made.max_disparity,
        delta_d=made.delta_d,
    )
