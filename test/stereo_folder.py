# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A stereo data set in the official layout whose depth is known, and the command that prepares it."""

from __future__ import annotations

import argparse
import json

import cv2
import numpy as np

from mt_perception.datasets.cityscapes import SUFFIXES
from mt_perception_training.depth.command import add_parser

WIDTH, HEIGHT, FX, BASELINE = 192, 96, 400.0, 0.2
WALL_PX, BOX_PX, SKY_ROWS = 8, 20, 24  # 10 m and 4 m
BOX = np.s_[40:70, 90:140]


def textured(rng, height, width):
    return cv2.GaussianBlur(rng.integers(0, 256, (height, width, 3)).astype(np.uint8), (3, 3), 0)


def pair(rng):
    """Left, right, and disparity of the left: a box in front of a wall, both parallel to the images."""
    wall, box = textured(rng, HEIGHT, WIDTH + WALL_PX), textured(rng, 30, 50)
    left, right = wall[:, :WIDTH].copy(), wall[:, WALL_PX:].copy()
    disparity_px = np.full((HEIGHT, WIDTH), WALL_PX, np.float32)
    left[BOX], right[40:70, 90 - BOX_PX : 140 - BOX_PX], disparity_px[BOX] = box, box, BOX_PX
    return left, right, disparity_px


def write_folder(folder, frames=3, split="train"):
    """A data set with the official files, its camera file with all that the official one holds."""
    rng = np.random.default_rng(frames)
    camera = {
        "extrinsic": {"baseline": BASELINE, "pitch": 0.03, "x": 1.7},
        "intrinsic": {"fx": FX, "fy": FX, "u0": 95.5, "v0": 47.5},
    }
    for number in range(frames):
        left, right, disparity_px = pair(rng)
        labels = np.full((HEIGHT, WIDTH), 11, np.uint8)
        labels[BOX], labels[:SKY_ROWS] = 26, 23
        disparity = np.rint(disparity_px * 256 + 1).astype(np.uint16)
        disparity[60:64, 20:30] = 0
        images = {"leftImg8bit": left, "rightImg8bit": right, "gtFine": labels, "disparity": disparity}
        for kind, image in images.items():
            cv2.imwrite(str(place(folder, kind, number, split)), image)
        place(folder, "camera", number, split).write_text(json.dumps(camera))
    return folder


def place(folder, kind, number, split="train"):
    path = folder / kind / split / "bonn" / f"bonn_{number:06d}_000019_{SUFFIXES[kind]}"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def command(*arguments):
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    options = parser.parse_args(["depth", *map(str, arguments)])
    options.run(options)
