# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""How the two programs start and end, in processes of their own."""

import os
import signal
import subprocess
import sys
import time
from xml.etree import ElementTree

import pytest

from mt_perception.errors import Error, said
from mt_perception.settings import SettingsError
from mt_perception.utils import entry

START = "import sys; from mt_perception.utils.entry import {0}; sys.exit({0}())"
WITHOUT = """
import sys
class Absent:
    def find_spec(self, name, *_):
        if name.split(".")[0] == "{0}":
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
"""


def program(code, *arguments):
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60)


def test_an_error_meant_for_users_is_one_line(capsys):
    def command():
        raise SettingsError("threads is -1; allowed: 0 to 256")

    assert entry.run(command, "error") == 1
    assert capsys.readouterr().err == "error: threads is -1; allowed: 0 to 256\n"


@pytest.mark.parametrize(
    ("page", "link"), [("", ""), ("view", "/view.html"), ("networks#a-third-task", "/networks.html#a-third-task")]
)
def test_on_a_terminal_a_second_line_leads_to_the_page_about_the_error(page, link, root):
    address = ElementTree.parse(root / "package.xml").findtext("url[@type='website']")
    code = f"""
from mt_perception.utils import entry
class Wrong(entry.Error):
    page = {page!r}
def command():
    raise Wrong("no")
entry.run(command, "error")
"""
    ours, its = os.openpty()
    subprocess.run([sys.executable, "-c", code], stderr=its, check=True, timeout=60)
    assert os.read(ours, 4096).decode().splitlines() == ["error: no", *([f"  see {address}{link}"] if link else [])]
    os.close(its)
    os.close(ours)


def test_what_the_operating_system_refuses_is_one_line(capsys, tmp_path):
    assert entry.run((tmp_path / "none").read_text, "error") == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "No such file" in said and str(tmp_path / "none") in said


@pytest.mark.parametrize("kind", [ValueError, RuntimeError, KeyError, TypeError])
def test_a_bug_keeps_its_traceback_and_asks_to_be_reported(kind, capsys):
    def wrong_somewhere():
        raise kind("operands could not be broadcast")

    assert entry.run(wrong_somewhere, "error") == 1
    said = capsys.readouterr().err
    assert "Traceback" in said and "in wrong_somewhere" in said and "please report it" in said.splitlines()[-1]


def test_debug_raises_whatever_it_is():
    def command():
        raise Error("no such thing")

    with pytest.raises(Error):
        entry.run(command, "error", debug=True)


@pytest.mark.parametrize("package", ["lightning", "torch"])
def test_the_training_without_its_extra_says_how_to_install_it(package):
    pytest.importorskip("lightning")
    code = WITHOUT.format(package) + START.format("train")
    ended = program(code, "train", "--recipe", "city", "--data", "city=.", "--out", "unused")
    assert ended.returncode == 1 and "Traceback" not in ended.stderr
    assert f"needs the Python package {package}" in ended.stderr and "mt_perception[train]" in ended.stderr


@pytest.mark.parametrize("name", ["perception_node", "player_node", "recorder_node", "city_node", "view_node"])
def test_a_node_without_ros_says_how_to_get_it(name):
    ended = program(WITHOUT.format("rclpy") + START.format(name))
    assert ended.returncode == 1
    said = f"error: this needs the Python package rclpy, which is not installed: {entry.ROS_REMEDY}\n"
    assert ended.stderr == said


@pytest.mark.parametrize(
    ("package", "remedy"), [("sensor_msgs", entry.ROS_REMEDY), ("cv2", "pip install opencv-python-headless")]
)
def test_a_node_without_another_package_says_where_that_comes_from(package, remedy):
    pytest.importorskip("rclpy")
    ended = program(WITHOUT.format(package) + START.format("perception_node"))
    assert ended.returncode == 1
    assert ended.stderr.endswith(f"needs the Python package {package}, which is not installed: {remedy}\n")


def test_no_program_tells_anybody_about_its_use(tmp_path):
    """NNCF and OpenVINO's converter would, from their first import, without having been allowed to."""
    pytest.importorskip("nncf")
    (tmp_path / "told.py").write_text("import nncf, pathlib\ndef main():\n    print([*pathlib.Path.home().iterdir()])")
    code = "import sys; sys.path.insert(0, {!r}); from mt_perception.utils import entry; entry._start('told')"
    (home := tmp_path / "home").mkdir()
    ended = subprocess.run(
        [sys.executable, "-c", code.format(str(tmp_path))],
        env={name: value for name, value in os.environ.items() if name != "CI"} | {"HOME": str(home)},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (0, "[]\n"), "a number by which this user would be known"


@pytest.mark.parametrize(
    "name", ["perceive", "train", "perception_node", "player_node", "recorder_node", "city_node", "view_node"]
)
def test_ctrl_c_during_imports_ends_at_once_without_a_traceback(name):
    if name == "train":
        pytest.importorskip("lightning")
    code = f"""
import sys
class Slow:
    def find_spec(self, name, *_):
        if name.endswith((".commands.main", ".cli")) or name.startswith("mt_perception.ros"):
            print("importing", flush=True)
            import time; time.sleep(60)
sys.meta_path.insert(0, Slow())
{START.format(name)}
"""
    started = subprocess.Popen([sys.executable, "-c", code, "--help"], stdout=-1, stderr=-1, text=True)
    assert started.stdout.readline() == "importing\n"
    began = time.monotonic()
    started.send_signal(signal.SIGINT)
    _, said = started.communicate(timeout=30)
    assert started.returncode == 130 and said == "stopped\n" and time.monotonic() - began < 5


def test_a_bug_in_the_program_keeps_its_status_and_words_as_a_process():
    code = START.format("perceive").replace(
        "sys.exit", "from mt_perception.commands import main as c; c._info = 5; sys.exit"
    )
    ended = program(code, "info")
    assert ended.returncode == 1 and "Traceback" in ended.stderr and "please report it" in ended.stderr


@pytest.mark.parametrize("lines", [1, 100_000])
def test_a_reader_who_wants_no_more_is_no_error(lines):
    code = (
        f"import sys; from mt_perception.utils import entry; sys.exit(entry.run(lambda: print('x\\n' * {lines}), 'e'))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert (process.wait(60), process.stderr.read()) == (entry.UNREAD, b"")


def test_what_the_system_refuses_is_said_with_its_file_and_no_number(tmp_path):
    there = tmp_path / "there"
    there.mkdir()
    with pytest.raises(OSError) as refused:
        there.mkdir()
    assert said(refused.value) == f"{there}: File exists"
    with pytest.raises(OSError) as refused:
        there.rename(tmp_path / "no" / "place")
    assert said(refused.value) == f"{there} -> {tmp_path}/no/place: No such file or directory"
    assert said(OSError(28, "No space left on device")) == "No space left on device"
    assert said(OSError("a.png cannot be written")) == "a.png cannot be written"
    assert said(ValueError("3 is odd")) == "3 is odd"


def test_another_pipe_that_breaks_is_said():
    code = (
        "import sys; from mt_perception.utils import entry\n"
        "def command(): raise BrokenPipeError(32, 'Broken pipe')\n"
        "sys.exit(entry.run(command, 'error'))"
    )
    ended = program(code)
    assert (ended.returncode, ended.stderr) == (1, "error: Broken pipe\n")
