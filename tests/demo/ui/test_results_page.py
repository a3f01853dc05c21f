"""Results in a browser: they come into view where they were asked for, and nothing moves while a tab opens."""

import pytest

from demo.ui.i18n import words
from tests.browser import FAST, FIRST, open_tab, settle, slow_down, speed_up
from tests.demo.tabs.translate.test_translate_page import photo, upload
from tests.small_runs import small_run

pytestmark = pytest.mark.browser

PHONE = (390, 844)
# Where the page has been brought to, and how: [[id of the result, how], ...]
WATCH = """window.brought = [];
const bring = Element.prototype.scrollIntoView;
Element.prototype.scrollIntoView = function (how) {
    if (how?.behavior) window.brought.push([this.id, how.behavior]);
    bring.call(this, how);
};"""
SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => window.shifts.push(
    ...list.getEntries().filter((each) => !each.hadRecentInput).map(({ value, startTime }) => [value, startTime])
)).observe({ type: "layout-shift", buffered: true });"""


def is_in_view(page, result):
    """Whether a result can be seen where the page stands now, once it has come to rest."""
    page.wait_for_function(
        """result => {
            const { top, bottom } = document.getElementById(result).getBoundingClientRect();
            return top < innerHeight - 50 && bottom > 50;
        }""",
        arg=result,
        timeout=5000,
    )


def away(page, control):
    """Go to a control as a visitor does, and see that the result is out of view then."""
    page.locator(control).scroll_into_view_if_needed()
    settle(page)


def brought(page):
    return page.evaluate("window.brought")


@pytest.fixture
def phone(visit):
    """A page on a phone, of a part by its address, that tells where it was brought to."""

    def opened(path, ready, **options):
        page = visit("ko", path=path, size=PHONE, script=WATCH + options.pop("script", ""))
        page.wait_for_selector(ready, state="attached")
        settle(page)
        return page

    return opened


def test_a_photo_that_was_sent_on_a_phone_brings_its_translation_into_view(phone):
    page = phone("#translate", FIRST["translate"])
    away(page, "#translate-again")
    upload(page, photo())
    is_in_view(page, "ways")
    assert brought(page) == [["ways", "smooth"]]


def test_whoever_wants_little_motion_is_brought_there_at_once(phone):
    page = phone("#translate", FIRST["translate"])
    page.emulate_media(reduced_motion="reduce")
    page.locator("#translate-again").click()
    is_in_view(page, "ways")
    assert brought(page) == [["ways", "auto"]]


def test_whoever_has_scrolled_meanwhile_stays_there(phone):
    page = phone("#translate", FIRST["translate"])
    away(page, "#translate-again")
    before = page.locator("#ways img.fake").first.get_attribute("src")
    slow_down(page)
    page.locator("#translate-again").click()
    page.mouse.move(200, 400)
    page.mouse.wheel(0, 60)
    page.wait_for_function("src => document.querySelector('#ways img.fake').src !== src", arg=before)
    speed_up(page)
    page.wait_for_timeout(300)
    assert brought(page) == []


def test_a_choice_in_a_question_brings_its_picture_into_view_and_one_in_sight_stays(phone):
    page = phone("#questions/q15", "#downward image")
    page.locator("#q15-pattern").evaluate("x => scrollBy(0, x.getBoundingClientRect().top - 5)")  # the picture is above
    page.locator("#q15-pattern label").nth(2).click()
    is_in_view(page, "downward")
    assert brought(page) == [["downward", "smooth"]]
    page.wait_for_timeout(1000)
    page.locator("#q15-shift input[type=range]").scroll_into_view_if_needed()
    page.locator("#q15-shift input[type=range]").press("ArrowRight")  # step by step: the hand stays where it is
    settle(page)
    page.wait_for_timeout(300)
    assert len(brought(page)) == 1


def test_what_the_page_computes_by_itself_comes_into_view_too_but_not_at_every_stroke(phone):
    page = phone("#questions/q20", "#duel .duel")
    page.locator("#duel-data").evaluate("x => scrollBy(0, x.getBoundingClientRect().top - 5)")  # the duel is above
    page.locator("#duel-data label").nth(1).click()
    is_in_view(page, "duel")
    assert brought(page) == [["duel", "smooth"]]
    page.wait_for_timeout(1000)
    page.locator("#duel-data label").last.click()  # one's own: the pad appears below it
    page.locator("#duel-pad canvas").wait_for()
    settle(page)
    assert len(brought(page)) == 1
    page.locator("#duel-pad canvas").scroll_into_view_if_needed()
    box = page.locator("#duel-pad canvas").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 90, steps=4)
    page.mouse.up()
    page.wait_for_timeout(700)
    assert len(brought(page)) == 1


def test_news_that_nobody_asked_for_move_nothing(phone, added):
    page = phone("#train", FIRST["train"], script=FAST)
    page.locator("#train-preset label").nth(1).click()
    settle(page)
    page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    assert page.evaluate("document.querySelector('#watch').getBoundingClientRect().bottom < 0")
    before = page.locator("#watch").inner_html()
    small_run(added, "meanwhile")
    page.wait_for_function("before => document.querySelector('#watch').innerHTML !== before", arg=before)
    page.wait_for_timeout(500)
    assert brought(page) == []
    assert page.evaluate("document.querySelector('#watch').getBoundingClientRect().bottom < 0")


def moved(page):
    """The cumulative layout shift as browsers count it: the worst window of five seconds without a pause of one."""
    worst = now = 0.0
    begun = last = None
    for value, at in page.evaluate("window.shifts"):
        if begun is None or at - last > 1000 or at - begun > 5000:
            now, begun = 0.0, at
        now, last = now + value, at
        worst = max(worst, now)
    return worst


@pytest.mark.parametrize("tab", FIRST)
def test_next_to_nothing_moves_while_a_tab_opens(visit, tab):
    page = visit("ko", path=f"#{tab}", script=SHIFTS)
    page.wait_for_selector(FIRST[tab], state="attached")
    settle(page)
    assert moved(page) < 0.1
    others = [each for each in FIRST if each != tab]
    for other in others:
        page.evaluate("window.shifts = []")
        open_tab(page, other)
        page.wait_for_selector(FIRST[other], state="attached")
        settle(page)
        assert moved(page) < 0.1, other


# Questions to the queue are slow from the beginning.
SLOWLY = """const ask = window.fetch;
window.fetch = async (address, ...rest) => {
    if (String(address).includes("/queue/join")) await new Promise((go) => setTimeout(go, 2500));
    return ask(address, ...rest);
};"""
# The line over a result that is on its way: drawn by the result itself once it is asked for, before that by its shape.
LINE = """["#neighbours", "#neighbours .skeleton"].map((each) => document.querySelector(each))
    .map((each) => each && getComputedStyle(each, "::before")).find((style) => style && style.content !== "none")"""


def test_what_takes_longer_shows_its_shape_and_past_a_second_that_it_goes_on(visit):
    page = visit("en", path="#noise/copied", script=SLOWLY)
    shape = page.locator("#neighbours .skeleton")
    shape.wait_for()
    assert shape.inner_text() == words("en")["app.coming"]
    assert shape.bounding_box()["height"] > 250
    assert page.evaluate(f"[({LINE}).height, ({LINE}).animationDelay]") == ["4px", "1s, 1s"]
    page.wait_for_function(f"Number(({LINE})?.opacity) === 1")
    page.wait_for_selector("#neighbours img", timeout=60_000)
    assert shape.count() == 0
    settle(page)
    assert page.evaluate(f"{LINE} === undefined")
