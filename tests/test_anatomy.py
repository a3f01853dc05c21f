"""Going up in size, against loops that place one pixel at a time; and the way through a network, layer by layer."""

from copy import deepcopy
from itertools import product

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gan import anatomy
from gan.dcgan import DCGANConfig, Discriminator, Generator, Unpool
from gan.settings import NORMS

GRID = [(k, s, p) for k in (2, 3, 4, 5) for s in (1, 2, 3, 4) for p in (0, 1, 2)]


def stamped(x, kernel, stride, padding):
    """Add a copy of the kernel for every input pixel, by hand; also how many copies lie on each output pixel."""
    size, k = x.shape[-1], kernel.shape[0]
    full = (size - 1) * stride + k
    out, touches = torch.zeros(full, full), torch.zeros(full, full, dtype=torch.int64)
    for i in range(size):
        for j in range(size):
            out[i * stride : i * stride + k, j * stride : j * stride + k] += x[i, j] * kernel
            touches[i * stride : i * stride + k, j * stride : j * stride + k] += 1
    keep = slice(padding, full - padding)
    return out[keep, keep], touches[keep, keep]


@pytest.mark.parametrize(("kernel", "stride", "padding"), GRID)
def test_a_transposed_convolution_stamps_its_kernel_once_for_every_pixel(kernel, stride, padding):
    torch.manual_seed(kernel * 100 + stride * 10 + padding)
    x, weights = torch.randn(2, 3, 6, 6), torch.randn(kernel, kernel)
    y, touches = anatomy.transposed(x, weights, stride, padding)
    for n in range(2):
        for c in range(3):
            expected, expected_touches = stamped(x[n, c], weights, stride, padding)
            torch.testing.assert_close(y[n, c], expected, atol=1e-5, rtol=1e-5)
            assert torch.equal(touches, expected_touches)
    assert torch.equal(anatomy.overlap(kernel, stride, padding, 6), touches)


@pytest.mark.parametrize(("kernel", "stride", "padding"), GRID)
def test_away_from_the_border_touches_are_even_exactly_if_the_stride_divides_the_kernel(kernel, stride, padding):
    inside = anatomy.inner(anatomy.overlap(kernel, stride, padding, 9), kernel, padding)
    assert inside.numel() > stride**2
    assert (inside.min() == inside.max()).item() == (kernel % stride == 0)


def test_padding_that_leaves_nothing_is_refused():
    with pytest.raises(ValueError, match="padding 3"):
        anatomy.overlap(2, 1, 3, 4)


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_nearest_copies_each_pixel_and_touches_each_output_once(stride):
    x = torch.randn(2, 1, 3, 5)
    y, touches = anatomy.nearest(x, stride)
    for i in range(3 * stride):
        for j in range(5 * stride):
            assert torch.equal(y[:, :, i, j], x[:, :, i // stride, j // stride])
    assert touches.shape == y.shape[-2:]
    assert touches.unique().tolist() == [1]


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_bilinear_counts_the_pixels_that_have_a_weight(stride):
    h, w = 3, 4
    y, touches = anatomy.bilinear(torch.ones(1, 1, h, w), stride)
    torch.testing.assert_close(y, torch.ones(1, 1, h * stride, w * stride))  # the weights sum to 1
    counted = torch.zeros(h * stride, w * stride, dtype=torch.int64)
    for i in range(h):
        for j in range(w):
            unit = torch.zeros(1, 1, h, w, dtype=torch.float64)
            unit[0, 0, i, j] = 1
            counted += anatomy.bilinear(unit, stride)[0][0, 0] > 1e-9
    assert torch.equal(touches, counted)


@pytest.mark.parametrize("stride", [2, 3])
def test_unpooling_puts_every_maximum_back_and_leaves_the_rest_empty(stride):
    before = torch.rand(2, 2, 4 * stride, 4 * stride) + 0.1
    pooled, indices = F.max_pool2d(before, stride, return_indices=True)
    y, touches = anatomy.unpool(pooled, indices, stride)
    kept = y != 0
    assert torch.equal(y[kept], before[kept])
    assert kept.sum() == pooled.numel()
    assert torch.equal(touches, kept[0, 0].long())


@pytest.mark.parametrize(("kernel", "stride"), [(k, s) for k in (2, 3, 4, 5) for s in (1, 2, 3, 4)])
def test_a_learned_kernel_restores_better_than_any_other(kernel, stride):
    pictures = torch.rand(6, 1, 24, 24, generator=torch.Generator().manual_seed(1))
    small = F.avg_pool2d(pictures, stride)

    def error(weights):
        y, _ = anatomy.transposed(small, weights, stride)
        size = min(y.shape[-1], 24)
        y_start, p_start = (y.shape[-1] - size) // 2, (24 - size) // 2
        y = y[..., y_start : y_start + size, y_start : y_start + size]
        return F.mse_loss(y, pictures[..., p_start : p_start + size, p_start : p_start + size]).item()

    learned = anatomy.kernel_of("learned", kernel, stride, pictures)
    best = error(learned)
    for other in ("ones", "bilinear", "random"):
        assert best <= error(anatomy.kernel_of(other, kernel, stride, pictures)) + 1e-6
    for tap in range(kernel * kernel):  # a minimum: no single tap can be moved to advantage
        for move in (-0.05, 0.05):
            moved = learned.clone()
            moved.view(-1)[tap] += move
            assert error(moved) > best


def test_kernels_are_repeatable_and_unknown_names_refused():
    pictures = torch.rand(2, 1, 8, 8)
    again = [anatomy.kernel_of("random", 4, 2, pictures, seed=3) for _ in range(2)]
    assert torch.equal(*again)
    assert not torch.equal(again[0], anatomy.kernel_of("random", 4, 2, pictures, seed=4))
    with pytest.raises(ValueError, match="magic"):
        anatomy.kernel_of("magic", 3, 2, pictures)


def test_the_bilinear_kernel_of_twice_the_stride_is_bilinear_upsampling():
    x = torch.rand(1, 1, 6, 6)
    y, _ = anatomy.transposed(x, anatomy.kernel_of("bilinear", 4, 2, x), 2, 1)
    expected, _ = anatomy.bilinear(x, 2)
    torch.testing.assert_close(y[..., 1:-1, 1:-1], expected[..., 1:-1, 1:-1])


UPS, DOWNS = ("transposed", "nearest", "bilinear", "unpool"), ("stride", "max", "average")


def untrained(kind, **settings):
    """A small network in eval mode, and one input for it."""
    torch.manual_seed(0)
    config = DCGANConfig(**({"size": 32, "width": 4, "latent": 6} | settings))
    network = {"g": Generator, "d": Discriminator}[kind](config).eval()
    shape = (1, config.latent, 1, 1) if kind == "g" else (1, config.channels, config.size, config.size)
    for weight in network.parameters():  # larger than fresh ones, so that the maps differ well
        nn.init.normal_(weight, 0, 0.3)
    return network, torch.randn(shape)


NETWORKS = [("g", {"up": up, "norm": norm}) for up, norm in product(UPS, NORMS)]
NETWORKS += [("d", {"down": down, "norm": norm}) for down, norm in product(DOWNS, NORMS)]
NETWORKS += [(kind, {"size": size, "channels": channels}) for kind, size, channels in product("gd", (16, 64), (1, 3))]


@pytest.mark.parametrize(("kind", "settings"), NETWORKS)
def test_the_stages_are_the_way_through_the_network(kind, settings):
    network, x = untrained(kind, **settings)
    before = x.clone()
    seen = anatomy.stages(network, x)
    assert torch.equal(x, before)
    assert len(seen) == len(network.stages)
    with torch.no_grad():
        for number, stage in enumerate(seen, 1):  # none has been written over by a later one
            assert torch.equal(stage.maps, nn.Sequential(*network.stages[:number])(x)[0])
        output = network(x[:, :, 0, 0])[0] if kind == "g" else network(x).reshape(1, 1, 1)
    assert torch.equal(seen[-1].maps, output)
    assert output.abs().max() > 1e-3
    again = anatomy.stages(network, x)
    assert all(torch.equal(one.maps, other.maps) for one, other in zip(seen, again, strict=True))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [16, 32, 64])
def test_the_generator_doubles_from_4_and_the_discriminator_halves_to_a_number(size, channels):
    ups = [stage.maps.shape for stage in anatomy.stages(*untrained("g", size=size, channels=channels))]
    sides = [4 * 2**k for k in range(len(ups))]
    assert sides[-1] == size
    assert ups == [(4 * size // 2 // side, side, side) for side in sides[:-1]] + [(channels, size, size)]
    downs = [stage.maps.shape for stage in anatomy.stages(*untrained("d", size=size, channels=channels))]
    assert downs == [*ups[-2::-1], (1, 1, 1)]


@pytest.mark.parametrize(("kind", "settings"), NETWORKS)
def test_the_weights_of_the_stages_are_those_of_the_network(kind, settings):
    network, x = untrained(kind, **settings)
    seen = anatomy.stages(network, x)
    assert sum(stage.weights for stage in seen) == sum(w.numel() for w in network.parameters())
    channels, side = settings.get("channels", 1), 4 if settings.get("up", "transposed") == "transposed" else 3
    if kind == "g":  # kernels from 4 maps to each channel, and its bias
        assert seen[-1].weights == channels * (4 * side**2 + 1)


@pytest.mark.parametrize(("kind", "settings"), NETWORKS)
def test_every_line_of_code_makes_the_very_layer(kind, settings):
    network, x = untrained(kind, **settings)
    for stage, seen in zip(network.stages, anatomy.stages(network, x), strict=True):
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
    assert anatomy.line_of(layer) == line
