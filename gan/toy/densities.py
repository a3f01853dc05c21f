"""Points on a line or in a plane whose density is known, and what follows from two densities (question 20).

The data of the toy GAN are mixtures of Gaussians, so their density p is known; that of the generated points, q, is
measured from many of them. With both, the best discriminator that there can be is known too, p / (p + q), and the
Jensen-Shannon divergence that it measures (Goodfellow et al. 2014, section 4.1: proposition 1 and theorem 1).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.core.losses import LOSSES
from gan.errors import UserError

REACH = 1.5  # what is looked at goes from -REACH to REACH, both ways
BLUR = 0.1  # standard deviation of the blur through which p and q are both seen
CELLS = {1: 120, 2: 48}  # squares a side of what is looked at, by dimensions


class Points(NamedTuple):
    """Where real points come from: `centres`, float [K, dims], drawn alike, and N(0, spread^2) round each."""

    centres: Tensor
    spread: float

    @property
    def dims(self) -> int:
        """1 or 2."""
        return self.centres.shape[1]

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Real points, float [count, dims]."""
        picked = torch.randint(len(self.centres), (count,), generator=generator)
        return self.centres[picked] + self.spread * torch.randn(count, self.dims, generator=generator)

    def density(self, blur: float = 0.0) -> Tensor:
        """p behind a Gaussian blur, as `mixture` gives it: exact, since blurring adds variances."""
        return mixture(self.centres, math.hypot(self.spread, blur))


def _circle(radius: float, count: int) -> Tensor:
    angle = torch.arange(count) * (2 * math.pi / count)
    return radius * torch.stack([angle.cos(), angle.sin()], 1)


SETS: dict[str, Callable[[], Points]] = {
    "hill": lambda: Points(torch.tensor([[0.6]]), 0.2),
    "hills": lambda: Points(torch.tensor([[-0.8], [0.8]]), 0.15),
    "line": lambda: Points(torch.linspace(-1, 1, 81)[:, None] * torch.tensor([[1.0, 0.6]]), 0.06),
    "ring": lambda: Points(_circle(0.9, 120), 0.06),
    "rings": lambda: Points(torch.cat([_circle(1.1, 160), _circle(0.5, 72)]), 0.05),
    "grid": lambda: Points(torch.cartesian_prod(*[torch.tensor([-0.9, 0.0, 0.9])] * 2), 0.07),
}


def drawn(ink: Tensor) -> Points:
    """Points where there is ink: `ink`, float [H, W] in [0, 1], H = W, the plane with its upper left corner first.

    Raises UserError for an empty drawing.
    """
    cells = F.adaptive_avg_pool2d(ink[None], 40)[0] > 0.25
    row, column = cells.nonzero().unbind(1)
    if not len(row):
        raise UserError("densities.empty")
    step = 2 * REACH / 40
    return Points(torch.stack([column * step - REACH + step / 2, REACH - step / 2 - row * step], 1), 0.05)


# Densities, and what follows from them


def axis(dims: int) -> Tensor:
    """The middles of the squares that are looked at, float [cells], from the least."""
    step = 2 * REACH / CELLS[dims]
    return torch.arange(CELLS[dims]) * step - REACH + step / 2


def places(dims: int) -> Tensor:
    """The middles of all squares, float [cells, 1] or [cells * cells, 2], row by row from the top."""
    along = axis(dims)
    return along[:, None] if dims == 1 else torch.cartesian_prod(along.flip(0), along).flip(1)


def mixture(centres: Tensor, spread: float) -> Tensor:
    """The density of equal Gaussians round `centres`, float [K, dims]: [cells] or [cells, cells], rows from the top.

    An isotropic Gaussian is a product of one a coordinate, so a plane takes one product of two small matrices.
    """
    bells = [_bells(each, centres.shape[1], spread) for each in centres.unbind(1)]
    if len(bells) == 1:
        return bells[0].mean(0)
    return bells[1].flip(1).T @ bells[0] / len(centres)


def measured(points: Tensor, spread: float) -> Tensor:
    """`mixture` round very many points, float [N, dims], in a twentieth of its time: they are counted in fine squares.

    A square's side is a quarter of `spread`; what the squares add to the variance (Sheppard 1898) is taken off the
    blur. Points so far out of sight that nothing of their blur is seen count for the mean alone.
    """
    dims, step = points.shape[1], spread / 4
    reach = REACH + 4 * spread
    squares = math.ceil(2 * reach / step)
    at = ((points + reach) / step).floor()
    at = at[((at >= 0) & (at < squares)).all(1)].long()
    at = at[:, 0] if dims == 1 else at[:, 1] * squares + at[:, 0]
    counts = torch.bincount(at, minlength=squares**dims).float() / len(points)
    middles = (torch.arange(squares) + 0.5) * step - reach
    bells = _bells(middles, dims, math.sqrt(spread**2 - step**2 / 12))
    if dims == 1:
        return counts @ bells
    return bells.flip(1).T @ (counts.reshape(squares, squares) @ bells)


def _bells(centres: Tensor, dims: int, spread: float) -> Tensor:
    """A Gaussian round each of `centres`, float [K], along an axis: [K, cells]."""
    scale = 1 / (spread * math.sqrt(2))
    bells = axis(dims).mul(scale) - centres[:, None] * scale
    return bells.square_().neg_().exp_().mul_(scale / math.sqrt(math.pi))  # in place: half the time


def best(p: Tensor, q: Tensor, loss: str = "bce") -> Tensor:
    """The verdict of the best discriminator for densities p and q; nan where there is next to nothing of either.

    p / (p + q) for cross-entropy (Goodfellow et al. 2014, eq. 2) and for least squares (Mao et al. 2017, eq. 5 with
    labels 1 and 0); 1 where p > q, else -1, for hinge (Lim and Ye 2017).
    """
    both = p + q
    verdict = torch.where(p > q, 1.0, -1.0) if loss == "hinge" else p / both.clamp(min=1e-30)
    return torch.where(both > 0.01 * both.max(), verdict, torch.nan)


def divergence(p: Tensor, q: Tensor) -> float:
    """The Jensen-Shannon divergence of two densities, in nats: 0 if equal, log 2 if disjoint.

    All that lies out of sight counts as one more square.
    """
    p, q = (_masses(each) for each in (p, q))
    middle = ((p + q) / 2).clamp(min=1e-300)

    def from_middle(of: Tensor) -> Tensor:  # the divergence of Kullback and Leibler
        return torch.where(of > 0, of * (of / middle).clamp(min=1e-300).log(), 0.0).sum()

    return float(from_middle(p) + from_middle(q)) / 2


def _masses(density: Tensor) -> Tensor:
    inside = density.double().flatten() * (2 * REACH / len(density)) ** density.dim()
    return torch.cat([inside, (1 - inside.sum()).clamp(min=0)[None]])


def covered(p: Tensor, q: Tensor) -> float:
    """The share of the real points that lie where at least a quarter as many generated ones are."""
    return float(p[q >= p / 4].sum() / p.sum())


def least_loss(loss: str, view_divergence: float) -> float | None:
    """The least that the discriminator's loss could be: log 4 - 2 JS for cross-entropy (theorem 1), else None."""
    return math.log(4) - 2 * view_divergence if LOSSES[loss].is_probability else None
