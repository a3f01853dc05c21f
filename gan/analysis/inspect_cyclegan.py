"""What a patch discriminator says where, and what each loss says of one picture (Isola et al. 2017; Zhu et al. 2017).

Each logit of the discriminator judges one patch, 70x70 pixels with three strided layers; patches lie `stride` apart and
reach beyond the picture's edge, where they see nothing but zeros.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import conv_transpose2d, l1_loss, pad

from gan.core.cyclegan import CycleGANConfig
from gan.core.losses import LOSSES


class Field(NamedTuple):
    """What one logit sees, in pixels: `size` x `size` of them, the patches `stride` apart, the first at `start`."""

    size: int
    stride: int
    start: int


def receptive_field(discriminator: nn.Module) -> Field:
    """The field of a network's convolutions, one after the other. Instance normalisation, which sees all, is left out.

    From Dumoulin and Visin 2016, "A guide to convolution arithmetic": a layer adds (kernel - 1) steps of the layers
    before it, and starts its padding earlier.
    """
    size, stride, start = 1, 1, 0
    for layer in discriminator.modules():
        if isinstance(layer, nn.Conv2d):
            size += (layer.kernel_size[0] - 1) * stride
            start -= layer.padding[0] * stride
            stride *= layer.stride[0]
    return Field(size, stride, start)


def spread(verdicts: Tensor, field: Field, shape: tuple[int, int]) -> Tensor:
    """For each pixel the mean verdict of all patches that hold it: float [h, w] to [H, W]; NaN where there is none."""
    patch, (height, width) = torch.ones(1, 1, field.size, field.size), shape
    both = conv_transpose2d(torch.stack([verdicts, torch.ones_like(verdicts)])[:, None], patch, stride=field.stride)
    below, beside = height - field.start - both.shape[-2], width - field.start - both.shape[-1]
    total, count = pad(both, (field.start, beside, field.start, below))[:, 0]  # below zero it cuts off
    return total / count


class Losses(NamedTuple):
    """What the losses say of one picture in one direction, before their weights; scalars."""

    deceive: float  # the generator's own: whether its translation passes for real
    real: float  # the share of the discriminator of its pile: the picture is real
    fake: float  # the share of the other discriminator: the translation is fake
    cycle: float
    identity: float

    def total(self, config: CycleGANConfig) -> float:
        """What the generators would minimise if this were the only picture."""
        return self.deceive + config.lambda_cycle * (self.cycle + config.lambda_identity * self.identity)


class Look(NamedTuple):
    """One picture's way through four networks: pictures float [1, 3, H, W] in [-1, 1], logits float [1, 1, h, w]."""

    real: Tensor
    fake: Tensor
    rec: Tensor
    idt: Tensor
    logits: dict[tuple[str, str], Tensor]  # of "real" and "fake", by the discriminator: its "own" pile's, the "other"'s
    losses: Losses


@torch.inference_mode()
def look(
    there: nn.Module, back: nn.Module, own: nn.Module, other: nn.Module, x: Tensor, config: CycleGANConfig
) -> Look:
    """Send a picture, float [1, 3, H, W] in [-1, 1], through the generators and before both discriminators.

    `own` judges pictures of its pile, `other` those of the pile it is translated to. The losses are those of
    `CycleGAN.train_step`, where the discriminators' fakes come by way of a pool of older ones; here it is this one.
    """
    fake = there(x)
    rec, idt = back(fake), back(x)
    pictures, judges = {"real": x, "fake": fake}, {"own": own, "other": other}
    logits = {(kind, name): judge(y) for kind, y in pictures.items() for name, judge in judges.items()}
    loss = LOSSES[config.loss]
    sure_real, sure_fake = map(torch.tensor, loss.sure)  # so that a half of D's loss stands alone
    losses = Losses(
        deceive=loss.g(logits["fake", "other"]).item(),
        real=loss.d(logits["real", "own"], sure_fake, config.label).item(),
        fake=loss.d(sure_real, logits["fake", "other"]).item(),
        cycle=l1_loss(rec, x).item(),
        identity=l1_loss(idt, x).item(),
    )
    return Look(x, fake, rec, idt, logits, losses)


def mean_verdicts(look: Look, config: CycleGANConfig) -> dict[tuple[str, str], float]:
    """The mean verdict by the keys of `Look.logits`, as the run's loss shows it: the D(x) of the curves."""
    verdict = LOSSES[config.loss].verdict
    return {key: verdict(logits).mean().item() for key, logits in look.logits.items()}


def leanings(look: Look, discriminator: nn.Module, config: CycleGANConfig) -> dict[tuple[str, str], Tensor]:
    """Where each picture looks real and fake, by the keys of `Look.logits`: float [H, W].

    1 is what D is taught to say of real pictures, -1 as far on the other side of its verdict at rest, 0 undecided; a
    score can lie beyond both ends. `discriminator` is any of the two, which see patches of the same size.
    """
    loss, field = LOSSES[config.loss], receptive_field(discriminator)
    shape = (look.real.shape[-2], look.real.shape[-1])
    middle = loss.equilibrium(config.label).verdict
    verdicts = {key: spread(loss.verdict(logits[0, 0]), field, shape) for key, logits in look.logits.items()}
    return {key: (verdict - middle) / (config.label - middle) for key, verdict in verdicts.items()}
