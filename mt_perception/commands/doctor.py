# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception doctor`: what of this machine the node can run on, what is missing, and the command for that."""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import mt_perception
from mt_perception.utils.entry import NODE_PACKAGES
from mt_perception.utils.finding import Finding
from mt_perception.utils.json_safe import check_folder, write_json

RECORDING_PACKAGES = ("rosbags", "mcap", "tqdm")
_STARTING_S = 60.0


def add_parser(commands: Any) -> None:
    """Add the subcommand `doctor` to `commands` (what `add_subparsers` returned)."""
    parser = commands.add_parser(
        "doctor",
        help="look what is missing: machine, backends, model, ROS 2, cameras on the wire",
        description="Exit status 1 if something is missing that the node does not run without.",
    )
    parser.add_argument("--topic", default="", help="of a camera that has to be there (default: all are listed)")
    text = "how long to look for cameras (default: %(default)s)"
    parser.add_argument("--seconds", type=_seconds, default=2.0, help=text)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the lines there too")
    parser.set_defaults(command=run)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.1 <= seconds <= 600:
        raise argparse.ArgumentTypeError(f"{text!r} is no time to look; allowed: 0.1 to 600 seconds")
    return seconds


def run(options: argparse.Namespace) -> int:
    """Print a line for each finding, at last whether the node runs here."""
    check_folder(options.json)
    found = []
    for each in examine(options.topic, options.seconds):
        found.append(each)
        print(each, flush=True)
    if options.json:
        write_json(options.json, [asdict(each) for each in found])
    missing = [each.part for each in found if each.state == "missing"]
    print(f"missing: {', '.join(missing)}" if missing else "nothing is missing that the node needs")
    return 1 if missing else 0


def examine(topic: str = "", seconds: float = 2.0) -> Iterable[Finding]:
    """All findings, in the order in which one would mend what is missing."""
    yield Finding("version", "ok", f"mt_perception {mt_perception.__version__}")
    yield from _machine()
    yield from _python()
    if not all(map(find_spec, NODE_PACKAGES)):
        return  # all that follows imports them
    yield from _backends()
    yield _model()
    yield from _ros(topic, seconds)


def _machine() -> Iterable[Finding]:
    from mt_perception.utils.hardware import detect, instruction_sets, memory_gb, processor

    yield Finding("processor", "ok", ", ".join([processor(), *instruction_sets()]))
    if memory := memory_gb():
        yield Finding("memory", "ok", f"{memory:.1f} GB")
    machine = detect()
    yield Finding("profile", "ok", f"{machine.profile}: {machine.reason}")


def _python() -> Iterable[Finding]:
    text = f"{sys.version.split()[0]}, {sys.executable}"
    if missing := [name for name in NODE_PACKAGES if not find_spec(name)]:
        command = f"pip install {' '.join(NODE_PACKAGES[name] for name in missing)}"
        yield Finding("Python", "missing", f"{text}, without {', '.join(missing)}", command)
    elif missing := [name for name in RECORDING_PACKAGES if not find_spec(name)]:
        text += f", without {', '.join(missing)}: nothing is read from recordings or written to them"
        yield Finding("Python", "note", text, f"pip install {' '.join(missing)}")
    else:
        yield Finding("Python", "ok", text)


def _backends() -> Iterable[Finding]:
    from mt_perception.backends import chosen
    from mt_perception.backends.readiness import readiness
    from mt_perception.settings import Settings

    default = chosen(Settings())
    for name, state in readiness().items():
        if state.is_ready:
            yield Finding(name, "ok", state.text + (", the default here" if name == default else ""))
        else:
            yield Finding(name, "missing" if name == default else "note", f"needs {state.text}", state.remedy)


def _model() -> Finding:
    from mt_perception.errors import Error, said
    from mt_perception.model.bundle import open_model

    try:
        bundle = open_model()
    except (Error, OSError) as error:
        return Finding("model", "missing", said(error))
    graphs = "fp32 and int8" if bundle.has_int8 else "fp32"
    return Finding("model", "ok", f"{bundle.card.name} ({bundle.model_hash}), whole, {graphs}: {bundle.folder}")


def _ros(topic: str, seconds: float) -> Iterable[Finding]:
    from mt_perception.ros.environment import findings, large_images

    found = findings()
    yield from found
    if any(each.state == "missing" for each in found):
        return
    command = [sys.executable, "-m", "mt_perception.ros.watch", "--seconds", str(seconds), f"--topic={topic}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + _STARTING_S)
    except subprocess.TimeoutExpired:
        yield Finding("middleware", "missing", f"a node did not start within {_STARTING_S:.0f} s")
        return
    if done.returncode:
        *_, last = done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"]
        yield Finding("middleware", "missing", f"a node does not start: {last}")
        return
    seen = json.loads(done.stdout.splitlines()[-1])
    yield Finding("middleware", "ok", seen["rmw"])
    yield from large_images(seen["rmw"])
    yield from _cameras(seen["cameras"], topic, seconds)


def _cameras(cameras: list[dict[str, Any]], topic: str, seconds: float) -> Iterable[Finding]:
    if not cameras:
        text = f"nobody published images within {seconds:g} s"
        yield Finding("cameras", "note", text, "start the camera's driver, in the same ROS_DOMAIN_ID")
    for each in cameras:
        if problem := each["problem"] or _silence(each, seconds):
            yield Finding(
                "camera",
                "missing" if topic else "note",
                problem if each["topic"] in problem else f"{each['topic']}: {problem}",
            )
        else:
            yield Finding("camera", "ok", _described(each), _start_on(each["topic"]))


def _silence(camera: dict[str, Any], seconds: float) -> str:
    if not camera["publishers"]:
        return f"nobody published it within {seconds:g} s"
    return "" if camera["image"] else f"{', '.join(camera['publishers'])} published no image within {seconds:g} s"


def _described(camera: dict[str, Any]) -> str:
    rate = f"{camera['rate_hz']:.1f} Hz" if camera["rate_hz"] else "one image"
    facts = [camera["image"], rate, f"{camera['type']} from {', '.join(camera['publishers'])}", camera["qos"]]
    if not camera["has_info"]:
        facts.append("no camera_info beside it: its depth is not metric")
    return f"{camera['topic']}: {', '.join(facts)}"


def _start_on(topic: str) -> str:
    if find_spec("launch_ros"):
        return f"ros2 launch mt_perception perception.launch.py image_topic:={topic}"
    return f"perception_node --ros-args -r image:={topic}"
