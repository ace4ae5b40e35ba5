"""Scores of several data sets side by side, each in the classes that its truth tells apart."""

from __future__ import annotations

import math

import torch

from mt_perception.datasets.groups import COARSE
from mt_perception.datasets.sample import Sample
from mt_perception.geometry import Fit
from mt_perception.metrics import DepthScores, SegmentationScores
from mt_perception.network.graph import DeployedGraph
from mt_perception.types import CameraModel, DepthMap, Frame, Mask


class Scoreboard:
    """Collects predictions. A data set with coarser classes is scored in these: truth and prediction are folded."""

    def __init__(self) -> None:
        self.labels: dict[str, SegmentationScores] = {}
        self.depths: dict[str, DepthScores] = {}

    def add(self, dataset: str, sample: Sample, mask: Mask, depth_m: DepthMap) -> None:
        """One sample of `dataset` with its prediction, both at the sample's size."""
        if sample.labels is not None:
            coarse = COARSE.get(dataset)
            scores = self.labels.setdefault(dataset, SegmentationScores(len(coarse.names) if coarse else 19))
            fold = coarse.fold() if coarse else None
            scores.update(*(each if fold is None else fold[each] for each in (mask, sample.labels)))
        if sample.depth_m is not None:
            self.depths.setdefault(dataset, DepthScores()).update(depth_m, sample.depth_m)

    def summary(self) -> dict[str, float]:
        """The main scores, as they stand in a model's card: `camvid_miou`, `city_abs_rel`, ..."""
        values = {f"{name}_miou": scores.miou for name, scores in self.labels.items()}
        for name, scores in self.depths.items():
            values |= {f"{name}_{key}": scores.summary()[key] for key in ("abs_rel", "rmse", "delta1", "spearman")}
        return values


def overall(scores: dict[str, float]) -> float:
    """One number that rises as the scores improve: the mean IoUs, less the relative errors of depth, if known."""
    signs = {"miou": 1, "abs_rel": -1}
    known = {name: value for name, value in scores.items() if math.isfinite(value)}
    return sum(signs.get(name.split("_", 1)[1], 0) * value for name, value in known.items())


@torch.no_grad()
def predict(graph: DeployedGraph, sample: Sample, size: tuple[int, int], fx_px: float) -> tuple[Mask, DepthMap]:
    """What the deployed model of `size` (height, width) and training focal length `fx_px` will say of the sample."""
    fit = Fit.letterbox(sample.size, size)
    scale = fit.camera(sample.camera).fx_px / fx_px if sample.camera else 1.0
    image = torch.from_numpy(fit.apply(Frame(sample.image)))[None].to(graph.gain.device)
    camera = torch.tensor([fit.camera(sample.camera or CameraModel.assumed(sample.size)).intrinsics])
    mask, _, depth_m = graph(image, torch.tensor([scale], device=image.device), camera.to(image.device))
    return fit.undo(mask.cpu().numpy()), fit.undo(depth_m.float().cpu().numpy())
