"""The graph in PyTorch: on an NVIDIA GPU, or on any CPU as the reference for the other backends."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import torch
from numpy.typing import NDArray

from mt_perception.backends import choose_precision
from mt_perception.bundle import Bundle
from mt_perception.network.export import read_network
from mt_perception.network.graph import DeployedGraph
from mt_perception.types import OUTPUTS

_TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class TorchBackend:
    """Runs the graph as it is, in channels-last memory order, in half precision on a GPU."""

    name = "torch"

    def __init__(self, bundle: Bundle, size: tuple[int, int], precision: str = "auto", threads: int = 0) -> None:
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.device = self._device.type
        supported = ["fp16", "bf16", "fp32"] if self.device == "cuda" else ["fp32", "bf16"]
        self.precision = choose_precision(precision, supported, self.name, self.device)
        if threads:
            torch.set_num_threads(threads)
        graph = DeployedGraph(read_network(bundle), bundle.card.input)
        self._graph = graph.to(self._device).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def infer(
        self, image: NDArray[np.uint8], depth_scale: float, outputs: Collection[str]
    ) -> dict[str, NDArray[np.generic]]:
        """See `Backend.infer`. Only the asked outputs are copied from the device."""
        pixels = torch.from_numpy(image)[None].to(self._device, non_blocking=True)
        scale = torch.tensor([depth_scale], dtype=torch.float32, device=self._device)
        half = self.precision != "fp32"
        with torch.autocast(self.device, _TYPES[self.precision], enabled=half):
            results = dict(zip(OUTPUTS, self._graph(pixels, scale), strict=True))
        return {name: results[name].cpu().numpy() for name in outputs}
