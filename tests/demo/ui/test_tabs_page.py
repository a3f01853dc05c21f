"""The page's address: it names the open tab and section; links, F5 and Back keep to it.

So does the language switch: `test_i18n.py`.
"""

import pytest

from demo.ui.i18n import words
from tests.browser import expect, open_section, open_tab, word

pytestmark = pytest.mark.browser


def is_open(page, tab, section=None, *, says):
    """Wait until a tab (and a section of it) is the open one, and the address says this after "/"."""
    expect(page.locator("#tabs > .tab-wrapper [role=tab][aria-selected=true]")).to_have_text(word(page, f"{tab}.tab"))
    if section:
        sections = page.locator(f"#{tab}-sections > .tab-wrapper [role=tab][aria-selected=true]")
        expect(sections).to_have_text(word(page, f"{tab}.{section}.tab"))
    expect(page).to_have_url("/".join(page.url.split("/")[:3]) + f"/{says}")


def to_tabs_and_back(page):
    """From the piles to two questions, back to the piles, and to the first question again."""
    page.wait_for_selector("#piles .pile button")
    open_tab(page, "questions")
    is_open(page, "questions", "q1", says="#questions")
    open_section(page, "questions", "q15")
    is_open(page, "questions", "q15", says="#questions/q15")
    page.go_back()
    is_open(page, "questions", "q1", says="#questions")
    page.go_back()
    is_open(page, "translate", "piles", says="#translate/piles")
    page.go_forward()
    is_open(page, "questions", "q1", says="#questions")


def test_the_address_leads_to_a_tab_and_back_to_the_one_before(visit):
    """On a phone and on a laptop."""
    page = visit("en", path="#translate/piles", size=(320, 844))
    is_open(page, "translate", "piles", says="#translate/piles")
    to_tabs_and_back(page)
    page.go_back()
    is_open(page, "translate", "piles", says="#translate/piles")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.reload()
    is_open(page, "translate", "piles", says="#translate/piles")
    to_tabs_and_back(page)


def test_an_address_without_a_tab_or_with_one_that_is_not_there_opens_the_first(visit):
    """And holds the picture that it names; and no tab says that there is nothing while it is on its way."""
    page = visit(
        "en",
        path="?picture=mnist:0:7#nonsense/more",
        script="""window.said = new Set();
        new MutationObserver(() => document.querySelectorAll("#pictures, #held, #stories, #ways, #watch").forEach(
            (each) => window.said.add(each.innerText.trim()))
        ).observe(document, {subtree: true, childList: true, characterData: true});""",
    )
    page.wait_for_selector("#pictures .made img")
    is_open(page, "noise", "grid", says="?picture=mnist:0:7#nonsense/more")
    expect(page.locator("#held-code input, #held-code textarea")).to_have_value("mnist:0:7")
    named = page.locator("#pictures .made img").nth(7).get_attribute("src")
    expect(page.locator("#held .held img")).to_have_attribute("src", named)
    open_tab(page, "curves")
    is_open(page, "curves", says="?picture=mnist:0:7#curves")
    page.wait_for_selector("#stories section")
    page.go_back()
    is_open(page, "noise", "grid", says="?picture=mnist:0:7#nonsense/more")
    open_tab(page, "translate")
    page.wait_for_selector("#ways img")
    said = page.evaluate("[...window.said]")
    assert words("en")["app.coming"] in said
    assert not {words("en")[key] for key in ("noise.none", "curves.none", "translate.none")} & set(said)
