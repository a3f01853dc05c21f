"""Pictures in and out: folders of them, tensors, and the grids of samples.

Everything a person uploads goes through `open_picture` of `image_io.py`.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from math import ceil, sqrt
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan.data.image_io import MAX_PIXELS, SUFFIXES, find_pictures, open_picture
from gan.errors import UserError
from gan.words import Words

__all__ = [
    "MAX_PIXELS",
    "SUFFIXES",
    "Progress",
    "as_grey",
    "find_pictures",
    "gif",
    "grid",
    "open_picture",
    "read_pictures",
    "square",
    "to_image",
    "to_tensor",
    "to_uint8",
    "to_unit",
]

NAMED = 3  # files that are left out, of those that are named

Progress = Callable[[str, int, int | None], None]  # what is going on, how much is done, of how much


def square(image: Image.Image, size: int) -> Image.Image:
    """Resize so that the shorter side is `size` and keep the centre: an image of `size` x `size`."""
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    if image.size == (size, size):
        return image
    return image.resize(
        (size, size), Image.Resampling.LANCZOS, box=(left, top, left + side, top + side), reducing_gap=3.0
    )


def read_pictures(
    files: Sequence[Path],
    size: int,
    *,
    what: str = "pictures",
    progress: Progress | None = None,
    notes: list[Words] | None = None,
) -> tuple[Tensor, list[Path]]:
    """Read many pictures as squares, several at a time: uint8 [N, 3, size, size] and the files they are from.

    Files that cannot be read are left out of both; `notes` is given words on them, and on pictures of few bits in
    files of 16, which are shown at their own range. Nothing is cached on disk.
    """
    left_out: list[tuple[str, UserError]] = []
    whites: list[int] = []

    def read(path: Path) -> np.ndarray | None:
        try:
            image = open_picture(path, at_least=size)
        except UserError as error:
            left_out.append((path.name, error))
            return None
        if white := image.info.get("white"):
            whites.append(white)
        return np.asarray(square(image, size)).transpose(2, 0, 1)

    images = np.empty((len(files), 3, size, size), np.uint8)
    kept: list[Path] = []
    with ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool:  # Pillow decodes and resizes without the GIL
        for done, (path, pixels) in enumerate(zip(files, pool.map(read, files), strict=True), start=1):
            if pixels is not None:
                images[len(kept)] = pixels
                kept.append(path)
            if progress is not None:
                progress(f"reading {what}", done, len(files))
    if left_out and notes is not None:
        first = sorted(left_out, key=lambda each: each[0])[:NAMED]
        names = [Words("pictures.file", name=name, why=why) for name, why in first]
        if (more := len(left_out) - NAMED) > 0:
            names.append(Words("pictures.more", count=more))
        values = {"left": len(left_out), "count": len(files), "folder": files[0].parent, "files": names}
        notes.append(Words("pictures.left_out", **values))
    if notes is not None:
        notes += [Words("pictures.white", count=count, white=white) for white, count in sorted(Counter(whites).items())]
    return torch.from_numpy(images[: len(kept)]), kept


def to_tensor(image: Image.Image) -> Tensor:
    """Turn a PIL image into uint8 [3, H, W]."""
    return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1).contiguous()


def to_uint8(images: Tensor) -> Tensor:
    """Turn floats in [-1, 1] into uint8, rounded and clipped; uint8 passes through. Any shape."""
    if images.dtype == torch.uint8:
        return images
    return images.detach().float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)


def as_grey(x: Tensor) -> Tensor:
    """Bring float [N, 1 or 3, H, W] to grey, [N, 1, H, W], by the weights of ITU-R 601."""
    return (x * x.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True) if x.shape[1] == 3 else x


def to_unit(images: Tensor) -> Tensor:
    """Turn uint8 of any shape into float32 in [-1, 1]."""
    return images.float().div_(127.5).sub_(1)


def to_image(image: Tensor) -> Image.Image:
    """Turn one image, uint8 or float in [-1, 1], [C, H, W] with C = 1 or 3, into a PIL image (L or RGB)."""
    pixels = to_uint8(image).cpu()
    if pixels.ndim != 3 or pixels.shape[0] not in (1, 3):
        raise ValueError(f"expected [1 or 3, H, W], got {list(image.shape)}")
    return Image.fromarray((pixels[0] if len(pixels) == 1 else pixels.permute(1, 2, 0)).contiguous().numpy())


def gif(frames: Sequence[Image.Image], milliseconds: int | Sequence[int]) -> bytes:
    """An animation without end; `milliseconds` a frame is shown, or one number for each."""
    buffer = BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=milliseconds, loop=0)
    return buffer.getvalue()


def grid(images: Tensor, columns: int | None = None, *, gap: int = 2) -> Image.Image:
    """Lay [N, C, H, W] (uint8 or float in [-1, 1]) out row by row on white, `gap` pixels apart.

    `columns` defaults to the nearest square; the last row may be short.
    """
    count, channels, height, width = images.shape
    columns = columns or ceil(sqrt(count))
    rows = ceil(count / columns)
    sheet = torch.full((channels, rows * (height + gap) - gap, columns * (width + gap) - gap), 255, dtype=torch.uint8)
    for index, image in enumerate(to_uint8(images).cpu()):
        top, left = index // columns * (height + gap), index % columns * (width + gap)
        sheet[:, top : top + height, left : left + width] = image
    return to_image(sheet)
