"""Folders as people have them: half empty, nested, mixed, named in their own way; what is not read is said."""

import numpy as np
import pytest
from PIL import Image

from gan.data.datasets import glimpse, load, load_pair
from gan.data.image_folder import pair_in
from gan.errors import UserError
from gan.words import sentence
from tests.gan.data.test_datasets import numbers, pictures


@pytest.mark.parametrize("inside", ["nothing", "no pictures", "broken ones"])
@pytest.mark.parametrize("side", ["A", "B"])
def test_a_test_folder_without_pictures_is_named_and_some_are_held_out(inside, side, tmp_path):
    for name in "AB":
        pictures(tmp_path / f"train{name}", 20)
        pictures(tmp_path / f"test{name}", 3, first=100)
    empty = tmp_path / f"test{side}"
    for file in empty.iterdir():
        file.unlink()
    if inside != "nothing":
        (empty / ("notes.txt" if inside == "no pictures" else "a.png")).write_text("nothing to see")
    train, test = (load_pair(str(tmp_path), 20, split=split) for split in ("train", "test"))
    mine, other = ("a", "b") if side == "A" else ("b", "a")
    assert numbers(getattr(test, mine).images) == [9, 19]
    assert numbers(getattr(train, mine).images) == [index for index in range(20) if index not in (9, 19)]
    assert numbers(getattr(test, other).images) == [100, 101, 102]
    assert len(getattr(train, other).images) == 20
    for pair in (train, test):
        assert f"There are no pictures in {empty}: some of {tmp_path / f'train{side}'} are held out" in sentence(
            getattr(pair, mine).note, "en"
        )
        assert getattr(pair, other).note == ()
    assert [len(pile) for pile in glimpse(str(tmp_path), 20, 12, seed=0)] == [12, 12]


def test_empty_training_folders_are_named_themselves(tmp_path):
    pictures(tmp_path / "testA", 3)
    pictures(tmp_path / "trainB", 3)
    (tmp_path / "trainA").mkdir()
    with pytest.raises(UserError, match=r"no pictures in .*trainA"):
        load_pair(str(tmp_path), 20)


@pytest.mark.parametrize(
    ("a", "b", "test"),
    [
        ("TrainA", "TrainB", "TestA"),
        ("TRAINA", "TRAINB", "testA"),
        ("train_A", "train_B", "test_A"),
        ("A", "B", None),
        ("a", "B", None),
        ("train/A", "train/B", "test/A"),
        ("horse2zebra/trainA", "horse2zebra/trainB", "horse2zebra/valA"),
        ("data/Train/a", "data/Train/b", "data/Val/a"),
    ],
)
def test_pairs_are_found_however_they_are_named_and_nested(a, b, test, tmp_path):
    pictures(tmp_path / a, 20)
    pictures(tmp_path / b, 5, first=50)
    if test:
        pictures(tmp_path / test, 2, first=100)
    train, tests = (load_pair(str(tmp_path), 20, split=split) for split in ("train", "test"))
    assert numbers(tests.a.images) == ([100, 101] if test else [9, 19])
    assert len(train.a.images) == (20 if test else 18)
    assert numbers(train.b.images) == [50, 51, 52, 53, 54]


def test_letters_as_classes_are_no_pair(tmp_path):
    for letter in "ABC":
        pictures(tmp_path / letter, 2)
    with pytest.raises(UserError, match="needs the folders trainA and trainB"):
        pair_in(tmp_path)
    assert load(str(tmp_path), 20).classes == ("A", "B", "C")


def test_classes_two_levels_down_are_read(tmp_path):
    pictures(tmp_path / "cat/2023/may", 2)
    pictures(tmp_path / "cat/2024", 1, first=7)
    pictures(tmp_path / "dog/all", 2, first=50)
    (tmp_path / "dog/.thumbnails").mkdir()
    pictures(tmp_path / "dog/.thumbnails", 3)
    found = load(str(tmp_path), 20)
    assert found.classes == ("cat", "dog")
    assert numbers(found.images) == [0, 1, 7, 50, 51]
    assert found.note == ()


def test_a_folder_of_train_and_test_has_the_classes_inside(tmp_path):
    for split, first in (("train", 0), ("Test", 100)):
        pictures(tmp_path / "set" / split / "cat", 12, first=first)
        pictures(tmp_path / "set" / split / "dog", 12, first=first + 50)
    train, test = (load(str(tmp_path), 20, split=split) for split in ("train", "test"))
    assert train.classes == test.classes == ("cat", "dog")
    assert numbers(train.images) == [*range(12), *range(50, 62)]
    assert numbers(test.images) == [*range(100, 112), *range(150, 162)]


def test_folders_beside_pictures_are_left_out_and_said(tmp_path):
    pictures(tmp_path, 3)
    pictures(tmp_path / "edited", 2, first=50)
    pictures(tmp_path / "old" / "more", 2, first=60)
    (tmp_path / "texts").mkdir()
    found = load(str(tmp_path), 20)
    assert numbers(found.images) == [0, 1, 2]
    note = sentence(found.note, "en")
    assert "has pictures itself: those in the folders inside it are left out (edited, old)." in note


def test_files_that_cannot_be_read_are_named_with_the_reason_and_a_count(tmp_path):
    pictures(tmp_path, 4)
    (tmp_path / "IMG_1.CR2").write_bytes(b"raw")
    for number in range(5):
        (tmp_path / f"broken-{number}.jpg").write_bytes(b"broken")
    (tmp_path / "notes.txt").write_text("no picture, and nobody took it for one")
    note = sentence(load(str(tmp_path), 20).note, "en")
    assert f"5 of 9 files in {tmp_path} cannot be read and are left out: IMG_1.CR2 (Cannot read" in note
    assert "export it as a JPEG); broken-0.jpg (" in note
    assert note.endswith("; and 2 more.")


def test_few_bits_in_sixteen_are_said(tmp_path):
    pictures(tmp_path, 2)
    for number in range(3):
        Image.fromarray(np.full((20, 20), 3000, np.uint16)).save(tmp_path / f"deep-{number}.png")
    found = load(str(tmp_path), 20)
    assert numbers(found.images)[2:] == [187] * 3
    assert "3 pictures hold values up to 4095, of the 65535" in sentence(found.note, "en")
