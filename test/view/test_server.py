# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The view as a user starts it: real processes, real sockets, and a real browser where there is one."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from urllib.parse import urlsplit

import browser
import numpy as np
import pytest
from browser import area

from mt_perception.commands.main import main
from recordings import write_results

psutil = pytest.importorskip("psutil")
pytest.importorskip("rerun", reason="rerun-sdk is not installed: pip install 'mt_perception[view]'")


@contextmanager
def viewing(folder):
    """`mt-perception view` of a small recording, once everything is shown; and the address of its page."""
    bag = write_results(folder / "bag", 2, wrong_columns=40, camera=True)
    command = "import sys; from mt_perception.commands.main import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "view", str(bag)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    try:
        page = re.fullmatch(r"open (http://127\.0\.0\.1:\d+/\?url=\S+)", process.stdout.readline().strip())
        assert page, process.stderr.read()
        assert "2 images, of which the newest 1024 MiB are kept" in process.stdout.readline()
        yield process, page[1]
    finally:
        process.terminate()
        process.wait()


def get(page, path="/"):
    """The answer to a request for something beside the page."""
    connection = HTTPConnection(urlsplit(page).netloc)
    connection.request("GET", path)
    return connection.getresponse()


def test_the_view_is_for_this_machine_alone_and_ends_with_ctrl_c(tmp_path):
    with viewing(tmp_path) as (process, page):
        programs = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        assert any(each.name() == "rerun" for each in programs)
        listening = [each.laddr for one in programs for each in one.net_connections() if each.status == "LISTEN"]
        assert len(listening) == 3 and {each.ip for each in listening} == {"127.0.0.1"}
        answer = get(page)
        data = re.search(r"127\.0\.0\.1%3A(\d+)%2Fproxy", page)[1]
        assert answer.status == 200 and b"<canvas" in answer.read()
        assert (
            f"connect-src 'self' blob: data: http://127.0.0.1:{data};"
            in f"{answer.headers['Content-Security-Policy']};"
        )
        assert get(page, "/nothing").status == 404
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 130 and err.endswith("stopped\n") and "Traceback" not in err
        assert not psutil.wait_procs(programs, timeout=10)[1]
    assert {each.name for each in tmp_path.iterdir()} <= {"bag", ".cache"}, "it leaves nothing in the home"


def test_a_port_that_is_taken_is_told(tmp_path, capfd):
    bag = write_results(tmp_path / "bag", 1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["view", str(bag), "--port", str(port)]) == 1
    said = capfd.readouterr().err
    assert f"error: port {port} cannot be used (Address already in use); give another one" in said


@pytest.mark.parametrize("arguments", [["--port", "80"], ["--port", "x"], ["--memory", "1"], ["--memory", "-5"]])
def test_numbers_out_of_bounds_are_refused_with_what_is_allowed(arguments, capfd):
    with pytest.raises(SystemExit) as ended:
        main(["view", "bag", *arguments])
    assert ended.value.code == 2 and "allowed: " in capfd.readouterr().err


@pytest.mark.parametrize("command", [["view", "bag"], ["view", "bag", "--save", "file.rrd"], ["demo", "--view"]])
def test_without_rerun_one_is_told_how_to_get_it(command, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "rerun", None)
    assert main(command) == 1
    assert "pip install 'mt_perception[view]'" in capfd.readouterr().err


@pytest.mark.skipif(not browser.CHROMIUM, reason="no Chromium: apt install chromium")
def test_a_browser_shows_labels_depth_points_and_the_names_of_the_classes(tmp_path):
    with viewing(tmp_path) as (_, url), browser.page(url, tmp_path / "profile", (900, 700)) as page:
        deadline = time.monotonic() + 120
        while not is_shown(page.screenshot()):
            assert time.monotonic() < deadline, "the page does not show everything"


def is_shown(shot):
    """Whether there are sky and road over a black image, 5 m of depth, points of both, and the names of the classes."""
    sky, road, car, near = (70, 130, 180), (128, 64, 128), (0, 0, 142), (70, 107, 237)
    half = 0.735  # of the light
    return (
        min(area(shot, half * np.array(each)) for each in (sky, road)) > 5000  # labels
        and area(shot, near) > 5000
        and min(area(shot, 0.9 * np.array(each), 20) for each in (sky, road)) > 1000  # points, shaded
        and area(shot, car) > 20
    )
