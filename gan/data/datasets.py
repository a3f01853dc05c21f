"""Image sets by name, as uint8 tensors: digits and clothes, folders of pictures, unpaired pairs.

`registry.py` knows which sets there are and where they lie. Only `download=True` reaches for the network. The
digits and clothes that travel with the project (`gan/shipped/`) stand in where there is nothing else, and
their `note` says so.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from gan.data.download import official_pair
from gan.data.image_folder import classes_in, files_of, held_out, pair_in, read_folder
from gan.data.official_sets import Pictures, load_set, with_channels
from gan.data.registry import (
    DRAWN,
    PAIRS,
    SETS,
    PairRecord,
    SetRecord,
    download_root,
    find_pair,
    folders_of,
    missing,
    require,
    state,
)
from gan.errors import UserError
from gan.images import Progress, read_pictures
from gan.words import Words

__all__ = [
    "PAIRS",
    "SETS",
    "Pair",
    "PairRecord",
    "Pictures",
    "SetRecord",
    "load",
    "load_pair",
    "state",
]

HERD = 2000  # training pictures of each pile of the drawn herd


@dataclass(frozen=True)
class Pair:
    """Two sets for a CycleGAN. With `partners`, a[i] and b[i] show the same thing (for measuring only).

    `masks` is bool [N, 1, S, S], true on the animal; the herd's test pictures alone have it.
    """

    name: str
    a: Pictures
    b: Pictures
    partners: bool
    masks: Tensor | None


def load(
    name: str,
    size: int,
    *,
    channels: int | None = None,
    split: str = "train",
    subset: int = 0,
    root: str | Path | None = None,
    progress: Progress | None = None,
    download: bool = False,
) -> Pictures:
    """Load a set as uint8 [N, C, size, size].

    `name` is one of `SETS`, or a folder of pictures (also one under the data root), or whatever `load_pair`
    takes: then both sides in one set, labelled 0 and 1. Folders of pictures inside a folder become its
    classes. `channels` is 1 (grey) or 3 (RGB), by default what the set has. `split` is "train" or "test".
    With `subset` only so many of the pictures are taken, always the same ones. `progress(what, done, total)`
    is called while it reads and downloads. Raises `UserError` with what to put where if the set is not here.
    """
    _check(size, split, channels)
    if name in SETS:
        pictures = load_set(name, size, split, root, progress, download)
    elif name in PAIRS or len(folders_of(name, root)) == 2:
        pair = load_pair(name, size, split=split, root=root, progress=progress, download=download)
        pictures = _joined(name, [pair.a, pair.b])
    else:
        pictures = _load_folder(*folders_of(name, root), name, size, split, progress)
    pictures = _some(pictures, subset)
    return replace(pictures, images=with_channels(pictures.images, channels or pictures.images.shape[1]))


def load_pair(
    name: str,
    size: int,
    *,
    channels: int = 3,
    split: str = "train",
    subset: int = 0,
    root: str | Path | None = None,
    progress: Progress | None = None,
    download: bool = False,
) -> Pair:
    """Load two sets of squares, RGB or (`channels` 1) grey, to translate between.

    `name` is one of `PAIRS`, a folder with trainA and trainB (testA and testB are used if there), or two
    folders with a comma between them. Arguments and errors as in `load`.
    """
    _check(size, split, channels)
    pair = _load_pair(name, size, split, root, progress, download)
    sides = (_some(side, subset) for side in (pair.a, pair.b))
    a, b = (replace(side, images=with_channels(side.images, channels)) for side in sides)
    return replace(pair, a=a, b=b)


def _load_pair(
    name: str, size: int, split: str, root: str | Path | None, progress: Progress | None, download: bool
) -> Pair:
    if name in SETS:
        require(name, root, pair=True)
    if name in DRAWN:
        return {"herd": _load_herd, "emoji": _load_emoji}[name](size, split)
    folders, titles, note = _pair_folders(name, root, progress, download)
    a, b = (_load_side(side, title, size, split, progress) for side, title in zip(folders, titles, strict=True))
    a, b = (replace(side, note=(*note, *side.note)) for side in (a, b))
    return Pair(name, a, b, False, None)


def glimpse(name: str, size: int, count: int, seed: int, root: str | Path | None = None) -> tuple[Tensor, Tensor]:
    """A few random training pictures of each pile of a pair, reading no others: uint8 [count, 3, size, size] twice.

    Fewer where a pile has fewer or some cannot be read. Arguments and errors as in `load_pair`.
    """
    random = torch.Generator().manual_seed(seed)
    if name == "herd":
        from gan.data import synthetic_herd

        plain, striped = (torch.randperm(HERD, generator=random)[:count].tolist() for _ in range(2))
        return synthetic_herd.draw(HERD, size, 1, plain).plain, synthetic_herd.draw(HERD, size, 2, striped).striped
    if name == "emoji":
        from gan.data import emoji

        numbers = torch.tensor(held_out([*range(emoji.COUNT)], "train"))
        a, b = (numbers[torch.randperm(len(numbers), generator=random)[:count]].tolist() for _ in range(2))
        return emoji.draw("noto", size, a), emoji.draw("twemoji", size, b)
    piles = []
    for folder in _pair_folders(name, root, None, False)[0]:
        files, _ = files_of(folder, "train")
        some = [files[at] for at in torch.randperm(len(files), generator=random)[:count].tolist()]
        piles.append(read_pictures(some, size)[0])
    return piles[0], piles[1]


def _pair_folders(
    name: str, root: str | Path | None, progress: Progress | None, download: bool
) -> tuple[list[Path], tuple[str, str], tuple[Words, ...]]:
    """(the folders of both piles, what they are called, what is to be said of them) for a pair that is not drawn."""
    note, titles = (), ("A", "B")
    if name in PAIRS:
        record = PAIRS[name]
        folder = find_pair(name, root)
        if folder is None and download:
            folder = official_pair(name, download_root(root), progress)
        if folder is None:
            raise missing(name)
        if folder.name != name:
            note = (Words("data.stand_in", there=folder.name, name=name),)
        titles = (record.a, record.b)
        folders = [folder / "trainA", folder / "trainB"]
    elif len(folders := folders_of(name, root)) == 2:
        if folders[0].name != folders[1].name:
            titles = (folders[0].name, folders[1].name)
    else:
        (folder,) = folders
        folders = [*pair_in(folder)]
    return folders, titles, note


def _check(size: int, split: str, channels: int | None) -> None:
    if split not in ("train", "test"):
        raise UserError("data.split", split=split)
    if channels not in (None, 1, 3):
        raise UserError("data.channels", channels=channels)
    if not 1 <= size <= 2048:
        raise UserError("data.size", size=size)


def _joined(name: str, sides: list[Pictures]) -> Pictures:
    """Make one set of several, each a class."""
    labels = torch.arange(len(sides)).repeat_interleave(torch.tensor([len(side.images) for side in sides]))
    notes = dict.fromkeys(words for side in sides for words in side.note)
    images = torch.cat([side.images for side in sides])
    return Pictures(name, images, labels, tuple(side.name for side in sides), tuple(notes))


def _some(pictures: Pictures, count: int) -> Pictures:
    """So many of the pictures, as a fixed seed chooses them; all of them if `count` is 0 or there are no more."""
    if not 0 < count < len(pictures.images):
        return pictures
    kept = torch.randperm(len(pictures.images), generator=torch.Generator().manual_seed(0))[:count]
    labels = None if pictures.labels is None else pictures.labels[kept]
    return replace(pictures, images=pictures.images[kept], labels=labels)


def _shuffled(pictures: Pictures, seed: int) -> Pictures:
    order = torch.randperm(len(pictures.images), generator=torch.Generator().manual_seed(seed))
    return replace(pictures, images=pictures.images[order])


def _load_folder(folder: Path, name: str, size: int, split: str, progress: Progress | None) -> Pictures:
    """Read a folder of pictures, or folders of them inside it as classes."""
    if inside := classes_in(folder):
        return _joined(name, [_load_side(path, path.name, size, split, progress) for path in inside])
    return _load_side(folder, name, size, split, progress)


def _load_side(folder: Path, title: str, size: int, split: str, progress: Progress | None) -> Pictures:
    images, note = read_folder(folder, title, size, split, progress)
    return Pictures(title, images, None, (), note)


def _load_emoji(size: int, split: str) -> Pair:
    from gan.data import emoji

    numbers = held_out([*range(emoji.COUNT)], split)
    a, b = (
        Pictures(title, emoji.draw(hand, size, numbers), None, (), ())
        for title, hand in (("Noto", "noto"), ("Twemoji", "twemoji"))
    )
    if split == "test":
        return Pair("emoji", a, b, True, None)
    a, b = (_shuffled(side, seed) for side, seed in ((a, 1), (b, 2)))  # so that nothing is paired
    return Pair("emoji", a, b, False, None)


def _load_herd(size: int, split: str) -> Pair:
    from gan.data.herd_cache import drawn

    if split == "test":
        plain, striped, masks = drawn(200, size, 3)
    else:  # other animals on each side: no picture has its counterpart in the other set
        (plain,), (striped,), masks = drawn(HERD, size, 1, ("plain",)), drawn(HERD, size, 2, ("striped",)), None
    a, b = (Pictures(n, images, None, (), ()) for n, images in (("plain", plain), ("striped", striped)))
    return Pair("herd", a, b, split == "test", masks)
