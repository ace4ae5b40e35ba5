"""The names of the classes as a message, where `vision_msgs` is installed."""

from __future__ import annotations

from collections.abc import Iterable

from std_msgs.msg import Header

from mt_perception.labels import Label
from mt_perception.topics import LABEL_INFO

try:
    from vision_msgs.msg import LabelInfo, VisionClass
except ImportError:  # there are no wheels of it
    LabelInfo = VisionClass = None

MISSING = f"{LABEL_INFO} is not published: install ros-$ROS_DISTRO-vision-msgs"


def label_info(classes: Iterable[Label], header: Header) -> LabelInfo:
    """`vision_msgs/LabelInfo`: the name of each trainId. Pixels without a label (255) belong to no class."""
    named = [VisionClass(class_id=each.train_id, class_name=each.name) for each in classes]
    return LabelInfo(header=header, class_map=named)
