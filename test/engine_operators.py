"""Which operators a program holds, against those that Torch-TensorRT is known to take."""

from __future__ import annotations

import json
from pathlib import Path

import torch

FACTS = Path(__file__).parent / "backends" / "torch_tensorrt.json"
ATTENTION_ON_A_CPU = "aten._scaled_dot_product_flash_attention_for_cpu.default"
"""What PyTorch's decompositions make of attention here; Torch-TensorRT takes it as it is."""


def operators(program: torch.export.ExportedProgram) -> tuple[set[str], set[str]]:
    """The operators after PyTorch's core decompositions, and the types that are cast to."""
    nodes = [node for node in program.run_decompositions().graph.nodes if node.op == "call_function"]
    casts = {str(node.kwargs["dtype"]) for node in nodes if node.target is torch.ops.aten._to_copy.default}
    found = {str(node.target) for node in nodes} - {"<built-in function getitem>"}
    if ATTENTION_ON_A_CPU in found:
        found = found - {ATTENTION_ON_A_CPU} | {"aten.scaled_dot_product_attention.default"}
    return found, casts


def unsupported(program: torch.export.ExportedProgram) -> tuple[set[str], set[str]]:
    """Operators and casts that Torch-TensorRT does not list."""
    facts = json.loads(FACTS.read_text())
    found, casts = operators(program)
    known = {f"torch.{name}" for name in facts["casts"]}
    return found - set(facts["converters"]) - set(facts["rewritten"]), casts - known
