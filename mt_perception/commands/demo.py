# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The demo: player, node and recorder as separate processes over real DDS, then a look at what they recorded."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2

from mt_perception.bags.bag import Bag
from mt_perception.bags.files import is_recording
from mt_perception.bags.sources import open_source
from mt_perception.errors import Error
from mt_perception.evaluation.recorded_labels import true_labels
from mt_perception.evaluation.run import overview, summarize
from mt_perception.labels import LabelSet
from mt_perception.model.bundle import open_model
from mt_perception.topics import (
    COMPRESSED,
    DEPTH,
    DIAGNOSTICS,
    IMAGE,
    MASK,
    TRUE_DEPTH,
    TRUE_LABELS,
    camera_info_topic,
    output_topics,
)
from mt_perception.utils.json_safe import write_json
from mt_perception.utils.node_process import node_process, require_ros

NAMESPACE = "/demo"
REQUIRED_SHARE = 0.95
_FOR_PEOPLE = ("segmentation/overlay", "depth/color")
"""Recorded as well, so that whatever viewer opens the recording has something to show."""


class DemoError(Error, RuntimeError):
    """Why the demo did not succeed."""

    page = "tutorials/first_run"


def run_demo(
    source: Path,
    out: Path,
    seconds: float = 0.0,
    rate_hz: float = 0.0,
    settings: Mapping[str, Any] | None = None,
    topic: str = "",
) -> dict[str, Any]:
    """Play `source` to the node, record, and write `summary.json`, `overview.png` and `recording/` to `out`.

    `topic`: the camera's image of a recording, found by itself when empty. Returns the summary. Raises `DemoError`
    when a process fails, or when less than 95 % of the images came out.
    """
    require_ros()
    recording = out / "recording"
    if recording.exists():
        raise DemoError(
            f"{recording} exists already; a recording is never overwritten: give another --out or remove it"
        )
    compressed = open_source(source, topic).compressed
    out.mkdir(parents=True, exist_ok=True)
    player = {"input": str(source.resolve()), "topic": topic, "seconds": float(seconds), "rate": float(rate_hz)}
    offered = _play_and_record(player, recording, compressed, dict(settings or {}))
    labels = open_model(str((settings or {}).get("model", ""))).card.labels
    true = _true_labels(source, labels)
    summary = summarize(recording, labels, true) | {"frames_in": offered, "input": str(source)}
    write_json(out / "summary.json", summary)
    if not summary["frames_out"]:
        raise DemoError(f"none of the {offered} images came out of the node; its messages above say why")
    cv2.imwrite(str(out / "overview.png"), overview(recording, labels, true)[..., ::-1])
    share = summary["frames_out"] / offered
    if share < REQUIRED_SHARE:
        raise DemoError(
            f"{summary['frames_out']} of {offered} images came out ({share:.0%}; required: {REQUIRED_SHARE:.0%}); "
            f"the node needs {summary['latency_ms']['p50']:.0f} ms an image: try a lower --rate"
        )
    return summary


def _true_labels(source: Path, model: LabelSet) -> LabelSet | None:
    """The classes of the true labels in what is played: a player cannot publish them without `vision_msgs`."""
    if not is_recording(source):
        return None
    with Bag(source) as bag:
        return true_labels(bag, model)


def _play_and_record(what: dict[str, Any], recording: Path, compressed: bool, settings: dict[str, Any]) -> int:
    """Run the three processes until the player has played `what`; the number of images that it sent."""
    image = IMAGE + COMPRESSED if compressed else IMAGE
    with tempfile.TemporaryDirectory() as temporary:
        report = Path(temporary) / "player.json"
        player = what | {
            "loop": bool(what["seconds"]),
            "wait_for_subscribers": 2,  # the node, once its model is loaded, and the recorder
            "wait_for_topics": [MASK, DEPTH],
            "acknowledge_topic": "recorded",
            "max_in_flight": 1,
            "progress": False,
            "report": str(report),
        }
        truth = [topic + form for topic in (TRUE_LABELS, TRUE_DEPTH) for form in ("", COMPRESSED)]
        results = [each.name for each in output_topics() if each.processed or each.name in _FOR_PEOPLE]
        topics = [image, camera_info_topic(IMAGE), *results, *truth, DIAGNOSTICS]
        recorder = {"output": str(recording.resolve()), "topics": topics, "watch": MASK}
        node = settings | {"image_transport": "compressed" if compressed else "raw"}
        with (
            node_process("recorder", recorder, temporary, NAMESPACE) as recording_process,
            node_process("node", node, temporary, NAMESPACE) as perceiving_process,
        ):
            with node_process("player", player, temporary, NAMESPACE) as player_process:
                _wait(player_process, {"recorder": recording_process, "node": perceiving_process})
            time.sleep(1.2)  # the diagnostics come once a second, and the last ones count all frames
        return json.loads(report.read_text(encoding="utf-8"))["frames"]


def _wait(player: subprocess.Popen[bytes], others: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Until the player ends. Raises `DemoError` as soon as one of the others is gone."""
    while player.poll() is None:
        for name, process in others.items():
            if process.poll() is not None:
                raise DemoError(
                    f"the {name} ended early with status {process.returncode}; its last message above says why"
                )
        time.sleep(0.05)
    if player.returncode:
        raise DemoError(f"the player ended with status {player.returncode}; its last message above says why")
