# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception-train evaluate`: the former name of `mt-perception evaluate MODEL --data`."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from mt_perception.commands.bag import add_reports
from mt_perception.commands.evaluate import add_on_data, evaluate_on_data
from mt_perception.settings import SETTINGS


def add_parser(commands: Any) -> None:
    """Add the subcommand `evaluate` to `commands` (what `add_subparsers` returned)."""
    parser = commands.add_parser("evaluate", help="the former name of mt-perception evaluate MODEL --data NAME=FOLDER")
    parser.add_argument("--model", default="", help=SETTINGS["model"].description)
    add_on_data(parser, required=True)
    add_reports(parser)
    parser.set_defaults(run=_old_run)


def _old_run(options: argparse.Namespace) -> None:
    print("mt-perception-train evaluate is now mt-perception evaluate MODEL --data NAME=FOLDER", file=sys.stderr)
    evaluate_on_data(options, options.model)
