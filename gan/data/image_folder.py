"""Folders of pictures: which of them train, which test, what their classes are, and their squares as one tensor.

A folder's pictures are those directly in it; where there are none, those of all folders below it. Folders that lie
beside pictures are left out, and said to be.
"""

import os
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from gan.data.image_io import find_pictures, opens
from gan.errors import UserError
from gan.images import Progress, read_pictures
from gan.words import Words

HOLD_OUT = 10  # every tenth picture, by name, is for testing where a set has no test pictures of its own
TESTS = ("test", "val", "valid", "validation")  # what folders of test pictures are called, in upper or lower case


class Squares(NamedTuple):
    """A folder's pictures of a split, uint8 [N, 3, S, S], and what is to be said of them."""

    images: Tensor
    note: tuple[Words, ...]


def read_folder(folder: Path, title: str, size: int, split: str, progress: Progress | None = None) -> Squares:
    """Read a folder's pictures of a split; those that cannot be read are left out, and named in the note.

    Raises `UserError` where there are none. `title` is what `progress` calls them.
    """
    files, notes = files_of(folder, split)
    images, kept = read_pictures(files, size, what=title, progress=progress, notes=notes)
    if not kept:
        raise UserError("folders.none_readable", count=len(files), folder=files[0].parent)
    return Squares(images, tuple(notes))


def files_of(folder: Path, split: str) -> tuple[list[Path], list[Words]]:
    """A folder's pictures of a split, and what is to be said of them. Raises `UserError` where there are none.

    Beside a folder trainX (or train/X) the test pictures are those of testX (or test/X); where that has none, and
    otherwise, every tenth by name is held out.
    """
    files, notes = pictures_of(folder)
    if not files:
        raise UserError("folders.empty", folder=folder)
    beside = _test_folder(folder)
    if beside is not None:
        test, more = pictures_of(beside)
        if any(map(opens, test)):
            return (test, more) if split == "test" else (files, notes)
        notes.append(Words("folders.no_tests", tests=beside, folder=folder))
    if len(files) >= HOLD_OUT:
        files = held_out(files, split)
    elif split == "test":
        notes.append(Words("folders.too_few", folder=folder))
    return files, notes


def pictures_of(folder: Path) -> tuple[list[Path], list[Words]]:
    """A folder's pictures, ordered by path, and what is to be said of them."""
    files = find_pictures(folder)
    below = [sub for sub in _folders(folder) if any(find_pictures(each) for each in _below(sub))]
    if not files:
        return [file for sub in below for each in _below(sub) for file in find_pictures(each)], []
    if not below:
        return files, []
    names = ", ".join(sub.name for sub in below)
    return files, [Words("folders.beside", folder=folder, names=names)]


def held_out(items: list, split: str) -> list:
    """Every tenth of the items for testing, the others for training."""
    return [item for number, item in enumerate(items, 1) if (number % HOLD_OUT == 0) == (split == "test")]


def classes_in(folder: Path) -> list[Path]:
    """The folders of pictures inside a folder that has none itself; of a pair only the two to train on.

    A folder `train` stands for what is in it, and so does a folder that is alone in another. Empty where the pictures
    are of one class. Raises `UserError` where there are none at all.
    """
    if find_pictures(folder):
        return []
    if pair := _named(folder, "traina", "trainb"):
        return [*pair]
    inside = [sub for sub in _folders(folder) if pictures_of(sub)[0]]
    if not inside:
        raise UserError("folders.empty", folder=folder)
    trained = [sub for sub in inside if sub.name.lower() not in TESTS]
    if len(trained) == 1 and (trained[0].name.lower() == "train" or not find_pictures(trained[0])):
        return classes_in(trained[0]) or trained
    return inside


def pair_in(folder: Path) -> tuple[Path, Path]:
    """The two folders to train on: trainA and trainB, or A and B alone, in any case.

    They may lie in a folder `train`, or in one that is alone in this one. Raises `UserError` where there are none.
    """
    if pair := _pair(folder):
        return pair
    raise UserError("folders.no_pair", folder=folder)


def _pair(folder: Path) -> tuple[Path, Path] | None:
    if pair := _named(folder, "traina", "trainb"):
        return pair
    inside = _folders(folder)
    if (pair := _named(folder, "a", "b")) and len(inside) == 2:  # and not all letters, each a class
        return pair
    lower = [sub for sub in inside if sub.name.lower() == "train"] or (inside if len(inside) == 1 else [])
    return _pair(lower[0]) if lower else None


def _named(folder: Path, *names: str) -> tuple[Path, Path] | None:
    """Two folders inside a folder by their names without case, spaces, dashes and underscores."""
    known = {"".join(filter(str.isalnum, sub.name.lower())): sub for sub in _folders(folder)}
    return (known[names[0]], known[names[1]]) if set(names) <= known.keys() else None


def _test_folder(folder: Path) -> Path | None:
    """The folder of test pictures beside one of training pictures: testX beside trainX, test/X beside train/X."""
    name, parent = folder.name.lower(), folder.parent
    for test in TESTS:
        if name.startswith("train"):
            found = [sub for sub in _folders(parent) if sub.name.lower() == name.replace("train", test, 1)]
        elif parent.name.lower() == "train":
            tops = [sub for sub in _folders(parent.parent) if sub.name.lower() == test]
            found = [sub for top in tops for sub in _folders(top) if sub.name.lower() == name]
        else:
            return None
        if found:
            return found[0]
    return None


def _folders(folder: Path) -> list[Path]:
    """The folders directly in a folder, ordered by name; hidden ones and what macOS adds are left out."""
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".") and p.name != "__MACOSX")


def _below(folder: Path) -> list[Path]:
    """A folder and all folders in it, at any depth."""
    found = []
    for top, inside, _ in os.walk(folder):
        inside[:] = sorted(name for name in inside if not name.startswith(".") and name != "__MACOSX")
        found.append(Path(top))
    return found
