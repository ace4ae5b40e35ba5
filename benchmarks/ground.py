# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the road is worth: depth_mode mono and ground on the frames of one camera, against LiDAR.

    python benchmarks/ground.py FOLDER [--model MODEL]

FOLDER holds image/ and depth/ (PNG, 16 bit, metres = value / 256, 0 = none), named alike, in the order of time. The
camera's numbers below are those of KITTI. Prints one table; in the row "best" each frame has the one factor that
brings its median to that of the truth: no scale does much better. Milliseconds are medians.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from mt_perception.bags.sources import images_in
from mt_perception.geometry import resize_nearest
from mt_perception.metrics.depth_scores import DepthScores
from mt_perception.pipeline import Perceiver
from mt_perception.scale.ground import Ground, GroundDepth, Mount
from mt_perception.settings import SETTINGS, Settings
from mt_perception.types import Camera, DepthMap, Frame
from mt_perception.utils.entry import run
from mt_perception.utils.image_files import read_image


def main() -> None:
    options = parse()
    perceiver = Perceiver.open(Settings(model=options.model, output_size="network"))
    ground, mount = GroundDepth(perceiver.bundle.card.labels), Mount(options.height)
    scores = {name: DepthScores() for name in ("mono", "ground", "best")}
    found: list[Ground] = []
    problems: Counter[str] = Counter()
    times_ms = []
    for index, file in enumerate(images_in(options.folder / "image")):
        image, truth_m = read_image(file, "bgr"), read_truth(options.folder / "depth" / f"{file.stem}.png")
        height, width = image.shape[:2]
        camera = Camera(width, height, options.fx, options.fx, options.cx, options.cy)
        network = perceiver(Frame(image, "bgr", round(1e9 * index / options.fps), camera=camera), ("mask", "depth_m"))
        started = time.perf_counter()
        corrected = ground(network, mount)
        times_ms.append(1e3 * (time.perf_counter() - started))
        if ground.problem:
            problems[ground.problem] += 1
        elif ground.scale and isinstance(ground.scale.latest, Ground):
            found.append(ground.scale.latest)
        mono_m, ground_m = (resize_nearest(each.depth_m, truth_m.shape) for each in (network, corrected))
        for name, depth_m in (("mono", mono_m), ("ground", ground_m), ("best", best(mono_m, truth_m))):
            scores[name].update(depth_m, truth_m)
    tell(found, problems, times_ms)
    print("\n| depth_mode | AbsRel | RMSE m | < 1.25 |\n|---|---|---|---|")
    for name, each in scores.items():
        s = each.summary()
        print(f"| {name} | {s['abs_rel']:.3f} | {s['rmse']:.2f} | {s['delta1']:.3f} |")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    numbers = {"fx": 721.54, "cx": 609.56, "cy": 172.85, "height": 1.65, "fps": 10.0}
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=float, default=default, help="default: %(default)s")
    parser.add_argument("--model", default="", help=SETTINGS["model"].description)
    return parser.parse_args()


def read_truth(file: Path) -> DepthMap:
    """(H, W) metres, NaN where there is none."""
    stored = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    if stored is None:
        raise SystemExit(f"{file} cannot be read")
    return np.where(stored > 0, stored.astype(np.float32) / 256, np.float32(np.nan))


def best(depth_m: DepthMap, truth_m: DepthMap) -> DepthMap:
    """The depth (H, W) with the median of the truth, over the pixels that have both."""
    both = np.isfinite(depth_m) & (depth_m > 0) & (truth_m <= 80)
    return depth_m * np.float32(np.median(truth_m[both] / depth_m[both])) if both.any() else depth_m


def tell(found: list[Ground], problems: Counter[str], times_ms: list[float]) -> None:
    print(f"ground found in {len(found)} of {len(times_ms)} frames, {np.median(times_ms):.1f} ms a frame")
    for problem, count in problems.items():
        print(f"  {count} frames: {problem}")
    for name in ("factor", "spread", "inlier_share", "tilt_deg") if found else ():
        low, middle, high = np.percentile([getattr(each, name) for each in found], (5, 50, 95))
        print(f"  {name}: median {middle:.3f}, 90 % from {low:.3f} to {high:.3f}")


if __name__ == "__main__":
    raise SystemExit(run(main, "error"))
