"""Decoded pictures of every kind to 8 bits, opaque, sRGB: strip by strip, so that no large copy is ever made."""

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from io import BytesIO
from math import ceil, sqrt
from typing import Any

import numpy as np
from PIL import Image, ImageCms

STRIP = 1 << 20  # pixels that are brought to RGB at a time
# The largest values of data of 8, 10, 12, 14 and 16 bits: files of 16 bits often hold fewer and do not say so.
WHITES = (255, 1023, 4095, 16383, 65535)
FEW = 64  # high bytes under this are those of 14 bits or fewer


def to_srgb(image: Image.Image, limit: int) -> Image.Image:
    """A decoded picture as opaque sRGB of at most `limit` pixels, made strip by strip.

    A larger one is reduced by a whole factor. Where a picture of more than 8 bits a channel holds fewer than it has
    room for, `info["white"]` of the result names the value that was taken for white.
    """
    factor = ceil(sqrt(image.width * image.height / limit))
    tones = _tones(image) if image.mode.startswith(("I", "F")) else None
    plain = Image.new("RGB", (ceil(image.width / factor), ceil(image.height / factor)))
    for top, strip in _strips(image, factor):
        if tones is not None:
            strip = _eight_bits(strip, *tones)
        strip = _srgb(_opaque(strip), image.info.get("icc_profile"))
        plain.paste(strip if factor == 1 else strip.reduce(factor), (0, top // factor))
    white = image.info.get("white") if tones is None or image.mode == "F" else tones[1]
    if white in WHITES[:-1]:
        plain.info["white"] = int(white)
    return plain


def raw_mode(image: Image.Image) -> str:
    """How a picture that is not decoded yet stands in its file: "RGB;16B" for colours of 16 bits, say."""
    args = image.tile[0][3] if image.mode in ("RGB", "RGBA") and image.tile else ""
    return args if isinstance(args, str) else str((*args, "")[0]) if isinstance(args, tuple) else ""


def lacks_low_bytes(image: Image.Image, raw: str) -> bool:
    """Whether a decoded colour picture has 16 bits in its file, of which only the low ones are used."""
    return raw.startswith("RGB") and ";16" in raw and max(high for _, high in image.getextrema()[:3]) < FEW


def with_low_bytes(image: Image.Image, again: Image.Image, raw: str) -> Image.Image:
    """A colour picture of 16 bits that holds few, at their own range: Pillow has kept the high bytes only.

    `again` is the same file, not decoded yet; with the order of its bytes exchanged Pillow reads the low ones.
    """
    kind, _, order = raw.partition(";16")
    swapped = f"{kind};16{'L' if order == 'B' else 'B'}"
    again.tile = [(*tile[:3], swapped if isinstance(tile[3], str) else (swapped, *tile[3][1:])) for tile in again.tile]
    with again as low:
        low.load()
    bands, whites = [], []
    for high, below in zip(image.split(), low.split(), strict=True):
        values = np.asarray(high, np.uint16) * 256 + np.asarray(below)
        bands.append(values)
        whites.append(next(white for white in WHITES if values.max() <= white))
    whites[:3] = [max(whites[:3])] * 3
    scaled = [_eight_bits(Image.fromarray(band), 0, white) for band, white in zip(bands, whites, strict=True)]
    merged = Image.merge(image.mode, scaled)
    merged.info = image.info | {"white": whites[0]}
    return merged


def _strips(image: Image.Image, factor: int) -> Iterator[tuple[int, Image.Image]]:
    """Top row and strip; the whole picture where it is small."""
    rows = max(1, STRIP // image.width // factor) * factor
    if rows >= image.height:
        yield 0, image
        return
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        strip.info = image.info  # of a palette, what is transparent
        yield top, strip


def _tones(image: Image.Image) -> tuple[float, float]:
    """The values of black and white in a picture of more than 8 bits, which do not say what white is."""
    low, high = 0.0, 0.0
    for _, strip in _strips(image, 1):
        values = np.asarray(strip)
        values = values[np.isfinite(values)]
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    is_16 = image.mode.startswith("I;16")
    whites = WHITES if is_16 else (1, *WHITES)
    return low, next((white for white in whites if high <= white), high)


def _eight_bits(image: Image.Image, black: float, white: float) -> Image.Image:
    values = np.nan_to_num(np.asarray(image, dtype=np.float32), posinf=white, neginf=black)
    values = (values.clip(black, white) - black) * (255 / (white - black)) + 0.5
    return Image.fromarray(values.astype(np.uint8))


def _opaque(image: Image.Image) -> Image.Image:
    """L, RGB, CMYK or what else has no transparency, in the picture's own colour space."""
    if not image.has_transparency_data:
        return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")
    image = image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB, by a colour profile if there is one that fits and can be read."""
    transform = _transform(profile, image.mode) if profile else None
    if transform is not None:
        with suppress(ImageCms.PyCMSError, ValueError):
            return ImageCms.applyTransform(image, transform)
    return image.convert("RGB")


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> Any:
    """From a profile to sRGB; None for sRGB itself, and for a profile that is damaged or of another kind of picture."""
    try:
        source = ImageCms.getOpenProfile(BytesIO(profile))
        if ImageCms.getProfileDescription(source).strip().lower().startswith("srgb"):
            return None
        if source.profile.xcolor_space.strip() != {"L": "GRAY"}.get(mode, mode):
            return None
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except Exception:  # also where Pillow was built without LittleCMS
        return None
