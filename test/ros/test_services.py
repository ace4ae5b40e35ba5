# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What rclpy gives every node stands whatever comes; no node has to run to see it."""

import pytest

pytest.importorskip("rclpy")

from rclpy.node import Node
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock

from mt_perception.ros.services import follow_any_clock


@pytest.mark.parametrize("from_the_start", [True, False])
def test_a_time_before_1970_is_passed_over_and_the_next_one_followed(ros, from_the_start):
    on = Parameter("use_sim_time", value=True)
    node = Node("timed", parameter_overrides=[on] if from_the_start else [])
    try:
        follow_any_clock(node)
        node.set_parameters([on])
        (clock,) = [each for each in node.subscriptions if each.topic_name == "/clock"]
        for seconds, nanoseconds, expected_ns in ((5, 7, 5_000_000_007), (-5, 0, 5_000_000_007), (9, 0, 9 * 10**9)):
            message = Clock()
            message.clock.sec, message.clock.nanosec = seconds, nanoseconds
            clock.callback(message)
            assert node.get_clock().now().nanoseconds == expected_ns
    finally:
        node.destroy_node()
