"""A duel small enough to see whole: points on a line or in a plane instead of pictures (lecture, question 20).

The data are mixtures of Gaussians, so their density p is known; that of the generated points, q, is measured from many
of them. With both, the best discriminator that there can be is known too, p / (p + q), and the Jensen-Shannon
divergence that it measures (Goodfellow et al. 2014, section 4.1: proposition 1 and theorem 1). All that GAN Lab shows
(Kahng et al. 2018, arXiv:1809.01587), and that optimum beside it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.duel import frozen, grad_norm
from gan.errors import UserError
from gan.losses import LOSSES

REACH = 1.5  # what is looked at goes from -REACH to REACH, both ways
BLUR = 0.1  # standard deviation of the blur through which p and q are both seen
CELLS = {1: 120, 2: 48}  # squares a side of what is looked at, by dimensions
MANY = 4096  # generated points from which q is measured
SHOWN = 160  # points of each kind that are shown
LINES, STEPS = 11, 21  # the net that shows what becomes of the plane of z: lines each way, points on a line
WIDTH, BATCH = 32, 128
DESCENTS = ("adam", "sgd")
BETAS = (0.5, 0.9)  # of Adam
REMEMBERED = 600  # rounds in the history; when it is full every second is forgotten


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
        raise UserError("The drawing is empty; draw something first.")
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


# The duel


@dataclass(frozen=True)
class PlaneConfig:
    """What can be chosen: a loss by its name in `gan.losses`, how the generator descends ("adam", or "sgd": plain steps
    along the gradient, which a small gradient makes small), both learning rates, rounds of D for one of G, a seed."""

    loss: str = "bce"
    descent: str = "adam"
    rate_g: float = 5e-4
    rate_d: float = 2e-3
    rounds_d: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise UserError(f"The loss {self.loss!r} is unknown; choose one of {', '.join(LOSSES)}.")
        if self.descent not in DESCENTS:
            raise UserError(f"The descent {self.descent!r} is unknown; choose one of {', '.join(DESCENTS)}.")
        for name, value in (("rate_g", self.rate_g), ("rate_d", self.rate_d)):
            if not 0 <= value <= 0.1:
                raise UserError(f"{name} is {value}; it must be from 0 to 0.1.")
        if self.rounds_d not in range(1, 21):
            raise UserError(f"rounds_d is {self.rounds_d}; it must be from 1 to 20.")


class Turn(NamedTuple):
    """A round's numbers: the losses, mean verdicts on real and fake, and the size of the gradient that reached G."""

    number: int
    loss_d: float
    loss_g: float
    d_real: float
    d_fake: float
    grad_g: float


class View(NamedTuple):
    """The duel as it stands.

    `real` and `fake`, float [SHOWN, dims]; `pull`, of the same shape: where G's loss would have each fake point go,
    -dL/dx. `verdict` and `best`, of D and of the best D, and the densities `p` and `q`: [cells] or [cells, cells].
    `net`: lines of the plane of z as the generator lays them, float [lines, points, 2]; for one dimension [1, points,
    2], pairs (z, x). `divergence` in nats, `covered` a share, `off`: how far D is from the best on the mean of all
    points, in verdicts.
    """

    real: Tensor
    fake: Tensor
    pull: Tensor
    verdict: Tensor
    best: Tensor
    p: Tensor
    q: Tensor
    net: Tensor
    divergence: float
    covered: float
    off: float


class PlaneDuel:
    """Two small networks and the points they fight over. A seed repeats it, as long as the same is asked of it."""

    def __init__(self, points: Points, config: PlaneConfig | None = None) -> None:
        self.points, self.config = points, config or PlaneConfig()
        self.random = torch.Generator().manual_seed(self.config.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.config.seed)
            self.g, self.d = network(points.dims, points.dims), network(points.dims, 1)
        self.opt_g = self._descent(self.config)
        self.opt_d = torch.optim.Adam(self.d.parameters(), lr=self.config.rate_d, betas=BETAS, fused=True)
        self.history: list[Turn] = []
        self.rounds, self.every = 0, 1
        self.shown_z, self.shown_real = self.noise(SHOWN), points.draw(SHOWN, self.random)
        self.density = points.density(BLUR)

    @property
    def loss(self) -> str:
        """The loss by name."""
        return self.config.loss

    def change(self, config: PlaneConfig) -> None:
        """Other settings from the next round on, all but the seed; the networks stay what they are."""
        if config.descent != self.config.descent:
            self.opt_g = self._descent(config)
        self.config = config
        for optimiser, rate in ((self.opt_g, config.rate_g), (self.opt_d, config.rate_d)):
            optimiser.param_groups[0]["lr"] = rate

    def _descent(self, config: PlaneConfig) -> torch.optim.Optimizer:
        if config.descent == "sgd":
            return torch.optim.SGD(self.g.parameters(), lr=config.rate_g)
        return torch.optim.Adam(self.g.parameters(), lr=config.rate_g, betas=BETAS, fused=True)

    def noise(self, count: int, stream: torch.Generator | None = None) -> Tensor:
        """z, uniform on [-1, 1]^dims, float [count, dims], from the duel's own random stream or another."""
        return 2 * torch.rand(count, self.points.dims, generator=stream or self.random) - 1

    def round(self, *, hold_d: bool = False, hold_g: bool = False) -> Turn:
        """The discriminator learns, then the generator from its new verdict; either may be held still."""
        loss = LOSSES[self.loss]
        for _ in range(self.config.rounds_d):
            real, fake = self.points.draw(BATCH, self.random), self.g(self.noise(BATCH))
            logits_real, logits_fake = self.d(torch.cat([real, fake.detach()])).split(BATCH)
            loss_d = loss.d(logits_real, logits_fake)
            if hold_d:
                break
            self.opt_d.zero_grad(set_to_none=True)
            loss_d.backward()
            self.opt_d.step()
        with frozen(self.d):
            loss_g = loss.g(self.d(fake))
        self.opt_g.zero_grad(set_to_none=True)
        loss_g.backward()
        size = grad_norm(self.g)
        if not hold_g:
            self.opt_g.step()
        self.rounds += 1
        verdicts = [loss.verdict(logits.detach()).mean().item() for logits in (logits_real, logits_fake)]
        turn = Turn(self.rounds, loss_d.item(), loss_g.item(), *verdicts, size.item())
        if self.rounds % self.every == 0:
            self.history.append(turn)
        if len(self.history) > REMEMBERED:
            self.history, self.every = self.history[1::2], 2 * self.every
        return turn

    @torch.no_grad()
    def generated(self, count: int = MANY) -> Tensor:
        """Generated points from a stream of their own, float [count, dims]: looking changes nothing of the duel."""
        return self.g(self.noise(count, torch.Generator().manual_seed(1)))

    def look(self) -> View:
        """All there is to see of the duel as it stands."""
        loss, dims = LOSSES[self.loss], self.points.dims
        with torch.no_grad():
            fake = self.g(self.shown_z)
            shape = (CELLS[dims],) * dims
            verdict = loss.verdict(self.d(places(dims))).reshape(shape)
            net = self._net()
        x = fake.clone().requires_grad_(True)
        with torch.enable_grad(), frozen(self.d):
            (pull,) = torch.autograd.grad(-SHOWN * loss.g(self.d(x)), x)  # the mean's part of one point
        p, q = self.density, measured(self.generated(), BLUR)
        ideal = best(p, q, self.loss)
        weight = torch.where(ideal.isnan(), 0.0, p + q)
        off = float((weight * (verdict - ideal.nan_to_num()).abs()).sum() / weight.sum())
        return View(
            *(self.shown_real, fake, pull, verdict, ideal, p, q, net),
            divergence=divergence(p, q),
            covered=covered(p, q),
            off=off,
        )

    def _net(self) -> Tensor:
        if self.points.dims == 1:
            z = torch.linspace(-1, 1, 4 * STEPS)[:, None]
            return torch.cat([z, self.g(z)], 1)[None]
        line, along = torch.linspace(-1, 1, LINES), torch.linspace(-1, 1, STEPS)
        grid = torch.cartesian_prod(line, along)
        return self.g(torch.cat([grid, grid.flip(1)])).reshape(2 * LINES, STEPS, 2)


def network(inputs: int, outputs: int) -> nn.Sequential:
    """Two hidden layers: float [N, inputs] to [N, outputs]."""
    hidden = [nn.Linear(inputs, WIDTH), nn.LeakyReLU(0.2), nn.Linear(WIDTH, WIDTH), nn.LeakyReLU(0.2)]
    return nn.Sequential(*hidden, nn.Linear(WIDTH, outputs))


def least_loss(loss: str, view_divergence: float) -> float | None:
    """The least that the discriminator's loss could be: log 4 - 2 JS for cross-entropy (theorem 1), else None."""
    return math.log(4) - 2 * view_divergence if loss in ("bce", "saturating") else None
