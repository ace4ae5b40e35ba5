# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The node's process from its first line to its exit status."""

import signal
import time

import pytest

pytest.importorskip("rclpy")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("busy", [False, True])
def test_signals_end_it_quickly_and_quietly(run, probe, number, busy):
    probe.listen("segmentation/mask")
    node = run()
    probe.wait_for_node()
    if busy:
        for index in range(10):
            probe.send(index + 1)
            probe.spin(0.02)
    status, seconds = node.stop(number)
    assert status == 0, node.log
    assert seconds < 3.0
    assert "Traceback" not in node.log and "terminate" not in node.log


def test_a_second_signal_does_not_break_the_ending(run, probe):
    node = run()
    probe.wait_for_node()
    node.process.send_signal(signal.SIGINT)
    time.sleep(0.02)
    status, _ = node.stop(signal.SIGINT)
    assert status == 0 and "Traceback" not in node.log


@pytest.mark.parametrize("delay_s", [0.0, 0.2, 0.4])
def test_a_signal_while_loading(run, probe, delay_s):
    node = run()
    probe.until(lambda: "perception" in probe.get_node_names())
    time.sleep(delay_s)
    status, _ = node.stop(signal.SIGINT)
    assert status == 0 and "Traceback" not in node.log, node.log


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"model": "/none"}, "the model folder /none does not exist"),
        ({"overlay_opacity": 7.0}, "overlay_opacity is 7.0; allowed: 0 to 1"),
        ({"backend": "cuda"}, "backend is 'cuda'; allowed: one of auto, openvino, torch"),
        ({"input_width": 5}, "input_width is 5; allowed: 0, or 32 to 4096 px"),
        ({"precision": "fp16", "backend": "torch"}, "computes in fp32, bf16"),
    ],
)
def test_a_wrong_start_ends_with_one_line(start, bundle, parameters, said):
    node = start("node", **({"model": str(bundle.folder)} | parameters))
    assert node.process.wait(30) == 1
    lines = [line for line in node.log.splitlines() if line.strip()]
    assert len(lines) == 1 and said in lines[0], node.log


def test_build_only_ends_when_the_model_is_ready(start, bundle):
    node = start("node", model=str(bundle.folder), backend="openvino", build_only=True, autostart=False)
    assert node.process.wait(30) == 0, node.log
    assert "ready in" in node.log and "Traceback" not in node.log
