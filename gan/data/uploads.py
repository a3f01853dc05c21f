"""One's own pictures: read from files and zips that strangers send, checked, and kept in a folder to train on."""

import filecmp
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

from gan.data.image_zip import pictures_in
from gan.errors import UserError
from gan.images import Progress, find_pictures, grid, open_picture, square, to_tensor, to_unit
from gan.words import Words

MAX_PICTURES = 5_000  # pictures of a pile
MOST_BYTES = 500_000_000  # that a pile's pictures may take on the disk
ROOM = 1.25  # pictures are kept so much larger than they are trained on, for crops
EXACT = 128  # pixels up to which a picture is kept without any loss
# pictures of a pile that a training should have, and under which it is hopeless
WANTED = {"dcgan": (500, 100), "cyclegan": (200, 50)}
# Two pictures are copies where their grey values at 32x32 correlate by more, and no place differs by more of 255.
# Measured: photos, digits and drawings saved anew at JPEG quality 50 to 90 or at half the size: at least 0.993, at most
# 22; the most alike of 600 different ones: 0.982, and 39.
CORRELATED, ALIKE = 0.985, 28.0
COMPARED = 8  # pictures, those that correlate best: a film's frames all correlate
UNEVEN = 4  # piles that differ by more than this factor


class Taken(NamedTuple):
    """What was taken of the files given: how many pictures, their shorter sides, and what was left out, by name.

    Copies of a picture, also resized or saved anew, are left out.
    """

    folder: Path
    count: int
    sides: tuple[int, ...]  # of each picture as it came, in pixels
    left_out: tuple[tuple[str, UserError], ...]  # (name, why)
    duplicates: tuple[str, ...]
    originals: tuple[str, ...] = ()  # the pictures that those are copies of


def take(files: Sequence[Path], folder: Path, *, size: int, progress: Progress | None = None) -> Taken:
    """Read pictures, and those in zips, and keep them in a new folder for a training at `size`.

    Each is kept once, in its own shape, reduced to what crops of `size` need. The folder appears when all is done, or
    not at all. Raises `UserError` for a zip that is none, for too many pictures or bytes, and for fewer than two.
    """
    if folder.exists():
        raise UserError("own.folder_there", name=folder.name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    found = list(_all_in(files))
    if len(found) > MAX_PICTURES:
        raise UserError("own.too_many", count=len(found), most=MAX_PICTURES)
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        sides, left_out, duplicates, seen, room = [], [], [], _Seen(len(found)), MOST_BYTES
        for done, (name, opened) in enumerate(found, 1):
            try:
                image = open_picture(opened(), at_least=round(ROOM * size))
            except UserError as error:
                left_out.append((name, error))
            else:
                if (original := seen.original(image)) is not None:
                    duplicates.append((name, original))
                else:
                    sides.append(min(image.size))
                    path = _keep(image, aside / f"{len(sides):05}", size)
                    seen.add(name, image, path)
                    room -= path.stat().st_size
                    if room < 0:
                        raise UserError("own.too_large", most=MOST_BYTES // 10**6)
            if progress is not None:
                progress("reading your pictures", done, len(found))
        if len(sides) < 2:
            why = [Words("own.left_out", name=name, why=error) for name, error in left_out[:1]]
            if duplicates:
                names = ", ".join(name for name, _ in duplicates[:5]) + (", ..." if len(duplicates) > 5 else "")
                why.append(Words("own.copies", count=len(duplicates), names=names))
            raise UserError("own.too_few", count=len(sides), why=why)
        os.chmod(aside, 0o755)
        aside.rename(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    names, originals = zip(*duplicates, strict=True) if duplicates else ((), ())
    return Taken(folder, len(sides), tuple(sides), tuple(left_out), names, originals)


def _all_in(files: Sequence[Path]) -> Iterator[tuple[str, Callable[[], Path | BinaryIO]]]:
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
        for at in np.argsort(-alike)[:COMPARED]:
            if alike[at] <= CORRELATED:
                break
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


def advice(piles: Sequence[Taken], model: str, size: int) -> list[Words]:
    """What a person should know before training on these piles at `size`; empty if all is well.

    "advice.hopeless" or "few": count, wanted; "small": count, size, side of pictures smaller than `size`; "uneven":
    less, more; "same" where both piles are the same pictures; "duplicates" and "left_out": count.
    """
    told = scarcity([pile.count for pile in piles], model)
    sides = [side for pile in piles for side in pile.sides]
    if small := sum(side < size for side in sides):
        told.append(Words("advice.small", count=small, size=size, side=round(median(sides))))
    if len(piles) == 2 and _are_equal(*piles):
        told.append(Words("advice.same"))
    told += unevenness([pile.count for pile in piles])
    if count := sum(len(pile.duplicates) for pile in piles):
        told.append(Words("advice.duplicates", count=count))
    if count := sum(len(pile.left_out) for pile in piles):
        told.append(Words("advice.left_out", count=count))
    return told


def scarcity(counts: Sequence[int], model: str) -> list[Words]:
    """That the smallest of these piles has few pictures for a training of `model`, where it has."""
    wanted, least = WANTED[model]
    few = {"count": min(counts), "wanted": wanted}
    if few["count"] < least:
        return [Words("advice.hopeless", **few)]
    return [Words("advice.few", **few)] if few["count"] < wanted else []


def unevenness(counts: Sequence[int]) -> list[Words]:
    """That one of these piles has many more pictures than another, where it has."""
    less, more = min(counts), max(counts)
    return [Words("advice.uneven", less=less, more=more)] if more > UNEVEN * less else []


def _are_equal(a: Taken, b: Taken) -> bool:
    """Whether two piles have the same pictures in the same order."""
    if a.count != b.count or not a.folder.is_dir():
        return False
    files = zip(*(sorted(pile.folder.iterdir()) for pile in (a, b)), strict=True)
    return all(filecmp.cmp(*both, shallow=False) for both in files)


def preview(folder: Path, count: int = 12, side: int = 64) -> Image.Image:
    """Some of the pictures that were kept, from first to last, as squares."""
    import torch

    files = find_pictures(folder)
    some = [files[round(at)] for at in np.linspace(0, len(files) - 1, min(count, len(files)))]
    squares = torch.stack([to_tensor(square(open_picture(file), side)) for file in some])
    return grid(to_unit(squares), columns=min(6, len(some)))
