# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Which operators a program holds, against those that Torch-TensorRT is known to take."""

from __future__ import annotations

import json
from pathlib import Path

import torch

FACTS = Path(__file__).parent / "backends" / "torch_tensorrt.json"
ATTENTION = torch.ops.aten.scaled_dot_product_attention.default
"""Torch-TensorRT takes it whole; PyTorch would take it apart, on a CPU otherwise than on a GPU."""


def operators(program: torch.export.ExportedProgram) -> tuple[set[str], set[str]]:
    """The operators after PyTorch's core decompositions, and the types that are cast to."""
    apart = torch.export.default_decompositions()
    apart.pop(ATTENTION, None)
    nodes = [node for node in program.run_decompositions(apart).graph.nodes if node.op == "call_function"]
    casts = {str(node.kwargs["dtype"]) for node in nodes if node.target is torch.ops.aten._to_copy.default}
    return {str(node.target) for node in nodes} - {"<built-in function getitem>"}, casts


def unsupported(program: torch.export.ExportedProgram) -> tuple[set[str], set[str]]:
    """Operators and casts that Torch-TensorRT does not list."""
    facts = json.loads(FACTS.read_text())
    found, casts = operators(program)
    known = {f"torch.{name}" for name in facts["casts"]}
    return found - set(facts["converters"]) - set(facts["rewritten"]), casts - known
