# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A graph of OpenVINO on disk: no blanks in its text, no number in it that the weights hold. Imports no torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from safetensors.numpy import load, save_file

from mt_perception.model.bundle import OPENVINO_GRAPH, WEIGHTS, Bundle

_SHARED_TYPES = {"f16": "float16", "f32": "float32"}
_PREFIX = "__module.network."
_ALIGNMENT = 8  # bytes of the widest numbers in a graph


def read_graph(core: Any, bundle: Bundle, name: str) -> Any:
    """The OpenVINO model `name` (.xml) of a bundle, by an `openvino.Core`, which raises `RuntimeError` if it cannot."""
    return core.read_model(bundle.file(name), bundle.constants(name))


def save_graph(model: Any, path: Path) -> None:
    """Write an OpenVINO model to `path` (.xml) and its constants beside it (.bin), every number as it is."""
    import openvino as ov

    ov.save_model(model, path, compress_to_fp16=False)  # that would also round what does not survive it
    _write(_parsed(path), path)


def share_constants(folder: Path) -> None:
    """Let the fp32 graph in a bundle's `folder` read its constants out of the weights; its .bin is deleted.

    What is not among the weights byte by byte, a few kB, becomes one more tensor there, of the graph's name. A graph
    that shares its constants already is left as it is.
    """
    path, weights = folder / OPENVINO_GRAPH, folder / WEIGHTS
    beside = path.with_suffix(".bin")
    if not beside.is_file():
        return
    graph, tensors = _parsed(path), load(weights.read_bytes())
    constants = [layer.find("data").attrib for layer in graph.iter("layer") if layer.get("type") == "Const"]  # type: ignore[union-attr]
    own, places = _placed(constants, beside.read_bytes(), tensors)
    save_file(tensors | {path.name: np.frombuffer(own, np.int64)}, weights)
    begins = _begins(weights)
    for each, (name, offset) in zip(constants, places, strict=True):
        each["offset"] = str(begins[name] + offset)
    _write(graph, path)
    beside.unlink()


def _parsed(path: Path) -> ElementTree.Element:
    return ElementTree.parse(path).getroot()  # noqa: S314  OpenVINO has just written it


def _placed(
    constants: list[dict[str, str]], content: bytes, tensors: dict[str, np.ndarray]
) -> tuple[bytes, list[tuple[str, int]]]:
    """What no tensor holds, and for each constant the tensor that holds it, with the offset therein."""
    held = {(each.dtype.name, each.tobytes()): name for name, each in tensors.items()}
    own, starts, places = bytearray(), dict[bytes, int](), []
    for each in constants:
        begin = int(each["offset"])
        part = content[begin : begin + int(each["size"])]
        if name := held.get((_SHARED_TYPES.get(each["element_type"], ""), part)):
            places.append((name, 0))
            continue
        if part not in starts:
            starts[part] = len(own)
            own += part + bytes(-len(part) % _ALIGNMENT)
        places.append((OPENVINO_GRAPH, starts[part]))
    return bytes(own), places


def _begins(weights: Path) -> dict[str, int]:
    """Where in a safetensors file each tensor begins: the file is the header's length, the header, and the numbers."""
    with weights.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    return {name: 8 + length + each["data_offsets"][0] for name, each in header.items() if name != "__metadata__"}


def _write(graph: ElementTree.Element, path: Path) -> None:
    """Without a fifth of the text that nobody reads: blanks between elements, and names that a converter counted up."""
    for each in graph.iter():
        each.tail = None
        each.text = (each.text or "").strip() or None
        if each.tag == "layer":
            each.set("name", each.get("name", "").removeprefix(_PREFIX))
        if each.tag == "port" and each.get("names", "").replace(",", "").isdigit():
            del each.attrib["names"]
    ElementTree.ElementTree(graph).write(path, encoding="utf-8", xml_declaration=True)
