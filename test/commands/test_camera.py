# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception camera` as a user starts it, with a video in the camera's place."""

import re
import signal
import subprocess
import sys

import cv2
import pytest
from helpers import make_image

from mt_perception.commands.main import main

pytest.importorskip("rerun", reason="rerun-sdk is not installed: pip install 'mt_perception[view]'")
pytest.importorskip("openvino")


def test_a_camera_is_shown_until_ctrl_c_which_tells_how_many_images_there_were(tmp_path):
    writer = cv2.VideoWriter(str(tmp_path / "in.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (160, 96))
    for seed in range(4):
        writer.write(make_image(96, 160, seed=seed))
    writer.release()
    command = "import sys; from mt_perception.commands.main import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "camera", "in.avi"], cwd=tmp_path, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    try:
        assert re.match(r"open http://127\.0\.0\.1:\d+/\?url=", process.stdout.readline()), process.stderr.read()
        shown = re.match(r"([1-4]) images, of which the newest 1024 MiB are kept", process.stdout.readline())
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
        assert process.returncode == 130 and said.startswith(f"in.avi: {shown[1]} images"), said
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.mp4"], "there is no none.mp4"),
        (["77"], "there is no /dev/video77; "),
        (["/dev/null", "--calibration", "none.yaml"], "the calibration none.yaml cannot be read"),
        (["/dev/null", "--model", "none"], "none"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(arguments, said, capsys):
    assert main(["camera", *arguments]) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: ") and said in told and told.count("\n") == 1
