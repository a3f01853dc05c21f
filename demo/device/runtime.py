"""ONNX Runtime Web, with which a visitor's own browser computes networks: fetched once, kept, never committed.

`demo/package-lock.json` pins the version and the checksum of the archive that npm publishes. It is fetched as it is
from npm's registry, which needs neither npm nor Node; of its 33 MB only the three files of the WebAssembly build are
kept, compressed: 3.7 MB. Without them everything works as well, on the server.
"""

import base64
import gzip
import hashlib
import json
import os
import shutil
import tarfile
import tempfile
import threading
import zlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from demo.ui.i18n import announce
from demo.ui.refusals import Refused
from gan.data.registry import cache_root
from gan.errors import UserError, reason
from gan.lazy import lazy

if TYPE_CHECKING:
    from gan.images import Progress

download = lazy("gan.data.download")

LOCK = Path(__file__).resolve().parents[1] / "package-lock.json"
PACKAGE = "onnxruntime-web"
ADDRESS = f"{{registry}}/{PACKAGE}/-/{PACKAGE}-{{version}}.tgz"
REGISTRY = "https://registry.npmjs.org"
FILES = {  # of the package's `dist`, with their types
    "ort.wasm.min.mjs": "text/javascript",
    "ort-wasm-simd-threaded.mjs": "text/javascript",
    "ort-wasm-simd-threaded.wasm": "application/wasm",
}
OFF = "off"  # of GAN_FETCH: fetch nothing by yourself


def pinned() -> tuple[str, str]:
    """(version, SHA-512 in hexadecimal) of the archive, as the lock file has them."""
    return _pinned(LOCK)


@cache  # a slider asks for the version at every move
def _pinned(lock: Path) -> tuple[str, str]:
    found = json.loads(lock.read_text(encoding="utf-8"))["packages"][f"node_modules/{PACKAGE}"]
    return found["version"], base64.b64decode(found["integrity"].removeprefix("sha512-")).hex()


def folder() -> Path:
    """Where the files lie once they are there: in the cache, beside the data that was fetched."""
    return cache_root() / PACKAGE / pinned()[0]


def version() -> str:
    """The version that can be served, "" while there is none."""
    return pinned()[0] if folder().is_dir() else ""


def fetch(progress: "Progress | None" = None) -> Path:
    """Fetch the files unless they are there, and return their folder; of two who ask at once one fetches.

    Raises UserError where the network, the registry or the disk refuses, or the archive is not the one that is pinned.
    """
    number, sha512 = pinned()
    target, registry = folder(), os.environ.get("NPM_CONFIG_REGISTRY") or REGISTRY
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.parent / ".lock"):
            if target.is_dir():
                return target
            archive = target.parent / f"{PACKAGE}-{number}.tgz"
            url = ADDRESS.format(registry=registry.rstrip("/"), version=number)
            download.fetch(url, archive, progress=progress)
            _unpack(archive, sha512, target)
            archive.unlink()
    except OSError as error:
        raise Refused("device.unwritten", folder=target.parent, why=reason(error)) from None
    return target


def _unpack(archive: Path, sha512: str, target: Path) -> None:
    """Keep the files of an archive, compressed, all or none. Raises Refused where it is another than expected."""
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha512").hexdigest()
    if found != sha512:
        archive.unlink()
        raise Refused("device.unexpected", name=archive.name)
    scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
    scratch.chmod(0o755)
    try:
        with tarfile.open(archive) as package:
            for name in FILES:
                content = package.extractfile(f"package/dist/{name}").read()
                (scratch / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
        scratch.rename(target)
    except (tarfile.TarError, KeyError, EOFError, zlib.error):
        raise Refused("device.unexpected", name=archive.name) from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def fetch_behind() -> threading.Thread | None:
    """Fetch the files behind the page's back where they are missing, unless GAN_FETCH=off; tells the terminal."""
    if version() or os.environ.get("GAN_FETCH") == OFF:
        return None

    def work() -> None:
        try:
            with download.terminal_progress() as progress:
                fetch(progress)
        except UserError as error:
            announce("device.not_fetched", why=error)
        else:
            announce("device.fetched", folder=folder())

    thread = threading.Thread(target=work, name="fetch-runtime", daemon=True)
    thread.start()
    return thread
