"""Pictures in and out: files that strangers send, folders, and the grids of samples.

Everything a person uploads goes through `open_picture`, which refuses what is too large before decoding it
and brings every kind of file (turned by its camera, transparent, 16 bits, CMYK, palette, animated) to plain
RGB.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from math import ceil, log2, sqrt
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image, ImageOps, TiffImagePlugin, WebPImagePlugin  # noqa: F401 (the formats Pillow loads late)
from torch import Tensor

from gan.errors import UserError

MAX_PIXELS = 12_000_000  # that are ever decoded: about 50 MB as RGB
MAX_JPEG_PIXELS = 50_000_000  # a phone's photo: JPEG can be decoded at 1/2, 1/4 or 1/8 without the full size
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}

Progress = Callable[[str, int, int | None], None]  # what is going on, how much is done, of how much


def open_picture(file: str | Path | BinaryIO, *, at_least: int | None = None) -> Image.Image:
    """Read a picture as an upright opaque RGB image, safely.

    Transparent pixels are laid on white, an animation gives its first frame. `at_least` allows a JPEG to be
    decoded at a reduced size (much faster) whose sides are still that long. Raises `UserError` if the file is
    not a picture, is damaged, or has more than `MAX_PIXELS` (`MAX_JPEG_PIXELS` for a JPEG, which then comes
    at half its size or less).
    """
    name = Path(file).name if isinstance(file, str | Path) else "the file"
    try:
        image = Image.open(file, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(name) from error
    except FileNotFoundError as error:
        raise UserError(f"There is no picture {name}; check the path.") from error
    except Exception as error:  # a damaged header raises whatever its reader stumbles over
        raise UserError(f"Cannot read {name} as a picture; use a JPEG, PNG, WebP, GIF, BMP or TIFF.") from error
    with image:
        _reduce(image, at_least, name)
        try:
            image.load()
            return _rgb(_upright(image))
        except Exception as error:
            raise UserError(f"The picture {name} is damaged or cut short; save it again.") from error


def _reduce(image: Image.Image, at_least: int | None, name: str) -> None:
    """Choose the scale at which to decode, from the header alone; refuse what is too large at any."""
    pixels = image.width * image.height
    is_jpeg = image.format in ("JPEG", "MPO")
    limit = MAX_JPEG_PIXELS if is_jpeg else MAX_PIXELS
    if is_jpeg and image.info.get("progressive"):
        limit = 2 * MAX_PIXELS  # it is kept whole as coefficients, 6 bytes a pixel, before it can be reduced
    if pixels > limit:
        raise _too_large(name)
    if not is_jpeg:
        return
    shrink = 2 ** max(0, ceil(log2(pixels / MAX_PIXELS) / 2))
    width, height = image.width // shrink, image.height // shrink
    if at_least is not None:  # twice as long as asked: the rest of the way with a better filter
        width, height = min(width, 2 * at_least), min(height, 2 * at_least)
    image.draft(None, (width, height))
    if image.width * image.height > MAX_PIXELS:  # draft() may refuse
        raise _too_large(name)


def _too_large(name: str) -> UserError:
    return UserError(
        f"The picture {name} is too large: at most {MAX_PIXELS // 10**6} million pixels "
        f"({MAX_JPEG_PIXELS // 10**6} million for an ordinary JPEG); make it smaller first."
    )


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a broken EXIF block is no reason to refuse the picture beside it
        return image


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):  # 16 bits and more, which convert() would clip at 255
        values = np.nan_to_num(np.asarray(image, dtype=np.float32))
        full = 65535
        if not image.mode.startswith("I;16"):  # 32 bits do not say what white is
            full = next((white for white in (1, 255) if values.max() <= white), full)
        image = Image.fromarray((values.clip(0, full) * (255 / full) + 0.5).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def square(image: Image.Image, size: int) -> Image.Image:
    """Resize so that the shorter side is `size` and keep the centre: an image of `size` x `size`."""
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    if image.size == (size, size):
        return image
    return image.resize(
        (size, size), Image.Resampling.LANCZOS, box=(left, top, left + side, top + side), reducing_gap=3.0
    )


def find_pictures(folder: Path) -> list[Path]:
    """Return the picture files directly in `folder`, ordered by name; hidden files are left out."""
    return sorted(
        path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )


def read_pictures(
    files: Sequence[Path], size: int, *, what: str = "pictures", progress: Progress | None = None
) -> tuple[Tensor, list[Path]]:
    """Read many pictures as squares, several at a time: uint8 [N, 3, size, size] and the files they are from.

    Files that cannot be read are left out of both. Nothing is cached on disk.
    """

    def read(path: Path) -> np.ndarray | None:
        try:
            return np.asarray(square(open_picture(path, at_least=size), size)).transpose(2, 0, 1)
        except UserError:
            return None

    images = np.empty((len(files), 3, size, size), np.uint8)
    kept: list[Path] = []
    with ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool:  # Pillow decodes and resizes without the GIL
        for done, (path, pixels) in enumerate(zip(files, pool.map(read, files), strict=True), start=1):
            if pixels is not None:
                images[len(kept)] = pixels
                kept.append(path)
            if progress is not None:
                progress(f"reading {what}", done, len(files))
    return torch.from_numpy(images[: len(kept)]), kept


def to_tensor(image: Image.Image) -> Tensor:
    """Turn a PIL image into uint8 [3, H, W]."""
    return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1).contiguous()


def to_uint8(images: Tensor) -> Tensor:
    """Turn floats in [-1, 1] into uint8, rounded and clipped; uint8 passes through. Any shape."""
    if images.dtype == torch.uint8:
        return images
    return images.detach().float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)


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
