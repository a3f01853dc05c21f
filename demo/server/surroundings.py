"""What may keep Gradio from starting, settled before it is imported: proxies, folders, settings that it cannot read."""

import atexit
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.request import getproxies

from demo.ui.refusals import Refused

HERE = ("localhost", "127.0.0.1", "::1")
PROXIED = ("http", "https", "all")  # the schemes for which httpx looks for a proxy


def settle() -> None:
    """Make the environment one in which Gradio starts; raises `UserError` where only a person can do that."""
    for name in ("GRADIO_SERVER_PORT", "GRADIO_NUM_PORTS"):  # read with int() as Gradio is imported
        if not os.environ.get(name, "0").strip().isdecimal():
            raise Refused("refused.no_number", name=name, value=os.environ[name])
    spare(*HERE)
    folder = upload_folder()
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    try:
        home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home())
    except RuntimeError:  # a user whom the system does not know
        home = None
    if home is None or unwritable(home):  # matplotlib would warn, and look for fonts at every start
        os.environ.setdefault("MPLCONFIGDIR", str(folder / "matplotlib"))


def spare(*hosts: str) -> None:
    """Let no proxy stand before these hosts. The app asks itself over HTTP whether it is there, through httpx.

    A proxy that httpx cannot speak to at all (socks without its package, an address that is none) is dropped: the mere
    name of it ends every request with an exception.
    """
    if not any(name.lower().endswith("_proxy") for name in os.environ) and not getproxies():
        return
    import httpx

    def is_fit(**options: str) -> bool:
        try:
            httpx.Client(verify=False, **options).close()
        except (ImportError, ValueError, httpx.InvalidURL):
            return False
        return True

    for name in list(os.environ):
        kind, _, proxy = name.lower().rpartition("_")
        if proxy == "proxy" and kind in PROXIED and os.environ[name]:
            url = os.environ[name] if "://" in os.environ[name] else f"http://{os.environ[name]}"
            if not is_fit(proxy=url, trust_env=False):
                del os.environ[name]
    proxies = getproxies()
    for kind in PROXIED:  # the system's settings count only while the environment names nothing at all
        if kind in proxies:
            os.environ.setdefault(f"{kind}_proxy", proxies[kind])
    known = [host.strip() for host in proxies.get("no", "").split(",") if host.strip()]
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(dict.fromkeys([*known, *hosts]))
    if not is_fit():  # what stands there of other hosts is not understood
        os.environ["no_proxy"] = os.environ["NO_PROXY"] = "*"


def upload_folder() -> Path:
    """The folder for what visitors send: the one that GRADIO_TEMP_DIR names, or one that is this user's alone.

    Gradio's own default, `gradio` in the system's temporary folder, belongs to whoever started a Gradio app first.
    Raises `UserError` where nothing can be written.
    """
    if named := os.environ.get("GRADIO_TEMP_DIR"):
        folder = Path(named).expanduser().absolute()
        if why := unwritable(folder):
            raise Refused("refused.uploads", folder=folder, why=why)
        return folder
    try:
        root = Path(tempfile.gettempdir()).resolve()
    except FileNotFoundError:
        raise Refused("refused.no_temporary") from None
    if not hasattr(os, "getuid"):  # Windows: the temporary folder is the user's own
        return root / "spear-and-shield"
    folder = root / f"spear-and-shield-{os.getuid()}"
    with suppress(OSError):
        folder.mkdir(mode=0o700)
    with suppress(OSError):
        found = os.lstat(folder)
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid():
            folder.chmod(0o700)
            return folder
    # someone else has put something there, perhaps in order to read along
    folder = Path(tempfile.mkdtemp(prefix="spear-and-shield-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def unwritable(folder: Path) -> str:
    """Why nothing can be written to a folder that is or could be there; empty where it can. Leaves no trace."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or str(error)
