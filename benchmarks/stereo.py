# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a second camera is worth: depth_mode mono, scaled and fused on one real pair, against its ground truth.

    python benchmarks/stereo.py FOLDER [--sheet OUT.png]

FOLDER holds left.png, right.png and disparity_gt.png (16 bit, disparity = value / 256, 0 = none), as KITTI 2015 gives
them. The camera's numbers below are those of its pair 000046. Prints one table; milliseconds are medians.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mt_perception.draw import render
from mt_perception.geometry import depth_from_disparity, to_rgb
from mt_perception.metrics.depth_scores import DepthScores
from mt_perception.pipeline import Perceiver
from mt_perception.settings import SETTINGS, Settings
from mt_perception.stereo import estimate_scale, fuse, match
from mt_perception.types import Camera, DepthMap, Frame, StereoPair
from mt_perception.utils.entry import run
from mt_perception.utils.image_files import read_image

DEPTH_RANGE_M = (3.0, 80.0)


def main() -> None:
    options = parse()
    pair, truth_m = read(options)
    perceiver = Perceiver.open(Settings(model=options.model))
    perceiver.warm_up(("depth_m",))
    mono_m, network_ms = timed(lambda: perceiver(pair.left, ("depth_m",)).depth_m)
    found, match_ms = timed(lambda: match(pair, options.width))
    measured, measure_ms = timed(lambda: estimate_scale(mono_m, found))
    if measured is None:
        raise SystemExit("left and right cannot be compared")
    scaled_m = mono_m * np.float32(measured.factor)
    fused_m, fuse_ms = timed(lambda: fuse(scaled_m, found))
    print(f"scale {measured.factor:.3f}, spread {measured.spread:.3f}, inliers {measured.inlier_share:.0%}, matched at")
    print(f"{found.size[1]}x{found.size[0]}; ms: network {network_ms:.1f}, match {match_ms:.1f}, ", end="")
    print(f"measure {measure_ms:.1f}, fuse {fuse_ms:.1f}\n\n| depth_mode | AbsRel | RMSE m | < 1.25 | coverage |")
    print("|---|---|---|---|---|")
    for name, depth_m in (("mono", mono_m), ("scaled", scaled_m), ("fused", fused_m)):
        scores = DepthScores()
        scores.update(depth_m, truth_m)
        s = scores.summary()
        print(f"| {name} | {s['abs_rel']:.3f} | {s['rmse']:.2f} | {s['delta1']:.3f} | {s['coverage']:.3f} |")
    if options.sheet:
        write(options.sheet, pair, [mono_m, scaled_m, fused_m, truth_m])


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    camera = {"fx": 721.54, "cx": 609.56, "cy": 172.85, "baseline": 0.5372}
    for name, default in camera.items():
        parser.add_argument(f"--{name}", type=float, default=default, help="default: %(default)s")
    parser.add_argument("--width", type=int, default=SETTINGS["stereo_width"].default, help="at which it is matched")
    parser.add_argument("--model", default="", help=SETTINGS["model"].description)
    parser.add_argument("--sheet", type=Path, help="write left, mono, scaled, fused and truth below each other")
    return parser.parse_args()


def read(options: argparse.Namespace) -> tuple[StereoPair, DepthMap]:
    left, right = (read_image(options.folder / f"{side}.png", "bgr") for side in ("left", "right"))
    height, width = left.shape[:2]
    camera = Camera(width, height, options.fx, options.fx, options.cx, options.cy)
    disparity = cv2.imread(str(options.folder / "disparity_gt.png"), cv2.IMREAD_UNCHANGED)
    if disparity is None:
        raise SystemExit(f"{options.folder} holds no disparity_gt.png")
    truth_m = depth_from_disparity(disparity.astype(np.float32) / 256, options.fx, options.baseline)
    right_camera = replace(camera, baseline_m=options.baseline)
    return StereoPair(Frame(left, "bgr", camera=camera), Frame(right, "bgr", camera=right_camera)), truth_m


def timed(call: Callable[[], Any], runs: int = 5) -> tuple[Any, float]:
    """What `call` returns, and the median of its milliseconds."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        result = call()
        times.append(1e3 * (time.perf_counter() - started))
    return result, float(np.median(times))


def write(path: Path, pair: StereoPair, depths_m: list[DepthMap]) -> None:
    image = to_rgb(pair.left.image, pair.left.pixel_format)
    rows = [image, *(render.color_depth(depth_m, *DEPTH_RANGE_M) for depth_m in depths_m)]
    cv2.imwrite(str(path), np.vstack(rows)[..., ::-1])


if __name__ == "__main__":
    raise SystemExit(run(main, "error"))
