"""The small duel: densities, the best discriminator and the divergence against their formulas, and the lessons."""

import math

import numpy as np
import pytest
import torch

from gan.errors import UserError
from gan.toy import densities, toy_gan
from gan.toy.toy_gan import ToyConfig, ToyGAN


def bell(x, centre, spread):
    return math.exp(-0.5 * ((x - centre) / spread) ** 2) / (spread * math.sqrt(2 * math.pi))


def test_a_density_is_that_of_its_gaussians_with_the_first_row_on_top():
    centres, spread = torch.tensor([[0.6, -0.9], [-0.2, 0.4]]), 0.3
    density = densities.mixture(centres, spread)
    xs = densities.axis(2).tolist()
    for row in (0, 11, 40):
        for column in (3, 25, 47):
            x, y = xs[column], xs[len(xs) - 1 - row]
            expected = sum(bell(x, cx, spread) * bell(y, cy, spread) for cx, cy in centres.tolist()) / 2
            assert density[row, column].item() == pytest.approx(expected, rel=1e-4)
    places = densities.places(2).reshape(48, 48, 2)
    row, column = divmod(int(density.argmax()), 48)
    assert min((places[row, column] - c).norm().item() for c in centres) < 0.1
    line = densities.mixture(torch.tensor([[0.5]]), 0.2)
    assert line.sum().item() * 3 / 120 == pytest.approx(1, abs=0.01)
    assert line[30].item() == pytest.approx(bell(densities.axis(1)[30].item(), 0.5, 0.2), rel=1e-4)


@pytest.mark.parametrize("dims", [1, 2])
def test_counting_many_points_in_fine_squares_gives_their_mixture(dims):
    stream = torch.Generator().manual_seed(3)
    points = 0.5 + 0.4 * torch.randn(4096, dims, generator=stream) * torch.tensor([1.0, 0.3])[:dims]
    points[:8] = torch.tensor([40.0, -90.0])[:dims]  # far out of sight
    exact, counted = densities.mixture(points, densities.BLUR), densities.measured(points, densities.BLUR)
    assert counted.shape == exact.shape
    assert (counted - exact).abs().max() < 0.005 * exact.max()
    assert densities.measured(points[:8], densities.BLUR).abs().max() == 0


@pytest.mark.parametrize("name", densities.SETS)
def test_real_points_have_the_density_that_is_claimed(name):
    points = densities.SETS[name]()
    drawn = points.draw(40_000, torch.Generator().manual_seed(0))
    measured, claimed = densities.mixture(drawn, densities.BLUR), points.density(densities.BLUR)
    assert (measured - claimed).abs().sum() / claimed.sum() < 0.06
    assert drawn.abs().max() < densities.REACH


def test_the_best_discriminator_is_p_over_p_plus_q():
    p, q = torch.tensor([0.0, 1.0, 3.0, 2.0, 0.0]), torch.tensor([0.0, 3.0, 1.0, 2.0, 5.0])
    for loss in ("bce", "saturating", "least-squares"):
        verdict = densities.best(p, q, loss)
        assert verdict[1:].tolist() == [0.25, 0.75, 0.5, 0.0]
        assert verdict[0].isnan()
    assert densities.best(p, q, "hinge")[1:3].tolist() == [-1.0, 1.0]


@pytest.mark.parametrize("loss", ["bce", "least-squares", "hinge"])
def test_no_other_verdict_has_a_lower_loss_than_the_best(loss):
    """Weighing a loss by p and q at one place and looking for its minimum over all logits."""
    from gan.core.losses import LOSSES

    logits = torch.linspace(-3, 3, 6001, dtype=torch.float64)
    sure = (0.0, 1.0) if loss == "least-squares" else (-50.0, 50.0)  # logits that cost the other side nothing
    fakes, reals = (torch.full((1,), each, dtype=torch.float64) for each in sure)
    real = torch.vmap(lambda v: LOSSES[loss].d(v[None], fakes))(logits)
    fake = torch.vmap(lambda v: LOSSES[loss].d(reals, v[None]))(logits)
    for p, q in ((0.3, 0.7), (0.8, 0.2), (0.55, 0.45)):
        lowest = logits[(p * real + q * fake).argmin()]
        expected = densities.best(torch.tensor([p]), torch.tensor([q]), loss).item()
        assert LOSSES[loss].verdict(lowest).item() == pytest.approx(expected, abs=0.002)


def test_the_divergence_is_that_of_its_definition():
    p, q = densities.mixture(torch.tensor([[-0.2]]), 0.3), densities.mixture(torch.tensor([[0.4]]), 0.2)
    a, b = (each.double().numpy() * 3 / 120 for each in (p, q))
    m = (a + b) / 2
    expected = 0.5 * np.sum(a * np.log(a / m)) + 0.5 * np.sum(b * np.log(b / m))
    assert densities.divergence(p, q) == pytest.approx(expected, rel=1e-3)
    assert densities.divergence(p, p) == pytest.approx(0, abs=1e-9)
    apart = densities.mixture(torch.tensor([[-1.0]]), 0.05), densities.mixture(torch.tensor([[1.0]]), 0.05)
    assert densities.divergence(*apart) == pytest.approx(math.log(2), rel=1e-6)
    out_of_sight = densities.mixture(torch.tensor([[50.0]]), 0.05)
    assert densities.divergence(p, out_of_sight) == pytest.approx(math.log(2), rel=1e-3)


def test_covered_is_the_share_of_p_where_q_is_at_least_a_quarter_of_it():
    p, q = torch.tensor([1.0, 2.0, 1.0]), torch.tensor([0.25, 0.4, 3.0])
    assert densities.covered(p, q) == 0.5


@pytest.mark.slow
def test_a_discriminator_trained_alone_comes_to_the_best_and_its_loss_to_the_divergence():
    gan = ToyGAN(densities.SETS["hill"](), ToyConfig(seed=1))
    for _ in range(150):
        gan.train_step()
    before = gan.look()
    for _ in range(900):
        gan.train_step(freeze_g=True)
    view = gan.look()
    assert view.off < 0.06
    assert view.off < before.off
    assert torch.equal(before.q, view.q)
    loss = np.mean([turn.loss_d for turn in gan.history[-100:]])
    assert loss == pytest.approx(densities.least_loss("bce", view.divergence), abs=0.06)


def perfect(loss, descent, **settings):
    gan = ToyGAN(densities.SETS["ring"](), ToyConfig(loss, descent, **settings))
    for _ in range(300):
        gan.train_step(freeze_g=True)
    assert gan.history[-1].d_real > 0.99
    assert gan.history[-1].d_fake < 0.01
    return gan


def test_a_perfect_discriminator_leaves_the_minimax_loss_no_gradient_but_the_other_one():
    moved = {}
    for loss in ("saturating", "bce"):
        gan = perfect(loss, "sgd", rate_g=0.002)
        start = gan.look().fake
        gradient = gan.train_step(freeze_g=True).grad_g
        for _ in range(100):
            gan.train_step()
        moved[loss] = (gradient, (gan.look().fake - start).norm(dim=1).mean().item())
    assert moved["saturating"][0] < 0.01
    assert moved["saturating"][1] < 0.01
    assert moved["bce"][0] > 1
    assert moved["bce"][1] > 0.2


def test_a_discriminator_held_still_is_fooled_at_one_spot():
    gan = perfect("bce", "adam")
    for _ in range(400):
        gan.train_step(freeze_d=True)
    view, last = gan.look(), gan.history[-1]
    assert last.d_fake > 0.95
    assert view.covered < 0.2
    assert view.fake.std(0).max() < 0.2


def weights(network):
    return [p.detach().clone() for p in network.parameters()]


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize(
    ("options", "d_still", "g_still"),
    [({}, False, False), ({"freeze_d": True}, True, False), ({"freeze_g": True}, False, True)],
)
def test_who_is_held_still_does_not_learn(options, d_still, g_still):
    gan = ToyGAN(densities.SETS["grid"]())
    d, g = weights(gan.d), weights(gan.g)
    turn = gan.train_step(**options)
    assert same(d, weights(gan.d)) == d_still
    assert same(g, weights(gan.g)) == g_still
    assert turn.grad_g > 0


def test_a_round_is_the_losses_of_the_paper_and_the_generator_sees_the_discriminator_that_has_just_learned():
    gan, twin = (ToyGAN(densities.SETS["line"](), ToyConfig(seed=3)) for _ in range(2))
    real = twin.points.draw(toy_gan.BATCH, twin.random)
    fake = twin.g(twin.noise(toy_gan.BATCH)).detach()
    d_real, d_fake = (torch.sigmoid(twin.d(x)).detach().double() for x in (real, fake))
    turn = gan.train_step()
    assert turn.loss_d == pytest.approx(-(d_real.log().mean() + (1 - d_fake).log().mean()).item(), rel=1e-5)
    assert turn.d_real == pytest.approx(d_real.mean().item(), rel=1e-5)
    learned = torch.sigmoid(gan.d(fake)).detach().double()
    assert turn.loss_g == pytest.approx(-learned.log().mean().item(), rel=1e-5)
    assert turn.loss_g != pytest.approx(-d_fake.log().mean().item(), rel=1e-5)


def test_a_seed_repeats_a_duel_and_looking_changes_nothing():
    gans = [ToyGAN(densities.SETS["ring"](), ToyConfig(seed=5)) for _ in range(2)]
    for number in range(20):
        gans[0].train_step()
        gans[1].train_step()
        if number % 5 == 0:
            gans[1].look()
    assert gans[0].history == gans[1].history
    other = ToyGAN(densities.SETS["ring"](), ToyConfig(seed=6))
    assert other.train_step() != gans[0].history[0]


def test_arrows_point_to_where_the_loss_of_the_generator_falls():
    gan = ToyGAN(densities.SETS["rings"]())
    for _ in range(60):
        gan.train_step()
    view = gan.look()
    with torch.no_grad():
        for k in range(5):
            x, step = view.fake[k], 1e-3
            for axis in range(2):
                shift = torch.zeros(2)
                shift[axis] = step
                up, down = (
                    torch.nn.functional.softplus(-gan.d((x + s)[None]).double()).item() for s in (shift, -shift)
                )
                assert view.pull[k, axis].item() == pytest.approx(-(up - down) / (2 * step), abs=0.03)


def test_history_is_bounded_and_keeps_its_ends(monkeypatch):
    gan = ToyGAN(densities.SETS["hill"]())
    monkeypatch.setattr(toy_gan, "REMEMBERED", 60)
    for _ in range(2 * toy_gan.REMEMBERED + 10):
        gan.train_step(freeze_d=True, freeze_g=True)
    assert toy_gan.REMEMBERED / 2 <= len(gan.history) <= toy_gan.REMEMBERED
    numbers = [turn.number for turn in gan.history]
    assert numbers == sorted(set(numbers))
    assert numbers[0] <= 4
    assert numbers[-1] > 2 * toy_gan.REMEMBERED


def test_settings_change_between_rounds_and_impossible_ones_are_refused():
    gan = ToyGAN(densities.SETS["hill"]())
    gan.train_step()
    gan.change(ToyConfig(loss="hinge", descent="sgd", rate_g=0.0, rate_d=0.0))
    d, g = weights(gan.d), weights(gan.g)
    gan.train_step()
    assert same(d, weights(gan.d))
    assert same(g, weights(gan.g))
    for bad in ({"loss": "x"}, {"descent": "x"}, {"rate_g": -1.0}, {"rate_d": 1.0}, {"n_critic": 0}):
        with pytest.raises(UserError, match=next(iter(bad)).split("_d")[0]):
            ToyConfig(**bad)


def test_a_drawing_becomes_points_where_its_ink_is():
    ink = torch.zeros(200, 200)
    ink[20:40, 150:170] = 1  # upper right
    points = densities.drawn(ink)
    assert points.dims == 2
    middle = points.centres.mean(0)
    assert middle[0].item() == pytest.approx((160 / 200 * 2 - 1) * densities.REACH, abs=0.05)
    assert middle[1].item() == pytest.approx((1 - 30 / 200 * 2) * densities.REACH, abs=0.05)
    with pytest.raises(UserError, match="empty"):
        densities.drawn(torch.zeros(200, 200))
