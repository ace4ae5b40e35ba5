"""`mt-perception export`: make ahead of time what a backend needs; an int8 graph, or a TensorRT engine."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

from mt_perception.settings import SETTINGS, Settings, SettingsError

_TAKEN = ("model", "backend", "precision", "input_width", "input_height")


def add_parser(commands: Any) -> None:
    """Add the subcommand `export` to `commands` (what `add_subparsers` returned)."""
    parser = commands.add_parser("export", help="make ahead of time what a backend needs")
    parser.add_argument("--model", default="", help=SETTINGS["model"].description)
    text = "openvino: an int8 graph for CPUs, from your own images; tensorrt: an engine for this machine's GPU"
    parser.add_argument("--backend", default="openvino", choices=("openvino", "tensorrt"), help=text)
    precision = SETTINGS["precision"]
    parser.add_argument("--precision", default="auto", choices=precision.choices, help="(default: %(default)s)")
    _add_openvino(parser.add_argument_group("openvino"))
    engine = parser.add_argument_group("tensorrt")
    for name in ("input_width", "input_height"):
        flag, setting = f"--{name.replace('_', '-')}", SETTINGS[name]
        engine.add_argument(flag, type=int, default=setting.default, metavar="PX", help=setting.description)
    engine.add_argument("--force-rebuild", action="store_true", help=SETTINGS["force_rebuild"].description)
    parser.set_defaults(command=run)


def _add_openvino(group: Any) -> None:
    text = "images like those that the model will see, or folders of them: some hundred"
    group.add_argument("--images", type=Path, nargs="+", metavar="PATH", help=text)
    group.add_argument("--out", type=Path, metavar="DIR", help="the model with its int8 graph")
    text = "refuse if labels change in more than this part of the pixels (default: %(default)s)"
    group.add_argument("--max-label-change", type=float, default=0.03, metavar="SHARE", help=text)
    text = "refuse if metres change by more than this part on average (default: %(default)s)"
    group.add_argument("--max-depth-change", type=float, default=0.03, metavar="SHARE", help=text)


def run(options: argparse.Namespace) -> None:
    """Make it, and print where it is."""
    if options.backend == "tensorrt":
        _build_engine(options)
        return
    if options.precision not in ("auto", "int8"):
        raise SettingsError(f"precision is {options.precision}; only int8 has to be made ahead of time for openvino")
    if not options.images or not options.out:
        raise SettingsError("an int8 graph is made from images: give --images PATH ... and --out DIR")
    _quantize(options)


def _build_engine(options: argparse.Namespace) -> None:
    from mt_perception.backends import MODULES, require

    values = {name: getattr(options, name) for name in _TAKEN}
    settings = Settings.from_mapping(values | {"force_rebuild": options.force_rebuild})
    require(MODULES[settings.backend], settings.backend)
    from mt_perception.backends.engine_builder import export_engine

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    print(export_engine(settings))


def _quantize(options: argparse.Namespace) -> None:
    """Quantise on every second image, and check the result on those between."""
    from mt_perception.bags.sources import images_in
    from mt_perception.model.bundle import open_model
    from mt_perception.quantize import MOST_IMAGES, add_int8, parity_check, prepare
    from mt_perception.types import Frame
    from mt_perception.utils.image_files import read_image

    bundle = open_model(options.model)
    files = [file for path in options.images for file in images_in(path)]
    files = files[:: max(1, len(files) // (2 * MOST_IMAGES))]
    frames = [Frame(read_image(file, "bgr"), "bgr") for file in files[::2]]
    others = prepare(bundle, (Frame(read_image(file, "bgr"), "bgr") for file in files[1::2] or files))
    check = parity_check(bundle, others, options.max_label_change, options.max_depth_change)
    bundle, drops = add_int8(bundle, frames, check, options.out)
    print("\n".join(str(drop) for drop in drops))
    print(f"{bundle.folder}: int8 graph added")
