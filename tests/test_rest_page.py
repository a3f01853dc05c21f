"""An open page at rest: it asks for no frames, and for news only where they can be seen."""

import pytest

from tests.browser import at_rest, open_tab, serve
from tests.small_runs import small_run

pytestmark = pytest.mark.browser

COUNT = """window.asked = 0;
const ask = window.requestAnimationFrame;
window.requestAnimationFrame = (callback) => (window.asked++, ask(callback));"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    small_run(folder, "alpha")
    with serve(GAN_RUNS=str(folder)) as running:
        running.runs = folder
        yield running


def test_a_page_at_rest_draws_no_frames(chromium, server):
    """Every frame that is asked for, by whatever script, is counted at the source: Gradio keeps its own reference."""
    page = chromium.new_page()
    page.add_init_script(COUNT)
    page.goto(server.url)
    page.wait_for_selector("#pictures .made img")
    for _ in range(15):
        page.wait_for_timeout(1000)
        before = page.evaluate("window.asked")
        page.wait_for_timeout(1000)
        if page.evaluate("window.asked") - before < 10:
            break
    else:
        pytest.fail("the page still asks for every frame after half a minute")
    page.close()


@pytest.mark.parametrize("tab", ["curves", "train"])
def test_news_are_asked_for_only_where_they_can_be_seen(visit, server, tab):
    page = visit(tab=tab)
    page.wait_for_selector("#stories section" if tab == "curves" else "#watch h3")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    page.wait_for_timeout(5000)
    assert len(asked) >= 2
    open_tab(page, "questions")
    at_rest(page, lambda: len(asked), 5)
    asked.clear()
    open_tab(page, tab)
    page.wait_for_timeout(5000)
    assert len(asked) >= 2
