"""`mt-perception bag process`: its options, and what it prints."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mt_perception.settings import Settings


def add_process(
    commands: Any,
    add_settings: Callable[[argparse.ArgumentParser], None],
    read_settings: Callable[[argparse.Namespace], Settings],
) -> None:
    """Add the command to those of `mt-perception bag`; the model's settings are added and read by the two functions."""
    parser = commands.add_parser(
        "process",
        help="every picture of a recording through the network, into a new recording",
        description="Stopped and called again, it goes on where it was.",
    )
    parser.add_argument("source", type=Path, metavar="IN", help="the recording (rosbag2)")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder of the new recording")
    parser.add_argument("--topic", default="", help="the camera's picture (default: found by itself)")
    parser.add_argument("--results-only", action="store_true", help="leave out what IN holds")
    parser.add_argument("--storage", choices=("mcap", "sqlite3"), default="mcap", help="(default: %(default)s)")
    parser.add_argument(
        "--workers", type=int, default=1, help="processes (default: one, whose network takes all cores)"
    )
    parser.add_argument("--ray", default="", metavar="ADDRESS", help="run on a Ray cluster: HOST:PORT, auto or local")
    add_settings(parser)
    parser.set_defaults(command=lambda options: _process(options, read_settings(options)))


def _process(options: argparse.Namespace, settings: Settings) -> None:
    from mt_perception.offline.process import Processing, process_bag

    processing = Processing(settings, options.topic, not options.results_only, options.storage)
    tally = process_bag(options.source, options.out, processing, options.workers, options.ray)
    for problem in [*tally.losses, *(f"{count} pictures skipped: {why}" for why, count in tally.skipped.items())]:
        print(problem, file=sys.stderr)
    print(f"{options.out}: {tally.pictures} pictures")
