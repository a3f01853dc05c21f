"""DCGAN: every switch builds and learns, and a round is the algorithm of the paper, step by step."""

import copy
import itertools
from dataclasses import replace

import pytest
import torch
from torch import nn

from gan.config import RuntimeSettings
from gan.core.dcgan import DCGAN, DCGANConfig, Discriminator, Generator, Unpool

CPU = torch.device("cpu")
SMALL = DCGANConfig(ngf=8, latent=10, batch=6, precision="fp32")


@pytest.mark.parametrize(("size", "channels"), list(itertools.product((32, 64), (1, 3))))
def test_shapes_and_ranges(size, channels):
    config = replace(SMALL, size=size, channels=channels)
    images = Generator(config)(torch.randn(3, 10))
    assert images.shape == (3, channels, size, size)
    assert images.abs().max() <= 1
    assert Discriminator(config)(images).shape == (3,)


@pytest.mark.parametrize(
    "switch",
    [
        *({"upsample": way} for way in ("transposed", "nearest", "bilinear", "unpool")),
        *({"downsample": way} for way in ("stride", "max", "average")),
        *({name: way} for name in ("norm", "norm_d") for way in ("batch", "instance", "none")),
        *({"loss": name} for name in ("bce", "saturating", "least-squares", "hinge", "relativistic")),
    ],
    ids=lambda switch: "-".join(*switch.items()),
)
def test_every_switch_moves_every_weight_of_both_sides(switch):
    gan = DCGAN(replace(SMALL, **switch), CPU)
    before = {name: p.clone() for name, p in _weights(gan)}
    gan.train_step(lambda: torch.rand(6, 1, 32, 32) * 2 - 1, RuntimeSettings.of(gan.config))
    still = {name for name, p in _weights(gan) if torch.equal(before[name], p)}
    # Inside the hinge's margin the last bias is pulled up by the real and down by the fake alike: it stays.
    assert still <= ({"d.stages.3.bias"} if switch == {"loss": "hinge"} else set())


def test_the_sizes_are_those_of_the_paper():
    g, d = Generator(DCGANConfig(size=64, ngf=64, channels=3)), Discriminator(DCGANConfig(size=64, channels=3))
    sizes, x = [], torch.randn(2, 100, 1, 1)
    for stage in g.stages:
        x = stage(x)
        sizes.append(tuple(x.shape[1:]))
    assert sizes == [(512, 4, 4), (256, 8, 8), (128, 16, 16), (64, 32, 32), (3, 64, 64)]
    sizes = []
    for stage in d.stages:
        x = stage(x)
        sizes.append(tuple(x.shape[1:]))
    assert sizes == [(64, 32, 32), (128, 16, 16), (256, 8, 8), (512, 4, 4), (1, 1, 1)]
    assert not any(isinstance(m, nn.Linear | nn.MaxPool2d | nn.AvgPool2d) for m in [*g.modules(), *d.modules()])


def test_initialisation_has_the_papers_spread():
    torch.manual_seed(0)
    g = Generator(DCGANConfig())
    weights = torch.cat([m.weight.flatten() for m in g.modules() if isinstance(m, nn.ConvTranspose2d)])
    assert weights.mean().abs() < 1e-3
    assert weights.std().item() == pytest.approx(0.02, rel=0.02)


def test_unpooling_puts_each_value_in_the_corner_of_its_cell():
    x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    expected = [[1.0, 0, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]]
    assert Unpool()(x).tolist() == [[expected]]


@pytest.mark.parametrize("way", ["instance", "none"])
@pytest.mark.parametrize("down", ["stride", "max"])
def test_the_discriminator_answers_about_one_picture_without_looking_at_others(way, down):
    """Alone, in any batch, while it trains and afterwards: one answer, so that curves, page and game show the same."""
    torch.manual_seed(0)
    d = Discriminator(replace(SMALL, norm_d=way, downsample=down))
    images = torch.rand(6, 1, 32, 32) * 2 - 1
    together = d(images)
    for network in (d, copy.deepcopy(d).eval()):
        torch.testing.assert_close(torch.cat([network(image[None]) for image in images]), together)
        torch.testing.assert_close(network(images.flip(0)).flip(0), together)


def test_with_batch_norm_an_answer_depends_on_the_others():
    """Which is why the project's own recipe differs from the paper's there."""
    torch.manual_seed(0)
    d = Discriminator(replace(SMALL, norm_d="batch"))
    images = torch.rand(6, 1, 32, 32) * 2 - 1
    assert (d(images[:3]) - d(images)[:3]).abs().max() > 1e-3


@pytest.mark.parametrize("way", ["instance", "batch"])
def test_a_round_is_the_papers_update_written_out_slowly(way):
    """D on real and fake, then G on the updated D: the same weights as separate passes and a plain Adam give."""
    torch.manual_seed(3)
    gan = DCGAN(replace(SMALL, norm_d=way), CPU)
    g, d = copy.deepcopy(gan.generators["g"]), copy.deepcopy(gan.discriminators["d"])
    opt_g = torch.optim.Adam(g.parameters(), lr=2e-4, betas=(0.5, 0.999), foreach=False)
    opt_d = torch.optim.Adam(d.parameters(), lr=2e-4, betas=(0.5, 0.999), foreach=False)
    reals = torch.rand(3, 6, 1, 32, 32) * 2 - 1
    queue = iter(reals)
    torch.manual_seed(9)
    records = [gan.train_step(lambda: next(queue), RuntimeSettings.of(SMALL)) for _ in reals]
    torch.manual_seed(9)
    for real, record in zip(reals, records, strict=True):
        z = torch.randn(6, 10)
        fake = g(z)
        d.zero_grad()
        p_real, p_fake = torch.sigmoid(d(real)), torch.sigmoid(d(fake.detach()))
        loss_d = -(torch.log(p_real).mean() + torch.log(1 - p_fake).mean())
        loss_d.backward()
        opt_d.step()
        g.zero_grad()
        loss_g = -torch.log(torch.sigmoid(d(fake))).mean()
        loss_g.backward()
        opt_g.step()
        assert record["loss_d"].item() == pytest.approx(loss_d.item(), rel=1e-4)
        assert record["loss_g"].item() == pytest.approx(loss_g.item(), rel=1e-4)
        assert record["d_real"].item() == pytest.approx(p_real.mean().item(), rel=1e-4)
        assert record["d_fake"].item() == pytest.approx(p_fake.mean().item(), rel=1e-4)
    for ours, slow in ((gan.generators["g"], g), (gan.discriminators["d"], d)):
        for p, q in zip(ours.parameters(), slow.parameters(), strict=True):
            torch.testing.assert_close(p, q, rtol=1e-3, atol=2e-6)


def test_several_rounds_of_d_take_fresh_pictures_and_move_g_once():
    gan = DCGAN(replace(SMALL, n_critic=3), CPU)
    drawn = []

    def draw():
        drawn.append(torch.rand(6, 1, 32, 32))
        return drawn[-1]

    gan.train_step(draw, RuntimeSettings.of(gan.config))
    assert len(drawn) == 3
    assert _steps(gan.opt_d) == 3
    assert _steps(gan.opt_g) == 1


@pytest.mark.parametrize("side", ["freeze_d", "freeze_g"])
def test_a_side_held_still_does_not_move_while_the_other_does(side):
    gan = DCGAN(SMALL, CPU)
    before = {name: p.clone() for name, p in _weights(gan)}
    runtime = replace(RuntimeSettings.of(SMALL), **{side: True})
    gan.train_step(lambda: torch.rand(6, 1, 32, 32), runtime)
    held, moving = ("d.", "g.") if side == "freeze_d" else ("g.", "d.")
    assert all(torch.equal(before[n], p) for n, p in _weights(gan) if n.startswith(held))
    assert any(not torch.equal(before[n], p) for n, p in _weights(gan) if n.startswith(moving))


def _weights(gan):
    return [*gan.generators.named_parameters(), *gan.discriminators.named_parameters()]


def _steps(optimiser):
    return int(next(iter(optimiser.state.values()))["step"])


def test_a_subset_is_all_that_a_training_is_given():
    data, _ = DCGAN.open_data(replace(SMALL, subset=30), None, CPU)
    assert len(data.images) == 30
    drawn = DCGAN(SMALL, CPU).drawer(data, torch.Generator().manual_seed(0), 500)()
    assert len(drawn.unique(dim=0)) == 30
