"""How the node and the programs stand what goes wrong: a long run, malformed messages in numbers, faults.

    python benchmarks/reliability [--frames 100000] [--minutes M] [--malformed 10000] [--only soak malformed faults]
                                  [--json FILE]

Prints Markdown tables; the exit status is 1 where something did not hold. docs/reliability.md has those of a run.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

PARTS = ("soak", "malformed", "faults")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="after which the long run ends in any case")
    parser.add_argument("--malformed", type=int, default=10_000, help="messages on each input")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")  # before rclpy is imported

    import rclpy
    from faults import FAULTS
    from malformed import INPUTS, flood
    from soak import soak

    from mt_perception.bench.table import table
    from mt_perception.results import write_json

    rclpy.init()
    results: dict[str, list[dict[str, Any]]] = {}
    for part in options.only:
        if part == "soak":
            results[part] = attempt(part, lambda: soak(options.frames, options.minutes))
        elif part == "malformed":
            results[part] = [row for each in INPUTS for row in attempt(each, lambda: [flood(each, options.malformed)])]  # noqa: B023
        else:
            results[part] = [row for each in FAULTS for row in attempt(each.__name__, lambda: [brought_about(each)])]  # noqa: B023
        rows = [row for row in results[part] if "failed" not in row]
        print(f"\n## {part}\n\n{table(rows) if rows else ''}", flush=True)
    failed = [row for rows in results.values() for row in rows if "failed" in row]
    print("\n".join(f"FAILED: {row['name']}: {row['failed']}" for row in failed))
    if options.json:
        write_json(options.json, results)
    return 1 if failed else 0


def attempt(name: str, run: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
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
