"""Question 20's small duel in the app: each visitor has one, it runs in the page, and nothing gets stuck."""

import base64
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from PIL import Image, ImageDraw

from demo.tabs.questions import q20_api, q20_equilibrium, q20_figures, q20_session
from demo.ui.i18n import say, words
from gan.errors import UserError
from tests.browser import expect, open_section, settle, slow_down


def values(**changed):
    lesson = q20_equilibrium.PRESETS["balanced"]
    usual = {name: getattr(lesson, name) for name in ("data", "loss", "descent", "rate_g", "rate_d", "hold")}
    more = {
        "preset": "balanced",
        "n_critic": 1,
        "seed": 0,
        "speed": "normal",
        "shows": ["real", "fake", "pull", "net"],
        "drawing": "",
    }
    return q20_equilibrium.Now(**(usual | more | changed))


REQUEST = None  # in English


def test_the_duels_thread_alone_has_one_thread():
    import torch

    usual, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)  # what a laptop has
    try:
        with ThreadPoolExecutor(1, initializer=q20_session._one_thread) as pool:
            assert pool.submit(torch.get_num_threads).result() == 1
        fresh = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
        fresh.start()
        fresh.join()
        assert (torch.get_num_threads(), *seen) == (2, 2)
    finally:
        torch.set_num_threads(usual)
    assert q20_session.in_turn(torch.get_num_threads) == 1


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("name", q20_equilibrium.PRESETS)
def test_every_lesson_shows_its_figures_in_words(name, language):
    lesson = q20_equilibrium.PRESETS[name]
    now = values(**{field: getattr(lesson, field) for field in ("data", "loss", "descent", "rate_g", "rate_d", "hold")})
    held = q20_session.new(lesson.data, "", now.config(), 5)
    q20_session.play(held, now.config(), now.hold, 5)
    q20_session.seen(held, now.hold, now.shows, language, curves=False)
    q20_session.play(held, now.config(), now.hold, 5)
    figure, curves = q20_session.seen(held, now.hold, now.shows, language, curves=True)
    assert "{" not in figure + curves
    assert figure.count("<figure") == (1 if lesson.data == "hills" else 2)
    assert curves.count('class="chart"') == 3
    assert say(language, "questions.q20.numbers.divergence") in figure


def test_what_is_said_follows_from_the_numbers():
    held = q20_session.new("ring", "", values().config())
    view = held.gan.look()
    words_en = words("en")

    def said(hold="none", late=None, **changed):
        held.gan.history = [late] if late else []
        text = q20_figures.comment(held.gan, view._replace(**changed), hold, "en")
        starts = {key: words_en[f"questions.q20.says.{key}"].split("{")[0] for key in KEYS}
        return [key for key in KEYS if text.startswith(starts[key])]

    KEYS = ("start", "fight", "no_gradient", "sure", "fooled", "balance", "lazy")
    from gan.toy.toy_gan import Turn

    assert said() == ["start"]
    assert "no_gradient" in said(late=Turn(1, 0, 0, 0.99, 0.01, 0.001))
    assert "sure" in said(late=Turn(1, 0, 0, 0.99, 0.01, 5.0))
    assert said("d", late=Turn(1, 0, 0, 0.99, 0.97, 0.1)) == ["fooled"]
    assert said(late=Turn(1, 0, 0, 0.8, 0.3, 0.1)) == ["fight"]
    assert said(late=Turn(1, 0, 0, 0.51, 0.49, 0.1), divergence=0.01) == ["balance"]
    text = q20_figures.comment(held.gan, view._replace(divergence=0.3), "none", "en")
    assert "need not" in text


def test_training_d_to_its_best_stops_by_itself():
    held, *_ = q20_equilibrium.to_best(REQUEST, None, *values(data="hill"))
    assert held.running
    before = [p.clone() for p in held.gan.g.parameters()]
    for _ in range(100):
        q20_equilibrium.tick(REQUEST, held, *values(data="hill", speed="fast"))
        if not held.running:
            break
    assert not held.running
    assert held.gan.look().off < 0.1
    assert all((a == b).all() for a, b in zip(before, held.gan.g.parameters(), strict=True))


def test_a_duel_left_alone_pauses_by_itself():
    held, *_ = q20_equilibrium.run(REQUEST, None, *values())
    held.touched = time.monotonic() - q20_equilibrium.REST - 1
    *_, button = q20_equilibrium.tick(REQUEST, held, *values())
    assert not held.running
    assert button.value == words("en")["questions.q20.run"]
    figure, *_ = q20_equilibrium.tick(REQUEST, held, *values())  # a page that has missed it is told
    assert "data-running" not in figure


def test_a_duel_that_was_cleared_away_comes_to_rest():
    figure, _, button = q20_equilibrium.tick(REQUEST, None, *values())
    assert "data-running" not in figure
    assert button.value == words("en")["questions.q20.run"]


@pytest.mark.slow
def test_thirty_visitors_each_have_their_own_and_all_are_answered():
    holders = [q20_equilibrium.run(REQUEST, None, *values(seed=seed))[0] for seed in range(30)]
    answered = [0] * 30

    def visit(number):
        for _ in range(2):
            figure, *_ = q20_equilibrium.tick(REQUEST, holders[number], *values(seed=number))
            assert "<figure" in figure
            answered[number] += 1

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(30)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert answered == [2] * 30
    assert q20_session._waiting == 0
    assert len({held.gan.history[0] for held in holders}) == 30


def drawing():
    image = Image.new("L", (280, 280))
    ImageDraw.Draw(image).line((40, 40, 240, 240), fill=255, width=12)
    with BytesIO() as file:
        image.save(file, "PNG")
        return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def test_a_drawing_is_data_and_what_is_no_drawing_is_refused_in_a_sentence():
    points = q20_session.points_of("drawn", drawing())
    assert len(points.centres) > 20
    assert (points.centres[:, 0] + points.centres[:, 1]).abs().max() < 0.3  # from the upper left to the lower right
    for bad in ("", "data:image/png;base64,????", "data:text/html;base64,AAAA", "data:image/png;base64,AAAA"):
        with pytest.raises(UserError, match="empty"):
            q20_session.points_of("drawn", bad)
    with pytest.raises(UserError, match="no points"):
        q20_session.points_of("../etc", "")


def test_the_endpoint_plays_and_refuses():
    answer = q20_api.endpoint("hill", "bce", 30, alone=20)
    assert answer["rounds"] == 50
    assert len(answer["points"]) == 160
    assert 0 <= answer["divergence"] <= 0.6932
    assert q20_api.endpoint("hill", "bce", 30, alone=20) == answer
    for bad in ({"rounds": 10**6}, {"rounds": 0}, {"hold": "x"}, {"data": "drawn"}, {"loss": "x"}, {"seed": -1}):
        with pytest.raises(UserError):
            q20_api.endpoint(**bad)


browser = pytest.mark.browser


def pause(page):
    """Let the duel, which runs, rest."""
    page.locator("#duel-run").click()
    expect(page.locator("#duel [data-running]")).to_have_count(0)
    settle(page)


def begin(look, language="en", **options):
    """The section with a new duel of the first lesson, which rests."""
    page = look(language, tab="questions", **options)
    open_section(page, "questions", "q1")
    settle(page)
    open_section(page, "questions", "q20")
    page.wait_for_selector("#duel figure")
    settle(page)  # a duel that was left rests
    lesson, ring = page.locator("#duel-preset input[value=balanced]"), page.locator("#duel-data input[value=ring]")
    if not lesson.is_checked():
        lesson.check()
        page.wait_for_selector("#duel [data-running]")
        pause(page)
    if not ring.is_checked():
        ring.check()
        settle(page)
    if rounds(page):
        page.locator("#duel-again").click()
        settle(page)
    return page


def rounds(page):
    return int(page.locator("#duel dl dd").first.inner_text().replace(",", ""))


def wait_for_rounds(page, least):
    page.wait_for_function(
        "least => Number(document.querySelector('#duel dl dd').textContent.replace(',', '')) >= least",
        arg=least,
        timeout=60_000,
    )


@browser
@pytest.mark.parametrize(("language", "size"), [("ko", (390, 844)), ("en", (1366, 768))])
def test_it_runs_in_the_page_and_pauses_and_fits_a_phone(look, language, size):
    page = begin(look, language, size=size)
    assert rounds(page) == 0
    page.locator("#duel-run").click()
    page.get_by_role("button", name=words(language)["questions.q20.pause"], exact=True).wait_for()
    wait_for_rounds(page, 30)
    begun, first = time.monotonic(), rounds(page)
    wait_for_rounds(page, first + 60)
    assert (rounds(page) - first) / (time.monotonic() - begun) > 2  # a quiet machine does 60
    page.locator("#duel-run").click()
    page.get_by_role("button", name=words(language)["questions.q20.run"], exact=True).wait_for()
    settle(page, 0.5)  # it would have asked twice
    expect(page.locator("#duel-curves .chart")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@browser
def test_single_steps_say_who_learned_and_leaving_the_section_rests(look):
    page = begin(look)
    for button, expected in (("one", 1), ("only_d", 2), ("only_g", 3)):
        page.locator(f"#duel-{button}").click()
        wait_for_rounds(page, expected)
        assert rounds(page) == expected
    page.locator("#duel-run").click()
    wait_for_rounds(page, 10)
    page.get_by_role("tab", name=words("en")["questions.q1.tab"]).click()
    page.wait_for_selector("#upsample image")
    settle(page, 0.5)


@browser
def test_a_lesson_starts_at_once_and_sets_the_controls(look):
    page = begin(look)
    page.locator("#duel-preset input[value=perfect]").check()
    wait_for_rounds(page, 301)
    expect(page.locator("#duel-loss input[value=saturating]")).to_be_checked()
    page.wait_for_function("document.querySelector('#duel p').textContent.includes('next to nothing')")
    expect(page.locator("#duel-about")).to_contain_text("perfect D")


def with_pad(look):
    """(page, its pad, on which nothing is drawn)."""
    page = begin(look)
    page.locator("#duel-data input[value=drawn]").check()
    canvas = page.locator("#duel-pad canvas[data-ready]")
    canvas.wait_for()
    page.locator("#duel-pad .tools button").click()
    settle(page)
    return page, canvas


@browser
def test_points_are_drawn_by_hand(look):
    page, canvas = with_pad(look)
    box = canvas.bounding_box()
    before = page.locator("#duel path.real").last.get_attribute("d")
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 60, steps=8)
    page.mouse.up()
    page.wait_for_function(
        "old => [...document.querySelectorAll('#duel path.real')].pop().getAttribute('d') !== old", arg=before
    )
    page.locator("#duel-run").click()
    wait_for_rounds(page, 10)


@browser
def test_dots_are_drawn_by_keyboard_and_none_is_lost_on_a_slow_line(look):
    page, canvas = with_pad(look)
    page.evaluate("window.usual = fetch")
    slow_down(page)
    page.keyboard.press("Tab")
    canvas.focus()
    expect(page.locator("#duel-pad output")).to_have_text(words("en")["noise.find.pad.keys"])
    for way in ("ArrowLeft", "ArrowRight"):
        for _ in range(10):
            page.keyboard.press(way)
        page.keyboard.press("Space")
        page.keyboard.press("Space")
    expect(page.locator("#duel-pad output")).to_have_text(words("en")["noise.find.pad.up"])
    page.wait_for_function(
        """() => { // left and in the middle, at a seventh and at half of 1000, and nowhere else
            const path = [...document.querySelectorAll('#duel path.real')].pop().getAttribute('d');
            const xs = [...path.matchAll(/M([0-9]+) /g)].map((match) => Number(match[1]));
            const near = (x) => xs.filter((other) => Math.abs(other - x) < 60).length;
            return near(143) > 0 && near(500) > 0 && near(143) + near(500) === xs.length;
        }"""
    )
    page.evaluate("window.fetch = usual")


@browser
@pytest.mark.parametrize("question", ["q20"])
def test_an_answer_brings_its_explanation_by_keyboard_too(look, question):
    page = begin(look)
    first = page.locator(f"#{question}-items fieldset").first
    assert not first.locator("p").first.is_visible()
    first.locator("input").first.focus()
    page.keyboard.press("Space")
    expect(first.locator("p").nth(0)).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(first.locator("p").nth(1)).to_be_visible()
    expect(first.locator("p").nth(0)).to_be_hidden()
