# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Folds batch norm and rounds weights to fp16 once, so that all exports hold the same numbers."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from mt_perception.network.folding import conv_norm_pairs
from mt_perception.network.multitask import MultiTaskNetwork

_IDLE = "weight", "running_mean", "running_var", "num_batches_tracked"
"""What says nothing in a batch norm that is folded into the convolution before it."""


def rounded(network: MultiTaskNetwork) -> MultiTaskNetwork:
    """A copy for deployment: batch norm folded into the convolutions, every weight rounded to half precision.

    All that is made of it (the stored weights, the graphs) then holds the same numbers, and needs half the bytes. The
    batch norms stay, idle but for their bias, so that the names of the weights do not change.
    """
    network = copy.deepcopy(network).cpu().float().eval()
    with torch.no_grad():
        for names in conv_norm_pairs(network):
            _fold(*map(network.get_submodule, names))  # type: ignore[arg-type]
        for weight in network.parameters():
            weight.copy_(weight.half())
    return network


def _fold(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    """The norm keeps the bias, which the convolution has no place for, and multiplies by exactly 1."""
    statistics = norm.running_mean, norm.running_var, norm.eps
    weight, bias = fuse_conv_bn_weights(conv.weight, conv.bias, *statistics, norm.weight, norm.bias)  # type: ignore[arg-type]
    conv.weight.copy_(weight)
    norm.bias.copy_(bias if conv.bias is None else torch.zeros_like(bias))
    if conv.bias is not None:
        conv.bias.copy_(bias)
    _make_idle(norm)


def _make_idle(norm: nn.BatchNorm2d) -> None:
    norm.weight.data.fill_(1)
    norm.running_mean.zero_()  # type: ignore[union-attr]
    norm.running_var.fill_(1 - norm.eps)  # type: ignore[union-attr]


def is_idle(norm: nn.BatchNorm2d) -> bool:
    """Whether it multiplies by 1 and takes nothing away, as folded ones do. It may still add a bias."""
    assert norm.running_mean is not None and norm.running_var is not None
    varies = (norm.running_var + norm.eps - 1).abs().max() < 1e-6
    return bool((norm.weight == 1).all() and (norm.running_mean == 0).all() and varies)


def stored(network: MultiTaskNetwork) -> dict[str, Tensor]:
    """Its weights by name, those in half precision that lose nothing by it; of idle batch norms the bias alone."""
    idle = {f"{name}.{part}" for name, norm in _norms(network) if is_idle(norm) for part in _IDLE}
    return {name: _half(each) for name, each in network.state_dict().items() if name not in idle}


def load(network: MultiTaskNetwork, weights: dict[str, Tensor]) -> None:
    """The inverse of `stored`, in place. Raises `RuntimeError` for the weights of another network."""
    for name, norm in _norms(network):
        if not any(f"{name}.{part}" in weights for part in _IDLE):
            _make_idle(norm)
            weights = weights | {f"{name}.{part}": getattr(norm, part) for part in _IDLE}
    network.load_state_dict(weights)


def _norms(network: nn.Module) -> list[tuple[str, nn.BatchNorm2d]]:
    return [(name, each) for name, each in network.named_modules() if isinstance(each, nn.BatchNorm2d)]


def _half(weight: Tensor) -> Tensor:
    return weight.half() if _survives(weight) else weight


def _survives(weight: Tensor) -> bool:
    return weight.is_floating_point() and torch.equal(weight.half().float(), weight)


def halve(model: Any) -> None:
    """The same for the constants of an OpenVINO model, in place; the runtime makes them fp32 again when it loads."""
    import openvino as ov
    from openvino import opset13 as ops

    for node in [each for each in model.get_ops() if each.get_type_name() == "Constant"]:
        if node.get_element_type() != ov.Type.f32:
            continue
        users = node.output(0).get_target_inputs()
        half = node.data.astype(np.float16)
        if node.data.size > 1 and (half.astype(np.float32) == node.data).all():
            whole = ops.convert(ops.constant(half), "f32")
            whole.set_friendly_name(node.get_friendly_name())
            for user in users:
                user.replace_source_output(whole.output(0))
