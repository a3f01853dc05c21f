"""Pictures in a zip archive: read where they lie, or unpacked into a folder; no name in it can lead out of that.

Archives made by Windows in Korea name their files in code page 949 and by older tools in UTF-8, both without saying so;
the standard has only code page 437 for names that say nothing.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from gan.data.image_io import is_picture
from gan.errors import UserError

LARGEST = 64 * 2**20  # bytes of a picture in an archive
LARGEST_ALL = 8 * 2**30  # bytes of all of them, unpacked
MAX_PICTURES = 20_000  # pictures of an archive
LONGEST = 200  # bytes of a name: file systems take 255, and some need a few more for what they add


def pictures_in(archive: Path) -> dict[str, Callable[[], BinaryIO]]:
    """The pictures in a zip, in order: a file name fit for a folder, and how to open it.

    "horses/a.jpg" is named "horses-a.jpg", "../../a.jpg" "a.jpg", and a second file of a name "a-2.jpg". Left out are
    folders, hidden files, and what macOS adds. Raises UserError for what is no zip and for one with too many pictures;
    opening a picture raises it if it is damaged, locked with a password, or has more than 64 MiB.
    """
    found: dict[str, Callable[[], BinaryIO]] = {}
    taken: set[PurePosixPath] = set()
    for parts, opened in _pictures(archive):
        found[str(fresh(PurePosixPath(_short("-".join(parts))), taken))] = opened
    return found


def unpack(archive: Path, folder: Path) -> None:
    """Write the pictures of a zip into a folder, in the folders that they have in the archive.

    Files that `pictures_in` could not open are left out. Raises UserError as it does, and for more than 8 GiB.
    """
    taken: set[PurePosixPath] = set()
    room = LARGEST_ALL
    folder.mkdir(parents=True, exist_ok=True)
    for parts, opened in _pictures(archive):
        target = folder / fresh(PurePosixPath(*map(_short, parts)), taken)
        try:
            content = opened().getbuffer()
        except UserError:
            content = memoryview(b"")  # to be counted where pictures are read
        room -= len(content)
        if room < 0:
            raise UserError("zips.too_large", archive=archive.name, most=LARGEST_ALL // 2**30)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        except OSError as error:
            raise UserError("zips.unwritten", path=target, why=error.strerror) from error


def _pictures(archive: Path) -> Iterator[tuple[list[str], Callable[[], BytesIO]]]:
    """The names along the path of each picture, and how to open it."""
    try:
        file = zipfile.ZipFile(archive)  # stays open for as long as any of its pictures may be
        members = file.infolist()
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise UserError("zips.unreadable", archive=archive.name) from error
    decode, found = _decoder(members), []
    for member in members:
        parts = _parts(decode(member))
        if not parts or member.is_dir() or "__MACOSX" in parts:
            continue
        if is_picture(parts[-1], partial(_start, file, member)):
            found.append((parts, partial(_opened, file, archive, member, parts[-1])))
    if len(found) > MAX_PICTURES:
        raise UserError("zips.too_many", archive=archive.name, count=len(found), most=MAX_PICTURES)
    yield from found


# Names


def _decoder(members: list[zipfile.ZipInfo]) -> Callable[[zipfile.ZipInfo], str]:
    """How the names of an archive are to be read, judged by all of them together."""
    unsaid = [_bytes(member) for member in members if not member.flag_bits & 0x800]
    unsaid = [name for name in unsaid if name is not None and not name.isascii()]
    if unsaid and all(_decoded(name, "utf-8") for name in unsaid):
        return lambda member: _as(member, "utf-8")
    # Common Hangul is what code page 437 has for borders of boxes followed by signs, which no name has.
    is_korean = any(re.search(rb"[\xb0-\xc8][\xa1-\xfe]", name) for name in unsaid)
    if is_korean and all(_decoded(name, "cp949") for name in unsaid):
        return lambda member: _as(member, "cp949")
    return lambda member: member.filename


def _as(member: zipfile.ZipInfo, encoding: str) -> str:
    name = None if member.flag_bits & 0x800 else _bytes(member)
    return member.filename if name is None else _decoded(name, encoding) or member.filename


def _bytes(member: zipfile.ZipInfo) -> bytes | None:
    """The name as it stands in the archive, which `zipfile` has read as code page 437."""
    try:
        return member.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return None


def _decoded(name: bytes, encoding: str) -> str:
    try:
        return name.decode(encoding)
    except UnicodeDecodeError:
        return ""


def _parts(name: str) -> list[str]:
    """The names along a path that mean something in a file's name."""
    names = (re.sub(r'[<>"|?*]', "_", part).strip() for part in re.split(r"[\\/:]", name))  # not on Windows
    return [name for name in names if name.strip(" .") and name.isprintable()]


def _short(name: str) -> str:
    """A name cut where file systems would refuse it, its suffix kept."""
    suffix = PurePosixPath(name).suffix
    if len(name.encode()) <= LONGEST or len(suffix) > 16:
        return name.encode()[:LONGEST].decode(errors="ignore")
    stem = name.encode()[: LONGEST - len(suffix.encode())].decode(errors="ignore")
    return stem + suffix


def fresh(path: PurePosixPath, taken: set[PurePosixPath]) -> PurePosixPath:
    """A path that is not taken; some file systems do not tell A from a."""
    fresh, number = path, 2
    while (key := PurePosixPath(str(fresh).lower())) in taken:
        fresh, number = path.with_name(f"{path.stem}-{number}{path.suffix}"), number + 1
    taken.add(key)
    return fresh


# Contents


def _start(file: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        with file.open(member) as content:
            return content.read(16)
    except (OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile, EOFError, zlib.error):
        return b""


def _opened(file: zipfile.ZipFile, archive: Path, member: zipfile.ZipInfo, name: str) -> BytesIO:
    if member.file_size > LARGEST:
        raise UserError("zips.large_picture", name=name, archive=archive.name, most=LARGEST // 2**20)
    try:
        with file.open(member) as content:
            data = BytesIO(content.read(LARGEST + 1))
    except (OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise UserError("zips.damaged", name=name, archive=archive.name) from error
    data.name = name  # for sentences
    return data
