# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A description of a network to fill in, as far as its file tells. Needs the package onnx."""

from __future__ import annotations

from pathlib import Path

from mt_perception.foreign.network_file import NetworkFile, Port

_HEAD = """\
# {path} (opset {opset})
#   in:  {inputs}
#   out: {outputs}
# What ONNX does not tell is guessed here. Correct it by what its authors say, save it as {spec}, then:
#   mt-perception import {path} --spec {spec} --out {stem}-model
input:
  name: {name}
  layout: {layout}              # NCHW or NHWC
  channels: {channels}             # rgb, bgr or mono
  range: [0.0, 1.0]         # what pixel values of 0 and 255 become
  mean: [0.485, 0.456, 0.406]   # then taken off: ImageNet's; [0.0] for none
  std: [0.229, 0.224, 0.225]    # then divided by; [1.0] for none
  width: {width}                # px, at which the network sees well
  height: {height}
  # the camera that depth was learned with, in px of this input:
  # camera: {{width: {width}, height: {height}, fx_px: 500, fy_px: 500, cx_px: 320, cy_px: 190}}
"""
_SEGMENTATION = """\
# its classes: cityscapes, camvid, idd_lite, a FILE.yaml, or
# labels: {{name: mine, labels: [{{name: grass, color: [0, 160, 0]}}, {{name: sky}}], sky: sky}}
labels: cityscapes
segmentation:
  name: {name}
  meaning: {meaning}           # logits, probabilities, or labels: a map of numbers
  # what each channel, or number, stands for, 255 for no class; by default the classes of labels in their order:
  # train_ids: [0, 1, 255]
"""
_DEPTH = """\
depth:
  name: {name}
  meaning: metres           # metres, inverse (1/m), disparity (factor: focal length in px times baseline in m)
  factor: 1.0               # metres = factor * (value + offset), of inverse and disparity factor / (value + offset)
  offset: 0.0
  valid_m: [0.1, 100.0]     # outside of it the network knows nothing
"""
_TERMS = "terms: unknown              # the licence of the network and its weights\n"


def skeleton(path: Path) -> str:
    """The inputs and outputs of the network, and a description as YAML. Raises `DescriptionError` for what is none."""
    network = NetworkFile(path)
    image, *_ = network.inputs or [Port("image", (1, 3, None, None), "float32")]
    layout = "NHWC" if len(image.shape) == 4 and image.shape[3] in (1, 3) and image.shape[1] not in (1, 3) else "NCHW"
    axes = dict(zip(layout, image.shape, strict=False)) if len(image.shape) == 4 else {}
    text = _HEAD.format(
        path=path,
        opset=network.opset,
        inputs="; ".join(map(str, network.inputs)) or "none",
        outputs="; ".join(map(str, network.outputs)),
        spec=f"{path.stem}.yaml",
        stem=path.stem,
        name=image.name,
        layout=layout,
        channels="mono" if axes.get("C") == 1 else "rgb",
        width=axes.get("W") or 640,
        height=axes.get("H") or 384,
    )
    parts = {_is_depth(port, layout): port for port in reversed(network.outputs)}
    if port := parts.get(False):
        is_map = "int" in port.dtype
        text += _SEGMENTATION.format(name=port.name, meaning="labels" if is_map else "logits")
    if port := parts.get(True):
        text += _DEPTH.format(name=port.name)
    return text + _TERMS


def _is_depth(port: Port, layout: str) -> bool:
    """Whether it has the look of depth: one plane of numbers that are no integers."""
    channels = port.shape[layout.index("C")] if len(port.shape) == 4 else 1
    return channels == 1 and "float" in port.dtype
