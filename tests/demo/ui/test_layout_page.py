"""The page as it is seen before anything is done: pictures first, words that the last row can read, tabs on a phone."""

import pytest

from demo.shared import experiments
from tests import browser as machinery
from tests.browser import expect, open_list, open_section, open_tab, settle
from tests.demo.tabs.train.test_train_page import watch

pytestmark = pytest.mark.browser

LAPTOP, PHONE, NARROW = (1366, 768), (390, 844), (320, 640)
# The main picture of each section, and where it begins on a laptop and on a phone, in the language where that is lower,
# in pixels as measured.
MEASURED = {
    "noise/grid": ("#pictures .made", 288, 388),
    "noise/layers": ("#layers .cards", 236, 266),
    "noise/sliders": ("#moved img", 268, 354),
    "noise/between": ("#walk .on-the-way", 306, 431),
    "noise/find": ("#search", 258, 287),
    "noise/copied": ("#neighbours .neighbours", 355, 496),
    "noise/game": ("#game img", 313, 388),
    "noise/modes": ("#modes:has(img)", 184, 193),
    "curves": ("#stories .plot", 346, 374),
    "translate/ways": ("#ways:has(img)", 184, 225),
    "translate/inside": ("#inside .maps img", 401, 322),
    "translate/camera": ("#camera", 258, 371),
    "translate/piles": ("#piles:has(img)", 239, 277),
    "translate/hidden": ("#hidden:has(img)", 296, 420),
    "translate/rounds": ("#rounds:has(img)", 286, 319),
    "train": ("#film:has(img)", 321, 367),
    "questions/q1": ("#upsample svg", 298, 356),
    "questions/q15": ("#downward svg", 352, 382),
    "questions/q17": ("#rounds-of svg:not(.shelf)", 344, 499),
    "questions/q20": ("#duel canvas", 377, 396),
}
LINE = 27  # pixels: one line of text more is no falling back
PICTURES = {place: picture for place, (picture, _, _) in MEASURED.items()}
SEEN = """([selector, high]) => {
  const shown = [...document.querySelectorAll(selector)].find((each) => each.checkVisibility());
  const { top, bottom, height } = shown.getBoundingClientRect();
  return Math.max(0, Math.min(bottom, high) - Math.max(top, 0)) / height;
}"""
# Every word that is seen, by the size of its letters on the screen, smallest first: [pixels, "text" or "label", word].
# Numbers and words within a drawing are labels. Formulas have sizes of their own.
CUT_BUTTONS = """() => [...document.querySelectorAll("button:not(.label-wrap)")]
  .filter((each) => each.checkVisibility() && each.innerText.trim() && each.clientWidth > 1)
  .filter((each) => {
    const range = document.createRange();
    range.selectNodeContents(each);
    const [word, edge] = [range.getBoundingClientRect(), each.getBoundingClientRect()];
    return word.width && (word.left < edge.left - 1 || word.right > edge.right + 1);
  })
  .map((each) => each.innerText)"""
LETTERS = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const add = (element, word, { width, height }) => {
    const visible = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!visible || width < 2 || height < 2 || element.closest("footer, .katex, script, style")) return;
    const matrix = element.closest("svg") && element.getScreenCTM?.();
    const scale = matrix ? Math.hypot(matrix.a, matrix.b) : 1;
    found.push([scale * parseFloat(getComputedStyle(element).fontSize), matrix ? "label" : "text", word]);
  };
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(node);
    if (node.data.trim()) add(node.parentElement, node.data.trim(), range.getBoundingClientRect());
  }
  for (const each of document.querySelectorAll("input:not([type=range], [type=file]), textarea"))
    if (each.value && !["radio", "checkbox"].includes(each.type)) add(each, each.value, each.getBoundingClientRect());
  return found.sort(([one], [other]) => one - other);
}"""

# Where the first of these that is shown begins.
TOP = """(selector) => {
  const shown = [...document.querySelectorAll(selector)].find((each) => each.checkVisibility());
  return shown.getBoundingClientRect().top;
}"""
# How far down the first charts of all runs reach, with their axes.
LOWEST = """() => Math.max(...[...document.querySelectorAll("#stories .chart:first-child")].map(
  (each) => each.getBoundingClientRect().bottom
))"""
BODY = """() => {
  const all = [...document.querySelectorAll(".tabitem .md p")].filter((each) => each.checkVisibility());
  return parseFloat(getComputedStyle(all[0]).fontSize);
}"""


@pytest.fixture(scope="module")
def workshop(chromium, server):
    """`page = workshop(place, size, language)`: a page of this file's own at a section, its picture there, at rest."""
    visitors, pages = machinery.Visitors(chromium, server.url), {}

    def at(place, size, language="en"):
        page = pages.get(language) or pages.setdefault(language, visitors(language))
        tab, _, section = place.partition("/")
        page.bring_to_front()
        if machinery.tab_of(page) != tab:
            open_tab(page, tab)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        if section:
            open_section(page, tab, section)
        if place == "train" and page.locator(PICTURES[place]).count() == 0:
            watch(page, "mnist")
        page.wait_for_selector(f"{PICTURES[place]} >> visible=true", timeout=60_000)
        settle(page)
        page.evaluate("scrollTo(0, 0)")
        return page

    yield at
    for page in pages.values():
        open_tab(page, "questions")
    visitors.leave()


def begins_where_it_was_measured(page, place):
    """The picture is no lower than it was, on the size of screen that the page has now."""
    picture, laptop, phone = MEASURED[place]
    measured = phone if page.viewport_size["width"] == PHONE[0] else laptop
    assert page.evaluate(TOP, picture) <= measured + LINE


@pytest.mark.parametrize("place", MEASURED)
def test_a_laptop_shows_the_picture_and_a_projector_words_that_the_last_row_reads(workshop, place):
    page = workshop(place, LAPTOP)
    assert page.evaluate(SEEN, [PICTURES[place], 768]) >= 0.6
    begins_where_it_was_measured(page, place)
    smallest = page.evaluate(LETTERS)
    assert smallest[0][0] >= 14, smallest[:5]
    assert page.evaluate(BODY) == pytest.approx(18, abs=0.01)

    page = workshop(place, (1920, 1080))
    assert page.evaluate(SEEN, [PICTURES[place], 1080]) >= 0.6
    assert page.evaluate(BODY) == pytest.approx(20, abs=0.01)
    for size, kind, word in page.evaluate(LETTERS):
        assert size >= (18 if kind == "text" else 14) - 0.01, (size, kind, word)


@pytest.mark.parametrize("place", MEASURED)
def test_a_phone_has_the_section_tabs_at_its_top_then_the_picture_and_nothing_sideways(workshop, place):
    page = workshop(place, PHONE)
    tab, _, section = place.partition("/")
    if section:
        assert page.locator(f"#{tab}-sections > .tab-wrapper").bounding_box()["y"] < 150
    begins_where_it_was_measured(page, place)
    smallest = page.evaluate(LETTERS)
    assert smallest[0][0] >= 14 - 0.01, smallest[:5]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    if section == "q17":  # every network is named
        names = page.locator("#rounds-of .network .long:visible")
        assert {"horse", "zebra", "apple", "orange"} & set(" ".join(names.all_text_contents()).replace("?", "").split())
        assert page.locator("#rounds-of .network:visible").count() == 6
    page = workshop(place, NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]


@pytest.mark.parametrize("place", MEASURED)
def test_in_korean_the_picture_begins_as_high(workshop, place):
    for size in (LAPTOP, PHONE):
        page = workshop(place, size, "ko")
        begins_where_it_was_measured(page, place)
        assert page.evaluate(CUT_BUTTONS) == []


@pytest.mark.parametrize("place", MEASURED)
def test_no_buttons_word_runs_over_its_edge(workshop, place):
    for size in (LAPTOP, PHONE):
        assert workshop(place, size).evaluate(CUT_BUTTONS) == []


@pytest.mark.parametrize(
    ("place", "control"), [("curves", "#curves-play"), ("train", "#train-new"), ("questions/q20", "#duel-again")]
)
def test_on_a_phone_what_moves_a_picture_is_at_hand_below_it(workshop, place, control):
    page = workshop(place, PHONE)
    for way in (0, 200):  # pixels scrolled
        page.evaluate("way => scrollTo(0, way)", way)
        box = page.locator(control).bounding_box()
        assert PHONE[1] / 2 < box["y"] < box["y"] + box["height"] <= PHONE[1]
        assert page.evaluate(
            "([x, y, it]) => !!document.elementFromPoint(x, y).closest(it)", [box["x"] + 9, box["y"] + 9, control]
        )


def test_on_a_phone_what_was_found_comes_first(workshop):
    page = workshop("noise/find", PHONE)
    page.locator("#find-go").click()
    page.locator("#search .search img").first.wait_for()
    page.evaluate("scrollTo(0, 0)")
    assert page.evaluate(TOP, "#search .search") <= 420
    expect(page.locator("#find-go")).to_be_enabled(timeout=60_000)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_laptop_shows_the_first_curves_whole_whatever_the_experiment(workshop, language):
    """Below what is to be guessed, with their legends and axes."""
    page = workshop("curves", LAPTOP, language)
    assert page.evaluate(LOWEST) <= 768
    for key in experiments.EXPERIMENTS:
        title = experiments.text(key, "title", language)
        open_list(page, "curves-experiment")
        page.get_by_role("option", name=title, exact=True).click()
        page.locator("#curves-guess label").first.wait_for()
        settle(page)
        page.evaluate("scrollTo(0, 0)")
        assert page.evaluate(LOWEST) <= 768, title
        assert page.evaluate(LETTERS)[0][0] >= 14
