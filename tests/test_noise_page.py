"""The Noise to image tab in a real browser, and its endpoint."""

import re
from pathlib import Path

import pytest

from tests.browser import expect, look_at_list, open_section, open_tab, settle
from tests.small_runs import small_run

pytestmark = pytest.mark.browser


def sources(page, count=16):
    """The pictures' data, when there are as many as expected."""
    images = page.locator("#pictures .made img")
    page.wait_for_function(f"document.querySelectorAll('#pictures .made img').length === {count}")
    return images.evaluate_all("images => images.map(image => image.src)")


def set_seed(page, seed):
    field = page.locator("#noise-seed input")
    field.fill(str(seed))
    field.press("Tab")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_opens_with_sixteen_pictures_and_a_verdict_under_each(visit, language):
    page = visit(language)
    assert len(set(sources(page))) > 1
    captions = page.locator("#pictures figcaption").all_inner_texts()
    assert len(captions) == 16
    assert all("%" in caption for caption in captions)
    assert page.locator("#pictures .best").count() == page.locator("#pictures .worst").count() == 1
    word = "판별자" if language == "ko" else "discriminator"
    assert word in page.locator("#pictures .legend").inner_text()
    assert page.locator("#pictures img").first.evaluate("x => getComputedStyle(x).imageRendering") == "pixelated"


def test_a_seed_names_its_pictures(visit):
    page = visit()
    first = sources(page)
    set_seed(page, 5)
    page.wait_for_function("src => document.querySelector('#pictures img').src !== src", arg=first[0])
    assert not set(first) & set(sources(page))
    set_seed(page, 0)
    page.wait_for_function("src => document.querySelector('#pictures img').src === src", arg=first[0])
    assert sources(page) == first
    assert sources(visit()) == first  # another visitor sees the same


def test_the_dice_give_a_new_seed_and_new_pictures(visit):
    page = visit()
    first = sources(page)
    page.locator("#dice").click()
    page.wait_for_function("src => document.querySelector('#pictures img').src !== src", arg=first[0])
    expect(page.locator("#noise-seed input")).not_to_have_value("0")


def test_a_hundred_pictures_fit_a_phone(visit):
    page = visit("ko", size=(390, 844))
    sources(page)
    number = page.locator("#noise-count input[type=number]")
    number.fill("100")
    number.press("Tab")
    sources(page, 100)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#pictures img").first.bounding_box()["width"] >= 50


def test_a_run_made_meanwhile_is_offered_when_the_tab_is_opened_again(visit, added):
    page = visit()
    sources(page)
    small_run(added, "newcomer")
    open_tab(page, "curves")
    open_tab(page, "noise")
    settle(page)
    page.locator("#noise-run input").click()
    page.get_by_role("option", name="newcomer").click()
    page.wait_for_function("document.querySelector('#noise-run input').value === 'newcomer'")
    sources(page)


def test_the_endpoint_answers_with_verdicts_and_a_picture(server):
    from PIL import Image

    client = server.client
    answer, path = client.predict(run="alpha", seed=3, count=9, api_name="/generate")
    again, _ = client.predict(run="alpha", seed=3, count=9, api_name="/generate")
    assert answer == again
    assert len(answer["verdicts"]) == 9
    assert all(0 <= value <= 1 for value in answer["verdicts"])
    with Image.open(path) as picture:
        assert picture.size == (3 * 16 + 4, 3 * 16 + 4)
    with pytest.raises(Exception, match="no run named"):
        client.predict(run="../alpha", seed=3, count=9, api_name="/generate")
    with pytest.raises(Exception, match="choose a whole number from 1 to 100"):
        client.predict(run="alpha", seed=3, count=101, api_name="/generate")


def held(page):
    """The data of the picture that is held."""
    return page.locator("#held .held img").get_attribute("src")


def hold(page, number, pictures):
    """Click one of the pictures, and see it held."""
    page.locator("#pictures button").nth(number).click()
    page.wait_for_function("src => document.querySelector('#held .held img').src === src", arg=pictures[number])


def test_a_click_holds_a_picture_and_its_code_brings_it_back_elsewhere(visit):
    page = visit()
    pictures = sources(page)
    hold(page, 11, pictures)
    expect(page.locator("#held-code input, #held-code textarea")).to_have_value("mnist:0:11")
    expect(page.locator("#shelf li")).to_have_count(5)
    link = page.locator("#held .links a").first.get_attribute("href")

    other = visit("ko", path=link)
    other.wait_for_selector("#held .held img")
    assert held(other) == pictures[11]

    third = visit()
    sources(third)
    field = third.locator("#held-code input, #held-code textarea")
    field.fill("mnist:0:9")
    field.press("Enter")
    third.wait_for_function("src => document.querySelector('#held .held img').src === src", arg=pictures[9])
    field.fill("mnist:zero:9")
    field.press("Enter")
    third.wait_for_selector("text=is no picture's code")
    assert held(third) == pictures[9]


def test_a_look_at_the_list_of_runs_leaves_the_held_picture_alone(visit):
    page = visit()
    pictures = sources(page)
    hold(page, 11, pictures)
    look_at_list(page, "noise-run", "alpha")
    assert held(page) == pictures[11]
    expect(page.locator("#shelf li")).to_have_count(5)


def test_pictures_are_held_with_the_keyboard_alone_and_the_focus_stays(visit):
    page = visit()
    pictures = sources(page)
    page.locator("#pictures button").nth(4).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("src => document.querySelector('#held .held img').src === src", arg=pictures[5])
    settle(page)
    assert page.evaluate("document.activeElement.dataset.address") == "mnist:0:5"
    expect(page.locator("#pictures button[aria-pressed=true]")).to_have_attribute("data-address", "mnist:0:5")


def test_a_slider_moves_the_picture_and_what_it_became_can_be_held(visit):
    page = visit()
    sources(page)
    open_section(page, "noise", "sliders")
    page.wait_for_selector("#stops-6 img")
    settle(page)
    before = page.locator("#moved img").get_attribute("src")
    page.locator("#stops-1 button").last.click()
    page.wait_for_function("src => document.querySelector('#moved img').src !== src", arg=before)
    expect(page.locator("#slider-1 input[type=number]")).to_have_value("6")
    moved = page.locator("#moved img").get_attribute("src")
    page.locator("#sliders-keep").click()
    page.wait_for_function("src => document.querySelector('#held .held img').src === src", arg=moved)
    expect(page.locator("#held-code input, #held-code textarea")).to_have_value(re.compile("^mnist:z:"))
    page.wait_for_function("document.querySelector('#slider-1 input[type=number]').value === '0'")


def test_a_walk_and_a_sum_are_there_at_once_and_can_be_changed(visit):
    page = visit()
    sources(page)
    open_section(page, "noise", "between")
    page.wait_for_selector("#walk .film img")
    assert page.locator("#walk .frames.slerp button").count() == 12
    assert page.locator("#walk a[download$='.gif']").get_attribute("href").startswith("data:image/gif")
    before = page.locator("#walk .film img").first.get_attribute("src")
    page.locator("#between-end").get_by_label("4", exact=True).check()
    page.wait_for_function("src => document.querySelector('#walk .film img').src !== src", arg=before)
    total = page.locator("#equation button img").get_attribute("src")
    page.locator("#side-a").get_by_label("3", exact=True).check()
    page.wait_for_function("src => document.querySelector('#equation button img').src !== src", arg=total)


def test_a_drawing_is_searched_for_and_the_search_can_be_stopped(visit):
    page = visit()
    sources(page)
    open_section(page, "noise", "find")
    page.wait_for_selector("#search .search img", timeout=60_000)
    page.locator("#find-mode input").nth(1).check()
    canvas = page.locator("#pad canvas[data-ready]")
    canvas.wait_for(state="visible")
    page.locator("#find-go").click()
    page.wait_for_selector("text=Draw something on the pad first")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 180, box["y"] + 200, steps=5)
    page.mouse.up()
    settle(page)
    for _ in range(3):
        page.locator("#find-go").click()
        page.wait_for_function("!document.querySelector('#find-stop').disabled")
        page.locator("#find-stop").evaluate("button => button.click()")  # nothing happens if the search has just ended
        expect(page.locator("#find-go")).to_be_enabled()
        settle(page)
        expect(page.locator("#search .answer")).not_to_have_text("Searching …")
        assert page.locator("#find-go").is_enabled()  # no answer has come after the last
    page.locator("#find-keep").click()
    page.wait_for_function("document.querySelector('#held-code input, #held-code textarea').value.includes(':z:')")


def test_a_round_is_played_with_the_keyboard_and_everyone_sees_the_score(visit, added):
    from tests.small_runs import quiz_run

    quiz_run(added, "played")
    page = visit("ko", path="?picture=played:0:0")
    page.wait_for_selector("#held .held img")
    open_section(page, "noise", "game")
    for number in range(10):
        page.wait_for_function(
            "n => document.querySelector('#game .question')"
            " && document.querySelectorAll('#game .dots .done').length === n",
            arg=number,
        )
        page.wait_for_timeout(100)
        page.keyboard.press("f" if number % 2 else "r")
    page.wait_for_selector("#game .opinions")
    assert page.locator("#game .opinions figure").count() == 10
    page.locator("#next-round").click()
    page.wait_for_selector("#game .question")

    projector = visit("en", path="?picture=played:0:0")
    projector.wait_for_selector("#held .held img")
    open_section(projector, "noise", "game")
    projector.get_by_label("Everyone's scores").check()
    projector.wait_for_selector("#board table tr:nth-child(2)")
    expect(projector.locator("#board table tr")).to_have_count(2)


SECTIONS = {
    "grid": "#pictures .made img",
    "layers": "#layers article",
    "sliders": "#stops-1 img",
    "between": "#walk .film img",
    "find": "#search .search img",
    "copied": "#neighbours img",
    "game": "#game .question img",
    "modes": "#modes .classes li",
}


@pytest.mark.parametrize(("language", "size"), [("ko", (390, 844)), ("en", (1920, 1080))])
def test_every_section_shows_something_of_the_shipped_run_as_soon_as_it_is_opened(visit, language, size):
    page = visit(language, path="?picture=mnist:3:1", size=size)
    page.wait_for_selector("#held .held img")
    for name, shown in SECTIONS.items():
        open_section(page, "noise", name)
        page.wait_for_selector(shown, timeout=90_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], name
    assert not page.locator(".toast-body.error").count()


def test_a_run_that_vanished_is_a_sentence(visit, added):
    small_run(added, "fleeting")
    page = visit(path="?picture=fleeting:0:0")
    page.wait_for_selector("#held .held img")
    from gan.run import Run

    Run(added / "fleeting").delete()
    open_section(page, "noise", "layers")
    page.wait_for_selector("text=There is no run named 'fleeting'")


def test_every_endpoint_answers_a_client(server):
    from gradio_client import handle_file

    def ask(name, **values):
        return server.client.predict(api_name=f"/{name}", **values)

    answer, _ = ask("layers", picture="mnist:0:7")
    assert [layer["shape"][1] for layer in answer["layers"]] == [4, 8, 16, 32, 16, 8, 4, 1]
    found = ask("directions", run="mnist", method="sefa")
    assert len(found["directions"]) == 6
    moved, path = ask("move", picture="mnist:0:7", amounts=[3, 0, 0], method="sefa")
    assert moved["picture"].startswith("mnist:z:")
    walk, film = ask("interpolate", a="mnist:0:7", b=moved["picture"], steps=8, way="slerp")
    assert len(walk["pictures"]) == 8
    assert Path(film).read_bytes()[:6] == b"GIF89a"
    total, _ = ask("arithmetic", a=["mnist:0:1", "mnist:0:2"], b=["mnist:0:3"], c=["mnist:0:4"])
    assert total["picture"].startswith("mnist:z:")
    five, _ = ask("find", run="mnist", wanted="5", picture=None, seed=0)
    assert five["verdict"] == "found"
    drawn, _ = ask("find", run="mnist", wanted="", picture=handle_file(path), seed=0)
    assert drawn["score"] < 0.2
    near, _ = ask("neighbours", picture="mnist:0:7", by="features", k=4, training=-1)
    assert len(near["distances"]) == 4
    quiz, _ = ask("quiz", run="mnist", round=1, seed=3)
    assert sum(quiz["is_real"]) == 5
    assert ask("modes", run="mnist", count=200)["covered"] > 5
    with pytest.raises(Exception, match="no run named"):
        ask("modes", run="../mnist", count=200)
