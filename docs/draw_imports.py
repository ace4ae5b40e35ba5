# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The drawing in ARCHITECTURE.md, from the imports themselves: python docs/draw_imports.py [--write]

An arrow goes from what imports to what is imported; one that follows from others is left out, so that the layers show.
"""

from __future__ import annotations

import sys
from pathlib import Path

import grimp

PACKAGE = "mt_perception"
PAGE = Path(__file__).resolve().parents[1] / "ARCHITECTURE.md"
BEGIN, END = "```mermaid\n", "```\n"


def imported() -> dict[str, set[str]]:
    """By the name of each folder or file on the package's top level, those of the others that it imports."""
    graph = grimp.build_graph(PACKAGE, exclude_type_checking_imports=True, cache_dir=None)
    parts: dict[str, set[str]] = {name.removeprefix(f"{PACKAGE}."): set() for name in graph.find_children(PACKAGE)}
    for module in graph.modules - {PACKAGE}:
        own = module.split(".")[1]
        for other in graph.find_modules_directly_imported_by(module) - {PACKAGE}:
            parts[own].add(other.split(".")[1])
    return {name: others - {name} for name, others in parts.items()}


def reached(parts: dict[str, set[str]], name: str) -> set[str]:
    """All that `name` imports, also by way of others."""
    return parts[name].union(*(reached(parts, each) for each in parts[name]))


def drawing() -> str:
    """A Mermaid graph, the block that stands in ARCHITECTURE.md."""
    parts = imported()
    lines = ["flowchart TD"]
    for name, others in sorted(parts.items()):
        indirect = set[str]().union(*(reached(parts, each) for each in others))
        lines += [f"    {name} --> {other}" for other in sorted(others - indirect)]
    return BEGIN + "\n".join(lines) + "\n" + END


def main() -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    if "--write" in sys.argv:
        PAGE.write_text(before + drawing() + after, encoding="utf-8")
    else:
        print(drawing(), end="")


if __name__ == "__main__":
    main()
