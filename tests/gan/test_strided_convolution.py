"""Convolutions of 4x4 with stride 2: torch's arithmetic, and its first and second derivatives."""

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck

from gan import strided_convolution
from gan.strided_convolution import DoublingConv2d, HalvingConv2d, _Convolution

# maps in, maps out, side in; a single map on the larger side, few pixels on the smaller, both, and neither
HALVING = [(1, 3, 4), (1, 3, 12), (3, 2, 8), (2, 3, 12)]
DOUBLING = [(3, 1, 2), (3, 1, 6), (2, 3, 4), (3, 2, 6)]
CASES = [(False, *case) for case in HALVING] + [(True, *case) for case in DOUBLING]


def tensors(is_transposed: bool, maps_in: int, maps_out: int, side: int) -> list[torch.Tensor]:
    """x, weight and bias in float64, x in channels_last."""
    random = torch.Generator().manual_seed(0)
    both = (maps_in, maps_out) if is_transposed else (maps_out, maps_in)
    x, weight, bias = (
        torch.randn(shape, dtype=torch.float64, generator=random)
        for shape in ((2, maps_in, side, side), (*both, 4, 4), maps_out)
    )
    return [
        x.contiguous(memory_format=torch.channels_last).requires_grad_(),
        weight.requires_grad_(),
        bias.requires_grad_(),
    ]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("has_bias", [False, True])
def test_the_first_and_the_second_derivatives_are_those_of_finite_differences(case: tuple, has_bias: bool):
    x, weight, bias = tensors(*case)
    inputs = (x, weight, bias if has_bias else None, case[0])
    assert gradcheck(_Convolution.apply, inputs)
    assert gradgradcheck(_Convolution.apply, inputs)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("needed", ["100", "010", "001", "101"])
def test_only_the_gradients_that_are_needed_are_computed(case: tuple, needed: str):
    inputs = tensors(*case)
    for each, is_needed in zip(inputs, needed, strict=True):
        each.requires_grad_(is_needed == "1")
    assert gradcheck(_Convolution.apply, (*inputs, case[0]))


@pytest.mark.parametrize(("is_transposed", "maps_in", "maps_out", "side"), CASES)
def test_it_is_torchs_own_layer_in_bf16_and_fp32(is_transposed: bool, maps_in: int, maps_out: int, side: int):
    ours = (DoublingConv2d if is_transposed else HalvingConv2d)(maps_in, maps_out)
    theirs = (nn.ConvTranspose2d if is_transposed else nn.Conv2d)(maps_in, maps_out, 4, stride=2, padding=1)
    theirs.load_state_dict(ours.state_dict())
    assert repr(ours) == repr(theirs)
    for kind in (torch.bfloat16, torch.float32):
        found = []
        for layer in (ours, theirs):
            x = tensors(is_transposed, maps_in, maps_out, side)[0].detach().float().requires_grad_()
            with torch.autocast("cpu", torch.bfloat16, enabled=kind == torch.bfloat16):
                y = layer(x)
            assert y.dtype == kind
            layer.zero_grad()
            y.square().sum().backward()
            found.append((y, x.grad, layer.weight.grad, layer.bias.grad))
        for a, b in zip(*found, strict=True):
            assert a.dtype == b.dtype
            torch.testing.assert_close(a, b, **({"rtol": 2**-5, "atol": 0.1} if kind == torch.bfloat16 else {}))


@pytest.mark.parametrize("case", CASES)
def test_the_matrix_products_are_taken_where_they_pay_and_there_alone(case: tuple, monkeypatch: pytest.MonkeyPatch):
    taken = []
    for name in ("_enlarge_to_one_map", "_of_weight"):
        usual = getattr(strided_convolution, name)
        monkeypatch.setattr(strided_convolution, name, lambda *a, n=name, f=usual: taken.append(n) or f(*a))
    x, weight, bias = tensors(*case)
    _Convolution.apply(x, weight, bias, case[0]).sum().backward()
    is_transposed, *_, side = case
    assert ("_enlarge_to_one_map" in taken) == (1 in weight.shape)
    assert ("_of_weight" in taken) == ((side if is_transposed else side // 2) <= 4)
