"""The hidden message's section: its numbers against the endpoint `translate`'s pieces, its pictures, its sentences."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

from demo.server import model_cache
from demo.shared.pairs import examples
from demo.tabs.translate import steganography
from demo.tabs.translate.cache import remembered
from demo.tabs.translate.selection import Held
from demo.ui.i18n import LANGUAGES, words
from gan.analysis.cycle_robustness import KINDS, disturb
from gan.core.checkpoint import load_networks
from gan.errors import UserError
from gan.inference.runtimes import fast
from tests.small_cyclegan import small_cyclegan


@pytest.fixture
def fruit(runs):
    return small_cyclegan(runs, "fruit")


def picture(width=32, height=32, seed=0):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def by_hand(run, kind, amount, image):
    """(error, disturbance, way back as uint8), computed one step after the other without the section."""
    there, back = map(fast, load_networks(run)[0].values())  # a JPEG's rounding would show a difference of a millionth
    x = torch.from_numpy(np.asarray(image, np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
    with torch.no_grad():
        fake = there(x)
        disturbed = disturb(fake, kind, amount)
        rec = back(disturbed)
    error, size = (np.abs(a.numpy() - b.numpy()).mean() / 2 for a, b in ((rec, x), (disturbed, fake)))
    return error, size, ((rec[0].permute(1, 2, 0).numpy() + 1) * 127.5).round().astype(int)


@pytest.mark.parametrize(("kind", "amount"), [("noise", 0.03), ("jpeg", 0.7), ("blur", 1.3)])
def test_the_endpoint_agrees_with_the_steps_done_by_hand(fruit, tmp_path, kind, amount):
    picture().save(tmp_path / "in.png")
    answer, rec = steganography.endpoint("fruit", "AtoB", str(tmp_path / "in.png"), kind, amount)
    error, size, pixels = by_hand(fruit, kind, amount, picture())
    assert (answer["kind"], answer["amount"]) == (kind, amount)
    assert answer["disturbed"] == pytest.approx(error, abs=1e-5)
    assert answer["disturbance"] == pytest.approx(size, abs=1e-5)
    assert answer["clean"] == pytest.approx(by_hand(fruit, kind, 0, picture())[0], abs=1e-5)
    assert np.abs(np.asarray(rec, int) - pixels).max() <= 1
    assert [answer["amount"], answer["disturbed"], answer["disturbance"]] in answer["curve"]
    amounts = [point[0] for point in answer["curve"]]
    assert amounts == sorted(set(amounts))
    assert (amounts[0], amounts[-1]) == (0, KINDS[kind])
    for at, one, other in answer["curve"][1:]:
        assert (one, other) == pytest.approx(by_hand(fruit, kind, at, picture())[:2], abs=1e-4)


def test_the_kinds_of_the_section_are_those_of_the_core():
    assert tuple(KINDS) == steganography.NAMES


def test_no_way_is_gone_twice_for_a_picture_however_the_slider_moves(fruit):
    there_batches, back_batches = [], []
    there, back, *_ = Held(fruit, "AtoB", picture()).networks
    for network, batches in ((there, there_batches), (back, back_batches)):
        network.register_forward_hook(lambda _, args, __, batches=batches: batches.append(len(args[0])))
    for share in (10, 15, 0):  # 10 is one of those on the curve
        steganography.page(Held(fruit, "AtoB", picture()), "noise", share, "en")
    assert there_batches == [1]
    assert back_batches == [1, len(steganography.SHARES), 1, 1]
    steganography.page(Held(fruit, "AtoB", picture()), "blur", 15, "en")
    assert (there_batches, back_batches[4:]) == ([1], [1 + len(steganography.SHARES)])
    steganography.page(Held(fruit, "AtoB", picture(seed=1)), "noise", 10, "en")
    assert (there_batches, back_batches[5:]) == ([1, 1], [1, len(steganography.SHARES)])


def test_a_curve_does_not_depend_on_where_the_slider_was_before(fruit):
    now = Held(fruit, "AtoB", picture())
    steganography.find(now, "jpeg", 0.33)
    after = steganography.find(now, "jpeg", 0.1)
    fresh = steganography.find(now._replace(image=picture(seed=1)), "jpeg", 0.1)
    assert [point.amount for point in after.curve] == [point.amount for point in fresh.curve]
    assert len(after.curve) == 1 + len(steganography.SHARES)


def test_what_is_remembered_is_forgotten_with_the_weights(fruit, tmp_path):
    now = Held(fruit, "AtoB", picture())
    before = steganography.find(now, "noise", 0.1).curve
    other = small_cyclegan(tmp_path / "elsewhere", "other", seed=1)
    (fruit.folder / "weights.safetensors").write_bytes((other.folder / "weights.safetensors").read_bytes())
    after = steganography.find(now, "noise", 0.1).curve
    assert all(one.error != other.error for one, other in zip(before, after, strict=True))
    assert remembered(now)[1] is remembered(now)[1]
    assert remembered(now)[1] is not remembered(now._replace(direction="BtoA"))[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", steganography.NAMES)
def test_the_page_shows_four_pictures_with_their_numbers_and_a_curve(fruit, language, kind):
    now = Held(fruit, "AtoB", picture(80, 50))
    html = steganography.page(now, kind, 20, language)
    assert len(re.findall('<img src="data:image/', html)) == 4
    assert html.count('alt="') == 4
    found = steganography.find(now, kind, KINDS[kind] / 5)
    for share in (found.clean, found.now.error):
        assert words(language)["translate.error"].format(percent=f"{100 * share:.1f}") in html
    assert 'class="cycle mean"' in html
    assert 'class="identity mean"' in html
    assert "M200.0 0V" in html  # the mark at the current amount
    assert "{" not in html


@pytest.mark.parametrize("kind", steganography.NAMES)
def test_at_nothing_the_page_asks_to_move_the_slider(fruit, kind):
    html = steganography.page(Held(fruit, "BtoA", picture()), kind, 0, "en")
    assert "move the slider" in html
    assert "sign of" not in html


def found(*curve, now):
    points = [steganography.Point(*each) for each in curve]
    return steganography.Found(points[now], points, ())


def test_something_is_said_to_be_hidden_only_where_the_numbers_say_so():
    curve = ((0, 0.02, 0.0), (0.1, 0.09, 0.02), (0.2, 0.10, 0.08))
    yes = steganography.told(found(*curve, now=1), "jpeg", "en")
    assert "JPEG, quality 90" in yes
    assert "2.0\u00a0% without it and 9.0\u00a0% with it" in yes
    assert "7.0 points, 3.5 times the disturbance: a sign that the way back relied on something hidden" in yes
    elsewhere = steganography.told(found(*curve, now=2), "jpeg", "en")
    assert "no clear sign of a hidden message at this strength" in elsewhere
    assert "quality 90" in elsewhere
    assert "7.0 points, 3.5 times" in elsewhere
    no = steganography.told(found((0, 0.02, 0.0), (0.5, 0.06, 0.05), now=1), "blur", "en")
    assert "no clear sign of a hidden message, neither here nor" in no
    assert "relied" not in no


def test_a_disturbance_that_destroys_what_is_plain_to_see_is_no_sign():
    strong = steganography.told(found((0, 0.02, 0.0), (3, 0.30, 0.1), now=1), "blur", "en")
    assert "this strong also destroys what is plain to see" in strong
    assert "relied" not in strong


def test_where_a_hidden_message_is_to_be_seen_it_is_seen():
    """What the page says of another run is followed to its end."""
    said = steganography.one_that_hides("en")
    run, number, share = re.search(
        r"the pair (\w+),.*example (\d+), and JPEG at (\d+)", said.replace("\u00a0", " ")
    ).groups()
    example = examples(model_cache.find(run).config.data, model_cache.find(run).config.size)[int(number) - 1]
    assert example.side == "b"
    there = steganography.find(Held(model_cache.find(run), "BtoA", example.image), "jpeg", int(share) / 100)
    told = steganography.told(there, "jpeg", "en")
    assert "relied on something hidden" in told
    for value in there.numbers:
        assert f"{100 * value:.1f}" in said
    assert there.now.disturbance < 0.02 < there.now.error - there.clean


@pytest.mark.parametrize(("name", "said"), [("herd", "relied on something hidden"), ("herd-both", "neither here nor")])
def test_of_the_shipped_herds_one_hides_something_that_a_jpeg_damages(name, said):
    striped = next(each.image for each in examples("herd", 64) if each.side == "b")
    found = steganography.find(Held(model_cache.find(name), "BtoA", striped), "jpeg", 0.1)
    assert said in steganography.told(found, "jpeg", "en")


@pytest.mark.parametrize(
    ("run", "direction", "kind", "amount", "sentence"),
    [
        ("../fruit", "AtoB", "jpeg", 0.1, "no run named"),
        ("fruit", "up", "jpeg", 0.1, "AtoB, BtoA"),
        ("fruit", "AtoB", "rain", 0.1, "noise, jpeg, blur"),
        ("fruit", "AtoB", "noise", 0.5, "from 0 to 0.2"),
        ("fruit", "AtoB", "noise", None, "from 0 to 0.2"),
    ],
)
def test_the_endpoint_refuses_with_a_sentence(fruit, tmp_path, run, direction, kind, amount, sentence):
    picture().save(tmp_path / "in.png")
    with pytest.raises(UserError, match=sentence):
        steganography.endpoint(run, direction, str(tmp_path / "in.png"), kind, amount)
    with pytest.raises(UserError, match="First choose a picture"):
        steganography.endpoint("fruit", "AtoB", None, "jpeg", 0.1)


def test_the_controls_own_handler_draws_the_example_that_is_shown(fruit):
    html = steganography.again("fruit", "AtoB", None, 0, "noise", 25, None)
    assert html.count("<img") == 4
    assert "sigma 5.0\u00a0% of full scale" in html
    with pytest.raises(UserError, match="rain"):
        steganography.again("fruit", "AtoB", None, 0, "rain", 25, None)
