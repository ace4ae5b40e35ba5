# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The graph in PyTorch: on an NVIDIA GPU, or on any CPU as the reference for the other backends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from threading import Lock
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mt_perception.backends import NvidiaError, choose_precision
from mt_perception.model.bundle import Bundle
from mt_perception.network.export import read_network
from mt_perception.network.folding import folded
from mt_perception.network.graph import DeployedGraph
from mt_perception.network.multitask import MultiTaskNetwork
from mt_perception.types import Camera
from mt_perception.utils.hardware import limited_threads

TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_SEARCHING = Lock()  # the switch is one for the process: two at a time would not restore it
_KEPT = 2  # recordings: the set of outputs in use, and the one before


class Graph(Protocol):
    """`DeployedGraph`, or an engine of the whole of it."""

    def select(
        self, image: Tensor, depth_scale: Tensor, outputs: Collection[str], camera: Tensor | None = None
    ) -> dict[str, Tensor]:
        """See `DeployedGraph.select`."""


def cuda_capability(backend: str) -> str:
    """The compute capability of the GPU in use, without its point. Raises `NvidiaError` for `backend` without one."""
    if not torch.cuda.is_available():
        raise NvidiaError(f"the backend {backend} needs an NVIDIA GPU and PyTorch finds none; set backend to openvino")
    major, minor = torch.cuda.get_device_capability()
    return f"{major}{minor}"


class TorchBackend:
    """Runs the graph in channels-last memory order; on a GPU in half precision and as a captured CUDA graph.

    `network` takes the place of the bundle's own: something else that computes the same maps. `graph` takes that of
    everything, in whatever `precision` it is.
    """

    name = "torch"
    progress = ""
    fallback = ""

    def __init__(
        self,
        bundle: Bundle,
        size: tuple[int, int],
        precision: str = "auto",
        threads: int = 0,
        cuda_graph: bool = True,
        network: MultiTaskNetwork | None = None,
        graph: Graph | None = None,
    ) -> None:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.device = device.type
        supported = ["fp16", "bf16", "fp32"] if self.device == "cuda" else ["fp32", "bf16"]
        self.precision = precision if graph else choose_precision(precision, supported, self.name, self.device)
        self._threads = threads or limited_threads()
        if graph is None:
            card = bundle.card
            deployed = DeployedGraph(network or folded(read_network(bundle)), card.input, card.labels.sky_id)
            graph = deployed.cast(TYPES[self.precision]).to(device).to(memory_format=torch.channels_last)
        record = _recorded if cuda_graph and self.device == "cuda" else _unrecorded
        self._runs = lru_cache(_KEPT)(lambda requested: _Run(graph, size, requested, device, record))

    @torch.inference_mode()
    def infer(
        self, image: NDArray[np.uint8], depth_scale: float, outputs: Collection[str], camera: Camera | None = None
    ) -> dict[str, NDArray[np.generic]]:
        """See `Backend.infer`. On a GPU the first call with a new set of outputs records a graph for it."""
        with _threads(self._threads):
            return self._runs(tuple(sorted(outputs)))(image, depth_scale, camera)


class _Run:
    """The graph for one set of outputs, with buffers that stay where they are, page-locked beside a GPU.

    An image costs one upload of its bytes, one launch, and one download for each output.
    """

    def __init__(
        self,
        graph: Graph,
        size: tuple[int, int],
        requested: tuple[str, ...],
        device: torch.device,
        record: Callable[[Callable[[], dict[str, Tensor]]], Callable[[], dict[str, Tensor]]],
    ) -> None:
        self._pinned = device.type == "cuda"
        self._image = torch.zeros(1, *size, 3, dtype=torch.uint8, pin_memory=self._pinned)
        self._scale = torch.ones(1, pin_memory=self._pinned)
        self._camera = torch.tensor([Camera.assumed(size).intrinsics], pin_memory=self._pinned)
        self._buffers = self._image, self._scale, self._camera
        self._inputs = [each.to(device) for each in self._buffers]  # on a CPU the buffers themselves
        image, scale, camera = self._inputs
        self._launch = record(partial(graph.select, image, scale, requested, camera))
        self._downloads: dict[str, Tensor] = {}

    def __call__(
        self, image: NDArray[np.uint8], depth_scale: float, camera: Camera | None
    ) -> dict[str, NDArray[np.generic]]:
        np.copyto(self._image[0].numpy(), image)
        self._scale.fill_(depth_scale)
        self._camera[0] = torch.tensor((camera or Camera.assumed(image.shape[:2])).intrinsics)  # type: ignore[arg-type]
        for ours, on_device in zip(self._buffers, self._inputs, strict=True):
            on_device.copy_(ours, non_blocking=True)
        results = self._launch()
        self._downloads = self._downloads or {name: self._beside(result) for name, result in results.items()}
        for name, result in results.items():
            self._downloads[name].copy_(result, non_blocking=True)
        if self._pinned:
            torch.cuda.current_stream().synchronize()
        return {name: each.numpy() for name, each in self._downloads.items()}

    def _beside(self, result: Tensor) -> Tensor:
        return torch.empty(result.shape, dtype=result.dtype, pin_memory=self._pinned)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """So many of PyTorch's on the CPU within the block, 0: as many as there were; the host program's own come back."""
    before = torch.get_num_threads()
    if count:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        if count:
            torch.set_num_threads(before)


@contextmanager
def _searching() -> Iterator[None]:
    """Images have one size: within the block cuDNN looks for its fastest convolutions, once, and not for the host."""
    with _SEARCHING:
        before, torch.backends.cudnn.benchmark = torch.backends.cudnn.benchmark, True
        try:
            yield
        finally:
            torch.backends.cudnn.benchmark = before


def _unrecorded(compute: Callable[[], dict[str, Tensor]]) -> Callable[[], dict[str, Tensor]]:
    return _searching()(compute) if torch.cuda.is_available() else compute


def _recorded(compute: Callable[[], dict[str, Tensor]]) -> Callable[[], dict[str, Tensor]]:
    """`compute` as one CUDA graph: a network of a hundred small kernels otherwise waits for Python to launch them."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream), _searching():
        for _ in range(3):  # libraries choose their kernels and take their workspaces before the recording
            compute()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    # thread_local: another thread, whose backend serves while this one gets ready, may go on allocating
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        results = compute()

    def launch() -> dict[str, Tensor]:
        graph.replay()
        return results

    return launch
