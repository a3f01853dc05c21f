"""What a visitor makes is kept in the browser alone, and taken home as one file that opens without the app."""

import re

import pytest

from demo.ui.i18n import words
from tests.browser import expect, open_section, open_tab, settle
from tests.demo.lessons.test_drawing import strokes
from tests.demo.lessons.test_lesson_page import PERFECT, arrived

pytestmark = pytest.mark.browser

STORE = (
    "([act, given]) => import(new URL('portfolio/store.js', document.baseURI)).then((store) => eval(act)(store, given))"
)
PICTURE = "data:image/png;base64,iVBORw0KGgo="


def ask(page, act, given=None):
    """What a function of the page's store and of what is given answers."""
    return page.evaluate(STORE, [act, given])


def kept(page):
    """What is kept in the page's browser, the oldest first."""
    return ask(page, "(store) => store.everything()")


def keep(page, *things):
    """Keep [kind, name, what] one after the other."""
    ask(page, "async ({ keep }, things) => { for (const thing of things) await keep(...thing); }", things)


def picture(title="", length=0):
    """Something with a picture of so many characters."""
    return {"title": title, "pictures": [{"source": f"{PICTURE[:-1]}{'A' * length}="}]}


def wait_for(page, kind, count=1):
    """Wait until so many things of a kind are kept."""
    page.wait_for_function(
        """([kind, count]) => import(new URL('portfolio/store.js', document.baseURI))
            .then((store) => store.everything())
            .then((things) => things.filter((thing) => thing.kind === kind).length === count)""",
        arg=[kind, count],
    )


def taken_home(page, button):
    """The file that a button saves: (its text, itself opened in a browser without a network)."""
    with page.expect_download() as taken:
        button.click()
    path = taken.value.path().with_suffix(".html")
    taken.value.save_as(path)
    elsewhere = page.context.browser.new_context(offline=True)
    file = elsewhere.new_page()
    file.on("console", lambda message: pytest.fail(message.text))
    file.goto(path.as_uri())
    return path.read_text(encoding="utf-8"), file


@pytest.mark.parametrize("language", ["en", "ko"])
def test_what_was_made_in_every_tab_is_in_the_file_after_a_reload_and_can_be_deleted(visit, language):
    page, say = visit(language, tab="noise"), words(language)
    page.wait_for_selector("#pictures .made img")
    settle(page)
    assert kept(page) == []  # what the page shows by itself was picked by nobody
    page.locator("#pictures .made button").nth(2).click()
    wait_for(page, "picture")
    settle(page)

    open_section(page, "noise", "between")
    page.wait_for_selector("#walk .film img")
    settle(page)
    assert not [thing for thing in kept(page) if thing["kind"] == "film"]
    page.locator("#between-end label").nth(2).click()
    wait_for(page, "film")

    open_section(page, "noise", "find")
    settle(page)
    page.locator("#find-mode label").nth(1).click()
    page.locator("#pad canvas[data-ready]").wait_for()
    settle(page)
    strokes(page, [(0.5, 0.15), (0.5, 0.85)])
    settle(page)
    page.locator("#find-go").click()
    page.locator("#find-stop:enabled").wait_for()
    wait_for(page, "drawing")
    settle(page)

    open_tab(page, "questions")
    open_section(page, "questions", "q20")
    page.locator("#q20-items fieldset").first.locator("input").first.check()
    wait_for(page, "guess")
    open_tab(page, "translate")
    page.wait_for_selector("#ways img.fake")
    settle(page)
    assert not [thing for thing in kept(page) if thing["kind"] == "photo"]
    with page.expect_download():
        page.locator("#ways a[download]").first.click()
    wait_for(page, "photo")
    settle(page)

    page.goto(page.url.split("?")[0].split("#")[0] + "?experiment=held#curves")
    page.locator("#curves-guess label").nth(1).click()
    page.locator("#curves-ends label").first.click()
    wait_for(page, "guess", 2)
    settle(page)
    page.goto(page.url.split("?")[0] + f"?lesson=gan&scene={PERFECT}")
    arrived(page)
    page.locator("#lesson-vote .answers button").nth(2).click()
    page.keyboard.press("v")
    wait_for(page, "vote")
    page.keyboard.press("Escape")
    open_tab(page, "lesson")
    page.reload()
    save = page.locator(".cover .made .save")
    expect(save).to_be_visible()
    expect(page.locator(".cover .made [role=status]")).to_contain_text("7")

    html, file = taken_home(page, save)
    sides = file.evaluate("[...document.images].map((image) => image.naturalWidth)")
    assert len(sides) == 1 + 1 + 2 + 2
    assert all(sides)
    assert file.evaluate("document.documentElement.lang") == language
    assert file.title() == say["portfolio.title"]
    for kind in ("picture", "drawing", "film", "photo", "guess"):
        expect(file.get_by_role("heading", name=say[f"portfolio.sections.{kind}"])).to_be_visible()
    link = file.get_by_role("link", name=say["portfolio.open"]).first.get_attribute("href")
    assert link.endswith("?picture=mnist%3A0%3A2")
    expect(file.locator("article.guess").first).to_contain_text(say["questions.q20.items.1.a"])
    expect(file.locator("article.guess").last).to_contain_text(say["curves.experiments.held.options.b"])
    expect(file.locator(".votes li").nth(2)).to_contain_text(f"✓ ← {say['portfolio.first']}")
    assert not re.search(r"<script|<link|https?://(?!127\.0\.0\.1)", html)
    file.context.close()

    page.once("dialog", lambda dialog: dialog.accept())
    page.locator(".cover .made .clear").click()
    expect(save).to_be_hidden()
    expect(page.locator(".cover .made [role=status]")).to_have_text(say["portfolio.none"])
    page.reload()
    page.locator(".cover .made h3").wait_for()
    assert kept(page) == []
    page.goto(link + "#noise")
    wait_for(page, "picture")
    settle(page)


def test_the_store_is_bounded_the_oldest_goes_first_and_no_vote_for_pictures(visit):
    page = visit("en", tab="noise")
    keep(page, ["vote", "v", {"title": "v"}], *(["picture", f"{at}", picture(f"{at}")] for at in range(63)))
    keep(page, ["picture", "62", picture("again")], ["film", "large", picture("large", 6_000_000)])
    assert [thing["title"] for thing in kept(page)] == ["v", *map(str, range(3, 62)), "again"]
    for at in range(5):
        keep(page, ["film", f"{at}", picture(f"film {at}", 4_500_000)])
    things = kept(page)
    assert sum(thing["size"] for thing in things) < 20e6
    assert [thing["title"] for thing in things] == [f"film {at}" for at in range(1, 5)]
    page.reload()
    assert len(kept(page)) == 4
    settle(page)


def test_nothing_in_the_file_is_more_than_text_and_pictures(visit):
    page = visit("en", tab="lesson")
    page.locator(".cover .made h3").wait_for()
    evil = "<img src=x onerror=alert(1)><script>alert(1)</script>"
    vote = {"lesson": evil, "scene": 1, "title": evil, "sentence": evil, "answers": [evil, evil], "first": 0}
    shown = [{"source": PICTURE, "alt": evil, "caption": evil}]
    keep(page, ["guess", "g", {"title": evil, "texts": [evil], "pictures": shown}], ["vote", "v", vote])
    for source in ("https://example.org/a.png", "data:text/html;base64,AAAA", "javascript:alert(1)", ""):
        keep(page, ["picture", source, {"title": "p", "pictures": [{"source": source}]}])
    assert [thing["kind"] for thing in kept(page)] == ["guess", "vote"]
    page.context.set_offline(True)  # the lesson is over, and the server has gone
    html, file = taken_home(page, page.locator(".cover .made .save"))
    page.context.set_offline(False)
    assert file.locator("script").count() == 0
    assert file.locator("img").count() == 1
    assert file.locator("h3").all_inner_texts() == [evil, evil]
    assert "example.org" not in html
    file.context.close()
    settle(page)


def test_a_browser_that_refuses_storage_keeps_it_as_long_as_the_page_and_says_so(visit):
    refuse = "Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('no', 'SecurityError') } })"
    page = visit("en", tab="lesson", script=refuse)
    page.locator(".cover .made h3").wait_for()
    keep(page, ["picture", "p", picture()])
    expect(page.locator(".cover .made [role=status]")).to_contain_text(words("en")["portfolio.lasts"])
    _, file = taken_home(page, page.locator(".cover .made .save"))
    assert file.locator("img").count() == 1
    file.context.close()
    settle(page)
