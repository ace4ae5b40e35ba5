# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`metadata.yaml` of a recording (rosbag2), for recordings of several files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from mt_perception.utils.files import write_whole

METADATA = "metadata.yaml"
_ROOT = "rosbag2_bagfile_information"


def read_metadata(folder: Path) -> dict[str, Any]:
    """What the recording in `folder` says of itself."""
    facts: dict[str, Any] = yaml.safe_load((folder / METADATA).read_text(encoding="utf-8"))[_ROOT]
    return facts


def write_metadata(folder: Path, parts: Sequence[dict[str, Any]]) -> None:
    """Describe in `folder` the recording that consists of the files of `parts`, in the order of time.

    `parts` are what `read_metadata` gives, of the same storage.
    """
    files = [file for part in parts for file in part["files"]]
    full = [file for file in files if file["message_count"]] or files[:1]
    start_ns = full[0]["starting_time"]["nanoseconds_since_epoch"]
    stop_ns = max(file["starting_time"]["nanoseconds_since_epoch"] + file["duration"]["nanoseconds"] for file in full)
    facts = parts[0] | {
        "relative_file_paths": [file["path"] for file in files],
        "files": files,
        "starting_time": {"nanoseconds_since_epoch": start_ns},
        "duration": {"nanoseconds": stop_ns - start_ns},
        "message_count": sum(file["message_count"] for file in files),
        "topics_with_message_count": _topics(parts),
    }
    write_whole(folder / METADATA, yaml.safe_dump({_ROOT: facts}, sort_keys=False).encode())


def _topics(parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every topic of any part with its messages in all."""
    topics: dict[str, dict[str, Any]] = {}
    for each in (topic for part in parts for topic in part["topics_with_message_count"]):
        known = topics.setdefault(each["topic_metadata"]["name"], each | {"message_count": 0})
        known["message_count"] += each["message_count"]
    return list(topics.values())
