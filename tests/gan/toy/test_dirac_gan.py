"""The Dirac-GAN against independent arithmetic: finite differences, numpy's eigenvalues, the networks' own losses."""

import cmath
import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from gan.core.losses import LOSSES as NETWORKS
from gan.regularization import gradient_penalty
from gan.toy import dirac_gan as dirac
from gan.toy.dirac_gan import LOSSES, ORDERS, Point

PLACES = [Point(1.3, -0.7), Point(-0.4, 2.1), Point(-1.8, -1.5), Point(0.0, 0.9)]
GAMMAS = (0.0, 0.3, 1.0, 1.7)
ORIGIN = Point(0.0, 0.0)


def numeric_jacobian(function, at=ORIGIN, by=1e-6):
    """Of a function of two numbers to two, by central differences."""
    columns = [
        (np.array(function(Point(*(np.array(at) + d)))) - np.array(function(Point(*(np.array(at) - d))))) / (2 * by)
        for d in by * np.eye(2)
    ]
    return np.stack(columns, 1)


def same_set(found, expected, tolerance=1e-6):
    return min(
        max(abs(a - b) for a, b in zip(found, order, strict=True)) for order in (expected, expected[::-1])
    ) == pytest.approx(0, abs=tolerance)


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("loss", LOSSES)
def test_the_field_is_the_slope_of_the_losses(loss, gamma):
    for at in PLACES:
        by_differences = numeric_jacobian(lambda each: dirac.losses(each, loss, gamma), at)
        assert dirac.field(at, loss, gamma) == pytest.approx((-by_differences[1, 0], -by_differences[0, 1]), abs=1e-8)
    assert dirac.field(ORIGIN, loss, gamma) == (0, 0)


@pytest.mark.parametrize("loss", ["saturating", "bce"])
def test_the_losses_are_those_of_the_networks_and_so_is_the_penalty(loss):
    line = nn.Linear(1, 1, bias=False)
    for at in PLACES:
        nn.init.constant_(line.weight, at.psi)
        real, fake = line(torch.zeros(1, 1)), line(torch.full((1, 1), at.theta))
        penalty = gradient_penalty(nn.Sequential(nn.Flatten(), line), torch.zeros(1, 1, 1, 1))
        theirs = NETWORKS[loss].d(real, fake) + 0.7 / 2 * penalty, NETWORKS[loss].g(fake)
        assert dirac.losses(at, loss, 0.7) == pytest.approx([each.item() for each in theirs], abs=1e-6)


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("loss", LOSSES)
def test_the_eigenvalues_are_those_of_the_jacobian(loss, gamma):
    field = numeric_jacobian(lambda at: dirac.field(at, loss, gamma))
    # twice the same eigenvalue moves by the root of what a number of its matrix is off
    tolerance = 1e-4 if gamma == dirac.critical_gamma(loss) else 1e-7
    assert same_set(dirac.eigenvalues(loss, gamma), np.linalg.eigvals(field), tolerance)
    for order in ORDERS:
        moved = numeric_jacobian(lambda at, order=order: dirac.step(at, loss, gamma, 0.1, order))
        assert same_set(dirac.step_eigenvalues(loss, gamma, 0.1, order), np.linalg.eigvals(moved), tolerance)


@pytest.mark.parametrize(("loss", "slope"), [("saturating", 0.5), ("bce", 0.5), ("wasserstein", 1.0)])
def test_the_textbook_values(loss, slope):
    assert same_set(dirac.eigenvalues(loss), [1j * slope, -1j * slope])
    assert dirac.critical_gamma(loss) == 2 * slope
    under, over = dirac.eigenvalues(loss, 1.99 * slope), dirac.eigenvalues(loss, 2.01 * slope)
    assert under[0].imag
    assert not over[0].imag
    assert all(each.real < 0 for each in (*under, *over))
    for h in (0.01, 0.1, 1.0):
        at_once, in_turn = (dirac.step_eigenvalues(loss, 0, h, order) for order in ("simultaneous", "alternating"))
        assert abs(at_once[0]) == pytest.approx(math.sqrt(1 + (h * slope) ** 2))
        alpha = h * slope  # Lemma 2.5
        assert same_set(in_turn, [1 - alpha**2 / 2 + s * cmath.sqrt((1 - alpha**2 / 2) ** 2 - 1) for s in (1, -1)])
        assert [abs(each) for each in in_turn] == pytest.approx([1, 1])
    assert max(map(abs, dirac.step_eigenvalues(loss, 0, 2.01 / slope, "alternating"))) > 1


def radii(*args, **options):
    return np.array([math.hypot(*each) for each in dirac.path(*args, **options)])


@pytest.mark.parametrize(("loss", "slope"), [("saturating", 0.5), ("bce", 0.5), ("wasserstein", 1.0)])
def test_near_the_equilibrium_both_at_once_leave_at_the_textbook_rate(loss, slope):
    found = radii(Point(1e-4, 0.0), 100, loss, h=0.1, order="simultaneous")
    assert found[1:] / found[:-1] == pytest.approx(math.sqrt(1 + (0.1 * slope) ** 2), abs=1e-6)


@pytest.mark.parametrize("loss", ["saturating", "wasserstein"])
def test_from_anywhere_both_at_once_move_away_with_every_step_and_in_turn_they_circle(loss):
    away = radii(Point(1.5, 0.0), 300, loss, order="simultaneous")
    assert all(before < after for before, after in pairwise(away))  # Lemma 2.4
    circle = radii(Point(1.5, 0.0), 20_000, loss)
    assert 1.3 < circle.min() < circle.max() < 1.7


def test_short_steps_follow_circles_except_with_the_non_saturating_loss():
    """The flow keeps theta^2 + psi^2 (Lemma 2.3); where the loss does not saturate it comes in, ever more slowly."""
    for loss in ("saturating", "wasserstein"):
        flow = radii(Point(1.5, 0.0), 20_000, loss, h=0.001)
        assert flow == pytest.approx(np.full(len(flow), 1.5), abs=2e-3)
    come_in = radii(Point(1.5, 0.0), 4_000, "bce", h=0.01)
    first, second = come_in[0] - come_in[2_000], come_in[2_000] - come_in[4_000]
    assert first > second > 0


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("loss", LOSSES)
def test_with_the_penalty_every_path_arrives(loss, order):
    for start in PLACES:
        found = radii(start, 2_000, loss, 0.3, order=order)
        assert found[-1] < 1e-6 * found[0]


def test_large_numbers_break_nothing():
    for loss in LOSSES:
        for at in (Point(1e3, 1e3), Point(-1e3, 1e3)):
            assert all(map(math.isfinite, (*dirac.losses(at, loss, 1.0), *dirac.field(at, loss, 1.0))))
