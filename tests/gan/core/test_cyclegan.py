"""CycleGAN: shapes, patch size, pool, and a round against the paper's objective written out slowly."""

import copy
import itertools
from dataclasses import replace

import pytest
import torch
from torch import nn

from gan.config import RuntimeSettings
from gan.core.cyclegan import CycleGAN, CycleGANConfig, Discriminator, Generator, ImagePool
from gan.data.datasets import Pair, Pictures
from gan.layers import InstanceNorm

CPU = torch.device("cpu")
SMALL = CycleGANConfig(size=32, ngf=4, ndf=4, blocks=1, n_layers_d=2, batch=2, pool_size=0, precision="fp32")


@pytest.mark.parametrize(
    ("up", "change", "blocks"),
    list(itertools.product(("transposed", "nearest", "bilinear"), (False, True), (6, 9))),
)
def test_pictures_keep_their_shape_at_any_multiple_of_four(up, change, blocks):
    g = Generator(replace(SMALL, upsample=up, residual=change, blocks=blocks))
    for height, width in ((32, 32), (36, 52)):
        x = torch.rand(2, 3, height, width) * 2 - 1
        y = g(x)
        assert y.shape == x.shape
        if change:
            assert torch.equal(y, x)  # starts from doing nothing
        else:
            assert y.abs().max() <= 1


def test_the_generator_is_the_papers_layer_for_layer():
    g = Generator(CycleGANConfig(ngf=64, blocks=9))
    convolutions = [m for m in g.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    shapes = [(m.in_channels, m.out_channels, m.kernel_size[0], m.stride[0]) for m in convolutions]
    middle = [(256, 256, 3, 1)] * 18
    ends = [(256, 128, 3, 2), (128, 64, 3, 2), (64, 3, 7, 1)]
    assert shapes == [(3, 64, 7, 1), (64, 128, 3, 2), (128, 256, 3, 2), *middle, *ends]
    weights = sum(p.numel() for p in g.parameters())
    assert weights == sum(i * o * k * k for i, o, k, _ in shapes) + 3  # no biases before instance norm


@pytest.mark.parametrize(("layers", "patch"), [(2, 34), (3, 70)])
def test_one_verdict_sees_a_patch_of_the_papers_size(layers, patch):
    d = Discriminator(replace(SMALL, size=128, n_layers_d=layers)).double()
    for m in d.modules():  # its norm sees the whole picture: leave it out to see the convolutions' reach
        for name, child in m.named_children():
            if isinstance(child, InstanceNorm):
                setattr(m, name, nn.Identity())
    x = torch.rand(1, 3, 128, 128, dtype=torch.float64, requires_grad=True)
    verdicts = d(x)
    verdicts[0, 0, verdicts.shape[2] // 2, verdicts.shape[3] // 2].backward()
    reach = x.grad[0].abs().sum(0) > 0
    assert reach.any(0).sum() == patch
    assert reach.any(1).sum() == patch


def test_the_default_discriminator_is_the_papers():
    d = Discriminator(CycleGANConfig())
    assert [(m.out_channels, m.stride[0]) for m in d.modules() if isinstance(m, nn.Conv2d)] == [
        *((64, 2), (128, 2), (256, 2)),
        *((512, 1), (1, 1)),
    ]


def test_a_coarse_discriminator_is_the_same_one_shown_pictures_half_as_large():
    config = replace(SMALL, scales_d=2, size=48)
    fine, coarse = Discriminator(config), Discriminator(config, is_coarse=True)
    coarse.load_state_dict(fine.state_dict())
    x = torch.rand(2, 3, 48, 64) * 2 - 1
    small = (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4
    torch.testing.assert_close(coarse(x), fine(small))


@pytest.mark.parametrize("gamma", [0.0, 3.0])
def test_with_two_scales_every_loss_is_the_mean_of_both_and_all_four_discriminators_learn(gamma):
    torch.manual_seed(1)
    gan = CycleGAN(replace(SMALL, scales_d=2, lambda_identity=0.0, r1=gamma), CPU)
    assert list(gan.discriminators) == ["a", "b", "a_coarse", "b_coarse"]
    nets = copy.deepcopy([*gan.generators.values(), *gan.discriminators.values()])
    g, f, *judges = nets
    d_a, d_b = judges[::2], judges[1::2]
    opt_g = torch.optim.Adam([*g.parameters(), *f.parameters()], lr=2e-4, betas=(0.5, 0.999), foreach=False)
    opt_d = torch.optim.Adam([p for d in judges for p in d.parameters()], lr=2e-4, betas=(0.5, 0.999), foreach=False)

    def slope(d, real):
        real = real.clone().requires_grad_()
        (slope,) = torch.autograd.grad(d(real).mean((1, 2, 3)).sum(), real, create_graph=True)
        return slope.square().sum((1, 2, 3)).mean()

    for _ in range(2):
        x, y = torch.rand(2, 2, 3, 32, 32) * 2 - 1
        record = gan.train_step(lambda x=x, y=y: (x, y), RuntimeSettings.of(gan.config))
        opt_g.zero_grad()
        fake_y, fake_x = g(x), f(y)
        slow = {
            "loss_g_a2b": sum((d(fake_y) - 1).square().mean() for d in d_b) / 2,
            "loss_g_b2a": sum((d(fake_x) - 1).square().mean() for d in d_a) / 2,
        }
        cycle = (f(fake_y) - x).abs().mean() + (g(fake_x) - y).abs().mean()
        (sum(slow.values()) + 10 * cycle).backward()
        opt_g.step()
        opt_d.zero_grad()
        total = 0
        for domain, both, real, fake in (("a", d_a, x, fake_x.detach()), ("b", d_b, y, fake_y.detach())):
            of = [0.5 * ((d(real) - 1).square().mean() + d(fake).square().mean()) for d in both]
            slow[f"loss_d_{domain}"] = sum(of) / 2
            total = total + sum(of) / 2 + sum(gamma / 2 * slope(d, real) for d in both) / 2
        said = sum(d(real).mean().item() for both, real in ((d_a, x), (d_b, y)) for d in both) / 4
        total.backward()
        opt_d.step()
        for name, value in slow.items():
            assert record[name].item() == pytest.approx(value.item(), rel=1e-3), name
        assert record["d_real"].item() == pytest.approx(said, rel=1e-3)
    for ours, slow in zip([*gan.generators.values(), *gan.discriminators.values()], nets, strict=True):
        for p, q in zip(ours.parameters(), slow.parameters(), strict=True):
            torch.testing.assert_close(p, q, rtol=1e-2, atol=1e-5)


def test_the_pool_hands_back_an_old_picture_about_every_other_time():
    torch.manual_seed(0)
    pool = ImagePool(50)
    first = torch.arange(50.0).view(50, 1, 1, 1)
    assert torch.equal(pool.query(first), first)  # while it fills, it gives what it gets
    later = torch.arange(100.0, 500.0).view(400, 1, 1, 1)
    out = pool.query(later).flatten()
    old = (out != later.flatten()).sum().item()
    assert 160 < old < 240
    assert len(pool.pictures) == 50
    seen = set(out.tolist()) | {p.item() for p in pool.pictures}
    assert seen == set(map(float, [*range(50), *range(100, 500)]))  # nothing is lost, nothing is doubled
    assert len(out) + 50 == len(seen)


@pytest.mark.parametrize("identity", [0.5, 0.0])
def test_a_round_is_the_papers_objective_written_out_slowly(identity):
    torch.manual_seed(1)
    gan = CycleGAN(replace(SMALL, lambda_identity=identity), CPU)
    nets = copy.deepcopy([gan.generators["a2b"], gan.generators["b2a"], *gan.discriminators.values()])
    g, f, d_a, d_b = nets
    opt_g = torch.optim.Adam([*g.parameters(), *f.parameters()], lr=2e-4, betas=(0.5, 0.999), foreach=False)
    opt_d = torch.optim.Adam([*d_a.parameters(), *d_b.parameters()], lr=2e-4, betas=(0.5, 0.999), foreach=False)
    for _ in range(3):
        x, y = torch.rand(2, 2, 3, 32, 32) * 2 - 1
        record = gan.train_step(lambda x=x, y=y: (x, y), RuntimeSettings.of(gan.config))
        opt_g.zero_grad()
        fake_y, fake_x = g(x), f(y)
        adversarial = (d_b(fake_y) - 1).square().mean() + (d_a(fake_x) - 1).square().mean()
        cycle_x, cycle_y = (f(fake_y) - x).abs().mean(), (g(fake_x) - y).abs().mean()
        idt = (g(y) - y).abs().mean() + (f(x) - x).abs().mean() if identity else 0
        (adversarial + 10 * (cycle_x + cycle_y) + 10 * identity * idt).backward()
        opt_g.step()
        opt_d.zero_grad()
        loss_a = 0.5 * ((d_a(x) - 1).square().mean() + d_a(fake_x.detach()).square().mean())
        loss_b = 0.5 * ((d_b(y) - 1).square().mean() + d_b(fake_y.detach()).square().mean())
        (loss_a + loss_b).backward()
        opt_d.step()
        assert record["loss_g"].item() == pytest.approx(adversarial.item(), rel=1e-3)
        assert record["cycle_a"].item() == pytest.approx(cycle_x.item(), rel=1e-3)
        assert record["cycle_b"].item() == pytest.approx(cycle_y.item(), rel=1e-3)
        assert record["loss_d_a"].item() == pytest.approx(loss_a.item(), rel=1e-3)
        assert record["loss_d_b"].item() == pytest.approx(loss_b.item(), rel=1e-3)
    for ours, slow in zip([*gan.generators.values(), *gan.discriminators.values()], nets, strict=True):
        for p, q in zip(ours.parameters(), slow.parameters(), strict=True):
            torch.testing.assert_close(p, q, rtol=1e-2, atol=1e-5)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("identity", [0.5, 0.0])
def test_in_bf16_every_gradient_points_where_that_in_fp32_does(batch, identity):
    """Whatever layouts and precisions are gone through; torch's own norm fails this for a single picture."""
    pictures, grads = torch.rand(2, batch, 3, 32, 32) * 2 - 1, []
    for precision in ("fp32", "bf16"):
        torch.manual_seed(2)
        gan = CycleGAN(replace(SMALL, lambda_identity=identity, precision=precision), CPU)
        gan.train_step(lambda: pictures, RuntimeSettings.of(gan.config))
        grads.append([p.grad.flatten() for nets in (gan.generators, gan.discriminators) for p in nets.parameters()])
    for exact, rounded in zip(*grads, strict=True):
        assert torch.cosine_similarity(exact, rounded, dim=0) > 0.8


def test_the_identity_loss_may_be_taken_in_every_other_round():
    gan = CycleGAN(replace(SMALL, identity_every=2), CPU)
    rounds = [gan.train_step(lambda: torch.rand(2, 2, 3, 32, 32), RuntimeSettings.of(gan.config)) for _ in range(4)]
    assert ["idt_a" in record for record in rounds] == [True, False, True, False]


@pytest.mark.parametrize("side", ["freeze_d", "freeze_g"])
def test_a_side_held_still_does_not_move_while_the_other_does(side):
    gan = CycleGAN(SMALL, CPU)
    sides = {"freeze_g": gan.generators, "freeze_d": gan.discriminators}
    before = {name: [p.clone() for p in nets.parameters()] for name, nets in sides.items()}
    gan.train_step(lambda: torch.rand(2, 2, 3, 32, 32), replace(RuntimeSettings.of(SMALL), **{side: True}))
    for name, nets in sides.items():
        same = [torch.equal(p, q) for p, q in zip(nets.parameters(), before[name], strict=True)]
        assert all(same) if name == side else not all(same)


@pytest.mark.parametrize(("crop_scale", "widths"), [(1.0, {32}), (2.0, set(range(32, 65)))])
def test_both_piles_are_cropped_at_the_scales_asked_for(crop_scale, widths):
    ramp = torch.arange(0, 192, 3, dtype=torch.uint8).expand(1, 3, 64, 64).contiguous()  # 3 a pixel
    piles = Pair("ramp", *(Pictures(name, ramp, None, (), ()) for name in "ab"), False, None)
    gan = CycleGAN(replace(SMALL, size=64, crop=32, crop_scale=crop_scale, hflip=False), CPU)
    for pictures in gan.drawer(piles, torch.Generator().manual_seed(0), 300)():
        slope = (pictures[:, 0, 16, 20] - pictures[:, 0, 16, 10]) * 127.5 / 10  # of a pixel of the crop
        assert set((slope / 3 * 32).round().int().tolist()) == widths
