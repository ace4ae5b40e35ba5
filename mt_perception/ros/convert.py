# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Messages of rclpy: made from arrays, and from the serialized images that the node receives to frames."""

from __future__ import annotations

from array import array
from functools import cache, cached_property
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import Header

from mt_perception.messages import read as messages
from mt_perception.messages.build import MessageBuilder
from mt_perception.messages.compressed import Sufficient
from mt_perception.settings import Settings
from mt_perception.types import Frame

_DEFAULTS = Settings()


@cache
def message_class(type_name: str) -> type:
    """`sensor_msgs/msg/Image` -> its class. Raises `ImportError` where its package is not installed."""
    package, folder, name = type_name.split("/")
    return getattr(import_module(f"{package}.{folder}"), name)  # type: ignore[no-any-return]


def new_message(type_name: str, **fields: Any) -> Any:
    """A message of `type_name` with these fields."""
    message = message_class(type_name)()
    for name, value in fields.items():
        if isinstance(value, np.ndarray) and isinstance(own := getattr(message, name), array):
            setattr(message, f"_{name}", _typed(value, own.typecode))  # the property copies even this type
        else:
            setattr(message, name, value)
    return message


def _typed(values: NDArray[Any], code: str) -> array[Any]:
    """The values of a contiguous array in the one type that a message takes without checking each of them."""
    typed: array[Any] = array(code)
    typed.frombytes(values.view(np.uint8).data)
    return typed


BUILDER = MessageBuilder(new_message)
header, image, camera_info = BUILDER.header, BUILDER.image, BUILDER.camera_info


class Serialized:
    """An `Image`, or with `compressed` a `CompressedImage`, as it was received."""

    def __init__(self, data: bytes, compressed: bool = False) -> None:
        self.data, self.compressed = data, compressed

    @cached_property
    def header(self) -> Header:
        """As much of its header as synchronizers ask for."""
        return header(messages.header_stamp_ns(self.data), "")

    @cached_property
    def fields(self) -> Any:
        """All of it, its pixels in place. Raises `DataError` for bytes that are none."""
        return messages.image_from_cdr(self.data, self.compressed)


def frame(message: Any, settings: Settings = _DEFAULTS, sufficient: Sufficient | None = None) -> Frame:
    """`Image`, `CompressedImage` or `Serialized` -> `Frame`, read in place: see `messages.frame_from_message`."""
    fields = message.fields if isinstance(message, Serialized) else message
    return messages.frame_from_message(fields, settings.bit_depth, settings.max_image_megapixels, sufficient)
