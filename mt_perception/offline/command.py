"""`mt-perception bag process | evaluate`: their options, and what they print."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mt_perception.offline.measures import MEASURES, difference, interval, shown, verdict
from mt_perception.report.page import require_report
from mt_perception.results import check_folder, write_json
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


def add_evaluate(commands: Any) -> None:
    """Add the command to those of `mt-perception bag`."""
    parser = commands.add_parser("evaluate", help="score recordings of results, and compare them with the first")
    parser.add_argument("recordings", type=Path, nargs="+", metavar="BAG", help="with masks and depth (rosbag2)")
    parser.add_argument("--truth", type=Path, metavar="BAG", help="recording of the truth (default: each BAG's own)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number here")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a report with pictures here, one file")
    text = "frames of each BAG that the report shows, the worst first (default: %(default)s)"
    parser.add_argument("--worst", type=int, default=6, metavar="N", help=text)
    parser.set_defaults(command=_evaluate)


def _evaluate(options: argparse.Namespace) -> None:
    from mt_perception.offline.evaluate import compare, evaluate_bag

    for file in (options.json, options.html):
        check_folder(file)
    if options.html:
        require_report()
    evaluations = [evaluate_bag(path, options.truth) for path in options.recordings]
    results = [each.results() for each in evaluations]
    rows = compare(evaluations)
    print("\n\n".join(_text(each) for each in results))
    if rows:
        print("\n" + "\n".join(_difference_text(row) for row in rows))
    if options.json:
        everything = {"recordings": results, "differences": rows}
        write_json(options.json, everything)
    if options.html:
        from mt_perception.offline.page import recordings_page  # Matplotlib takes a second to import

        page = recordings_page(evaluations, results, rows, options.truth, options.worst)
        options.html.write_text(page, encoding="utf-8")
        print(f"\nreport: {options.html}")


def _text(facts: Mapping[str, Any]) -> str:
    latency = facts["latency_ms"]
    lines = [
        f"{facts['recording']}",
        f"  {facts['results']} results of {facts['pictures']} pictures, {_number(facts['fps'], '.1f')} a second, "
        f"{facts['gaps']} gaps (longest {facts['longest_gap_s']:.2f} s)",
        f"  latency ms: {', '.join(f'{name} {value:g}' for name, value in latency.items()) or 'that of no live node'}",
        *(f"  {MEASURES[name].title:<17}{shown(name, row['value']):>9}   {interval(name, row['interval'])}"
          for name, row in facts["scores"].items()),
        *(f"  {loss}" for loss in facts["losses"]),
    ]  # fmt: skip
    return "\n".join(lines)


def _difference_text(row: Mapping[str, Any]) -> str:
    title = MEASURES[row["score"]].title
    return f"{row['recording']} against {row['against']}: {title} {difference(row)}: {verdict(row)}"


def _number(value: float | None, form: str) -> str:
    return "an unknown number" if value is None else f"{value:{form}}"
