"""Gradient penalties by finite differences, DiffAugment by what it may change, spectral norm by singular values."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck

from gan.config import RuntimeSettings
from gan.core.base import GAN
from gan.core.checkpoint import load_networks, save_weights
from gan.core.cyclegan import CycleGAN, CycleGANConfig
from gan.core.dcgan import DCGAN, DCGANConfig
from gan.regularization import diff_augment, gradient_penalty
from gan.runs.run import Run

CPU = torch.device("cpu")
DIGITS = DCGANConfig(ngf=4, latent=6, batch=4, precision="fp32")
HERD = CycleGANConfig(size=32, ngf=4, ndf=4, blocks=1, n_layers_d=2, batch=2, pool_size=0, precision="fp32")


def trained(config: DCGANConfig | CycleGANConfig, steps: int = 1) -> GAN:
    """A GAN after some training steps on pictures that only the seed decides."""
    torch.manual_seed(0)
    gan = (DCGAN if config.model == "dcgan" else CycleGAN)(config, CPU)
    shape = (config.batch, config.channels, 32, 32)
    stream = torch.Generator().manual_seed(1)

    def draw():
        pictures = [torch.rand(shape, generator=stream) * 2 - 1 for _ in "ab"]
        return pictures[0] if config.model == "dcgan" else tuple(pictures)

    for _ in range(steps):
        gan.train_step(draw, RuntimeSettings.of(config))
    return gan


def small_d(*, is_patchwise: bool) -> nn.Module:
    torch.manual_seed(3)
    layers = [nn.Conv2d(2, 3, 3), nn.Tanh(), nn.Conv2d(3, 1, 3)]
    return nn.Sequential(*layers, *([] if is_patchwise else [nn.Flatten(0)])).double()


# Gradient penalties


@pytest.mark.parametrize("is_patchwise", [False, True])
def test_the_penalty_is_the_square_of_finite_differences(is_patchwise):
    side = 7 if is_patchwise else 5
    d, x, h = small_d(is_patchwise=is_patchwise), torch.randn(3, 2, side, side, dtype=torch.float64), 1e-6
    expected = 0.0
    for at in range(len(x)):
        for place in range(x[at].numel()):
            verdicts = []
            for sign in (1, -1):
                moved = x[at : at + 1].clone()
                moved.view(-1)[place] += sign * h
                verdicts.append(d(moved).mean().item())
            expected += ((verdicts[0] - verdicts[1]) / (2 * h)) ** 2 / len(x)
    assert gradient_penalty(d, x).item() == pytest.approx(expected, rel=1e-5)


def test_its_own_gradient_by_the_weights_is_that_of_finite_differences():
    d, x = small_d(is_patchwise=False), torch.randn(2, 2, 5, 5, dtype=torch.float64)
    names = [name for name, _ in d.named_parameters()]

    def penalty(*weights):
        return gradient_penalty(lambda y: torch.func.functional_call(d, dict(zip(names, weights, strict=True)), y), x)

    assert gradcheck(penalty, [p.detach().clone().requires_grad_() for p in d.parameters()])


def test_pictures_in_bf16_and_an_outer_autocast_do_not_coarsen_it():
    d, x = small_d(is_patchwise=True).float(), torch.randn(2, 2, 7, 7).bfloat16()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        found = gradient_penalty(d, x)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, gradient_penalty(d, x.float()))


@pytest.mark.parametrize(("r1", "r2", "every"), [(2.0, 0.0, 1), (0.0, 3.0, 1), (2.0, 3.0, 1), (2.0, 3.0, 3)])
def test_a_dcgans_step_descends_on_the_loss_and_the_penalties_written_out_slowly(r1, r2, every):
    config = replace(DIGITS, r1=r1, r2=r2, penalty_every=every, norm_d="none")
    torch.manual_seed(0)
    gan = DCGAN(config, CPU)
    d = copy.deepcopy(gan.discriminators["d"])
    optimiser = torch.optim.Adam(d.parameters(), lr=2e-4, betas=(0.5, 0.999), foreach=False)
    for step in range(4):
        fakes, plain = [], gan.generators["g"]
        hook = plain.register_forward_hook(lambda module, z, x, fakes=fakes: fakes.append(x.detach().clone()))
        real = torch.rand(4, 1, 32, 32) * 2 - 1
        gan.train_step(lambda real=real: real, RuntimeSettings.of(config))
        hook.remove()
        optimiser.zero_grad()
        (fake,) = fakes
        loss = -torch.log(torch.sigmoid(d(real))).mean() - torch.log(1 - torch.sigmoid(d(fake))).mean()
        for gamma, pictures in ((r1, real), (r2, fake)):
            if step % every == 0:
                squares = []
                for picture in pictures:
                    x = picture[None].clone().requires_grad_()
                    (slope,) = torch.autograd.grad(d(x).squeeze(), x, create_graph=True)
                    squares.append(slope.pow(2).sum())
                loss = loss + every * gamma / 2 * torch.stack(squares).mean()
        loss.backward()
        optimiser.step()
    for ours, slow in zip(gan.discriminators["d"].parameters(), d.parameters(), strict=True):
        torch.testing.assert_close(ours, slow, rtol=1e-3, atol=2e-6)


def test_a_cyclegans_discriminators_both_take_the_penalty():
    """With a large gamma the discriminators are flatter after some steps than without."""
    steep, flat = (trained(replace(HERD, r1=gamma, rate_d=2e-3), 12).discriminators for gamma in (0.0, 100.0))
    x = torch.rand(4, 3, 32, 32) * 2 - 1
    for name in ("a", "b"):
        assert gradient_penalty(flat[name], x) < 0.5 * gradient_penalty(steep[name], x)


@pytest.mark.parametrize("config", [DIGITS, HERD])
def test_a_penalty_that_is_not_due_costs_nothing_and_changes_nothing(config, monkeypatch):
    calls = []
    monkeypatch.setattr(
        "gan.core.base.gradient_penalty", lambda *given: calls.append(given) or gradient_penalty(*given)
    )
    sides = 1 if config.model == "dcgan" else 2
    trained(config, 4)
    assert not calls
    trained(replace(config, r1=1.0, penalty_every=3), 4)  # at steps 0 and 3
    assert len(calls) == 2 * sides


def test_the_count_to_the_next_penalty_outlives_a_resume(monkeypatch):
    config = replace(DIGITS, r1=1.0, penalty_every=4)
    first = trained(config, 3)
    again = DCGAN(config, CPU)
    again.load_state(first.state())
    assert again.rounds == 3
    older = {name: value for name, value in first.state().items() if name != "rounds"}
    again.load_state(older)  # of a DCGAN that was trained before there was a count
    assert again.rounds == 0


# DiffAugment


@pytest.mark.parametrize("shape", [(64, 3, 32, 32), (64, 1, 32, 32), (16, 3, 40, 24)])
def test_colour_place_and_a_square_change_and_nothing_else(shape):
    torch.manual_seed(0)
    out = diff_augment(torch.full(shape, 0.25))
    assert out.shape == shape
    grey, colours = (out == 0).all(1), set()  # what came in from outside, and the square
    for picture, holes in zip(out, grey, strict=True):
        rest = picture[:, ~holes]
        assert rest.max() - rest.min() < 1e-5  # one colour stays one colour
        assert -0.25 - 1e-5 <= rest[0, 0] <= 0.75 + 1e-5  # brighter or darker by up to half
        assert holes.float().mean() < 1 / 4 + 2 / 8  # the square, and two strips
        colours.add(round(rest.mean().item(), 4))
    assert len(colours) > len(out) // 2  # each picture by itself


def test_pictures_are_moved_by_up_to_an_eighth(monkeypatch):
    for each in ("_recoloured", "_cut_out"):
        monkeypatch.setattr(f"gan.regularization.{each}", lambda x: x)
    torch.manual_seed(0)
    x = torch.zeros(400, 1, 32, 32)
    x[:, :, 16, 16] = 1
    places = diff_augment(x).nonzero()[:, 2:] - 16
    assert len(places) == 400
    assert places.min() == -4
    assert places.max() == 4
    assert places.float().mean(0).abs().max() < 0.6


def test_the_square_has_half_the_side_and_lies_anywhere(monkeypatch):
    for each in ("_recoloured", "_moved"):
        monkeypatch.setattr(f"gan.regularization.{each}", lambda x: x)
    torch.manual_seed(0)
    holes = diff_augment(torch.ones(400, 1, 32, 32)) == 0
    assert holes.sum((1, 2, 3)).max() == 16 * 16
    assert holes.any(0).all()  # every pixel is hit by one of them
    assert holes[:, 0].any(2).sum(1).max() == 16


def test_saturation_and_contrast_keep_the_mean_and_grey_stays_grey(monkeypatch):
    for each in ("_moved", "_cut_out"):
        monkeypatch.setattr(f"gan.regularization.{each}", lambda x: x)
    torch.manual_seed(0)
    x = torch.rand(32, 3, 8, 8) - 0.5
    shift = (diff_augment(x) - x).mean((1, 2, 3))
    assert shift.abs().max() <= 0.5
    assert shift.min() < -0.3
    assert shift.max() > 0.3
    grey = x[:, :1].expand(-1, 3, -1, -1)
    assert (diff_augment(grey).std(1) < 1e-6).all()


def test_a_gradient_flows_through_it_to_the_generator():
    x = (torch.rand(2, 3, 8, 8, dtype=torch.float64) - 0.5).requires_grad_()

    def fixed(y):
        torch.manual_seed(5)
        return diff_augment(y)

    assert gradcheck(fixed, x)


@pytest.mark.parametrize("config", [DIGITS, HERD])
def test_discriminators_are_shown_nothing_else(config, monkeypatch):
    """Real pictures and fakes, in D's step and in G's: each of them goes through it."""
    marked = []
    monkeypatch.setattr("gan.core.base.diff_augment", lambda x: marked.append(x.requires_grad) or x * 0 + 0.125)
    seen = []
    name = f"gan.core.{config.model}.Discriminator.forward"
    usual = {"dcgan": DCGAN, "cyclegan": CycleGAN}[config.model].networks(config)[1]
    forward = type(next(iter(usual.values()))).forward
    monkeypatch.setattr(name, lambda self, x: seen.append(x.detach()) or forward(self, x))
    trained(replace(config, diff_augment=True))
    assert seen
    assert all((x == 0.125).all() for x in seen)
    sides = 1 if config.model == "dcgan" else 2
    assert sorted(marked) == [False] * 2 * sides + [True] * sides  # only in G's step does a gradient pass
    marked.clear()
    trained(config)
    assert not marked


# Spectral normalisation


@pytest.mark.parametrize("config", [replace(DIGITS, norm_d="none"), HERD])
def test_no_layer_of_d_stretches_anything(config):
    gan = trained(replace(config, spectral_norm=True, rate_d=2e-3), 30)
    convolutions = [m for m in gan.discriminators.modules() if isinstance(m, nn.Conv2d)]
    assert convolutions
    for module in convolutions:
        largest = torch.linalg.matrix_norm(module.weight.detach().flatten(1), ord=2)
        assert largest == pytest.approx(1, abs=0.1)
    plain = trained(replace(config, rate_d=2e-3), 30)
    sizes = [
        torch.linalg.matrix_norm(m.weight.detach().flatten(1), ord=2)
        for m in plain.discriminators.modules()
        if isinstance(m, nn.Conv2d)
    ]
    assert max(abs(size - 1) for size in sizes) > 0.2


def test_its_weights_are_kept_and_read_again(runs):
    config = replace(DIGITS, spectral_norm=True)
    gan = trained(config, 3)
    run = Run.create("calm", config)
    save_weights(run, gan.generators, gan.discriminators)
    d = load_networks(run)[1]["d"]
    x = torch.rand(5, 1, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(d(x), gan.discriminators["d"].eval()(x), rtol=1e-2, atol=1e-2)


def test_all_of_them_together_train_in_bf16():
    for config in (DIGITS, HERD):
        calm = {"precision": "bf16", "r1": 1.0, "r2": 1.0, "spectral_norm": True, "diff_augment": True}
        gan = trained(replace(config, **calm), 3)
        for networks in (gan.generators, gan.discriminators):
            assert all(p.isfinite().all() for p in networks.parameters())
