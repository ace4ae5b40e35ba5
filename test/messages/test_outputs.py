# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Messages of results, and what of them is made later."""

import cv2
import numpy as np

from mt_perception.messages.outputs import Result, for_later, is_compressed, message_of
from mt_perception.messages.rosbags import BUILDER
from mt_perception.prediction import Prediction
from mt_perception.settings import Settings
from mt_perception.topics import MASK, compressed_output, output_topics
from mt_perception.types import Frame


def test_what_is_compressed_later_is_what_was_there_then():
    mask = np.arange(6, dtype=np.uint8).reshape(2, 3)
    prediction = Prediction(Frame(np.zeros((2, 3, 3), np.uint8), stamp_ns=7), {"mask": mask})
    output = compressed_output(next(each for each in output_topics() if each.name == MASK))
    later = for_later(output, Result(prediction, Settings(), BUILDER))
    mask[:] = 0  # the next image, in the same memory
    message = message_of(output, later)
    assert is_compressed(output) and message.header.stamp.nanosec == 7
    assert cv2.imdecode(np.asarray(message.data), cv2.IMREAD_UNCHANGED).tolist() == [[0, 1, 2], [3, 4, 5]]
