"""The lessons of question 20, played to their ends: what their texts say happens, and no number leaves all bounds."""

import math

import pytest
import torch

from demo.tabs.questions.q20_presets import PRESETS, R1, RATES, TRIES
from demo.ui.i18n import say
from gan.config import ABSOLUTE_LOSSES
from gan.toy import densities
from gan.toy.toy_gan import BLOWN_UP, DESCENTS, ToyConfig, ToyGAN


def config(lesson, **changed) -> ToyConfig:
    """The settings of a lesson, or of what it suggests to try."""
    names = ("loss", "descent", "rate_g", "rate_d", "r1")
    return ToyConfig(**{name: getattr(lesson, name) for name in names if hasattr(lesson, name)} | changed)


def begun(preset: str, **settings) -> ToyGAN:
    """A lesson as a click on it begins it, or with other settings; D is taught with the lesson's own in any case."""
    lesson = PRESETS[preset]
    gan = ToyGAN(densities.SETS[lesson.data](), config(lesson))
    for _ in range(lesson.alone):
        gan.train_step(freeze_g=True)
    gan.change(config(lesson, **settings))
    return gan


def tried(preset: str, name: str, gan: ToyGAN | None = None) -> ToyGAN:
    """What the button of a suggestion makes of a lesson."""
    then, rate_d = PRESETS[preset].tries[name], PRESETS[preset].rate_d
    settings = {"loss": then.loss, "descent": then.descent, "rate_g": then.rate_g, "r1": then.r1}
    if then.anew:
        return begun(preset, **settings)
    gan.change(ToyConfig(rate_d=rate_d, **settings))
    return gan


def played(gan: ToyGAN, rounds: int, hold: str = "none") -> ToyGAN:
    """So many rounds on; whatever is told of them is a number."""
    for _ in range(rounds):
        if not gan.blown_up:
            gan.train_step(freeze_d=hold == "d", freeze_g=hold == "g")
    assert all(math.isfinite(number) for turn in gan.history for number in turn)
    return gan


def test_every_suggestion_is_said_in_its_lesson_alone():
    assert {name for lesson in PRESETS.values() for name in lesson.tries} == set(TRIES)
    for preset, lesson in PRESETS.items():
        text = say("en", f"questions.q20.presets.{preset}.watch")
        assert ("Then try" in text) == bool(lesson.tries)


def test_a_perfect_d_leaves_plain_steps_of_the_minimax_loss_nothing():
    gan = begun("perfect")
    before = gan.look()
    after = played(gan, 500).look()
    assert gan.history[-1].d_real > 0.99
    assert gan.history[-1].grad_g < 1e-3
    assert (after.fake - before.fake).abs().max() < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS["perfect"].tries)
def test_what_the_perfect_d_suggests_gets_the_generator_going(name):
    """Points move at once, stay in sight, and come to the data."""
    gan = tried("perfect", name)
    start = gan.look()
    assert start.divergence > 0.68
    assert name in ("least-squares", "hinge") or start.off < 0.01  # as probabilities it was taught
    assert (played(gan, 60).look().fake - start.fake).norm(dim=1).median() > 0.05
    assert gan.history[-1].grad_g >= 0.01 or gan.config.descent == "adam"  # it is not said to learn next to nothing
    view = played(gan, 940).look()
    assert not gan.blown_up
    assert (view.fake.abs() > 3).any(1).float().mean() < 0.2
    least, most = (0.15, 0.55) if name == "bce" else (0.4, 0.4)  # short plain steps take longer
    assert view.covered > least
    assert view.divergence < most


@pytest.mark.slow
def test_a_held_d_is_fooled_and_catches_up_when_both_learn_again():
    gan = begun("held")
    view = played(gan, 400, PRESETS["held"].hold).look()
    assert gan.history[-1].d_fake > 0.8
    assert view.covered < 0.25
    view = played(tried("held", "both", gan), 1500).look()
    assert view.covered > 0.8
    assert abs(gan.history[-1].d_fake - 0.5) < 0.25


def restlessness(gan: ToyGAN, rounds: int) -> float:
    """How far a generated point is, on the mean, from where it was 50 rounds before, in the second half of `rounds`."""
    played(gan, rounds // 2)
    moved, before = [], gan.generated(512)
    for _ in range(rounds // 100):
        after = played(gan, 50).generated(512)
        moved.append((after - before).norm(dim=1).mean().item())
        before = after
    return sum(moved) / len(moved)


@pytest.mark.slow
def test_a_restless_duel_comes_to_rest_with_r1():
    gan = begun("restless")
    assert restlessness(gan, 1000) > 0.3
    assert gan.look().covered < 0.5
    tried("restless", "r1", gan)
    assert restlessness(gan, 1600) < 0.06
    assert gan.look().covered > 0.9


@pytest.mark.slow
def test_too_large_a_gamma_leaves_d_too_flat_to_teach():
    """As the control says of itself."""
    assert played(begun("restless", r1=R1[-1]), 1500).look().covered < 0.5
    assert played(begun("restless", r1=0.1), 1500).look().covered > 0.9


@pytest.mark.slow
def test_balance_is_what_its_text_says():
    """On the ring both verdicts come to one half, everywhere on it, and the points to the ring."""
    gan = begun("balanced")
    assert gan.config == ToyConfig()  # nobody needs to choose anything for it
    view = played(gan, 1500).look()
    for count, most in ((30, 0.08), (50, 0.05)):
        late = gan.history[-count:]
        assert all(abs(sum(getattr(turn, name) for turn in late) / count - 0.5) < most for name in ("d_real", "d_fake"))
    assert view.covered > 0.95
    assert view.off < 0.1
    assert view.divergence < 0.1
    assert gan.generated().norm(dim=1).mean().item() == pytest.approx(0.9, abs=0.05)
    at = view.verdict[view.p > 0.2]
    assert (at - 0.5).abs().mean() < 0.05  # everywhere on the ring, not only on the mean


@pytest.mark.slow
def test_of_nine_heaps_some_are_missing_while_both_verdicts_are_near_one_half():
    gan = begun("grid")
    for _ in range(20):
        view, last = played(gan, 100).look(), gan.history[-20:]
        verdicts = [sum(getattr(turn, name) for turn in last) / len(last) for name in ("d_real", "d_fake")]
        if max(abs(verdict - 0.5) for verdict in verdicts) < 0.12 and view.covered < 0.9:
            return
    pytest.fail("at no look was it so")


@pytest.mark.slow
def test_one_dimension_reaches_both_hills():
    assert played(begun("hills"), 800).look().covered > 0.7  # one of them alone is half


@pytest.mark.slow
@pytest.mark.parametrize("loss", ABSOLUTE_LOSSES)
@pytest.mark.parametrize("descent", DESCENTS)
def test_no_settings_of_the_page_lead_to_a_number_that_is_none(loss, descent):
    """The highest rates there are, from a perfect D: at worst it stops as blown up."""
    gan = played(begun("perfect", loss=loss, descent=descent, rate_g=RATES[-1], rate_d=RATES[-1]), 120)
    rounds = gan.rounds
    assert gan.blown_up == (played(gan, 5).rounds == rounds)


def test_a_duel_that_would_blow_up_stops_where_its_numbers_are_numbers():
    points = densities.SETS["ring"]()
    small = ToyGAN(points, ToyConfig("hinge", "sgd", 0.1, 0.1))
    with torch.no_grad():
        for weight in small.d.parameters():
            weight.mul_(1e3)
    assert small.train_step() is None
    assert small.blown_up
    assert small.history == []
    assert all(weight.isfinite().all() for net in (small.g, small.d) for weight in net.parameters())
    assert small.train_step() is None
    assert BLOWN_UP > 1e3
