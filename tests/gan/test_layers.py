"""Instance normalisation in channels_last: torch's arithmetic, its first and second derivatives, and the layout."""

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import instance_norm

from gan import layers
from gan.layers import InstanceNorm, ReflectConv2d, _Normalise

CASES = [(1, 3, 5, 4), (2, 5, 3, 3), (3, 1, 4, 2), (2, 16, 1, 7), (9, 3, 2, 3)]  # of few pictures, and of many


def pictures(shape: tuple, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    x = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 3 + 10
    return x.to(dtype).contiguous(memory_format=torch.channels_last).requires_grad_()


def scale(maps: int, dtype: torch.dtype = torch.float64) -> list[torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    return [torch.randn(maps, dtype=dtype, generator=random).requires_grad_() for _ in "wb"]


@pytest.mark.parametrize("shape", CASES)
@pytest.mark.parametrize("is_affine", [False, True])
def test_the_first_and_the_second_derivatives_are_those_of_finite_differences(shape: tuple, is_affine: bool):
    inputs = (pictures(shape), *(scale(shape[1]) if is_affine else (None, None)), 1e-3)
    assert gradcheck(_Normalise.apply, inputs)
    assert gradgradcheck(_Normalise.apply, inputs)


@pytest.mark.parametrize(
    "needed", [(True, False, False), (False, True, False), (False, False, True), (True, False, True)]
)
def test_only_the_gradients_that_are_needed_are_computed(needed: tuple):
    x, (weight, bias) = pictures((2, 4, 3, 5)), scale(4)
    for each, is_needed in zip((x, weight, bias), needed, strict=True):
        each.requires_grad_(is_needed)
    assert gradcheck(_Normalise.apply, (x, weight, bias, 1e-5))
    assert gradgradcheck(_Normalise.apply, (x, weight, bias, 1e-5))


@pytest.mark.parametrize("shape", [*CASES, (2, 32, 64, 64), (64, 16, 4, 4)])
@pytest.mark.parametrize("is_affine", [False, True])
def test_it_is_torchs_arithmetic_in_fp32(shape: tuple, is_affine: bool):
    ours, theirs = pictures(shape, torch.float32), pictures(shape, torch.float32)
    norm = InstanceNorm(shape[1], affine=is_affine)
    if is_affine:
        with torch.no_grad():
            norm.weight.copy_(scale(shape[1])[0])
            norm.bias.copy_(scale(shape[1])[1])
    # torch's in the usual layout: in channels_last its gradient of a single picture is wrong
    y, expected = norm(ours), instance_norm(theirs.contiguous(), weight=norm.weight, bias=norm.bias)
    torch.testing.assert_close(y, expected, rtol=1e-4, atol=2e-5, check_stride=False)
    grad = torch.randn_like(y)
    (known,) = torch.autograd.grad(expected, theirs, grad.contiguous())
    for is_differentiable in (False, True):
        (found,) = torch.autograd.grad(y, ours, grad, create_graph=is_differentiable, retain_graph=True)
        torch.testing.assert_close(found, known, rtol=1e-3, atol=1e-5, check_stride=False)


@pytest.mark.parametrize("is_affine", [False, True])
def test_in_bf16_its_sums_are_fp32_and_the_layout_stays(is_affine: bool):
    x = pictures((2, 8, 32, 32), torch.bfloat16)
    norm = InstanceNorm(8, affine=is_affine)
    y = norm(x)
    assert y.dtype == torch.bfloat16
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert not y.is_contiguous()
    expected = instance_norm(x.detach().float())
    torch.testing.assert_close(y.float(), expected, rtol=2**-8, atol=1e-3)  # one rounding, at the end
    (grad,) = torch.autograd.grad(y, x, torch.ones_like(y))
    assert grad.dtype == torch.bfloat16
    assert grad.is_contiguous(memory_format=torch.channels_last)


def test_a_map_far_from_zero_keeps_its_pattern():
    """Its variance is taken of what is left without the mean: a difference of large squares would lose it in fp32."""
    x = pictures((1, 4, 16, 16), torch.float32).detach() + 10_000
    y = InstanceNorm(4)(x.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(y, instance_norm(x.double()).float(), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_what_follows_may_work_in_place(layout: torch.memory_format):
    x = pictures((2, 4, 6, 6)).detach().contiguous(memory_format=layout).requires_grad_()
    y = nn.Sequential(InstanceNorm(4), nn.ReLU(True))(x)
    weight = torch.randn_like(y)
    (found,) = torch.autograd.grad((y * weight).sum(), x)
    (known,) = torch.autograd.grad((instance_norm(x).relu() * weight).sum(), x)
    torch.testing.assert_close(found, known)


def test_a_gradient_penalty_reaches_the_weights_through_it():
    """The gradient of |d net / d x|^2 by the weights, beside torch's own norm in the same network."""
    grads = []
    for norm in (InstanceNorm(6, affine=True), nn.InstanceNorm2d(6, affine=True)):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(2, 6, 3), norm, nn.LeakyReLU(0.2), nn.Conv2d(6, 1, 3)).double()
        net.to(memory_format=torch.channels_last)
        x = pictures((2, 2, 8, 8)).detach().contiguous(memory_format=torch.channels_last).requires_grad_()
        (slope,) = torch.autograd.grad(net(x).sum(), x, create_graph=True)
        grads.append(torch.autograd.grad(slope.square().sum(), [*net.parameters()][:-1]))
    for ours, theirs in zip(*grads, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("kernel", [3, 7])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_a_reflecting_convolution_is_torchs_and_pads_in_the_precision_of_its_input(kernel, dtype, monkeypatch):
    torch.manual_seed(0)
    ours, theirs = ReflectConv2d(3, 4, kernel), nn.Conv2d(3, 4, kernel, padding=kernel // 2, padding_mode="reflect")
    ours.load_state_dict(theirs.state_dict())
    x, padded = pictures((2, 3, 9, 8), dtype), []
    usual = layers.pad
    monkeypatch.setattr(layers, "pad", lambda x, *given, **more: padded.append(usual(x, *given, **more)) or padded[-1])
    with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
        found, known = (each.to(torch.float64 if dtype == torch.float64 else None)(x) for each in (ours, theirs))
    torch.testing.assert_close(found, known)
    assert [each.dtype for each in padded] == [dtype]
    assert padded[0].is_contiguous(memory_format=torch.channels_last)
    assert "Conv2d(3, 4" in repr(ours)
    assert "Reflect" not in repr(ours)
