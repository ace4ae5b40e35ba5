# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception bag process | evaluate`: their options, and what they print."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mt_perception.errors import said
from mt_perception.evaluation.measures import MEASURES, difference, interval, shown, verdict
from mt_perception.report.page import ReportError, over_text, require_report
from mt_perception.settings import Settings, SettingsError
from mt_perception.utils.json_safe import check_folder, write_json


def add_process(
    commands: Any,
    add_settings: Callable[[argparse.ArgumentParser], None],
    read_settings: Callable[[argparse.Namespace], Settings],
) -> None:
    """Add the command to those of `mt-perception bag`; the model's settings are added and read by the two functions."""
    parser = commands.add_parser(
        "process",
        help="every image of recordings through the network, into new recordings",
        description="Stopped and called again, it goes on where it was. With several INs, or a list of them, each "
        "result gets the name of its input, in the folder OUT; those that are there already are left as they are.",
    )
    parser.add_argument("sources", nargs="+", metavar="IN", help=f"recordings (rosbag2); {_LIST}")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder of the new recording, or of the new recordings")
    text = "topic of a camera's images; of several, give each (default: by type, encoding and number)"
    parser.add_argument("--topic", action="append", default=[], help=text)
    _add_right_topic(parser)
    parser.add_argument("--disparity", action="store_true", help="with --stereo: write what was matched, too")
    parser.add_argument("--results-only", action="store_true", help="leave out what IN holds")
    parser.add_argument("--storage", choices=("mcap", "sqlite3"), default="mcap", help="(default: %(default)s)")
    _add_workers(parser)
    add_settings(parser)
    parser.set_defaults(command=lambda options: _process(options, read_settings(options)))


_LIST = "@FILE stands for those that the text file names, one a line"


def _add_right_topic(parser: argparse.ArgumentParser) -> None:
    text = "topic of the right images of a pair (default: derived from the left one's)"
    parser.add_argument("--right-topic", default="", help=text)


def _add_workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workers", type=int, default=1, help="processes (default: one, which may use all cores)")
    parser.add_argument("--ray", default="", metavar="ADDRESS", help="run on a Ray cluster: HOST:PORT, auto or local")


def _process(options: argparse.Namespace, settings: Settings) -> int:
    from mt_perception.bags.batch import listed, places
    from mt_perception.processing.process import process_bags
    from mt_perception.processing.shard import Processing

    if (options.disparity or options.right_topic) and not settings.stereo:
        raise SettingsError("--disparity and --right-topic are for pairs; add --stereo")
    processing = Processing(
        settings,
        tuple(options.topic),
        options.right_topic,
        options.disparity,
        not options.results_only,
        options.storage,
    )
    sources = listed(options.sources)
    if len(options.sources) == 1 and sources == [Path(options.sources[0])]:
        works = [(sources[0], options.out)]
    else:
        works = [(source, out) for source, out in places(sources, options.out) if not out.exists()]
        if len(works) < len(sources):
            print(f"{len(sources) - len(works)} of {len(sources)} results are there already", file=sys.stderr)
    outcomes = process_bags(works, processing, options.workers, options.ray)
    for out, stats in outcomes.items():
        if not isinstance(stats, Exception):
            print(f"{out}: {stats.images} images")
            print("".join(f"  {problem}\n" for problem in stats.problems()), end="", file=sys.stderr)
    return _tell_failures({source: outcomes[out] for source, out in works})


def _tell_failures(outcomes: Mapping[Path, Any]) -> int:
    """Name what failed, after all else; the exit status."""
    failures = {path: outcome for path, outcome in outcomes.items() if isinstance(outcome, Exception)}
    for path, failure in failures.items():
        text = said(failure)
        print(f"error: {text if str(path) in text else f'{path}: {text}'}", file=sys.stderr)
    return 1 if failures else 0


def add_evaluate(commands: Any) -> None:
    """Add the command to those of `mt-perception bag`."""
    parser = commands.add_parser("evaluate", help="the former name of mt-perception evaluate BAG")
    parser.add_argument("recordings", nargs="+", metavar="BAG", help=f"with masks and depth (rosbag2); {_LIST}")
    add_recordings(parser)
    parser.set_defaults(command=_old_evaluate)


def add_recordings(parser: argparse.ArgumentParser) -> None:
    """Add the options that `evaluate_recordings` takes."""
    parser.add_argument("--truth", type=Path, metavar="BAG", help="recording of the truth (default: each BAG's own)")
    text = "topic of the (left) camera's images, whose results are scored (default: by type, encoding and number)"
    parser.add_argument("--topic", default="", help=text)
    _add_right_topic(parser)
    add_reports(parser)
    text = "the model that made the results: its card has its classes and the row table (default: the package's own)"
    parser.add_argument("--model", default="", help=text)
    text = "classes of the true labels where the recording names none: cityscapes, camvid, idd_lite or FILE.yaml"
    parser.add_argument("--truth-labels", default="", metavar="LABELS", help=text)
    _add_workers(parser)


def add_reports(parser: argparse.ArgumentParser) -> None:
    """Add the options of all that is scored: where the numbers go."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number here")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a report with images here, one file")
    text = "frames of each data set or BAG that the report shows, the worst first (default: %(default)s)"
    parser.add_argument("--worst", type=int, default=6, metavar="N", help=text)


def check_reports(options: argparse.Namespace) -> None:
    """Raise what would keep the reports from being written, before the work that they are about."""
    if options.worst < 0:
        raise ReportError(f"--worst is {options.worst}; it must be 0 or more")
    for file in (options.json, options.html):
        check_folder(file)
    if options.html:
        require_report()


def _old_evaluate(options: argparse.Namespace) -> int:
    print("mt-perception bag evaluate is now mt-perception evaluate", file=sys.stderr)
    return evaluate_recordings(options, options.recordings)


def evaluate_recordings(options: argparse.Namespace, names: Sequence[str]) -> int:
    """Score and compare the recordings called `names`, print and write it; the exit status."""
    from mt_perception.bags.batch import listed
    from mt_perception.datasets.sources import open_labels
    from mt_perception.evaluation.recording import bag_results, evaluate_bags
    from mt_perception.model.bundle import open_model

    check_reports(options)
    paths = listed(names)
    card = open_model(options.model).card
    true_labels = open_labels(options.truth_labels) if options.truth_labels else None
    cameras = options.topic, options.right_topic
    outcomes = evaluate_bags(paths, options.truth, options.workers, options.ray, card, cameras, true_labels)
    evaluations = [each for each in outcomes.values() if not isinstance(each, Exception)]
    found = bag_results(evaluations, has_first=not isinstance(outcomes[paths[0]], Exception))
    results, rows = found["recordings"], found["differences"]
    print("\n\n".join(_text(each) for each in results))
    if rows:
        print("\n" + "\n".join(_difference_text(row) for row in rows))
    if options.json:
        write_json(options.json, found)
    if options.html and evaluations:
        from mt_perception.evaluation.page import recordings_page  # Matplotlib takes a second to import

        page = recordings_page(evaluations, results, rows, options.truth, options.worst)
        options.html.write_text(page, encoding="utf-8")
        print(f"\nreport: {options.html}")
    return _tell_failures(outcomes)


def _text(facts: Mapping[str, Any]) -> str:
    latency = facts["latency_ms"]
    lines = [
        f"{facts['recording']}",
        f"  {facts['results']} results of {facts['images']} images, {_number(facts['fps'], '.1f')} fps, "
        f"{facts['gaps']} gaps (longest {facts['longest_gap_s']:.2f} s)",
        f"  latency ms: {', '.join(f'{name} {value:g}' for name, value in latency.items()) or 'n/a (offline)'}",
        *(f"  {MEASURES[name].title:<17}{shown(name, row['value']):>9}   {interval(name, row['interval'])}"
          for name, row in facts["scores"].items()),
        *([f"  mean IoU is {over_text(facts['over'])}"] if facts["over"] else []),
        *([f"  {facts['row_table']}"] if facts["row_table"] else []),
        *(f"  {warning}" for warning in facts["warnings"]),
    ]  # fmt: skip
    return "\n".join(lines)


def _difference_text(row: Mapping[str, Any]) -> str:
    title = MEASURES[row["score"]].title
    return f"{row['recording']} against {row['against']}: {title} {difference(row)}: {verdict(row)}"


def _number(value: float | None, form: str) -> str:
    return "an unknown number" if value is None else f"{value:{form}}"
