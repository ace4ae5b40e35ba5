# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The message types and the QoS that recordings are written with."""

from __future__ import annotations

from typing import Any

from rosbags.interfaces import (
    MessageDefinitionFormat,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.typesys import Stores, get_types_from_idl, get_types_from_msg, get_typestore

TYPES = get_typestore(Stores.ROS2_JAZZY)

_VISION_MSGS = {
    "vision_msgs/msg/VisionClass": "uint16 class_id\nstring class_name\n",
    "vision_msgs/msg/LabelInfo": "std_msgs/Header header\nvision_msgs/VisionClass[] class_map\nfloat32 threshold\n",
}
"""What of vision_msgs is used here; it does not belong to what ROS installs by itself."""

for _name, _text in _VISION_MSGS.items():
    TYPES.register(get_types_from_msg(_text, _name))


def type_hash(connection: Any) -> str:
    """The hash of a recorded topic's type; computed from its definition where it was not recorded, as before Jazzy."""
    if connection.digest:
        return connection.digest
    is_idl = connection.msgdef.format == MessageDefinitionFormat.IDL
    types = get_typestore(Stores.EMPTY)
    text = connection.msgdef.data
    types.register(get_types_from_idl(text) if is_idl else get_types_from_msg(text, connection.msgtype))
    return types.hash_rihs01(connection.msgtype)


def reliable_qos(latched: bool) -> Qos:
    """Reliable, the last ten kept; `latched` for who comes late too."""
    durability = QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE
    forever = QosTime(2147483647, 4294967295)
    return Qos(
        QosHistory.KEEP_LAST, 10, QosReliability.RELIABLE, durability,
        forever, forever, QosLiveliness.AUTOMATIC, forever, False,
    )  # fmt: skip
