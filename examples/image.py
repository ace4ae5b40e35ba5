# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Labels and metric depth of one image: python examples/image.py IMAGE [CALIBRATION.yaml]

Writes overlay.png, depth.png and points.npy beside you. The calibration is what camera_calibration of ROS writes;
without it, metres hold up to a factor.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

import mt_perception as mtp

image = cv2.imread(sys.argv[1])
if image is None:
    sys.exit(f"{sys.argv[1]} is no image that OpenCV reads")
camera = mtp.read_camera(Path(sys.argv[2])) if len(sys.argv) > 2 else None

perceiver = mtp.Perceiver.open()  # model=, backend=, precision=, ...: the settings are the parameters of the node
prediction = perceiver(mtp.Frame(image, "bgr", camera=camera))

for label in prediction.classes:
    seen = prediction.mask == label.train_id
    if seen.any():
        print(f"{label.name:15s} {100 * seen.mean():5.1f} %  nearest {prediction.depth_m[seen].min():6.1f} m")
cv2.imwrite("overlay.png", prediction.overlay()[..., ::-1])
cv2.imwrite("depth.png", prediction.depth_colors()[..., ::-1])
np.save("points.npy", prediction.points())
