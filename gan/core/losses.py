"""The adversarial losses, as pure functions of the discriminator's logits.

Each loss is a pair: what the discriminator minimises, given its logits for real and for fake pictures, and what
the generator minimises, given the logits for its fakes (and, if it is relative, for as many real pictures). Logits are
float tensors of any shape; a patch discriminator's map is simply averaged. Every function returns a scalar tensor.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as _bce
from torch.nn.functional import relu, softplus


class Equilibrium(NamedTuple):
    """Where real and fake cannot be told apart: both losses, and the verdict on either."""

    d: float
    g: float
    verdict: float


class Loss(NamedTuple):
    """A discriminator's and a generator's loss, the verdict they are about, and where both rest.

    `verdict` maps logits to the value shown as D(x): a probability for cross-entropy, the raw score otherwise.
    `undecided` gives the best discriminator's logit where real and fake are equally likely, by the label of real
    pictures.
    """

    d: Callable[..., Tensor]
    g: Callable[..., Tensor]
    verdict: Callable[[Tensor], Tensor]
    undecided: Callable[[float], float]
    is_probability: bool = False  # what the verdict is; D's loss is then the cross-entropy
    is_relative: bool = False  # whether a fake is compared with a real picture: logits have no zero then
    sure: tuple[float, float] = (1e9, -1e9)  # logits of real and of fake beside which the other's part stands alone

    @cache  # noqa: B019, of five losses that stay as long as the program
    def equilibrium(self, label: float = 1.0) -> Equilibrium:
        """Where both rest if `label` is the target for real pictures: with 0.9, cross-entropy's D says 0.45."""
        logit = torch.tensor([self.undecided(label)], dtype=torch.float64)
        return Equilibrium(*(float(v) for v in (self.d(logit, logit, label), self.g(logit), self.verdict(logit))))


def bce_d(real: Tensor, fake: Tensor, label: float = 1.0) -> Tensor:
    """-E[log D(x)] - E[log(1 - D(G(z)))], Goodfellow et al. 2014, eq. 1.

    `label` below 1 is the target for real pictures: one-sided label smoothing, Salimans et al. 2016, section 3.4.
    """
    return _bce(real, torch.full_like(real, label)) + softplus(fake).mean()


def bce_g(fake: Tensor) -> Tensor:
    """-E[log D(G(z))], the non-saturating form of Goodfellow et al. 2014, section 3."""
    return softplus(-fake).mean()


def saturating_g(fake: Tensor) -> Tensor:
    """E[log(1 - D(G(z)))], the minimax form: its gradient dies when D is sure (Goodfellow et al. 2014, section 3)."""
    return -softplus(fake).mean()


def least_squares_d(real: Tensor, fake: Tensor, label: float = 1.0) -> Tensor:
    """(E[(D(x) - 1)^2] + E[D(G(z))^2]) / 2, Mao et al. 2017, eq. 9; halved as CycleGAN does (section 4)."""
    return 0.5 * ((real - label).square().mean() + fake.square().mean())


def least_squares_g(fake: Tensor) -> Tensor:
    """E[(D(G(z)) - 1)^2], Mao et al. 2017, eq. 9, in CycleGAN's scaling."""
    return (fake - 1).square().mean()


def hinge_d(real: Tensor, fake: Tensor, label: float = 1.0) -> Tensor:
    """E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))], Lim and Ye 2017; Miyato et al. 2018, eq. 16."""
    return relu(label - real).mean() + relu(1 + fake).mean()


def hinge_g(fake: Tensor) -> Tensor:
    """-E[D(G(z))], Miyato et al. 2018, eq. 17."""
    return -fake.mean()


def relativistic_d(real: Tensor, fake: Tensor, label: float = 1.0) -> Tensor:
    """-E[log sigmoid(D(x) - D(G(z)))], pair by pair: Jolicoeur-Martineau 2018, arXiv:1807.00734, section 4.1.

    With R1 and R2 it is R3GAN's (Huang et al. 2024, arXiv:2501.05441).
    """
    return _bce(real - fake, torch.full_like(real - fake, label))


def relativistic_g(fake: Tensor, real: Tensor | float = 0.0) -> Tensor:
    """-E[log sigmoid(D(G(z)) - D(x))], the same with real and fake exchanged; 0 is half-way between the two."""
    return softplus(real - fake).mean()


def _raw(logits: Tensor) -> Tensor:
    return logits


def _odds(label: float) -> float:
    """The logit of label / 2: the best D is label p / (p + q), Goodfellow 2016, arXiv:1701.00160, section 4.2."""
    return math.log(label / (2 - label))


def _half(label: float) -> float:
    """The best D is (label p) / (p + q), Mao et al. 2017, eq. 5."""
    return label / 2


def _zero(label: float) -> float:
    """Any hinge score from -1 to the label is as good, and any relative score: 0 is the one without a side."""
    return 0.0


LOSSES: dict[str, Loss] = {
    "bce": Loss(bce_d, bce_g, torch.sigmoid, _odds, is_probability=True),
    "saturating": Loss(bce_d, saturating_g, torch.sigmoid, _odds, is_probability=True),
    "least-squares": Loss(least_squares_d, least_squares_g, _raw, _half, sure=(1.0, 0.0)),
    "hinge": Loss(hinge_d, hinge_g, _raw, _zero),
    "relativistic": Loss(relativistic_d, relativistic_g, _raw, _zero, is_relative=True, sure=(0.0, 0.0)),
}
