"""The lessons of question 20, played to their ends: what their texts say happens, and no number leaves all bounds."""

import math
import re

import pytest
import torch

from demo.tabs.questions import q20_equilibrium, q20_session
from demo.tabs.questions.q20_presets import PRESETS, RATES, Now
from demo.ui.i18n import say
from gan.config import LOSS_NAMES
from gan.toy.toy_gan import BLOWN_UP, DESCENTS, ToyConfig, ToyGAN


def values(preset: str, **changed) -> tuple:
    """The controls as a lesson sets them, then what is changed."""
    lesson = PRESETS[preset]
    set_by_it = {name: getattr(lesson, name) for name in q20_equilibrium.SETTINGS}
    more = {"n_critic": 1, "seed": 0, "speed": "normal", "shows": ["real", "fake"], "drawing": ""}
    return tuple(Now(**({"preset": preset} | set_by_it | more | changed)))


def played(held: q20_session.Held, now: Now, rounds: int) -> q20_session.Held:
    """So many rounds on, as the page plays them; whatever is told of them is a number."""
    end = held.gan.rounds + rounds
    while held.gan.rounds < end and not held.gan.blown_up:
        q20_session.play(held, now.config(), now.hold, min(100, end - held.gan.rounds))
    figure, curves = q20_session.seen(held, now.hold, now.shows, "en", curves=True)
    assert not re.search(r"\b(nan|inf)\b", re.sub(r'href="[^"]*"', "", figure + curves), re.IGNORECASE)
    assert all(math.isfinite(number) for turn in held.gan.history for number in turn)
    return held


def begun(preset: str, seed: int = 0) -> tuple[q20_session.Held, Now]:
    """A lesson as a click on it begins it."""
    now = Now(*values(preset, seed=seed))
    held, *_ = q20_equilibrium.choose(None, preset, None, *now)
    return held, now


def tried(preset: str, name: str, held: q20_session.Held | None, now: Now) -> tuple[q20_session.Held, Now]:
    """What the button of a suggestion makes of a lesson."""
    held, _, _, _, *controls = q20_equilibrium.attempt(name)(None, held, *now)
    assert held.running
    return held, now._replace(**dict(zip((*q20_equilibrium.SETTINGS, "n_critic"), controls, strict=True)))


def test_every_suggestion_has_a_button_in_its_lesson_alone():
    assert {name for lesson in PRESETS.values() for name in lesson.tries} == set(q20_equilibrium.TRIES)
    for preset, lesson in PRESETS.items():
        _, _, _, _, _, _, *rest = q20_equilibrium.choose(None, preset, None, *values(preset))
        shown = [button.visible for button in rest[: len(q20_equilibrium.TRIES)]]
        assert shown == [name in lesson.tries for name in q20_equilibrium.TRIES]
        text = say("en", f"questions.q20.presets.{preset}.watch")
        assert ("Then try" in text) == bool(lesson.tries)


def test_a_perfect_d_leaves_plain_steps_of_the_minimax_loss_nothing():
    held, now = begun("perfect")
    before = held.gan.look()
    after = played(held, now, 500).gan.look()
    assert held.gan.history[-1].d_real > 0.99
    assert held.gan.history[-1].grad_g < 1e-3
    assert (after.fake - before.fake).abs().max() < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS["perfect"].tries)
def test_what_the_perfect_d_suggests_gets_the_generator_going(name):
    """From the same perfect D, whatever was played before: points move at once, stay in sight, and come to the data."""
    held, now = begun("perfect")
    perfect = [weight.clone() for weight in held.gan.d.parameters()]
    held, now = tried("perfect", name, played(held, now, 40), now)
    assert all(torch.equal(*pair) for pair in zip(perfect, held.gan.d.parameters(), strict=True))
    start = held.gan.look()
    assert start.divergence > 0.68
    assert name in ("least-squares", "hinge") or start.off < 0.01  # as probabilities it was taught
    assert (played(held, now, 60).gan.look().fake - start.fake).norm(dim=1).median() > 0.05
    figure, _ = q20_session.seen(held, now.hold, now.shows, "en", curves=False)
    assert "next to nothing" not in figure
    view = played(held, now, 940).gan.look()
    assert not held.gan.blown_up
    assert (view.fake.abs() > 3).any(1).float().mean() < 0.2
    least, most = (0.15, 0.55) if name == "bce" else (0.4, 0.4)  # short plain steps take longer
    assert view.covered > least
    assert view.divergence < most


@pytest.mark.slow
def test_a_held_d_is_fooled_and_catches_up_when_both_learn_again():
    held, now = begun("held")
    view = played(held, now, 400).gan.look()
    assert held.gan.history[-1].d_fake > 0.8
    assert view.covered < 0.25
    before = [weight.clone() for weight in held.gan.g.parameters()]
    held, now = tried("held", "both", held, now)
    assert all(torch.equal(*pair) for pair in zip(before, held.gan.g.parameters(), strict=True))  # the very duel
    assert now.hold == "none"
    view = played(held, now, 1500).gan.look()
    assert view.covered > 0.8
    assert abs(held.gan.history[-1].d_fake - 0.5) < 0.25


@pytest.mark.slow
def test_balance_is_what_its_text_says():
    """On the ring both verdicts come to one half, everywhere on it, and the points to the ring."""
    held, now = begun("balanced")
    assert now.config() == ToyConfig()  # nobody needs to choose anything for it
    view = played(held, now, 1500).gan.look()
    for count, most in ((30, 0.08), (50, 0.05)):
        late = held.gan.history[-count:]
        assert all(abs(sum(getattr(turn, name) for turn in late) / count - 0.5) < most for name in ("d_real", "d_fake"))
    assert view.covered > 0.95
    assert view.off < 0.1
    assert view.divergence < 0.1
    assert held.gan.generated().norm(dim=1).mean().item() == pytest.approx(0.9, abs=0.05)
    at = view.verdict[view.p > 0.2]
    assert (at - 0.5).abs().mean() < 0.05  # everywhere on the ring, not only on the mean


@pytest.mark.slow
def test_of_nine_heaps_some_are_missing_while_both_verdicts_are_near_one_half():
    held, now = begun("grid")
    for _ in range(20):
        view, last = played(held, now, 100).gan.look(), held.gan.history[-20:]
        verdicts = [sum(getattr(turn, name) for turn in last) / len(last) for name in ("d_real", "d_fake")]
        if max(abs(verdict - 0.5) for verdict in verdicts) < 0.12 and view.covered < 0.9:
            return
    pytest.fail("at no look was it so")


@pytest.mark.slow
def test_one_dimension_reaches_both_hills():
    held, now = begun("hills")
    assert played(held, now, 800).gan.look().covered > 0.7  # one of them alone is half


@pytest.mark.parametrize(("preset", "data"), [*((preset, "ring") for preset in PRESETS), ("perfect", "hills")])
def test_start_over_begins_with_the_d_of_the_lesson(preset, data):
    now = Now(*values(preset, data=data, loss="hinge", descent="adam"))
    held, *_ = q20_equilibrium.begin(None, None, *now)
    assert held.gan.rounds == PRESETS[preset].alone
    assert held.gan.config == now.config()


def test_a_lesson_begun_again_is_the_same_whatever_became_of_it_before():
    """D's rounds alone are played once; each visitor has a duel of their own, which goes the same way."""
    duels = []
    for _ in range(2):
        held, now = begun("perfect")
        weights = [weight.clone() for net in (held.gan.g, held.gan.d) for weight in net.parameters()]
        duels.append((weights, played(held, now, 5).gan.history))
    (first, told), (again, told_again) = duels
    assert all(torch.equal(*pair) for pair in zip(first, again, strict=True))
    assert told == told_again
    plain = ToyGAN(q20_session.points_of("ring", ""), PRESETS["perfect"].taught(0))
    for _ in range(PRESETS["perfect"].alone):
        plain.train_step(freeze_g=True)
    plain.change(now.config())
    assert [plain.train_step() for _ in range(5)] == told[-5:]


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSS_NAMES)
@pytest.mark.parametrize("descent", DESCENTS)
def test_no_settings_of_the_page_lead_to_a_number_that_is_none(loss, descent):
    """The highest rates there are, from a perfect D: at worst a sentence says that it blew up, and the way back."""
    now = Now(*values("perfect", loss=loss, descent=descent, rate_g=RATES[-1], rate_d=RATES[-1], hold="none"))
    held, *_ = q20_equilibrium.begin(None, None, *now)
    held.running = True
    played(held, now, 120)
    if held.gan.blown_up:
        assert not held.running
        for language in ("en", "ko"):
            figure, _ = q20_session.seen(held, now.hold, now.shows, language, curves=False)
            assert say(language, "questions.q20.says.blown_up").split(":")[0].split(".")[0] in figure
        rounds = held.gan.rounds
        q20_session.play(held, now.config(), now.hold, 5)
        assert held.gan.rounds == rounds
        held, *_ = q20_equilibrium.begin(None, held, *now._replace(descent="adam", rate_g=0.0002, rate_d=0.002))
        assert not held.gan.blown_up


def test_a_duel_that_would_blow_up_stops_where_its_numbers_are_numbers():
    points = q20_session.points_of("ring", "")
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
