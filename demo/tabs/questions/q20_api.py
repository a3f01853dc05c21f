"""`/duel`: the small GAN of question 20 played at one go, for `gradio_client`."""

from typing import TYPE_CHECKING

from demo.tabs.questions.q20_presets import HOLDS
from demo.tabs.questions.q20_session import config_of, in_turn, play, points_of
from demo.ui.numbers import integer
from demo.ui.refusals import Refused
from gan.lazy import lazy

if TYPE_CHECKING:
    from gan.toy.toy_gan import ToyGAN

toy_gan = lazy("gan.toy.toy_gan")

MOST_ROUNDS = 2000


def endpoint(
    data: str = "ring",
    loss: str = "bce",
    rounds: float = 200,
    rate_g: float = 0.0005,
    rate_d: float = 0.002,
    hold: str = "none",
    alone: float = 0,
    descent: str = "adam",
    seed: float = 0,
    r1: float = 0,
) -> dict:
    """Play a small duel; returns rounds, d_real, d_fake, loss_d, loss_g, gradient, divergence, covered, off, points.

    `data` is "ring", "rings", "line", "grid", "hill" or "hills"; `hold` "none", "d" or "g"; `alone` rounds of D come
    first, then `rounds` of both; 2000 in all at most, fewer where the duel blows up. `r1` is gamma of R1, the
    gradient penalty. `points` are 160 generated ones.
    """
    if hold not in HOLDS:
        raise Refused("refused.hold", value=hold, known=", ".join(HOLDS))
    if min(rounds, alone) < 0 or not 1 <= rounds + alone <= MOST_ROUNDS:
        raise Refused("refused.rounds", rounds=rounds, alone=alone, most=MOST_ROUNDS)
    if data == "drawn":
        raise Refused("refused.drawn")
    gan = in_turn(toy_gan.ToyGAN, points_of(data), config_of(loss, descent, rate_g, rate_d, 1, seed, r1))
    for count, still in ((integer("alone", alone), "g"), (integer("rounds", rounds), hold)):
        end = gan.rounds + count
        while gan.rounds < end and not gan.blown_up:
            in_turn(play, gan, still, min(50, end - gan.rounds))
    return in_turn(_report, gan)


def _report(gan: "ToyGAN") -> dict:
    view, last = gan.look(), gan.history[-1]
    names = {"rounds": last.number, "gradient": last.grad_g}
    return names | {
        **{name: getattr(last, name) for name in ("d_real", "d_fake", "loss_d", "loss_g")},
        **{name: getattr(view, name) for name in ("divergence", "covered", "off")},
        "points": view.fake.tolist(),
    }
