"""A result's picture as large as the screen: by click, by keyboard, over a lesson; and back."""

import pytest

from demo.ui.i18n import words
from tests.browser import expect, settle
from tests.demo.lessons.test_lesson_page import arrived, number, scene_number
from tests.demo.tabs.translate.test_translate_page import fruit

pytestmark = pytest.mark.browser


def is_full(page, source, name):
    """Wait until this picture fills the screen, by this name, and only as long as its visitor wants."""
    shown = page.get_by_role("dialog", name=name)
    expect(shown).to_be_visible()
    assert shown.locator("img").get_attribute("src") == source
    box, screen = shown.bounding_box(), page.viewport_size
    assert [box["width"], box["height"]] == [screen["width"], screen["height"]]
    picture = shown.locator("img").bounding_box()
    assert min(picture["width"] / screen["width"], picture["height"] / screen["height"]) > 0.9
    return shown


@pytest.mark.parametrize("size", [(1366, 768), (390, 844)])
def test_a_translation_fills_the_screen_at_a_click_or_by_enter_and_leaves_by_click_esc_or_button(look, size):
    page = fruit(look, size=size)
    fake = page.locator("#ways img.fake").first
    source, name = fake.get_attribute("src"), fake.get_attribute("alt")
    divider = page.locator("#ways .compare input").first
    divider.fill("20")
    divider.click()  # lies over the picture: a click is not the divider's
    shown = is_full(page, source, name)
    assert divider.input_value() == "20"
    shown.locator("img").click()
    expect(shown).to_be_hidden()
    fake.focus()
    page.keyboard.press("Enter")
    is_full(page, source, name)
    expect(shown.get_by_role("button", name=words("en")["app.enlarge.close"])).to_be_focused()
    page.keyboard.press("Escape")
    expect(shown).to_be_hidden()
    expect(fake).to_be_focused()
    page.keyboard.press(" ")
    shown.get_by_role("button").click()
    expect(shown).to_be_hidden()
    real = page.locator("#ways img.real").first
    real.click()
    is_full(page, real.get_attribute("src"), real.get_attribute("alt"))
    page.keyboard.press("Escape")
    divider.fill("0")


def test_the_held_picture_and_the_samples_of_a_training_can_be_enlarged_too(look):
    page = look(tab="noise")
    held = page.locator("#held img")
    held.click()
    is_full(page, held.get_attribute("src"), held.get_attribute("alt"))
    page.keyboard.press("Escape")
    page = look(tab="curves")
    sample = page.locator("#stories .sample img").first
    sample.click()
    shown = is_full(page, sample.get_attribute("src"), sample.get_attribute("alt"))
    assert shown.locator("img").evaluate("x => getComputedStyle(x).imageRendering") == "pixelated"
    page.keyboard.press("Escape")
    expect(shown).to_be_hidden()


def test_over_a_lesson_esc_leaves_the_picture_and_not_the_lesson(visit):
    page = visit("en", path=f"?lesson=gan&scene={scene_number(stage='translation')}")
    arrived(page)
    at, picture = number(page), page.locator("#ways img.real").first
    picture.click()
    shown = page.get_by_role("dialog")
    expect(shown).to_be_visible()
    page.keyboard.press("Escape")
    expect(shown).to_be_hidden()
    assert number(page) == at
    picture.click()
    page.keyboard.press("PageDown")
    arrived(page)
    expect(shown).to_be_hidden()
    assert number(page) == at + 1
    settle(page)
