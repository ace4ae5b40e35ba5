# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A model on disk: a folder with weights, an exported graph and a card. Never a pickle.

bundle.json          the card: what the model is, what it was trained on, how good it is, and hashes
weights.safetensors  the network's weights, in one more tensor what the graph holds beside them
graph.xml            the deployable graph for CPUs (OpenVINO), with its constants in the weights (formerly: graph.bin)
graph_int8.xml, .bin the same in int8, if it was made (`mt-perception export --precision int8`)
graph-WxH-*.onnx     the same as ONNX for images of one size, if it was made (`export --format onnx`, or `import`)
*.rtx                engines for RTX cards, if they were built (`mt-perception export --backend tensorrt_rtx --out`)
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from mt_perception.model.card import BundleCard, BundleError
from mt_perception.utils.plain_values import ValueMismatch, shown
from mt_perception.utils.resources import model_folder, packaged_models

CARD = "bundle.json"
WEIGHTS = "weights.safetensors"
OPENVINO_GRAPH = "graph.xml"
OPENVINO_INT8_GRAPH = "graph_int8.xml"
MAX_CARD_BYTES = 1_000_000


@dataclass(frozen=True)
class Bundle:
    """A verified bundle."""

    folder: Path
    card: BundleCard

    def file(self, name: str) -> Path:
        """The path of one of its files; `BundleError` when the bundle does not hold it."""
        if name not in self.card.files:
            raise BundleError(f"the model {self.folder} has no {name}; it holds {', '.join(self.card.files)}")
        return self.folder / name

    def constants(self, graph: str) -> Path:
        """The path of the file that holds the constants of its `graph`: the .bin beside it, or else the weights."""
        beside = _beside(graph)
        return self.file(beside if beside in self.card.files else WEIGHTS)

    @property
    def has_int8(self) -> bool:
        """Whether it holds a graph in int8."""
        return OPENVINO_INT8_GRAPH in self.card.files

    @property
    def model_hash(self) -> str:
        """The first 12 digits of the weights' sha256: names the model in logs and diagnostics."""
        return self.card.files[WEIGHTS][:12]


def open_model(model: str = "") -> Bundle:
    """The bundle that a user calls `model`: see `model_folder`. Raises `BundleError` in one sentence."""
    return load_bundle(model_folder(model))


def load_bundle(folder: Path | str) -> Bundle:
    """Read the card and verify every file's hash. Raises `BundleError` in one sentence."""
    folder = Path(folder).expanduser().resolve()
    if not folder.is_dir():
        raise BundleError(
            f"the model folder {folder} does not exist; give a folder made by mt-perception init or training, or the "
            f"name of a model of the package: {', '.join(packaged_models())}"
        )
    folder = (folder / CARD).resolve().parent  # of a folder of links, as some installers make them, where all lies
    try:
        card = BundleCard.from_dict(_read_card(folder))
        _check_names(card)
    except (BundleError, ValueMismatch) as error:
        raise BundleError(f"{folder / CARD}: {error}") from None
    for name, digest in card.files.items():
        if (folder / name).resolve().parent != folder:
            raise BundleError(f"{folder / name} leads out of the model's folder; copy the bundle with cp -rL")
        if not (folder / name).is_file():
            raise BundleError(f"the model {folder} is incomplete: {name} is missing; copy the bundle again")
        if sha256(folder / name) != digest:
            raise BundleError(f"the model {folder} is damaged: {name} does not match its hash; copy the bundle again")
    for name in (each for each in card.files if each.endswith(".xml") and _beside(each) not in card.files):
        if name not in _tensors(folder / WEIGHTS):
            raise BundleError(f"{folder / CARD}: it names {name} without its {_beside(name)}: it is incomplete")
    return Bundle(folder, card)


def _beside(graph: str) -> str:
    """The file in which a graph has its constants, if it does not share the weights."""
    return f"{Path(graph).stem}.bin"


def _tensors(weights: Path) -> set[str]:
    """Names of the tensors in a file of weights; none if it is no such file."""
    try:
        with safe_open(weights, "numpy") as file:
            return set(file.keys())
    except SafetensorError:
        return set()


def _read_card(folder: Path) -> Any:
    """What is in the card, unchecked."""
    path = folder / CARD
    if not path.is_file():  # a pipe would be waited for
        raise BundleError("the folder is no model bundle: there is no such file in it")
    with path.open("rb") as file:
        content = file.read(MAX_CARD_BYTES + 1)
    if len(content) > MAX_CARD_BYTES:
        raise BundleError(f"it is larger than {MAX_CARD_BYTES / 1e6:g} MB, which no model card is")
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"it cannot be read as a model card ({type(error).__name__}: {error})") from None


def _check_names(card: BundleCard) -> None:
    """Raise `BundleError` unless `files` names, with hashes, all that is loaded, and nothing outside the folder."""
    if WEIGHTS not in card.files:
        raise BundleError(f"it names no {WEIGHTS}; the bundle is incomplete")
    for name, digest in card.files.items():
        if not re.fullmatch(r"\w[\w.-]{0,99}", name):
            raise BundleError(f"it names the file {name!r}, which lies outside the bundle or is no plain name")
        if not re.fullmatch("[0-9a-f]{64}", digest):
            raise BundleError(f"the hash of {name} is {shown(digest)}; expected 64 hexadecimal digits")


@contextmanager
def new_bundle(folder: Path, card: BundleCard) -> Iterator[Path]:
    """A folder for a bundle's files; on leaving, the card with their hashes is added and all moves to `folder`.

    Nothing is seen at `folder` before it is complete. What is there may be replaced only if it is a bundle, or empty.
    """
    folder = Path(folder)
    require_place(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as temporary:
        fresh = Path(temporary) / "bundle"
        fresh.mkdir()
        yield fresh
        files = {path.name: sha256(path) for path in sorted(fresh.iterdir())}
        for path in fresh.iterdir():
            path.chmod(0o644)  # some writers keep theirs to their own user; a model is installed for all
        values = card.to_dict() | {"files": files}
        (fresh / CARD).write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
        if folder.exists():
            shutil.move(folder, Path(temporary) / "old")
        shutil.move(fresh, folder)


def require_place(folder: Path) -> None:
    """Raise `BundleError` where no bundle can go: to be asked before the hours that it takes to make one."""
    if folder.is_file():
        raise BundleError(f"{folder} is a file; give a folder for the model")
    if folder.exists() and not (folder / CARD).is_file() and any(folder.iterdir()):
        raise BundleError(f"{folder} holds other files; give a new folder, an empty one, or an older bundle to replace")


def sha256(path: Path) -> str:
    """Hexadecimal digest of a file's content."""
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
