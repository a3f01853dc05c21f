"""One's own pictures: read from files and zips that strangers send, checked, and kept in a folder to train on."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image

from gan.errors import UserError
from gan.pictures import Progress, find_pictures, grid, open_picture, square, to_tensor, to_unit
from gan.zips import pictures_in

MOST = 5_000  # pictures of a pile
MOST_BYTES = 500_000_000  # that a pile's pictures may take on the disk
ROOM = 1.25  # pictures are kept so much larger than they are trained on, for crops
EXACT = 128  # pixels up to which a picture is kept without any loss
# pictures of a pile that a training should have, and under which it is hopeless
WANTED = {"dcgan": (500, 100), "cyclegan": (200, 50)}
ALIKE = 1.5  # of 255: the mean difference under which two pictures are copies
UNEVEN = 4  # piles that differ by more than this factor


class Taken(NamedTuple):
    """What was taken of the files given: how many pictures, their shorter sides, and what was left out, by name."""

    folder: Path
    count: int
    sides: tuple[int, ...]  # of each picture as it came, in pixels
    left_out: tuple[tuple[str, str], ...]  # (name, why)
    duplicates: tuple[str, ...]


def take(files: Sequence[Path], folder: Path, *, size: int, progress: Progress | None = None) -> Taken:
    """Read pictures, and those in zips, and keep them in a new folder for a training at `size`.

    Each is kept once, in its own shape, reduced to what crops of `size` need. The folder appears when all is done, or
    not at all. Raises `UserError` for a zip that is none, for too many pictures or bytes, and for fewer than two.
    """
    if folder.exists():
        raise UserError(f"There already is a folder {folder.name}.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    found = list(_all_in(files))
    if len(found) > MOST:
        raise UserError(f"These are {len(found):,} pictures; up to {MOST:,} of a kind can be taken.")
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        sides, left_out, duplicates, seen, room = [], [], [], _Seen(len(found)), MOST_BYTES
        for done, (name, opened) in enumerate(found, 1):
            try:
                image = open_picture(opened(), at_least=round(ROOM * size))
            except UserError as error:
                left_out.append((name, str(error)))
            else:
                if seen.has(image):
                    duplicates.append(name)
                else:
                    sides.append(min(image.size))
                    room -= _keep(image, aside / f"{len(sides):05}", size)
                    if room < 0:
                        raise UserError(f"These pictures take more than {MOST_BYTES // 10**6:,} MB: give fewer.")
            if progress is not None:
                progress("reading your pictures", done, len(found))
        if len(sides) < 2:
            why = f" {left_out[0][0]}: {left_out[0][1]}" if left_out else ""
            raise UserError(f"At least two different pictures are needed, and {len(sides)} could be read.{why}")
        os.chmod(aside, 0o755)
        aside.rename(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return Taken(folder, len(sides), tuple(sides), tuple(left_out), tuple(duplicates))


def _all_in(files: Sequence[Path]) -> Iterator[tuple[str, Callable[[], "Path | BinaryIO"]]]:
    """Each picture's name and how to open it."""
    for file in files:
        if file.suffix.lower() == ".zip":
            yield from pictures_in(file).items()
        else:
            yield file.name, partial(Path, file)


class _Seen:
    """The pictures so far at 12x12 pixels: copies of one differ by less than `ALIKE`, however they were saved."""

    def __init__(self, most: int) -> None:
        self.looks, self.count = np.zeros((most, 12, 12, 3), np.float32), 0

    def has(self, image: Image.Image) -> bool:
        """Whether a picture was there before; if not, it is from now on."""
        look = np.asarray(image.resize((12, 12), Image.Resampling.BOX), np.float32)
        known = self.looks[: self.count]
        if len(known) and np.abs(known - look).mean((1, 2, 3)).min() < ALIKE:
            return True
        self.looks[self.count] = look
        self.count += 1
        return False


def _keep(image: Image.Image, stem: Path, size: int) -> int:
    """Write a picture, reduced if it is larger than needed; returns its bytes on the disk."""
    factor = ROOM * size / min(image.size)
    if factor < 1:
        width, height = (max(1, round(side * factor)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    is_small = max(image.size) <= EXACT
    path = stem.with_suffix(".png" if is_small else ".jpg")
    image.save(path, **({} if is_small else {"quality": 95}))
    return path.stat().st_size


def advice(piles: Sequence[Taken], model: str, size: int) -> list[tuple[str, dict[str, int]]]:
    """What a person should know before training on these piles at `size`, as keys with values; empty if all is well.

    "hopeless" or "few": {count, wanted}; "small": {count, size, side} of pictures smaller than `size`; "uneven": {less,
    more}; "duplicates" and "left_out": {count}.
    """
    told: list[tuple[str, dict[str, int]]] = []
    wanted, least = WANTED[model]
    counts = [pile.count for pile in piles]
    if min(counts) < wanted:
        told.append(("hopeless" if min(counts) < least else "few", {"count": min(counts), "wanted": wanted}))
    sides = [side for pile in piles for side in pile.sides]
    if small := sum(side < size for side in sides):
        told.append(("small", {"count": small, "size": size, "side": round(median(sides))}))
    if max(counts) > UNEVEN * min(counts):
        told.append(("uneven", {"less": min(counts), "more": max(counts)}))
    for key in ("duplicates", "left_out"):
        if count := sum(len(getattr(pile, key)) for pile in piles):
            told.append((key, {"count": count}))
    return told


def preview(folder: Path, count: int = 12, side: int = 64) -> Image.Image:
    """Some of the pictures that were kept, from first to last, as squares."""
    import torch

    files = find_pictures(folder)
    some = [files[round(at)] for at in np.linspace(0, len(files) - 1, min(count, len(files)))]
    squares = torch.stack([to_tensor(square(open_picture(file), side)) for file in some])
    return grid(to_unit(squares), columns=min(6, len(some)))
