import json
import shutil

import pytest

from mt_perception.bundle import CARD, WEIGHTS, BundleError, describe, load_bundle, new_bundle


@pytest.fixture
def copy(bundle, tmp_path):
    return shutil.copytree(bundle.folder, tmp_path / "model")


def test_what_is_written_is_read(bundle):
    again = load_bundle(bundle.folder)
    assert again.card == bundle.card
    assert again.card.network.decoder_width == 32 and again.card.parameters > 900_000
    assert set(again.card.files) == {"graph.xml", "graph.bin", WEIGHTS}


def test_all_users_may_read_it(bundle):
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in bundle.folder.iterdir())


def test_units_and_classes_are_in_the_card(bundle):
    card = json.loads((bundle.folder / CARD).read_text())
    assert card["format"] == 1 and card["units"]["depth"] == "m"
    assert card["classes"][0] == {"name": "road", "label_id": 7, "train_id": 0, "color": [128, 64, 128]}
    assert card["training_camera"] == {"fx_px": 100.0, "width_px": 128}


@pytest.mark.parametrize("name", ["graph.bin", "graph.xml", WEIGHTS])
def test_a_changed_byte_is_found(copy, name):
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(BundleError, match=f"damaged: {name}"):
        load_bundle(copy)


def test_a_missing_file_is_named(copy):
    (copy / WEIGHTS).unlink()
    with pytest.raises(BundleError, match=f"{WEIGHTS} is missing"):
        load_bundle(copy)


def change_card(copy, **values):
    card = json.loads((copy / CARD).read_text())
    (copy / CARD).write_text(json.dumps(card | values))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"format": 99}, "format is 99; this version reads format 1"),
        ({"files": {"../../etc/passwd": "0"}}, "names no weights"),
        ({"network": {"width": 3}}, "unknown key"),
        ({"classes": 5}, "cannot be read"),
        ({"input": {"width": 1, "height": 1}}, "input size"),
    ],
)
def test_foreign_cards_are_refused_in_one_sentence(copy, values, said):
    change_card(copy, **values)
    with pytest.raises(BundleError) as error:
        load_bundle(copy)
    assert said in str(error.value) and str(copy) in str(error.value) and "\n" not in str(error.value)


def test_files_outside_the_bundle_are_refused(copy):
    files = json.loads((copy / CARD).read_text())["files"]
    change_card(copy, files=files | {"../secret": "0"})
    with pytest.raises(BundleError, match="lies outside"):
        load_bundle(copy)


@pytest.mark.parametrize("content", ["", "{", "[]", "null"])
def test_rubbish_is_refused(copy, content):
    (copy / CARD).write_text(content)
    with pytest.raises(BundleError, match=CARD):
        load_bundle(copy)


def test_folders_that_are_no_bundle(tmp_path):
    with pytest.raises(BundleError, match="does not exist"):
        load_bundle(tmp_path / "none")
    with pytest.raises(BundleError, match="no model bundle"):
        load_bundle(tmp_path)


def test_a_failed_write_leaves_the_old_bundle(copy, bundle):
    with pytest.raises(ZeroDivisionError), new_bundle(copy, bundle.card) as folder:
        (folder / WEIGHTS).write_bytes(b"half")
        raise ZeroDivisionError
    assert load_bundle(copy).card == bundle.card
    assert [path.name for path in copy.parent.iterdir()] == ["model"]


def test_other_peoples_files_are_not_replaced(tmp_path, bundle):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BundleError, match="holds other files"), new_bundle(tmp_path, bundle.card):
        pass
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_the_card_in_words(bundle):
    text = describe(bundle)
    for part in ("UNTRAINED", "128x64 px", "GMACs", "focal length of 100 px", bundle.model_hash):
        assert part in text
