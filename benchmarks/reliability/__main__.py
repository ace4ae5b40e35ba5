# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""How the node and the programs stand what goes wrong: a long run, malformed messages in numbers, faults.

    python benchmarks/reliability [--frames 100000] [--minutes M] [--malformed 10000] [--only NAME ...] [--json FILE]

NAME is soak, malformed or faults, or one input or fault of those. Prints Markdown tables; the exit status is 1 where
something did not hold. docs/reliability.md has the tables of a run.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]
PARTS = ("soak", "malformed", "faults")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="after which the long run ends in any case")
    parser.add_argument("--malformed", type=int, default=10_000, help="messages on each input")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=PARTS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    import rclpy

    from mt_perception.bench.table import table
    from mt_perception.utils.distribution import only_this_machine
    from mt_perception.utils.json_safe import write_json

    os.environ |= {**only_this_machine(), **os.environ}
    rclpy.init()
    results: dict[str, Rows] = {}
    for part, runs in runs_of(options).items():
        chosen = {name: run for name, run in runs.items() if {part, name} & set(options.only)}
        if chosen:
            results[part] = [row for name, run in chosen.items() for row in attempt(name, run)]
            rows = [row for row in results[part] if "failed" not in row]
            print(f"\n## {part}\n\n{table(rows) if rows else ''}", flush=True)
    if not results:
        parser.error(f"nothing is called {' or '.join(options.only)}")
    failed = [row for rows in results.values() for row in rows if "failed" in row]
    print("\n".join(f"FAILED: {row['name']}: {row['failed']}" for row in failed))
    if options.json:
        write_json(options.json, results)
    return 1 if failed else 0


def runs_of(options: argparse.Namespace) -> dict[str, dict[str, Callable[[], Rows]]]:
    """What each part consists of, by name."""
    from faults import FAULTS
    from malformed import INPUTS, flood
    from soak import soak

    return {
        "soak": {"soak": lambda: soak(options.frames, options.minutes)},
        "malformed": {each: partial(lambda name: [flood(name, options.malformed)], each) for each in INPUTS},
        "faults": {each.__name__: partial(lambda fault: [brought_about(fault)], each) for each in FAULTS},
    }


def attempt(name: str, run: Callable[[], Rows]) -> Rows:
    """The rows, or why there are none: one part that fails does not stop the others."""
    try:
        return run()
    except Exception as error:
        traceback.print_exc()
        return [{"name": name, "failed": f"{type(error).__name__}: {error}"}]


def brought_about(fault: Callable[[Path], str]) -> dict[str, Any]:
    """The row of one fault."""
    with tempfile.TemporaryDirectory() as folder:
        return {"fault": fault.__name__.replace("_", " "), "how": fault.__doc__, "lost": fault(Path(folder))}


if __name__ == "__main__":
    raise SystemExit(main())
