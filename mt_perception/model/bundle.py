"""A model on disk: a folder with weights, an exported graph and a card. Never a pickle.

bundle.json          the card: what the model is, what it was trained on, how good it is, and hashes
weights.safetensors  the network's weights, in one more tensor what the graph holds beside them
graph.xml            the deployable graph for CPUs (OpenVINO), with its constants in the weights (formerly: graph.bin)
graph_int8.xml, .bin the same in int8, if it was made (`mt-perception export --precision int8`)
graph-WxH-*.onnx     the same as ONNX for images of one size, if it was made (`mt-perception export --format onnx`)
*.rtx                engines for RTX cards, if they were built (`mt-perception export --backend tensorrt_rtx --out`)
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from mt_perception.errors import Error
from mt_perception.labels import CITYSCAPES, UNLABELLED, Label, LabelSet
from mt_perception.model.row_prior import RowPrior
from mt_perception.model.spec import InputSpec, NetworkSpec
from mt_perception.utils.plain_values import ValueMismatch, build, check_name, shown
from mt_perception.utils.resources import model_folder, packaged_models

FORMAT = 1
CARD = "bundle.json"
WEIGHTS = "weights.safetensors"
OPENVINO_GRAPH = "graph.xml"
OPENVINO_INT8_GRAPH = "graph_int8.xml"
MAX_CARD_BYTES = 1_000_000
MAX_FX_PX = 1e6


class BundleError(Error, ValueError):
    """A folder that is no bundle, or one that is damaged or from another version."""


@dataclass(frozen=True)
class TrainingCamera:
    """The camera that depth was learned with: focal length in pixels of the network's input of this width."""

    fx_px: float
    width_px: int

    def __post_init__(self) -> None:
        if not 1 <= self.fx_px <= MAX_FX_PX:
            raise ValueMismatch(f"fx_px is {self.fx_px}; allowed: 1 to {MAX_FX_PX:g} px")
        if not 1 <= self.width_px <= 65536:
            raise ValueMismatch(f"width_px is {self.width_px}; allowed: 1 to 65536 px")


@dataclass(frozen=True)
class BundleCard:
    """Everything a user of the model needs to know. `files` maps each file's name to its sha256.

    `labels` are the classes of its masks. `int8_scores` are what was measured when the int8 graph was made; it is kept
    only if it lost little. `splits` says on what part of each data set it was scored, `trained_on` by what data sets it
    learned, empty where that is not known, and `holdout` what groups of each it was never trained on. `row_prior` is
    what the image row alone says of
    depth where it was trained; None where that is not known.
    """

    name: str
    trained: bool
    network: NetworkSpec
    input: InputSpec
    training_camera: TrainingCamera
    labels: LabelSet = CITYSCAPES
    parameters: int = 0
    gmacs: float = 0.0
    scores: Mapping[str, float] = field(default_factory=dict)
    int8_scores: Mapping[str, float] = field(default_factory=dict)
    splits: Mapping[str, str] = field(default_factory=dict)
    trained_on: tuple[str, ...] = ()
    holdout: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    row_prior: RowPrior | None = None
    encoder_weights: str = "none"
    data: str = ""
    license: str = ""
    command: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def __post_init__(self) -> None:
        check_name(self.name)
        if unnamed := sorted(set(self.network.train_ids) - {UNLABELLED, self.labels.ignore, *self.labels.train_ids}):
            raise ValueMismatch(f"classes has none with the train_id {unnamed[0]}, which the network tells apart")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON, the format's version first."""
        values = {"format": self.format, **asdict(self)}
        values["network"] = self.network.to_dict()
        labels = values.pop("labels")
        values["classes"] = labels.pop("labels")  # as it always was; what else a label set has came later
        values["label_set"] = labels
        values["units"] = {"depth": "m", "camera": "px", "mask": "trainId, 255 = unlabelled"}
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> BundleCard:
        """The inverse of `to_dict`; what a later version may have added to it is passed over.

        Raises `BundleError` for another format, `ValueMismatch` for a value that is not allowed.
        """
        if not isinstance(values, Mapping):
            raise BundleError("it cannot be read as a model card: it has no keys and values")
        if values.get("format") != FORMAT:
            raise BundleError(f"format is {values.get('format')!r}; this version reads format {FORMAT}")
        known = {each.name for each in fields(cls)} - {"labels"}
        plain = {key: each for key, each in values.items() if key in known}
        return build(cls, plain | {"labels": _labels(values)}, "the card")


def _labels(values: Mapping[str, Any]) -> LabelSet:
    """Those of a card. One without a `label_set` is of a time when all were in the classes of Cityscapes, or nearly."""
    if "classes" not in values:
        return CITYSCAPES
    classes: tuple[Label, ...] = build(tuple[Label, ...], values["classes"], "the card.classes")
    sky = {"sky": CITYSCAPES.sky} if CITYSCAPES.sky in [each.name for each in classes] else {}
    about = values.get("label_set", {"name": CITYSCAPES.name, **sky})
    if not isinstance(about, Mapping):
        raise ValueMismatch(f"the card.label_set is {shown(about)}; expected keys and values")
    about = {key: each for key, each in about.items() if key in {each.name for each in fields(LabelSet)}}
    labels: LabelSet = build(LabelSet, {**about, "labels": classes}, "the card.label_set")
    return labels


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
    if folder.exists() and not (folder / CARD).is_file() and any(folder.iterdir()):
        raise BundleError(f"{folder} holds other files; give a new folder, an empty one, or an older bundle to replace")
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


def sha256(path: Path) -> str:
    """Hexadecimal digest of a file's content."""
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
