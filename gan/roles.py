"""What a training picture is to a CycleGAN: an input, an example of real, and the label of no other picture.

The numbers of each role, and the losses that each of the four networks learns from: Zhu et al. 2017, sections 3, 5.2.
"""

from typing import NamedTuple

from torch import Tensor

from gan.cyclegan import CycleGANConfig
from gan.measures import apart
from gan.patches import Look, mean_verdicts


class Roles(NamedTuple):
    """One picture's numbers; verdicts are means over all patches, as the run's loss shows them.

    As an input: `passes`, the other discriminator's verdict on its translation, and `deceive`, the generator's
    adversarial loss. As an example of real: `verdict`, its own discriminator's, and `real`, what that one loses by it.
    As a label: `apart`, how far its translation is from a picture of the other pile, which CycleGAN never computes;
    beside it `cycle`, how far the way back is from the picture itself, which it does. Both are the mean absolute
    difference as a share of full scale.
    """

    passes: float
    deceive: float
    verdict: float
    real: float
    apart: float
    cycle: float


def roles(look: Look, other: Tensor, config: CycleGANConfig) -> Roles:
    """The numbers of the picture that was looked at; `other` is one of the other pile, float of its shape, [-1, 1]."""
    verdicts = mean_verdicts(look, config)
    return Roles(
        passes=verdicts["fake", "other"],
        deceive=look.losses.deceive,
        verdict=verdicts["real", "own"],
        real=look.losses.real,
        apart=apart(look.fake.clamp(-1, 1), other).item(),
        cycle=look.losses.cycle / 2,
    )


def teachers(config: CycleGANConfig) -> dict[str, tuple[str, ...]]:
    """The losses that the weights of "a2b", "b2a", "a" and "b" learn from, by the names in `CycleGAN.round`'s record.

    A loss whose weight is 0 teaches nobody.
    """
    cycle = ("cycle_a", "cycle_b") if config.cycle else ()
    identity = config.cycle * config.identity > 0
    return {
        "a2b": ("loss_g_a2b", *cycle, *(("idt_b",) if identity else ())),
        "b2a": ("loss_g_b2a", *cycle, *(("idt_a",) if identity else ())),
        "a": ("loss_d_a",),
        "b": ("loss_d_b",),
    }
