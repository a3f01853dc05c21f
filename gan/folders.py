"""Folders of pictures: which of them train, which test, and their squares as one tensor."""

from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from gan.errors import UserError
from gan.pictures import Progress, find_pictures, read_pictures

HOLD_OUT = 10  # every tenth picture, by name, is for testing where a set has no test pictures of its own


class Squares(NamedTuple):
    """A folder's pictures of a split, uint8 [N, 3, S, S], and what is to be said of them (or "")."""

    images: Tensor
    note: str


def read_folder(folder: Path, title: str, size: int, split: str, progress: Progress | None = None) -> Squares:
    """Read a folder's pictures of a split; those that cannot be read are left out, and counted in the note.

    Raises `UserError` where there are none. `title` is what `progress` calls them.
    """
    files, notes = files_of(folder, split)
    images, kept = read_pictures(files, size, what=title, progress=progress)
    if not kept:
        raise UserError(f"None of the {len(files)} files in {folder} can be read as a picture.")
    if len(kept) < len(files):
        notes.append(f"{len(files) - len(kept)} of {len(files)} files in {folder} cannot be read and are left out.")
    return Squares(images, " ".join(notes))


def files_of(folder: Path, split: str) -> tuple[list[Path], list[str]]:
    """A folder's pictures of a split, and what is to be said of them. Raises `UserError` where there are none.

    Beside a folder trainX the test pictures are those of testX; otherwise every tenth by name is held out.
    """
    files, notes = find_pictures(folder), []
    beside = folder.with_name(folder.name.replace("train", "test", 1))
    if folder.name.startswith("train") and beside.is_dir():
        files = find_pictures(beside) if split == "test" else files
    elif len(files) >= HOLD_OUT:
        files = held_out(files, split)
    elif split == "test":
        notes.append(f"{folder} has too few pictures to hold any out: the same ones train and test.")
    if not files:
        raise UserError(f"There are no pictures in {folder}; put JPEG, PNG or WebP files there.")
    return files, notes


def held_out(items: list, split: str) -> list:
    """Every tenth of the items for testing, the others for training."""
    return [item for number, item in enumerate(items, 1) if (number % HOLD_OUT == 0) == (split == "test")]


def classes_in(folder: Path) -> list[Path]:
    """The folders of pictures inside a folder that has none itself; of a pair only the two to train on.

    Empty where there are pictures in the folder itself. Raises `UserError` where there are none at all.
    """
    if find_pictures(folder):
        return []
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and find_pictures(path))
    if {"trainA", "trainB"} <= {path.name for path in inside}:
        inside = [folder / "trainA", folder / "trainB"]
    if not inside:
        raise UserError(f"There are no pictures in {folder}; put JPEG, PNG or WebP files there.")
    return inside
