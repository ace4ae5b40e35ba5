"""Scores of several data sets side by side, each in the classes that its truth tells apart."""

from __future__ import annotations

import math

import torch

from mt_perception.datasets.groups import COARSE
from mt_perception.datasets.holdout import dataset_of
from mt_perception.datasets.sample import Sample
from mt_perception.geometry import Fit
from mt_perception.metrics import DepthScores, SegmentationScores
from mt_perception.network.graph import DeployedGraph
from mt_perception.row_prior import RowPrior, SkillScores
from mt_perception.types import CameraModel, DepthMap, Frame, Mask


class Scoreboard:
    """Collects predictions. A data set with coarser classes is scored in these: truth and prediction are folded."""

    def __init__(self) -> None:
        self.labels: dict[str, SegmentationScores] = {}
        self.depths: dict[str, DepthScores] = {}
        self.skills: dict[str, SkillScores] = {}
        self.about: dict[str, dict[str, str]] = {}
        """Of each data set what was scored (`split`), and what its depth is compared with (`row_table`)."""

    def add(self, dataset: str, sample: Sample, mask: Mask, depth_m: DepthMap, prior: RowPrior | None = None) -> None:
        """One sample of `dataset` with its prediction, both at the sample's size. `prior`: what depth has to beat."""
        if sample.labels is not None:
            coarse = COARSE.get(dataset_of(dataset))
            scores = self.labels.setdefault(dataset, SegmentationScores(len(coarse.names) if coarse else 19))
            fold = coarse.fold() if coarse else None
            scores.update(*(each if fold is None else fold[each] for each in (mask, sample.labels)))
        if sample.depth_m is not None:
            self.depths.setdefault(dataset, DepthScores()).update(depth_m, sample.depth_m)
            if prior and sample.camera:
                skill = self.skills.setdefault(dataset, SkillScores())
                skill.update(depth_m, sample.depth_m, prior.predict(sample.camera))

    def summary(self) -> dict[str, float]:
        """The main scores, as they stand in a model's card: `camvid_miou`, `city_abs_rel`, ..."""
        values = {f"{name}_miou": scores.miou for name, scores in self.labels.items()}
        for name, scores in self.depths.items():
            values |= {f"{name}_{key}": scores.summary()[key] for key in ("abs_rel", "rmse", "delta1", "spearman")}
        for name, skill in self.skills.items():
            values |= {f"{name}_{key}": value for key, value in skill.summary().items()}
        return values


def overall(scores: dict[str, float]) -> float:
    """One number that rises as the scores improve: the mean IoUs, less the relative errors of depth, if known."""
    known = {name: value for name, value in scores.items() if math.isfinite(value)}
    gains = sum(value for name, value in known.items() if name.endswith("_miou"))
    return gains - sum(value for name, value in known.items() if is_abs_rel(name))


def is_abs_rel(name: str) -> bool:
    """Whether a score of `Scoreboard.summary` is the error of predicted depth, not that of the row table."""
    return name.endswith("_abs_rel") and not name.endswith("_prior_abs_rel")


@torch.no_grad()
def predict(graph: DeployedGraph, sample: Sample, size: tuple[int, int], fx_px: float) -> tuple[Mask, DepthMap]:
    """What the deployed model of `size` (height, width) and training focal length `fx_px` will say of the sample."""
    fit = Fit.letterbox(sample.size, size)
    scale = fit.camera(sample.camera).fx_px / fx_px if sample.camera else 1.0
    image = torch.from_numpy(fit.apply(Frame(sample.image)))[None].to(graph.gain.device)
    camera = torch.tensor([fit.camera(sample.camera or CameraModel.assumed(sample.size)).intrinsics])
    mask, _, depth_m = graph(image, torch.tensor([scale], device=image.device), camera.to(image.device))
    return fit.undo(mask.cpu().numpy()), fit.undo(depth_m.float().cpu().numpy())
