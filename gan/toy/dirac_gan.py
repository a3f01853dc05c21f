"""The Dirac-GAN: one real point at 0, one generated point, and a discriminator that is one straight line.

The smallest GAN that shows why training may circle for ever, and how a gradient penalty brings it to rest (Mescheder,
Geiger and Nowozin 2018, arXiv:1801.04406, sections 2 and 3). The generator's only parameter is its point theta, the
discriminator's is its slope psi: D(x) = psi x, a logit. With f(t) = -log(1 + exp(-t)), or f(t) = t, D maximises the
paper's equation 1, f(D(0)) + f(-D(theta)). D is high for what is real here, as everywhere in this code; in the paper it
is high for what is generated, so that psi there is -psi here: its figures are upside down, its eigenvalues the same.

`dirac_gan.js` in `demo/tabs/questions/` computes the same in the page.
"""

import cmath
import math
from typing import NamedTuple

LOSSES = ("saturating", "bce", "wasserstein")  # two as in gan/core/losses.py, and f(t) = t
ORDERS = ("alternating", "simultaneous")  # D and then G, which sees the new D; or both from the same moment
H = 0.1  # length of a gradient step, the paper's h


class Point(NamedTuple):
    """Where the duel stands: the generated point, and D's slope. The equilibrium is (0, 0) (Lemma 2.2)."""

    theta: float
    psi: float


def f(t: float, loss: str) -> float:
    """What both losses are made of, equation 1."""
    return t if loss == "wasserstein" else min(t, 0.0) - math.log1p(math.exp(-abs(t)))


def f_prime(t: float, loss: str) -> float:
    """Its derivative: 1, or 1 / (1 + exp(t)), which is 1/2 at the equilibrium."""
    return 1.0 if loss == "wasserstein" else (1 - math.tanh(t / 2)) / 2


def losses(at: Point, loss: str, gamma: float = 0.0) -> tuple[float, float]:
    """(D's, G's), both to be minimised; D's with R1, gamma / 2 |D'(0)|^2 = gamma / 2 psi^2 (section 3.3).

    G's is -f(D(theta)), or where it saturates f(-D(theta)), the other half of a zero-sum game.
    """
    score = at.psi * at.theta
    loss_d = -f(0.0, loss) - f(-score, loss) + gamma / 2 * at.psi**2
    return loss_d, f(-score, loss) if loss == "saturating" else -f(score, loss)


def field(at: Point, loss: str, gamma: float = 0.0) -> Point:
    """The gradient vector field v: minus the gradient of each one's loss with respect to its own parameter."""
    score = at.psi * at.theta
    pull = f_prime(-score if loss == "saturating" else score, loss)
    return Point(at.psi * pull, -at.theta * f_prime(-score, loss) - gamma * at.psi)


def eigenvalues(loss: str, gamma: float = 0.0) -> tuple[complex, complex]:
    """Those of v's Jacobian at the equilibrium, [[0, f'(0)], [-f'(0), -gamma]].

    +-i f'(0) without the penalty (Lemma 2.2), -gamma / 2 +- sqrt(gamma^2 / 4 - f'(0)^2) with it (section 3.3).
    """
    root = cmath.sqrt(gamma**2 / 4 - f_prime(0.0, loss) ** 2)
    return -gamma / 2 + root, -gamma / 2 - root


def critical_gamma(loss: str) -> float:
    """The gamma from which on nothing turns near the equilibrium: 2 |f'(0)| (section 3.3)."""
    return 2 * abs(f_prime(0.0, loss))


def step_eigenvalues(loss: str, gamma: float, h: float, order: str) -> tuple[complex, complex]:
    """Those of the Jacobian of one `step` at the equilibrium: it comes closer where both are less than 1 in size.

    Without the penalty 1 +- i h f'(0), of size sqrt(1 + h^2 f'(0)^2), if both move at once: never stable, however short
    the step (Lemma 2.4). In turn their size is 1 as long as h f'(0) <= 2 (Lemma 2.5).
    """
    drive = (h * f_prime(0.0, loss)) ** 2
    if order == "simultaneous":
        trace, determinant = 2 - h * gamma, 1 - h * gamma + drive
    else:
        trace, determinant = 2 - h * gamma - drive, 1 - h * gamma
    root = cmath.sqrt(trace**2 / 4 - determinant)
    return trace / 2 + root, trace / 2 - root


def step(at: Point, loss: str, gamma: float = 0.0, h: float = H, order: str = "alternating") -> Point:
    """One step of gradient descent of both."""
    v = field(at, loss, gamma)
    theta, psi = at.theta + h * v.theta, at.psi + h * v.psi
    if order == "alternating":
        theta = at.theta + h * field(Point(at.theta, psi), loss, gamma).theta
    return Point(theta, psi)


def path(
    start: Point, steps: int, loss: str, gamma: float = 0.0, h: float = H, order: str = "alternating"
) -> list[Point]:
    """The start and what so many steps make of it."""
    points = [start]
    for _ in range(steps):
        points.append(step(points[-1], loss, gamma, h, order))
    return points
