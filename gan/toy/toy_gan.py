"""A GAN small enough to see whole: points on a line or in a plane instead of pictures (lecture, question 20).

All that GAN Lab shows (Kahng et al. 2018, arXiv:1809.01587), and beside it the best discriminator that there can be,
which `densities.py` knows.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gan.config import ABSOLUTE_LOSSES
from gan.core.base import frozen, grad_norm
from gan.core.losses import LOSSES
from gan.errors import UserError
from gan.optim import Adam
from gan.regularization import gradient_penalty
from gan.toy.densities import BLUR, CELLS, Points, best, covered, divergence, measured, places

MANY = 4096  # generated points from which q is measured
SHOWN = 160  # points of each kind that are shown
LINES, STEPS = 11, 21  # the net that shows what becomes of the plane of z: lines each way, points on a line
WIDTH, BATCH = 32, 128
DESCENTS = ("adam", "sgd")
BETAS = (0.5, 0.9)  # of Adam
BLOWN_UP = 1e6  # a loss or a gradient beyond which nothing was ever seen to come back
REMEMBERED = 600  # rounds in the history; when it is full every second is forgotten


@dataclass(frozen=True)
class ToyConfig:
    """What can be chosen: one of `ABSOLUTE_LOSSES`, how the generator descends ("adam", or "sgd": plain steps
    along the gradient, which a small gradient makes small), both learning rates, rounds of D for one of G, a seed, and
    gamma of R1, the penalty of D's slope at real points (0: none)."""

    loss: str = "bce"
    descent: str = "adam"
    rate_g: float = 5e-4
    rate_d: float = 2e-3
    n_critic: int = 1
    seed: int = 0
    r1: float = 0.0

    def __post_init__(self) -> None:
        if self.loss not in ABSOLUTE_LOSSES:
            raise UserError("plane.loss", loss=self.loss, known=", ".join(ABSOLUTE_LOSSES))
        if self.descent not in DESCENTS:
            raise UserError("plane.descent", descent=self.descent, known=", ".join(DESCENTS))
        for name, value in (("rate_g", self.rate_g), ("rate_d", self.rate_d)):
            if not 0 <= value <= 0.1:
                raise UserError("plane.rate", name=name, value=value)
        if not 0 <= self.r1 <= 100:
            raise UserError("plane.r1", value=self.r1)
        if self.n_critic not in range(1, 21):
            raise UserError("plane.n_critic", value=self.n_critic)


class Turn(NamedTuple):
    """A round's numbers: the losses, mean verdicts on real and fake, and the size of the gradient that reached G."""

    number: int
    loss_d: float
    loss_g: float
    d_real: float
    d_fake: float
    grad_g: float


class View(NamedTuple):
    """The GAN as it stands.

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


class ToyGAN:
    """Two small networks and the points they fight over. A seed repeats it, as long as the same is asked of it."""

    def __init__(self, points: Points, config: ToyConfig | None = None) -> None:
        self.points, self.config = points, config or ToyConfig()
        self.random = torch.Generator().manual_seed(self.config.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.config.seed)
            self.g, self.d = network(points.dims, points.dims), network(points.dims, 1)
        self.opt_g = self._descent(self.config)
        self.opt_d = Adam(self.d.parameters(), lr=self.config.rate_d, betas=BETAS, fused=True)
        self.history: list[Turn] = []
        self.rounds, self.every = 0, 1
        self.blown_up = False  # whether a number was about to leave all bounds: nothing moves any more
        self.shown_z, self.shown_real = self.noise(SHOWN), points.draw(SHOWN, self.random)
        self.density = points.density(BLUR)

    @property
    def loss(self) -> str:
        """The loss by name."""
        return self.config.loss

    def change(self, config: ToyConfig) -> None:
        """Other settings from the next round on, all but the seed; the networks stay what they are."""
        if config.descent != self.config.descent:
            self.opt_g = self._descent(config)
        self.config = config
        for optimiser, rate in ((self.opt_g, config.rate_g), (self.opt_d, config.rate_d)):
            optimiser.param_groups[0]["lr"] = rate

    def _descent(self, config: ToyConfig) -> torch.optim.Optimizer:
        if config.descent == "sgd":
            return torch.optim.SGD(self.g.parameters(), lr=config.rate_g)
        return Adam(self.g.parameters(), lr=config.rate_g, betas=BETAS, fused=True)

    def noise(self, count: int, stream: torch.Generator | None = None) -> Tensor:
        """z, uniform on [-1, 1]^dims, float [count, dims], from the GAN's own random stream or another."""
        return 2 * torch.rand(count, self.points.dims, generator=stream or self.random) - 1

    def train_step(self, *, freeze_d: bool = False, freeze_g: bool = False) -> Turn | None:
        """The discriminator learns, then the generator from its new verdict; either may be held still.

        None where a step would blow it up (`blown_up`): it is not taken, and no later one either.
        """
        loss = LOSSES[self.loss]
        for _ in range(self.config.n_critic):
            real, fake = self.points.draw(BATCH, self.random), self.g(self.noise(BATCH))
            logits_real, logits_fake = self.d(torch.cat([real, fake.detach()])).split(BATCH)
            loss_d = loss.d(logits_real, logits_fake)
            if freeze_d:
                break
            self.opt_d.zero_grad(set_to_none=True)
            penalty = 0.5 * self.config.r1 * gradient_penalty(self.d, real) if self.config.r1 else 0.0
            (loss_d + penalty).backward()
            if not self._step(self.opt_d, loss_d, grad_norm(self.d)):
                return None
        with frozen(self.d):
            loss_g = loss.g(self.d(fake))
        self.opt_g.zero_grad(set_to_none=True)
        loss_g.backward()
        size = grad_norm(self.g)
        if not self._step(None if freeze_g else self.opt_g, loss_g, size):
            return None
        self.rounds += 1
        verdicts = [loss.verdict(logits.detach()).mean().item() for logits in (logits_real, logits_fake)]
        turn = Turn(self.rounds, loss_d.item(), loss_g.item(), *verdicts, size.item())
        if self.rounds % self.every == 0:
            self.history.append(turn)
        if len(self.history) > REMEMBERED:
            self.history, self.every = self.history[1::2], 2 * self.every
        return turn

    def _step(self, optimiser: torch.optim.Optimizer | None, loss: Tensor, size: Tensor) -> bool:
        """Let an optimiser, if any, step, unless the loss or its gradient's size is beyond all bounds; whether not."""
        is_bounded = loss.detach().abs() < BLOWN_UP and size < BLOWN_UP  # NaN is not below anything
        self.blown_up = self.blown_up or not is_bounded
        if optimiser is not None and not self.blown_up:
            optimiser.step()
        return not self.blown_up

    @torch.no_grad()
    def generated(self, count: int = MANY) -> Tensor:
        """Generated points from a stream of their own, float [count, dims]: looking changes nothing of the GAN."""
        return self.g(self.noise(count, torch.Generator().manual_seed(1)))

    def look(self) -> View:
        """All there is to see of the GAN as it stands."""
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
