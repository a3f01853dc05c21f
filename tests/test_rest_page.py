"""An open page at rest: it asks for no frames, and for news only where they can be seen."""

import time

import pytest

from tests.browser import FAST, FIRST, open_tab, settle

pytestmark = pytest.mark.browser

COUNT = """window.asked = 0;
const ask = window.requestAnimationFrame;
window.requestAnimationFrame = (callback) => (window.asked++, ask(callback));"""


def test_a_page_at_rest_draws_no_frames(visit):
    """Every frame that is asked for, by whatever script, is counted at the source: Gradio keeps its own reference."""
    page = visit(script=COUNT)
    page.wait_for_selector(FIRST["noise"])
    deadline, asked = time.monotonic() + 30, -10
    while (now := page.evaluate("window.asked")) - asked >= 10:
        assert time.monotonic() < deadline, "the page still asks for every frame after half a minute"
        asked = now
        page.wait_for_timeout(1000)


@pytest.mark.parametrize("tab", ["curves", "train"])
def test_news_are_asked_for_only_where_they_can_be_seen(visit, tab):
    page = visit(tab=tab, script=FAST)  # every two seconds: five times a second here

    def asks():
        news, deadline = [], time.monotonic() + 10
        page.on("request", lambda request: news.append(request) if "/run/predict" in request.url else None)
        while len(news) < 3:
            assert time.monotonic() < deadline, "the page asks for no news"
            page.wait_for_timeout(50)

    page.wait_for_selector(FIRST[tab])
    asks()
    open_tab(page, "questions")
    settle(page, 1.0)
    open_tab(page, tab)
    asks()
