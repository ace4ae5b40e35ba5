# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Workers end with who asked them, however that ends."""

import os
import signal
import subprocess
import sys
import time

PROGRAM = """
import os, sys, time
sys.path.insert(0, {folder!r})
from work import long
from mt_perception.utils.parallel import parallel_map
if __name__ == "__main__":
    for pid in parallel_map(long, [0, 1, 2, 3], 2):
        print(pid, flush=True)
"""
WORK = """
import os, time
def long(seconds):
    if seconds > 1:
        time.sleep(600)
    time.sleep(0.5)  # so that both workers get one
    return os.getpid()
"""


def gone(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_workers_end_within_a_second_when_their_parent_is_killed_or_stopped(tmp_path):
    (tmp_path / "work.py").write_text(WORK)
    for number, status in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, -signal.SIGINT)):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(folder=str(tmp_path))],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        workers = {int(process.stdout.readline()) for _ in range(2)}
        assert os.getpid() not in workers
        started = time.monotonic()
        process.send_signal(number)
        process.communicate(timeout=60)  # it was 600 s until the items in hand were done
        assert process.returncode == status
        while not all(map(gone, workers)):
            assert time.monotonic() - started < 20
            time.sleep(0.01)
