"""Quick hands on a slow line: what comes while an answer is on its way is neither lost nor taken for the one before."""

import pytest

from tests.browser import FIRST, expect, open_section, settle, slow_down

pytestmark = pytest.mark.browser


@pytest.fixture
def slow(visit):
    """`page = slow("noise")`: the tab at rest, from where on every answer takes its time.

    A page of each test's own: on one that was so slow Gradio may keep the stream of its answers open.
    """

    def opened(tab, section=None):
        page = visit(tab=tab)
        page.wait_for_selector(FIRST[tab], state="attached")
        if section:
            open_section(page, tab, section)
        settle(page)
        slow_down(page)
        return page

    return opened


def test_the_picture_clicked_last_is_held(slow):
    page = slow("noise", "grid")
    for number in (3, 5, 7):
        page.locator("#pictures button").nth(number).click()
    expect(page.locator("#held-code input, #held-code textarea")).to_have_value("mnist:0:7")
    expect(page.locator("#shelf button[data-address='mnist:0:5'][data-act=hold]")).to_have_count(1)


def test_the_section_opened_last_follows_the_picture(slow):
    page = slow("noise", "grid")
    for name in ("find", "sliders"):
        open_section(page, "noise", name)
    page.wait_for_selector("#stops-1 img")
    settle(page, 1.0)  # what was opened before has come, too: every question is held back half a second
    before = page.locator("#moved img").get_attribute("src")
    page.locator("#shelf button[data-act=hold][aria-pressed=false]").nth(1).click()
    page.wait_for_function("src => document.querySelector('#moved img').src !== src", arg=before)


def test_the_stop_clicked_last_is_where_the_slider_stands(slow):
    page = slow("noise", "sliders")
    page.wait_for_selector("#stops-1 img")
    page.locator("#stops-1 button").first.click()
    page.locator("#stops-1 button").last.click()
    expect(page.locator("#slider-1 input[type=number]")).to_have_value("6")


def test_the_example_clicked_last_is_translated(slow):
    page = slow("translate")
    for number in (2, 0, 1):
        page.locator("#translate-examples button").nth(number).click()
    expect(page.locator("#translate-examples [aria-pressed=true]")).to_have_attribute("data-index", "1")


def test_a_picture_of_each_pile_is_picked(slow):
    page = slow("translate", "piles")
    page.wait_for_selector("#piles .pile button")
    for side in "ab":
        page.locator(f"#piles button[data-side={side}]").last.click()
    for side in "ab":
        expect(page.locator(f"#piles button[data-side={side}]").last).to_have_attribute("aria-pressed", "true")


def test_a_kernel_is_as_it_was_painted(slow):
    page = slow("questions")
    page.locator("#q1-weights input[value=painted]").check()
    cells = page.locator("#q1-painter .kernel input")
    cells.first.wait_for()
    page.locator("#q1-painter [data-pen='-1']").click()
    for number in (0, 4, 8):
        cells.nth(number).click()
    for number in (0, 4, 8):
        expect(page.locator("#upsample .kernel text").nth(number)).to_have_text("-1.00")


def test_the_preset_chosen_last_has_its_settings(slow):
    page = slow("train")
    for label in (page.locator("#train-preset label").nth(2), page.locator("#train-preset label").last):
        label.click()
    page.locator("#train-name").wait_for()
