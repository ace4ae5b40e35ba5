# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Messages made for recordings, of the types that `bag_types` knows, without a ROS installation."""

from __future__ import annotations

from typing import Any

from mt_perception.messages.build import MessageBuilder
from mt_perception.messages.types import TYPES


def new_message(type_name: str, **fields: Any) -> Any:
    """A message of `type_name` (`sensor_msgs/msg/Image`, ...) to write to a recording; all its fields are given."""
    return TYPES.types[type_name](**fields)


BUILDER = MessageBuilder(new_message)
new_header, new_image, new_compressed = BUILDER.header, BUILDER.image, BUILDER.compressed
new_camera_info, new_label_info = BUILDER.camera_info, BUILDER.label_info
