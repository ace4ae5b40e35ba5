# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import gc
import threading

import pytest
from fixed_backend import Says

from mt_perception.backends import BackendError
from mt_perception.backends.hot_swap import HotSwapBackend, report_progress, run_command


class Better(Says):
    name = "better"


def wait_until(condition):
    ended = threading.Event()
    for _ in range(500):
        if condition():
            return
        ended.wait(0.01)
    raise AssertionError("it did not happen within 5 s")


def test_the_first_serves_until_the_better_one_is_ready():
    go = threading.Event()

    def prepare(report, cancelled):
        report("building")
        assert go.wait(5)
        return Better()

    backend = HotSwapBackend(Says(), prepare, background=True)
    wait_until(lambda: backend.progress == "building")
    assert (backend.name, backend.fallback) == ("fixed", "")
    go.set()
    wait_until(lambda: backend.name == "better")
    wait_until(lambda: backend.progress == "")
    assert backend.fallback == ""


@pytest.mark.parametrize("background", [True, False])
def test_what_goes_wrong_is_said_and_the_first_serves_on(background, caplog):
    def prepare(report, cancelled):
        raise MemoryError("11 GB wanted")

    backend = HotSwapBackend(Says(), prepare, background)
    wait_until(lambda: backend.fallback)
    assert backend.fallback == "backend fallback: fixed fixed serves instead, because MemoryError: 11 GB wanted"
    assert backend.name == "fixed"
    assert ("11 GB" in caplog.text) is not background, "in the background the node says it"


def test_without_background_it_is_ready_at_once():
    assert HotSwapBackend(Says(), lambda report, cancelled: Better()).name == "better"


def test_who_is_gone_needs_nothing_any_more():
    cancelled = []

    def prepare(report, event):
        cancelled.append(event)
        assert event.wait(5)
        return Better()

    backend = HotSwapBackend(Says(), prepare, background=True)
    wait_until(lambda: cancelled)
    assert not cancelled[0].is_set()
    del backend
    gc.collect()
    assert cancelled[0].wait(5)


def test_progress_is_told_again_and_again():
    said = []
    three = threading.Event()

    def report(text):
        said.append(text)
        if len(said) == 3:
            three.set()

    with report_progress("building", report, every_s=0.01):
        assert three.wait(5)
    count = len(said)
    assert said[:3] == ["building", "building for 0 s", "building for 0 s"]
    assert not threading.Event().wait(0.05) and len(said) == count, "it ends with the work"


def test_a_command_runs_in_a_process_of_its_own(tmp_path):
    run_command(["init", "--out", str(tmp_path / "m"), "--decoder-width", "8", "--size", "32x64"], threading.Event())
    assert (tmp_path / "m" / "bundle.json").exists()


def test_the_last_words_of_a_command_that_fails():
    with pytest.raises(
        BackendError, match="mt-perception info /none ended with 1: error: the model folder /none does not"
    ):
        run_command(["info", "/none"], threading.Event())


def test_a_command_ends_when_nobody_needs_it(tmp_path):
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(BackendError, match="no longer needed"):
        run_command(["init", "--out", str(tmp_path / "m")], cancelled)
    assert not (tmp_path / "m").exists()
