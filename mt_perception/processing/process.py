# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Every image of recordings through the network; results beside it in new recordings, piece by piece."""

from __future__ import annotations

import resource
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path

from tqdm import tqdm

from mt_perception.bags.bag import Bag, BagError
from mt_perception.bags.batch import Failure, attempts
from mt_perception.bags.metadata import read_metadata
from mt_perception.bags.writer import require_place
from mt_perception.model.bundle import load_bundle
from mt_perception.processing.cameras import find_cameras
from mt_perception.processing.segments import check_manifest, cut, join
from mt_perception.processing.shard import Processing, Task, process_segment
from mt_perception.processing.stats import ProcessingStats
from mt_perception.topics import MASK
from mt_perception.utils.files import own_folder
from mt_perception.utils.former_names import FOLDERS, former_path
from mt_perception.utils.hardware import usable_cores

SEGMENT_S = 20.0
INDIFFERENT = {
    "threads", "streams", "pinning", "image_transport", "overlay_opacity", "depth_color_min_m", "depth_color_max_m",
    "input_timeout_s", "late_after_s", "build_only", "force_rebuild", "autostart", "cameras", "stereo_cameras",
    "obstacle_classes", "obstacle_min_confidence", "obstacle_voxel_m", "compressed",
}  # fmt: skip
"""Settings on which results do not depend: what was stopped may go on with others."""

Outcome = ProcessingStats | Failure


def process_bag(source: Path, out: Path, processing: Processing, workers: int = 1, ray: str = "") -> ProcessingStats:
    """Write `out`: the recording `source` with the network's results. What was stopped goes on when called again.

    The same input gives the same messages, however the work is spread: over `workers` processes, or on the Ray cluster
    at address `ray`.
    """
    (outcome,) = process_bags([(source, out)], processing, workers, ray).values()
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def process_bags(
    works: Sequence[tuple[Path, Path]], processing: Processing, workers: int = 1, ray: str = ""
) -> dict[Path, Outcome]:
    """`process_bag` for pairs of source and output. What became of each output; one failure stops no other."""
    outcomes: dict[Path, Outcome] = {}
    plans: dict[Path, list[Task]] = {}
    _allow_files(len(works))
    with ExitStack() as owned:
        for source, out in works:
            try:
                plans[out], outcomes[out] = _plan(source, out, processing, owned)
            except (ValueError, RuntimeError, OSError) as error:
                outcomes[out] = error
        _work_off(plans, outcomes, processing, workers, ray)
    return outcomes


def _allow_files(outputs: int) -> None:
    """The lock of each output is an open file; many systems allow 1024 until more are requested."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = outputs + 512
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else needed, hard))


def _work_off(
    plans: dict[Path, list[Task]], outcomes: dict[Path, Outcome], processing: Processing, workers: int, ray: str
) -> None:
    """Do what is planned for each output, as far as it is not done, and add to `outcomes` what became of it."""
    waiting = {out: [each for each in plan if not each.segment.is_done] for out, plan in plans.items()}
    total, left = (sum(map(len, each.values())) for each in (plans, waiting))
    items = [task for tasks in waiting.values() for task in tasks]
    cores = processing.settings.threads or usable_cores()
    each_cores = 1 if ray else max(1, cores // max(1, min(workers, len(items))))
    with tqdm(total=total, initial=total - left, unit="segment") as progress:
        for out in [out for out, tasks in waiting.items() if not tasks]:  # it was stopped just before its end
            outcomes[out] = _finished(plans[out], outcomes[out], processing)
        for task, outcome in attempts(partial(process_segment, processing, each_cores), items, workers, ray):
            progress.update()
            waiting[task.out].remove(task)
            outcomes[task.out] = _together(outcomes[task.out], outcome)
            if not waiting[task.out]:
                outcomes[task.out] = _finished(plans[task.out], outcomes[task.out], processing)


def _plan(source: Path, out: Path, processing: Processing, owned: ExitStack) -> tuple[list[Task], ProcessingStats]:
    """The work on one recording with what is to be said of it, and a folder for its shards, which `owned` gets."""
    require_place(out)
    with Bag(source) as bag:
        cameras, notes = find_cameras(bag, processing.topics, processing.right_topic, processing.settings.stereo)
    topics = [topic for camera in cameras for topic in camera.images]
    shards = former_path(out.with_name(f"{out.name}.shards"), FOLDERS)
    named = ("disparity", "keep", "storage", "namespace")
    facts = {"source": str(source.resolve()), "topics": topics} | {n: getattr(processing, n) for n in named}
    facts |= {name: value for name, value in asdict(processing.settings).items() if name not in INDIFFERENT}
    owned.enter_context(own_folder(shards))
    check_manifest(shards, facts | {"model": load_bundle(processing.model).model_hash})
    segments = cut(source, shards, out.name, SEGMENT_S)
    return [Task(out, cameras, each, not n) for n, each in enumerate(segments)], ProcessingStats(notes=notes)


def _together(so_far: Outcome, more: Outcome) -> Outcome:
    """The sum, or the first failure."""
    if isinstance(so_far, Exception):
        return so_far
    if isinstance(more, Exception):
        return more
    so_far.add(more)
    return so_far


def _finished(plan: list[Task], outcome: Outcome, processing: Processing) -> Outcome:
    """Make one recording of the shards, unless some are missing or there are no results of a camera in any."""
    if isinstance(outcome, Exception):
        return outcome
    try:
        counts = sum((_counts(task.segment.shard) for task in plan), Counter())
        for camera in plan[0].cameras:
            made = counts[f"{processing.namespace_of(camera)}/{MASK}"]
            if made < camera.announced:
                outcome.warn(f"{made} of the {camera.announced} images on {camera.images[0]} have results")
            if not made:
                shutil.rmtree(plan[0].segment.shard.parent)
                what = f"{camera.images[0]} of " if camera.about else ""
                raise BagError(f"nothing was made of {what}{plan[0].segment.source}: {'; '.join(outcome.problems())}")
        join([task.segment for task in plan], plan[0].out)
    except (ValueError, RuntimeError, OSError) as error:
        return error
    return outcome


def _counts(shard: Path) -> Counter[str]:
    """How many messages were written to a shard, by topic, also in an earlier run."""
    topics = read_metadata(shard)["topics_with_message_count"]
    return Counter({each["topic_metadata"]["name"]: each["message_count"] for each in topics})
