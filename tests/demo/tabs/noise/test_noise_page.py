"""The Noise to image tab in a real browser, and its endpoint."""

import re
from pathlib import Path

import pytest

from tests.browser import expect, look_at_list, open_list, open_section, open_tab, settle, word
from tests.small_runs import quiz_run, small_run

pytestmark = pytest.mark.browser


START = "mnist:0:0"  # the picture that is held when the page opens
CODE = "#held-code input, #held-code textarea"


def sources(page, start=START, count=16):
    """The data of the grid's pictures, when they are as many as this and of the same seed as the start."""
    return page.wait_for_function(
        """([seed, count]) => {
            const buttons = [...document.querySelectorAll('#pictures .made button')];
            const there = buttons.length === count && buttons.every((each) => each.dataset.address.startsWith(seed));
            return there && buttons.map((each) => each.querySelector('img').src);
        }""",
        arg=[start.rpartition(":")[0] + ":", count],
    ).json_value()


def fill(page, field, value):
    """Type a number into a field and leave it."""
    number = page.locator(f"#{field} input[type=number]")
    number.fill(str(value))
    number.press("Tab")


def enter(page, code):
    """Hold the picture of a code, unless it is held: what comes before an answer to that would be dropped."""
    taken = page.locator(f"#shelf button[aria-pressed=true][data-address='{code}']")
    if taken.count():
        return
    settle(page)  # an answer that is still on its way would write over what is typed
    field = page.locator(CODE)
    field.fill(code)
    field.press("Enter")
    taken.wait_for()
    expect(page.locator("#noise-run input")).to_have_value(code.partition(":")[0])


def begin(look, language="en", **options):
    """(page, the data of its pictures): the grid of the shipped run's first pictures, the first one held."""
    page = look(language, tab="noise", **options)
    page.locator("#held .held img").wait_for()
    open_section(page, "noise", "grid")
    for field, value in (("noise-seed", "0"), ("noise-count", "16")):
        if page.locator(f"#{field} input[type=number]").input_value() != value:
            fill(page, field, value)
    enter(page, START)
    return page, sources(page)


def choose_new(page, name):
    """Choose a run that was made since the tab was opened, and see its first picture held."""
    open_tab(page, "curves")
    open_tab(page, "noise")
    open_list(page, "noise-run")
    page.get_by_role("option", name=name).click()
    page.locator(f"#shelf button[aria-pressed=true][data-address^='{name}:0:']").wait_for()


SECTIONS = {
    "grid": "#pictures .made img",
    "layers": "#layers article",
    "sliders": "#stops-1 img",
    "between": "#walk .film img",
    "find": "#search p",
    "copied": "#neighbours img",
    "game": "#game .question img",
    "modes": "#modes .classes li",
}


@pytest.mark.parametrize(("language", "size"), [("ko", (390, 844)), ("en", (1920, 1080))])
def test_the_page_opens_with_sixteen_verdicts_and_every_section_shows_something_at_once(look, language, size):
    page = look(language, tab="noise", size=size, untouched=True)
    assert page.evaluate("document.documentElement.lang") == language
    assert len(set(sources(page))) > 1
    captions = page.locator("#pictures figcaption").all_inner_texts()
    assert len(captions) == 16
    assert all("%" in caption for caption in captions)
    assert page.locator("#pictures .best").count() == page.locator("#pictures .worst").count() == 1
    word = "판별자" if language == "ko" else "discriminator"
    assert word in page.locator("#pictures .legend").inner_text()
    assert page.locator("#pictures img").first.evaluate("x => getComputedStyle(x).imageRendering") == "pixelated"
    for name, shown in SECTIONS.items():
        open_section(page, "noise", name)
        page.wait_for_selector(shown, timeout=90_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], name
    assert not page.locator(".toast-body.error").count()


def test_a_seed_names_its_pictures_to_every_visitor(look):
    page, first = begin(look)
    fill(page, "noise-seed", 5)
    assert not set(first) & set(sources(page, "mnist:5:0"))
    fill(page, "noise-seed", 0)
    assert sources(page) == first
    assert begin(look, "ko")[1] == first


def test_the_dice_give_a_new_seed_and_new_pictures(look):
    page, first = begin(look)
    page.locator("#dice").click()
    page.wait_for_function("src => document.querySelector('#pictures .made img')?.src !== src", arg=first[0])
    expect(page.locator("#noise-seed input")).not_to_have_value("0")
    seed = page.locator("#noise-seed input").input_value()
    assert not set(first) & set(sources(page, f"mnist:{seed}:0"))


def test_a_hundred_pictures_fit_a_phone(look):
    page, _ = begin(look, "ko", size=(390, 844))
    fill(page, "noise-count", 100)
    sources(page, count=100)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#pictures img").first.bounding_box()["width"] >= 50


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


def wait_for_held(page, picture):
    page.wait_for_function("src => document.querySelector('#held .held img')?.src === src", arg=picture)


def hold(page, number, pictures):
    """Click one of the pictures, and see it held."""
    page.locator("#pictures button").nth(number).click()
    wait_for_held(page, pictures[number])


def shelf(page):
    """The codes of the pictures on the shelf."""
    buttons = page.locator("#shelf button[data-act=hold]")
    return buttons.evaluate_all("buttons => buttons.map(button => button.dataset.address)")


def test_a_click_holds_a_picture_and_its_code_brings_it_back_elsewhere(look):
    """So does its address, which `test_tabs_page.py` follows."""
    page, pictures = begin(look)
    before = shelf(page)
    hold(page, 11, pictures)
    expect(page.locator(CODE)).to_have_value("mnist:0:11")
    expect(page.locator("#shelf button[aria-pressed=true]")).to_have_attribute("data-address", "mnist:0:11")
    assert shelf(page) == [*before, "mnist:0:11"][-8:]
    expect(page.locator("#held .links a").first).to_have_attribute("href", "?picture=mnist:0:11")

    other, _ = begin(look, "ko")
    enter(other, "mnist:0:9")
    wait_for_held(other, pictures[9])
    field = other.locator(CODE)
    field.fill("mnist:zero:9")
    field.press("Enter")
    other.wait_for_selector("text=그림 코드가 아닙니다")
    assert held(other) == pictures[9]


def test_a_look_at_the_list_of_runs_leaves_the_held_picture_alone(look):
    page, pictures = begin(look)
    hold(page, 10, pictures)
    expect(page.locator("#shelf button[aria-pressed=true]")).to_have_attribute("data-address", "mnist:0:10")
    before = shelf(page)
    look_at_list(page, "noise-run", "alpha")
    assert held(page) == pictures[10]
    assert shelf(page) == before
    assert "mnist:0:10" in before


def test_pictures_are_held_with_the_keyboard_alone_and_the_focus_stays(look):
    page, pictures = begin(look)
    page.locator("#pictures button").nth(4).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait_for_held(page, pictures[5])
    settle(page)
    assert page.evaluate("document.activeElement.dataset.address") == "mnist:0:5"
    expect(page.locator("#pictures button[aria-pressed=true]")).to_have_attribute("data-address", "mnist:0:5")


def test_a_slider_moves_the_picture_and_what_it_became_can_be_held(look):
    page, _ = begin(look)
    open_section(page, "noise", "sliders")
    page.wait_for_selector("#stops-6 img")
    settle(page)
    before = page.locator("#moved img").get_attribute("src")
    page.locator("#stops-1 button").last.click()
    page.wait_for_function("src => document.querySelector('#moved img').src !== src", arg=before)
    expect(page.locator("#slider-1 input[type=number]")).to_have_value("6")
    moved = page.locator("#moved img").get_attribute("src")
    page.locator("#sliders-keep").click()
    wait_for_held(page, moved)
    expect(page.locator(CODE)).to_have_value(re.compile("^mnist:z:"))
    page.wait_for_function("document.querySelector('#slider-1 input[type=number]').value === '0'")


def test_a_walk_and_a_sum_are_there_at_once_and_can_be_changed(look):
    page, _ = begin(look)
    open_section(page, "noise", "between")
    page.wait_for_selector("#walk .film img")
    settle(page)
    assert page.locator("#walk .frames.slerp button").count() == 12
    assert page.locator("#walk a[download$='.gif']").get_attribute("href").startswith("data:image/gif")
    before = page.locator("#walk .film img").first.get_attribute("src")
    page.locator("#between-end").get_by_label("4", exact=True).check()
    page.wait_for_function("src => document.querySelector('#walk .film img').src !== src", arg=before)
    total = page.locator("#equation button img").get_attribute("src")
    page.locator("#side-a").get_by_label("3", exact=True).check()
    page.wait_for_function("src => document.querySelector('#equation button img').src !== src", arg=total)


def test_a_five_is_found_only_when_someone_asks_and_every_page_in_line_gets_its_turn(look, visit):
    page, _ = begin(look)
    others = [visit(), begin(look, "ko")[0]]
    for each in (page, *others):
        open_section(each, "noise", "find")
        expect(each.locator("#search")).to_contain_text(word(each, "noise.find.empty").split(".")[0].split("‘")[0])
        assert each.locator("#search img").count() == 0
    for each in (page, *others):
        each.locator("#find-go").click()
    others[0].close()  # searching, in line, or just before either
    for each in (page, others[1]):
        expect(each.locator("#search .answer")).to_contain_text(
            word(each, "noise.find.found.class").split("{")[0], timeout=60_000
        )
        expect(each.locator("#find-another")).to_be_enabled()
    found = page.locator("#search .search img").first.get_attribute("src")
    page.locator("#find-another").click()
    page.wait_for_function("src => document.querySelector('#search .search img').src !== src", arg=found)
    expect(page.locator("#find-go")).to_be_enabled(timeout=60_000)


def test_a_drawing_is_searched_for_and_the_search_can_be_stopped(look):
    page, _ = begin(look)
    open_section(page, "noise", "find")
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
    for button in ("#find-go", "#find-go", "#find-another"):
        page.locator(button).click()
        page.wait_for_function("!document.querySelector('#find-stop').disabled")
        page.locator("#find-stop").evaluate("button => button.click()")  # nothing happens if the search has just ended
        expect(page.locator("#find-go")).to_be_enabled()
        settle(page)
        expect(page.locator("#search .answer")).not_to_contain_text("Searching")
        assert page.locator("#find-go").is_enabled()  # no answer has come after the last
    page.locator("#find-keep").click()
    page.wait_for_function("document.querySelector('#held-code input, #held-code textarea').value.includes(':z:')")


def test_a_run_made_meanwhile_is_offered_and_its_game_is_played_with_the_keyboard_while_everyone_sees_the_score(
    look, added
):
    page, _ = begin(look, "ko")
    projector, _ = begin(look)
    quiz_run(added, "played")
    choose_new(page, "played")
    sources(page, "played:0:0")
    open_section(page, "noise", "game")
    settle(page)  # until then it may be a game on another run that is answered
    for number in range(10):
        page.wait_for_function(
            "n => document.querySelector('#game .question')"
            " && document.querySelectorAll('#game .dots .done').length === n",
            arg=number,
        )
        page.keyboard.press("f" if number % 2 else "r")
    page.wait_for_selector("#game .opinions")
    assert page.locator("#game .opinions figure").count() == 10
    page.locator("#next-round").click()
    page.wait_for_selector("#game .question")

    choose_new(projector, "played")
    open_section(projector, "noise", "game")
    settle(projector)
    everyone = projector.get_by_label("Everyone's scores")
    everyone.check()
    projector.wait_for_selector("#board table tr:nth-child(2)")
    expect(projector.locator("#board table tr")).to_have_count(2)
    everyone.uncheck()  # or it would go on asking when the run is gone
    for each in (page, projector):
        open_section(each, "noise", "grid")
        enter(each, START)


def test_a_run_that_vanished_is_a_sentence(look, added):
    page, _ = begin(look)
    run = small_run(added, "fleeting")
    choose_new(page, "fleeting")
    run.delete()
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
