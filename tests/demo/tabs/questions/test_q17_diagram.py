"""Question 17's diagram: its stops follow a training round, its numbers are a round's, and it moves in the page."""

import re

import pytest

from demo.server import model_cache
from demo.tabs.questions import q17_diagram, q17_labels
from demo.tabs.questions.q17_layouts import HALF, NARROW, WIDE
from demo.ui.i18n import words
from gan.analysis.training_roles import teachers
from gan.errors import UserError
from tests.browser import open_section, settle, slow_down, speed_up

LAYOUTS = [WIDE, NARROW]


@pytest.mark.parametrize("run", ["herd", "herd-no-identity", "herd-no-cycle"])
def test_every_loss_of_a_round_has_its_stop_and_its_learners_are_those_of_the_code(run):
    config = model_cache.find(run).config
    stops = q17_labels.stops_of(config)
    losses = [stop.loss for stop in stops if stop.loss]
    taught = teachers(config)
    assert sorted(losses) == sorted({loss for each in taught.values() for loss in each})
    for kind, without in (("idt", ("herd-no-identity", "herd-no-cycle")), ("cycle", ("herd-no-cycle",))):
        assert any(loss.startswith(kind) for loss in losses) == (run not in without)
    for stop in stops:
        if stop.loss:
            assert set(q17_diagram.learners(stop, taught)) == {
                name for name, each in taught.items() if stop.loss in each
            }
    assert (stops[0].key, stops[-1].key) == ("draw", "sum")


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize(
    "stop", q17_diagram.stops(cycle=True, identity=True), ids=lambda stop: f"{stop.key}-{stop.side}"
)
def test_what_lights_up_is_there(stop, layout):
    assert set(stop.edges) <= set(layout.edges)
    assert set(stop.networks) <= set(layout.networks)
    assert set(stop.pictures) <= set(layout.pictures)
    if stop.key in ("translate", "cycle", "identity"):  # an arrow begins where its picture stands
        x, y = (float(v) for v in re.findall(r"-?[\d.]+", layout.edges[stop.edges[0]])[:2])
        near = layout.pictures[stop.pictures[0] if stop.key != "cycle" else stop.pictures[1]]
        assert abs(x - near[0]) <= HALF + 5
        assert abs(y - near[1]) <= HALF + 5


def test_the_numbers_shown_are_those_of_the_round():
    run = model_cache.find("herd")
    now = q17_labels.played(run, 0)
    stops = q17_labels.stops_of(run.config)
    for at, stop in enumerate(stops):
        html = q17_labels.page(run, 0, at, "en")
        assert "{" not in html.split("<svg")[0] + html.split("</svg>")[1]
        if stop.loss:
            assert f"<b>{now.record[stop.loss]:.3f}</b>" in html
    table = q17_labels.page(run, 0, len(stops) - 1, "en").split("<table>")[1]
    values = [float(v) for v in re.findall(r"<td>(\d+\.\d{3})</td>", table)]
    weights = [float(v) for v in re.findall(r"<td>× ([\d.]+)</td>", table)]
    losses = [stop for stop in stops if stop.loss]
    generators = [v * w for v, w, s in zip(values, weights, losses, strict=True) if s.key != "judge"]
    record, config = now.record, run.config
    total = record["loss_g"] + config.lambda_cycle * (record["cycle_a"] + record["cycle_b"])
    total += config.lambda_cycle * config.lambda_identity * (record["idt_a"] + record["idt_b"])
    assert sum(generators) == pytest.approx(total, abs=0.03)
    assert q17_labels.endpoint("herd")["losses"] == now.record


def test_a_picture_is_shown_only_once_it_has_been_made():
    run = model_cache.find("herd")
    counts = [q17_labels.page(run, 0, at, "ko").split("</svg>")[0].count('class="empty"') for at in range(12)]
    for at in range(12):  # nothing is drawn that does not lie in the page
        html = q17_labels.page(run, 0, at, "ko")
        drawn = set(re.findall(r'href="#round-(\w+)"', html))
        assert drawn <= set(re.findall(r'symbol id="round-(\w+)"', html))
    assert counts[:4] == [4, 3, 3, 2]
    assert counts[-1] == 0
    assert counts == sorted(counts, reverse=True)


def test_other_pictures_are_other_pictures_and_unknown_runs_are_refused():
    run = model_cache.find("herd")
    assert not (q17_labels.played(run, 0).pictures["real_a"] == q17_labels.played(run, 1).pictures["real_a"]).all()
    with pytest.raises(UserError, match="no run"):
        q17_labels.endpoint("../x")
    with pytest.raises(UserError):
        q17_labels.endpoint("herd", seed=-1)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("name", ["말", "plain animal", "eine sehr lange Schublade voller Katzen"])
def test_labels_stay_in_their_boxes(language, name, layout):
    sides = {"a": name, "b": "striped animal"}
    short, start = q17_labels.short(sides), q17_diagram.Stop("draw", "a", (), (), ())
    svg = q17_diagram.draw(start, (), set(), {}, short | q17_labels.labels(sides, language), "", layout)
    drawn = re.findall(r"<g .*?</g>", svg)
    for group, (network, (_, middle)) in zip(drawn, layout.networks.items(), strict=True):
        lines = re.findall(r'class="long"([^>]*) y="(\d+)">([^<]*)<', group)
        assert " ".join(line for *_, line in lines) == short[network.split()[0]]
        assert all(abs(int(y) - middle) <= layout.box[1] - 8 for _, y, _ in lines)
        for squeezed, _, line in lines:  # letters are no wider than their size, Latin ones not two thirds of it
            widest = layout.letter * sum(1 if ord(c) > 0x1100 and c != "→" else 0.66 for c in line)
            assert widest <= 2 * layout.box[0] or f'textLength="{layout.room}"' in squeezed
    assert all(label.count("\n") == 1 for key, label in q17_labels.labels(sides, language).items() if "idt" not in key)


browser = pytest.mark.browser


@browser
@pytest.mark.parametrize("language", ["ko", "en"])
def test_one_steps_through_the_round_and_it_plays_by_itself_and_stops(look, language):
    page = look(language, tab="questions", size=(390, 844) if language == "ko" else (1366, 768))
    open_section(page, "questions", "q17")
    page.wait_for_selector("#rounds-of svg:visible", timeout=60_000)
    heading = page.locator("#rounds-of h4")
    assert heading.inner_text().startswith("1 / 12")
    assert page.locator("#rounds-of .token").count() == 0
    page.locator("#q17-on").click()
    page.wait_for_selector("#rounds-of .token:visible")
    assert heading.inner_text().startswith("2 / 12")
    page.get_by_role("spinbutton", name=words(language)["questions.q17.at"]).fill("4")
    page.keyboard.press("Enter")
    page.wait_for_selector("#rounds-of .loss b")
    assert page.locator("#rounds-of .loss img").count() == 2
    page.locator("#q17-back").click()
    page.wait_for_function("document.querySelector('#rounds-of h4').textContent.startsWith('3 /')")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.get_by_role("spinbutton", name=words(language)["questions.q17.at"]).fill("1")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#rounds-of h4').textContent.startsWith('1 /')")
    page.evaluate("window.fast = true")
    page.locator("#q17-play").click()
    page.wait_for_function(  # the page itself stops it: a busy machine would come with its click when all was played
        """() => {
            const there = document.querySelector('#rounds-of h4').textContent.startsWith('3 /');
            if (there) document.querySelector('#q17-play').click();
            return there;
        }"""
    )
    page.wait_for_selector("#rounds-of .round:not([data-running])")
    settle(page, 2 * q17_labels.PACE / 10_000)
    page.evaluate("window.fast = false")
    assert not page.locator("#rounds-of h4").inner_text().startswith("12 /")  # it did not play on to its end


def rounds(look):
    """The page with the diagram open and at rest."""
    page = look(tab="questions")
    open_section(page, "questions", "q17")
    page.wait_for_selector("#rounds-of svg:visible", timeout=60_000)
    settle(page)
    return page


@browser
def test_an_answer_that_comes_late_does_not_play_on_after_stop(look):
    page = rounds(look)
    slow_down(page, 1500)
    page.evaluate("window.fast = true")
    page.locator("#q17-play").click()
    before = len(page.traffic.asked)
    page.wait_for_timeout(3 * q17_labels.PACE // 10)
    page.locator("#q17-play").click()  # while answers are on their way
    stopped = page.locator("#q17-at input[type=number]").input_value()
    speed_up(page)
    page.wait_for_timeout(5 * q17_labels.PACE // 10)
    settle(page)
    page.evaluate("window.fast = false")
    assert len(page.traffic.asked) > before
    assert page.locator("#q17-at input[type=number]").input_value() == stopped
    assert page.locator("#rounds-of h4").inner_text().startswith(f"{stopped} / 12")
    assert 1 < int(stopped) < 12


@browser
def test_a_stop_is_shown_as_long_as_is_meant(look):
    """A component's own values are lost where an answer comes before it is there: the pace stands in the script."""
    page = rounds(look)
    page.evaluate(
        """() => {
            const round = document.getElementById("rounds-of");
            const [next, since] = [round.next, () => performance.now() - window.began];
            window.stops = [];
            window.began = 0;
            round.next = (at) => (window.stops.push(since()), next(at));
        }"""
    )
    page.locator("#q17-play").click()
    page.evaluate("window.began = performance.now()")
    page.wait_for_function("window.stops.length === 2", timeout=60_000)
    page.locator("#q17-play").click()
    first, second = page.evaluate("window.stops")
    assert second - first == pytest.approx(q17_labels.PACE, rel=0.3)
    settle(page)
