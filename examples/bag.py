# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a recording shows, without ROS: python examples/bag.py RECORDING [TOPIC]

RECORDING is a rosbag2 folder or file. Its camera_info, if there is one, makes the depth metric.
"""

import sys
from collections import Counter

import numpy as np

import mt_perception as mtp
from mt_perception.bags.sources import open_source
from mt_perception.messages.read import camera_from_info, frame_from_message, with_camera

try:
    source = open_source(sys.argv[1], topic=sys.argv[2] if len(sys.argv) > 2 else "")
except mtp.Error as error:
    sys.exit(str(error))
perceiver, pixels = mtp.Perceiver.open(), Counter()
for each in source:
    frame = frame_from_message(each.image.message())
    infos = [other.message() for topic, other in each.others.items() if topic.endswith("camera_info")]
    if infos and (camera := camera_from_info(infos[0])):
        frame = with_camera(frame, camera)
    prediction = perceiver(frame, ("mask", "depth_m"))
    finite = prediction.depth_m[np.isfinite(prediction.depth_m)]
    print(f"{frame.stamp_ns / 1e9:.2f} s: nearest {finite.min():.1f} m" if finite.size else "nothing near")
    pixels.update({label.name: np.count_nonzero(prediction.mask == label.train_id) for label in prediction.classes})
for name, count in pixels.most_common(5):
    print(f"{name:15s} {100 * count / pixels.total():5.1f} %")
