# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Where the time of one frame goes: `mt-perception bench --layers`, from the backend's own counters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mt_perception.bench.interleaved import BenchError, Row
from mt_perception.bench.networks import WANTED, noise
from mt_perception.bench.table import table
from mt_perception.pipeline import Perceiver
from mt_perception.prediction import known_outputs
from mt_perception.settings import Settings

LAST_MILE, FIRST_STEP = "last mile", "input"
"""What surrounds the network in the deployed graph: from scores to finished results, and from bytes to its input."""
_MODULE = re.compile(r"\b(encoder|decoder|rays|heads)\b[.\[]")


def profile(settings: Settings, runs: int = 20, outputs: Sequence[str] = WANTED) -> Row:
    """The milliseconds of each layer, in the graph's order, their sum, and the p50 of the same without counters.

    Beside each stands `limit_ms`, by what this machine was seen to do in a millisecond (`per_ms`).

    Raises `BenchError` where the backend has no counters, and what `Perceiver.open` raises.
    """
    if runs < 1:
        raise BenchError(f"rounds is {runs}; allowed: 1 or more")
    perceiver = Perceiver.open(settings)
    backend: Any = perceiver.backend
    if not hasattr(backend, "layer_times"):
        raise BenchError(f"the backend {backend.name} does not tell the times of its layers; openvino does")
    outputs = known_outputs(outputs)
    perceiver.warm_up(outputs)
    frame_ms = perceiver.warm_up(outputs, runs)  # the median
    layers = backend.layer_times(noise(perceiver.size), outputs, runs)
    rates = backend.rates({each["arithmetic"] for each in layers if each["arithmetic"]})
    parts = parts_of([each["names"] for each in layers])
    return {
        "backend": backend.name,
        "precision": backend.precision,
        "model": perceiver.bundle.card.name,
        "size": f"{perceiver.size[0]}x{perceiver.size[1]}",
        "frame_p50_ms": frame_ms,
        "sum_ms": sum(each["ms"] for each in layers),
        "per_ms": rates,
        "layers": [
            {"part": part, **each, "limit_ms": limit_ms(each, rates)} for part, each in zip(parts, layers, strict=True)
        ],
    }


def limit_ms(layer: Row, rates: Mapping[str, float]) -> float:
    """The least a layer can take: its multiply-adds, or the bytes that go in and out, over the machine's rate of them.

    >>> limit_ms({"multiply_adds": 6e6, "arithmetic": "i8", "bytes": 1e4}, {"i8": 2e6, "bytes": 1e4})
    3.0
    """
    computing = layer["multiply_adds"] / rates[layer["arithmetic"]] if layer["arithmetic"] else 0.0
    return max(computing, layer["bytes"] / rates["bytes"])


def parts_of(names: Sequence[str]) -> list[str]:
    """The part of the network that each layer belongs to, told by the modules in its names, in the graph's order.

    A compiler renames and joins layers: one whose names tell nothing belongs to the part of the layer before it. What
    comes before the first module is the input, and what no module made after the heads is the last mile.

    >>> parts_of(["aten::pad/Pad", "encoder.body/Convolution", "Multiply_7", "heads.depth/Add", "aten::exp/Exp"])
    ['input', 'encoder', 'encoder', 'heads', 'last mile']
    """
    parts: list[str] = []
    part = FIRST_STEP
    for each in names:
        if found := _MODULE.search(each):
            part = found[1]
        elif part in ("heads", LAST_MILE) and "aten::" in each:
            part = LAST_MILE
        parts.append(part)
    return parts


def shares(layers: Iterable[Row], key: str) -> list[Row]:
    """The sum of the layers' times by `key` (`part` or `kind`), the longest first, with its share of all, and the sum
    of their limits."""
    sums: Counter[str] = Counter()
    limits: Counter[str] = Counter()
    for each in layers:
        sums[each[key]] += each["ms"]
        limits[each[key]] += each["limit_ms"]
    total = sum(sums.values())
    return [
        {key: name, "ms": ms, "share": f"{100 * ms / total:.0f} %", "limit_ms": limits[name]}
        for name, ms in sums.most_common()
    ]


def layer_report(found: dict[str, Any]) -> str:
    """What `profile` found, as two tables and two sentences."""
    limit = sum(each["limit_ms"] for each in found["layers"])
    whole = (
        f"{found['model']} on {found['backend']}, {found['precision']}, {found['size']}: the layers take "
        f"{found['sum_ms']:.1f} ms together, a frame without counters {found['frame_p50_ms']:.1f} ms (p50)"
    )
    units = {name: name if name == "bytes" else f"multiply-adds in {name}" for name in found["per_ms"]}
    reached = ", ".join(f"{rate / 1e6:.0f} billion {units[name]}" for name, rate in found["per_ms"].items())
    least = (
        f"limit_ms: {limit:.1f} ms together, if each layer did what this machine does in one that does nothing else: "
        f"{reached} a second"
    )
    tables = [table(shares(found["layers"], key)) for key in ("part", "kind")]
    return "\n\n".join([whole, *tables, least])
