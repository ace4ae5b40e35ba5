# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception import`: a network in ONNX from elsewhere, by a description, as a model bundle."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any


def add_parser(commands: Any) -> None:
    """Add the subcommand `import` to `commands` (what `add_subparsers` returned)."""
    parser = commands.add_parser(
        "import",
        help="make a model bundle of a network from elsewhere (ONNX), for labels, depth or both",
        description="Without --spec the inputs and outputs of the network are printed, as a description to fill in.",
    )
    parser.add_argument("network", type=Path, metavar="MODEL.onnx", help="the network")
    text = "what it eats and what comes out of it (docs/networks.md shows one)"
    parser.add_argument("--spec", type=Path, metavar="FILE.yaml", help=text)
    parser.add_argument("--out", type=Path, metavar="BUNDLE", help="folder of the new model")
    parser.add_argument("--name", default="", help="of the model (default: the network's file name)")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> None:
    """Import it, and print where it is; or print its description to fill in."""
    from mt_perception.backends import require

    for module in ("onnx", "openvino"):
        require(module, "import")
    from mt_perception.foreign.description import DescriptionError, load_description

    if not options.spec:
        if options.out:
            raise DescriptionError(
                f"--out needs --spec FILE.yaml; mt-perception import {options.network} alone prints one to fill in"
            )
        from mt_perception.foreign.skeleton import skeleton

        print(skeleton(options.network), end="")
        print(
            f"this describes {options.network} as far as ONNX tells; correct it and give it by --spec", file=sys.stderr
        )
        return
    if not options.out:
        raise DescriptionError("say where the model goes: --out BUNDLE")
    description = load_description(options.spec)
    told = options.spec.parent / description.file
    if description.file and told.resolve() != options.network.resolve():
        raise DescriptionError(f"{options.spec} describes {told}, not {options.network}; correct its `file`")
    from mt_perception.foreign.importing import import_network

    command = shlex.join(["mt-perception", "import", options.network.name, "--spec", options.spec.name])
    bundle, checked = import_network(options.network, description, options.out, options.name, command)
    print(f"{bundle.folder}: {checked}")
    for note in _notes(bundle.card):
        print(note)
    print(f"mt-perception info {options.out} tells what is known of it; --model {options.out} takes it")


def _notes(card: Any) -> list[str]:
    """What a user has to know of the model."""
    notes = [] if card.license != "unknown" else ["its licence is unknown: `terms` in the description tells it"]
    if card.network.depth and not card.training_camera:
        notes.append("input.camera is not told, so its metres are taken as they come, whatever the camera")
    if not card.network.depth:
        notes.append("it tells no depth: depth is unknown (NaN) everywhere")
    return notes
