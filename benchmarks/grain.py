# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What it costs to decide labels for squares of two pixels instead of each: mIoU, and how well boundaries are met.

    python benchmarks/grain.py CAMVID [--models street street-fast] [--split val] [--every 1]

On images of CamVid, in fp32. The boundary F-score counts a boundary pixel as met where the other's boundary is at most
3 pixels away, at the size of the truth (Csurka et al., BMVC 2013). `changed` is the share of pixels with another label.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from mt_perception.bench.interleaved import BenchError
from mt_perception.bench.table import show
from mt_perception.datasets.sample import Reader, labels_of
from mt_perception.datasets.splits import split_readers
from mt_perception.geometry import LetterBox
from mt_perception.metrics.label_mapping import Comparison
from mt_perception.metrics.scores import SegmentationScores
from mt_perception.model.bundle import Bundle, open_model
from mt_perception.network.export import read_network
from mt_perception.network.graph import DeployedGraph
from mt_perception.types import Camera, Frame, Mask
from mt_perception.utils.entry import run

_REACH_PX = 3


class BoundaryScore:
    """F of precision and recall of boundary pixels, over all images together."""

    def __init__(self) -> None:
        self._met, self._all = np.zeros(2), np.zeros(2)

    def update(self, predicted: Mask, truth: Mask) -> None:
        """Add one image: two (H, W) masks."""
        ours, true = boundary(predicted), boundary(truth)
        self._met += [(ours & near(true)).sum(), (true & near(ours)).sum()]
        self._all += [ours.sum(), true.sum()]

    @property
    def f(self) -> float:
        """2 P R / (P + R)."""
        precision, recall = self._met / np.maximum(self._all, 1)
        return float(2 * precision * recall / max(precision + recall, 1e-9))


def boundary(mask: Mask) -> NDArray[np.uint8]:
    """(H, W) 1 where the pixel to the left or above has another label."""
    found = np.zeros(mask.shape, np.uint8)
    found[:, 1:] |= mask[:, 1:] != mask[:, :-1]
    found[1:] |= mask[1:] != mask[:-1]
    return found


def near(found: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W) 1 within a square of `_REACH_PX` around what was found."""
    return cv2.dilate(found, np.ones((2 * _REACH_PX + 1,) * 2, np.uint8))  # type: ignore[return-value]


def measure(bundle: Bundle, reader: Reader, every: int) -> list[dict[str, object]]:
    """A row for labels of single pixels, and one for those of squares."""
    graph = DeployedGraph(read_network(bundle), bundle.card.input, bundle.card.labels.sky_id)
    size, grains = (bundle.card.input.height, bundle.card.input.width), (1, graph.grain)
    scores = [SegmentationScores(Comparison(bundle.card.labels, labels_of(reader))) for _ in grains]
    boundaries, changed = [BoundaryScore() for _ in grains], []
    for index in tqdm(range(0, len(reader), every), desc=bundle.card.name):
        sample = reader[index]
        assert sample.labels is not None
        box = LetterBox.fit(sample.size, size)
        image = torch.from_numpy(box.apply(Frame(sample.image)))[None]
        camera = torch.tensor([box.camera(sample.camera or Camera.assumed(sample.size)).intrinsics])
        masks = []
        for graph.grain in grains:
            with torch.no_grad():
                mask = graph.select(image, torch.ones(1), ("mask",), camera)["mask"].numpy()
            masks.append(box.inverse(mask))
        changed.append(float(np.mean(masks[0] != masks[1])))
        for mask, score, edge in zip(masks, scores, boundaries, strict=True):
            score.update(mask, sample.labels)
            edge.update(mask, sample.labels)
    changes = (0.0, float(np.mean(changed)))
    return [
        {
            "model": bundle.card.name,
            "labels_of": f"{grain}x{grain}",
            "images": len(changed),
            "miou_percent": 100 * score.miou,
            "boundary_f": f"{edge.f:.4f}",
            "changed_percent": 100 * change,
        }
        for grain, score, edge, change in zip(grains, scores, boundaries, changes, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("camvid", type=Path)
    parser.add_argument("--models", nargs="+", default=["street", "street-fast"])
    parser.add_argument("--split", default="val")
    parser.add_argument("--every", type=int, default=1, help="take every so manyth image")
    options = parser.parse_args()
    if options.every < 1:
        raise BenchError(f"every is {options.every}; allowed: 1 or more")
    reader = split_readers({"camvid": options.camvid}, options.split, {}, taught=False)["camvid"]
    show([row for model in options.models for row in measure(open_model(model), reader, options.every)])


if __name__ == "__main__":
    raise SystemExit(run(main, "error"))
