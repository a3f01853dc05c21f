"""How good a translation of the drawn herd is: stripe accuracy, background error, colour error."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.images import as_grey


def measure(source: Tensor, output: Tensor, target: Tensor, mask: Tensor) -> dict[str, float]:
    """Stripe accuracy, background error and colour error of translations of drawn animals against their true partners.

    All pictures float32 [N, 1 or 3, S, S] in [-1, 1]: the source, what a generator made of it, and the true partner;
    mask bool [N, 1, S, S], true on the coat. Raw pixel error cannot tell a stripe out of phase from no stripe, so:

        coat      share of animals whose local contrast in the mask is nearer the target's than the source's
        ground    mean absolute difference from the source outside the mask, as a share of full scale
        colour    error against the target in the mask after a blur wider than a stripe; doing nothing has 1
    """
    found, nothing, goal = (_contrast(x, mask) for x in (output, source, target))
    coat = ((found - goal).abs() < (found - nothing).abs()).float().mean()
    ground = ((output - source).abs().mean(1, keepdim=True) / 2)[~mask].mean()
    error, most = (_blurred(x - target, mask).abs().sum() for x in (output, source))
    return {"coat": coat.item(), "ground": ground.item(), "colour": (error / most).item()}


def _contrast(x: Tensor, mask: Tensor) -> Tensor:
    """Mean standard deviation of the luminance in windows about a stripe's period wide, in the coat alone: [N]."""
    size = x.shape[-1]
    window, rim = 2 * round(size * 0.045) + 1, 2 * round(size / 64) + 1
    inner = 1 - F.max_pool2d(1 - mask.float(), rim, 1, rim // 2)  # the rim is mixed with the ground

    def around(field: Tensor) -> Tensor:
        return F.avg_pool2d(field * inner, window, 1, window // 2)

    light = as_grey(x)
    share = around(torch.ones_like(light)).clamp(min=1e-6)
    mean = around(light) / share
    deviation = (around(light * light) / share - mean * mean).clamp(min=0).sqrt()
    return (deviation * inner).sum((1, 2, 3)) / inner.sum((1, 2, 3)).clamp(min=1)


def _blurred(x: Tensor, mask: Tensor) -> Tensor:
    """Gaussian blur of the coat alone, at half a stripe's period: a wave of that period loses 99 %; 0 elsewhere."""
    sigma = 0.06 * x.shape[-1]
    at = torch.arange(-math.ceil(3 * sigma), math.ceil(3 * sigma) + 1, device=x.device)
    kernel = torch.exp(-((at / sigma) ** 2) / 2).to(x.dtype)
    kernel = kernel / kernel.sum()

    def blur(field: Tensor) -> Tensor:
        flat = field.flatten(0, 1)[:, None]
        flat = F.conv2d(flat, kernel[None, None, None], padding=(0, len(at) // 2))
        return F.conv2d(flat, kernel[None, None, :, None], padding=(len(at) // 2, 0)).view_as(field)

    inside = mask.to(x.dtype)
    return blur(x * inside) / blur(inside).clamp(min=1e-6) * inside
