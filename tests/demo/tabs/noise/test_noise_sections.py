"""What can be done with a held picture: the sections of the Noise to image tab, without a browser."""

import asyncio
import io
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from demo.server import model_cache
from demo.tabs.noise import activations, interpolation, mode_coverage, nearest_neighbours, real_or_fake, selection
from demo.tabs.noise import directions as sliders
from demo.tabs.noise import inversion as find
from demo.tabs.noise.leaderboard import LESSON, Scores
from demo.tabs.noise.samples import picture_of
from demo.ui import drawing_pad
from gan.core.checkpoint import load_networks, save_weights
from gan.core.latent import noise
from gan.core.losses import LOSSES
from gan.errors import UserError
from gan.images import to_tensor
from gan.inference.sample_id import of_vector
from gan.runs.run import Run
from tests import small_runs
from tests.small_runs import small_run

pytestmark = pytest.mark.usefixtures("runs", "shipped")


@pytest.fixture
def quiz_run(runs):
    """A run that a game can be played on."""
    return small_runs.quiz_run(runs, "played")


# Layers


@pytest.mark.parametrize("loss", LOSSES)
def test_the_way_through_ends_in_the_discriminators_own_logit(runs, loss):
    run = small_run(runs, "alpha", loss=loss)
    answer, _ = activations.endpoint("alpha:2:3")
    generators, discriminators = load_networks(run)
    logit = discriminators["d"](generators["g"](noise(1, 8, 2, 3)))
    assert answer["logit"] == pytest.approx(logit.item(), abs=1e-5)
    assert answer["verdict"] == pytest.approx(LOSSES[loss].verdict(logit).item(), abs=1e-5)


@pytest.mark.parametrize(("size", "channels"), [(16, 1), (32, 3), (64, 3)])
def test_every_layer_is_there_with_its_size_and_its_code(runs, size, channels):
    small_run(runs, "alpha", size=size, channels=channels, data="cifar10" if channels == 3 else "mnist")
    answer, sheet = activations.endpoint("alpha:0:0")
    sides = [layer["shape"][1:] for layer in answer["layers"]]
    up = [[4 << i, 4 << i] for i in range(20) if 4 << i <= size]
    assert sides == [*up, *[[s, s] for s in reversed([side for side, _ in up[:-1]])], [1, 1]]
    assert answer["layers"][len(up) - 1]["shape"][0] == channels
    assert all(layer["code"][0].startswith("nn.Conv") for layer in answer["layers"])
    assert sheet.width > 16
    html = activations.page(picture_of("alpha:0:0"), "ko")
    assert html.count("<article>") == len(answer["layers"]) + 1
    assert "nn.ConvTranspose2d(8, " in html


# Sliders


def test_moving_by_zero_changes_nothing(run):
    for method in ("sefa", "ganspace"):
        answer, image = sliders.move_endpoint("alpha:2:3", [0, 0.0], method)
        assert answer["picture"] == "alpha:2:3"
        expected = picture_of("alpha:2:3").image[0]
        assert torch.equal(to_tensor(image)[0].long(), expected.long())
    assert sliders.take({"held": "alpha:2:3", "shelf": []}, "sefa", 1, 0, *[0] * 6)["held"] == "alpha:2:3"


def test_moving_adds_the_directions_and_the_raw_number(run):
    shown = picture_of("alpha:2:3")
    vectors, _ = sliders.found(run, "sefa")
    z = sliders.moved(shown, "sefa", [1.5, 0, -2], 4, 0.5)
    expected = shown.z + 1.5 * vectors[0] - 2 * vectors[2]
    expected[3] += 0.5
    torch.testing.assert_close(z, expected)
    answer, _ = sliders.move_endpoint("alpha:2:3", [1.5, 0, -2], "sefa")
    assert answer["picture"] != "alpha:2:3"
    assert load_networks(run)[1] is not None


@pytest.mark.parametrize(
    ("amounts", "method", "says"),
    [
        ([99], "sefa", "can be moved by -6 to 6"),
        ([float("nan")], "sefa", "can be moved by -6 to 6"),
        ([1] * 7, "sefa", "There are 6 directions"),
        ([1], "magic", "choose one of sefa, ganspace"),
        ("far", "sefa", "a list of numbers"),
        ([None], "sefa", "a list of numbers"),
    ],
)
def test_a_move_that_cannot_be_is_refused(run, amounts, method, says):
    with pytest.raises(UserError, match=says):
        sliders.move_endpoint("alpha:0:0", amounts, method)


def test_a_short_vector_has_fewer_sliders(runs):
    small_run(runs, "alpha", latent=2)
    desk_now = {"held": "alpha:0:0", "shelf": []}
    outputs = sliders.show(desk_now, "sefa", None)
    assert sum(slider.visible for slider in outputs[3 : 3 + sliders.COUNT]) == 2
    answer, _ = sliders.move_endpoint("alpha:0:0", [1, 1], "sefa")
    assert answer["picture"] != "alpha:0:0"


def test_a_slider_is_called_by_what_it_changes():
    from gan.analysis.directions import Effect

    effect = Effect({"brightness": 0.9, "width": -2.0, "height": 0.1, "slant": 0.2}, 0.5)
    assert sliders.name(effect, 1, "en") == "1 · narrower, brighter"
    assert sliders.name(effect, 1, "ko") == "1 · 더 좁게, 더 밝게"
    assert "subtle" in sliders.name(Effect({"brightness": 0.1, "width": 0.2}, None), 2, "en")
    # what changes the class of most pictures is not subtle, whatever the measures say
    assert sliders.name(Effect({"brightness": 0.1}, 0.84), 2, "en") == "2 · another class"
    assert sliders.name(effect._replace(turns=0.84), 1, "en") == "1 · another class, narrower, brighter"
    assert sliders.name(Effect({"brightness": 0.1}, 0.3), 2, "en") == "2 · sometimes another class"
    assert sliders.name(effect._replace(turns=0.2), 1, "en") == "1 · narrower, brighter"
    # no two sliders have the same name
    assert sliders.names([effect, Effect({}, None), effect], "en") == [
        *("1 · narrower, brighter", "2 · a subtle change", "3 · narrower, brighter (2)")
    ]


# Between


def test_a_walk_begins_and_ends_at_its_pictures(run):
    a, b = picture_of("alpha:0:0"), picture_of("alpha:0:1")
    for way in ("slerp", "lerp"):
        one = interpolation.walk(a, b, 9, way)
        assert torch.equal(one.images[0], a.image)
        assert torch.equal(one.images[-1], b.image)
        assert len(one.images) == 9
    assert interpolation.walk(a, b, 9, "lerp").lengths[4] < interpolation.walk(a, b, 9, "slerp").lengths[4]


def test_the_film_goes_there_and_back():
    images = torch.arange(8, dtype=torch.uint8).view(8, 1, 1, 1).expand(8, 1, 32, 32) * 30
    with Image.open(io.BytesIO(interpolation.film(images))) as film:
        assert film.size == (192, 192)
        shades = []
        for frame in range(film.n_frames):
            film.seek(frame)
            shades.append(film.convert("L").getpixel((96, 96)))
        assert film.info["loop"] == 0
    assert shades == [30 * i for i in (0, 1, 2, 3, 4, 5, 6, 7, 6, 5, 4, 3, 2, 1)]


def test_a_colour_film_keeps_its_colours():
    images = torch.zeros(8, 3, 64, 64, dtype=torch.uint8)
    images[:, 0] = 25 * torch.arange(8, dtype=torch.uint8)[:, None, None]
    with Image.open(io.BytesIO(interpolation.film(images))) as film:
        film.seek(4)
        assert film.convert("RGB").getpixel((90, 90)) == (100, 0, 0)


def test_arithmetic_with_itself_gives_the_picture_back(run):
    answer, image = interpolation.arithmetic_endpoint(["alpha:0:0"], ["alpha:0:0"], ["alpha:0:1"])
    expected = picture_of("alpha:0:1")
    assert answer["verdict"] == pytest.approx(expected.verdict, abs=1e-3)
    pixels = to_tensor(image)[0].long()
    assert (pixels - expected.image[0].long()).abs().max() <= 1  # the code rounds to half precision


def test_two_runs_have_no_way_between_them(runs, run):
    small_run(runs, "beta")
    with pytest.raises(UserError, match="two runs"):
        interpolation.interpolate_endpoint("alpha:0:0", "beta:0:0", 8, "slerp")
    with pytest.raises(UserError, match="several runs"):
        interpolation.arithmetic_endpoint(["alpha:0:0"], ["beta:0:0"], ["alpha:0:1"])


@pytest.mark.parametrize(("steps", "way"), [(7, "slerp"), (33, "slerp"), (8.5, "slerp"), (None, "lerp"), (8, "jump")])
def test_a_walk_that_cannot_be_is_refused(run, steps, way):
    with pytest.raises(UserError, match="choose"):
        interpolation.interpolate_endpoint("alpha:0:0", "alpha:0:1", steps, way)


@pytest.mark.parametrize("sides", [([], ["alpha:0:0"], ["alpha:0:1"]), ("alpha:0:0", ["alpha:0:0"], ["alpha:0:1"])])
def test_arithmetic_needs_lists_with_something_in_them(run, sides):
    with pytest.raises(UserError):
        interpolation.arithmetic_endpoint(*sides)


def test_what_is_said_of_the_straight_line_is_measured():
    fashion, digits = Run.open("fashion-mnist"), Run.open("mnist")
    pale = interpolation.paleness(fashion.folder, model_cache.stamp(fashion))
    assert 0.75 < pale < 0.95  # clothes lose contrast there; digits do not
    assert 0.97 < interpolation.paleness(digits.folder, model_cache.stamp(digits)) < 1.1
    assert "choose the run fashion-mnist" in interpolation.fading("en")  # where the lesson is to be seen


# Find


def test_a_drawing_is_read_and_nothing_else_is():
    image = Image.new("RGB", (40, 40), "black")
    image.paste("white", (10, 10, 30, 30))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    import base64

    data = base64.b64encode(buffer.getvalue()).decode()
    assert drawing_pad.decode(f"data:image/png;base64,{data}").size == (40, 40)
    for bad in ("", "x", "data:image/png;base64,", "data:image/png;base64,@@@", f"data:text/html;base64,{data}"):
        assert drawing_pad.decode(bad) is None
    assert drawing_pad.decode(f"data:image/png;base64,{data[:60]}") is None


def test_what_is_wanted_has_the_runs_own_form(runs):
    photo = Image.new("RGB", (100, 60), "white")
    photo.paste("black", (40, 10, 60, 50))
    digit = find.target_of(small_run(runs, "digits", size=32), photo)
    assert digit.shape == (1, 32, 32)
    assert digit[0, 16, 16] > 200 > 50 > digit[0, 0, 0]  # ink is white, paper black
    colour = find.target_of(small_run(runs, "colour", size=32, channels=3, data="cifar10"), photo)
    assert colour.shape == (3, 32, 32)
    grey = find.target_of(small_run(runs, "grey", data="fashion-mnist"), photo)
    assert grey.shape == (1, 16, 16)


def test_naming_needs_a_class_that_is_there(runs, run):
    small_run(runs, "own", data="cifar10", channels=3)
    with pytest.raises(UserError, match="no class 'zebra'"):
        find.endpoint("alpha", "zebra", None, 0)
    with pytest.raises(UserError, match="there are none"):
        find.endpoint("own", "5", None, 0)
    with pytest.raises(UserError, match="Upload a picture first"):
        find.endpoint("alpha", "", None, 0)
    with pytest.raises(UserError, match="Draw something"):
        find.wanted_of(run, "draw", None, "", None)


@pytest.mark.slow
def test_the_five_of_the_lecture_is_found():
    answer, way = find.endpoint("mnist", "5", None, 0)
    assert answer["verdict"] == "found"
    guess = picture_of(answer["picture"]).guess
    assert guess == ("5", pytest.approx(answer["score"], abs=0.01))  # one number of one picture
    assert way.height == 32
    assert all(later <= earlier for earlier, later in zip(answer["curve"], answer["curve"][1:], strict=False))


def a_visitor(name):
    return SimpleNamespace(session_hash=name, headers={}, query_params={})


def ask(visitor=None, which=3, attempts=None, another=False):
    return find.find("alpha", "name", which, "", None, attempts or {}, another, visitor)


def played(scene):
    """What a coroutine comes to; in a thread of its own, since the browser of other tests has a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, scene).result()


async def all_of(searching):
    return [answer async for answer in searching]


@pytest.fixture
def short(monkeypatch):
    """Searches of five steps."""
    from gan.analysis import inversion

    monkeypatch.setattr(inversion, "search_class", partial(inversion.search_class, steps=5, starts=2))


def test_a_search_can_be_left_in_the_middle(run, short):
    async def leave():
        searching = ask()
        await anext(searching)
        await searching.aclose()
        return (await anext(ask()))[0]  # nobody is in line any more

    assert "step 0 of 5" in played(leave())
    assert torch.is_grad_enabled()


def test_a_search_that_is_stopped_says_so_and_its_last_word_frees_the_buttons(run, short):
    visitor, other = a_visitor("a"), a_visitor("b")

    async def play():
        find.stop(visitor)  # of an earlier search that had ended just then
        searching = ask(visitor)
        page, _, _, go, another, halt = await anext(searching)
        assert "Searching from start 1: step 0 of 5" in page
        assert [each.interactive for each in (go, another, halt)] == [False, False, True]
        find.stop(other)
        assert "Searching" in (await anext(searching))[0]
        find.stop(visitor)
        ((page, address, attempts, go, another, halt),) = await all_of(searching)
        assert "Stopped" in page
        assert address.startswith("alpha:z:")
        assert attempts["verdicts"] == []  # it failed at nothing
        assert [each.interactive for each in (go, another, halt)] == [True, True, False]

    played(play())


def test_who_waits_knows_how_many_come_first_and_may_stop_or_leave(run, short):
    first, second, third, fourth = (a_visitor(name) for name in ("a", "b", "c", "d"))

    async def play():
        searching = ask(first)
        await anext(searching)
        waiting = ask(second)
        assert "before yours: 1" in (await anext(waiting))[0]
        stopped, behind = ask(third), ask(fourth)
        assert "before yours: 2" in (await anext(stopped))[0]
        assert "before yours: 3" in (await anext(behind))[0]
        find.stop(third)
        ((page, address, _, go, *_),) = await all_of(stopped)
        assert "Nothing has been searched for" in page
        assert address == ""
        assert go.interactive
        assert "before yours: 2" in (await anext(behind))[0]
        await waiting.aclose()  # its page was closed
        assert "before yours: 1" in (await anext(behind))[0]
        await all_of(searching)
        *_, last = await all_of(behind)
        assert last[1].startswith("alpha:z:")

    played(play())


def test_that_a_generator_cannot_is_said_only_after_several_starts(run, short):
    async def play():
        attempts, said, found = {}, [], []
        for start in range(4):
            *_, last = await all_of(ask(attempts=attempts, another=start > 0))
            attempts = last[2]
            said.append(re.search(r'class="answer"[^>]*>([^<]*)<', last[0])[1])
            found.append(last[1])
        assert attempts["verdicts"] == ["not yet"] * 4  # an untrained generator draws no digit
        return attempts, said, found

    attempts, said, found = played(play())
    assert [("Not found yet" in each, "probably cannot" in each) for each in said] == [
        (True, False),
        (True, False),
        (False, True),
        (False, True),
    ]
    assert "3 searches" in said[2]
    assert len(set(found)) == 4  # each from a start of its own
    *_, other = played(all_of(ask(which=4, attempts=attempts, another=True)))
    assert other[2]["verdicts"] == ["not yet"]  # another wish begins at the first start
    *_, again = played(all_of(ask(attempts=attempts)))
    assert again[1] == found[0]  # so does Find


def test_one_that_came_near_is_never_called_impossible(run, short):
    attempts = {"wish": ["alpha", "name", 3], "verdicts": ["not yet", "nearly", "not yet"]}
    *_, last = played(all_of(ask(attempts=attempts, another=True)))
    assert "Not found yet (searches so far: 4)" in last[0]


def test_the_section_begins_empty(run):
    _, _, page, found, attempts, _ = find.show(None, "alpha", "", None)
    assert "Nothing has been searched for" in page
    assert "<img" not in page
    assert (found, attempts) == ("", {})


# Copied


def test_a_training_picture_finds_itself_and_a_sample_does_not():
    answer, _ = nearest_neighbours.endpoint("mnist:0:0", "pixels", 3, 17)
    assert answer["indices"][0] == 17
    assert answer["distances"][0] == 0
    sample, sheet = nearest_neighbours.endpoint("mnist:0:0", "pixels", 3, -1)
    assert sample["distances"][0] > 0.01
    assert sheet.width == 4 * 34 - 2
    low, median, high = sample["typical_nearest"]
    assert 0 < low < median < high < sample["typical_class"][2]


def test_the_comparison_says_what_a_distance_means():
    now = {"held": "mnist:0:0", "shelf": []}
    html = nearest_neighbours.page(nearest_neighbours.Asked(now, True, 17), "features", "en")
    assert "this is a training picture" in html
    assert "Not an exact copy" in nearest_neighbours.page(nearest_neighbours.Asked(now, False, 0), "pixels", "en")


def test_without_the_data_it_says_how_to_get_it(runs):
    small_run(runs, "own", data="kmnist")
    html, button = nearest_neighbours.show({"held": "own:0:0", "shelf": []}, "held", "pixels", 0, None)
    assert "kmnist is not on this machine" in html
    assert button.visible
    small_run(runs, "folder", data="/nowhere")
    html, button = nearest_neighbours.show({"held": "folder:0:0", "shelf": []}, "held", "pixels", 0, None)
    assert "nowhere" in html
    assert not button.visible


@pytest.mark.parametrize(
    ("by", "k", "training"), [("taste", 3, -1), ("pixels", 0, -1), ("pixels", 51, -1), ("pixels", 3, 1e9)]
)
def test_a_comparison_that_cannot_be_is_refused(by, k, training):
    with pytest.raises(UserError):
        nearest_neighbours.endpoint("mnist:0:0", by, k, training)


# The game


def test_a_game_goes_from_early_to_late_and_counts(quiz_run):
    started = real_or_fake.start("played")
    assert real_or_fake.stages_of(quiz_run) == [10, 100, 1000]
    now, state = real_or_fake.round_of(quiz_run, 0, started["seed"]), started
    for number in range(10):
        state, page, *_ = real_or_fake.answer({}, "played", state, now.is_real[number], None)
        assert len(state["answers"]) == number + 1
    assert "You have 10 of 10 right" in page
    assert state["past"][0][:2] == [10, 10]
    state, page, *_ = real_or_fake.answer({}, "played", state, True, None)  # a click too many
    assert len(state["answers"]) == 10
    state, page, *_ = real_or_fake.go_on({}, "played", state, None)
    assert state["round"] == 1
    assert "Picture 1 of 10" in page
    assert "<td>10</td><td>1</td>" in real_or_fake.board("played", "en")


def test_two_answers_at_once_both_count_and_a_drawing_that_is_under_way_brings_nothing_back(quiz_run):
    """A visitor's events are handed one and the same game, and may be at work at the same time."""
    game, *_ = real_or_fake.show({}, "played", {}, None)
    both = [real_or_fake.answer({}, "played", game, says, None)[0] for says in (True, False)]
    drawn, page, *_ = real_or_fake.show({}, "played", game, None)
    assert game["answers"] == [True, False]
    assert all(each is game for each in (*both, drawn))
    assert "Picture 3 of 10" in page


def test_the_answers_are_not_in_the_page(quiz_run):
    html = real_or_fake.page(real_or_fake.start("played"), "en")
    assert html.count("<img") == 1
    assert not re.search(r"true|false|is_real", html, re.IGNORECASE)


@pytest.mark.parametrize("round", [1, 2, 3])
def test_the_quiz_endpoint_is_half_real(quiz_run, round):
    answer, sheet = real_or_fake.endpoint("played", round, 5)
    assert sum(answer["is_real"]) == 5
    assert answer["step"] == [10, 100, 1000][round - 1]
    assert sheet.size == (10 * 18 - 2, 16)
    assert real_or_fake.endpoint("played", round, 5)[0] == answer


@pytest.mark.parametrize(("round", "seed"), [(0, 0), (4, 0), (1, -1), (1.5, 0), (1, 2**31)])
def test_a_round_that_is_not_there_is_refused(quiz_run, round, seed):
    with pytest.raises(UserError, match="choose a whole number"):
        real_or_fake.endpoint("played", round, seed)


def test_a_run_without_samples_has_no_game_but_a_sentence(runs):
    small_run(runs, "fresh", lines=0)
    for path in (runs / "fresh" / "samples").glob("*"):
        path.unlink()
    state, page, *_ = real_or_fake.show({}, "fresh", {}, None)
    assert state == {}
    assert "no samples yet" in page


def test_scores_are_kept_for_a_lesson_and_of_one_run(monkeypatch):
    kept, clock = Scores(), [0.0]
    monkeypatch.setattr("demo.tabs.noise.leaderboard.time.monotonic", lambda: clock[0])
    kept.add("a", 100, 7, 8)
    kept.add("a", 10, 9, 4)
    kept.add("b", 10, 1, 1)
    assert {step: [s.person for s in of] for step, of in kept.of("a").items()} == {10: [9], 100: [7]}
    clock[0] = LESSON + 1
    kept.add("a", 10, 5, 5)
    assert {step: [s.person for s in of] for step, of in kept.of("a").items()} == {10: [5]}


# Modes


def test_a_collapse_is_called_by_its_name(runs):
    run = small_run(runs, "collapsed")
    generators, discriminators = load_networks(run)
    for name, weight in generators.named_parameters():
        if name.startswith("g.stages.0.0"):
            weight.zero_()  # whatever z says, nothing comes of it
    save_weights(run, generators, discriminators)
    (html,) = mode_coverage.show({"held": "", "shelf": []}, "collapsed", None)
    assert "Mode collapse: only 1 of 10" in html
    assert html.count('class="gone"') == 9
    assert mode_coverage.endpoint("collapsed", 100)["entropy"] == 0


def test_the_shipped_digits_have_all_ten():
    answer = mode_coverage.endpoint("mnist", 1000)
    assert answer["covered"] >= 9  # have 5 %; the 1 is rarer than in the set
    assert min(answer["shares"]) > 0.025
    assert sum(answer["counts"]) == 1000
    assert sum(answer["shares"]) == pytest.approx(1)


def test_the_shipped_collapse_is_one():
    answer = mode_coverage.endpoint("mnist-collapse", 1000)
    assert answer["covered"] < 6
    assert max(answer["shares"]) > 0.4
    assert answer["entropy"] < 2.5


def test_a_run_on_own_pictures_has_no_classes_but_a_sentence(runs):
    small_run(runs, "own", data="cifar10", channels=3)
    (html,) = mode_coverage.show({"held": "", "shelf": []}, "own", None)
    assert "no classifier" in html


# All of them


def test_every_section_shows_a_colour_run_in_both_languages(runs):
    small_run(runs, "own", data="cifar10", channels=3, size=64)
    now = selection.clear("own")
    for language in ("en", "ko"):
        assert selection.panel(now, language)
        assert activations.page(selection.held(now), language)
        assert sliders.strips(selection.held(now), "sefa", language)
        a, b = selection.numbered(now, [1, 2])
        assert interpolation.page(a, b, 8, language)
        assert interpolation.equation([a], [b], [a], language)


def test_a_written_vector_is_as_good_as_a_seed(run):
    z = noise(1, 8, 4, 2)[0]
    code = of_vector("alpha", z)
    assert (picture_of(code).image.int() - picture_of("alpha:4:2").image.int()).abs().max() <= 1
    activations.endpoint(code)
    nearest_neighbours.endpoint(code, "pixels", 2, -1)
    interpolation.interpolate_endpoint(code, "alpha:0:0", 8, "lerp")
