# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import threading

import pytest

pytest.importorskip("rclpy")

from diagnostic_msgs.msg import DiagnosticStatus

import mt_perception.ros.diagnostic_task as module
from mt_perception.ros.diagnostic_task import DiagnosticTask
from mt_perception.ros.outputs import encoder
from mt_perception.topics import OUTPUT_TOPICS


class Log:
    """Keeps the error that is logged, and tells that it came."""

    def __init__(self):
        self.came, self.text = threading.Event(), ""

    def error(self, text):
        self.text = text
        self.came.set()


def test_an_image_that_could_not_be_compressed_is_an_error_for_a_while_and_not_for_good(monkeypatch):
    log = Log()
    task = DiagnosticTask("results", log)
    worker = encoder(task)
    worker.start()
    worker.put((OUTPUT_TOPICS[0], None, None))  # it has no results to be made of
    assert log.came.wait(10) and log.text.startswith(f"{OUTPUT_TOPICS[0].name} was not published: ")
    worker.stop()
    assert task.status("node: ", "fine").level == DiagnosticStatus.ERROR
    monkeypatch.setattr(module, "_STALE_S", -1.0)
    assert task.status("node: ", "fine").level == DiagnosticStatus.OK
