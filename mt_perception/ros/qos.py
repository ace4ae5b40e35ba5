# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Quality of service of the node's topics: overridable by parameters, and compared with the other ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rclpy.duration import Duration, Infinite
from rclpy.exceptions import ParameterException
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import (
    DurabilityPolicy,
    QoSCompatibility,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
)
from rclpy.qos_overriding_options import InvalidQosOverridesError, QoSOverridingOptions
from rclpy.subscription import Subscription
from rclpy.topic_endpoint_info import TopicEndpointInfo

from mt_perception.settings import SettingsError
from mt_perception.utils.distribution import event_callbacks

NEWEST = {"depth": 1}
# in line, so that messages which cannot be read take no image's place before the node looks at them: 60 ms at 500 Hz,
# since on a machine with much to do it may be as long without its turn
CAMERA = {"depth": 30, "reliability": ReliabilityPolicy.BEST_EFFORT}
LATCHED = {"depth": 1, "durability": DurabilityPolicy.TRANSIENT_LOCAL}

_COMPARED = ("reliability", "durability", "deadline", "liveliness", "liveliness_lease_duration")
_OVERRIDABLE = (QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH, QoSPolicyKind.RELIABILITY, QoSPolicyKind.DURABILITY)
_VALUES = (
    "reliability reliable or best_effort, durability volatile or transient_local, history keep_last, depth 1 or more"
)


def publisher(node: Node, message_type: type, topic: str, profile: dict[str, Any]) -> Publisher:
    """A publisher whose `profile` parameters may override. Raises `SettingsError` for a value that is not allowed."""
    # we report incompatible peers ourselves, with the remedy
    events = event_callbacks().PublisherEventCallbacks(use_default_callbacks=False)
    return _overridden(
        node, topic, lambda qos, options: node.create_publisher(
            message_type, topic, qos, event_callbacks=events, qos_overriding_options=options
        ), profile,
    )  # fmt: skip


def subscription(
    node: Node,
    message_type: type,
    topic: str,
    callback: Callable[[Any], None],
    profile: dict[str, Any],
    raw: bool = False,
) -> Subscription:
    """A subscription in the same way; with `raw`, `callback` gets the serialized message."""
    events = event_callbacks().SubscriptionEventCallbacks(use_default_callbacks=False)
    return _overridden(
        node, topic, lambda qos, options: node.create_subscription(
            message_type, topic, callback, qos, event_callbacks=events, qos_overriding_options=options, raw=raw
        ), profile,
    )  # fmt: skip


def _overridden(
    node: Node, topic: str, create: Callable[[QoSProfile, QoSOverridingOptions], Any], profile: dict[str, Any]
) -> Any:
    try:
        # a profile of its own for each: rclpy writes the overrides into the object that it is given
        return create(QoSProfile(**profile), QoSOverridingOptions(_OVERRIDABLE))
    except (RuntimeError, ValueError, ParameterException, InvalidQosOverridesError) as error:
        name = node.resolve_topic_name(topic)
        raise SettingsError(f"a parameter qos_overrides.{name}.* is wrong ({error}); allowed: {_VALUES}") from error


def conflicts(node: Node, inputs: Iterable[Subscription], publishers: Iterable[Publisher]) -> dict[str, str]:
    """For each topic with a peer that cannot be connected, a sentence that names peer, policy and remedy."""
    found = {}
    for each in inputs:
        for peer in node.get_publishers_info_by_topic(each.topic_name):
            if policies := _at_fault(peer.qos_profile, each.qos_profile):
                found[each.topic_name] = _explained(peer, "publishes", each.topic_name, policies, "subscription")
    for publisher in publishers:
        for peer in node.get_subscriptions_info_by_topic(publisher.topic_name):
            if policies := _at_fault(publisher.qos_profile, peer.qos_profile):
                found[publisher.topic_name] = _explained(peer, "wants", publisher.topic_name, policies, "publisher")
    return found


def _at_fault(publisher_qos: QoSProfile, subscription_qos: QoSProfile) -> list[str]:
    """The policies that keep two ends apart, each tried with all others at their defaults."""

    def clashes(policy: str) -> bool:
        values = [getattr(each, policy) for each in (publisher_qos, subscription_qos)]
        values = [Infinite if value == Duration() else value for value in values]  # both mean that none is requested
        offered, wanted = (QoSProfile(depth=1, **{policy: value}) for value in values)
        return qos_check_compatible(offered, wanted)[0] == QoSCompatibility.ERROR

    return [policy for policy in _COMPARED if clashes(policy)]


def is_latched(peer: TopicEndpointInfo) -> bool:
    """Whether this end keeps the last message for those who subscribe later."""
    return peer.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL


def name_of(peer: TopicEndpointInfo) -> str:
    """The full name of the node that this end belongs to."""
    return f"{peer.node_namespace.rstrip('/')}/{peer.node_name}"


def _explained(peer: TopicEndpointInfo, does: str, topic: str, policies: list[str], ours: str) -> str:
    names = [kind.name.lower() for kind in _OVERRIDABLE]
    here = [f"qos_overrides.{topic}.{ours}.{policy}" for policy in policies if policy in names]
    remedy = f", or here with the parameter {' and '.join(here)}" if here else ""
    return (
        f"{name_of(peer)} {does} {topic} with an incompatible {' and '.join(policies).upper()}: change it there{remedy}"
    )
