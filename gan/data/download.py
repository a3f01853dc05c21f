"""Downloads that can be interrupted, and archives that are not trusted.

The pairs of Zhu et al. 2017 come from the authors' own address. They publish no checksums; the sizes and
SHA-256 sums in `ARCHIVES` are those that TensorFlow Datasets has recorded for the same archives since 2019
(`url_checksums/cycle_gan.txt`).
"""

import hashlib
import http.client
import os
import shutil
import stat
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from tqdm import tqdm

from gan.errors import UserError, reason
from gan.images import Progress

ADDRESS = "https://efrosgans.eecs.berkeley.edu/cyclegan/datasets/{name}.zip"
ARCHIVES = {  # bytes, SHA-256
    "apple2orange": (78456409, "845a191e9af8926408ea597001cd03a452e3300a1f44a79fe329b3d59f6e3eb8"),
    "cezanne2photo": (279885071, "3a6c10ca21f9485862f1cbd707744b9dc258954a04631271d23a3605eeb63cff"),
    "facades": (35135868, "9a31ebf3a31b9b5cd195dd5bf62e9308e00cb94604d1019e3889ac84248695c0"),
    "horse2zebra": (116867962, "a74d9d392eecca9966b51287a76ca126af473d9de4f3e8fc0e9cda08fa1730a1"),
    "maps": (1476754427, "639534f69dbf9f36bef8d6292a7698006361221f83f0285d7c9ca78afe6e8a9e"),
    "monet2photo": (305231073, "88f91b00fc228f97c9411fbf1880ec1d119c98f1722e4cfcfaa2fb35fac05b04"),
    "summer2winter_yosemite": (132640856, "167fe1726807a9d22bd106b4a6c0bd7953b688af924ac1bf967439c4961e49f9"),
    "ukiyoe2photo": (292946532, "02a2a2fb5ecf425ca1bf86aca7304377da64a2a1d3b86df54eb65e4068bf3b08"),
    "vangogh2photo": (306590349, "362c3473e70be0944bda08d49d660eafdc2854df55d697835b8186d1d79caaff"),
}
CHUNK = 1 << 18
TRIES = 5  # in a row without a single new byte


def fetch(
    url: str,
    path: Path,
    *,
    size: int | None = None,
    sha256: str | None = None,
    progress: Progress | None = None,
    pause: float = 1.0,
) -> None:
    """Download `url` to `path`, going on where an earlier attempt stopped.

    What has arrived lies in `path` + ".part" until its size (`size`, or what the server announces) and
    `sha256` are right; only then is it renamed. A broken connection is taken up again after `pause` seconds,
    doubled each time. `progress("downloading NAME", bytes, total)` is called as it grows. Raises `UserError`
    if the server, the network or the disk refuses, or if what came is not what was expected (that is then
    thrown away).
    """
    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    start = part.stat().st_size if part.exists() else 0
    failures = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            expected = _go_on(url, part, size, progress)
            break
        except urllib.error.HTTPError as error:
            if error.code < 500 or failures >= TRIES:
                raise UserError("download.server", url=url, code=error.code, why=error.reason) from error
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            offline = isinstance(error, urllib.error.URLError) and before == start  # it never began: no use waiting
            if offline or failures >= TRIES:
                raise UserError("download.network", url=url, why=reason(error)) from error
        except OSError as error:
            raise UserError("download.unwritten", path=part, why=reason(error)) from error
        arrived = part.stat().st_size if part.exists() else 0
        failures = 0 if arrived > before else failures + 1
        time.sleep(pause * 2**failures)
    _verify(part, url, expected, sha256)
    os.replace(part, path)


def _go_on(url: str, part: Path, size: int | None, progress: Progress | None) -> int | None:
    """Ask for what is missing from `part` and append it; return the expected size of the whole."""
    have = part.stat().st_size if part.exists() else 0
    if size is not None and have == size:
        return size
    headers = {"User-Agent": "spear-and-shield", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        response = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not have:  # 416: the server has nothing from there on
            raise
        part.unlink()
        return _go_on(url, part, size, progress)
    with response:
        resumed = response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        have = have if resumed else 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else size
        if size is not None and total != size:
            raise UserError("download.length", url=url, total=total, size=size)
        with part.open("ab" if resumed else "wb") as file:
            while chunk := response.read(CHUNK):
                file.write(chunk)
                have += len(chunk)
                if progress is not None:
                    progress(f"downloading {Path(urlsplit(url).path).name}", have, total)
            file.flush()
            os.fsync(file.fileno())
    if total is not None and have < total:  # read(n) ends quietly when the connection does
        raise ConnectionError(f"the connection ended after {have:,} of {total:,} bytes")
    return total


def _verify(part: Path, url: str, size: int | None, sha256: str | None) -> None:
    wrong = size is not None and part.stat().st_size != size
    if not wrong and sha256 is not None:
        with part.open("rb") as file:
            wrong = hashlib.file_digest(file, "sha256").hexdigest() != sha256
    if wrong:
        part.unlink()
        raise UserError("download.unexpected", url=url)


def unzip(
    path: Path,
    folder: Path,
    *,
    max_bytes: int = 4 * 10**9,
    max_files: int = 100_000,
    progress: Progress | None = None,
) -> None:
    """Unpack a zip archive into `folder`, which must not exist yet: all of it or nothing.

    Every member's CRC is checked on the way. Raises `UserError` for an archive that is damaged, encrypted,
    unpacks to more than `max_bytes` or `max_files`, or names a place outside the folder or anything but files
    and folders.
    """
    if folder.exists():
        raise UserError("download.folder_there", folder=folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    scratch.chmod(0o755)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > max_files or sum(member.file_size for member in members) > max_bytes:
                raise UserError("download.too_large", name=path.name)
            for done, member in enumerate(members, start=1):
                target = scratch.joinpath(*_safe_parts(member, path.name))
                if member.is_dir():
                    target.mkdir(parents=True, exist_ok=True)
                else:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with (
                        archive.open(member) as source,
                        target.open("xb") as out,
                    ):  # never gives more than file_size
                        shutil.copyfileobj(source, out, CHUNK)
                if progress is not None:
                    progress(f"unpacking {path.name}", done, len(members))
        scratch.rename(folder)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise UserError("download.damaged", name=path.name, why=reason(error)) from error
    except OSError as error:
        raise UserError("download.not_unpacked", name=path.name, why=reason(error)) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _safe_parts(member: zipfile.ZipInfo, archive: str) -> tuple[str, ...]:
    """Return a member's path as names below the folder, or refuse it."""
    path = PurePosixPath(member.filename)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if (
        path.is_absolute()
        or not path.parts
        or any(part == ".." or set(part) & set("\\:\0") for part in path.parts)
        or kind not in (0, stat.S_IFREG, stat.S_IFDIR)
    ):
        raise UserError("download.unsafe", archive=archive, name=member.filename)
    return path.parts


def official_pair(name: str, root: Path, progress: Progress | None = None) -> Path:
    """Download a CycleGAN pair into `root`/`name` (trainA, trainB, testA, testB) and return that folder.

    Raises `UserError` as `fetch` and `unzip` do.
    """
    size, sha256 = ARCHIVES[name]
    archive, scratch, folder = root / f"{name}.zip", root / f".{name}", root / name
    if not archive.exists():
        fetch(ADDRESS.format(name=name), archive, size=size, sha256=sha256, progress=progress)
    shutil.rmtree(scratch, ignore_errors=True)  # of an attempt that was killed
    try:
        unzip(archive, scratch, progress=progress)
        if not (scratch / name / "trainA").is_dir():
            raise UserError("download.no_train", archive=archive, name=name)
        (scratch / name).rename(folder)
    except OSError as error:
        raise UserError("download.not_put", name=name, folder=folder, why=reason(error)) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    archive.unlink()
    return folder


@contextmanager
def terminal_progress() -> Iterator[Progress]:
    """Give a `progress` that draws a bar on the terminal for each thing going on."""
    bars: dict[str, tqdm] = {}

    def show(what: str, done: int, total: int | None) -> None:
        if what not in bars:
            bars[what] = tqdm(desc=what, total=total, unit="", unit_scale=True)
        bars[what].update(done - bars[what].n)

    try:
        yield show
    finally:
        for bar in bars.values():
            bar.close()
