# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a webcam sees, live: python examples/webcam.py [DEVICE] [FRAMES]

DEVICE is its number (default 0), or a file or stream in its place. Ctrl-C ends it, and leaves the last frame in
webcam.png.
"""

import sys
import time
from itertools import count, islice

import cv2

import mt_perception as mtp

device = sys.argv[1] if len(sys.argv) > 1 else "0"
limit = int(sys.argv[2]) if len(sys.argv) > 2 else None
capture = cv2.VideoCapture(int(device) if device.isdigit() else device)
capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # what waits in a queue is old when it is looked at
perceiver, prediction = mtp.Perceiver.open(), None
perceiver.warm_up()
try:
    for _ in islice(count(), limit):
        is_there, image = capture.read()
        if not is_there:
            break
        began = time.perf_counter()
        prediction = perceiver(mtp.Frame(image, "bgr", stamp_ns=time.time_ns()), ("mask", "depth_m"))
        ahead_m = prediction.depth_m[prediction.size[0] // 2, prediction.size[1] // 2]
        print(f"{1e3 * (time.perf_counter() - began):.0f} ms, {ahead_m:.1f} m straight ahead")
except KeyboardInterrupt:
    pass
if prediction is None:
    sys.exit(f"{device} gives no images")
cv2.imwrite("webcam.png", prediction.overlay()[..., ::-1])
