# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The whole folder: what there is, what is left to do, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from tqdm import tqdm

from mt_perception.utils.parallel import parallel_map
from mt_perception_training.depth.options import Preparation, PreparationError
from mt_perception_training.depth.sample import SamplePaths, is_complete, prepare_sample
from mt_perception_training.depth.teacher import load_spec
from mt_perception_training.files import check_manifest as check_folder

PREVIEW = "preview.png"
_MANIFEST = "preparation.json"
_NEEDS = {"official": "disparity", "sgbm": "rightImg8bit", "teacher": "rightImg8bit"}


@dataclass(frozen=True)
class Report:
    """How many samples were prepared now, how many before, and a sentence for each that could not be."""

    prepared: int
    kept: int
    problems: tuple[str, ...]


def prepare_folder(samples: Sequence[SamplePaths], preparation: Preparation, workers: int = 1, ray: str = "") -> Report:
    """Prepare what is not complete yet. A broken file does not stop the others; Ctrl-C loses nothing that was done."""
    waiting = [sample for sample in samples if not is_complete(sample)]
    problems: list[str] = []
    done = 0
    results = parallel_map(partial(prepare_sample, preparation=preparation), waiting, workers, ray)
    try:
        with closing(results), tqdm(total=len(samples), initial=len(samples) - len(waiting), unit="image") as progress:
            for problem in results:
                done += 1
                problems += [problem] if problem else []
                progress.update()
    except KeyboardInterrupt:
        left = len(waiting) - done
        raise PreparationError(f"stopped; at most {left} images are left, the same command goes on") from None
    return Report(done - len(problems), len(samples) - len(waiting), tuple(sorted(problems)))


def find_samples(source: Path, target: Path, preparation: Preparation, splits: Sequence[str] = ()) -> list[SamplePaths]:
    """All images of a folder in the layout of Cityscapes, of these splits or of all there are.

    Paths are made absolute: the machines of a cluster see one file system, but not one working directory.
    """
    source, target = source.expanduser().resolve(), target.expanduser().resolve()
    if preparation.teacher:
        load_spec(Path(preparation.teacher))  # a mistake in it would come back once per image
    images = source / "leftImg8bit"
    found = sorted(each.name for each in images.iterdir() if each.is_dir()) if images.is_dir() else []
    if missing := [split for split in splits if split not in found]:
        raise PreparationError(f"{images} has no split {missing[0]!r}; there are: {', '.join(found) or 'none'}")
    samples = [sample for split in splits or found for sample in _samples_of(source, target, split)]
    if not samples:
        raise PreparationError(f"{images} holds no SPLIT/CITY/*_leftImg8bit.png; expected the layout of Cityscapes")
    for split in {sample.split for sample in samples}:
        for kind in (_NEEDS[preparation.source], "camera"):
            if not (source / kind / split).is_dir():
                raise PreparationError(f"{source / kind / split} is missing; --source {preparation.source} needs it")
    return samples


def _samples_of(source: Path, target: Path, split: str) -> list[SamplePaths]:
    folder, labelled = source / "leftImg8bit" / split, (source / "gtFine" / split).is_dir()
    files = sorted(folder.glob("*/*_leftImg8bit.png"))
    names = [each.relative_to(folder).as_posix().removesuffix("_leftImg8bit.png") for each in files]
    return [SamplePaths(source, target, split, name, labelled) for name in names]


def check_manifest(target: Path, preparation: Preparation) -> None:
    """Make `target` the folder of this preparation. Refuses one that holds something else, so that nothing is mixed."""
    check_folder(target, _MANIFEST, asdict(preparation), allowed=(PREVIEW,))
