"""What one can do with the latent vector z: draw it, walk from one to another, add and subtract.

Vectors drawn from N(0, 1) in 100 dimensions have a length near 10, nearly all of them: they lie on a thin shell. A
straight line between two of them cuts through the inside, where the generator was never trained; the arc does not.
"""

from collections.abc import Sequence
from math import pi, sqrt

import numpy as np
import torch
from torch import Tensor

from gan.errors import UserError

MAX_SEED = 2**31 - 1  # highest seed
WAYS = ("slerp", "lerp")


def noise(count: int, length: int, seed: int, first: int = 0) -> Tensor:
    """The latent vectors `first` to `first + count` of a seed's endless list, float32 [count, length] from N(0, 1).

    The list depends on the seed and the length alone, so (run, seed, index) names one picture on every machine.
    """
    stream = np.random.default_rng(seed)
    vectors = stream.standard_normal((first + count, length))[first:]
    return torch.from_numpy(vectors.astype(np.float32))


def lerp(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """The straight line from a to b, float [latent] each, at shares [N] from 0 to 1: float [N, latent]."""
    share = share[:, None]
    return (1 - share) * a + share * b


def slerp(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """The arc from a to b on the sphere (Shoemake 1985; White 2016, arXiv:1609.04468). Shapes as in `lerp`.

    Where the two differ in length, the length goes evenly from one to the other.
    """
    start, end = _unit(a.double()), _unit(b.double())  # near opposite ends, single precision would leave the sphere
    share = share.double()
    angle = torch.arccos((start @ end).clamp(-1, 1))
    if angle < 1e-3:  # the same direction: the arc is the line
        return lerp(a, b, share.to(a))
    if angle > pi - 1e-3:  # opposite ones: every great circle leads there, so take one and always the same
        aside = torch.zeros_like(start).index_fill(0, start.abs().argmin(), 1)  # an axis that is far from both
        half_way = _unit(aside - (aside @ start) * start)
        path = torch.cos(pi * share)[:, None] * start + torch.sin(pi * share)[:, None] * half_way
    else:
        weights = torch.sin(torch.stack([1 - share, share], 1) * angle) / torch.sin(angle)
        path = weights @ torch.stack([start, end])
    return (path * lerp(a.norm()[None], b.norm()[None], share)).to(a)


def walk(a: Tensor, b: Tensor, steps: int, way: str = "slerp") -> Tensor:
    """`steps` vectors evenly from a to b, both included, float [steps, latent], by "slerp" or "lerp".

    Raises `UserError` for fewer than 2 steps or another way.
    """
    if way not in WAYS:
        raise UserError("latent.way", way=way, known=", ".join(WAYS))
    if steps < 2:
        raise UserError("latent.steps", steps=steps)
    share = torch.linspace(0, 1, steps).to(a)
    return {"slerp": slerp, "lerp": lerp}[way](a, b, share)


def arithmetic(a: Sequence[Tensor], b: Sequence[Tensor], c: Sequence[Tensor]) -> Tensor:
    """mean(a) - mean(b) + mean(c), float [latent]: Radford et al. 2015, section 6.3.2 ("smiling woman" and so on).

    One vector alone says too much about one picture; the mean of a few says what they share. But a mean is shorter than
    its members, so the result gets the length that the vectors of c have. Raises `UserError` where one is empty.
    """
    if not (len(a) and len(b) and len(c)):
        raise UserError("latent.parts")
    mean_a, mean_b, mean_c = (torch.stack(list(part)).mean(0) for part in (a, b, c))
    length = torch.stack([z.norm() for z in c]).mean()
    return _unit(mean_a - mean_b + mean_c) * length


def typical_length(length: int) -> float:
    """The length that vectors of N(0, 1) in `length` dimensions have, nearly all of them."""
    return sqrt(length)


def _unit(z: Tensor) -> Tensor:
    return z / z.norm().clamp(min=1e-8)
