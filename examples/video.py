# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Labels and depth of a video or a webcam, as a video: python examples/video.py INPUT OUT.mp4 [FRAMES]

INPUT is a file, or the number of a webcam such as 0.
"""

import sys
from itertools import islice

import cv2
import numpy as np

import mt_perception as mtp


def frames(capture):
    """Images until there are no more."""
    while (taken := capture.read())[0]:
        yield mtp.Frame(taken[1], "bgr")


source, out = sys.argv[1:3]
limit = int(sys.argv[3]) if len(sys.argv) > 3 else None
capture = cv2.VideoCapture(int(source) if source.isdigit() else source)
perceiver, writer, count = mtp.Perceiver.open(), None, 0
for prediction in map(perceiver, islice(frames(capture), limit)):
    shown = np.hstack([prediction.overlay(), prediction.depth_colors()])
    if writer is None:
        rate_hz = capture.get(cv2.CAP_PROP_FPS) or 10
        writer = cv2.VideoWriter(out, cv2.VideoWriter.fourcc(*"mp4v"), rate_hz, shown.shape[1::-1])
    writer.write(np.ascontiguousarray(shown[..., ::-1]))
    count += 1
if not count:
    sys.exit(f"{source} gives no images")
writer.release()
print(f"{count} frames, {perceiver.bundle.card.name} on {perceiver.backend.name}: {out}")
