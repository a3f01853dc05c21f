"""What a training picture is to a CycleGAN: an input, an example of real, and the label of no other picture.

The numbers of each role, the losses that each of the four networks learns from, and one round of training on two
pictures, step by step: Zhu et al. 2017, sections 3, 5.2.
"""

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gan.analysis.inspect_cyclegan import Look, mean_verdicts
from gan.config import RuntimeSettings
from gan.core.base import grad_norm
from gan.core.cyclegan import CycleGAN, CycleGANConfig
from gan.metrics.functional import apart


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
    """The losses that the weights of "a2b", "b2a", "a" and "b" learn from, those with weight 0 left out.

    The names are those in the record of `CycleGAN.train_step`.
    """
    cycle = ("cycle_a", "cycle_b") if config.lambda_cycle else ()
    identity = config.lambda_cycle * config.lambda_identity > 0
    return {
        "a2b": ("loss_g_a2b", *cycle, *(("idt_b",) if identity else ())),
        "b2a": ("loss_g_b2a", *cycle, *(("idt_a",) if identity else ())),
        "a": ("loss_d_a",),
        "b": ("loss_d_b",),
    }


class Played(NamedTuple):
    """One training step on one picture of each domain.

    `record` is that of `CycleGAN.train_step`; `gradients` are the norms of the gradients of "a2b", "b2a", "a" and "b";
    `pictures`, float [1, 3, H, W], by name: real_a, fake_b, rec_a, idt_a, and the same with a and b exchanged.
    """

    record: dict[str, float]
    gradients: dict[str, float]
    pictures: dict[str, Tensor]


def play(
    config: CycleGANConfig, generators: nn.ModuleDict, discriminators: nn.ModuleDict, a: Tensor, b: Tensor
) -> Played:
    """One step on copies of these networks: the very one of a training, in fp32, with fresh optimisers.

    `a` and `b` are pictures, float [1, 3, H, W] in [-1, 1]. The pool of past fakes is empty, so each discriminator sees
    the fake that has just been made.
    """
    config = replace(config, precision="fp32")
    with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.enable_grad():
        gan = CycleGAN(config, torch.device("cpu"))
        gan.generators.load_state_dict(generators.state_dict())
        gan.discriminators.load_state_dict(discriminators.state_dict())
        a, b = a.clone(), b.clone()
        with torch.no_grad():
            a2b, b2a = gan.generators["a2b"], gan.generators["b2a"]
            pictures = {"real_a": a, "real_b": b, "fake_b": a2b(a), "fake_a": b2a(b), "idt_b": a2b(b), "idt_a": b2a(a)}
            pictures |= {"rec_a": b2a(pictures["fake_b"]), "rec_b": a2b(pictures["fake_a"])}
        runtime = RuntimeSettings.of(config)
        runtime.n_critic = 1
        record = gan.train_step(lambda: (a, b), runtime)
        both = gan.generators.items(), gan.discriminators.items()
        gradients = {name: grad_norm(network).item() for networks in both for name, network in networks}
    return Played({name: value.item() for name, value in record.items()}, gradients, pictures)
