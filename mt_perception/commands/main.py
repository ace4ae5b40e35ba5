# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The command line: `mt-perception COMMAND`, for images, models, measurements and recordings."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import mt_perception
from mt_perception.commands.bag import add_evaluate, add_process
from mt_perception.commands.bench import add_commands
from mt_perception.commands.camera import add_parser as add_camera
from mt_perception.commands.completion import complete
from mt_perception.commands.costmap import add_parser as add_costmap
from mt_perception.commands.doctor import add_parser as add_doctor
from mt_perception.commands.evaluate import add_parser as add_evaluate_command
from mt_perception.commands.export import add_parser as add_export
from mt_perception.commands.from_dataset import add_from_dataset
from mt_perception.commands.import_network import add_parser as add_import
from mt_perception.commands.models import add_parser as add_models
from mt_perception.commands.params import parameter_file
from mt_perception.commands.view import add_parser as add_view
from mt_perception.model.spec import VARIANTS
from mt_perception.settings import SETTINGS, Settings
from mt_perception.utils.entry import run
from mt_perception.utils.former_names import current_options

MODEL_SETTINGS = ("model", "backend", "precision", "threads", "input_width", "input_height", "fit")
GROUND_SETTINGS = ("depth_mode", "camera_height_m")
RECORDED_SETTINGS = ("bit_depth", "stereo", *GROUND_SETTINGS, "sync_slop_s", "stereo_rate_hz", "stereo_width")


def main(arguments: Sequence[str] | None = None) -> int:
    """What `mt-perception` does. Every expected failure is one line on standard error and status 1."""
    parser = build_parser()
    complete(parser)
    options = parser.parse_args(current_options(arguments))
    return run(lambda: options.command(options), "error", options.debug)


def build_parser() -> argparse.ArgumentParser:
    """All commands and options."""
    parser = argparse.ArgumentParser(prog="mt-perception", description=__doc__)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and end")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="play images to the node over ROS 2, record it, and show what came out")
    demo.add_argument("--input", type=Path, help="folder, video or recording (default: a rendered street)")
    demo.add_argument(
        "--out", type=Path, default=Path("out/demo"), help="folder for the results (default: %(default)s)"
    )
    demo.add_argument("--topic", default="", help="of a recording, the camera's image (default: found by itself)")
    demo.add_argument("--seconds", type=float, default=0.0, help="play so long, in a loop (default: once through)")
    demo.add_argument("--rate", type=float, default=0.0, help="images per second (default: the input's own)")
    demo.add_argument("--view", action="store_true", help="then show the recording, as mt-perception view does")
    _add_settings(demo)
    demo.set_defaults(command=_demo)
    images = commands.add_parser("run", help="label images and estimate their depth, without ROS")
    images.add_argument("inputs", type=Path, nargs="+", metavar="INPUT", help="images, or folders of images")
    images.add_argument("--out", type=Path, required=True, help="folder for the results")
    text = "calibration of the rectified images (YAML, as camera_calibration writes it): makes their depth metric"
    images.add_argument("--calibration", "--camera", dest="camera", type=Path, metavar="FILE", help=text)
    text = "an image (.png, .jpg) of up to a dozen of them, evenly spread, each beside its labels and depth"
    images.add_argument("--sheet", type=Path, metavar="FILE", help=text)
    _add_settings(images, MODEL_SETTINGS + GROUND_SETTINGS)
    images.set_defaults(command=_run)
    add_view(commands, _add_settings, _settings)
    add_camera(commands, _add_settings, _settings, image_size)
    init = commands.add_parser("init", help="make a model with random weights, to try things or to train from")
    init.add_argument("--out", type=Path, required=True, help="folder of the new model")
    text = "one of docs/networks.md; the next two change it (default: %(default)s)"
    init.add_argument("--network", choices=VARIANTS, default="standard", metavar="NAME", help=text)
    init.add_argument("--encoder", help="by name, or timm/NAME")
    init.add_argument("--decoder-width", type=int, help="channels")
    init.add_argument(
        "--size", type=image_size, default=(512, 1024), metavar="HxW", help="input size (default: 512x1024)"
    )
    init.add_argument("--seed", type=int, default=0)
    init.set_defaults(command=_init)
    add_import(commands)
    add_export(commands)
    add_models(commands)
    add_costmap(commands)
    add_evaluate_command(commands)
    info = commands.add_parser("info", help="print what is known of a model, and which backends run here")
    info.add_argument("model", nargs="?", default="", help=SETTINGS["model"].description)
    info.set_defaults(command=_info)
    add_doctor(commands)
    params = commands.add_parser("params", help="print a parameter file with every setting explained")
    params.set_defaults(command=lambda _: print(parameter_file(), end=""))
    add_commands(commands, image_size)
    _add_bag(commands)
    return parser


class _Version(argparse.Action):
    """Looks the version up when it is asked for: that takes as long as the rest of the start."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        print(f"mt-perception {mt_perception.__version__}")
        parser.exit()


def _add_bag(commands: Any) -> None:
    help_ = "recordings (rosbag2), without ROS: make them, run the network on them, score them"
    bag = commands.add_parser("bag", help=help_).add_subparsers(required=True)
    city = bag.add_parser(
        "from-city", help="record a rendered street: stereo images, camera_info, true labels and depth"
    )
    city.add_argument("out", type=Path, help="folder of the new recording")
    city.add_argument("--seed", type=int, default=1)
    city.add_argument("--seconds", type=float, default=10.0)
    city.add_argument("--rate", type=float, default=10.0, help="images per second")
    city.add_argument("--size", type=image_size, default=(384, 768), metavar="HxW")
    city.add_argument("--quality", type=int, default=90, help="JPEG quality of the images; truth is lossless")
    city.set_defaults(command=_bag_from_city)
    add_from_dataset(bag)
    add_process(bag, lambda parser: _add_settings(parser, MODEL_SETTINGS + RECORDED_SETTINGS), _settings)
    add_evaluate(bag)


def _add_settings(parser: argparse.ArgumentParser, names: Sequence[str] = MODEL_SETTINGS) -> None:
    for name in names:
        setting = SETTINGS[name]
        option, text = f"--{name.replace('_', '-')}", f"{setting.description} (default: {setting.default!r})"
        if setting.kind is bool:
            parser.add_argument(option, action="store_true", default=setting.default, help=text)
        else:
            choices = None if setting.plugins else setting.choices or None  # others are checked by the settings
            parser.add_argument(option, type=setting.kind, choices=choices, default=setting.default, help=text)


def _settings(options: argparse.Namespace) -> Settings:
    given = vars(options)
    return Settings.from_mapping({n: given[n] for n in MODEL_SETTINGS + RECORDED_SETTINGS if n in given})


def image_size(text: str) -> tuple[int, int]:
    """`400x1024` -> (400, 1024): height and width, as everywhere here."""
    try:
        height, width = (int(each) for each in text.lower().split("x"))
        if height < 1 or width < 1:
            raise ValueError
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write HEIGHTxWIDTH, for example 400x1024") from None
    return height, width


def _demo(options: argparse.Namespace) -> None:
    from mt_perception.commands.demo import run_demo
    from mt_perception.commands.view import show
    from mt_perception.utils.resources import city_recording, lasting_name
    from mt_perception.view.server import require_view

    if options.view:
        require_view()
    settings = _settings(options)
    changed = {n: getattr(settings, n) for n in MODEL_SETTINGS if getattr(settings, n) != SETTINGS[n].default}
    if options.model:
        changed["model"] = lasting_name(options.model)
    source = options.input or city_recording()
    summary = run_demo(source, options.out, options.seconds, options.rate, changed, options.topic)
    print(json.dumps(summary, indent=2))
    print(f"see {options.out / 'overview.png'}, {options.out / 'summary.json'} and {options.out / 'recording'}")
    if options.view:
        show(options.out / "recording", settings)


def _run(options: argparse.Namespace) -> int:
    from mt_perception.commands.run import run_images

    failures = run_images(options.inputs, options.out, _settings(options), options.camera, options.sheet)
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _init(options: argparse.Namespace) -> None:
    from mt_perception.backends import require

    require("torch", "torch")
    from mt_perception.network.export import write_untrained

    changed = {name: getattr(options, name) for name in ("encoder", "decoder_width") if getattr(options, name)}
    spec = replace(VARIANTS[options.network], **changed)
    name = "-".join(map(str, (options.network, *changed.values())))
    bundle = write_untrained(options.out, name, spec, options.size, options.seed)
    print(f"{bundle.folder}: {bundle.card.parameters:,} parameters, untrained")


def _info(options: argparse.Namespace) -> None:
    from mt_perception.backends.readiness import readiness
    from mt_perception.model.bundle import open_model
    from mt_perception.model.text import describe

    print(describe(open_model(options.model)))
    print("backends on this machine:")
    for name, line in readiness().items():
        print(f"  {name + ':':14}{line}")


def _bag_from_city(options: argparse.Namespace) -> None:
    from mt_perception.datasets.city import record_city

    record_city(options.out, options.seed, options.seconds, options.rate, options.size, options.quality)
    print(f"{options.out}: {sum(f.stat().st_size for f in options.out.iterdir()) / 1e6:.1f} MB")
