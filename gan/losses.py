"""The adversarial losses, as pure functions of the discriminator's logits.

Each loss is a pair: what the discriminator minimises, given its logits for real and for fake pictures, and what
the generator minimises, given the logits for its fakes. Logits are float tensors of any shape; a patch
discriminator's map is simply averaged. Every function returns a scalar tensor.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as _bce
from torch.nn.functional import relu, softplus


class Loss(NamedTuple):
    """A discriminator's and a generator's loss, the verdict they are about, and where both rest.

    `verdict` maps logits to the value shown as D(x): a probability for cross-entropy, the raw score otherwise.
    `rest_d` and `rest_g` are the losses at the equilibrium, where real and fake cannot be told apart.
    """

    d: Callable[..., Tensor]
    g: Callable[[Tensor], Tensor]
    verdict: Callable[[Tensor], Tensor]
    rest_d: float
    rest_g: float
    rest_verdict: float


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


def _raw(logits: Tensor) -> Tensor:
    return logits


_LOG2, _LOG4 = 0.6931471805599453, 1.3862943611198906
LOSSES: dict[str, Loss] = {
    "bce": Loss(bce_d, bce_g, torch.sigmoid, _LOG4, _LOG2, 0.5),
    "saturating": Loss(bce_d, saturating_g, torch.sigmoid, _LOG4, -_LOG2, 0.5),
    "least-squares": Loss(least_squares_d, least_squares_g, _raw, 0.25, 0.25, 0.5),
    "hinge": Loss(hinge_d, hinge_g, _raw, 2.0, 0.0, 0.0),
}
