# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception bench`, `compare` and `tune`: their options, and what they print."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

from mt_perception.model.spec import RELATED, VARIANTS, WIDTHS
from mt_perception.settings import SETTINGS, Settings
from mt_perception.topics import CONFIDENCE, DEPTH, MASK
from mt_perception.utils.hardware import machine_facts, machine_line, processor

OUTPUTS = ("mask", "depth_m", "confidence")
NETWORK_COLUMNS = (
    "backend", "precision", "variant", "size", "streams", "p50_ms", "p95_ms", "p99_ms", "ratio", "per_second", "stages",
)  # fmt: skip
NODE_COLUMNS = (
    "backend", "precision", "size", "image", "node_p50_ms", "node_p95_ms", "node_p99_ms", "network_p50_ms",
    "overhead", "fps", "dropped", "cpu_percent", "rss_mb", "ready_s", "stages",
)  # fmt: skip


def add_commands(commands: Any, size: Callable[[str], tuple[int, int]]) -> None:
    """Add the three to the subcommands of `mt-perception`; `size` reads HEIGHTxWIDTH."""
    bench = commands.add_parser("bench", help="time the network, or the whole node, beside the baseline")
    bench.add_argument(
        "--size",
        type=size,
        metavar="HxW",
        help="of the network's input (default: 400x1024; with --node the model's own)",
    )
    _add_choices(bench)
    text = "what is computed (default: mask depth_m)"
    bench.add_argument("--outputs", nargs="+", choices=OUTPUTS, default=OUTPUTS[:2], help=text)
    text = "images at the same time, as of so many cameras: what each takes, and how many that is a second (default: 1)"
    bench.add_argument("--streams", type=int, nargs="+", default=[1], metavar="N", help=text)
    bench.add_argument("--rounds", type=int, default=10, help="turns of each row (default: %(default)s)")
    what = bench.add_mutually_exclusive_group()
    what.add_argument(
        "--layers", action="store_true", help="tell where the time of a frame goes, by the backend's own counters"
    )
    what.add_argument("--node", action="store_true", help="time the whole node over ROS 2, beside the bare network")
    of_node = bench.add_argument_group("with --node")
    of_node.add_argument("--image-size", type=size, metavar="HxW", help="the camera's (default: 512x1024)")
    of_node.add_argument("--images", type=int, help="how many (default: 300)")
    of_node.add_argument("--rate", type=float, help="images per second (default: as fast as possible)")
    bench.set_defaults(command=run_bench)
    _add_compare(
        commands.add_parser("compare", help="what the networks cost, and how good they are, in one table"), size
    )
    tune = commands.add_parser("tune", help="find the largest input that holds a rate here, and write it as a profile")
    tune.add_argument("--fps", type=float, required=True, help="images a second that the node shall hold")
    tune.add_argument("--max-latency-ms", type=float, default=0.0, help="from image to results, at most (default: any)")
    tune.add_argument(
        "--image-size", type=size, default=(1080, 1920), metavar="HxW", help="the camera's (default: 1080x1920)"
    )
    tune.add_argument(
        "--sizes", type=size, nargs="+", metavar="HxW", help="inputs to try (default: the model's, and less)"
    )
    tune.add_argument("--out", type=Path, required=True, help="the profile, a parameter file for the node")
    _add_choices(tune)
    tune.set_defaults(command=run_tune)


def _add_compare(parser: argparse.ArgumentParser, size: Callable[[str], tuple[int, int]]) -> None:
    text = f"default: {' '.join(RELATED)}; also: {' '.join(WIDTHS)}"
    parser.add_argument("--networks", nargs="+", choices=VARIANTS, default=list(RELATED), metavar="NAME", help=text)
    parser.add_argument(
        "--size", type=size, default=(400, 1024), metavar="HxW", help="of the input (default: 400x1024)"
    )
    text = "trained models beside them, by name or folder, with the scores on their cards"
    parser.add_argument("--models", nargs="+", default=[], metavar="MODEL", help=text)
    parser.add_argument("--scores", type=Path, metavar="DIR", help="runs of benchmarks/recipes.py, for the accuracy")
    parser.add_argument("--rounds", type=int, default=10, help="turns of each network (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads of the network (default: all cores)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="an image of accuracy against time; needs --scores")
    parser.set_defaults(command=run_compare)


def _add_choices(parser: argparse.ArgumentParser) -> None:
    for option, setting in (("--backends", SETTINGS["backend"]), ("--precisions", SETTINGS["precision"])):
        names = [name for name in setting.choices if name != "auto"]
        parser.add_argument(option, nargs="+", choices=names, help="default: all that run here")
    parser.add_argument(
        "--models", nargs="+", default=[""], metavar="MODEL", help="names or folders (default: the package's default)"
    )
    parser.add_argument("--threads", type=int, default=0, help="CPU threads of the network (default: all cores)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too")


def run_bench(options: argparse.Namespace) -> None:
    """Measure, print the table, and write it as JSON."""
    from mt_perception.bench.interleaved import BenchError
    from mt_perception.bench.table import show
    from mt_perception.utils.json_safe import check_folder

    check_folder(options.json)
    if not options.node and (given := _of_node(options)):
        raise BenchError(f"--{next(iter(given)).replace('_', '-')} is for the whole node: add --node, or leave it out")
    if options.streams != [1] and (options.layers or options.node):
        raise BenchError("streams are for the network alone; leave --layers, or --node, out")
    # told when what was requested has proved possible
    machine = machine_facts()
    if options.layers:
        _show_layers(options, machine)
        return
    rows, remarks = (_node_rows(options), []) if options.node else _network_rows(options)
    print(machine_line(machine), file=sys.stderr)
    show([row | {"machine": machine} for row in rows], options.json, NODE_COLUMNS if options.node else NETWORK_COLUMNS)
    for remark in remarks:
        print(remark, file=sys.stderr)


def _of_node(options: argparse.Namespace) -> dict[str, Any]:
    """What was said of the images that the node gets."""
    given = {name: getattr(options, name) for name in ("image_size", "images", "rate")}
    return {name: value for name, value in given.items() if value is not None}


def _show_layers(options: argparse.Namespace, machine: dict[str, Any]) -> None:
    from mt_perception.bench.layers import layer_report, profile
    from mt_perception.utils.json_safe import write_json

    rows = [
        profile(settings, options.rounds, options.outputs) for settings in _settings(options, options.size or (0, 0))
    ]
    print(machine_line(machine), file=sys.stderr)
    print("\n\n".join(map(layer_report, rows)))
    if options.json:
        write_json(options.json, [row | {"machine": machine} for row in rows])


def run_compare(options: argparse.Namespace) -> None:
    """Measure, print the table, and write it as JSON and as an image."""
    from mt_perception.bench.compare import COLUMNS, compare, plot
    from mt_perception.bench.table import show
    from mt_perception.utils.json_safe import check_folder

    check_folder(options.json)
    check_folder(options.plot)
    networks, models = options.networks, options.models
    rows = compare(networks, options.size, options.scores, options.rounds, options.threads, models)
    show(rows, options.json, COLUMNS)
    if options.plot:
        plot(rows, options.plot)


def _network_rows(options: argparse.Namespace) -> tuple[list[dict[str, Any]], list[str]]:
    from mt_perception.bench import networks
    from mt_perception.bench.interleaved import BenchError, run_interleaved, with_rate, with_ratio

    size = options.size or networks.usual_size(options.models)
    choices = (options.models, options.backends, options.precisions, options.threads)
    others, skipped = networks.all_of_ours(size, *choices, outputs=options.outputs, streams=options.streams)
    if not others:
        raise BenchError("nothing that was requested runs here: " + "; ".join(skipped))
    try:
        first = networks.baseline(size, options.threads)
    except BenchError as error:
        rows = with_rate(run_interleaved(others, options.rounds))
        return [row | {"ratio": None} for row in rows], [*skipped, str(error)]
    rows = with_rate(with_ratio(run_interleaved([first, *others], options.rounds)))
    return rows, [*skipped, *filter(None, [networks.unrest(rows[0])])]


def _node_rows(options: argparse.Namespace) -> list[dict[str, Any]]:
    """One row for each backend and precision that was requested; by default for the node's own choice of them."""
    from mt_perception.bench import node

    topics = [{"mask": MASK, "depth_m": DEPTH, "confidence": CONFIDENCE}[each] for each in options.outputs]
    given = {"size" if name == "image_size" else name: value for name, value in _of_node(options).items()}
    load = node.Load(**given, rounds=options.rounds, topics=topics)
    return [node.measure_node(settings, load) for settings in _settings(options, options.size or (0, 0))]


def _settings(options: argparse.Namespace, size: tuple[int, int]) -> list[Settings]:
    """Each way that was requested; by default the node's own choice, and the model's own size for (0, 0)."""
    common = Settings(threads=options.threads, input_height=size[0], input_width=size[1])
    ways = product(options.models, options.backends or ["auto"], options.precisions or ["auto"])
    return [common.replace(model=model, backend=backend, precision=precision) for model, backend, precision in ways]


def run_tune(options: argparse.Namespace) -> None:
    """Measure, write the profile, and say what was chosen."""
    from mt_perception.bench.table import show
    from mt_perception.bench.tune import COLUMNS, Goal, tune, write_profile
    from mt_perception.utils.json_safe import check_folder

    check_folder(options.json)
    check_folder(options.out)
    goal = Goal(options.fps, options.max_latency_ms, options.image_size)
    print(f"on {processor()}", file=sys.stderr)
    choices = (options.sizes or (), options.models, options.backends, options.precisions, options.threads)
    rows, chosen = tune(goal, *choices)
    show(rows, options.json, COLUMNS)
    write_profile(options.out, goal, rows, chosen)
    print(f"{options.out}: {chosen['backend']} {chosen['precision']} at {chosen['size']}")
