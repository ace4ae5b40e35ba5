# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Pages that are written from the code: topics, command line, Python, and the models of the package."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Sequence

import mt_perception
from mt_perception import topics
from mt_perception.commands import main as perceive
from mt_perception.model.bundle import open_model
from mt_perception.model.text import facts
from mt_perception.utils.resources import packaged_models

PLUGIN_PARTS = (
    "mt_perception.backends.Backend",
    "mt_perception.datasets.sample.Reader",
    "mt_perception.datasets.sample.Sample",
    "mt_perception.network.encoders.Encoder",
    "mt_perception.network.decoder.Decoder",
    "mt_perception.topics.OutputTopic",
)
CONTRACTS = ("BackendContract", "DatasetContract", "NetworkContract", "DeployedContract")


def pages() -> Iterator[tuple[str, str]]:
    """The name and the Markdown of each."""
    yield "reference/topics.md", _topics()
    yield "reference/command_line.md", _command_line()
    yield "reference/python.md", _python()
    yield "reference/model_zoo.md", _model_zoo()


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(each.replace('|', chr(92) + '|') for each in line)} |" for line in lines)


def _topics() -> str:
    inputs = [name for stereo in (False, True) for name in topics.image_inputs(stereo)]
    listened = [(f"`{name}`, or `{name}{topics.COMPRESSED}`", f"`{topics.camera_info_topic(name)}`") for name in inputs]
    rows = []
    for each in topics.OUTPUT_TOPICS:
        kind = each.type_name.replace("/msg/", "/") + (f" ({each.encoding})" if each.encoding else "")
        made = {"frame": "each image", "match": "each matched pair", "model": "each loaded model"}[each.made]
        written = [word for word, is_so in (("`record`", each.recorded), ("`bag process`", each.processed)) if is_so]
        rows.append((f"`{each.name}`", kind, each.content, made, ", ".join(written)))
    return f"""# Topics

Relative names, in the node's namespace; of several cameras below the camera's name.

## What the node listens to

{_table(("image", "its camera_info"), listened)}

## What it publishes

Beside these, diagnostics on `{topics.DIAGNOSTICS}`, once a second. A topic is made while somebody subscribes to it.

{_table(("topic", "type", "content", "made for", "written by"), rows)}
"""


def _command_line() -> str:
    os.environ["COLUMNS"] = "80"  # the width of the usages
    from mt_perception_training.cli import build_parser

    sections = ["# Command line"]
    for parser in (perceive.build_parser(), build_parser()):
        sections += [f"## {parser.prog}", parser.description or ""]
        sections += _sections(parser)
    return "\n\n".join(sections) + "\n"


def _sections(parser: argparse.ArgumentParser) -> Iterator[str]:
    """One for each subcommand, those of subcommands among them."""
    for action in parser._actions:
        if not isinstance(action, argparse._SubParsersAction):
            continue
        helps = {each.dest: each.help or "" for each in action._choices_actions}
        for name, command in action.choices.items():
            if any(isinstance(each, argparse._SubParsersAction) for each in command._actions):
                yield from _sections(command)
                continue
            yield f"### {command.prog}"
            yield " ".join(filter(None, [_sentence(helps.get(name, "")), command.description]))
            yield f"```text\n{command.format_usage().removeprefix('usage: ').strip()}\n```"
            if rows := list(_options(command)):
                yield _table(("argument", "meaning"), rows)


def _options(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    formatter = parser._get_formatter()
    for action in parser._actions:
        if not isinstance(action, argparse._HelpAction):
            name = ", ".join(action.option_strings) or str(action.metavar or action.dest)
            yield f"`{name}`", formatter._expand_help(action) if action.help else ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "." if text else ""


def _python() -> str:
    public = [getattr(mt_perception, name) for name in mt_perception.__all__]
    names = [f"{each.__module__}.{each.__qualname__}" for each in public]
    contracts = [f"mt_perception.testing.{each}" for each in CONTRACTS]
    sections = {
        "`import mt_perception as mtp`": names,
        "What a plug-in implements": PLUGIN_PARTS,
        "What its tests inherit": contracts,
    }
    body = "\n\n".join(
        f"## {title}\n\n" + "\n\n".join(f"::: {name}" for name in listed) for title, listed in sections.items()
    )
    return f"# Python\n\n{body}\n"


def _model_zoo() -> str:
    sections = ["# Model zoo", "The models that come with the package. `--model NAME` and `model:=NAME` take one."]
    for name in packaged_models():
        told = {key: value for key, value in facts(open_model(name)).items() if key not in ("model", "folder")}
        sections += [f"## {name}", _table(("", "what its card says"), told.items())]
    return "\n\n".join(sections) + "\n"
