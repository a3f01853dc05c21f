"""The page as it is seen before anything is done: pictures first, words that the last row can read, tabs on a phone."""

import pytest

from tests import browser as machinery
from tests.browser import open_list, open_section, open_tab, settle
from tests.demo.tabs.train.test_train_page import watch

pytestmark = pytest.mark.browser

# The main picture of each section: what there is to be seen without scrolling on a laptop.
PICTURES = {
    "noise/grid": "#pictures .made",
    "noise/layers": "#layers .cards",
    "noise/sliders": "#moved img",
    "noise/between": "#walk .on-the-way",
    "noise/find": "#search",
    "noise/copied": "#neighbours .neighbours",
    "noise/game": "#game img",
    "noise/modes": "#modes:has(img)",
    "curves": "#stories .plot",
    "translate/ways": "#ways:has(img)",
    "translate/inside": "#inside .maps img",
    "translate/camera": "#camera",
    "translate/piles": "#piles:has(img)",
    "translate/hidden": "#hidden:has(img)",
    "translate/rounds": "#rounds:has(img)",
    "train": "#film:has(img)",
    "questions/q1": "#upsample .output svg",
    "questions/q15": "#downward .way svg",
    "questions/q17": "#rounds-of svg:not(.shelf)",
    "questions/q20": "#duel canvas",
}
SEEN = """([selector, high]) => {
  const shown = [...document.querySelectorAll(selector)].find((each) => each.checkVisibility());
  const { top, bottom, height } = shown.getBoundingClientRect();
  return Math.max(0, Math.min(bottom, high) - Math.max(top, 0)) / height;
}"""
# Every word that is seen, by the size of its letters on the screen, smallest first: [pixels, "text" or "label", word].
# Numbers and words within a drawing are labels. Formulas have sizes of their own.
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

BODY = """() => {
  const all = [...document.querySelectorAll(".tabitem .md p")].filter((each) => each.checkVisibility());
  return parseFloat(getComputedStyle(all[0]).fontSize);
}"""


@pytest.fixture(scope="module")
def workshop(chromium, server):
    """`page = workshop(place, size)`: a page of this file's own at a section, its picture there, nothing on its way."""
    visitors = machinery.Visitors(chromium, server.url)
    page = visitors("en")

    def at(place, size):
        tab, _, section = place.partition("/")
        page.set_viewport_size({"width": size[0], "height": size[1]})
        if machinery.tab_of(page) != tab:
            open_tab(page, tab)
        if section:
            open_section(page, tab, section)
        if place == "train" and page.locator(PICTURES[place]).count() == 0:
            watch(page, "mnist")
        page.wait_for_selector(f"{PICTURES[place]} >> visible=true", timeout=60_000)
        settle(page)
        page.evaluate("scrollTo(0, 0)")
        return page

    yield at
    open_tab(page, "questions")
    visitors.leave()


@pytest.mark.parametrize("place", PICTURES)
def test_a_laptop_shows_the_picture_and_a_projector_words_that_the_last_row_reads(workshop, place):
    page = workshop(place, (1366, 768))
    assert page.evaluate(SEEN, [PICTURES[place], 768]) >= 0.6
    smallest = page.evaluate(LETTERS)
    assert smallest[0][0] >= 14, smallest[:5]
    assert page.evaluate(BODY) == pytest.approx(18, abs=0.01)

    page = workshop(place, (1920, 1080))
    assert page.evaluate(SEEN, [PICTURES[place], 1080]) >= 0.6
    assert page.evaluate(BODY) == pytest.approx(20, abs=0.01)
    for size, kind, word in page.evaluate(LETTERS):
        assert size >= (18 if kind == "text" else 14) - 0.01, (size, kind, word)


@pytest.mark.parametrize("place", PICTURES)
def test_a_phone_has_the_section_tabs_at_its_top_and_nothing_sideways(workshop, place):
    page = workshop(place, (390, 844))
    tab, _, section = place.partition("/")
    if section:
        assert page.locator(f"#{tab}-sections > .tab-wrapper").bounding_box()["y"] < 250
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    if section == "q17":  # every network is named, in letters that can be read
        names = page.locator("#rounds-of .network .long:visible")
        assert {"horse", "zebra", "apple", "orange"} & set(" ".join(names.all_text_contents()).replace("?", "").split())
        assert page.locator("#rounds-of .network:visible").count() == 6
        assert min(size for size, kind, _ in page.evaluate(LETTERS) if kind == "label") >= 14


def test_a_laptop_shows_the_curves_below_what_is_to_be_guessed(workshop):
    page = workshop("curves", (1366, 768))
    open_list(page, "curves-experiment")
    page.get_by_role("option").first.click()
    page.locator("#curves-guess label").first.wait_for()
    settle(page)
    page.evaluate("scrollTo(0, 0)")
    assert page.evaluate(SEEN, [PICTURES["curves"], 768]) >= 0.5
