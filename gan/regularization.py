"""Means against restless training: gradient penalties on the discriminator, and DiffAugment of all that it sees."""

from collections.abc import Callable

import torch
from torch import Tensor


def gradient_penalty(discriminator: Callable[[Tensor], Tensor], pictures: Tensor) -> Tensor:
    """E |grad_x D(x)|^2 at `pictures`, float [N, C, H, W] (or points, [N, dims]): a scalar, minimised times gamma / 2.

    At real pictures it is R1, at generated ones R2 (Mescheder, Geiger and Nowozin 2018, arXiv:1801.04406, section 4.1).
    Of a patch discriminator D(x) is the mean over its patches. In fp32 at least, as it is differentiated again.
    """
    x = pictures.detach().to(torch.promote_types(pictures.dtype, torch.float32)).requires_grad_()
    with torch.enable_grad(), torch.autocast(x.device.type, enabled=False):
        verdict = discriminator(x).reshape(len(x), -1).mean(1).sum()
        (slope,) = torch.autograd.grad(verdict, x, create_graph=True)
        return slope.square().flatten(1).sum(1).mean()


def diff_augment(pictures: Tensor) -> Tensor:
    """`pictures`, float [N, C, H, W] in [-1, 1], each changed at random in colour and place, with a square cut out.

    Differentiable, so that G learns through it (Zhao et al. 2020, arXiv:2006.10738): D, to which real and generated
    pictures are shown in this way alone, cannot learn a few pictures by heart, and G does not learn the changes. The
    amounts are the paper's, section 4.1. The values are torch's random stream's.
    """
    return _cut_out(_moved(_recoloured(pictures)))


def _random(x: Tensor, *shape: int) -> Tensor:
    return torch.rand(len(x), *shape, device=x.device, dtype=x.dtype)


def _recoloured(x: Tensor) -> Tensor:
    """Brighter or darker by up to half, of 0 to 2 times the saturation and 0.5 to 1.5 times the contrast."""
    x = x + _random(x, 1, 1, 1) - 0.5
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * 2 * _random(x, 1, 1, 1)
    mean = x.mean((1, 2, 3), keepdim=True)
    return mean + (x - mean) * (0.5 + _random(x, 1, 1, 1))


def _moved(x: Tensor) -> Tensor:
    """Moved by up to an eighth of its side in both directions; what comes in from outside is grey, 0."""
    n, _, h, w = x.shape
    rows, columns = (
        torch.arange(side, device=x.device) + torch.randint(-(side // 8), side // 8 + 1, (n, 1), device=x.device)
        for side in (h, w)
    )
    inside = ((rows >= 0) & (rows < h))[:, :, None] & ((columns >= 0) & (columns < w))[:, None, :]
    pictures = torch.arange(n, device=x.device)[:, None, None]
    moved = x.permute(0, 2, 3, 1)[pictures, rows.clamp(0, h - 1)[:, :, None], columns.clamp(0, w - 1)[:, None, :]]
    return (moved * inside[..., None]).permute(0, 3, 1, 2)


def _cut_out(x: Tensor) -> Tensor:
    """A square of half its side, centred anywhere, made grey."""
    n, _, h, w = x.shape
    near = (
        (torch.arange(side, device=x.device) - torch.randint(side + 1, (n, 1), device=x.device) + side // 4)
        for side in (h, w)
    )
    rows, columns = ((each >= 0) & (each < side // 2) for each, side in zip(near, (h, w), strict=True))
    return x * ~(rows[:, None, :, None] & columns[:, None, None, :])
