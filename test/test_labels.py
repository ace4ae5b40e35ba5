import numpy as np

from mt_perception.labels import CITYSCAPES, SKY, UNLABELLED, id_to_train_id, palette


def test_train_ids_are_0_to_18_in_order():
    assert [label.train_id for label in CITYSCAPES] == list(range(19))
    assert CITYSCAPES[SKY].name == "sky"


def test_id_remap_goes_one_step_and_sends_void_to_unlabelled():
    # 0 unlabelled, 7 road, 8 sidewalk, 19 traffic light, 29 caravan (void), 33 bicycle
    ids = np.array([[0, 7, 8], [19, 29, 33]], np.uint8)
    assert id_to_train_id()[ids].tolist() == [[UNLABELLED, 0, 1], [6, UNLABELLED, 18]]
    assert np.count_nonzero(id_to_train_id() != UNLABELLED) == 19


def test_palette_is_rgb_and_black_elsewhere():
    assert palette()[0].tolist() == [128, 64, 128]
    assert palette()[13].tolist() == [0, 0, 142]
    assert palette()[UNLABELLED].tolist() == [0, 0, 0]
