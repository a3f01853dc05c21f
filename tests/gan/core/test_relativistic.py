"""The relativistic loss in both models: updates written out slowly, and the zero that D's score is kept at."""

import copy
from dataclasses import replace

import pytest
import torch

from gan.config import RuntimeSettings
from gan.core.cyclegan import CycleGAN, CycleGANConfig
from gan.core.dcgan import DCGAN, DCGANConfig

CPU = torch.device("cpu")
DIGITS = DCGANConfig(ngf=8, latent=10, batch=6, precision="fp32", loss="relativistic")
HERD = CycleGANConfig(
    size=32, ngf=4, ndf=4, blocks=1, n_layers_d=2, batch=2, pool_size=0, precision="fp32", loss="relativistic"
)


def minus_log_sigmoid(x):
    return -torch.log(1 / (1 + torch.exp(-x))).mean()


def adam(*networks):
    weights = [p for network in networks for p in network.parameters()]
    return torch.optim.Adam(weights, lr=2e-4, betas=(0.5, 0.999), foreach=False)


def assert_same(ours, slow, *, but_for=()):
    for (name, p), q in zip(ours.named_parameters(), slow.parameters(), strict=True):
        if name not in but_for:
            torch.testing.assert_close(p, q, rtol=1e-3, atol=2e-6)


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_a_dcgans_step_compares_each_fake_with_a_real_picture(gamma):
    """With R1 and R2 it is R3GAN's step: both penalties, gamma / 2 of each squared slope."""
    torch.manual_seed(3)
    gan = DCGAN(replace(DIGITS, r1=gamma, r2=gamma), CPU)
    g, d = copy.deepcopy(gan.generators["g"]), copy.deepcopy(gan.discriminators["d"])
    opt_g, opt_d = adam(g), adam(d)
    reals = torch.rand(3, 6, 1, 32, 32) * 2 - 1
    queue = iter(reals)
    torch.manual_seed(9)
    records = [gan.train_step(lambda: next(queue), RuntimeSettings.of(gan.config)) for _ in reals]
    torch.manual_seed(9)
    for real, record in zip(reals, records, strict=True):
        fake = g(torch.randn(6, 10))
        loss_d = minus_log_sigmoid(d(real) - d(fake.detach()))
        slopes = 0.0
        for pictures in (real, fake.detach()):
            x = pictures.clone().requires_grad_()
            slopes = slopes + torch.autograd.grad(d(x).sum(), x, create_graph=True)[0].pow(2).sum() / 6
        opt_d.zero_grad()
        (loss_d + gamma / 2 * slopes).backward()
        opt_d.step()
        opt_g.zero_grad()
        loss_g = minus_log_sigmoid(d(fake) - d(real))
        loss_g.backward()
        opt_g.step()
        assert record["loss_d"].item() == pytest.approx(loss_d.item(), rel=1e-4)
        assert record["loss_g"].item() == pytest.approx(loss_g.item(), rel=1e-4)
    assert_same(gan.generators["g"], g)
    assert_same(gan.discriminators["d"], d, but_for=("stages.3.bias",))  # to which nothing answers


def test_a_cyclegans_step_compares_the_patches_of_a_translation_with_those_of_a_real_picture():
    torch.manual_seed(1)
    gan = CycleGAN(replace(HERD, lambda_identity=0.0), CPU)
    nets = copy.deepcopy([*gan.generators.values(), *gan.discriminators.values()])
    g, f, d_a, d_b = nets
    opt_g, opt_d = adam(g, f), adam(d_a, d_b)
    for _ in range(3):
        x, y = torch.rand(2, 2, 3, 32, 32) * 2 - 1
        record = gan.train_step(lambda x=x, y=y: (x, y), RuntimeSettings.of(gan.config))
        fake_y, fake_x = g(x), f(y)
        loss_g = minus_log_sigmoid(d_b(fake_y) - d_b(y)) + minus_log_sigmoid(d_a(fake_x) - d_a(x))
        opt_g.zero_grad()
        (loss_g + 10 * ((f(fake_y) - x).abs().mean() + (g(fake_x) - y).abs().mean())).backward()
        opt_g.step()
        loss_d = minus_log_sigmoid(d_a(x) - d_a(fake_x.detach())) + minus_log_sigmoid(d_b(y) - d_b(fake_y.detach()))
        opt_d.zero_grad()
        loss_d.backward()
        opt_d.step()
        assert record["loss_g"].item() == pytest.approx(loss_g.item(), rel=1e-3)
        assert record["loss_d"].item() == pytest.approx(loss_d.item(), rel=1e-3)
    for ours, slow in zip([*gan.generators.values(), *gan.discriminators.values()], nets, strict=True):
        last = [name for name, _ in ours.named_parameters()][-1]
        assert_same(ours, slow, but_for=(last,) if slow in (d_a, d_b) else ())


@pytest.mark.parametrize("config", [DIGITS, HERD], ids=["dcgan", "cyclegan"])
def test_zero_comes_to_lie_half_way_between_real_and_fake(config):
    """Wherever it began: a page shows a single score, and asks whether it is above or below."""
    torch.manual_seed(0)
    gan = (DCGAN if config.model == "dcgan" else CycleGAN)(replace(config, rate_g=0.0), CPU)
    for d in gan.discriminators.values():
        d.stages[-1].bias.data += 5.0
    pictures = torch.rand(2, config.batch, config.channels, 32, 32) * 2 - 1
    given = pictures[0] if config.model == "dcgan" else tuple(pictures)
    runtime = RuntimeSettings.of(gan.config)
    runtime.rate_d = 0.0
    gan.set_rates(0.0, 0.0)
    records = [gan.train_step(lambda: given, runtime) for _ in range(80)]
    middle = [(record["d_real"] + record["d_fake"]).item() / 2 for record in records]
    assert middle[0] > 4.5
    assert abs(middle[-1]) < 0.1
    runtime.freeze_d = True
    before = [d.stages[-1].bias.item() for d in gan.discriminators.values()]
    gan.train_step(lambda: given, runtime)
    assert [d.stages[-1].bias.item() for d in gan.discriminators.values()] == before  # a frozen D stays as it is
