"""Quick hands on a slow line: what comes while an answer is on its way is neither lost nor taken for the one before."""

import pytest

from tests.browser import expect, open_section, settle, slow_down, speed_up
from tests.demo.tabs.noise import test_noise_page as noise
from tests.demo.tabs.questions import test_questions_page as questions
from tests.demo.tabs.translate import test_translate_page as translate

pytestmark = pytest.mark.browser


@pytest.fixture
def slow():
    """`slow(page)`: from now on every answer takes its time, until the test ends."""
    pages = []

    def slowly(page):
        settle(page)
        slow_down(page)
        pages.append(page)
        return page

    yield slowly
    for page in pages:
        speed_up(page)


def test_the_picture_clicked_last_is_held(look, slow):
    page = slow(noise.begin(look)[0])
    for number in (3, 5, 7):
        page.locator("#pictures button").nth(number).click()
    expect(page.locator("#held-code input, #held-code textarea")).to_have_value("mnist:0:7")
    expect(page.locator("#shelf button[data-address='mnist:0:5'][data-act=hold]")).to_have_count(1)


def test_no_click_overtakes_another_on_the_way(look):
    page, held_back = noise.begin(look)[0], []
    settle(page)

    def hold_back(route):
        if held_back:
            route.continue_()
        else:
            held_back.append(route)

    page.route("**/queue/join**", hold_back)
    for number in (3, 5):
        page.locator("#pictures button").nth(number).click()
    page.wait_for_timeout(500)
    held_back[0].continue_()
    expect(page.locator("#held-code input, #held-code textarea")).to_have_value("mnist:0:5")
    expect(page.locator("#shelf button[data-address='mnist:0:3'][data-act=hold]")).to_have_count(1)
    settle(page)
    expect(page.locator("#held-code input, #held-code textarea")).to_have_value("mnist:0:5")
    page.unroute_all(behavior="ignoreErrors")


def test_the_section_opened_last_follows_the_picture(look, slow):
    page = slow(noise.begin(look)[0])
    for name in ("find", "sliders"):
        open_section(page, "noise", name)
    page.wait_for_selector("#stops-1 img")
    settle(page, 1.0)  # what was opened before has come, too: every question is held back half a second
    before = page.locator("#moved img").get_attribute("src")
    page.locator("#shelf button[data-act=hold][aria-pressed=false]").nth(1).click()
    page.wait_for_function("src => document.querySelector('#moved img').src !== src", arg=before)


def test_the_stop_clicked_last_is_where_the_slider_stands(look, slow):
    page, _ = noise.begin(look)
    open_section(page, "noise", "sliders")
    page.wait_for_selector("#stops-1 img")
    slow(page)
    page.locator("#stops-1 button").first.click()
    page.locator("#stops-1 button").last.click()
    expect(page.locator("#slider-1 input[type=number]")).to_have_value("6")
    page.locator("#stops-1 button").nth(3).click()
    expect(page.locator("#slider-1 input[type=number]")).to_have_value("0")


def test_the_example_clicked_last_is_translated(look, slow):
    page = slow(translate.fruit(look))
    for number in (2, 0, 1):
        page.locator("#translate-examples button").nth(number).click()
    expect(page.locator("#translate-examples [aria-pressed=true]")).to_have_attribute("data-index", "1")


def test_a_picture_of_each_pile_is_picked(look, slow):
    page = translate.fruit(look)
    open_section(page, "translate", "piles")
    page.wait_for_selector("#piles .pile button")
    slow(page)
    piles = [page.locator(f"#piles button[data-side={side}]") for side in "ab"]
    others = [pile.evaluate_all("all => all.findLastIndex((each) => each.ariaPressed !== 'true')") for pile in piles]
    for pile, other in zip(piles, others, strict=True):
        pile.nth(other).click()
    for pile, other in zip(piles, others, strict=True):
        expect(pile.nth(other)).to_have_attribute("aria-pressed", "true")


def test_a_kernel_is_as_it_was_painted(look, slow):
    page = slow(questions.begin(look))
    page.locator("#q1-weights input[value=painted]").check()
    cells = page.locator("#q1-painter .kernel input")
    cells.first.wait_for()
    page.locator("#q1-painter [data-pen='-1']").click()
    for number in (0, 4, 8):
        cells.nth(number).click()
    for number in (0, 4, 8):
        expect(page.locator("#upsample .kernel text").nth(number)).to_have_text("-1.00")
    page.locator("#q1-painter [data-pen='-1']").click()  # the pen is put away


def test_the_preset_chosen_last_has_its_settings(look, slow):
    page = look(tab="train")
    page.locator("#train-preset label").first.click()
    page.locator("#train-name").wait_for(state="hidden")
    slow(page)
    for label in (page.locator("#train-preset label").nth(2), page.locator("#train-preset label").last):
        label.click()
    page.locator("#train-name").wait_for()
    page.locator("#train-preset label").first.click()
