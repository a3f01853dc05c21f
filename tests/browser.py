"""The real app in a real browser: a server of its own, visitors who may reach no other host.

Visits with the same language come to the same browser context, one after the other: the page's scripts stay in its HTTP
cache, and nothing else is left from one test to the next. (`context.route` would switch that cache off.)
"""

import asyncio
import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
ENDLESS = ("/heartbeat/", "/follow")  # lines that a page keeps open
FLAGS = [
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
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


@dataclass
class Windows:
    """A browser with a context for each language, and one more for each visitor who is there at the same time.

    The first page of a context is a blank one that stays: without it every visit would open a window, which costs
    Chromium as much as the page does.
    """

    browser: Any
    free: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    def lend(self, locale: str) -> Any:
        """A context without cookies, storage and permissions, and with a blank page."""
        if self.free[locale]:
            return self.free[locale].pop()
        context = self.browser.new_context(locale=locale, ignore_https_errors=True)
        context.new_page()
        return context

    def take_back(self, locale: str, context: Any, origins: set[str]) -> None:
        """Close its pages and clear what those of these origins left behind, all but the HTTP cache."""
        blank, *pages = context.pages
        for page in pages:
            page.close()
        session = context.new_cdp_session(blank)
        for origin in origins:
            session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        session.detach()
        context.clear_cookies()
        context.clear_permissions()
        self.free[locale].append(context)


@contextmanager
def chromium() -> Iterator[Windows]:
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
        yield Windows(browser)
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
    runs: Path
    seconds: float

    @cached_property
    def client(self) -> Any:
        """A `gradio_client` of this server."""
        from gradio_client import Client

        return Client(self.url, verbose=False)

    def said(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def serve(*arguments: str, **environment: str) -> Iterator[Server]:
    """Start the app on a free port, its new runs in a folder of their own; stop it afterwards."""
    with tempfile.TemporaryDirectory(prefix="spear-and-shield-") as folder:
        log = Path(folder) / "log.txt"
        settings = {"GAN_RUNS": str(Path(folder) / "runs"), "NO_PROXY": "127.0.0.1,localhost", "PYTHONUTF8": "1"}
        settings |= environment
        begun = time.monotonic()
        with log.open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "demo", "--port", "0", *arguments],
                cwd=ROOT,
                env=os.environ | settings,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            url = _address(process, log, begun + 180)
            yield Server(url, process, log, Path(settings["GAN_RUNS"]), time.monotonic() - begun)
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

    windows: Windows
    url: str
    strays: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    lent: list[tuple[str, Any]] = field(default_factory=list)
    origins: set[str] = field(default_factory=set)
    open: dict[str, Any] = field(default_factory=dict)

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
        script: str = "",
    ) -> Any:
        """Open the page, in a browser of this language, and return it when its tabs are there.

        `tab` is a tab's name ("questions") to go to, `path` is appended to the address, `url` is another server's,
        `script` runs before those of the page.
        """
        if "#" not in path and not parse_qs(path.lstrip("?")).keys() - {"lang"}:  # else the lesson itself opens
            path += f"#{FIRST_TAB}"
        locale, address = LOCALES.get(language, language), (url or self.url) + path
        context = self.windows.lend(locale)
        self.lent.append((locale, context))
        self.origins.add("{0.scheme}://{0.netloc}".format(urlsplit(address)))
        if camera:
            context.grant_permissions(["camera"])
        context.on("request", self._watch)
        page = context.new_page()
        page.traffic, page.been = Traffic(page), set()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.on("pageerror", lambda error: self.errors.append(error.stack or str(error)))
        page.on("framenavigated", lambda _: page.been.add(tab_of(page)))
        if script:
            page.add_init_script(script)
        page.goto(address)
        page.wait_for_selector("#tabs [role=tab]", state="attached", timeout=30_000)
        if tab:
            open_tab(page, tab)
        return page

    def phone(self, path: str, language: str = "en", *, url: str | None = None) -> Any:
        """Open another page of the server's than the app's, as wide as a phone."""
        locale, address = LOCALES.get(language, language), (url or self.url) + path
        context = self.windows.lend(locale)
        self.lent.append((locale, context))
        self.origins.add("{0.scheme}://{0.netloc}".format(urlsplit(address)))
        context.on("request", self._watch)
        page = context.new_page()
        page.traffic = Traffic(page)
        page.set_viewport_size({"width": 390, "height": 844})
        page.on("pageerror", lambda error: self.errors.append(error.stack or str(error)))
        page.goto(address)
        return page

    def again(
        self, language: str = "en", *, tab: str, size: tuple[int, int] = (1366, 768), untouched: bool = False
    ) -> Any:
        """The page of this language as it was left, at this size and tab now; a new one where there is none at rest.

        `untouched` asks for a page whose tab has not been opened yet; a page opens with its first tab.
        """
        page, deadline = self.open.get(language), time.monotonic() + 5
        while page and page.traffic.waiting and time.monotonic() < deadline:
            page.wait_for_timeout(50)
        if page and (page.traffic.waiting or (untouched and tab in {FIRST_TAB, *page.been})):
            self.close(page)
            page = None
        if page is None:
            page = self.open[language] = self(
                language, path="" if tab == FIRST_TAB else f"#{tab}", size=size, script=CLOCKS
            )
            new = True
        else:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.bring_to_front()
            new = tab_of(page) != tab
            if new:
                open_tab(page, tab)
        if new:
            page.wait_for_selector(FIRST[tab], state="attached")
            if not untouched:
                settle(page)
        return page

    def rest(self) -> None:
        """Leave the pages where they ask for no news."""
        for page in self.open.values():
            open_tab(page, "questions")
            page.wait_for_selector(FIRST["questions"], state="attached")
            open_section(page, "questions", "q1")

    def close(self, page: Any) -> None:
        """Close one of the windows."""
        language = next(each for each, one in self.open.items() if one is page)
        del self.open[language]
        at = next(at for at, (_, context) in enumerate(self.lent) if context is page.context)
        self._give_back(*self.lent.pop(at))

    def _watch(self, request: Any) -> None:
        """Only what is asked of a host can leave the machine: `data:` and `blob:` name none."""
        if (urlsplit(request.url).hostname or "localhost") not in LOOPBACK:
            self.strays.append(request.url)

    def leave(self) -> None:
        """Close every window; fails if a page asked another host for anything or raised an error."""
        while self.lent:  # the first one's comes last, to be the next one's: its cache has the most
            self._give_back(*self.lent.pop())
        self.open.clear()
        self.check()

    def _give_back(self, locale: str, context: Any) -> None:
        context.remove_listener("request", self._watch)
        self.windows.take_back(locale, context, self.origins)

    def check(self) -> None:
        """Fails, once, if a page asked another host for anything or raised an error."""
        strays, errors = self.strays.copy(), self.errors.copy()
        self.strays.clear()
        self.errors.clear()
        assert not strays, f"the page asked other hosts: {strays}"
        assert not errors, f"the page raised errors: {errors}"


def settle(page: Any, seconds: float = 0.3, patience: float = 30) -> None:
    """Wait until every question of the page has its answer and it has asked nothing more for so long.

    Fails if the page does not come to rest within the `patience`, in seconds.
    """
    deadline, quiet = time.monotonic() + patience, time.monotonic()
    while time.monotonic() < quiet + seconds:
        assert time.monotonic() < deadline, f"the page does not come to rest: {page.traffic.waiting or 'it asks again'}"
        asked = len(page.traffic.asked)
        page.wait_for_timeout(50)
        if page.traffic.waiting or len(page.traffic.asked) > asked:
            quiet = time.monotonic()


def lead_a_room(teacher: Any) -> str:
    """Press "Lead a room" in the lesson that the page shows; the room's code."""
    teacher.locator("#lesson button[data-key=lead]").click()
    return teacher.locator("#lesson .room strong").inner_text()


class Traffic:
    """What a page asks its server for: all of it in `asked`, what is not answered yet in `waiting`.

    Questions to Gradio's queue are answered by a stream, which may stay open for ever where an answer came before its
    number did. So the stream is read: it is waited for only while one of the questions has no answer.
    """

    def __init__(self, page: Any) -> None:
        self.asked: list[str] = []
        self.open: list[str] = []
        self.unanswered = 0  # questions to the queue
        self._streams: dict[str, bytes] = {}  # the last line, not yet whole, of each
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.send("Network.enable")
        self._devtools.send("Page.enable")
        self._devtools.on("Page.frameNavigated", self._arrive)
        self._devtools.on("Network.responseReceived", self._answer)
        self._devtools.on("Network.dataReceived", lambda event: self._read(event["requestId"], event.get("data")))
        page.on("request", self._begin)
        page.on("requestfinished", self._end)
        page.on("requestfailed", self._end)

    @property
    def waiting(self) -> list[str]:
        """The addresses that have not answered yet."""
        return [url for url in self.open if "/queue/data" not in url or self.unanswered > 0]

    def _arrive(self, event: dict) -> None:
        """Another document: what the one before it asked while it was being left is answered to nobody."""
        if "parentId" not in event["frame"]:
            self.unanswered = 0

    def _begin(self, request: Any) -> None:
        if request.is_navigation_request():
            self.unanswered = 0
        if not any(each in request.url for each in ENDLESS) and not request.url.startswith(("data:", "blob:")):
            self.asked.append(request.url)
            self.open.append(request.url)
            self.unanswered += "/queue/join" in request.url

    def _end(self, request: Any) -> None:
        with suppress(ValueError):
            self.open.remove(request.url)

    def _answer(self, event: dict) -> None:
        url = event["response"]["url"]
        if "/queue/join" in url and event["response"]["status"] != 200:  # refused: no answer will follow
            self.unanswered -= 1
        if "/queue/data" in url:
            stream = {"requestId": event["requestId"]}
            self._streams[event["requestId"]] = b""
            with suppress(Exception):  # the page has been closed meanwhile
                try:
                    start = self._devtools.send("Network.streamResourceContent", stream)["bufferedData"]
                except Exception:  # the stream has ended meanwhile
                    whole = self._devtools.send("Network.getResponseBody", stream)["body"]
                    start = base64.b64encode(whole.encode()).decode()
                self._read(event["requestId"], start)

    def _read(self, stream: str, data: str | None) -> None:
        if data and stream in self._streams:
            *lines, self._streams[stream] = (self._streams[stream] + base64.b64decode(data)).split(b"\n")
            self.unanswered -= sum(b'"msg":"process_completed"' in line for line in lines)


# Lets a page's slow clocks, those of a second and more, run ten times as fast while `window.fast` says so.
CLOCKS = """const set = window.setInterval;
window.setInterval = (call, time, ...all) => {
    let ticks = 0;
    const slowly = () => (++ticks % 10 === 0 || window.fast) && call(...all);
    return time >= 1000 ? set(slowly, time / 10) : set(call, time, ...all);
};"""
FAST = CLOCKS + "window.fast = true;"  # a `script` for a visit


# Counts every frame that is asked for, by whatever script, in `window.asked`: a `script` for a visit.
COUNT_FRAMES = """window.asked = 0;
const ask = window.requestAnimationFrame;
window.requestAnimationFrame = (callback) => (window.asked++, ask(callback));"""


def slow_down(page: Any, milliseconds: int = 500) -> None:
    """Let whatever the page asks for from now on take so much longer, until `speed_up`."""
    page.evaluate(
        """milliseconds => {
            const ask = (window.promptly = fetch);
            window.fetch = async (...all) => (await new Promise((go) => setTimeout(go, milliseconds)), ask(...all));
        }""",
        milliseconds,
    )


def speed_up(page: Any) -> None:
    """Let what the page asks for go its usual way again, after what is on its way."""
    settle(page)
    page.evaluate("window.fetch = window.promptly")


def open_list(page: Any, element: str) -> None:
    """Open a list of choices by its id once nothing is on its way: if it gets shorter then, Gradio's page stops."""
    settle(page)
    page.locator(f"#{element} input").click()


def look_at_list(page: Any, element: str, option: str) -> None:
    """Open a list of choices by its id, see one of them in it, and go away without choosing."""
    open_list(page, element)
    page.get_by_role("option", name=option).wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    settle(page)


FIRST_TAB = "noise"


def tab_of(page: Any) -> str:
    """The name of the open tab, as the page's address says it."""
    return urlsplit(page.url).fragment.split("/")[0] or FIRST_TAB


# What each tab shows first, when it has come.
FIRST = {
    "lesson": ".cover .begin",
    "noise": "#pictures .made img",
    "curves": "#stories section",
    "translate": "#ways img",
    "train": "#watch h3",
    "questions": "#upsample image",
}


def word(page: Any, key: str) -> str:
    """What the words say for a key in the page's language."""
    from demo.ui.i18n import words

    return words(page.evaluate("document.documentElement.lang"))[key]


def open_tab(page: Any, tab: str) -> None:
    """Go to a tab by its name ("questions"), whatever the page's language; a narrow page keeps some in a menu."""
    name = word(page, f"{tab}.tab")
    button = page.get_by_role("tab", name=name, exact=True)
    menu = page.locator("#tabs .overflow-menu > button")
    expect(button.first.or_(menu).filter(visible=True).first).to_be_visible()  # a new width is still being laid out
    if not button.first.is_visible():
        menu.click()
        button = page.locator("#tabs .overflow-dropdown button", has_text=name)
    button.first.click()


def open_section(page: Any, tab: str, section: str) -> None:
    """Go to a section of the open tab by their names ("noise", "sliders"), whatever the page's language."""
    sections = page.locator(f"#{tab}-sections")
    sections.get_by_role("tab", name=word(page, f"{tab}.{section}.tab"), exact=True).click()
