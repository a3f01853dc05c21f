"""Round and round: how often, how far, and what is refused."""

import numpy as np
import pytest
import torch

from gan.analysis.repeated_cycle import MAX_ROUNDS, changes, errors, rounds
from gan.errors import UserError


@pytest.fixture
def x():
    return torch.rand(1, 3, 16, 20, generator=torch.Generator().manual_seed(0)) * 2 - 1


def half(x):
    return 0.5 * x


def nearly_back(x):
    return 1.8 * x


def test_a_loss_of_a_tenth_a_round_adds_up_as_powers_do(x):
    some = rounds(half, nearly_back, x, 5)
    size = np.abs(x.double().numpy()).mean() / 2
    for k, (fake, rec) in enumerate(some, 1):
        assert torch.allclose(rec, 0.9**k * x, atol=1e-6)
        assert torch.allclose(fake, 0.5 * 0.9 ** (k - 1) * x, atol=1e-6)
    assert errors(x, some) == pytest.approx([size * (1 - 0.9**k) for k in range(1, 6)], rel=1e-4)
    assert changes(x, some) == pytest.approx([size * 0.1 * 0.9 ** (k - 1) for k in range(1, 6)], rel=1e-4)


def test_a_picture_that_flips_for_ever_comes_no_further_but_does_not_rest(x):
    some = rounds(lambda x: -x, lambda x: x, x, 4)
    size = np.abs(2 * x.double().numpy()).mean() / 2
    assert errors(x, some) == pytest.approx([size, 0, size, 0], rel=1e-5)
    assert changes(x, some) == pytest.approx([size] * 4, rel=1e-5)


def test_what_leaves_the_range_is_cut_off(x):
    for fake, rec in rounds(lambda x: 9 * x, lambda x: 9 * x, x, 2):
        assert fake.abs().max() == rec.abs().max() == 1


def test_rounds_that_are_known_are_not_gone_again(x):
    calls = []

    def there(x):
        calls.append("there")
        return half(x)

    def back(x):
        calls.append("back")
        return nearly_back(x)

    first = rounds(there, back, x, 3)
    assert calls == ["there", "back"] * 3
    more = rounds(there, back, x, 5, first)
    assert calls == ["there", "back"] * 5
    assert len(first) == 3  # they stay as they were
    assert all(torch.equal(a[1], b[1]) for a, b in zip(more, rounds(half, nearly_back, x, 5), strict=True))
    calls.clear()
    assert len(rounds(there, back, x, 2, more)) == 2
    assert not calls


@pytest.mark.parametrize("count", [0, -1, 2.5, MAX_ROUNDS + 1, None, float("nan"), "3"])
def test_other_counts_are_refused(x, count):
    with pytest.raises(UserError, match="from 1 to 10"):
        rounds(half, half, x, count)
