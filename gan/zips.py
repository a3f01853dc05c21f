"""Pictures in a zip archive, read where they lie: nothing is unpacked, so no name in it can lead anywhere."""

import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from gan.errors import UserError
from gan.pictures import SUFFIXES

LARGEST = 64 * 2**20  # bytes of a picture in an archive
MOST = 20_000  # pictures of an archive


def pictures_in(archive: Path) -> dict[str, Callable[[], BinaryIO]]:
    """The pictures in a zip, in order: a file name fit for a folder, and how to open it.

    "horses/a.jpg" is named "horses-a.jpg", "../../a.jpg" "a.jpg", and a second file of a name "a-2.jpg". Left out are
    folders, hidden files, and what macOS adds. Raises UserError for what is no zip and for one with too many pictures;
    opening a picture raises it if it is damaged, locked with a password, or has more than 64 MiB.
    """
    try:
        with zipfile.ZipFile(archive) as file:
            members = [member for member in file.infolist() if _is_picture(member)]
    except (OSError, zipfile.BadZipFile) as error:
        raise UserError(f"{archive.name} cannot be read as a zip archive; make it anew.") from error
    if len(members) > MOST:
        raise UserError(f"{archive.name} holds {len(members):,} pictures; up to {MOST:,} can be taken at once.")
    found: dict[str, Callable[[], BinaryIO]] = {}
    taken: set[str] = set()
    for member in members:
        path = PurePosixPath("-".join(_parts(member)))
        name, number = path.name, 2
        while name.lower() in taken:  # some file systems do not tell A from a
            name, number = f"{path.stem}-{number}{path.suffix}", number + 1
        taken.add(name.lower())
        found[name] = lambda member=member: _opened(archive, member)
    return found


def _parts(member: zipfile.ZipInfo) -> list[str]:
    """The names along a member's path that mean something in a file's name."""
    names = member.filename.replace("\\", "/").replace(":", "/").split("/")
    return [name.strip() for name in names if name.strip(" .") and name.isprintable()]


def _is_picture(member: zipfile.ZipInfo) -> bool:
    parts = _parts(member)
    if member.is_dir() or not parts or "__MACOSX" in parts:
        return False
    return Path(parts[-1]).suffix.lower() in SUFFIXES and not parts[-1].startswith(".")


def _opened(archive: Path, member: zipfile.ZipInfo) -> BinaryIO:
    if member.file_size > LARGEST:
        raise UserError(f"{member.filename} in {archive.name} is larger than {LARGEST // 2**20} MiB.")
    try:
        with zipfile.ZipFile(archive) as file, file.open(member) as content:
            data = content.read(LARGEST + 1)
    except (OSError, RuntimeError, zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise UserError(f"{member.filename} in {archive.name} is damaged or locked with a password.") from error
    return BytesIO(data)
