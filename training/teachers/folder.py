# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Asks the teachers about every image of a data set, and keeps what they say: the layout is that of `data.pseudo`.

`teacher.json` tells who was asked (networks by their hashes) and how; a folder made otherwise is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from mt_perception.datasets.cityscapes import encode_depth
from mt_perception.datasets.own import LABELS_FILE
from mt_perception.datasets.sample import DatasetError, Reader, Sample, labels_of
from mt_perception.labels import CITYSCAPES, UNLABELLED, LabelSet
from mt_perception.types import DataError, Mask
from mt_perception.utils.files import write_whole
from mt_perception_training.data.pseudo import CAMERA, KINDS, is_metric, noted_camera
from mt_perception_training.files import check_manifest, is_whole
from mt_perception_training.teachers.network import TeacherError
from mt_perception_training.teachers.opening import Teachers
from mt_perception_training.teachers.views import Views, confident

PREVIEW = "preview.png"
MANIFEST = "teacher.json"


@dataclass(frozen=True)
class Asking:
    """How the teachers are asked. `confidence`: below it a label is unsure. `views`: see there."""

    confidence: float = 0.5
    views: Views = field(default_factory=Views)

    def __post_init__(self) -> None:
        if not 0 <= self.confidence <= 1:
            raise TeacherError(f"the confidence is {self.confidence}; give a share, 0 to 1")


@dataclass
class Report:
    """How many images were done now and before, a sentence for each that could not be, and how much was said now.

    `sure`, `known`: sum over the new images of the share of pixels with a label, and with a finite depth.
    """

    done: int = 0
    kept: int = 0
    sure: float = 0.0
    known: float = 0.0
    no_sky: int = 0
    problems: list[str] = field(default_factory=list)


class Pupil:
    """One data set, in the folder where its pseudo-labels go. `note` is the camera of images that have none."""

    def __init__(
        self, folder: Path, reader: Reader, teachers: Teachers, asking: Asking, note: Mapping[str, Any]
    ) -> None:
        self.folder = folder
        self.reader, self._teachers, self._asking = reader, teachers, asking
        self._note = note
        offered = {"labels": teachers.labels, "confidence": teachers.labels, "depth": teachers.depth}
        self.kinds = [kind for kind in KINDS if offered[kind]]

    @property
    def classes(self) -> LabelSet:
        """Those of the pseudo-labels."""
        return self._teachers.labels.classes if self._teachers.labels else CITYSCAPES

    def path(self, kind: str, name: str) -> Path:
        """Where an image of one kind of the sample `name` lies."""
        return self.folder / kind / f"{name}.png"

    def check_manifest(self) -> None:
        """Write the record and the camera, or refuse the folder."""
        first = first_readable(self.reader)
        record: dict[str, Any] = {"teachers": self._teachers.identities, **asdict(self._asking)}
        own_classes = not {*self.classes} <= {*CITYSCAPES}
        if own_classes:
            record["classes"] = list(self.classes.names)
        if self._teachers.depth:
            record["metric"] = is_metric(first, self._note)
        if first.camera is None:
            record["camera"] = dict(self._note)
        check_manifest(self.folder, MANIFEST, record)
        if own_classes:
            write_whole(self.folder / LABELS_FILE, (json.dumps(asdict(self.classes), indent=1) + "\n").encode())
        if first.camera is None and self._teachers.depth:
            write_whole(self.folder / CAMERA, (json.dumps(dict(self._note), indent=1) + "\n").encode())

    def ask(self, title: str) -> Report:
        """Ask about each image that was not asked about yet. A broken one does not stop the others."""
        self.check_manifest()
        report = Report()
        count = len(self.reader)
        try:
            for index in tqdm(range(count), desc=title, unit="image"):
                self._ask_about(index, report)
        except KeyboardInterrupt:
            left = count - report.done - report.kept - len(report.problems)
            raise TeacherError(
                f"stopped; at most {left} images of {title} are left, the same command goes on"
            ) from None
        return report

    def _ask_about(self, index: int, report: Report) -> None:
        try:
            sample = self.reader[index]
            if all(is_whole(self.path(kind, sample.name)) for kind in self.kinds):
                report.kept += 1
                return
            images = self._said_of(sample, report)
            for kind in self.kinds:
                write_whole(self.path(kind, sample.name), cv2.imencode(".png", images[kind])[1].tobytes())
        except TeacherError:
            raise  # the next image would fare no better
        except (DatasetError, DataError, OSError, cv2.error) as error:
            reason, file = " ".join(str(error).split()), self.reader.files(index)[0]
            report.problems.append(reason if str(file) in reason else f"{file}: {reason}")
        else:
            report.done += 1

    def _said_of(self, sample: Sample, report: Report) -> dict[str, NDArray[Any]]:
        """The images of all kinds, (H, W) uint8 or uint16."""
        images: dict[str, NDArray[Any]] = {}
        told = np.zeros(sample.size, bool)
        if self._teachers.labels:
            mask, sure = self._teachers.labels.labels(sample.image)
            labels = confident(mask, sure, self._asking.confidence, self.classes)
            images |= {"labels": labels, "confidence": np.rint(255 * sure).astype(np.uint8)}
            report.sure += float((labels != UNLABELLED).mean())
            told = labels == self.classes.sky_id
        if self._teachers.depth:
            camera = sample.camera or noted_camera(self._note, sample.size)
            depth_m = self._teachers.depth.depth_m(sample.image, camera)
            report.known += float(np.isfinite(depth_m).mean())
            report.no_sky += sample.labels is None and not self._teachers.labels
            depth_m[sky(sample.labels, labels_of(self.reader), told)] = np.inf
            images["depth"] = encode_depth(depth_m)
        return images


def first_readable(reader: Reader) -> Sample:
    """The first image that is not broken: what it has, all have."""
    reason: Exception = DatasetError("the data set is empty")
    for index in range(len(reader)):
        try:
            return reader[index]
        except (DatasetError, DataError) as error:
            reason = error
    raise reason


def sky(true: Mask | None, classes: LabelSet, told: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(H, W): where the true labels, in their `classes`, say sky; where they are silent, where the teacher told so."""
    return told if true is None else np.where(true == UNLABELLED, told, true == classes.sky_id)
