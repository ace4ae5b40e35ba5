# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a webcam sees, live: python examples/webcam.py [DEVICE] [FRAMES]

DEVICE is its path or number (default 0), or a file or stream in its place. Ctrl-C ends it, and leaves the last frame
in webcam.png. `mt-perception camera DEVICE` shows the same in a browser.
"""

import sys
import time
from itertools import islice

import cv2

import mt_perception as mtp
from mt_perception.bags.live import LiveSource

device = sys.argv[1] if len(sys.argv) > 1 else "0"
limit = int(sys.argv[2]) if len(sys.argv) > 2 else None
perceiver, prediction = mtp.Perceiver.open(), None
perceiver.warm_up()
try:
    newest = LiveSource(device)
    with newest:
        for image in islice(newest, limit):
            prediction = perceiver(mtp.Frame(image.image, "bgr", stamp_ns=image.stamp_ns), ("mask", "depth_m"))
            ahead_m = prediction.depth_m[prediction.size[0] // 2, prediction.size[1] // 2]
            print(f"{(time.time_ns() - image.stamp_ns) / 1e6:.0f} ms, {ahead_m:.1f} m straight ahead")
except mtp.Error as error:
    sys.exit(str(error))
except KeyboardInterrupt:
    print(newest.told())
if prediction:
    cv2.imwrite("webcam.png", prediction.overlay()[..., ::-1])
