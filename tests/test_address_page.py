"""The page's address: it names the open tab and section; links, F5, Back and the language switch keep to it."""

import pytest

from demo.language import words
from tests.browser import expect, open_section, open_tab, word

pytestmark = pytest.mark.browser


def is_open(page, tab, section=None):
    """Wait until a tab (and a section of it) is the open one, and return what the address says after "/"."""
    expect(page.locator("#tabs > .tab-wrapper [role=tab][aria-selected=true]")).to_have_text(word(page, f"{tab}.tab"))
    if section:
        sections = page.locator(f"#{tab}-sections > .tab-wrapper [role=tab][aria-selected=true]")
        expect(sections).to_have_text(word(page, f"{tab}.{section}.tab"))
    page.wait_for_timeout(200)
    return page.url.partition("://")[2].partition("/")[2]


@pytest.mark.parametrize("size", [(320, 844), (1366, 768)])
def test_the_address_leads_to_a_tab_and_back_to_the_one_before(visit, size):
    page = visit("en", path="#translate/piles", size=size)
    assert is_open(page, "translate", "piles") == "#translate/piles"
    page.wait_for_selector("#piles .pile button")
    open_tab(page, "questions")
    assert is_open(page, "questions", "q1") == "#questions"
    open_section(page, "questions", "q15")
    assert is_open(page, "questions", "q15") == "#questions/q15"
    page.go_back()
    assert is_open(page, "questions", "q1") == "#questions"
    page.go_back()
    assert is_open(page, "translate", "piles") == "#translate/piles"
    page.go_forward()
    assert is_open(page, "questions", "q1") == "#questions"
    page.reload()
    assert is_open(page, "questions", "q1") == "#questions"
    page.get_by_role("link", name="한국어").click()
    page.get_by_text(words("ko")["questions.intro"][:20]).wait_for()
    assert is_open(page, "questions", "q1") == "#questions"


def test_an_address_without_a_tab_or_with_one_that_is_not_there_opens_the_first(visit):
    page = visit("en", path="?picture=mnist:0:7#nonsense/more")
    page.wait_for_selector("#pictures .made img")
    assert is_open(page, "noise", "grid") == "?picture=mnist:0:7#nonsense/more"
    expect(page.locator("#held-code input, #held-code textarea")).to_have_value("mnist:0:7")
    open_tab(page, "curves")
    assert is_open(page, "curves") == "?picture=mnist:0:7#curves"
    page.go_back()
    is_open(page, "noise", "grid")


def test_no_tab_says_that_there_is_nothing_while_it_is_on_its_way(visit):
    page = visit("en")
    page.add_init_script(
        """window.said = new Set();
        new MutationObserver(() => document.querySelectorAll("#pictures, #held, #stories, #ways, #watch").forEach(
            (each) => window.said.add(each.innerText.trim()))
        ).observe(document, {subtree: true, childList: true, characterData: true});"""
    )
    page.reload()
    page.wait_for_selector("#tabs [role=tab]")
    for tab, shown in (("noise", "#pictures .made img"), ("curves", "#stories section"), ("translate", "#ways img")):
        open_tab(page, tab)
        page.wait_for_selector(shown)
    said = page.evaluate("[...window.said]")
    assert words("en")["app.coming"] in said
    assert not {words("en")[key] for key in ("noise.none", "curves.none", "translate.none")} & set(said)
