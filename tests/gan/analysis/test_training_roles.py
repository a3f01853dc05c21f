"""What a picture is to the networks: its numbers by the papers' formulas, and who learns from what by the gradients."""

import pytest
import torch

from gan.analysis.inspect_cyclegan import look
from gan.analysis.training_roles import play, roles, teachers
from gan.config import RuntimeSettings
from gan.core.cyclegan import CycleGAN, CycleGANConfig

SMALL = {"size": 32, "ngf": 4, "ndf": 4, "blocks": 1, "n_layers_d": 2, "batch": 1, "pool_size": 0, "precision": "fp32"}


def two_pictures():
    return torch.rand(2, 1, 3, 32, 32, generator=torch.Generator().manual_seed(5)) * 2 - 1


@pytest.mark.parametrize(("loss", "change"), [("least-squares", False), ("bce", False), ("hinge", True)])
def test_the_numbers_are_those_of_the_formulas(loss, change):
    config = CycleGANConfig(**SMALL, loss=loss, residual=change, label=0.9)
    torch.manual_seed(0)
    g, d = CycleGAN.networks(config)
    if change:  # so that some of its output leaves [-1, 1]
        torch.nn.init.normal_(g["a2b"].stages[-1].weight, 0, 0.1)
    a, b = two_pictures()
    found = roles(look(g["a2b"], g["b2a"], d["a"], d["b"], a, config), b, config)
    with torch.no_grad():
        fake = g["a2b"](a)
        lie, truth, rec = d["b"](fake), d["a"](a), g["b2a"](fake)
    shown = torch.sigmoid if loss == "bce" else lambda logits: logits
    p = torch.sigmoid(truth)
    deceive, real = {
        "least-squares": (((lie - 1) ** 2).mean(), ((truth - 0.9) ** 2).mean() / 2),
        "bce": (-torch.sigmoid(lie).log().mean(), -(0.9 * p.log() + 0.1 * (1 - p).log()).mean()),
        "hinge": (-lie.mean(), (0.9 - truth).clamp(min=0).mean()),
    }[loss]
    # on a scale from 0 to 1, as a picture on the screen can show it
    apart = ((fake.clamp(-1, 1) + 1) / 2 - (b + 1) / 2).abs().mean()
    cycle = ((rec + 1) / 2 - (a + 1) / 2).abs().mean()
    expected = [v.item() for v in (shown(lie).mean(), deceive, shown(truth).mean(), real, apart, cycle)]
    assert list(found) == pytest.approx(expected, abs=1e-5)
    assert not change or fake.abs().max() > 1


def by_hand(g, d, a, b):
    """Every loss of the paper for one picture of each pile, least squares, by its name."""
    fake_a, fake_b = g["b2a"](b), g["a2b"](a)
    made_a, made_b = fake_a.detach(), fake_b.detach()
    return {
        "loss_g_a2b": ((d["b"](fake_b) - 1) ** 2).mean(),
        "loss_g_b2a": ((d["a"](fake_a) - 1) ** 2).mean(),
        "cycle_a": (g["b2a"](fake_b) - a).abs().mean(),
        "cycle_b": (g["a2b"](fake_a) - b).abs().mean(),
        "idt_a": (g["b2a"](a) - a).abs().mean(),
        "idt_b": (g["a2b"](b) - b).abs().mean(),
        "loss_d_a": (((d["a"](a) - 1) ** 2).mean() + (d["a"](made_a) ** 2).mean()) / 2,
        "loss_d_b": (((d["b"](b) - 1) ** 2).mean() + (d["b"](made_b) ** 2).mean()) / 2,
    }


@pytest.mark.parametrize(("cycle", "identity"), [(10, 0.5), (10, 0), (0, 0), (0, 0.5)])
def test_a_round_moves_each_network_by_its_teachers_alone_and_by_all_of_them(cycle, identity):
    config = CycleGANConfig(**SMALL, lambda_cycle=cycle, lambda_identity=identity)
    torch.manual_seed(0)
    gan = CycleGAN(config, torch.device("cpu"))
    networks = {"a2b": gan.g["a2b"], "b2a": gan.g["b2a"], "a": gan.d["a"], "b": gan.d["b"]}
    a, b = two_pictures()
    expected = {}
    for name, some in teachers(config).items():
        weights = {"cycle": cycle, "idt": cycle * identity}
        losses = by_hand(gan.g, gan.d, a, b)
        parts = [weights.get(key.split("_")[0], 1) * losses[key] for key in some]
        for part in parts:
            gradient = torch.autograd.grad(part, list(networks[name].parameters()), retain_graph=True)
            assert sum(each.abs().sum() for each in gradient) > 0  # none of them is idle
        expected[name] = torch.autograd.grad(sum(parts), list(networks[name].parameters()))
    record = gan.train_step(lambda: (a, b), RuntimeSettings.of(config))
    for name, gradients in expected.items():
        assert set(teachers(config)[name]) <= set(record)
        for weight, gradient in zip(networks[name].parameters(), gradients, strict=True):
            assert torch.allclose(weight.grad, gradient, rtol=1e-3, atol=1e-5)


def test_a_round_played_has_the_numbers_of_a_training_round_and_of_the_formulas():
    config = CycleGANConfig(**(SMALL | {"pool_size": 50, "identity_every": 3}))
    torch.manual_seed(0)
    gan = CycleGAN(config, torch.device("cpu"))
    a, b = two_pictures()
    before = [p.clone() for p in (*gan.generators.parameters(), *gan.discriminators.parameters())]
    expected = {name: value.item() for name, value in by_hand(gan.generators, gan.discriminators, a, b).items()}
    played = play(config, gan.generators, gan.discriminators, a, b)
    weights = (*gan.generators.parameters(), *gan.discriminators.parameters())
    assert all(torch.equal(x, y) for x, y in zip(before, weights, strict=True))  # copies have learned, these have not
    for name, value in expected.items():
        assert played.record[name] == pytest.approx(value, abs=1e-5)
    made = {"fake_b": gan.generators["a2b"](a), "rec_b": gan.generators["a2b"](gan.generators["b2a"](b))}
    for name, picture in made.items():
        torch.testing.assert_close(played.pictures[name], picture, atol=1e-5, rtol=1e-5)

    record = {name: value.item() for name, value in gan.train_step(lambda: (a, b), RuntimeSettings.of(config)).items()}
    assert played.record == pytest.approx(record, abs=1e-6)
    sides = gan.generators.items(), gan.discriminators.items()
    for name, network in (pair for side in sides for pair in side):
        size = torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None]).norm().item()
        assert played.gradients[name] == pytest.approx(size, rel=1e-4)
