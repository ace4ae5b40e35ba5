import numpy as np
import pytest

from mt_perception.types import CameraModel, DataError, Frame, Prediction


def test_frame_knows_height_before_width():
    assert Frame(np.zeros((3, 4, 3), np.uint8)).size == (3, 4)


@pytest.mark.parametrize(
    ("image", "pixel_format", "said"),
    [
        (np.zeros((3, 4, 3), np.float32), "rgb", "float32"),
        (np.zeros((3, 4), np.uint8), "rgb", "(H, W, 3)"),
        (np.zeros((3, 4, 3), np.uint8), "mono", "(H, W)"),
        (np.zeros((3, 4, 3), np.uint8), "bgra", "(H, W, 4)"),
        (np.zeros((0, 4, 3), np.uint8), "rgb", "not empty"),
        (np.zeros((3, 4, 3), np.uint8), "yuv", "expected one of rgb"),
    ],
)
def test_frame_refuses_what_is_no_picture(image, pixel_format, said):
    with pytest.raises(DataError) as error:
        Frame(image, pixel_format)
    assert said in str(error.value)


def test_frame_refuses_a_camera_of_another_size():
    with pytest.raises(DataError, match="5x3 pixels, the picture has 4x3"):
        Frame(np.zeros((3, 4, 3), np.uint8), camera=CameraModel(5, 3, 1, 1, 1, 1))


@pytest.mark.parametrize("fx", [0, -1, float("nan"), float("inf")])
def test_camera_refuses_impossible_focal_lengths(fx):
    with pytest.raises(DataError, match="fx_px"):
        CameraModel(4, 3, fx, 1, 1, 1)


def test_prediction_holds_what_was_asked_for():
    frame = Frame(np.zeros((3, 4, 3), np.uint8))
    prediction = Prediction(frame, {"mask": np.zeros((3, 4), np.uint8)})
    assert prediction.size == (3, 4)
    with pytest.raises(DataError, match="depth_m was not asked for"):
        _ = prediction.depth_m


@pytest.mark.parametrize(
    "outputs",
    [
        {},
        {"mask": np.zeros((3, 4), np.int64)},
        {"labels": np.zeros((3, 4), np.uint8)},
        {"mask": np.zeros((3, 4), np.uint8), "depth_m": np.zeros((4, 3), np.float32)},
    ],
)
def test_prediction_refuses_wrong_outputs(outputs):
    with pytest.raises(DataError):
        Prediction(Frame(np.zeros((3, 4, 3), np.uint8)), outputs)
