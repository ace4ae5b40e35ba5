# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Overrides and conflicts of QoS, on a live node."""

import pytest

pytest.importorskip("rclpy")

from nodes import Probe, diagnostics_of
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.fixture(scope="module")
def node(start_once, small_model):
    """Wants reliable images, and sends masks that may get lost, five of them deep."""

    def override(topic: str, end: str, **policies: object) -> dict:
        return {f"qos_overrides.{start_once.namespace}/{topic}.{end}.{name}": v for name, v in policies.items()}

    images = override("image", "subscription", reliability="reliable", depth=3)
    masks = override("segmentation/mask", "publisher", reliability="best_effort", depth=5)
    latched = override("depth/image", "publisher", durability="transient_local")
    return start_once("node", **small_model, **images, **masks, **latched)


@pytest.fixture(scope="module")
def probe(start_once, node):
    probe = Probe(start_once.namespace)
    probe.listen("segmentation/mask", qos=BEST_EFFORT)
    probe.wait_for_node()
    yield probe
    probe.destroy_node()


def test_overrides_change_the_topic_that_they_name_and_no_other(probe):
    """rclpy writes overrides into the profile that it is given, which must not be shared."""

    def of_publisher(topic):
        return probe.get_publishers_info_by_topic(probe.resolve_topic_name(topic))[0].qos_profile

    def of_subscription(topic):
        return probe.get_subscriptions_info_by_topic(probe.resolve_topic_name(topic))[0].qos_profile

    assert of_subscription("image").reliability == ReliabilityPolicy.RELIABLE
    assert of_subscription("camera_info").reliability == ReliabilityPolicy.BEST_EFFORT
    assert of_publisher("segmentation/mask").reliability == ReliabilityPolicy.BEST_EFFORT
    for topic in ("segmentation/confidence", "points"):
        assert of_publisher(topic).reliability == ReliabilityPolicy.RELIABLE, topic
        assert of_publisher(topic).durability == DurabilityPolicy.VOLATILE, topic
    assert of_publisher("depth/image").durability == DurabilityPolicy.TRANSIENT_LOCAL


def test_images_flow_through_overridden_ends(probe):
    for stamp in range(1, 30):  # best effort may lose the first
        probe.send(stamp)
        probe.spin(0.2)
        if probe.received["segmentation/mask"]:
            return
    raise AssertionError("no mask came")


def test_a_latched_output_reaches_those_who_come_late(probe):
    probe.listen("depth/image", qos=LATCHED)
    probe.until(lambda: probe.count_subscribers(probe.resolve_topic_name("depth/image")))
    for stamp in range(100, 130):
        probe.send(stamp)
        probe.spin(0.2)
        if probe.received["depth/image"]:
            break
    late = Probe(probe.get_namespace())
    late.listen("depth/image", qos=LATCHED)
    late.until(lambda: late.received["depth/image"])
    late.destroy_node()


def test_peers_that_cannot_be_connected_are_named_until_they_leave(probe, node):
    peer = Probe(probe.get_namespace(), name="old_camera")
    peer.create_publisher(Image, "image", BEST_EFFORT)
    peer.listen("segmentation/mask", qos=QoSProfile(depth=1))
    topic, peers = f"{probe.get_namespace()}/image", f"{probe.get_namespace()}/old_camera"
    node.wait_for(f"{peers} publishes {topic} with an incompatible RELIABILITY")
    node.wait_for(f"qos_overrides.{topic}.subscription.reliability")
    mask = f"{probe.get_namespace()}/segmentation/mask"
    node.wait_for(f"{peers} wants {mask} with an incompatible RELIABILITY")
    with diagnostics_of(probe) as diagnostics:

        def warned():
            return diagnostics() and {each.key for each in diagnostics().values if "warning: qos" in each.key}

        assert probe.until(warned) == {f"warning: qos {topic}", f"warning: qos {mask}"}
        peer.destroy_node()
        probe.until(lambda: warned() == set())
    assert node.log.count(f"{peers} publishes") == 1, "said once, not once a second"


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("image.subscription.reliability", "relyable"), ("segmentation/mask.publisher.depth", "many")],
)
def test_a_wrong_override_ends_the_start_with_what_is_allowed(start, small_model, parameter, value):
    node = start("node", **small_model, **{f"qos_overrides.{start.namespace}/{parameter}": value})
    assert node.process.wait(30) == 1
    assert "Traceback" not in node.log
    assert f"{start.namespace}/{parameter.split('.')[0]}" in node.log and "allowed: reliability reliable or" in node.log
