# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Between networks in PyTorch and bundles on disk, the graph that a CPU runs included. Needs torch and openvino."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from mt_perception.model.bundle import OPENVINO_GRAPH, WEIGHTS, Bundle, load_bundle, new_bundle
from mt_perception.model.card import BundleCard, BundleError, TrainingCamera
from mt_perception.model.spec import InputSpec, NetworkSpec
from mt_perception.network.cost import multiply_adds
from mt_perception.network.cpu_graph import CpuGraph
from mt_perception.network.fp16_rounding import halve, load, rounded, stored
from mt_perception.network.graph import DeployedGraph
from mt_perception.network.graph_file import save_graph, share_constants
from mt_perception.network.multitask import MultiTaskNetwork, build_network
from mt_perception.types import OUTPUTS


def export_openvino(graph: DeployedGraph, path: Path, example_size: tuple[int, int] = (64, 128)) -> None:
    """Write `path` (.xml) and its constants beside it (.bin). The exported graph takes images of any size."""
    import openvino as ov

    height, width = example_size
    example: tuple[torch.Tensor, ...] = torch.zeros(1, height, width, 3, dtype=torch.uint8), torch.ones(1)
    shapes: list[list[int]] = [[1, -1, -1, 3], [1]]
    if graph.has_rays:
        example, shapes = (*example, torch.tensor([[width, width, width / 2, height / 2]])), [*shapes, [1, 4]]
    with torch.no_grad(), warnings.catch_warnings():
        # torch.jit is deprecated, and warns of branches on sizes: those of timm hold for the example as for any size
        for category in (FutureWarning, DeprecationWarning, torch.jit.TracerWarning):
            warnings.simplefilter("ignore", category)
        # the converter's own tracing takes three times as long
        traced = torch.jit.trace(graph.eval(), example, check_trace=False)
        model = ov.convert_model(traced, example_input=example, input=shapes)
    for port, name in zip(model.inputs, ("image", "depth_scale", "camera")[: len(shapes)], strict=True):
        port.get_tensor().set_names({name})
    for port, name in zip(model.outputs, OUTPUTS, strict=True):
        port.get_tensor().set_names({name})
    halve(model)
    save_graph(model, path)


def write_bundle(network: MultiTaskNetwork, directory: Path, facts: Mapping[str, Any], inputs: InputSpec) -> Bundle:
    """Write a complete bundle: weights, CPU graph and card. `facts` are the card's fields that only training knows.

    It appears at once or not at all; an existing bundle at `directory` is replaced.
    """
    network = rounded(network)
    card = BundleCard(
        network=network.spec,
        input=inputs,
        parameters=sum(each.numel() for each in network.parameters()),
        gmacs=round(multiply_adds(network, (inputs.height, inputs.width)) / 1e9, 3),
        **facts,
    )
    with new_bundle(directory, card) as folder:
        save_file(stored(network), folder / WEIGHTS)
        export_openvino(CpuGraph(network, inputs, card.labels.sky_id), folder / OPENVINO_GRAPH)
        share_constants(folder)
    return load_bundle(directory)


def write_untrained(directory: Path, name: str, spec: NetworkSpec, size: tuple[int, int], seed: int = 0) -> Bundle:
    """A bundle with random weights for images of `size` (height, width); the same seed gives the same weights."""
    torch.manual_seed(seed)
    height, width = size
    facts = {
        "name": f"untrained-{name}",
        "trained": False,
        # a lens of about 60 degrees, until training says otherwise
        "training_camera": TrainingCamera(fx_px=0.87 * width, width_px=width),
        "data": "none: random weights",
        "license": "Apache-2.0",
    }
    return write_bundle(build_network(spec), directory, facts, InputSpec(width=width, height=height))


def read_network(bundle: Bundle) -> MultiTaskNetwork:
    """The network of a bundle with its weights, in evaluation mode on the CPU.

    Raises `BundleError` for an imported one, of which there is only the graph.
    """
    if bundle.card.imported:
        raise BundleError(f"the model {bundle.folder} was imported: there is its graph alone, and none in PyTorch")
    network = build_network(bundle.card.network)
    weights = load_file(bundle.file(WEIGHTS))
    weights.pop(OPENVINO_GRAPH, None)  # what its graph alone needs
    load(network, weights)
    return network.eval()
