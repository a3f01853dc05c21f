"""The latent vector: drawn, walked and added up, against float64 arithmetic in numpy."""

import numpy as np
import pytest
import torch

from gan.core.latent import arithmetic, lerp, noise, slerp, typical_length, walk
from gan.errors import UserError


def on_the_arc(a, b, share):
    """The arc by a rotation: an orthonormal basis of the plane, then cosine and sine of the angle so far."""
    a, b = a.double().numpy(), b.double().numpy()
    length_a, length_b = np.sqrt((a**2).sum()), np.sqrt((b**2).sum())
    u = a / length_a
    across = b / length_b - (b / length_b @ u) * u
    angle = np.arctan2(np.sqrt((across**2).sum()), b / length_b @ u)
    v = across / np.sqrt((across**2).sum())
    rows = [np.cos(s * angle) * u + np.sin(s * angle) * v for s in share]
    return np.array([row * (length_a + s * (length_b - length_a)) for row, s in zip(rows, share, strict=True)])


def lengths(z):
    return np.sqrt((z.double().numpy() ** 2).sum(1))


def angles(z):
    """The angles between neighbours, in radians."""
    unit = z.double().numpy() / lengths(z)[:, None]
    return np.arccos(np.clip((unit[1:] * unit[:-1]).sum(1), -1, 1))


def test_seed_and_index_name_the_same_vector_whatever_the_count():
    whole = noise(50, 100, 3)
    assert whole.shape == (50, 100)
    assert whole.dtype == torch.float32
    for count, first in [(1, 0), (1, 7), (1, 49), (20, 0), (13, 30)]:
        assert torch.equal(noise(count, 100, 3, first), whole[first : first + count])
    assert len(torch.unique(whole, dim=0)) == 50


def test_the_list_of_a_seed_is_the_same_on_every_machine():
    # written down once: an address that was passed on must not lead elsewhere after an update
    expected = [0.12573022, -0.13210486, 0.64042265, 0.10490012, -0.53566937, 0.36159505]
    assert noise(2, 3, 0).flatten().tolist() == pytest.approx(expected, abs=1e-7)


def test_seeds_differ():
    drawn = [noise(4, 16, seed) for seed in (0, 1, 2, 2**31 - 1)]
    for i, one in enumerate(drawn):
        for other in drawn[:i]:
            assert not np.isclose(one, other, atol=1e-3).all(1).any()


def test_noise_is_standard_normal_and_lies_on_a_shell():
    z = noise(1000, 100, 5).double().numpy()
    assert abs(z.mean()) < 0.015  # a standard error is 0.003
    assert z.var() == pytest.approx(1, abs=0.02)
    assert (z**4).mean() == pytest.approx(3, abs=0.15)
    between = np.corrcoef(z.T) - np.eye(100)
    assert np.abs(between).max() < 0.2  # coordinates know nothing of one another
    assert lengths(torch.from_numpy(z)).mean() == pytest.approx(typical_length(100), rel=0.01)
    assert np.abs(lengths(torch.from_numpy(z)) - typical_length(100)).max() < 3


@pytest.mark.parametrize("latent", [2, 3, 8, 100])
@pytest.mark.parametrize("stretch", [1.0, 2.5])
def test_slerp_is_the_rotation_that_turns_a_into_b(latent, stretch):
    share = torch.linspace(0, 1, 9)
    for seed in range(20):
        a, b = noise(2, latent, seed)
        b = stretch * b
        torch.testing.assert_close(
            slerp(a, b, share).double().numpy(), on_the_arc(a, b, share.double().numpy()), atol=2e-4, rtol=1e-4
        )


def test_slerp_keeps_the_length_that_both_ends_have_and_goes_at_equal_angles():
    for seed in range(20):
        a, b = noise(2, 100, seed)
        b = b * a.norm() / b.norm()
        path = walk(a, b, 11)
        np.testing.assert_allclose(lengths(path), lengths(a[None])[0], rtol=1e-5)
        steps = angles(path)
        np.testing.assert_allclose(steps, steps.mean(), rtol=1e-3)
        assert steps.mean() > 0.1


def test_between_two_lengths_the_length_goes_evenly():
    a, b = noise(2, 100, 1)
    path = walk(a, 3 * b, 5)
    start, end = lengths(a[None])[0], lengths(3 * b[None])[0]
    np.testing.assert_allclose(lengths(path), [start + k / 4 * (end - start) for k in range(5)], rtol=1e-5)


@pytest.mark.parametrize("way", ["slerp", "lerp"])
@pytest.mark.parametrize("kind", ["any", "longer", "same", "scaled", "opposite"])
def test_a_walk_begins_at_a_and_ends_at_b(way, kind):
    a, other = noise(2, 100, 4)
    b = {"any": other, "longer": 3 * other, "same": a, "scaled": 2 * a, "opposite": -2 * a}[kind]
    path = walk(a, b, 6, way)
    torch.testing.assert_close(path[0], a, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(path[-1], b, atol=1e-5, rtol=1e-5)


def test_between_a_vector_and_itself_nothing_moves_and_a_longer_one_is_reached_straight():
    a = noise(1, 100, 6)[0]
    torch.testing.assert_close(walk(a, a.clone(), 5), a.expand(5, -1), atol=1e-6, rtol=1e-6)
    expected = torch.stack([a * (1 + k / 4) for k in range(5)])
    torch.testing.assert_close(walk(a, 2 * a, 5), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("latent", [2, 3, 8, 100])
@pytest.mark.parametrize("seed", [0, 1, 2])  # 0: the first vector of all
def test_opposite_vectors_are_joined_by_half_a_circle_always_the_same(latent, seed):
    a = noise(1, latent, seed)[0]
    path = walk(a, -a, 9)
    np.testing.assert_allclose(lengths(path), lengths(a[None])[0], rtol=1e-5)
    np.testing.assert_allclose(angles(path), np.pi / 8, rtol=1e-3)
    assert torch.equal(path, walk(a, -a, 9))


def test_nearly_opposite_vectors_too_as_an_address_rounds_them():
    a = noise(1, 100, 3)[0]
    path = walk(a, (-a).half().float(), 9)
    np.testing.assert_allclose(lengths(path), lengths(a[None])[0], rtol=1e-3)
    torch.testing.assert_close(path[-1], -a, atol=1e-2, rtol=1e-2)


@pytest.mark.parametrize("latent", [1, 5])
def test_walks_that_have_no_arc_stay_finite(latent):
    zero, a = torch.zeros(latent), noise(1, latent, 2)[0]
    for one, other in [(zero, zero), (zero, a), (a, zero), (a, -a), (a, a)]:
        path = walk(one, other, 5)
        assert path.isfinite().all()
        torch.testing.assert_close(path[0], one, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(path[-1], other, atol=1e-5, rtol=1e-5)


def test_a_straight_line_cuts_through_the_inside():
    a, b = torch.eye(100)[3], torch.eye(100)[70]
    middle = lerp(a, b, torch.tensor([0.5]))[0]
    assert middle.norm().item() == pytest.approx(1 / np.sqrt(2), abs=1e-6)
    assert slerp(a, b, torch.tensor([0.5]))[0].norm().item() == pytest.approx(1, abs=1e-6)


def test_lerp_is_the_weighted_mean():
    a, b = noise(2, 100, 9)
    share = np.array([0, 0.1, 0.5, 0.85, 1])
    expected = np.array([(1 - s) * a.double().numpy() + s * b.double().numpy() for s in share])
    found = lerp(a, b, torch.tensor(share, dtype=torch.float32)).double().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("steps", [2, 3, 10])
def test_a_walk_has_the_steps_asked_for_and_goes_by_the_arc_unless_told(steps):
    a, b = noise(2, 8, 2)
    share = torch.tensor([k / (steps - 1) for k in range(steps)])
    torch.testing.assert_close(walk(a, b, steps), slerp(a, b, share))
    torch.testing.assert_close(walk(a, b, steps, "lerp"), lerp(a, b, share))
    assert walk(a, b, steps).shape == (steps, 8)


@pytest.mark.parametrize(
    ("steps", "way", "sentence"),
    [(1, "slerp", "A walk of 1 steps"), (0, "lerp", "A walk of 0 steps"), (-3, "lerp", "-3"), (5, "cubic", "'cubic'")],
)
def test_walks_that_lead_nowhere_are_refused(steps, way, sentence):
    with pytest.raises(UserError, match=sentence):
        walk(*noise(2, 8, 0), steps, way)


def test_taking_away_what_was_added_gives_c():
    for seed in range(5):
        a, c = noise(2, 100, seed)
        torch.testing.assert_close(arithmetic([a], [a], [c]), c, atol=1e-5, rtol=1e-5)
        few = list(noise(3, 100, seed + 50))
        torch.testing.assert_close(arithmetic(few, few[::-1], [c]), c, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("n_a", "n_b", "n_c"), [(1, 1, 1), (3, 3, 3), (1, 4, 2), (5, 2, 3)])
def test_arithmetic_adds_up_means_and_gives_the_length_of_c(n_a, n_b, n_c):
    a, b, c = noise(n_a, 100, 1), 2 * noise(n_b, 100, 2), 3 * noise(n_c, 100, 3)
    found = arithmetic(list(a), list(b), list(c)).double().numpy()
    x, y, z = (part.double().numpy() for part in (a, b, c))
    total = x.sum(0) / n_a - y.sum(0) / n_b + z.sum(0) / n_c
    length = lengths(c).sum() / n_c  # of the vectors, not of their shorter mean
    assert np.sqrt((found**2).sum()) == pytest.approx(length, rel=1e-5)
    np.testing.assert_allclose(found, total / np.sqrt((total**2).sum()) * length, atol=1e-4)


@pytest.mark.parametrize("empty", [0, 1, 2])
def test_arithmetic_with_nothing_is_refused(empty):
    parts = [list(noise(2, 8, part)) for part in range(3)]
    parts[empty] = []
    with pytest.raises(UserError, match="at least one picture"):
        arithmetic(*parts)
