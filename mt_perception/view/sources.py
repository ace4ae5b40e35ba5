# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a path has to show: the results in a recording, or what the network says of images as it goes."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from mt_perception.bags.bag import Bag
from mt_perception.bags.live import LiveSource
from mt_perception.bags.sources import is_read_as_recording, open_source
from mt_perception.bags.topics import layout_of
from mt_perception.evaluation.recorded_labels import predicted_labels
from mt_perception.labels import LabelSet
from mt_perception.model.bundle import open_model
from mt_perception.pipeline import Perceiver
from mt_perception.settings import Settings
from mt_perception.topics import MASK
from mt_perception.types import Camera
from mt_perception.view.seen import Numbers, Seen, diagnosed, perceived, recorded, watched
from mt_perception.view.server import Viewer, ViewError

if TYPE_CHECKING:
    from mt_perception.view.sink import Sink


@dataclass(frozen=True)
class Scene:
    """What there is to see, in the classes `labels`: `count` images at most, or as many as come, and numbers by stamps.

    `skipped` gets why images are left out, while they are fed.
    """

    name: str
    labels: LabelSet
    count: int | None
    images: Iterable[Seen]
    numbers: Iterable[tuple[int, Numbers]] = ()
    skipped: Counter[str] = field(default_factory=Counter)

    def feed(self, sink: Sink, viewer: Viewer | None = None) -> int:
        """Everything to `sink`, at the end of which is `viewer`, or a file; the number of images.

        Raises `ViewError` where there are none, and when the viewer ends.
        """
        shown = 0
        for seen in tqdm(self.images, total=self.count, unit="image"):
            if viewer:
                viewer.check()
            sink.show(seen)
            shown += 1
        for stamp_ns, numbers in self.numbers:
            sink.plot(stamp_ns, numbers)
        reasons = [f"{count} images are left out: {why}" for why, count in self.skipped.items()]
        if not shown:
            raise ViewError("; ".join([f"{self.name} has nothing to show", *reasons]))
        print("".join(f"{each}\n" for each in reasons), end="", file=sys.stderr)
        return shown


@contextmanager
def opened(path: Path, settings: Settings, topic: str = "") -> Iterator[Scene]:
    """What is to be seen at `path`, whose results are only shown if there are some.

    `topic`: of a recording, the camera. Raises `SourceError`, `BagError` for what is nothing of the kind.
    """
    path = path.expanduser()
    notes: tuple[str, ...] = ()
    with ExitStack() as bags:
        if is_read_as_recording(path):
            bag, beside = (bags.enter_context(Bag(path)) for _ in range(2))
            layout = layout_of(bag, topic)
            notes = layout.notes
            if MASK in layout.topics:
                labels = predicted_labels(bag, layout.topics, open_model(settings.model).card.labels)
                skipped: Counter[str] = Counter()
                _tell(notes)
                images = recorded(bag, beside, layout, labels, skipped)
                yield Scene(str(path), labels, bag.counts[layout.topics[MASK]], images, diagnosed(beside), skipped)
                return
        source, skipped = open_source(path, topic), Counter()
        _tell((*notes, getattr(source, "note", "")))
        perceiver = Perceiver.open(settings)
        labels = perceiver.bundle.card.labels
        yield Scene(str(path), labels, len(source), perceived(source, perceiver, skipped), skipped=skipped)


def _tell(notes: Iterable[str]) -> None:
    """Each once: which camera of several is shown, say."""
    print("".join(f"{note}\n" for note in dict.fromkeys(notes) if note), end="", file=sys.stderr)


@contextmanager
def live(device: str, size: tuple[int, int] | None, settings: Settings, camera: Camera | None) -> Iterator[Scene]:
    """What the camera `device` sees from now on, asked for images of `size`; Ctrl-C says how much that was.

    `camera`: its calibration. Raises `SourceError` where no image comes.
    """
    source = LiveSource(device, size)  # at once: a model takes its time
    perceiver = Perceiver.open(settings)
    perceiver.warm_up()
    with source:
        try:
            yield Scene(device, perceiver.bundle.card.labels, None, watched(source, perceiver, camera))
        except KeyboardInterrupt:
            print(source.told(), flush=True)
            raise
