# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Work spread over a Ray cluster, one of whose workers is killed."""

from __future__ import annotations

import os
import signal
from collections import Counter

import pytest

pytest.importorskip("ray")


from mt_perception.processing import process
from mt_perception.processing.process import process_bag
from mt_perception.processing.shard import Processing
from mt_perception.settings import Settings
from recordings import contents, write_street


def test_a_killed_worker_costs_no_message(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(process, "SEGMENT_S", 0.25)
    street = write_street(tmp_path / "street", start_ns=10**9)
    processing = Processing(Settings(model=str(bundle.folder), backend="openvino", precision="fp32"))
    process_bag(street, tmp_path / "one", processing)
    begun = tmp_path / "begun"
    begun.mkdir()

    def dies_once(*arguments):  # a function within a function travels to the workers as it is
        from mt_perception.pipeline import Perceiver
        from mt_perception.processing.shard import process_segment

        segment, ahead = arguments[-1].segment, Perceiver.__call__
        attempt = len(list(begun.glob(f"{segment.shard.name}-*")))
        (begun / f"{segment.shard.name}-{attempt}-{os.getpid()}").touch()
        calls = Counter()

        def second_call_kills(*call, **options):
            calls["made"] += 1
            if calls["made"] == 2:  # one image of the segment is written, another begun
                os.kill(os.getpid(), signal.SIGKILL)
            return ahead(*call, **options)

        if segment.shard.name == "ray_1" and attempt == 0:
            Perceiver.__call__ = second_call_kills
        return process_segment(*arguments)

    monkeypatch.setattr(process, "process_segment", dies_once)
    stats = process_bag(street, tmp_path / "ray", processing, workers=2, ray="local")
    assert (stats.images, stats.skipped, stats.warnings) == (8, {}, [])
    attempts = Counter(each.name.split("-")[0] for each in begun.iterdir())
    assert attempts == {"ray_0": 1, "ray_1": 2, "ray_2": 1}
    assert len({each.name.split("-")[2] for each in begun.glob("ray_1-*")}) == 2
    assert contents(tmp_path / "ray") == contents(tmp_path / "one")
