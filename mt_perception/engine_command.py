"""`mt-perception export --backend tensorrt`: build an engine ahead of time."""

from __future__ import annotations

import argparse
import logging
from typing import Any

from mt_perception.settings import SETTINGS, Settings, SettingsError

_TAKEN = ("model", "backend", "precision", "input_width", "input_height")


def add_parser(commands: Any) -> None:
    """Add the subcommand `export` to `commands` (what `add_subparsers` returned)."""
    parser = commands.add_parser("export", help="build ahead of time what a backend needs, for this machine")
    for name in _TAKEN:
        setting = SETTINGS[name]
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=setting.kind,
            choices=setting.choices or None,
            default=setting.default,
            help=f"{setting.description} (default: {setting.default!r})",
        )
    parser.add_argument("--force-rebuild", action="store_true", help=SETTINGS["force_rebuild"].description)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> None:
    """Build the engine that the options ask for, unless it is there, and print where it is."""
    from mt_perception.backends import MODULES, require

    values = {name: getattr(options, name) for name in _TAKEN}
    settings = Settings.from_mapping(values | {"force_rebuild": options.force_rebuild})
    if settings.backend != "tensorrt":
        raise SettingsError(f"backend is {settings.backend}; give one that is built ahead of time: --backend tensorrt")
    require(MODULES[settings.backend], settings.backend)
    from mt_perception.backends.ahead import export_engine

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    print(export_engine(settings))
