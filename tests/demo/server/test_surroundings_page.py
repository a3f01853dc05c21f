"""The app where much is against it: dead proxies, a stranger's folder, no home, nothing to write to, a prefix, IPv6."""

import os
import socket

import httpx
import pytest

from demo.ui.i18n import words
from tests import browser as machinery
from tests.prefix_proxy import proxy

pytestmark = pytest.mark.browser


def host() -> str:
    """The loopback address of IPv6, where there is one."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
            return "::1"
    except OSError:
        return "127.0.0.1"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One start that proves all of it."""
    folder = tmp_path_factory.mktemp("against")
    (folder / "file").touch()
    (folder / "gradio").touch()
    dead = "http://127.0.0.1:9"
    against = {
        "http_proxy": dead,
        "HTTPS_PROXY": dead,
        "ALL_PROXY": "socks5://127.0.0.1:9",
        "NO_PROXY": "",
        "no_proxy": "",
    }
    against |= {"HOME": str(folder / "file"), "TMPDIR": str(folder), "GRADIO_TEMP_DIR": ""}
    against |= {"GAN_RUNS": "/proc/self/runs"}
    with machinery.serve("--root-path", "class/gan/", "--host", host(), **against) as running:
        running.folder = folder
        yield running


@pytest.fixture
def open_page(chromium):
    """`page = open_page(url, "ko")`."""
    contexts = []

    def open_it(url, language="en"):
        contexts.append(chromium.browser.new_context(locale=machinery.LOCALES[language]))
        page = contexts[-1].new_page()
        page.goto(url)
        return page

    yield open_it
    for context in contexts:
        context.close()


@pytest.mark.parametrize("strips", [True, False])
def test_behind_a_prefix_that_it_was_told_the_page_answers(server, open_page, strips):
    with proxy(server.url, "/class/gan", strips=strips) as address:
        page = open_page(address)
        page.wait_for_selector("#lesson header p", timeout=60_000)
        page.wait_for_function("document.querySelector('#lesson .told').textContent === ''", timeout=60_000)
        page.keyboard.press("Escape")
        page.wait_for_selector("#tabs [role=tab]", timeout=60_000)
        machinery.open_section(page, "noise", "grid")
        page.wait_for_function("document.querySelectorAll('#tabs img').length >= 16", timeout=150_000)
        assert page.locator("#lost").count() == 0
        machinery.open_tab(page, "train")
        page.get_by_text(words("en")["train.unwritable"]).wait_for()


@pytest.mark.parametrize("language", ["en", "ko"])
def test_behind_a_prefix_that_it_was_not_told_the_page_says_what_to_do(server, open_page, language):
    with proxy(server.url, "/other") as address:
        told = open_page(address, language).locator("#lost")
        machinery.expect(told).to_have_text(words(language)["app.lost"].format(path="/other"))


def test_uploads_are_taken_and_the_person_at_the_terminal_is_told_what_cannot_be(server):
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client:
        taken = client.post("gradio_api/upload", files={"files": ("a.png", b"x", "image/png")})
    assert taken.status_code == 200
    if hasattr(os, "getuid"):
        assert taken.json()[0].startswith(str(server.folder.resolve() / f"spear-and-shield-{os.getuid()}"))
    assert "so nothing can be trained here: name a folder of your own with GAN_RUNS." in server.said()
    assert "Traceback" not in server.said()
