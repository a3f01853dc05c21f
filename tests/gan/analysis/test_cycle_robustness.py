"""Disturbing a translation: what each kind does, and what it shows of generators that hide and of those that don't."""

from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from gan.analysis.cycle_robustness import KINDS, disturb, errors, hides, quality
from gan.errors import UserError


@pytest.fixture
def x():
    """A smooth picture within [-0.8, 0.8], so that nothing is cut off."""
    small = torch.rand(1, 3, 5, 6, generator=torch.Generator().manual_seed(3)) * 1.6 - 0.8
    return torch.nn.functional.interpolate(small, (40, 48), mode="bilinear")


def apart(a, b):
    return float(np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64)).mean() / 2)


def same(x):
    return x


def faint(x):
    """A grey translation with the picture in it, too faint to see."""
    return 0.02 * x


def reads(y):
    return y / 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_disturbed_by_an_amount_of_nothing_and_more_by_more(x, kind):
    assert torch.equal(disturb(x, kind, 0), x)
    sizes = [apart(disturb(x, kind, share * KINDS[kind]), x) for share in (0.1, 0.4, 1.0)]
    assert 0 < sizes[0] < sizes[1] < sizes[2]
    for share in (0.1, 1.0):
        once = disturb(x, kind, share * KINDS[kind])
        assert torch.equal(once, disturb(x, kind, share * KINDS[kind]))
        assert once.shape == x.shape
        assert once.dtype == torch.float32
        assert -1 <= once.min() <= once.max() <= 1


def test_noise_has_the_standard_deviation_that_is_asked_for_and_another_seed_is_other_noise():
    grey = torch.zeros(1, 3, 100, 100)
    noise = disturb(grey, "noise", 0.05).numpy()
    assert noise.std() / 2 == pytest.approx(0.05, rel=0.02)
    assert abs(noise.mean()) < 0.002
    assert not np.array_equal(noise, disturb(grey, "noise", 0.05, seed=1).numpy())
    assert disturb(grey + 1, "noise", 0.2).max() == 1


@pytest.mark.parametrize(("amount", "expected"), [(1.0, 5), (0.5, 52), (0.001, 100)])
def test_a_jpeg_is_what_pillow_makes_of_that_quality(x, amount, expected):
    assert quality(amount) == expected
    buffer = BytesIO()
    pixels = ((x[0].permute(1, 2, 0).numpy() + 1) * 127.5).round().astype(np.uint8)
    Image.fromarray(pixels).save(buffer, "JPEG", quality=expected)
    read = np.asarray(Image.open(buffer), np.float64).transpose(2, 0, 1) / 127.5 - 1
    assert np.abs(disturb(x, "jpeg", amount)[0].numpy() - read).max() < 1e-5


def test_a_blur_is_a_gaussian_of_that_sigma():
    dot = torch.full((1, 3, 31, 33), -1.0)
    dot[0, 1, 15, 16] = 1
    spread = (disturb(dot, "blur", 2.0)[0].double().numpy() + 1) / 2
    assert spread[1].sum() == pytest.approx(1, abs=1e-3)
    assert spread[[0, 2]].max() < 1e-6
    for axis in (0, 1):
        along = spread[1].sum(1 - axis)
        place = np.arange(len(along)) - (15, 16)[axis]
        assert (along * place).sum() == pytest.approx(0, abs=1e-2)
        assert (along * place**2).sum() == pytest.approx(4.0, rel=0.03)
    plain = torch.full((1, 3, 7, 5), 0.3)  # smaller than the kernel; its edges do not darken
    assert torch.allclose(disturb(plain, "blur", 3.0), plain, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "amount", "sentence"),
    [
        ("rain", 0.1, "noise, jpeg, blur"),
        ("noise", 0.21, "from 0 to 0.2"),
        ("jpeg", -0.1, "from 0 to 1"),
        ("blur", float("nan"), "from 0 to 3"),
        ("blur", None, "from 0 to 3"),
    ],
)
def test_other_kinds_and_amounts_are_refused(x, kind, amount, sentence):
    with pytest.raises(UserError, match=sentence):
        disturb(x, kind, amount)


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_is_changed_exactly_what_was_disturbed_is_lost(x, kind):
    outcome = errors(same, same, x, kind, [0, 0.2 * KINDS[kind], KINDS[kind]])
    assert outcome.errors == outcome.disturbances
    assert outcome.errors[0] == 0
    assert outcome.errors[2] == pytest.approx(apart(disturb(x, kind, KINDS[kind]), x), rel=1e-5)


def test_what_is_hidden_in_a_small_amplitude_is_lost_with_a_little_noise(x):
    amounts = [0, 0.001, 0.002]
    outcome = errors(faint, reads, x, "noise", amounts)
    assert outcome.errors[0] == pytest.approx(0, abs=1e-6)
    noise = disturb(torch.zeros_like(x), "noise", 0.001).numpy() / 0.001 / 2  # of standard deviation 1
    for amount, error, size in zip(amounts[1:], outcome.errors[1:], outcome.disturbances[1:], strict=True):
        assert size == pytest.approx(amount * np.abs(noise).mean(), rel=1e-3)
        expected = np.clip(x.numpy() + 100 * amount * noise, -1, 1)
        assert error == pytest.approx(apart(expected, x), rel=1e-3)
        assert error > 30 * size


def test_a_way_back_that_forgets_loses_nothing_to_noise(x):
    outcome = errors(torch.zeros_like, torch.zeros_like, x, "noise", [0, 0.1, 0.2])
    assert outcome.errors == pytest.approx([apart(x, 0 * x)] * 3)
    assert outcome.disturbances[2] > outcome.disturbances[1] > 0.05


def test_the_way_there_is_gone_once_and_the_way_back_once_for_all_amounts(x):
    seen = []

    def spy(x):
        seen.append(tuple(x.shape))
        return 3 * x

    outcome = errors(spy, spy, x, "blur", [0, 1, 2, 3])
    assert seen == [(1, 3, 40, 48), (4, 3, 40, 48)]
    assert outcome.fake.abs().max() == 1  # what leaves the range is cut off, as everywhere
    assert outcome.rec.shape == outcome.disturbed.shape == (4, 3, 40, 48)
    assert torch.equal(outcome.disturbed[0], outcome.fake[0])


@pytest.mark.parametrize(
    ("clean", "error", "disturbance", "expected"),
    [
        (0.02, 0.10, 0.02, True),
        (0.02, 0.04, 0.02, False),  # what an identity would lose
        (0.02, 0.01, 0.02, False),
        (0.02, 0.022, 0.0, False),  # too little to speak of
        (0.02, 0.30, 0.1, False),  # so strong that what is plain to see is destroyed as well
    ],
)
def test_something_is_hidden_only_where_clearly_more_is_lost_than_was_disturbed(clean, error, disturbance, expected):
    assert hides(clean, error, disturbance) is expected
