# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""An encoder of two strides, and a decoder that adds them up."""

import torch
from torch import nn

from mt_perception.network.decoder import Head, upsample


class TinyEncoder(nn.Module):
    strides, channels, multiple = (4, 8), ((8,), (12,)), 1

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.ReLU())
        self.next = nn.Sequential(nn.Conv2d(8, 12, 3, 2, 1), nn.ReLU())

    def forward(self, image):
        height, width = image.shape[-2:]
        fine = self.stem(nn.functional.pad(image, (0, -width % 4, 0, -height % 4)))
        return [[fine], [self.next(fine)]]


class Added(nn.Module):
    def __init__(self, channels, spec):
        super().__init__()
        self.width = spec.decoder_width
        self.convs = nn.ModuleList(nn.Conv2d(sum(group), self.width, 1) for group in channels)

    def forward(self, maps):
        finest, *coarser = [conv(torch.cat(group, 1)) for conv, group in zip(self.convs, maps, strict=True)]
        return sum((upsample(each, finest.shape[-2:]) for each in coarser), finest)

    def head(self, task, outputs):
        return Head(self.width, outputs)
