# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Encoders of timm (https://github.com/huggingface/pytorch-image-models), the Twins transformers among them."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from mt_perception.model.spec import SpecError


class TimmEncoder(nn.Module):
    """Any model of timm that gives feature maps at strides 4, 8, 16 and 32."""

    strides = (4, 8, 16, 32)
    multiple = 32  # transformers cut an image into patches, and leave out what is no whole patch

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        everything = timm_features(name)
        reductions = everything.feature_info.reduction()
        if missing := [stride for stride in self.strides if stride not in reductions]:
            raise SpecError(f"timm's {name} has maps at strides {reductions}; the decoders need {missing[0]} too")
        # of several maps at a stride the last, as is usual
        self.indices = [len(reductions) - 1 - reductions[::-1].index(stride) for stride in self.strides]
        self.body = timm_features(name, out_indices=self.indices)
        self.channels = tuple((count,) for count in self.body.feature_info.channels())

    def forward(self, image: Tensor) -> list[list[Tensor]]:
        return [[each] for each in self.body(image)]


def timm_features(name: str, **options: Any) -> Any:
    """timm's model `name` as an extractor of feature maps. Raises `SpecError` where there is none."""
    try:
        import timm
    except ImportError:
        text = "which is not installed: pip install 'mt_perception[networks]'"
        raise SpecError(f"the encoder {name} needs the Python package timm, {text}") from None
    if not timm.is_model(name):
        raise SpecError(f"timm {timm.__version__} has no model {name!r}; timm.list_models() names those it has")
    try:
        return timm.create_model(name, features_only=True, **options)
    except (RuntimeError, AttributeError, AssertionError, NotImplementedError) as error:
        raise SpecError(f"timm's {name} gives no feature maps ({type(error).__name__}: {error})") from error
