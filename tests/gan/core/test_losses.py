"""The adversarial losses against arithmetic done by hand in numpy."""

import math

import numpy as np
import pytest
import torch

from gan.config import ABSOLUTE_LOSSES, LOSS_NAMES
from gan.core.losses import LOSSES

REAL = np.array([2.0, -1.0, 0.5])
FAKE = np.array([-3.0, 0.25, 1.0])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize(
    ("name", "d", "g"),
    [
        ("bce", -np.log(sigmoid(REAL)).mean() - np.log(1 - sigmoid(FAKE)).mean(), -np.log(sigmoid(FAKE)).mean()),
        (
            "saturating",
            -np.log(sigmoid(REAL)).mean() - np.log(1 - sigmoid(FAKE)).mean(),
            np.log(1 - sigmoid(FAKE)).mean(),
        ),
        ("least-squares", (((REAL - 1) ** 2).mean() + (FAKE**2).mean()) / 2, ((FAKE - 1) ** 2).mean()),
        ("hinge", np.maximum(0, 1 - REAL).mean() + np.maximum(0, 1 + FAKE).mean(), -FAKE.mean()),
    ],
)
def test_losses_are_the_equations_of_their_papers(name, d, g):
    real, fake = torch.tensor(REAL), torch.tensor(FAKE)
    assert LOSSES[name].d(real, fake).item() == pytest.approx(d)
    assert LOSSES[name].g(fake).item() == pytest.approx(g)


def test_the_relativistic_loss_compares_pair_by_pair():
    real, fake = torch.tensor(REAL), torch.tensor(FAKE)
    loss = LOSSES["relativistic"]
    assert loss.d(real, fake).item() == pytest.approx(-np.log(sigmoid(REAL - FAKE)).mean())
    assert loss.g(fake, real).item() == pytest.approx(-np.log(sigmoid(FAKE - REAL)).mean())
    smoothed = -(0.9 * np.log(sigmoid(REAL - FAKE)) + 0.1 * np.log(sigmoid(FAKE - REAL))).mean()
    assert loss.d(real, fake, 0.9).item() == pytest.approx(smoothed)
    assert loss.d(real + 7, fake + 7).item() == pytest.approx(loss.d(real, fake).item())  # no zero of its own

    assert loss.g(fake).item() == pytest.approx(-np.log(sigmoid(FAKE)).mean())  # beside one half-way


def test_label_smoothing_moves_only_the_real_target():
    real, fake = torch.tensor(REAL), torch.tensor(FAKE)
    p, q = sigmoid(REAL), sigmoid(FAKE)
    expected = -(0.9 * np.log(p) + 0.1 * np.log(1 - p)).mean() - np.log(1 - q).mean()
    assert LOSSES["bce"].d(real, fake, 0.9).item() == pytest.approx(expected)
    expected = (((REAL - 0.9) ** 2).mean() + (FAKE**2).mean()) / 2
    assert LOSSES["least-squares"].d(real, fake, 0.9).item() == pytest.approx(expected)


@pytest.mark.parametrize("label", [1.0, 0.9, 0.7, 0.5])
@pytest.mark.parametrize("name", LOSSES)
def test_the_equilibrium_is_the_best_a_discriminator_can_do_when_it_cannot_tell(name, label):
    loss = LOSSES[name]
    logits = torch.linspace(-4, 4, 80_001, dtype=torch.float64)
    values = torch.stack([loss.d(x[None], x[None], label) for x in logits[::10]])  # the same logit for real and fake
    flat = name in ("hinge", "relativistic")  # there any is as good
    best = torch.tensor(0.0, dtype=torch.float64) if flat else logits[::10][values.argmin()]
    found = loss.equilibrium(label)
    assert found.d == pytest.approx(values.min().item(), abs=1e-6)
    assert found.verdict == pytest.approx(loss.verdict(best).item(), abs=1e-3)
    assert found.g == pytest.approx(loss.g(best[None]).item(), abs=2e-3)


@pytest.mark.parametrize(("name", "label", "d", "g", "verdict"), [
    ("bce", 1.0, math.log(4), math.log(2), 0.5),
    ("bce", 0.9, -0.9 * math.log(0.45) - 1.1 * math.log(0.55), -math.log(0.45), 0.45),  # 1.376 and 0.799
    ("saturating", 1.0, math.log(4), -math.log(2), 0.5),
    ("saturating", 0.8, -0.8 * math.log(0.4) - 1.2 * math.log(0.6), math.log(0.6), 0.4),
    ("least-squares", 1.0, 0.25, 0.25, 0.5),
    ("least-squares", 0.9, 0.2025, 0.3025, 0.45),
    ("hinge", 1.0, 2.0, 0.0, 0.0),
    ("hinge", 0.9, 1.9, 0.0, 0.0),
    ("relativistic", 1.0, math.log(2), math.log(2), 0.0),
    ("relativistic", 0.9, math.log(2), math.log(2), 0.0),
])  # fmt: skip
def test_the_equilibrium_by_hand(name, label, d, g, verdict):
    assert LOSSES[name].equilibrium(label) == pytest.approx((d, g, verdict), abs=1e-12)


def test_the_saturating_loss_loses_its_gradient_where_d_is_sure_and_the_other_keeps_it():
    sure = torch.tensor([-12.0], requires_grad=True)
    LOSSES["saturating"].g(sure).backward()
    assert abs(sure.grad.item()) < 1e-4
    sure.grad = None
    LOSSES["bce"].g(sure).backward()
    assert sure.grad.item() == pytest.approx(-1, abs=1e-4)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_stay_finite_for_extreme_logits(name):
    extreme = torch.tensor([-1e4, 1e4])
    assert math.isfinite(LOSSES[name].d(extreme, extreme).item())
    assert math.isfinite(LOSSES[name].g(extreme).item())


@pytest.mark.parametrize("name", LOSSES)
def test_beside_a_sure_logit_the_others_part_stands_alone(name):
    """So a page can say what one real or one generated picture costs D."""
    loss = LOSSES[name]
    sure_real, sure_fake = map(torch.tensor, loss.sure)
    for logit in (-3.0, -1.0, 0.0, 0.5, 3.0):
        x = torch.tensor(logit)
        real, fake, both = loss.d(x, sure_fake).item(), loss.d(sure_real, x).item(), loss.d(x, x).item()
        assert (real, fake) == pytest.approx(
            {
                "least-squares": (0.5 * (logit - 1) ** 2, 0.5 * logit**2),
                "hinge": (max(0, 1 - logit), max(0, 1 + logit)),
            }.get(name, (math.log(1 + math.exp(-logit)), math.log(1 + math.exp(logit)))),
            abs=1e-6,
        )
        assert loss.is_relative or both == pytest.approx(real + fake, abs=1e-5)


def test_the_names_of_the_settings_are_those_of_the_losses():
    assert tuple(LOSSES) == LOSS_NAMES
    assert tuple(name for name, loss in LOSSES.items() if not loss.is_relative) == ABSOLUTE_LOSSES
