import pytest

pytest.importorskip("rclpy")

from diagnostic_msgs.msg import DiagnosticStatus

from mt_perception.ros.health import Health


class Log:
    """Keeps what is logged."""

    def __init__(self):
        self.lines = []

    def warning(self, text):
        self.lines.append(text)


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def health(log):
    return Health(log)


def status(health, active=True, timeout_s=60.0):
    message = health.status("node", active, timeout_s, "/image")
    return message.level, message.message, {each.key: each.value for each in message.values}


def test_levels_follow_the_worst_thing(health):
    assert status(health, active=False)[:2] == (DiagnosticStatus.OK, "not active")
    assert status(health)[:2] == (DiagnosticStatus.OK, "waiting for /image")
    health.warn("untrained", "the model is untrained")
    assert status(health)[:2] == (DiagnosticStatus.WARN, "the model is untrained")
    health.skipped("picture skipped: broken")
    assert status(health)[:2] == (DiagnosticStatus.WARN, "picture skipped: broken")
    level, message, _ = status(health, timeout_s=-1.0)
    assert level == DiagnosticStatus.ERROR and "waiting for /image" in message


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
        health.warn("camera", text)
    assert log.lines == ["a", "a", "b"]
    assert status(health)[2]["warning: camera"] == "b"
    health.warn("camera", "")
    assert status(health)[0] == DiagnosticStatus.OK
