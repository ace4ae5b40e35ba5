# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Networks from other hands in ONNX: labels by torchvision, depth by timm; and tiny ones, to reckon by hand."""

from __future__ import annotations

import warnings

import yaml

SIZE = (96, 160)
NAMES = [f"class {each}" for each in range(7)]
SEGMENTATION = {
    "input": {
        "name": "input",
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
        "height": SIZE[0],
        "width": SIZE[1],
    },
    "labels": {"name": "seven", "labels": [{"name": name} for name in NAMES]},
    "segmentation": {"meaning": "logits"},
    "terms": "BSD-3-Clause",
}
CAMERA = {"width": SIZE[1], "height": SIZE[0], "fx_px": 150.0, "fy_px": 150.0, "cx_px": 79.5, "cy_px": 47.5}
DEPTH = {
    "input": {"name": "input", "range": [-1.0, 1.0], "channels": "bgr", "camera": CAMERA},
    "depth": {"meaning": "disparity", "factor": 8.0, "valid_m": [8.5, 15.0]},
}


def write_segmentation(path):
    """torchvision's LR-ASPP over MobileNetV3-large, of any size, with random weights that say many things."""
    from torch import nn
    from torchvision.models.segmentation import lraspp_mobilenet_v3_large

    class Scores(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=len(NAMES))

        def forward(self, image):
            return 3 * _spread(self.network(image)["out"])

    return _exported(Scores(), path, {"input": {2: "height", 3: "width"}})


def write_depth(path):
    """A disparity between 0 and 1 at a quarter of the size, by timm's MobileNetV3-small."""
    import timm
    import torch
    from torch import nn

    class Disparity(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = timm.create_model("mobilenetv3_small_050", features_only=True, pretrained=False)
            self.head = nn.Conv2d(self.encoder.feature_info.channels()[1], 1, 1)

        def forward(self, image):
            return torch.sigmoid(2 * _spread(self.head(self.encoder(image)[1])))

    return _exported(Disparity(), path, None)


def write_tiny(path, nodes, outputs, shape=(1, 3, 32, 64), opset=13, inputs=("image",), kind="FLOAT"):
    """`nodes`, each (operator, inputs, output, attributes); `outputs` by name with (type, shape).

    An input of a node that is no name is a constant.
    """
    import numpy as np
    import onnx

    constants, made = [], []
    for operator, read, written, attributes in nodes:
        names = []
        for each in read:
            if not isinstance(each, str):
                constants.append(onnx.numpy_helper.from_array(np.asarray(each), f"c{len(constants)}"))
                each = constants[-1].name
            names.append(each)
        made.append(onnx.helper.make_node(operator, names, [written], **attributes))
    fed = getattr(onnx.TensorProto, kind)
    entry = [onnx.helper.make_tensor_value_info(name, fed, shape) for name in inputs]
    results = [onnx.helper.make_tensor_value_info(name, getattr(onnx.TensorProto, of_kind), of)
               for name, (of_kind, of) in outputs.items()]  # fmt: skip
    is_old = opset < 13  # constants were inputs then
    entry += [onnx.helper.make_tensor_value_info(each.name, each.data_type, each.dims) for each in constants * is_old]
    graph = onnx.helper.make_graph(made, "tiny", entry, results, constants)
    operators = [onnx.helper.make_opsetid("", opset)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=operators, ir_version=3 if is_old else 8), path)
    return path


def write_spec(path, content):
    """A description, as YAML."""
    path.write_text(yaml.safe_dump(content))
    return path


def _spread(maps):
    """Each channel less its mean, over its deviation: random weights alone say but one thing everywhere."""
    apart = maps - maps.mean((2, 3), keepdim=True)
    return apart / apart.square().mean((2, 3), keepdim=True).sqrt()


def _exported(network, path, free):
    import torch

    torch.manual_seed(0)
    for layer in network.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network.train()
        for _ in range(4):  # statistics that fit the weights: else all of the image becomes one number
            network(torch.randn(2, 3, *SIZE))
        example = torch.zeros(1, 3, *SIZE)
        options = {"input_names": ["input"], "output_names": ["out"], "dynamic_axes": free, "opset_version": 17}
        torch.onnx.export(network.eval(), example, str(path), dynamo=False, **options)
    return path
