# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Faults, each a function that brings one about, asserts what must hold, and says what was lost."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from rig import SMALL, running
from rosbags.rosbag2 import Reader
from sensor_msgs.msg import Image

from mt_perception.bags.bag import Bag
from mt_perception.bags.writer import BagWriter
from mt_perception.messages.rosbags import new_header, new_image
from mt_perception.ros import convert
from mt_perception.utils.node_process import node_process
from mt_perception.utils.resources import model_folder

_PROGRAM = [sys.executable, "-c", "import sys; from mt_perception.utils.entry import perceive; sys.exit(perceive())"]
_NETWORK = ["--input-width", "128", "--input-height", "64", "--precision", "fp32"]


def camera_dies_and_returns(folder: Path) -> str:
    """No image for three seconds, then images of another size."""
    with running() as rig:
        rig.spin(3.0)
        started = time.monotonic()
        rig.answered(size=(90, 200))
        return f"nothing; the first answer came after {time.monotonic() - started:.1f} s"


def clock_jumps(folder: Path) -> str:
    """Stamps an hour back, an hour ahead, of 1970, and those of today again."""
    with running() as rig:
        for shift_s in (-3600, 3600, None, 0):
            rig.answered(stamp_ns=1 if shift_s is None else time.time_ns() + shift_s * 10**9)
    return "nothing"


def subscriber_never_reads(folder: Path) -> str:
    """A reliable subscriber whose process is stopped, while 200 images are sent."""
    program = (
        "import rclpy, sys; from sensor_msgs.msg import Image; rclpy.init(); n = rclpy.create_node('deaf');"
        "n.create_subscription(Image, sys.argv[1], print, 10); print('in', flush=True); import time; time.sleep(600)"
    )
    with running() as rig:
        topic = f"{rig.get_namespace()}/segmentation/mask"
        deaf = subprocess.Popen([sys.executable, "-c", program, topic], stdout=subprocess.PIPE)
        try:
            deaf.stdout.readline()
            rig.answered()
            deaf.send_signal(signal.SIGSTOP)
            before = rig.state["memory_mb"]
            stamps = []
            for _ in range(200):
                stamps.append(rig.send())
                rig.spin(0.03)
            rig.answered()
            lost = len([each for each in stamps if each not in rig.answers])
            return f"{lost} of 200 images; {rig.state['memory_mb'] - before:+.0f} MB"
        finally:
            deaf.kill()
            deaf.wait()


def two_nodes_at_one_empty_cache(folder: Path) -> str:
    """Both start at once."""
    with _environment(XDG_CACHE_HOME=str(folder / "cache")), running() as one, running() as other:
        one.answered()
        other.answered()
        return f"nothing; {len(list((folder / 'cache').rglob('*.*')))} files are kept"


def cache_cannot_be_written(folder: Path) -> str:
    """The folder for it would have to be made below a file."""
    (folder / "file").touch()
    with _environment(XDG_CACHE_HOME=str(folder / "file")), running() as rig:
        assert "going on without a cache" in rig.log, rig.log
    return "the cache; it is said"


def bundle_with_a_flipped_bit(folder: Path) -> str:
    """In the weights."""
    return _refused(folder, _flip)


def bundle_whose_file_lies_elsewhere(folder: Path) -> str:
    """The card names a file by a path out of its folder."""

    def lead_out(model: Path) -> None:
        card = json.loads((model / "bundle.json").read_text())
        name = "weights.safetensors"
        card["files"][f"../../{name}"] = card["files"][name]
        (model / "bundle.json").write_text(json.dumps(card))

    return _refused(folder, lead_out)


def bundle_with_a_link_out(folder: Path) -> str:
    """One of its files is a link to a file elsewhere."""

    def link(model: Path) -> None:
        file = model / next(iter(json.loads((model / "bundle.json").read_text())["files"]))
        shutil.move(file, folder / "elsewhere")
        file.symlink_to(folder / "elsewhere")

    return _refused(folder, link)


def recorder_is_killed(folder: Path) -> str:
    """SIGKILL after five seconds of 20 images a second."""
    sent_s = _record(folder, lambda process, elapsed_s: elapsed_s > 5 and process.kill())
    with Bag(folder / "out") as bag, Reader(folder / "out") as reader:
        assert bag.read_error == "" and sum(1 for _ in bag.messages()) == reader.message_count > 0
        lost_s = sent_s - bag.span_ns[1] / 1e9
    assert lost_s < 1.5, f"{lost_s:.2f} s were lost"  # half a second for discovery and a busy machine
    return f"the last {lost_s:.2f} s; all readers open it"


def disk_is_full_while_recording(folder: Path) -> str:
    """No file of the recorder may have more than 1 MB."""
    _record(folder, lambda process, _: resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (10**6, 10**6)))
    said = (folder / "log").read_text()
    assert "Traceback" not in said and said.count("error: ") == 1 and "cannot be written any further" in said, said
    with Bag(folder / "out") as bag, Reader(folder / "out") as reader:
        assert bag.read_error == "" and reader.message_count > 0
        return f"what came after; {reader.message_count} messages open in all readers"


def process_is_killed_and_called_again(folder: Path) -> str:
    """SIGKILL of `bag process --workers 2` in its first segments."""
    _drive(folder / "drive", seconds=100)
    command = [*_PROGRAM, "bag", "process", str(folder / "drive"), str(folder / "out"), *_NETWORK]
    process = subprocess.Popen([*command, "--workers", "2"], stderr=subprocess.DEVNULL)
    while not list((folder).glob("out.shards/*.unfinished")):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    with Bag(folder / "out") as bag:
        assert bag.counts["/segmentation/mask"] == bag.counts["/image"] == 200
    assert sorted(each.name for each in folder.iterdir()) == ["drive", "out"]
    return "nothing"


def recording_is_cut_off(folder: Path) -> str:
    """After two thirds of its bytes."""
    return _damaged(folder, lambda data: data[: len(data) * 2 // 3])


def recording_has_flipped_bits(folder: Path) -> str:
    """Three, anywhere."""

    def flip(data: bytes) -> bytes:
        flipped = bytearray(data)
        for part in (0.2, 0.5, 0.8):
            flipped[int(part * len(data))] ^= 4
        return bytes(flipped)

    return _damaged(folder, flip)


FAULTS: tuple[Callable[[Path], str], ...] = (
    camera_dies_and_returns, clock_jumps, subscriber_never_reads, two_nodes_at_one_empty_cache,
    cache_cannot_be_written, bundle_with_a_flipped_bit, bundle_whose_file_lies_elsewhere, bundle_with_a_link_out,
    recorder_is_killed, disk_is_full_while_recording, process_is_killed_and_called_again, recording_is_cut_off,
    recording_has_flipped_bits,
)  # fmt: skip


@contextmanager
def _environment(**values: str) -> Any:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _flip(model: Path) -> None:
    file = max(
        (each for each in model.iterdir() if each.suffix == ".safetensors"), key=lambda each: each.stat().st_size
    )
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def _refused(folder: Path, damage: Callable[[Path], None]) -> str:
    """A node with a damaged copy of the default model ends with one sentence."""
    shutil.copytree(model_folder(), folder / "model")
    damage(folder / "model")
    settings = {**SMALL, "model": str(folder / "model")}
    with (folder / "log").open("wb") as log, node_process("node", settings, folder, "/refused", stderr=log) as process:
        assert process.wait(120) == 1
    said = (folder / "log").read_text().strip()
    assert "Traceback" not in said and len(said.splitlines()) == 1, said
    return f"the start: {said.partition(': ')[2][:110].replace(str(folder), '')}"


def _record(folder: Path, act: Callable[[Any, float], Any]) -> float:
    """Play to a recorder until it ends, calling `act` meanwhile; when the last image before its end was sent."""
    namespace = f"/recorded_{time.time_ns() % 10**9}"
    node = rclpy.create_node("camera", namespace=namespace)
    images = node.create_publisher(Image, "image", 5)
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    parameters = {"output": str(folder / "out"), "topics": ["image"]}
    with (
        (folder / "log").open("wb") as log,
        node_process("recorder", parameters, folder, namespace, stderr=log) as process,
    ):
        while not images.get_subscription_count():
            time.sleep(0.05)
        started, sent_s = time.monotonic(), 0.0
        while process.poll() is None:
            sent_s = time.time()
            images.publish(convert.image(noise, "bgr8", convert.header(time.time_ns(), "camera")))
            time.sleep(0.05)
            act(process, time.monotonic() - started)
    node.destroy_node()
    return sent_s


def _drive(path: Path, seconds: int) -> int:
    """Two small images a second, of noise; the number of messages."""
    rng = np.random.default_rng(0)
    with BagWriter(path) as bag:
        for number in range(2 * seconds):
            stamp_ns = 10**9 + number * 5 * 10**8
            pixels = rng.integers(0, 256, (60, 100, 3), np.uint8)
            bag.write_message("/image", stamp_ns, new_image(pixels, "bgr8", new_header(stamp_ns, "camera")))
    return 2 * seconds


def _damaged(folder: Path, damage: Callable[[bytes], bytes]) -> str:
    """What is read of a recording of several chunks is as it was written, and what is lost is told."""
    number = _drive(folder / "drive", seconds=500)
    with Bag(folder / "drive") as bag:
        whole = {each.received_ns: bytes(each.data) for each in bag.messages()}
    file = folder / "drive" / "drive.mcap"
    file.write_bytes(damage(file.read_bytes()))
    with Bag(folder / "drive") as bag:
        rest = {each.received_ns: bytes(each.data) for each in bag.messages()}
        assert rest.items() <= whole.items() and rest and bag.read_error
    return f"{number - len(rest)} of {number} messages"
