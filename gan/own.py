"""One's own pictures: read from files and zips that strangers send, checked, and kept in a folder to train on."""

import hashlib
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
# Two pictures are copies where their grey values at 32x32 correlate by more, and no place differs by more of 255.
# Measured: photos, digits and drawings saved anew at JPEG quality 50 to 90 or at half the size: at least 0.993, at most
# 22; the most alike of 600 different ones: 0.982, and 39.
CORRELATED, ALIKE = 0.985, 28.0
UNEVEN = 4  # piles that differ by more than this factor


class Taken(NamedTuple):
    """What was taken of the files given: how many pictures, their shorter sides, and what was left out, by name.

    Copies of a picture, also resized or saved anew, are left out.
    """

    folder: Path
    count: int
    sides: tuple[int, ...]  # of each picture as it came, in pixels
    left_out: tuple[tuple[str, str], ...]  # (name, why)
    duplicates: tuple[str, ...]
    originals: tuple[str, ...] = ()  # the pictures that those are copies of


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
                if (original := seen.original(image)) is not None:
                    duplicates.append((name, original))
                else:
                    sides.append(min(image.size))
                    path = _keep(image, aside / f"{len(sides):05}", size)
                    seen.add(name, image, path)
                    room -= path.stat().st_size
                    if room < 0:
                        raise UserError(f"These pictures take more than {MOST_BYTES // 10**6:,} MB: give fewer.")
            if progress is not None:
                progress("reading your pictures", done, len(found))
        if len(sides) < 2:
            why = [f"{name}: {why}" for name, why in left_out[:1]]
            if duplicates:
                names = ", ".join(name for name, _ in duplicates[:5]) + (", ..." if len(duplicates) > 5 else "")
                why.append(f"{len(duplicates)} more are copies of it: {names}.")
            read = f"At least two different pictures are needed, and {len(sides)} could be read."
            raise UserError(" ".join([read, *why]))
        os.chmod(aside, 0o755)
        aside.rename(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    names, originals = zip(*duplicates, strict=True) if duplicates else ((), ())
    return Taken(folder, len(sides), tuple(sides), tuple(left_out), names, originals)


def _all_in(files: Sequence[Path]) -> Iterator[tuple[str, Callable[[], "Path | BinaryIO"]]]:
    """Each picture's name and how to open it."""
    for file in files:
        if file.suffix.lower() == ".zip":
            yield from pictures_in(file).items()
        else:
            yield file.name, partial(Path, file)


class _Seen:
    """The pictures kept so far, by name, so that a copy of one is known however it was saved or resized.

    Candidates are those whose 32x32 grey values correlate; only the pixels of the kept picture itself decide, since
    different drawings of thin lines on white are alike in every coarse measure.
    """

    def __init__(self, most: int) -> None:
        self.looks, self.exact = np.zeros((most, 32 * 32), np.float32), {}
        self.kept: list[tuple[str, Path]] = []

    def original(self, image: Image.Image) -> str | None:
        """The name of the picture that this is a copy of."""
        if (known := self.exact.get(_digest(image))) is not None:
            return known
        alike = self.looks[: len(self.kept)] @ _look(image)
        for at in np.flatnonzero(alike > CORRELATED):
            name, path = self.kept[at]
            with Image.open(path) as kept:
                if _difference(kept.convert("RGB"), image) < ALIKE:
                    return name
        return None

    def add(self, name: str, image: Image.Image, path: Path) -> None:
        """Remember a picture that was kept in a file."""
        self.looks[len(self.kept)] = _look(image)
        self.exact[_digest(image)] = name
        self.kept.append((name, path))


def _digest(image: Image.Image) -> bytes:
    return hashlib.sha256(repr(image.size).encode() + image.tobytes()).digest()


def _look(image: Image.Image) -> np.ndarray:
    """Grey values of 32x32 around zero, of length 1, or zeros of an even picture: float32 [1024]."""
    values = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.BOX), np.float32).ravel()
    values = values - values.mean()
    length = np.linalg.norm(values)
    return values / length if length > 32 else np.zeros_like(values)


def _difference(a: Image.Image, b: Image.Image) -> float:
    """The largest difference of two pictures at the smaller one's size, of 255, the mean over 3x3 pixels.

    Infinite where their aspect ratios differ by more than rounding.
    """
    small, large = sorted((a, b), key=lambda image: image.width * image.height)
    factor = min(large.width / small.width, large.height / small.height)
    if abs(large.width / factor - small.width) > 1 or abs(large.height / factor - small.height) > 1:
        return float("inf")
    large = large.resize(small.size, Image.Resampling.LANCZOS)
    difference = np.abs(np.asarray(small, np.float32) - np.asarray(large, np.float32)).mean(2)
    rows, columns = difference.shape
    around = np.pad(difference, 1, mode="edge")
    return float(sum(around[i : i + rows, j : j + columns] for i in range(3) for j in range(3)).max() / 9)


def _keep(image: Image.Image, stem: Path, size: int) -> Path:
    """Write a picture, reduced if it is larger than needed; returns the file."""
    factor = ROOM * size / min(image.size)
    if factor < 1:
        width, height = (max(1, round(side * factor)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    is_small = max(image.size) <= EXACT
    path = stem.with_suffix(".png" if is_small else ".jpg")
    image.save(path, **({} if is_small else {"quality": 95}))
    return path


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
