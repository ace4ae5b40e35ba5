# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What is shipped beside the node names what the node really has: views of its topics, and its rights."""

import json
import re
from xml.etree import ElementTree

import pytest
import yaml

pytest.importorskip("rclpy")

from nodes import Probe

from mt_perception.topics import DISPARITY, LABEL_INFO, OUTPUT_TOPICS

TOPICS = {output.name for output in OUTPUT_TOPICS}


@pytest.fixture(scope="module")
def policy(root):
    """Names by kind of right, as the file has them."""
    profile = (
        ElementTree.parse(root / "config" / "sros2_policy.xml").getroot().find("enclaves/enclave/profiles/profile")
    )
    rights = {}
    for group in profile:
        (right, value), *others = group.attrib.items()
        assert value == "ALLOW" and not others
        rights.setdefault(right, set()).update(each.text for each in group)
    return rights


@pytest.fixture(scope="module")
def live(start_once, small_model):
    """Names by kind of right, as a running node uses them: relative, `~` or global."""
    start_once("node", **small_model)
    namespace = start_once.namespace
    probe = Probe(namespace)
    probe.wait_for_node()

    def plain(name: str) -> str:
        return re.sub(f"^{namespace}/", "", re.sub(f"^{namespace}/perception/", "~/", name))

    def names(question) -> set[str]:
        return {plain(name) for name, _ in probe.until(lambda: probe.known(question))}

    yield {
        "publish": names(probe.get_publisher_names_and_types_by_node),
        "subscribe": names(probe.get_subscriber_names_and_types_by_node),
        "reply": names(probe.get_service_names_and_types_by_node),
    }
    probe.destroy_node()


@pytest.mark.parametrize("right", ["publish", "subscribe", "reply"])
def test_the_policy_allows_all_that_the_node_does(policy, live, right):
    assert live[right] and live[right] <= policy[right], live[right] - policy[right]


def test_the_policy_allows_nothing_more(policy, live):
    stereo = {
        f"{side}/{each}"
        for side in ("left", "right")
        for each in ("image_rect", "image_rect/compressed", "camera_info")
    }
    assert policy["publish"] - live["publish"] <= {LABEL_INFO, DISPARITY}, "these two depend on installed messages"
    by_settings = stereo | {"image/compressed", "/clock", "/parameter_events", "/tf", "/tf_static"}
    assert policy["subscribe"] - live["subscribe"] <= by_settings
    assert policy["reply"] - live["reply"] <= {"~/get_type_description"}
    assert set(policy) == {"publish", "subscribe", "reply"}


def test_rviz_shows_topics_of_the_node(root):
    shown = yaml.safe_load((root / "rviz" / "perception.rviz").read_text())["Visualization Manager"]["Displays"]
    topics = {each["Topic"]["Value"] for each in shown if "Topic" in each}
    assert topics <= TOPICS | {"image"} and {"segmentation/overlay", "depth/color", "points"} <= topics
    fields = {each["Channel Name"] for each in shown if "Channel Name" in each}
    assert fields == {"label", "confidence"}


def test_foxglove_shows_topics_of_the_node(root):
    values = json.loads((root / "config" / "foxglove.json").read_text())

    def panels(layout) -> list[str]:
        return [layout] if isinstance(layout, str) else panels(layout["first"]) + panels(layout["second"])

    assert sorted(panels(values["layout"])) == sorted(values["configById"]), "every panel is placed, once"
    topics = set(re.findall(r'"(/[a-z_/]+)"', json.dumps(values["configById"])))
    assert topics <= {f"/{topic}" for topic in TOPICS} | {"/diagnostics"} and len(topics) == 4


def test_foxglove_plots_numbers_that_the_diagnostics_have(root):
    from mt_perception.ros.health import AGE, Health

    health = Health(None)
    health.finished({"network": 1.0, "total": 2.0, AGE: 3.0})
    known = {value.key for each in health.statuses("node: ", True, 1.0, "") for value in each.values}
    plotted = set(re.findall(r'key==\\"(\w+)\\"', (root / "config" / "foxglove.json").read_text()))
    assert plotted and plotted <= known, plotted - known


def test_the_aggregator_finds_the_tasks_of_the_node(root):
    from mt_perception.ros.health import Health
    from mt_perception.ros.node import NODE_NAME

    parameters = yaml.safe_load((root / "config" / "diagnostic_aggregator.yaml").read_text())
    (prefix,) = parameters["analyzers"]["ros__parameters"]["perception"]["find_and_remove_prefix"]
    assert prefix == f"/{NODE_NAME}: "
    names = [each.name for each in Health(None).statuses(prefix, True, 1.0, "", pairs=True)]
    assert [each.removeprefix(prefix) for each in names] == ["input", "results", "stereo"]
