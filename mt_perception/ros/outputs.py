# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The publishers of the topics in `topics.output_topics`, as far as their message types are installed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from rclpy.node import Node
from rclpy.publisher import Publisher

from mt_perception.labels import Label
from mt_perception.messages.outputs import Result, message_of
from mt_perception.ros import convert, qos
from mt_perception.ros.diagnostic_task import DiagnosticTask
from mt_perception.ros.worker import Worker
from mt_perception.settings import SettingsError
from mt_perception.topics import LABEL_INFO, OutputTopic, compressed_output, of_camera, output_topics


class OutputPublishers:
    """A publisher for each output of a camera; those of pairs only with `stereo`. Images in `compressed` have two.

    Raises `SettingsError` for one of these that is none.
    """

    def __init__(self, node: Node, stereo: bool, camera: str = "", compressed: Collection[str] = ()) -> None:
        self._node = node
        self._publishers: dict[str, Publisher] = {}
        self.missing: dict[str, str] = {}
        """What is not published since its type is not installed, by name, in a sentence with the remedy."""
        images = {each.name: each for each in output_topics() if each.encoding}
        if unknown := [each for each in compressed if each not in images]:
            raise SettingsError(f"compressed has {unknown[0]!r}; the images are {', '.join(images)}")
        self._outputs = (*output_topics(), *(compressed_output(images[each]) for each in compressed))
        for output in self._outputs:
            if output.made == "match" and not stereo:
                continue
            profile = qos.LATCHED if output.made == "model" else qos.NEWEST
            try:
                kind = convert.message_class(output.type_name)
            except ImportError:  # there are no wheels of all of them
                package = output.type_name.split("/")[0].replace("_", "-")
                self.missing[output.name] = f"{output.name} is not published: install ros-$ROS_DISTRO-{package}"
            else:
                self._publishers[output.name] = qos.publisher(node, kind, of_camera(output.name, camera), profile)

    @property
    def of_frames(self) -> list[tuple[OutputTopic, Publisher]]:
        """The outputs that are made for each frame, with their publishers."""
        there = ((output, self._publishers.get(output.name)) for output in self._outputs if output.made == "frame")
        return [(output, publisher) for output, publisher in there if publisher]

    @property
    def all(self) -> list[Publisher]:
        """Every publisher."""
        return list(self._publishers.values())

    def named(self, name: str) -> Publisher | None:
        """The publisher of one topic."""
        return self._publishers.get(name)

    def publish_names(self, classes: Iterable[Label]) -> None:
        """Tell what the loaded model tells apart."""
        if publisher := self.named(LABEL_INFO):
            head = convert.header(self._node.get_clock().now().nanoseconds, "")
            publisher.publish(convert.BUILDER.label_info(classes, head))

    def close(self) -> None:
        """Withdraw them."""
        while self._publishers:
            self._node.destroy_publisher(self._publishers.popitem()[1])


Encoding = tuple[OutputTopic, Any, Result]
"""An image that is to be compressed, its publisher, and what it is made of (`messages.outputs.for_later`)."""


def encoder(task: DiagnosticTask) -> Worker[None, Encoding]:
    """A thread that compresses and publishes, so that the next image need not wait for it: of each topic the newest."""

    def encode(_: None, item: Encoding) -> None:
        output, publisher, result = item
        publisher.publish(message_of(output, result))

    def on_error(item: Encoding, error: Exception) -> None:
        task.happened(f"{item[0].name} was not published: {error}", is_error=True)

    return Worker(lambda: None, encode, on_error)


def subscribed(publisher: Any) -> bool:
    """Whether anybody listens."""
    return publisher is not None and publisher.get_subscription_count() > 0
