"""What a patch discriminator says where: its field by gradients, its map by brute force, its losses by arithmetic."""

import pytest
import torch
from torch import nn

from gan.analysis.inspect_cyclegan import Field, look, receptive_field, spread
from gan.config import RuntimeSettings
from gan.core.cyclegan import CycleGAN, CycleGANConfig, Discriminator
from gan.layers import InstanceNorm


def without_norm(network):
    """Instance normalisation lets every pixel touch every verdict; the field is that of the convolutions."""
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, InstanceNorm):
                setattr(module, name, nn.Identity())
    return network


@pytest.mark.parametrize(("layers", "size"), [(1, 16), (2, 34), (3, 70)])
def test_the_field_is_what_a_logit_has_a_gradient_from(layers, size):
    torch.manual_seed(0)
    network = without_norm(Discriminator(CycleGANConfig(size=128, ndf=4, n_layers_d=layers)))
    field = receptive_field(network)
    assert field.size == size
    x = torch.randn(1, 3, 128, 128, requires_grad=True)
    logits = network(x)[0, 0]
    for i, j in ((5, 5), (6, 5), (0, 0)):
        (gradient,) = torch.autograd.grad(logits[i, j], x, retain_graph=True)
        rows, columns = (gradient[0].abs().sum((0, k)).nonzero().flatten().tolist() for k in (2, 1))
        for seen, at in ((rows, i), (columns, j)):
            first = field.start + at * field.stride
            assert (seen[0], seen[-1]) == (max(first, 0), min(first + field.size, 128) - 1)


def test_each_pixel_has_the_mean_of_the_patches_that_hold_it():
    verdicts, field = torch.rand(4, 5), Field(6, 3, -2)
    found = spread(verdicts, field, (13, 15))
    for y in range(13):
        for x in range(15):
            held = [
                verdicts[i, j].item()
                for i in range(4)
                for j in range(5)
                if 0 <= y - (3 * i - 2) < 6 and 0 <= x - (3 * j - 2) < 6
            ]
            assert held
            assert found[y, x].item() == pytest.approx(sum(held) / len(held), abs=1e-6)


def test_a_pixel_that_no_patch_holds_has_no_verdict():
    found = spread(torch.ones(2, 2), Field(6, 3, -2), (9, 7))  # patches end at pixel 6
    assert found[:7].equal(torch.ones(7, 7))
    assert found[7:].isnan().all()


@pytest.mark.parametrize("loss", ["least-squares", "bce", "hinge", "relativistic"])
def test_the_losses_are_those_of_the_papers(loss):
    config = CycleGANConfig(
        size=32, ngf=4, ndf=4, blocks=1, n_layers_d=2, loss=loss, label=0.9, lambda_cycle=8, lambda_identity=0.3
    )
    torch.manual_seed(0)
    g, d = CycleGAN.networks(config)
    x = torch.rand(1, 3, 32, 32) * 2 - 1
    found = look(g["a2b"], g["b2a"], d["a"], d["b"], x, config)
    with torch.no_grad():
        fake = g["a2b"](x)
        real, lie = d["a"](x), d["b"](fake)
    p = {  # generator, real's half, fake's half
        "least-squares": (((lie - 1) ** 2).mean(), ((real - 0.9) ** 2).mean() / 2, (lie**2).mean() / 2),
        "bce": (
            -torch.sigmoid(lie).log().mean(),
            -(0.9 * torch.sigmoid(real).log() + 0.1 * (1 - torch.sigmoid(real)).log()).mean(),
            -(1 - torch.sigmoid(lie)).log().mean(),
        ),
        "hinge": (-lie.mean(), (0.9 - real).clamp(min=0).mean(), (1 + lie).clamp(min=0).mean()),
        "relativistic": (  # beside a picture half-way, at 0
            -torch.sigmoid(lie).log().mean(),
            -(0.9 * torch.sigmoid(real).log() + 0.1 * torch.sigmoid(-real).log()).mean(),
            -(torch.sigmoid(-lie).log().mean()),
        ),
    }[loss]
    losses = found.losses
    assert (losses.deceive, losses.real, losses.fake) == pytest.approx([v.item() for v in p], abs=1e-5)
    with torch.no_grad():
        cycle, identity = (g["b2a"](fake) - x).abs().mean().item(), (g["b2a"](x) - x).abs().mean().item()
    assert (losses.cycle, losses.identity) == pytest.approx((cycle, identity), abs=1e-6)
    assert losses.total(config) == pytest.approx(losses.deceive + 8 * cycle + 8 * 0.3 * identity, abs=1e-5)


def test_the_losses_are_those_of_a_round_on_the_same_pictures():
    config = CycleGANConfig(size=32, ngf=4, ndf=4, blocks=1, n_layers_d=2, batch=1, pool_size=0, precision="fp32")
    torch.manual_seed(0)
    gan = CycleGAN(config, torch.device("cpu"))
    a, b = torch.rand(2, 1, 3, 32, 32) * 2 - 1
    before = {
        "a": look(gan.g["a2b"], gan.g["b2a"], gan.d["a"], gan.d["b"], a, config).losses,
        "b": look(gan.g["b2a"], gan.g["a2b"], gan.d["b"], gan.d["a"], b, config).losses,
    }
    record = gan.train_step(lambda: (a, b), RuntimeSettings.of(config))
    assert record["loss_g_a2b"].item() == pytest.approx(before["a"].deceive, abs=1e-5)
    assert record["cycle_b"].item() == pytest.approx(before["b"].cycle, abs=1e-5)
    assert record["idt_a"].item() == pytest.approx(before["a"].identity, abs=1e-5)
    # each discriminator: the real half of its own picture, the fake half of the other's translation
    assert record["loss_d_a"].item() == pytest.approx(before["a"].real + before["b"].fake, abs=1e-5)
