#!/usr/bin/env python3
# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The network beside its peers in one run: the baseline, two networks for two tasks, torchvision's LR-ASPP.

Peers run eagerly in PyTorch with random weights, which make no difference to the time. LR-ASPP tells classes only.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models.segmentation import lraspp_mobilenet_v3_large

from mt_perception.bench.interleaved import Row, run_interleaved, with_ratio
from mt_perception.bench.networks import all_of_ours, baseline, eager
from mt_perception.bench.table import show
from mt_perception.commands.main import image_size
from mt_perception.network.baseline import BaselineLoop, baseline_network
from mt_perception.utils.entry import run


class LrAspp(nn.Module):
    """LR-ASPP on MobileNetV3-large, 20 classes."""

    def __init__(self) -> None:
        super().__init__()
        self.network = lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=20).eval()

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        return {"segmentation": self.network(image)["out"]}


def single_task(task: str) -> nn.Module:
    """The published network with one head: an encoder and a decoder for this task alone."""
    network = baseline_network()
    network.heads = nn.ModuleDict({task: network.heads[task]})  # type: ignore[union-attr,index]
    return network


def measure(size: tuple[int, int], models: Sequence[str] = ("",), rounds: int = 10) -> list[Row]:
    """The rows, the baseline first."""
    tasks = [BaselineLoop(single_task(task)) for task in ("segmentation", "depth")]
    peers = [
        baseline(size),
        eager(tasks, "two single-task networks", size),
        eager([BaselineLoop(LrAspp())], "LR-ASPP MobileNetV3-large, classes only", size),
    ]
    return with_ratio(run_interleaved([*peers, *all_of_ours(size, models)[0]], rounds))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=image_size, default=(400, 1024), metavar="HxW")
    parser.add_argument("--models", nargs="+", default=[""], metavar="DIR")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    columns = ("backend", "precision", "variant", "size", "p50_ms", "p95_ms", "p99_ms", "ratio", "stages")
    show(measure(options.size, options.models, options.rounds), options.json, columns)


if __name__ == "__main__":
    raise SystemExit(run(main, "error"))
