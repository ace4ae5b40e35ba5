# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Metres with a camera of your own: python examples/calibration.py PHOTOS IMAGE

PHOTOS is a folder of at least five photos of a chessboard with 9 x 6 inner corners, each from another side. IMAGE,
of the same camera and size, is freed from the lens's distortion; rectified.png and depth.npy (metres) come out, and
camera.yaml, which the commands take with images that are rectified like this one: run --calibration camera.yaml.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
import yaml

import mt_perception as mtp

CORNERS = (9, 6)

image = cv2.imread(sys.argv[2])
if image is None:
    sys.exit(f"{sys.argv[2]} is no image that OpenCV reads")
height, width = image.shape[:2]
board = np.zeros((CORNERS[0] * CORNERS[1], 3), np.float32)  # in squares: their size does not matter to a focal length
board[:, :2] = np.mgrid[: CORNERS[0], : CORNERS[1]].T.reshape(-1, 2)
photos = [cv2.imread(str(each), cv2.IMREAD_GRAYSCALE) for each in sorted(Path(sys.argv[1]).iterdir())]
seen = [cv2.findChessboardCornersSB(each, CORNERS) for each in photos if each is not None]
corners = [points for is_there, points in seen if is_there]
if len(corners) < 5:
    sys.exit(f"{len(corners)} of {len(photos)} photos show all {CORNERS[0]} x {CORNERS[1]} corners; it needs five")

error_px, lens, distortion, *_ = cv2.calibrateCamera([board] * len(corners), corners, (width, height), None, None)
straight, _ = cv2.getOptimalNewCameraMatrix(lens, distortion, (width, height), 0)
camera = mtp.Camera(width, height, straight[0, 0], straight[1, 1], straight[0, 2], straight[1, 2])
print(f"fx_px {camera.fx_px:.1f}, from {len(corners)} photos, {error_px:.2f} px off")

rectified = cv2.undistort(image, lens, distortion, None, straight)
prediction = mtp.Perceiver.open()(mtp.Frame(rectified, "bgr", camera=camera), ("depth_m",))
print(f"{np.median(prediction.depth_m[-1]):.1f} m to what is in the last row")
cv2.imwrite("rectified.png", rectified)
matrices = {
    "camera_matrix": lens,
    "distortion_coefficients": distortion[:1, :5] if distortion.shape[0] == 1 else distortion[:5].T,
    "rectification_matrix": np.eye(3),
    "projection_matrix": np.hstack([straight, np.zeros((3, 1))]),
}
written = {"image_width": width, "image_height": height, "distortion_model": "plumb_bob"}
for name, matrix in matrices.items():  # as camera_calibration writes them
    rows, columns = matrix.shape
    written[name] = {"rows": rows, "cols": columns, "data": matrix.ravel().tolist()}
Path("camera.yaml").write_text(yaml.safe_dump(written, sort_keys=False))
np.save("depth.npy", prediction.depth_m)
