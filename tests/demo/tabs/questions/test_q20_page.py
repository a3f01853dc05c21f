"""Question 20's small duel in the app: it runs in the page, asks the server for nothing, and nothing gets stuck."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from demo.tabs.questions import q20_api, q20_session
from demo.tabs.questions.q20_presets import PRESETS
from demo.ui.i18n import words
from gan.errors import UserError
from tests.browser import expect, open_section, open_tab, settle


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
DUEL = "document.querySelector('#duel .duel').duel"


def begin(look, language="en", **options):
    """The section with a new duel of the first lesson, which rests; from here on nothing is asked of the server."""
    page = look(language, tab="questions", **options)
    open_tab(page, "questions")
    open_section(page, "questions", "q20")
    page.wait_for_selector("#duel dd")
    settle(page)
    if page.locator("#duel [data-running]").count():
        page.locator("#duel-run").click()
    for name, value in (("preset", "balanced"), ("data", "ring"), ("speed", "normal")):
        choose(page, name, value)
        if name == "preset" and page.locator("#duel [data-running]").count():
            page.locator("#duel-run").click()
    page.locator("#duel-again").click()
    expect(page.locator("#duel dd").first).to_have_text("0")
    page.traffic.asked.clear()
    return page


def choose(page, name, value):
    field = page.locator(f"#duel-{name} input[value={value}]")
    if not field.is_checked():
        field.check()
    page.wait_for_function(f"([name, value]) => {DUEL}.now[name] === value", arg=[name, value])  # it has been heard


def rounds(page):
    return int(page.locator("#duel dd").first.inner_text().replace(",", ""))


def wait_for_rounds(page, least):
    page.wait_for_function(
        "least => Number(document.querySelector('#duel dd').textContent.replace(',', '')) >= least", arg=least
    )


def rest(page):
    """Let the duel, which runs, rest; it has asked the server for nothing."""
    page.locator("#duel-run").click()
    expect(page.locator("#duel [data-running]")).to_have_count(0)
    assert not page.traffic.asked


def ink(page, selector):
    """How many pixels of a canvas are not of its first pixel's colour."""
    return page.evaluate(
        """(selector) => {
          const canvas = document.querySelector(selector);
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const pixels = new Uint32Array(data.buffer);
          return pixels.filter((each) => each !== pixels[0]).length;
        }""",
        selector,
    )


@browser
@pytest.mark.parametrize(("language", "size"), [("ko", (390, 844)), ("en", (1366, 768))])
def test_it_runs_in_the_page_without_the_server_and_fits_a_phone(look, language, size):
    page = begin(look, language, size=size)
    said = page.locator("#duel-says").inner_text()
    run = page.locator("#duel-run")
    page.context.set_offline(True)
    try:
        run.click()
        expect(run).to_have_text(words(language)["questions.q20.pause"])
        wait_for_rounds(page, 60)
        rest(page)
        expect(run).to_have_text(words(language)["questions.q20.run"])
    finally:  # the page's window is lent to other tests
        page.context.set_offline(False)
    assert page.locator("#duel-says").inner_text() not in ("", said)
    expect(page.locator("#duel-curves .chart")).to_have_count(3)
    for figure in (".plane:not(.best)", ".best"):
        assert ink(page, f"#duel {figure} canvas") > 1000
    assert "{" not in page.locator("#duel").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@browser
def test_single_steps_say_who_learned_and_leaving_the_section_rests(look):
    page = begin(look)
    weights = f"[{DUEL}.gan.g, {DUEL}.gan.d].map((network) => network.weights.reduce((sum, each) => sum + each))"
    learned = {"one": [True, True], "only_d": [False, True], "only_g": [True, False]}
    for count, (button, who) in enumerate(learned.items(), 1):
        before = page.evaluate(weights)
        page.locator(f"#duel-{button}").click()
        expect(page.locator("#duel dd").first).to_have_text(str(count))
        assert [a != b for a, b in zip(before, page.evaluate(weights), strict=True)] == who
    page.locator("#duel-run").click()
    wait_for_rounds(page, 10)
    open_section(page, "questions", "q1")
    page.wait_for_selector("#upsample image")
    page.wait_for_function(f"!{DUEL}.running && !{DUEL}.asked")
    stood = page.evaluate(f"{DUEL}.gan.rounds")
    open_section(page, "questions", "q20")
    page.get_by_role("button", name=words("en")["questions.q20.run"], exact=True).wait_for()
    settle(page)
    assert page.evaluate(f"{DUEL}.gan.rounds") == stood


@browser
@pytest.mark.parametrize("preset", PRESETS)
def test_a_lesson_starts_at_once_and_sets_the_controls(look, preset):
    lesson, page = PRESETS[preset], begin(look)
    if preset == "balanced":
        choose(page, "preset", "grid")
    choose(page, "preset", preset)
    wait_for_rounds(page, lesson.alone + 1)
    for name in ("loss", "data", "hold"):
        expect(page.locator(f"#duel-{name} input[value={getattr(lesson, name)}]")).to_be_checked()
    config = page.evaluate(f"{DUEL}.gan.config")
    assert [config[name] for name in ("loss", "descent", "rateG", "rateD")] == [
        getattr(lesson, name) for name in ("loss", "descent", "rate_g", "rate_d")
    ]
    assert page.evaluate(f"{DUEL}.gan.history.slice(0, 3).map((turn) => turn.number)")[0] < 5
    expect(page.locator("#duel-about strong").first).to_be_visible()
    expect(page.locator("#duel figure:visible canvas")).to_have_count(1 if lesson.data == "hills" else 2)
    expect(page.locator("#duel-tries button:visible")).to_have_count(len(lesson.tries))
    rest(page)
    for name, then in lesson.tries.items():
        page.locator(f"#duel-try-{name}").click()
        page.wait_for_function(f"{DUEL}.gan.config.rateG === {then.rate_g} && {DUEL}.gan.config.loss === '{then.loss}'")
        expect(page.locator(f"#duel-loss input[value={then.loss}]")).to_be_checked()
        expect(page.locator("#duel-hold input[value=none]")).to_be_checked()
        rest(page)


@browser
def test_training_d_to_its_best_stops_by_itself_and_leaves_the_generator(look):
    page = begin(look)
    choose(page, "data", "hill")
    before, off = page.evaluate(f"[[...{DUEL}.gan.g.weights], {DUEL}.view.off]")
    page.locator("#duel-best").click()
    expect(page.locator("#duel [data-running]")).to_have_count(1)
    wait_for_rounds(page, 1)
    page.evaluate(f"{DUEL}.alone = 40")  # of the 400 that it may take, which is long on a busy machine
    expect(page.locator("#duel [data-running]")).to_have_count(0)
    assert page.evaluate(f"{DUEL}.view.off") < off / 2
    assert page.evaluate(f"[...{DUEL}.gan.g.weights]") == before
    assert not page.traffic.asked


@browser
def test_it_pauses_by_itself_where_nobody_touches_it_or_where_it_blows_up(look):
    page = begin(look)
    page.locator("#duel-run").click()
    wait_for_rounds(page, 5)
    page.evaluate(f"{DUEL}.touched -= 301_000")
    page.get_by_role("button", name=words("en")["questions.q20.run"], exact=True).wait_for()
    page.evaluate(f"{DUEL}.gan.d.weights.fill(1e30)")
    page.locator("#duel-run").click()
    expect(page.locator("#duel-says")).to_have_text(words("en")["questions.q20.says.blown_up"])
    expect(page.locator("#duel [data-running]")).to_have_count(0)
    assert not page.traffic.asked


@browser
def test_what_is_said_follows_from_the_numbers(look):
    page = begin(look)

    def said(real, fake, gradient, *, hold="none", **changed):
        page.evaluate(
            f"""({{ real, fake, gradient, hold, changed }}) => {{
              const duel = {DUEL};
              duel.gan.history = [{{ dReal: real, dFake: fake, gradG: gradient, lossD: 0, lossG: 0, number: 1 }}];
              duel.gan.config.descent = changed.descent ?? "adam";
              Object.assign(duel.view, changed);
              duel.now.hold = hold;
              duel.showWords();
            }}""",
            {"real": real, "fake": fake, "gradient": gradient, "hold": hold, "changed": changed},
        )
        text = page.locator("#duel-says").inner_text()
        beginning = "questions.q20.says."
        sentences = {key: re.escape(text) for key, text in words("en").items() if key.startswith(beginning)}
        shapes = {key: re.sub(r"\\\{\w+\\\}", r"[\\d.]+", sentence) for key, sentence in sentences.items()}
        (key,) = (key for key, shape in shapes.items() if re.fullmatch(shape, text))
        return key.removeprefix(beginning)

    assert said(0.99, 0.01, 0.001, descent="sgd") == "no_gradient"
    assert said(0.99, 0.01, 0.001) == "tiny"
    assert said(0.99, 0.01, 5.0) == "sure"
    assert said(0.99, 0.97, 0.1, hold="d") == "fooled"
    assert said(0.8, 0.3, 0.1) == "fight"
    assert said(0.51, 0.49, 0.1, divergence=0.01) == "balance"
    assert said(0.51, 0.49, 0.1, divergence=0.3) == "lazy"


def with_pad(look):
    """(page, its pad, on which nothing is drawn)."""
    page = begin(look)
    choose(page, "data", "drawn")
    canvas = page.locator("#duel-pad canvas[data-ready]")
    canvas.wait_for()
    page.locator("#duel-pad .tools button").click()
    return page, canvas


CENTRES = f"[...{DUEL}.gan.points.centres]"


@browser
def test_points_are_drawn_by_hand(look):
    page, canvas = with_pad(look)
    before = page.evaluate(CENTRES)
    assert len(before) == 240  # an empty pad changes nothing: the ring
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 60, steps=8)
    page.mouse.up()
    page.wait_for_function(f"{CENTRES}.length !== 240")
    y = page.evaluate(CENTRES)[1::2]
    assert min(y) > 0.5  # in the upper part
    page.locator("#duel-run").click()
    wait_for_rounds(page, 10)
    rest(page)


@browser
def test_dots_are_drawn_by_keyboard(look):
    page, canvas = with_pad(look)
    page.keyboard.press("Tab")
    canvas.focus()
    expect(page.locator("#duel-pad output")).to_have_text(words("en")["noise.find.pad.keys"])
    for way in ("ArrowLeft", "ArrowRight"):
        for _ in range(10):
            page.keyboard.press(way)
        page.keyboard.press("Space")
        page.keyboard.press("Space")
    expect(page.locator("#duel-pad output")).to_have_text(words("en")["noise.find.pad.up"])
    x = page.evaluate(CENTRES)[0::2]
    left, middle = ([each for each in x if abs(each - at) < 0.2] for at in (-1.07, 0))
    assert left
    assert middle
    assert len(left) + len(middle) == len(x)
    assert not page.traffic.asked


@browser
def test_a_seed_repeats_a_duel_and_settings_change_while_it_runs(look):
    page = begin(look)
    seen = []
    for _ in range(2):
        page.locator("#duel-again").click()
        for _ in range(3):
            page.locator("#duel-one").click()
        expect(page.locator("#duel dd").first).to_have_text("3")
        seen.append(page.evaluate(f"{DUEL}.gan.history"))
    assert seen[0] == seen[1]
    page.locator("#duel-run").click()
    choose(page, "loss", "hinge")
    page.wait_for_function(f"{DUEL}.gan.config.loss === 'hinge'")
    choose(page, "hold", "d")
    wait_for_rounds(page, 10)
    rest(page)
    choose(page, "loss", "bce")
    choose(page, "hold", "none")


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
