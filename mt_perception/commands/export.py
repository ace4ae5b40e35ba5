# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception export`: make ahead of time what a backend needs; an int8 graph, one as ONNX, or TensorRT engines."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mt_perception.settings import SETTINGS, Settings, SettingsError

if TYPE_CHECKING:
    from mt_perception.model.bundle import Bundle
    from mt_perception.quantize import Check
    from mt_perception.types import Frame

_TAKEN = ("model", "input_width", "input_height")
_FROM_IMAGES = "an int8 graph is made from images: give --images PATH ... and --out DIR"


def add_parser(commands: Any) -> None:
    """Add the subcommand `export` to `commands` (what `add_subparsers` returned)."""
    parser = commands.add_parser("export", help="make ahead of time what a backend needs")
    parser.add_argument("--model", default="", help=SETTINGS["model"].description)
    text = "openvino: an int8 graph for CPUs, from your own images; tensorrt: an engine for this machine's GPU; "
    text += "tensorrt_rtx: engines for the RTX cards of --targets, on any machine"
    parser.add_argument("--backend", default="openvino", choices=("openvino", "tensorrt", "tensorrt_rtx"), help=text)
    text = "in place of --backend: the graph as ONNX, for onnxruntime, trtexec and others; int8 is made from --images"
    parser.add_argument("--format", choices=("onnx",), help=text)
    precision = SETTINGS["precision"]
    text = "(default: %(default)s); for tensorrt_rtx several, separated by commas"
    parser.add_argument("--precision", default="auto", metavar="|".join(precision.choices), help=text)
    text = "the model with what was made; with --format onnx also a file, FILE.onnx, for the graph alone"
    parser.add_argument("--out", type=Path, metavar="PATH", help=text)
    _add_int8(parser.add_argument_group("int8"))
    engine = parser.add_argument_group("graphs and engines of one size")
    for name in ("input_width", "input_height"):
        flag, setting = f"--{name.replace('_', '-')}", SETTINGS[name]
        engine.add_argument(flag, type=int, default=setting.default, metavar="PX", help=setting.description)
    text = "with tensorrt_rtx: compute capabilities, separated by commas (default: sm75,sm86,sm89,sm120, RTX 20 to 50)"
    engine.add_argument("--targets", default="", metavar="SM,...", help=text)
    engine.add_argument("--force-rebuild", action="store_true", help=SETTINGS["force_rebuild"].description)
    parser.set_defaults(command=run)


def _add_int8(group: Any) -> None:
    text = "images like those that the model will see, or folders of them: some hundred"
    group.add_argument("--images", type=Path, nargs="+", metavar="PATH", help=text)
    text = "refuse if labels change in more than this part of the pixels (default: %(default)s)"
    group.add_argument("--max-label-change", type=float, default=0.03, metavar="SHARE", help=text)
    text = "refuse if metres change by more than this part on average (default: %(default)s)"
    group.add_argument("--max-depth-change", type=float, default=0.03, metavar="SHARE", help=text)


def run(options: argparse.Namespace) -> None:
    """Make it, and print where it is."""
    several = options.backend == "tensorrt_rtx" and not options.format
    for each in options.precision.split(",") if several else [options.precision]:
        SETTINGS["precision"].check(each)
    if options.format == "onnx":
        _onnx(options)
    elif options.backend == "tensorrt":
        _build_engine(options)
    elif options.backend == "tensorrt_rtx":
        _build_rtx(options)
    elif options.precision not in ("auto", "int8"):
        raise SettingsError(f"precision is {options.precision}; only int8 has to be made ahead of time for openvino")
    else:
        _quantize(options)


def _settings(options: argparse.Namespace, **more: Any) -> Settings:
    return Settings.from_mapping({name: getattr(options, name) for name in _TAKEN} | more)


def _build_engine(options: argparse.Namespace) -> None:
    from mt_perception.backends import require_backend

    facts = {name: getattr(options, name) for name in ("backend", "precision", "force_rebuild")}
    settings = _settings(options, **facts)
    require_backend(settings.backend)
    from mt_perception.backends.engine_builder import export_engine

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    print(export_engine(settings))


def _build_rtx(options: argparse.Namespace) -> None:
    from mt_perception.backends import network_size, require_backend
    from mt_perception.model.bundle import open_model

    require_backend(options.backend)
    from mt_perception.backends.tensorrt_rtx import build_ahead, precisions, targets

    settings = _settings(options)
    bundle = open_model(settings.model)
    wanted, names = precisions(options.precision), targets(options.targets)
    size = network_size(bundle, settings)
    for path in build_ahead(bundle, size, wanted, names, options.out, options.force_rebuild):
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    print("built, and run by nothing yet: the backend compares each with PyTorch when it loads it")


def _onnx(options: argparse.Namespace) -> None:
    """Write the graph as ONNX into a copy of the model, or into a file of its own."""
    precision = "fp32" if options.precision == "auto" else options.precision
    if precision == "bf16":
        raise SettingsError("precision is bf16; as ONNX there are fp32, fp16 and int8: few that run it know more")
    if not options.out:
        raise SettingsError("say where the graph goes: --out DIR for the model with it, --out FILE.onnx for it alone")
    from mt_perception.backends import network_size
    from mt_perception.backends.onnx_file import onnx_name, read_onnx
    from mt_perception.model.additions import with_files
    from mt_perception.model.bundle import open_model, require_place
    from mt_perception.utils.files import write_whole

    if options.out.suffix != ".onnx":
        require_place(options.out)
    settings = _settings(options)
    bundle = open_model(settings.model)
    size = network_size(bundle, settings)
    graph = _onnx_int8(options, size) if precision == "int8" else read_onnx(bundle, size, precision)
    if options.out.suffix == ".onnx":
        options.out.parent.mkdir(parents=True, exist_ok=True)
        write_whole(options.out, graph)
        print(options.out)
    else:
        name = onnx_name(size, precision)
        print(with_files(bundle, options.out, {name: graph}).file(name))


def _onnx_int8(options: argparse.Namespace, size: tuple[int, int]) -> bytes:
    if not options.images:
        raise SettingsError(_FROM_IMAGES)
    from mt_perception.quantize.onnx import onnx_int8

    bundle, frames, check = _calibration(options, "onnxruntime")
    own = bundle.card.input
    if size != (own.height, own.width):
        raise SettingsError(f"an int8 graph has the model's own size, {own.width}x{own.height}; leave the size out")
    graph, drops = onnx_int8(bundle, frames, check)
    print("\n".join(str(drop) for drop in drops))
    return graph


def _quantize(options: argparse.Namespace) -> None:
    if not options.images or not options.out:
        raise SettingsError(_FROM_IMAGES)
    from mt_perception.quantize import add_int8

    bundle, drops = add_int8(*_calibration(options, "openvino"), options.out)
    print("\n".join(str(drop) for drop in drops))
    print(f"{bundle.folder}: int8 graph added")


def _calibration(options: argparse.Namespace, backend: str) -> tuple[Bundle, list[Frame], Check]:
    """The model, every second image to quantise on, and a check of the result on those between."""
    from mt_perception.bags.sources import images_in
    from mt_perception.model.bundle import open_model
    from mt_perception.quantize import MOST_IMAGES, parity_check, prepare
    from mt_perception.types import Frame
    from mt_perception.utils.image_files import read_image

    bundle = open_model(options.model)
    files = [file for path in options.images for file in images_in(path)]
    files = files[:: max(1, len(files) // (2 * MOST_IMAGES))]
    frames = [Frame(read_image(file, "bgr"), "bgr") for file in files[::2]]
    others = prepare(bundle, (Frame(read_image(file, "bgr"), "bgr") for file in files[1::2] or files))
    return bundle, frames, parity_check(bundle, others, options.max_label_change, options.max_depth_change, backend)
