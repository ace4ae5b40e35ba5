# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What comes in on an image topic, before it reaches the worker: no node is needed to see it."""

import random
import time

import numpy as np
import pytest

pytest.importorskip("rclpy")

from helpers import make_image
from rclpy.node import Node
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage

from mt_perception.ros import convert
from mt_perception.ros.inputs import ImageTopic, receiver, take_rest
from mt_perception.utils.latest import LatestQueue


def serialized(compressed: bool) -> bytes:
    if compressed:
        import cv2

        data = cv2.imencode(".png", make_image(9, 16))[1].tobytes()
        return serialize_message(CompressedImage(header=convert.header(7, "cam"), format="png", data=data))
    return serialize_message(convert.image(make_image(9, 16), "bgr8", convert.header(7, "cam")))


@pytest.mark.parametrize("compressed", [False, True])
def test_an_image_that_waits_is_not_displaced_by_what_cannot_be_read(compressed):
    waiting, refused = LatestQueue(), []
    receive = receiver(ImageTopic("image", compressed), lambda: 64.0, waiting.put, refused.append)
    good = serialized(compressed)
    receive(good)
    rng = random.Random(0)
    head = 60 if compressed else 76  # where the pixels begin
    for _ in range(1000):
        receive(good[: rng.randrange(head)])
        receive(good[:4] + rng.randbytes(rng.randrange(100)))
    assert len(refused) == 2000
    (taken,) = waiting.take(0)
    assert taken.data == good
    np.testing.assert_array_equal(convert.frame(taken).image, make_image(9, 16))


def test_the_limit_of_pixels_is_asked_for_every_image():
    limit, refused, taken = [64.0], [], []
    receive = receiver(ImageTopic("image", True), lambda: limit[0], taken.append, refused.append)
    receive(serialized(True))
    limit[0] = 1e-6
    receive(serialized(True))
    assert len(taken) == 1 and "max_image_megapixels, is 1e-06" in refused[0]


def test_a_stamp_that_a_synchronizer_refuses_is_a_fault_of_the_image():
    def take(message):
        raise ValueError("Seconds value must not be negative")

    refused = []
    receiver(ImageTopic("image", False), lambda: 64.0, take, refused.append)(serialized(False))
    assert refused == ["Seconds value must not be negative"]


def test_what_waits_in_a_subscription_is_taken_in_one_turn(ros):
    node = Node("camera_and_ear")
    try:
        ear = node.create_subscription(CompressedImage, "taken_in_one_turn", lambda _: None, 10, raw=True)
        camera = node.create_publisher(CompressedImage, "taken_in_one_turn", 10)
        end = time.monotonic() + 20
        while not camera.get_subscription_count():
            assert time.monotonic() < end
        sent = [serialize_message(CompressedImage(format=str(number))) for number in range(5)]
        for each in sent:
            camera.publish(each)
        taken = []
        while len(taken) < 5:
            assert time.monotonic() < end, taken
            take_rest(ear, taken.append)
        assert taken == sent
        take_rest(ear, taken.append)
        assert len(taken) == 5
    finally:
        node.destroy_node()
