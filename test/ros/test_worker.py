# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import itertools
import queue
import shutil
import threading

import pytest

pytest.importorskip("rclpy")

from mt_perception import Frame, Perceiver, Settings
from mt_perception.ros.worker import Worker


def collect(work, items, on_error=lambda item, error: None, load=lambda: "tool"):
    """Feed items one by one, waiting for each."""
    done = threading.Semaphore(0)

    def step(tool, item):
        try:
            work(tool, item)
        finally:
            done.release()

    worker = Worker(load, step, on_error)
    worker.start()
    for item in items:
        worker.put(item)
        assert done.acquire(timeout=2)
    worker.stop()
    return worker


def test_items_are_worked_on_with_the_loaded_tool():
    seen = []
    collect(lambda tool, item: seen.append((tool, item)), [1, 2, 3])
    assert seen == [("tool", 1), ("tool", 2), ("tool", 3)]


def test_an_item_that_raises_is_reported_and_the_next_one_gets_a_fresh_tool():
    seen, errors, tools = [], [], itertools.count(1)

    def work(tool, item):
        if item == 2:
            raise ValueError("two")
        seen.append((tool, item))

    collect(work, [1, 2, 3, 4], lambda item, error: errors.append((item, str(error))), load=lambda: next(tools))
    assert seen == [(1, 1), (2, 3), (2, 4)] and errors == [(2, "two")]


def test_a_tool_that_cannot_be_loaded_again_costs_one_item_for_each_attempt():
    done, seen, errors = threading.Semaphore(0), [], []
    loads = iter(["first", OSError("gone"), OSError("gone"), "second"])

    def load():
        tool = next(loads)
        if isinstance(tool, OSError):
            raise tool
        return tool

    def work(tool, item):
        if item == 1:
            raise ValueError("one")
        seen.append((tool, item))
        done.release()

    def on_error(item, error):
        errors.append(str(error))
        done.release()

    worker = Worker(load, work, on_error)
    worker.start()
    for item in range(1, 6):
        worker.put(item)
        assert done.acquire(timeout=2)
    worker.stop()
    assert errors == ["one", "gone", "gone"] and seen == [("second", 4), ("second", 5)]


def test_a_model_that_breaks_under_its_feet_is_taken_up_again_once_it_is_whole(bundle, tmp_path, monkeypatch, image):
    """A real backend: it reads the graph for each new set of outputs, and by then the file is another."""
    pytest.importorskip("openvino")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # one in which no graph is ready
    model = shutil.copytree(bundle.folder, tmp_path / "model")
    good = (model / "graph.xml").read_bytes()
    settings = Settings(model=str(model), backend="openvino")
    told = queue.SimpleQueue()

    def work(perceiver, outputs):
        told.put(perceiver(Frame(image), outputs).outputs.keys())

    worker = Worker(lambda: Perceiver.open(settings), work, lambda item, error: told.put(error))
    worker.start()

    def answer(*outputs):
        worker.put(outputs)
        return told.get(timeout=60)

    assert answer("mask") == {"mask"}
    (model / "graph.xml").write_text("<net>this is no graph</net>")
    assert answer("mask") == {"mask"}
    assert "OpenVINO cannot run" in str(answer("confidence"))
    assert "graph.xml does not match its hash; copy the bundle again" in str(answer("mask"))
    (model / "graph.xml").write_bytes(good)
    assert answer("confidence") == {"confidence"}
    worker.stop()


@pytest.mark.parametrize(
    ("spare", "expected", "returned"), [(3, [1, 7, 6, 5, 8], 2), (1, [1, 7, 6, 8], 1), (0, [1, 7, 8], 0)]
)
def test_an_item_of_no_use_gives_way_to_the_one_that_it_displaced(spare, expected, returned):
    """1 is in hand while 2 to 7 come, of which 6 and 7 are of no use."""
    in_hand, all_there, done = (threading.Event() for _ in range(3))
    seen, returns = [], []

    def work(_, item):
        seen.append(item)
        if item == 1:
            in_hand.set()
            assert all_there.wait(2)
        if item == 8:
            done.set()
        return item not in (6, 7)

    worker = Worker(lambda: None, work, pytest.fail, returns.append, spare)
    worker.start()
    worker.put(1)
    assert in_hand.wait(2)
    displaced = [worker.put(item) for item in range(2, 8)]
    all_there.set()
    while len(seen) < len(expected) - 1:
        assert not done.wait(0.01)
    worker.put(8)
    assert done.wait(2)
    worker.stop()
    assert seen == expected and displaced == [False] + 5 * [True]
    assert len(returns) == returned and set(returns) <= {5, 6}


def test_a_tool_that_cannot_be_loaded_is_the_starters_problem():
    def load():
        raise OSError("no such model")

    worker = Worker(load, lambda tool, item: None, lambda item, error: None)
    with pytest.raises(OSError, match="no such model"):
        worker.start()
    worker.stop()


def test_stop_lets_the_item_in_hand_finish():
    finished = threading.Event()
    begun = threading.Event()

    def work(_, item):
        begun.set()
        finished.wait(0.2)
        finished.set()

    worker = Worker(lambda: None, work, lambda item, error: None)
    worker.start()
    worker.put(1)
    assert begun.wait(1)
    worker.stop()
    assert finished.is_set()
    assert worker.put(2) is False


def test_threads_share_a_loaded_tool_and_work_on_different_sources_at_the_same_time():
    """Each item waits for one of the other source: with one thread they would wait for ever."""
    meet, seen = threading.Barrier(2), queue.SimpleQueue()

    def work(tool, item):
        meet.wait(timeout=5)
        seen.put((tool, item))

    worker = Worker(lambda: "first", work, lambda item, error: seen.put(error), share=lambda tool: [f"{tool} shared"])
    worker.start()
    for source in ("left", "right"):
        worker.put(source, source)
    answers = {seen.get(timeout=5) for _ in range(2)}
    worker.stop()
    assert {tool for tool, _ in answers} == {"first", "first shared"}
    assert {item for _, item in answers} == {"left", "right"}


def test_items_of_one_source_are_never_worked_on_at_the_same_time():
    in_hand, most, done = [], [], threading.Event()

    def work(_, item):
        in_hand.append(item)
        most.append(len(in_hand))
        if item == 99:
            done.set()
        in_hand.remove(item)

    worker = Worker(lambda: None, work, pytest.fail, share=lambda tool: [None] * 3)
    worker.start()
    for item in range(100):
        worker.put(item, "camera")
    assert done.wait(5)
    worker.stop()
    assert max(most) == 1
