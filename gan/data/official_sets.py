"""Digits, clothes and colour photos by name, as uint8 tensors: from a data root, or what travels with the project."""

import gzip
import lzma
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gan.data.registry import SETS, download_root, find_set, idx_file, missing
from gan.errors import UserError, reason
from gan.images import Progress, as_grey
from gan.paths import SHIPPED_DATA
from gan.words import Words

SHIPPED_TEST = 1000  # the last of the shipped pictures are for testing


@dataclass(frozen=True)
class Pictures:
    """A set of images at rest: `images` uint8 [N, C, S, S], `labels` int64 [N] or None.

    `note` is what a person should know (a stand-in is used, files were left out): no words, or some.
    """

    name: str
    images: Tensor
    labels: Tensor | None
    classes: tuple[str, ...]
    note: tuple[Words, ...]


def load_set(
    name: str, size: int, split: str, root: str | Path | None, progress: Progress | None, download: bool
) -> Pictures:
    """A set by its name in `SETS`; arguments and errors as in `data.load`."""
    record, note = SETS[name], ()
    folder = find_set(name, split, root)
    if folder is None and download:
        from gan.data import torchvision_compat

        try:
            if progress is not None:
                progress(f"downloading {name}", 0, None)
            torchvision_compat.fetch(record.torchvision, download_root(root))
            folder = find_set(name, split, root)
        except UserError as error:
            if not record.shipped:
                raise
            note = (error,)
    if folder is None and not record.shipped:
        raise missing(name)
    if folder is not None and name == "cifar10":
        from gan.data import torchvision_compat

        images, labels = torchvision_compat.cifar10(folder, split == "train")
    elif folder is not None:
        images, labels = (_read_idx(idx_file(folder, split, kind)) for kind in ("images", "labels"))
        images = images[:, None]
    else:
        part = slice(-SHIPPED_TEST) if split == "train" else slice(-SHIPPED_TEST, None)
        images, labels = (_read_idx(idx_file(SHIPPED_DATA / name, "test", kind))[part] for kind in ("images", "labels"))
        images = images[:, None]
        note = (*note, Words("sets.stand_in", count=len(images), name=name))
    if len(images) != len(labels):
        raise UserError("sets.mismatch", name=name, folder=folder)
    return Pictures(name, _resize(images, size), labels.long(), record.classes, note)


def _read_idx(path: Path) -> Tensor:
    """Read an idx file of bytes: 0, 0, type (8: uint8), number of dimensions, big-endian sizes, the values."""
    try:
        data = (
            {".gz": gzip, ".xz": lzma}[path.suffix].decompress(path.read_bytes()) if path.suffix else path.read_bytes()
        )
        if data[:3] != b"\0\0\x08":
            raise ValueError("not an idx file of bytes")
        shape = np.frombuffer(data, ">u4", count=data[3], offset=4)
        return torch.from_numpy(np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape).copy())
    except (OSError, EOFError, ValueError, IndexError, lzma.LZMAError, zlib.error) as error:
        raise UserError("sets.damaged", path=path, why=reason(error)) from error


def _resize(images: Tensor, size: int) -> Tensor:
    """Bring uint8 [N, C, S, S] to `size`: 28 gets an empty margin up to 32, the rest is interpolated."""
    if images.shape[-1] == 28 and size >= 32:
        images = F.pad(images, (2, 2, 2, 2))
    if images.shape[-1] == size:
        return images.contiguous()
    return F.interpolate(images, size=(size, size), mode="bicubic", antialias=True)


def with_channels(images: Tensor, channels: int) -> Tensor:
    """Grey to RGB by repeating, RGB to grey by ITU-R 601's weights; uint8 [N, C, H, W] both ways."""
    if images.shape[1] == channels:
        return images
    if channels == 3:
        return images.expand(-1, 3, -1, -1).contiguous()
    return torch.cat([as_grey(part.float()).round().to(torch.uint8) for part in images.split(4096)])
