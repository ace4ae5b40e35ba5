# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

pytest.importorskip("openvino")

from helpers import make_image

from mt_perception.model.card import BundleError
from mt_perception.pipeline import Perceiver
from mt_perception.settings import Settings, SettingsError
from mt_perception.types import Camera, DataError, Frame


@pytest.fixture(scope="module")
def perceiver(bundle):
    return Perceiver.open(model=str(bundle.folder), backend="openvino", precision="fp32")


@pytest.mark.parametrize("size", [(64, 128), (90, 160), (37, 301), (300, 50)])
def test_outputs_have_the_images_size(perceiver, size):
    prediction = perceiver(Frame(make_image(*size)))
    assert prediction.size == size
    assert set(prediction.timings_ms) == {"prepare", "network", "restore"}


def test_only_what_is_requested(perceiver, image):
    assert set(perceiver(Frame(image), ("mask",)).outputs) == {"mask"}


@pytest.mark.parametrize("outputs", [(), ("depth",), "mask"])
def test_outputs_that_there_are_not_are_told_with_those_that_are(perceiver, image, outputs):
    with pytest.raises(DataError, match=r"^outputs is .*; allowed: a list of one or more of mask, confidence, depth_m"):
        perceiver(image, outputs)


def test_an_output_that_is_named_twice_is_computed_once(perceiver, image):
    """OpenVINO would end the process."""
    assert [*perceiver(image, ["mask", "mask"]).outputs] == ["mask"]
    assert perceiver.warm_up(["mask", "mask"], runs=1) > 0


def test_colour_orders_and_strides_make_no_difference(perceiver, image):
    plain = perceiver(Frame(image, "rgb")).mask
    padded = np.zeros((90, 173, 3), np.uint8)
    padded[:, :160] = image[..., ::-1]
    np.testing.assert_array_equal(perceiver(Frame(padded[:, :160], "bgr")).mask, plain)
    rgba = np.dstack([image, np.zeros((90, 160), np.uint8)])
    np.testing.assert_array_equal(perceiver(Frame(rgba, "rgba")).mask, plain)


def test_predictions_do_not_change_afterwards(perceiver, image):
    for size in ((64, 128), (90, 160)):
        first = perceiver(Frame(make_image(*size)))
        kept = {name: array.copy() for name, array in first.outputs.items()}
        perceiver(Frame(make_image(*size, seed=9)))
        for name, array in first.outputs.items():
            np.testing.assert_array_equal(array, kept[name])


def test_without_keeping_the_content_is_the_same(perceiver):
    for size in ((64, 128), (90, 160), (128, 128)):
        frame = Frame(make_image(*size))
        kept, passing = perceiver(frame), perceiver(frame, keep=False)
        for name, array in kept.outputs.items():
            np.testing.assert_array_equal(passing.outputs[name], array)


def test_a_longer_lens_sees_farther(perceiver):
    """Twice the focal length: the same image shows things twice as far away. The model learned with 100 px."""
    image = make_image(64, 128)

    def depth(fx):
        return perceiver(Frame(image, camera=Camera(128, 64, fx, fx, 64, 32)), ("depth_m",)).depth_m

    np.testing.assert_allclose(depth(100.0), perceiver(Frame(image), ("depth_m",)).depth_m, rtol=1e-5)
    np.testing.assert_allclose(depth(200.0), 2 * depth(100.0), rtol=1e-5)


def test_focal_length_counts_at_network_resolution(perceiver):
    frame = Frame(make_image(128, 256), camera=Camera(256, 128, 200.0, 200.0, 128, 64))
    from mt_perception.geometry import LetterBox

    assert perceiver.depth_scale(frame, LetterBox.fit((128, 256), (64, 128))) == pytest.approx(1.0)


def test_network_sized_output(bundle):
    perceiver = Perceiver.open(Settings(model=str(bundle.folder), backend="openvino", output_size="network"))
    assert perceiver(Frame(make_image(128, 128))).size == (64, 64)  # the letterbox bars are cut off


def test_any_other_size(bundle):
    perceiver = Perceiver.open(model=str(bundle.folder), backend="openvino", output_size="100x30")
    prediction = perceiver(Frame(make_image(128, 256)))
    assert prediction.size == (30, 100) and prediction.overlay().shape == (30, 100, 3)
    assert perceiver.sufficient_size((128, 256)) == (64, 128)  # the network needs no more, and the overlay less
    assert perceiver.sufficient_size((20, 40)) == (64, 128)


def test_the_node_answers_large_images_at_the_networks_size_and_the_library_at_theirs(bundle):
    live = Perceiver.open(Settings(model=str(bundle.folder), backend="openvino"))
    assert live(make_image(129, 256)).size == (64, 127)
    assert live(make_image(128, 256)).size == (128, 256)
    assert live(Frame(make_image(80, 160), taken_size=(160, 320))).size == (64, 128)  # by what the camera took
    assert live.sufficient_size((160, 320)) == (64, 128)
    assert live.sufficient_size((128, 256)) == (128, 256)
    assert Perceiver.open(model=str(bundle.folder), backend="openvino")(make_image(129, 256)).size == (129, 256)


def test_input_size_is_a_setting(bundle):
    perceiver = Perceiver.open(
        Settings(model=str(bundle.folder), backend="openvino", input_width=96, input_height=48, output_size="network")
    )
    assert perceiver(Frame(make_image(96, 192))).size == (48, 96)


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(BundleError, match="does not exist"):
        Perceiver.open(Settings(model=str(tmp_path / "none")))


def test_a_bare_array_is_an_rgb_image(perceiver, image):
    np.testing.assert_array_equal(perceiver(image).mask, perceiver(Frame(image, "rgb")).mask)
    reversed_view = np.ascontiguousarray(image[..., ::-1])[..., ::-1]  # as cv2.imread(...)[..., ::-1] gives it
    np.testing.assert_array_equal(perceiver(reversed_view).mask, perceiver(image).mask)


def test_settings_by_name_are_those_of_the_node(bundle):
    opened = Perceiver.open(model=str(bundle.folder), backend="openvino", precision="fp32", output_size="network")
    assert opened(make_image(37, 301)).size == (16, 128)  # what of 64x128 the image fills
    with pytest.raises(SettingsError, match="there is no setting 'modle'; did you mean model"):
        Perceiver.open(modle="street")
    both = Perceiver.open(Settings(model="none", backend="openvino"), model=str(bundle.folder))
    assert both.bundle.folder == bundle.folder


def test_predictions_bring_their_classes_along(perceiver, image):
    prediction = perceiver(image)
    assert prediction.classes == perceiver.bundle.card.labels
    assert prediction.points().shape == image.shape[:2]
    assert prediction.overlay().shape == image.shape
