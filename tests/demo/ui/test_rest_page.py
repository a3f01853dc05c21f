"""An open page at rest: it asks for no frames, and for news only where they can be seen; in a French browser."""

import time

import pytest

from demo.ui.i18n import words
from tests.browser import COUNT_FRAMES, FAST, FIRST, open_tab, settle

pytestmark = pytest.mark.browser


def test_a_page_at_rest_draws_no_frames_and_asks_for_news_only_where_they_can_be_seen(visit):
    """Every frame that is asked for, by whatever script, is counted at the source: Gradio keeps its own reference."""
    page = visit("fr-FR", script=COUNT_FRAMES + FAST)  # news are asked for every two seconds: five times a second here
    page.wait_for_selector(FIRST["noise"])
    assert page.evaluate("document.documentElement.lang") == "en"  # as for everyone who does not read Korean
    assert words("en")["app.title"].split("\n\n")[1] in page.inner_text("#title")
    settle(page)
    deadline, asked = time.monotonic() + 30, -10
    while (now := page.evaluate("window.asked")) - asked >= 10:
        assert time.monotonic() < deadline, "the page still asks for every frame after half a minute"
        asked = now
        page.wait_for_timeout(1000)

    news = []
    page.on("request", lambda request: news.append(request) if "/run/predict" in request.url else None)

    def asks():
        news.clear()
        deadline = time.monotonic() + 10
        while len(news) < 3:
            assert time.monotonic() < deadline, "the page asks for no news"
            page.wait_for_timeout(50)

    for tab in ("curves", "train"):
        open_tab(page, tab)
        page.wait_for_selector(FIRST[tab])
        asks()
        open_tab(page, "questions")
        settle(page, 1.0)
        open_tab(page, tab)
        asks()
