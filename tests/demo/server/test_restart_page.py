"""A page that stays open while the server is started anew: what a kill, a crash or a sleeping Space leaves of it."""

import socket

import pytest

from tests.browser import FIRST, Visitors, expect, open_section, open_tab, serve, settle, word

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


def errors(page):
    """What a page shows in red."""
    shown = page.locator(".toast-body, .error").filter(visible=True)
    return [text for text in shown.all_inner_texts() if text.strip()]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_an_open_page_goes_on_with_a_server_that_knows_nothing_of_it(chromium, tmp_path, language):
    """Its selectors hold runs and places that the new server never sent; its game was kept by the old one."""
    port = str(free_port())
    with serve("--port", port, GAN_RUNS=str(tmp_path)) as server:
        visitors = Visitors(chromium, server.url)
        page = visitors(language, tab="noise")
        page.locator(FIRST["noise"]).first.wait_for()
        for section, there in (("between", "#between-steps"), ("modes", "#modes img"), ("game", "#says-real")):
            open_section(page, "noise", section)
            page.locator(there).first.wait_for()
        page.locator("#says-real").click()
        expect(page.locator("#game")).to_contain_text(word(page, "noise.game.picture").format(number=2, count=10))
        before = page.locator(FIRST["noise"]).first.get_attribute("src")
    with serve("--port", port, GAN_RUNS=str(tmp_path)) as server:
        page.locator("#says-real").click()  # asked of a server that knows of no game: it begins anew
        expect(page.locator("#game")).to_contain_text(word(page, "noise.game.picture").format(number=1, count=10))
        page.locator("#says-fake").click()
        expect(page.locator("#game")).to_contain_text(word(page, "noise.game.picture").format(number=2, count=10))
        page.locator("#dice").click()
        open_section(page, "noise", "grid")
        expect(page.locator(FIRST["noise"]).first).not_to_have_attribute("src", before)
        for section in ("between", "modes", "sliders", "find", "copied"):
            open_section(page, "noise", section)
            settle(page)
        for tab in ("curves", "translate", "train", "questions"):
            open_tab(page, tab)
            page.locator(FIRST[tab]).first.wait_for()
            settle(page)
        assert errors(page) == []
        assert "Traceback" not in server.said()
        visitors.leave()
