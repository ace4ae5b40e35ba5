# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The node's parameters over DDS: described, changed while it runs, or refused with a reason."""

import numpy as np
import pytest

pytest.importorskip("rclpy")

from helpers import make_image
from rcl_interfaces.srv import DescribeParameters, SetParameters
from rclpy.parameter import Parameter

from mt_perception.messages.read import array_from_image
from mt_perception.settings import SETTINGS


def test_parameters_change_or_say_why_not(run, probe):
    node = run()
    probe.wait_for_node()
    name = probe.get_namespace() + "/perception"
    client = probe.create_client(SetParameters, f"{name}/set_parameters")
    assert client.wait_for_service(10)

    def change(key, value):
        request = SetParameters.Request(parameters=[Parameter(key, value=value).to_parameter_msg()])
        future = client.call_async(request)
        probe.until(future.done)
        return future.result().results[0]

    assert change("overlay_opacity", 0.9).successful
    refused = change("overlay_opacity", 1.5)
    assert not refused.successful and "0" in refused.reason and "1" in refused.reason
    fixed = change("input_width", 512)
    assert not fixed.successful and "read when the node is configured" in fixed.reason
    backwards = change("depth_color_min_m", 500.0)
    assert not backwards.successful and "smaller" in backwards.reason
    assert node.process.poll() is None


def test_every_parameter_is_described_with_its_bounds(run, probe):
    run(autostart=False)
    describe = probe.create_client(DescribeParameters, f"{probe.get_namespace()}/perception/describe_parameters")
    assert describe.wait_for_service(20)
    future = describe.call_async(DescribeParameters.Request(names=list(SETTINGS)))
    probe.until(future.done)
    for setting, shown in zip(SETTINGS.values(), future.result().descriptors, strict=True):
        assert setting.description in shown.description and setting.unit in shown.description
        ranges = shown.floating_point_range or shown.integer_range
        bounds = (ranges[0].from_value, ranges[0].to_value) if ranges else None
        assert bounds == setting.bounds, setting.name
        assert all(choice in shown.additional_constraints for choice in setting.choices)
        assert setting.live == ("read when" not in shown.additional_constraints)


def test_live_parameters_show_in_the_next_frame(run, probe):
    probe.listen("segmentation/overlay")
    run(overlay_opacity=0.0)
    probe.wait_for_node()
    probe.send(1)
    plain = array_from_image(probe.until(lambda: probe.received["segmentation/overlay"])[0])
    np.testing.assert_array_equal(plain, make_image(90, 160)[..., ::-1])
    client = probe.create_client(SetParameters, f"{probe.get_namespace()}/perception/set_parameters")
    request = SetParameters.Request(parameters=[Parameter("overlay_opacity", value=1.0).to_parameter_msg()])
    probe.until(client.call_async(request).done)
    probe.send(2)
    colored = array_from_image(probe.until(lambda: probe.received["segmentation/overlay"][1:])[0])
    assert len(np.unique(colored.reshape(-1, 3), axis=0)) <= 20
