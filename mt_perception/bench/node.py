# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The whole node over DDS: images in, mask and depth out, beside the bare network in the same rounds."""

from __future__ import annotations

import json
import math
import os
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from tqdm import tqdm

from mt_perception.bench.interleaved import BenchError, Row
from mt_perception.bench.networks import noise
from mt_perception.metrics.scores import percentiles
from mt_perception.pipeline import Perceiver, Stopwatch
from mt_perception.settings import Settings
from mt_perception.topics import DEPTH, MASK, OUTPUT_TOPICS
from mt_perception.utils.hardware import resident_mb
from mt_perception.utils.node_process import node_process, require_ros

ANSWERS = (MASK, DEPTH)
READY = "ready in"
_START_TIMEOUT_S = 120.0  # a first start may compile


@dataclass(frozen=True)
class Load:
    """What the node is given to do: `images` of `size` (height, width), `rate` a second or as fast as it answers.

    `cameras` nodes run at once, each with a camera of its own; or with `shared` one node with all of them.
    """

    size: tuple[int, int] = (512, 1024)
    images: int = 300
    rate: float = 0.0
    rounds: int = 5
    cameras: int = 1
    shared: bool = False
    topics: Sequence[str] = ANSWERS
    large_images: bool = True

    def __post_init__(self) -> None:
        for name in ("images", "rounds", "cameras"):
            if getattr(self, name) < 1:
                raise BenchError(f"{name} is {getattr(self, name)}; allowed: 1 or more")
        if not 0 <= self.rate < math.inf:
            raise BenchError(f"rate is {self.rate:g}; allowed: images per second, or 0 for as fast as it answers")

    @property
    def needs(self) -> frozenset[str]:
        """What the network has to compute for these topics."""
        return frozenset().union(*(each.needs for each in OUTPUT_TOPICS if each.name in self.topics))

    @property
    def turn(self) -> int:
        """Images in one round."""
        return -(-self.images // self.rounds)


@dataclass
class RunningNode:
    """A node with its latency probe. `ready_s` is the time from exec until its model was loaded and warm."""

    process: subprocess.Popen[bytes]
    probe: subprocess.Popen[bytes]
    ready_s: float
    latencies_ms: list[float] = field(default_factory=list)
    dropped: int = 0
    busy_s: float = 0.0
    stages_ms: Mapping[str, float] = field(default_factory=dict)

    def ask(self, images: int, rate: float) -> None:
        """Let the probe play; `collect` waits for what it measured."""
        _stream(self.probe.stdin).write(json.dumps({"images": images, "rate": rate}).encode() + b"\n")
        _stream(self.probe.stdin).flush()

    def collect(self) -> None:
        """Add the probe's next answer."""
        answer = _line(self.probe)
        self.latencies_ms += answer["latencies_ms"]
        self.dropped += answer["dropped"]
        self.busy_s += answer["seconds"]
        self.stages_ms = answer["node_stages_ms"]

    @property
    def rss_mb(self) -> float:
        """Resident memory of the node's process, in megabytes."""
        return resident_mb(self.process.pid)

    @property
    def cpu_s(self) -> float:
        """Processor time that the node has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_node(settings: Settings, load: Load, progress: bool = True) -> Row:
    """Start the node(s), send images in rounds between runs of the bare network, and give one row of the table.

    Raises `RosMissingError` without ROS, `BenchError` when the node does not come up or does not answer.
    """
    require_ros()
    bare = Perceiver.open(settings)
    bare.warm_up(load.needs)  # which also puts the graph into the cache: the node's start is that of a second time
    network_ms: list[float] = []
    with running_nodes(settings, load) as nodes:
        busy_before = _cpu_s(nodes)
        for _ in tqdm(range(load.rounds), desc=f"node at {load.size[0]}x{load.size[1]}", disable=not progress):
            network_ms += _run_bare(bare, load)
            for node in nodes:
                node.ask(load.turn, load.rate)
            for node in nodes:
                node.collect()
        return _row(bare, load, nodes, network_ms, _cpu_s(nodes) - busy_before)


@contextmanager
def running_nodes(settings: Settings, load: Load) -> Iterator[list[RunningNode]]:
    """The nodes of `load`, each connected with its latency probe; a shared one once for each camera."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        names = tuple(f"camera{i}" for i in range(load.cameras))
        if load.shared:
            shared = _started(stack, settings.replace(cameras=names), load, folder, "/bench")
            nodes = {f"/bench/{name}": shared for name in names}
        else:
            nodes = {f"/bench/{name}": _started(stack, settings, load, folder, f"/bench/{name}") for name in names}
        compressed = settings.image_transport == "compressed"
        yield [
            RunningNode(node, _probe(stack, load, folder, name, compressed), ready_s)
            for name, (node, ready_s) in nodes.items()
        ]


def _started(
    stack: ExitStack, settings: Settings, load: Load, folder: Path, namespace: str
) -> tuple[subprocess.Popen[bytes], float]:
    """A node that is ready, and the seconds that it took."""
    log = folder / f"node{namespace.replace('/', '-')}.log"
    sink = stack.enter_context(log.open("wb"))
    started = time.monotonic()
    node = stack.enter_context(
        node_process("node", asdict(settings), folder, namespace, load.large_images, stdout=sink, stderr=sink)
    )
    _wait_until_ready(node, log)
    return node, time.monotonic() - started


def _probe(stack: ExitStack, load: Load, folder: Path, namespace: str, compressed: bool) -> subprocess.Popen[bytes]:
    height, width = load.size
    camera = {"height": height, "width": width, "topics": list(load.topics), "compressed": compressed}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    probe = stack.enter_context(node_process("latency_probe", camera, folder, namespace, load.large_images, **pipes))
    _line(probe)  # that it is connected
    return probe


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_TIMEOUT_S
    while READY not in log.read_text(encoding="utf-8"):
        if process.poll() is not None or time.monotonic() > end:
            said = log.read_text(encoding="utf-8").strip().splitlines()
            raise BenchError(f"the node did not start; it said: {said[-1] if said else 'nothing'}")
        time.sleep(0.005)


def _run_bare(perceiver: Perceiver, load: Load) -> list[float]:
    image, times = noise(perceiver.size), []
    perceiver.backend.infer(image, 1.0, load.needs)  # not counted: the node has been through the caches since
    for _ in range(load.turn):
        watch = Stopwatch()
        perceiver.backend.infer(image, 1.0, load.needs)
        watch.mark("network")
        times.append(watch.timings_ms["network"])
    return times


def _row(bare: Perceiver, load: Load, nodes: list[RunningNode], network_ms: list[float], cpu_s: float) -> Row:
    latencies_ms = [each for node in nodes for each in node.latencies_ms]
    if not latencies_ms:
        raise BenchError(f"the node answered none of the {load.images} images")
    seconds = max(node.busy_s for node in nodes)
    whole, network = percentiles(latencies_ms), percentiles(network_ms)
    return {
        "backend": bare.backend.name,
        "precision": bare.backend.precision,
        "size": f"{bare.size[0]}x{bare.size[1]}",
        "image": f"{load.size[0]}x{load.size[1]}",
        "cameras": load.cameras,
        **{f"node_{name}_ms": value for name, value in whole.items()},
        "network_p50_ms": network["p50"],
        "overhead": round(whole["p50"] / network["p50"], 3),
        "fps": round(len(latencies_ms) / seconds, 2),
        "dropped": sum(node.dropped for node in nodes),
        "cpu_percent": round(100 * cpu_s / seconds, 1),
        "cpu_ms": round(1e3 * cpu_s / len(latencies_ms), 2),
        "rss_mb": round(max(node.rss_mb for node in nodes), 1),
        "all_rss_mb": round(sum(node.rss_mb for node in _processes(nodes)), 1),
        "ready_s": round(max(node.ready_s for node in nodes), 2),
        "stages": {stage: {"p50": value} for stage, value in nodes[0].stages_ms.items()},
    }


def _processes(nodes: Iterable[RunningNode]) -> list[RunningNode]:
    """One for each process."""
    return list({node.process.pid: node for node in nodes}.values())


def _cpu_s(nodes: Iterable[RunningNode]) -> float:
    return sum(node.cpu_s for node in _processes(nodes))


def _line(process: subprocess.Popen[bytes]) -> Any:
    """The next line of JSON from a process. Raises `BenchError` when it ends instead."""
    line = _stream(process.stdout).readline()
    if not line:
        raise BenchError(f"the probe ended early with status {process.wait()}; its last message above says why")
    return json.loads(line)


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None, "the probe is started with pipes"
    return stream
