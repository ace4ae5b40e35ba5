"""Networks side by side: what each costs on this machine's CPU, and how good it is where a trained one is given.

python benchmarks/variants.py --size 400x1024 --precision bf16 --models street
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from mt_perception.backends.openvino import OpenVinoBackend
from mt_perception.model.bundle import Bundle, open_model
from mt_perception.model.spec import WIDTHS
from mt_perception.network.export import multiply_adds, write_untrained
from mt_perception.network.multitask import build_network
from mt_perception.utils.entry import run

OUTPUTS = ("mask", "depth_m")


def main() -> None:
    """Print one row per variant, and one per model given. The backends take turns, so that a busy moment hits all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=height_and_width, default=(400, 1024), metavar="HxW")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--models", nargs="*", default=[], metavar="MODEL", help="trained ones, with scores")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        bundles = {
            name: write_untrained(Path(temporary) / name, name, spec, options.size) for name, spec in WIDTHS.items()
        }
        bundles |= {bundle.card.name: bundle for bundle in map(open_model, options.models)}
        backends = {
            name: OpenVinoBackend(bundle, options.size, options.precision, options.threads)
            for name, bundle in bundles.items()
        }
        times_ms = measure(backends, options.size, options.runs)
    print(f"{options.size[0]}x{options.size[1]}, milliseconds on the CPU, mask and depth asked for\n")
    print("| variant | decoder width | heads at | parameters | GMACs | precision | p50 ms | p95 ms | scores |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, bundle in bundles.items():
        print(row(name, bundle, options.size, backends[name].precision, times_ms[name]))


def height_and_width(text: str) -> tuple[int, int]:
    """`400x1024` -> (400, 1024)."""
    height, width = text.split("x")
    return int(height), int(width)


def measure(backends: dict[str, OpenVinoBackend], size: tuple[int, int], runs: int) -> dict[str, list[float]]:
    """Milliseconds of each run of each backend, after three to warm up."""
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    times_ms: dict[str, list[float]] = {name: [] for name in backends}
    for turn in range(runs + 3):
        for name, backend in backends.items():
            start = time.perf_counter()
            backend.infer(image, 1.0, OUTPUTS)
            if turn >= 3:
                times_ms[name].append(1e3 * (time.perf_counter() - start))
    return times_ms


def row(name: str, bundle: Bundle, size: tuple[int, int], precision: str, times_ms: list[float]) -> str:
    """One line of the table."""
    card, spec = bundle.card, bundle.card.network
    network = build_network(spec)
    p50, p95 = np.percentile(times_ms, (50, 95))
    scores = ", ".join(f"{key} {value:.3f}" for key, value in card.scores.items()) or "untrained"
    gmacs = multiply_adds(network, size) / 1e9
    return (
        f"| {name} | {spec.decoder_width} | 1/{network.stride} | {card.parameters:,} | {gmacs:.2f} | {precision} "
        f"| {p50:.1f} | {p95:.1f} | {scores} |"
    )


if __name__ == "__main__":
    raise SystemExit(run(main, "error"))
