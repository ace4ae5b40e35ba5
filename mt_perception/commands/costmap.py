# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception costmap`: the parameters of Nav2's semantic layer with the classes of a model.

They are `config/nav2_semantic_layer.yaml`, which says how each type of class is treated, and which of the package's
own classes are of which type.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mt_perception.errors import Error

if TYPE_CHECKING:
    from mt_perception.labels import Label, LabelSet

TYPES = ("nothing", "drivable", "passable", "obstacle", "alive")
"""What classes can be to a robot, the worse to run into the later."""
_TYPE = re.compile(r"(?:^ {10}#.*\n)*^ {10}(\w+):\n(?:^ {12}.*\n)+", re.MULTILINE)
_LIST = re.compile(r"classes: \[(.*?)\]", re.DOTALL)
_WIDTH, _INDENT = 120, 22


class CostmapError(Error, ValueError):
    """A class or type of classes that does not exist."""

    page = "nav2"


def add_parser(commands: Any) -> None:
    """Add the subcommand `costmap` to `commands` (what `add_subparsers` returned)."""
    parser = commands.add_parser(
        "costmap",
        help="write the parameters of Nav2's semantic costmap layer for the classes of a model",
        description="Classes that the package's file does not know are obstacles, unless --type says more.",
    )
    parser.add_argument("--model", default="", help="whose classes (default: the package's own)")
    text = f"what a class is to the robot, such as grass=drivable; the types are {', '.join(TYPES)}"
    parser.add_argument("--type", nargs="+", default=[], metavar="CLASS=TYPE", help=text)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it here, not on the terminal")
    parser.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> None:
    from mt_perception.model.bundle import open_model
    from mt_perception.utils.json_safe import check_folder

    check_folder(options.out)
    text = layer_parameters(open_model(options.model).card.labels, _parse_types(options.type))
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


def _parse_types(pairs: Iterable[str]) -> dict[str, str]:
    """`CLASS=TYPE` as typed -> types by class."""
    types = {}
    for pair in pairs:
        name, _, kind = pair.rpartition("=")
        if not name or kind not in TYPES:
            raise CostmapError(f"--type is {pair!r}; expected CLASS=TYPE with TYPE one of {', '.join(TYPES)}")
        types[name] = kind
    return types


def layer_parameters(labels: LabelSet, types: Mapping[str, str]) -> str:
    """The package's file with the classes of `labels`, of which `types` says what some are.

    Any other is what the classes of the file are that it stands for, the worst of them; the sky is nothing, and what
    the file does not know is an obstacle. Raises `CostmapError` for a class that there is not.
    """
    from mt_perception.utils.resources import share_folder

    if unknown := [name for name in types if name not in labels.names]:
        raise CostmapError(f"--type tells of {unknown[0]!r}; the classes are {', '.join(labels.names)}")
    template = (share_folder() / "config" / "nav2_semantic_layer.yaml").read_text(encoding="utf-8")
    blocks = {block[1]: block[0] for block in _TYPE.finditer(template)}
    known = {name: kind for kind, block in blocks.items() for name in re.findall(r'"(.*?)"', block)}
    chosen: dict[str, list[str]] = {kind: [] for kind in TYPES}
    for label in labels:
        chosen[types.get(label.name) or _type_of(label, label.name == labels.sky, known)].append(label.name)
    used = [kind for kind in blocks if chosen[kind]]
    text = re.sub(r"class_types: \[.*\]", f"class_types: [{_wrapped(used)}]", template)
    return _TYPE.sub(lambda block: _filled(block[0], chosen[block[1]]), text)


def _filled(block: str, names: Sequence[str]) -> str:
    """The part of the file on one type, with these classes; nothing without any."""
    return _LIST.sub(lambda _: f"classes: [{_wrapped(names)}]", block) if names else ""


def _type_of(label: Label, is_sky: bool, known: Mapping[str, str]) -> str:
    if is_sky:
        return "nothing"
    return max((known.get(name, "obstacle") for name in label.meaning), key=TYPES.index)


def _wrapped(names: Sequence[str]) -> str:
    """The names in quotes, so many on a line as fit."""
    lines = [""]
    for name in (f'"{each}", ' for each in names):
        if len(lines[-1]) + len(name.rstrip()) > _WIDTH - _INDENT:
            lines.append("")
        lines[-1] += name
    return f"\n{' ' * _INDENT}".join(line.rstrip() for line in lines).removesuffix(",")
