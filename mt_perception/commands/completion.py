# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the Tab key offers in a shell, by `argcomplete` where that is installed."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from mt_perception.settings import SETTINGS
from mt_perception.utils.registry import plugins
from mt_perception.utils.setting import Setting

_MODELS = {"model", "models", "targets", "weights"}
"""Arguments that take names of models of the package, or paths."""


def complete(parser: argparse.ArgumentParser) -> None:
    """Where a shell has started this program to ask for completions, answer it and end; else do nothing."""
    if "_ARGCOMPLETE" not in os.environ:
        return
    try:
        import argcomplete
    except ModuleNotFoundError:  # the shell shows nothing
        return
    for action in _actions(parser):
        if offered := _offered(action):
            action.completer = offered  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Those of the parser and of its subcommands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from _actions(each)


def _offered(action: argparse.Action) -> Callable[..., list[str]] | None:
    """What completes an argument; None for what argparse or the names of files do."""
    if action.dest in _MODELS:
        return _models_and_files
    setting = SETTINGS.get(action.dest)
    return partial(_names, setting) if setting and setting.plugins else None


def _models_and_files(prefix: str, **_: Any) -> list[str]:
    from argcomplete.completers import FilesCompleter

    from mt_perception.utils.resources import packaged_models

    return [*packaged_models(), *FilesCompleter()(prefix)]


def _names(setting: Setting, **_: Any) -> list[str]:
    return [*setting.choices, *plugins(setting.plugins)]
