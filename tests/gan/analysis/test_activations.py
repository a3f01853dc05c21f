"""The way through a network, layer by layer."""

from copy import deepcopy
from itertools import product

import pytest
import torch
from torch import nn

from gan.analysis import activations
from gan.config import NORMS
from gan.core.dcgan import DCGANConfig, Discriminator, Generator, Unpool

UPS, DOWNS = ("transposed", "nearest", "bilinear", "unpool"), ("stride", "max", "average")


def untrained(kind, **settings):
    """A small network in eval mode, and one input for it."""
    torch.manual_seed(0)
    config = DCGANConfig(**({"size": 32, "ngf": 4, "latent": 6} | settings))
    network = {"g": Generator, "d": Discriminator}[kind](config).eval()
    shape = (1, config.latent, 1, 1) if kind == "g" else (1, config.channels, config.size, config.size)
    for weight in network.parameters():  # larger than fresh ones, so that the maps differ well
        nn.init.normal_(weight, 0, 0.3)
    return network, torch.randn(shape)


NETWORKS = [("g", {"upsample": up, "norm": norm}) for up, norm in product(UPS, NORMS)]
NETWORKS += [("d", {"downsample": down, "norm": norm}) for down, norm in product(DOWNS, NORMS)]
NETWORKS += [(kind, {"size": size, "channels": channels}) for kind, size, channels in product("gd", (16, 64), (1, 3))]


@pytest.mark.parametrize(("kind", "settings"), NETWORKS)
def test_the_stages_are_the_way_through_the_network(kind, settings):
    network, x = untrained(kind, **settings)
    before = x.clone()
    seen = activations.stages(network, x)
    assert torch.equal(x, before)
    assert len(seen) == len(network.stages)
    with torch.no_grad():
        for number, stage in enumerate(seen, 1):  # none has been written over by a later one
            assert torch.equal(stage.maps, nn.Sequential(*network.stages[:number])(x)[0])
        output = network(x[:, :, 0, 0])[0] if kind == "g" else network(x).reshape(1, 1, 1)
    assert torch.equal(seen[-1].maps, output)
    assert output.abs().max() > 1e-3
    again = activations.stages(network, x)
    assert all(torch.equal(one.maps, other.maps) for one, other in zip(seen, again, strict=True))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [16, 32, 64])
def test_the_generator_doubles_from_4_and_the_discriminator_halves_to_a_number(size, channels):
    ups = [stage.maps.shape for stage in activations.stages(*untrained("g", size=size, channels=channels))]
    sides = [4 * 2**k for k in range(len(ups))]
    assert sides[-1] == size
    assert ups == [(4 * size // 2 // side, side, side) for side in sides[:-1]] + [(channels, size, size)]
    downs = [stage.maps.shape for stage in activations.stages(*untrained("d", size=size, channels=channels))]
    assert downs == [*ups[-2::-1], (1, 1, 1)]


@pytest.mark.parametrize(("kind", "settings"), NETWORKS)
def test_the_weights_of_the_stages_are_those_of_the_network(kind, settings):
    network, x = untrained(kind, **settings)
    seen = activations.stages(network, x)
    assert sum(stage.weights for stage in seen) == sum(w.numel() for w in network.parameters())
    channels, side = settings.get("channels", 1), 4 if settings.get("upsample", "transposed") == "transposed" else 3
    if kind == "g":  # kernels from 4 maps to each channel, and its bias
        assert seen[-1].weights == channels * (4 * side**2 + 1)


@pytest.mark.parametrize(("kind", "settings"), NETWORKS)
def test_every_line_of_code_makes_the_very_layer(kind, settings):
    network, x = untrained(kind, **settings)
    for stage, seen in zip(network.stages, activations.stages(network, x), strict=True):
        layers = list(stage) if isinstance(stage, nn.Sequential) else [stage]
        assert len(seen.code) == len(layers)
        for line, layer in zip(seen.code, layers, strict=True):
            made, layer = eval(line, {"nn": nn, "Unpool": Unpool}), deepcopy(layer)
            if hasattr(layer, "inplace"):
                layer.inplace = False  # saves memory, and is nothing to a reader
            assert repr(made) == repr(layer)
            assert [w.shape for w in made.parameters()] == [w.shape for w in layer.parameters()]


@pytest.mark.parametrize(
    ("layer", "line"),
    [
        (nn.Conv2d(1, 32, 4, stride=2, padding=1), "nn.Conv2d(1, 32, kernel_size=4, stride=2, padding=1)"),
        (nn.Conv2d(8, 8, (3, 5), bias=False), "nn.Conv2d(8, 8, kernel_size=(3, 5), stride=1, bias=False)"),
        (nn.BatchNorm2d(16), "nn.BatchNorm2d(16)"),
        (nn.BatchNorm2d(16, momentum=0.15), "nn.BatchNorm2d(16, momentum=0.15)"),
        (nn.InstanceNorm2d(16, affine=True), "nn.InstanceNorm2d(16, affine=True)"),
        (nn.Linear(4, 2), "nn.Linear(in_features=4, out_features=2)"),
        (nn.LeakyReLU(0.2, True), "nn.LeakyReLU(negative_slope=0.2)"),
        (nn.ReLU(True), "nn.ReLU()"),
        (Unpool(), "Unpool()"),
    ],
)
def test_a_line_leaves_out_what_goes_without_saying_and_nothing_else(layer, line):
    assert activations.line_of(layer) == line
