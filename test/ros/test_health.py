# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import threading
import weakref

import pytest

pytest.importorskip("rclpy")

from diagnostic_msgs.msg import DiagnosticStatus
from fixed_backend import Says
from nodes import overall
from rclpy.logging import get_logger

import mt_perception.ros.diagnostic_task as module
from mt_perception.backends import BackendError
from mt_perception.backends.hot_swap import HotSwapBackend
from mt_perception.ros.health import AGE, Health
from mt_perception.ros.model import Model


class Log:
    """Keeps what is logged."""

    def __init__(self):
        self.lines = []

    def warning(self, text):
        self.lines.append(text)

    error = info = warning


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def health(log):
    return Health(log)


def status(health, active=True, timeout_s=60.0):
    message = overall(health.statuses("node: ", active, timeout_s, "/image"))
    return message.level, message.message, {each.key: each.value for each in message.values}


def test_levels_follow_the_worst_thing(health):
    assert status(health, active=False)[:2] == (DiagnosticStatus.OK, "not active; not active")
    assert status(health)[:2] == (DiagnosticStatus.OK, "waiting for /image; waiting for /image")
    health.input.warn("untrained", "the model is untrained")
    assert status(health)[:2] == (DiagnosticStatus.WARN, "the model is untrained")
    health.skipped("image skipped: broken")
    assert status(health)[:2] == (DiagnosticStatus.WARN, "image skipped: broken; the model is untrained")
    level, message, _ = status(health, timeout_s=-1.0)
    assert level == DiagnosticStatus.ERROR and message.startswith("no image for")
    assert message.endswith("waiting for /image; image skipped: broken; the model is untrained")


def test_a_restart_is_an_error_with_its_cause(health, log):
    for _ in range(3):
        health.restarted("worker restarted: out of memory")
    level, message, values = status(health)
    assert (level, message) == (DiagnosticStatus.ERROR, "worker restarted: out of memory")
    assert values["worker_restarts"] == "3" and values["frames_invalid"] == "0"
    assert log.lines == ["worker restarted: out of memory (logged once)"]


def test_dropping_and_being_late_are_warnings(health):
    health.received(False)
    health.finished({AGE: 900.0}, late=True)
    health.received(True)
    assert status(health)[0] == DiagnosticStatus.OK, "one of them is no rate"
    health.received(True)
    health.finished({AGE: 700.0}, late=True)
    level, message, values = status(health)
    assert level == DiagnosticStatus.WARN
    assert "dropping" in message and "late: results come 800 ms after" in message
    assert (values["frames_late"], values["frames_dropped"], values["age_p50_ms"]) == ("2", "2", "800.00")


def test_an_error_that_lasts_ends_when_it_is_over(health, log):
    health.input.warn("backend", "fell back to torch", is_error=True)
    level, message, values = status(health)
    assert (level, message, values["error: backend"]) == (DiagnosticStatus.ERROR, *["fell back to torch"] * 2)
    health.input.warn("backend", "", is_error=True)
    assert status(health)[0] == DiagnosticStatus.OK and log.lines == ["fell back to torch"]


def test_conditions_of_a_kind_end_when_they_are_not_named_any_more(health, log):
    health.input.warn("other", "stays")
    health.input.warn_each("qos", {"/image": "a", "/mask": "b"})
    health.input.warn_each("qos", {"/mask": "b"})
    values = status(health)[2]
    assert values["warning: qos /mask"] == "b" and "warning: qos /image" not in values
    assert values["warning: other"] == "stays" and log.lines == ["stays", "a", "b"]


def test_counts_and_percentiles_by_hand(health):
    for displaced in (False, True, True):
        health.received(displaced)
    for milliseconds in range(1, 101):
        health.finished({"network": float(milliseconds)})
    _, _, values = status(health)
    assert (values["frames_in"], values["frames_dropped"], values["frames_out"]) == ("3", "2", "100")
    assert (values["network_p50_ms"], values["network_p99_ms"]) == ("50.50", "99.01")


def test_each_cause_is_logged_once_and_counted(health, log):
    for _ in range(5):
        health.skipped("broken step")
    assert log.lines == ["broken step (logged once)"]
    assert status(health)[2]["skipped: broken step"] == "5"


def test_causes_that_never_repeat_do_not_fill_the_memory(health, log):
    for number in range(1000):
        health.skipped(f"size is {number}")
    _, _, values = status(health)
    assert len(log.lines) <= 51 and len(values) < 80
    assert values["frames_invalid"] == "1000" and values["skipped: other causes"] == "950"


def test_a_condition_is_logged_when_it_begins_or_changes(health, log):
    for text in ("a", "a", "", "a", "b"):
        health.input.warn("camera", text)
    assert log.lines == ["a", "a", "b"]
    assert status(health)[2]["warning: camera"] == "b"
    health.input.warn("camera", "")
    assert status(health)[0] == DiagnosticStatus.OK


def test_numbers_that_change_with_every_image_are_logged_once_and_shown_as_they_are(health, log):
    for number in range(100):
        health.input.warn("camera_size", f"the image has {number}x9{number / 7} pixels")
    assert log.lines == ["the image has 0x90.0 pixels"]
    assert status(health)[2]["warning: camera_size"].startswith("the image has 99x914.1")
    health.input.warn("camera_size", "the image has no pixels")
    assert len(log.lines) == 2, "other words are another condition"


def test_an_error_of_the_same_words_as_a_warning_is_logged(health, log):
    health.input.warn("backend", "fell back")
    health.input.warn("backend", "fell back", is_error=True)
    assert log.lines == ["fell back"] * 2


def test_a_condition_that_comes_and_goes_with_every_image_is_logged_some_times(health, log):
    for _ in range(100):
        health.input.warn("stereo", "left and right differ")
        health.input.warn("stereo", "")
    health.input.warn("clock", "another one is not held back")
    assert log.lines == ["left and right differ"] * 10 + ["another one is not held back"]


def test_texts_of_any_length_are_cut_in_the_log_and_in_the_diagnostics(health, log):
    for number in range(60):
        health.skipped(f"image encoding is {number}{'e' * 300_000}")
        health.restarted(f"worker restarted: {number}{'e' * 300_000}")
        health.input.warn(f"condition {number}", "e" * 300_000)
    _, message, values = status(health)
    assert sum(map(len, log.lines)) < 60_000 and max(map(len, values)) < 320
    assert len(message) + sum(len(key) + len(value) for key, value in values.items()) < 90_000


def test_causes_of_long_ago_are_no_longer_listed_and_logged_when_they_return(health, log, monkeypatch):
    monkeypatch.setattr(module, "_FORGOTTEN_S", -1.0)
    for _ in range(2):
        health.skipped("broken step")
        assert "skipped: broken step" not in status(health)[2]
    assert log.lines == ["broken step (logged once)"] * 2
    assert status(health)[2]["frames_invalid"] == "2"


def test_the_real_logger_takes_warnings_and_errors(capfd):
    """One line of code may log at one severity only, or rclpy raises."""
    health = Health(get_logger("health"))
    health.input.warn("a", "a warning")
    health.input.warn("b", "an error", is_error=True)
    health.skipped("a broken image")
    health.restarted("a broken backend")
    said = capfd.readouterr().err
    assert said.count("[WARN]") == 2 and said.count("[ERROR]") == 2


def test_another_backend_than_the_one_requested_is_an_error(log):
    """The engine cannot be built: the node says so, and goes on."""
    model = Model(log)

    def told():
        status = model.status("node: ")
        return status.level, status.message, {each.key: each.value for each in status.values}

    assert told()[:2] == (DiagnosticStatus.OK, "not loaded")
    go = threading.Event()

    def prepare(report, cancelled):
        report("building the engine")
        go.wait(5)
        raise BackendError("no memory")

    backend = HotSwapBackend(Says(), prepare, background=True)
    model._backend = weakref.ref(backend)
    while not backend.progress:
        go.wait(0.01)
    level, message, values = told()
    assert (level, message, values["backend"]) == (DiagnosticStatus.WARN, "building the engine", "fixed")
    go.set()
    while not backend.fallback:
        go.wait(0.01)
    level, message, values = told()
    assert level == DiagnosticStatus.ERROR
    assert message == "backend fallback: fixed fixed serves instead, because no memory"
    assert "warning: backend" not in values and message in log.lines
    del backend
    assert told()[:2] == (DiagnosticStatus.OK, "not loaded"), "what has been cleaned up is no error"


def by_task(health, **changes):
    options = {"active": True, "input_timeout_s": 60.0, "waiting_for": "/left", "hardware": "CPU", "pairs": True}
    statuses = health.statuses("/robot/perception: front/", **options | changes)
    return {each.name.removeprefix("/robot/perception: front/"): each for each in statuses}


def test_each_task_has_a_line_of_its_own(health):
    health.input.warn("camera_info", "no camera_info yet")
    health.stereo.warn("stereo", "left and right differ", is_error=True)
    health.received(False)
    health.finished({"network": 20.0})
    tasks = by_task(health)
    assert {name: (each.level, each.message) for name, each in tasks.items()} == {
        "input": (DiagnosticStatus.WARN, "no camera_info yet"),
        "results": (DiagnosticStatus.OK, "0.0 frames per second"),
        "stereo": (DiagnosticStatus.ERROR, "left and right differ"),
    }
    assert {each.hardware_id for each in tasks.values()} == {"CPU"}
    keys = {name: {value.key for value in each.values} for name, each in tasks.items()}
    assert "frames_in" in keys["input"] and {"frames_out", "network_p50_ms"} <= keys["results"]
    assert list(by_task(health, pairs=False)) == ["input", "results"]


def test_results_are_stale_where_no_image_comes_and_hardware_that_is_unknown_has_a_name(health):
    tasks = by_task(health, input_timeout_s=-1.0, hardware="")
    assert (tasks["input"].level, tasks["results"].level) == (DiagnosticStatus.ERROR, DiagnosticStatus.STALE)
    assert tasks["input"].message == "no image for 0 s: waiting for /left" and tasks["input"].hardware_id == "none"
    assert {each.message for each in by_task(health, active=False, input_timeout_s=-1.0).values()} == {"not active"}


def test_the_scale_of_a_pair_is_told(health):
    assert by_task(health)["stereo"].message == "waiting for /left"
    health.stereo.describe(scale="1.020")
    assert by_task(health)["stereo"].message == "the scale of depth is 1.020"
