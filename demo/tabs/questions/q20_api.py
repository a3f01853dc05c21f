"""`/duel`: the small GAN of question 20 played at one go, for `gradio_client`."""

from demo.tabs.questions.q20_presets import HOLDS
from demo.tabs.questions.q20_session import Held, config_of, in_turn, new, play
from demo.ui.numbers import integer
from demo.ui.refusals import Refused

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
) -> dict:
    """Play a small duel; returns rounds, d_real, d_fake, loss_d, loss_g, gradient, divergence, covered, off, points.

    `data` is "ring", "rings", "line", "grid", "hill" or "hills"; `hold` "none", "d" or "g"; `alone` rounds of D come
    first, then `rounds` of both; 2000 in all at most, fewer where the duel blows up. `points` are 160 generated ones.
    """
    if hold not in HOLDS:
        raise Refused("refused.hold", value=hold, known=", ".join(HOLDS))
    if min(rounds, alone) < 0 or not 1 <= rounds + alone <= MOST_ROUNDS:
        raise Refused("refused.rounds", rounds=rounds, alone=alone, most=MOST_ROUNDS)
    if data == "drawn":
        raise Refused("refused.drawn")
    config = config_of(loss, descent, rate_g, rate_d, 1, seed)
    held = in_turn(new, data, "", config)
    for count, still in ((integer("alone", alone), "g"), (integer("rounds", rounds), hold)):
        end = held.gan.rounds + count
        while held.gan.rounds < end and not held.gan.blown_up:
            in_turn(play, held, config, still, min(100, end - held.gan.rounds))
    return in_turn(_report, held)


def _report(held: Held) -> dict:
    view, last = held.gan.look(), held.gan.history[-1]
    names = {"rounds": last.number, "gradient": last.grad_g}
    return names | {
        **{name: getattr(last, name) for name in ("d_real", "d_fake", "loss_d", "loss_g")},
        **{name: getattr(view, name) for name in ("divergence", "covered", "off")},
        "points": view.fake.tolist(),
    }
