"""The real app in a real browser: a server of its own, visitors who may reach no other host."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]
LOCALES = {"ko": "ko-KR", "en": "en-US"}


def unavailable(reason: str) -> None:
    """Skip the test for this reason; in CI, where nothing may be skipped, fail."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def in_a_thread(coroutine: Coroutine) -> Any:
    """Run a coroutine to its end; in a thread, since Playwright keeps a loop of its own in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


@contextmanager
def chromium() -> Iterator[Any]:
    """A Chromium: the one named by CHROMIUM, the system's, or Playwright's own."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        unavailable("Playwright is not installed (pip install playwright)")
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        except Error as error:
            unavailable(f"no Chromium could be started: {error.message.splitlines()[0]}")
        yield browser
        browser.close()


def expect(what: Any) -> Any:
    """Playwright's assertions, which wait until they hold: the parts of one answer reach the page one by one."""
    from playwright.sync_api import expect

    expect.set_options(timeout=30_000)
    return expect(what)


@dataclass
class Server:
    """`python -m demo` as a process, with its address and the seconds it took until its page answered."""

    url: str
    process: subprocess.Popen
    log: Path
    seconds: float

    def said(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def serve(*arguments: str, **environment: str) -> Iterator[Server]:
    """Start the app on a free port, its new runs in a folder of their own; stop it afterwards."""
    with tempfile.TemporaryDirectory(prefix="spear-and-shield-") as folder:
        log = Path(folder) / "log.txt"
        settings = {"GAN_RUNS": str(Path(folder) / "runs"), "NO_PROXY": "127.0.0.1,localhost", "PYTHONUTF8": "1"}
        begun = time.monotonic()
        with log.open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "demo", "--port", "0", *arguments],
                cwd=ROOT,
                env=os.environ | settings | environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            url = _address(process, log, begun + 60)
            yield Server(url, process, log, time.monotonic() - begun)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(process: subprocess.Popen, log: Path, deadline: float) -> str:
    """Wait until the app has printed its address and answers there; on this machine that is always loopback."""
    while time.monotonic() < deadline and process.poll() is None:
        said = log.read_text(encoding="utf-8", errors="replace")
        if printed := re.search(r"(https?)://[^/\s]+:(\d+)/", said):
            url = f"{printed[1]}://{'[::1]' if '//[::1]:' in said else '127.0.0.1'}:{printed[2]}/"
            if printed[1] == "https":
                return url
            try:
                with urllib.request.urlopen(url, timeout=5) as answer:
                    if answer.status == 200:
                        return url
            except (urllib.error.URLError, OSError):
                pass
        time.sleep(0.1)
    raise AssertionError(f"the app did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


@dataclass
class Visitors:
    """People who open the app in windows of their own; nothing of theirs may leave this machine."""

    browser: Any
    url: str
    strays: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)

    def __call__(
        self,
        language: str = "en",
        *,
        tab: str | None = None,
        path: str = "",
        size: tuple[int, int] = (1366, 768),
        dark: bool = False,
        camera: bool = False,
        url: str | None = None,
    ) -> Any:
        """Open the page, in a browser of this language, and return it when its tabs are there.

        `tab` is a tab's name ("questions") to go to, `path` is appended to the address, `url` is another server's.
        """
        context = self.browser.new_context(
            locale=LOCALES.get(language, language),
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            permissions=["camera"] if camera else [],
            ignore_https_errors=True,
        )
        self.contexts.append(context)
        context.route(lambda address: urlsplit(address).hostname not in LOOPBACK, self._refuse)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(error.stack or str(error)))
        page.goto((url or self.url) + path)
        page.wait_for_selector("#tabs [role=tab]", timeout=30_000)
        if tab:
            open_tab(page, tab)
        return page

    def _refuse(self, route: Any) -> None:
        self.strays.append(route.request.url)
        route.abort()

    def leave(self) -> None:
        """Close every window; fails if a page asked another host for anything or raised an error."""
        for context in self.contexts:
            context.close()
        assert not self.strays, f"the page asked other hosts: {self.strays}"
        assert not self.errors, f"the page raised errors: {self.errors}"


def at_rest(page: Any, read: Callable[[], Any], seconds: float = 1.5) -> Any:
    """What is read, which must stay the same for so long; what was still under way may come in first."""
    page.wait_for_timeout(1500)
    before = read()
    page.wait_for_timeout(1000 * seconds)
    assert read() == before
    return before


def slow_down(page: Any, milliseconds: int = 500) -> None:
    """Let whatever the page asks for from now on take so much longer."""
    page.evaluate(
        """milliseconds => {
            const ask = fetch;
            window.fetch = async (...all) => (await new Promise((go) => setTimeout(go, milliseconds)), ask(...all));
        }""",
        milliseconds,
    )


def look_at_list(page: Any, element: str, option: str) -> None:
    """Open a list of choices by its id, see one of them in it, and go away without choosing."""
    page.locator(f"#{element} input").click()
    page.get_by_role("option", name=option).wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    page.wait_for_timeout(2000)


def word(page: Any, key: str) -> str:
    """What the words say for a key in the page's language."""
    from demo.language import words

    return words(page.evaluate("document.documentElement.lang"))[key]


def open_tab(page: Any, tab: str) -> None:
    """Go to a tab by its name ("questions"), whatever the page's language; a narrow page keeps some in a menu."""
    name = word(page, f"{tab}.tab")
    button = page.get_by_role("tab", name=name, exact=True)
    if not button.first.is_visible():
        page.locator("#tabs .overflow-menu > button").click()
        button = page.locator("#tabs .overflow-dropdown button", has_text=name)
    button.first.click()


def open_section(page: Any, tab: str, section: str) -> None:
    """Go to a section of the open tab by their names ("noise", "sliders"), whatever the page's language."""
    sections = page.locator(f"#{tab}-sections")
    sections.get_by_role("tab", name=word(page, f"{tab}.{section}.tab"), exact=True).click()
