"""The tests' own visitors: what a page asks of another host is told, and nothing of one test reaches the next."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.browser import Visitors, settle

pytestmark = pytest.mark.browser

KEEP = """localStorage.setItem("mine", "1"); sessionStorage.setItem("mine", "1"); document.cookie = "mine=1";
caches.open("mine"); new Promise((done) => (indexedDB.open("mine").onsuccess = done));"""
KEPT = """async () => [localStorage.length, sessionStorage.length, document.cookie, await caches.keys(),
(await indexedDB.databases()).length, navigator.language, innerWidth,
matchMedia("(prefers-color-scheme: dark)").matches]"""


class Page(BaseHTTPRequestHandler):
    """A page with a tab, for everyone; a second later at /slow."""

    def do_GET(self):
        if self.path == "/slow":
            self.server.answer.wait(5)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Cache-Control", "max-age=3600")
        self.end_headers()
        self.server.paths.append(self.path)
        self.wfile.write(b"<link rel=icon href=data:><div id=tabs><a role=tab>tab</a></div>")

    def log_message(self, *_):
        pass


@pytest.fixture
def site():
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        server.paths, server.answer = [], threading.Event()
        server.url = f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def visitors(chromium, site):
    return Visitors(chromium, site.url)


@pytest.mark.parametrize("host", ["example.com", "192.0.2.1", "127.0.0.1.example.com"])
def test_a_page_that_asks_another_host_gets_nothing_and_fails_its_test(visitors, host):
    page = visitors()
    answer = f"fetch('http://{host}/x', {{mode: 'no-cors'}}).then(() => 'an answer', () => 'nothing')"
    assert page.evaluate(answer) == "nothing"
    page.evaluate(
        "document.body.append(Object.assign(new Image(), {src: 'data:image/gif;base64,R0lGODlhAQABAAAAACw='}))"
    )
    with pytest.raises(AssertionError, match=rf"other hosts: \['http://{host}/x'\]"):
        visitors.leave()


def test_a_page_that_raises_an_error_fails_its_test(visitors):
    page = visitors()
    page.evaluate("setTimeout(() => { throw new Error('no good'); })")
    page.wait_for_timeout(50)
    with pytest.raises(AssertionError, match="no good"):
        visitors.leave()


def test_nothing_is_left_of_a_visit_but_what_the_browser_caches(visitors, site):
    fresh = visitors().evaluate(KEPT)
    assert fresh == [0, 0, "", [], 0, "en-US", 1366, False]
    visitors.leave()
    mine = visitors(size=(390, 844), dark=True)
    mine.evaluate(KEEP)
    assert mine.evaluate(KEPT) == [1, 1, "mine=1", ["mine"], 1, "en-US", 390, True]
    mine.evaluate("fetch('/cached')")
    settle(mine)
    assert visitors().evaluate(KEPT) == fresh  # one who is there at the same time
    visitors.leave()
    again = visitors()
    assert again.evaluate(KEPT) == fresh
    again.evaluate("fetch('/cached')")
    settle(again)
    assert site.paths.count("/cached") == 1
    assert visitors("ko").evaluate("navigator.language") == "ko-KR"
    visitors.leave()


def test_a_page_settles_with_its_last_answer(visitors, site):
    page = visitors()
    page.evaluate("fetch('/slow'); setTimeout(() => fetch('/later'), 150)")
    threading.Timer(0.5, site.answer.set).start()
    settle(page)
    assert {"/slow", "/later"} <= set(site.paths)
    visitors.leave()
