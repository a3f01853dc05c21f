"""The lesson in a browser: every scene fills the screen, by keys alone, and nothing is lost by F5."""

import pytest

from demo.lessons import lesson_file
from demo.ui.i18n import words
from tests.browser import Visitors, expect, serve, settle

pytestmark = pytest.mark.browser

SIZES = [(1920, 1080), (1366, 768)]
# (selectors of a scene) -> the boxes of its picture and its controls, of those that are there
BOXES = """selectors => {
    const there = selectors.map((each) => document.querySelector(each)).filter((each) => each?.offsetHeight);
    return there.map((each) => {
        const { left, top, right, bottom } = each.getBoundingClientRect();
        return { id: each.id, left, top, right, bottom, seen: getComputedStyle(each).visibility };
    });
}"""


def number(page):
    return int(page.locator("#lesson output").inner_text().split(" / ")[0])


def scene(page, language):
    """What the page was given of the scene that it shows."""
    return page.evaluate(f"fetch('lesson/{language}.json').then((answer) => answer.json())")["scenes"][number(page) - 1]


def arrived(page):
    page.wait_for_function("document.querySelector('#lesson:not([hidden]) .told')?.textContent === ''", timeout=60_000)
    settle(page)


@pytest.mark.parametrize(("language", "size"), [("ko", SIZES[0]), ("en", SIZES[1])])
def test_every_scene_fills_the_screen_without_scrolling(visit, language, size):
    page = visit(language, size=size)
    page.locator("#lesson-start").click()
    scenes = lesson_file.read(lesson_file.shipped(language)).scenes
    for at, expected in enumerate(scenes, 1):
        arrived(page)
        assert number(page) == at
        assert page.locator("#lesson header p").inner_text() == expected.sentence
        shown = scene(page, language)
        picture, *controls = page.evaluate(BOXES, [shown["picture"], *shown["controls"]])
        width, height = size
        for box in (picture, *controls):
            assert box["seen"] == "visible", (at, box)
            assert box["left"] >= -1, (at, box)
            assert box["right"] <= width + 1, (at, box)
            assert box["bottom"] <= height + 1, (at, box)
        assert picture["top"] >= page.locator("#lesson header").bounding_box()["height"] - 1, at
        assert all(control["top"] >= picture["bottom"] - 1 for control in controls), at
        fills = max((picture["right"] - picture["left"]) / width, (picture["bottom"] - picture["top"]) / height)
        assert fills > 0.45, (at, expected.stage, picture)
        assert page.evaluate("[scrollX, scrollY, getComputedStyle(document.body).overflowY]") == [0, 0, "hidden"]
        page.keyboard.press("PageDown")
    assert number(page) == len(scenes)  # the last one stays
    page.keyboard.press("Escape")
    expect(page.locator("#lesson")).to_be_hidden()
    expect(page.locator("#title")).to_be_visible()
    settle(page)


def test_a_scene_survives_f5_has_an_address_and_leads_into_the_workshop(visit):
    page = visit("en", path="?lesson=gan&scene=8")
    arrived(page)
    assert number(page) == 8
    page.wait_for_function("document.querySelector('#duel-preset input[value=perfect]').checked")
    page.keyboard.press("ArrowRight")
    arrived(page)
    assert "scene=9" in page.url
    assert page.url.endswith("#questions/q20")
    page.reload()
    arrived(page)
    assert number(page) == 9
    page.keyboard.press("ArrowLeft")
    arrived(page)
    assert number(page) == 8
    page.locator("#lesson button", has_text=words("en")["lesson.more"]).click()
    expect(page.locator("#lesson")).to_be_hidden()
    assert "scene" not in page.url
    assert page.url.endswith("#questions/q20")
    expect(page.locator("#duel")).to_be_visible()
    settle(page)


def test_the_notes_follow_in_a_window_of_their_own(visit):
    page = visit("en", path="?lesson=gan&scene=1")
    arrived(page)
    with page.expect_popup() as opened:
        page.keyboard.press("n")
    notes, (first, second, third, *_) = opened.value, lesson_file.read(lesson_file.shipped("en")).scenes
    expect(notes.locator("body")).to_contain_text(first.notes)
    expect(notes.locator("body")).to_contain_text(second.title)
    expect(notes.locator("#clock")).to_contain_text("0:")
    page.keyboard.press("PageDown")
    expect(notes.locator("body")).to_contain_text(second.notes)
    expect(notes.locator("body")).to_contain_text(third.title)
    notes.close()
    arrived(page)


def test_the_class_is_asked_before_anything_runs_and_a_scene_begins_anew(visit):
    page = visit("en", path="?lesson=gan&scene=8")  # the perfect discriminator: choosing it starts the duel
    arrived(page)
    rounds = "document.querySelector('#duel .duel').duel.gan.rounds"
    page.wait_for_function("!document.querySelector('#duel .duel').hasAttribute('data-running')")
    page.wait_for_timeout(1000)
    assert not page.evaluate("document.querySelector('#duel .duel').hasAttribute('data-running')")
    page.locator("#duel-run").click()
    page.wait_for_function(f"{rounds} > 330")  # of which 300 were those of D alone
    page.keyboard.press("r")
    page.wait_for_function(f"{rounds} < 330 && !document.querySelector('#duel .duel').hasAttribute('data-running')")
    settle(page)


def test_quick_hands_end_at_the_scene_gone_to_last(visit):
    page = visit("en", path="?lesson=gan&scene=7")
    arrived(page)
    for _ in range(2):  # past the perfect discriminator, which is chosen in passing
        page.keyboard.press("PageDown")
    arrived(page)
    assert number(page) == 9
    page.wait_for_timeout(1500)
    assert page.locator("#duel-preset input[value=held]").is_checked()
    settle(page)


def test_letters_and_arrows_of_a_scene_with_keys_of_its_own_stay_with_it(visit):
    page = visit("en", path="?lesson=gan&scene=4")
    arrived(page)
    page.locator("#game .question").wait_for()
    page.keyboard.press("r")
    page.wait_for_function("document.querySelectorAll('#game .dots .done').length === 1")
    page.keyboard.press("ArrowRight")  # leads on all the same
    arrived(page)
    assert number(page) == 5
    settle(page)


def test_phones_follow_the_teacher(chromium):
    with serve("--lan") as room:
        visitors = Visitors(chromium, room.url)
        phone = visitors("en", path="?lesson=gan&follow=1", size=(390, 844))
        expect(phone.locator("#lesson .told")).to_have_text(words("en")["lesson.behind"])
        phone.wait_for_function("getComputedStyle(document.querySelector('#title')).visibility === 'hidden'")
        teacher = visitors("ko", path="?lesson=gan&scene=2")
        arrived(teacher)
        expect(phone.locator("#lesson h2")).to_have_text("")  # nobody leads yet
        teacher.locator("#lesson button[data-key=lead]").click()
        expect(phone.locator("#lesson output")).to_have_text("2 / 17")
        loaded = "document.querySelector('#lesson .room img').naturalWidth > 0"
        teacher.wait_for_function(loaded)
        teacher.keyboard.press("PageDown")
        expect(phone.locator("#lesson output")).to_have_text("3 / 17", timeout=2000)
        arrived(phone)
        teacher.keyboard.press("Escape")  # she leaves, and the phone stays where it is
        expect(phone.locator("#lesson output")).to_have_text("3 / 17")
        phone.keyboard.press("PageDown")
        arrived(phone)
        assert number(phone) == 4
        phone.locator("#lesson button[data-key=leave]").click()
        expect(phone.locator("#lesson")).to_be_hidden()
        assert "follow" not in phone.url
        teacher.locator("#lesson-start").click()
        arrived(teacher)
        teacher.locator("#lesson button[data-key=lead]").click()
        phone.wait_for_timeout(1000)
        assert phone.locator("#lesson").is_hidden()  # who has left is not taken back
        for each in (phone, teacher):
            settle(each)
        visitors.leave()
