# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The topics that the node listens to, under whatever names they have, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mt_perception.messages.read import check_image
from mt_perception.ros import qos
from mt_perception.ros.convert import Serialized
from mt_perception.settings import Settings
from mt_perception.topics import COMPRESSED, image_inputs

_TURN = 50


@dataclass(frozen=True)
class ImageTopic:
    """Where a camera's image comes from. `name` is the node's own for it, or one that is resolved already."""

    name: str
    compressed: bool

    @property
    def type(self) -> type:
        return CompressedImage if self.compressed else Image


def image_topics(node: Node, settings: Settings, camera: str = "") -> list[ImageTopic]:
    """That of a camera, or those of left and right."""
    is_compressed = settings.image_transport == "compressed"
    return [_image_topic(node, each, is_compressed) for each in image_inputs(settings.is_pair(camera), camera)]


def _image_topic(node: Node, base: str, compressed: bool) -> ImageTopic:
    """As image_transport does: the compressed form lies beside whatever `base` is remapped to.

    Where somebody remaps `base` to a compressed topic, or its compressed form by itself, that one is meant.
    """
    resolved = node.resolve_topic_name(base)
    if resolved.endswith(COMPRESSED):
        return ImageTopic(base, True)
    if not compressed:
        return ImageTopic(base, False)
    own = base + COMPRESSED
    is_remapped = node.resolve_topic_name(own) != node.resolve_topic_name(own, only_expand=True)
    return ImageTopic(own if is_remapped else resolved + COMPRESSED, True)


def receiver(
    topic: ImageTopic,
    max_megapixels: Callable[[], float],
    take: Callable[[Serialized], None],
    refuse: Callable[[str], None],
) -> Callable[[bytes], None]:
    """The callback for a topic: hands each image to `take`, still serialized, or to `refuse` why it is none.

    What cannot be read must not take the place of an image that waits for the worker. Making a message of the bytes
    would copy the image twice, in the thread that must not wait.
    """

    def receive(data: bytes) -> None:
        message = Serialized(data, topic.compressed)
        try:
            check_image(message.fields, max_megapixels())
            take(message)
        except ValueError as error:  # also a stamp before 1970, which message_filters refuses
            refuse(str(error))

    return receive


def take_rest(subscription: Subscription, receive: Callable[[bytes], None]) -> None:
    """Hand over what else waits in a raw subscription, for which the executor would take a turn each.

    At most so many that timers and services get their turn, too.
    """
    with subscription.handle:
        for _ in range(_TURN):
            taken = subscription.handle.take_message(subscription.msg_type, True)
            if taken is None:
                return
            receive(taken[0])


def misunderstandings(node: Node, inputs: Iterable[Subscription]) -> dict[str, str]:
    """For each topic that is published as something else, or only in its other form, a sentence with the remedy."""
    found = {each.topic_name: _misunderstood(node, each) for each in inputs}
    return {topic: sentence for topic, sentence in found.items() if sentence}


def _misunderstood(node: Node, subscription: Subscription) -> str:
    topic, ours = subscription.topic_name, type_name(subscription.msg_type)
    peers = node.get_publishers_info_by_topic(topic)
    for peer in peers:
        if peer.topic_type != ours:
            is_compressed = peer.topic_type == type_name(CompressedImage)
            by_name = "remap image/compressed to it and set image_transport to compressed"
            remedy = by_name if is_compressed else f"remap to a topic with {ours}"
            return f"{qos.name_of(peer)} publishes {topic} as {peer.topic_type}, and not as {ours}: {remedy}"
    form, other = (
        ("raw", topic.removesuffix(COMPRESSED)) if topic.endswith(COMPRESSED) else ("compressed", topic + COMPRESSED)
    )
    if peers or subscription.msg_type is CameraInfo or not node.count_publishers(other):
        return ""
    return f"nobody publishes {topic}, but {other} is there: take that one, with image_transport {form}"


def type_name(message_type: Any) -> str:
    """`sensor_msgs/msg/Image`, as the graph calls it."""
    return f"{message_type.__module__.partition('.')[0]}/msg/{message_type.__name__}"


class CameraInfos:
    """The subscriptions to the camera_info of one camera or two.

    They ask for volatile messages, which every publisher offers; if they asked for latched ones, drivers that do not
    latch would complain. Where one latches, a second subscription brings what it published before the first.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._latched: dict[str, Subscription] = {}
        self._is_known = False
        self.subscriptions: list[Subscription] = []

    def subscribe(self, topic: str, callback: Callable[[CameraInfo], None]) -> None:
        """Call `callback` with each message of `topic`."""

        def receive(message: CameraInfo) -> None:
            self._is_known = True
            callback(message)

        self.subscriptions.append(qos.subscription(self._node, CameraInfo, topic, receive, qos.CAMERA))

    def look(self) -> str:
        """Subscribe again where somebody latches. Returns where else a camera_info is, while none has come; or ""."""
        for first in self.subscriptions:
            topic = first.topic_name
            peers = self._node.get_publishers_info_by_topic(topic)
            if topic not in self._latched and any(map(qos.is_latched, peers)):
                self._latched[topic] = self._node.create_subscription(
                    CameraInfo, topic, first.callback, QoSProfile(**qos.LATCHED)
                )
        return "" if self._is_known or not self.subscriptions else self._elsewhere(self.subscriptions[0].topic_name)

    def _elsewhere(self, topic: str) -> str:
        if self._node.count_publishers(topic):
            return ""
        kind, ours = type_name(CameraInfo), {publisher.topic_name for publisher in self._node.publishers}
        others = {name for name, types in self._node.get_topic_names_and_types() if kind in types} - ours
        found = sorted(filter(self._node.count_publishers, others))
        return f"nobody publishes {topic}; remap camera_info to {' or '.join(found)}" if found else ""

    def close(self) -> None:
        """Unsubscribe."""
        for each in (*self.subscriptions, *self._latched.values()):
            self._node.destroy_subscription(each)
        self.subscriptions, self._latched, self._is_known = [], {}, False
