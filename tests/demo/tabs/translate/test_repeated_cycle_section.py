"""The section that goes round and round: its numbers against `translate_through`, its strip, its animation."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from demo.tabs.translate import repeated_cycle as rounds
from demo.tabs.translate.selection import Held
from demo.ui.i18n import LANGUAGES
from gan.analysis import repeated_cycle as core
from gan.core.checkpoint import load_networks
from gan.errors import UserError
from gan.inference.translate import translate_through
from tests.small_cyclegan import small_cyclegan


@pytest.fixture
def fruit(runs):
    return small_cyclegan(runs, "fruit")


def picture(width=32, height=32, seed=0):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def apart(a, b):
    return np.abs(np.asarray(a, float) - np.asarray(b, float)).mean() / 255


def test_the_endpoint_agrees_with_the_same_picture_sent_through_all_generators(fruit, tmp_path):
    picture().save(tmp_path / "in.png")
    answer, last = rounds.endpoint("fruit", "BtoA", str(tmp_path / "in.png"), 3)
    generators, _ = load_networks(fruit)
    made = translate_through([generators["b2a"], generators["a2b"]] * 3, picture(), size=32)
    recs = [picture(), *made[1::2]]
    assert answer["errors"] == pytest.approx([apart(rec, recs[0]) for rec in recs[1:]], abs=1e-3)
    assert answer["changes"] == pytest.approx([apart(recs[i + 1], recs[i]) for i in range(3)], abs=2e-3)
    assert np.abs(np.asarray(last, int) - np.asarray(recs[3], int)).max() <= 1
    assert answer["changes"][0] == answer["errors"][0] > 0


def test_the_most_rounds_of_the_section_are_those_of_the_core():
    assert rounds.MAX_ROUNDS == core.MAX_ROUNDS


def test_each_generator_sees_each_round_once_however_the_slider_moves(fruit):
    calls = []
    now = Held(fruit, "AtoB", picture())
    there, back, *_ = now.networks
    for name, network in (("there", there), ("back", back)):
        network.register_forward_hook(lambda *_, name=name: calls.append(name))
    seen = {count: rounds.page(Held(fruit, "AtoB", picture()), count, "en") for count in (2, 5, 3)}
    assert calls == ["there", "back"] * 5
    assert seen[2] == rounds.page(now, 2, "en")
    rounds.page(Held(fruit, "AtoB", picture(seed=1)), 1, "en")
    assert len(calls) == 12


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [1, 4, 10])
def test_the_page_shows_the_original_and_two_pictures_a_round(fruit, language, count):
    now = Held(fruit, "AtoB", picture(80, 50))
    html = rounds.page(now, count, language)
    assert html.count("<img") == 1 + 2 * count
    assert len(set(re.findall(r'<img src="([^"]+)"', html))) == 1 + 2 * count
    assert len(set(re.findall(r'alt="([^"]+)"', html))) == 1 + 2 * count
    x, some = rounds.go(now, count)
    for error in core.errors(x, some):
        assert re.search(rf"\b{100 * error:.1f}\s?%", html)
    assert html.count("<polyline") == 4
    assert "{" not in html


def test_the_animation_begins_with_the_original_and_ends_with_the_last_way_back(fruit):
    html = rounds.page(Held(fruit, "AtoB", picture()), 3, "en")
    link = re.search(r'href="data:image/gif;base64,([^"]+)" download="fruit-AtoB-rounds.gif"', html)
    film = Image.open(io.BytesIO(base64.b64decode(link[1])))
    assert (film.n_frames, film.size) == (4, (128, 128))
    x, some = rounds.go(Held(fruit, "AtoB", picture()), 3)
    for at, expected in ((0, x), (3, some[2][1])):
        film.seek(at)
        frame = np.asarray(film.convert("RGB"), float)[2::4, 2::4]
        pixels = (expected[0].permute(1, 2, 0).numpy() + 1) * 127.5
        assert np.abs(frame - pixels).mean() < 15  # a GIF has 256 colours
        assert film.info["duration"] > rounds.MILLISECONDS


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ([0.10, 0.05, 0.005], "hardly changes any more"),
        ([0.10, 0.05, 0.030], "less than at first"),
        ([0.10, 0.09, 0.082], "less than at first"),
        ([0.10, 0.09, 0.095], "about as much as at first, or more"),
        ([0.10, 0.11, 0.100], "about as much as at first, or more"),
    ],
)
def test_what_is_said_follows_the_numbers(changed, said):
    told = rounds.told([0.10, 0.12, 0.17], changed, "en")
    assert said in told
    assert "10.0\u00a0% of full scale away from the original, after 3 rounds 17.0\u00a0%" in told
    assert f"the last one {100 * changed[-1]:.1f}\u00a0%" in told
    assert "round" in rounds.told([0.1], [0.1], "en")


@pytest.mark.parametrize(
    ("run", "direction", "count", "sentence"),
    [
        ("../fruit", "AtoB", 2, "no run named"),
        ("fruit", "up", 2, "AtoB, BtoA"),
        ("fruit", "AtoB", 0, "from 1 to 10"),
        ("fruit", "AtoB", 11, "from 1 to 10"),
        ("fruit", "AtoB", 2.5, "from 1 to 10"),
        ("fruit", "AtoB", None, "from 1 to 10"),
    ],
)
def test_the_endpoint_refuses_with_a_sentence(fruit, tmp_path, run, direction, count, sentence):
    picture().save(tmp_path / "in.png")
    with pytest.raises(UserError, match=sentence):
        rounds.endpoint(run, direction, str(tmp_path / "in.png"), count)
    with pytest.raises(UserError, match="First choose a picture"):
        rounds.endpoint("fruit", "AtoB", None, 2)


def test_the_controls_own_handler_draws_the_example_that_is_shown(fruit):
    assert rounds.again("fruit", "AtoB", None, 0, 2, None).count("<img") == 5
