# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Losses of the two tasks. Each counts only where there is truth, so that samples with labels, with depth and with
both can share a batch (the asymmetric annotations of arXiv 1809.04766)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mt_perception.network.depth_encodings import DepthEncoding
from mt_perception_training.recipe import Losses
from mt_perception_training.superclasses import Targets

LOVASZ_PIXELS = 40_000
"""About so many pixels of a batch take part in the IoU loss."""


class MultiTaskLoss(nn.Module):
    """The weighted sum of both tasks, and its parts by name."""

    table: Tensor
    members: Tensor
    weights: Tensor

    def __init__(self, options: Losses, encoding: DepthEncoding, targets: Targets) -> None:
        super().__init__()
        self._options, self._encoding = options, encoding
        weights = targets.weights(options.class_weights)
        for name, array in (("table", targets.table), ("members", targets.members), ("weights", weights)):
            self.register_buffer(name, torch.from_numpy(array), persistent=False)
        # log variances of the tasks (Kendall et al., arXiv 1705.07115); fixed at zero, they change nothing
        self.log_variances = nn.Parameter(torch.zeros(2), requires_grad=options.uncertainty)

    def forward(
        self, logits: Tensor, encoded: Tensor | None, batch: dict[str, Tensor], lovasz: float = 0.0
    ) -> dict[str, Tensor]:
        """logits (N, C, h, w), encoded (N, 1, h, w), targets of the same size -> `loss` and its parts, scalars.

        `lovasz`: weight of the IoU loss, which is left out at 0. A network without depth has None for it.
        """
        options = self._options
        target = self.table[batch["labels"].long()]
        parts = {"segmentation": segmentation_loss(logits, target, self.members, self.weights, options.label_smoothing)}
        if lovasz:
            parts["lovasz"] = lovasz_loss(logits, target, self.members)
        if encoded is not None:
            target_m, metric = batch["depth_m"], batch["metric"]
            if not self._encoding.is_logarithmic:  # elsewhere an unknown factor is no constant
                target_m = torch.where(metric[:, None, None], target_m, torch.nan)
            error = depth_error(encoded[:, 0], self._encoding.encode(target_m), metric)
            parts["depth"] = depth_loss(error, options.depth_kind)
            if options.depth_gradient:
                parts["depth_gradient"] = gradient_loss(error)
        if encoded is not None and options.smoothness:
            parts["smoothness"] = smoothness_loss(encoded[:, 0], target)
        labels = options.segmentation * parts["segmentation"] + lovasz * parts.get("lovasz", 0.0)
        depth = parts.get("depth", 0.0) + options.depth_gradient * parts.get("depth_gradient", 0.0)
        depth = options.depth * depth + options.smoothness * parts.get("smoothness", 0.0)
        precise = (-self.log_variances).exp()
        return {"loss": precise[0] * labels + precise[1] * depth + 0.5 * self.log_variances.sum(), **parts}


def segmentation_loss(logits: Tensor, target: Tensor, members: Tensor, weights: Tensor, smoothing: float) -> Tensor:
    """Cross-entropy in which a target may be a superclass: minus the log of its members' summed probability.

    logits (N, C, h, w); target (N, h, w) row of `members` (rows, C) and `weights` (rows,), -1 without truth.
    """
    log_p = F.log_softmax(logits, 1)
    classes = log_p.shape[1]
    superclasses = [log_p[:, row].logsumexp(1, keepdim=True) for row in members[classes:]]
    picked = torch.cat([log_p, *superclasses], 1).gather(1, target.clamp(min=0)[:, None])[:, 0]
    loss = -picked if not smoothing else -(1 - smoothing) * picked - smoothing * log_p.mean(1)
    weight = torch.where(target >= 0, weights[target], 0.0)
    return (loss * weight).sum() / weight.sum().clamp(min=1e-6)


def lovasz_loss(logits: Tensor, target: Tensor, members: Tensor) -> Tensor:
    """A smooth stand-in for 1 - mean IoU over the rows of `members` present in the batch (arXiv 1705.08790).

    It sorts pixels once per row, so of very many pixels only every n-th is taken.
    """
    known = (target >= 0).flatten().nonzero()[:, 0]
    known = known[:: 1 + len(known) // LOVASZ_PIXELS]
    truth = target.flatten()[known]
    probabilities = logits.softmax(1).permute(0, 2, 3, 1).flatten(0, 2)[known] @ members.float().T  # (pixels, rows)
    losses = [_lovasz_of_row((truth == row).float(), probabilities[:, row]) for row in truth.unique().tolist()]
    return torch.stack(losses).mean() if losses else logits.sum() * 0


def _lovasz_of_row(truth: Tensor, probability: Tensor) -> Tensor:
    errors, order = (truth - probability).abs().sort(descending=True)
    truth = truth[order]
    intersection = truth.sum() - truth.cumsum(0)
    union = truth.sum() + (1 - truth).cumsum(0)
    jaccard = 1 - intersection / union
    return errors @ torch.diff(jaccard, prepend=jaccard.new_zeros(1))


def depth_error(encoded: Tensor, target: Tensor, metric: Tensor) -> Tensor:
    """(N, h, w) encoded depth less `target`; NaN, without a gradient, where the target is.

    Where `metric` (N,) is False, truth is known up to a factor alone: the median error of the sample is taken off.
    """
    known = target.isfinite()
    error = encoded - target.nan_to_num()
    masked = torch.where(known, error.detach(), torch.nan).flatten(1)
    offset = torch.where(metric, 0.0, masked.nanmedian(1).values.nan_to_num())
    return torch.where(known, error - offset[:, None, None], torch.nan)


def depth_loss(error: Tensor, kind: str) -> Tensor:
    """The mean over the samples with depth of each one's mean penalty; zero, with zero gradients, without any.

    Per sample, since a laser's few hundred points would count for nothing beside a sample that is known everywhere.
    """
    return _mean_over_samples(error, _PENALTIES[kind])


def gradient_loss(error: Tensor, scales: int = 3) -> Tensor:
    """How much the error changes from pixel to pixel, at strides 1, 2, 4, ...: small only where edges are right.

    The multi-scale gradient matching of MegaDepth (arXiv 1804.00607) and MiDaS (1907.01341). error: (N, h, w).
    """
    total = error.new_zeros(())
    for scale in range(scales):
        coarse = error[:, :: 2**scale, :: 2**scale]
        for axis in (1, 2):
            if coarse.shape[axis] > 1:
                total = total + _mean_over_samples(coarse.diff(dim=axis), torch.abs)
    return total / scales


def _mean_over_samples(values: Tensor, penalty: Callable[[Tensor], Tensor]) -> Tensor:
    """(N, ...) with NaN where nothing is known -> the mean of the means of those samples where something is."""
    known = values.isfinite()
    sums = torch.where(known, penalty(torch.where(known, values, 0.0)), 0.0).flatten(1).sum(1)
    counts = known.flatten(1).sum(1)
    return (sums / counts.clamp(min=1)).sum() / (counts > 0).sum().clamp(min=1)


def smoothness_loss(encoded: Tensor, target: Tensor) -> Tensor:
    """How much encoded depth bends inside a segment: the mean absolute second difference along rows and columns.

    Only where three pixels in line have one known label (`target`, -1 without): depth may jump where the label
    changes, and a slope costs nothing. It needs no depth truth. encoded, target: (N, h, w).
    """
    total, count = encoded.new_zeros(()), encoded.new_zeros(())
    for axis in (1, 2):
        length = target.shape[axis] - 2
        if length < 1:
            continue
        a, b, c = (encoded.narrow(axis, start, length) for start in range(3))
        first, middle, last = (target.narrow(axis, start, length) for start in range(3))
        inside = (first == middle) & (middle == last) & (middle >= 0)
        total = total + torch.where(inside, (a - 2 * b + c).abs(), 0.0).sum()
        count = count + inside.sum()
    return total / count.clamp(min=1)


def _berhu(error: Tensor) -> Tensor:
    """L1 for small errors, quadratic beyond a fifth of the largest (arXiv 1606.00373)."""
    size = error.abs()
    threshold = (0.2 * size.max()).clamp(min=1e-6).detach()
    return torch.where(size <= threshold, size, (error.square() + threshold.square()) / (2 * threshold))


_PENALTIES: dict[str, Callable[[Tensor], Tensor]] = {"mse": torch.square, "l1": torch.abs, "berhu": _berhu}
