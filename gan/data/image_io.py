"""Untrusted files become pictures: the one limit of their size, the formats, and how they are read.

Every kind of file (turned by its camera, transparent, 16 bits, CMYK, palette, animated, of another colour space) comes
out as plain sRGB. What is too large is refused before it is decoded. Nothing here needs torch.
"""

from collections.abc import Callable
from contextlib import nullcontext, suppress
from functools import lru_cache, partial
from math import ceil, log2
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from PIL import Image, TiffImagePlugin, WebPImagePlugin  # noqa: F401 (the formats Pillow loads late)

from gan.data.srgb import lacks_low_bytes, raw_mode, to_srgb, with_low_bytes
from gan.errors import UserError

with suppress(ImportError):  # Pillow has it from 11.3 on
    from PIL import AvifImagePlugin  # noqa: F401

MAX_PIXELS = 52_000_000  # of any picture: a phone's 50 megapixels are up to 8192 x 6144
KEPT_PIXELS = 12_000_000  # of what is handed on: a larger picture comes at half its sides, or less
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
SUFFIXES = {
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif"),
}
# Pictures of kinds that are not read: they are counted as such, and said to be left out.
RAW = {*(".dng", ".cr2", ".cr3", ".nef", ".nrw", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw", ".raw")}
OTHERS = RAW | {*(".svg", ".psd", ".xcf", ".jp2", ".j2k", ".jxl", ".tga", ".ppm", ".pgm", ".exr", ".hdr", ".ico")}
TURNS = {  # by EXIF orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_large = Lock()  # pictures that take hundreds of megabytes are read one after the other


class TooLarge(UserError):
    """A picture of more than `MAX_PIXELS`."""


def open_picture(file: str | Path | BinaryIO, *, at_least: int | None = None) -> Image.Image:
    """Read a picture as an upright opaque sRGB image, safely.

    Transparent pixels are laid on white, an animation gives its first frame, and a picture of more than `KEPT_PIXELS`
    comes at half its sides or less. `at_least` allows a JPEG to be decoded at a reduced size (much faster) whose sides
    are still that long. Where a file holds fewer bits than it has room for, its white is that of its bits, and
    `info["white"]` of the image names it. Raises `UserError` if the file is not a picture or is damaged, and `TooLarge`
    if it has more than `MAX_PIXELS`.
    """
    name = Path(getattr(file, "name", None) or "the file").name if hasattr(file, "read") else Path(file).name
    with _opened(file, name) as image:
        pixels = image.width * image.height
        if pixels > MAX_PIXELS:
            raise _too_large(name)
        if image.format in ("JPEG", "MPO"):
            _draft(image, at_least)
        whole = image.width * image.height
        if image.info.get("progressive"):
            whole = max(whole, pixels)  # it is kept whole as coefficients, 6 bytes a pixel, before it can be reduced
        raw = raw_mode(image)
        try:
            with _large if whole > 2 * KEPT_PIXELS else nullcontext():
                image.load()
                few = lacks_low_bytes(image, raw)
                decoded = with_low_bytes(image, _opened(file, name), raw) if few else image
                plain = to_srgb(decoded, KEPT_PIXELS)
        except Exception as error:
            raise UserError("image_io.damaged", name=name) from error
        turn = TURNS.get(_orientation(image))
        return plain if turn is None else plain.transpose(turn)


def _opened(file: str | Path | BinaryIO, name: str) -> Image.Image:
    """The file with its header read."""
    if Path(name).suffix.lower() in RAW:  # a TIFF with a thumbnail, that Pillow would take for the picture
        raise UserError("image_io.raw", name=name)
    try:
        if hasattr(file, "seek"):
            file.seek(0)
        if is_heif(_head(file)) and not _reads_heif():
            raise UserError("image_io.heif", name=name)
        return Image.open(file, formats=FORMATS)
    except UserError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(name) from error
    except FileNotFoundError as error:
        raise UserError("image_io.missing", name=name) from error
    except Exception as error:  # a damaged header raises whatever its reader stumbles over
        raise UserError("image_io.unreadable", name=name) from error


def _head(file: str | Path | BinaryIO) -> bytes:
    if isinstance(file, str | Path):
        with open(file, "rb") as opened:
            return opened.read(16)
    head = file.read(16)
    file.seek(0)
    return head


def is_picture(name: str, head: Callable[[], bytes]) -> bool:
    """Whether a file is a picture, readable or not, by the suffix of its name or else by its first 16 bytes."""
    suffix = Path(name).suffix.lower()
    if name.startswith("."):
        return False
    if suffix in SUFFIXES | OTHERS:
        return True
    start = head()
    return (
        start.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"II*\0", b"MM\0*"))
        or (start[:4], start[8:12]) == (b"RIFF", b"WEBP")
        or (start[:2], start[6:10]) == (b"BM", bytes(4))
        or start[4:12] == b"ftypavif"
        or is_heif(start)
    )


def find_pictures(folder: Path) -> list[Path]:
    """Return the picture files directly in `folder`, ordered by name; hidden files are left out."""
    return sorted(path for path in folder.iterdir() if is_picture(path.name, partial(_start, path)))


def opens(path: Path) -> bool:
    """Whether a file has the header of a picture that can be read."""
    try:
        with _opened(path, path.name):
            return True
    except UserError:
        return False


def _start(path: Path) -> bytes:
    try:
        return _head(path) if path.is_file() else b""
    except OSError:  # not ours to read
        return b""


def is_heif(head: bytes) -> bool:
    """Whether a file's first 16 bytes are those of HEIC, what iPhones save."""
    return head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")


@lru_cache
def _reads_heif() -> bool:
    """Teach Pillow to read HEIC where pi-heif is installed (pillow-heif would bring a GPL encoder as well)."""
    try:
        import pi_heif
    except ImportError:
        return False
    pi_heif.register_heif_opener()
    return True


def _draft(image: Image.Image, at_least: int | None) -> None:
    """Choose the scale, a half, a quarter or an eighth, at which a JPEG is decoded; it may refuse."""
    shrink = 2 ** max(0, ceil(log2(image.width * image.height / KEPT_PIXELS) / 2))
    width, height = image.width // shrink, image.height // shrink
    if at_least is not None:  # twice as long as asked: the rest of the way with a better filter
        width, height = min(width, 2 * at_least), min(height, 2 * at_least)
    image.draft(None, (width, height))


def _too_large(name: str) -> TooLarge:
    return TooLarge("image_io.too_large", name=name, most=MAX_PIXELS // 10**6)


def _orientation(image: Image.Image) -> int | None:
    try:
        return image.getexif().get(0x0112)
    except Exception:  # a broken EXIF block is no reason to refuse the picture beside it
        return None
