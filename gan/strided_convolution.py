"""Convolutions with a kernel of 4x4 and stride 2, padded by 1: they halve or, transposed, double a picture's side.

The same arithmetic as torch's. But oneDNN, which does it on a CPU in bf16, is slow where it has no kernel for a shape:
to a single map (grey pictures) it takes several times as long as one matrix product, and for the gradient of weights up
to twice as long where the smaller side has few pixels. These two are matrix products here.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import fold

GEOMETRY = ([2, 2], [1, 1], [1, 1])  # stride, padding, dilation
FEW = 16  # pixels of the smaller side, up to which a matrix product is faster


class _Convolution(torch.autograd.Function):
    """A convolution or a transposed one, by whichever arithmetic is faster for its shape.

    `small` and `large` are what lies on its two sides, float [N, maps, h, w] and [N, maps', 2h, 2w]; `weight` is
    [maps, maps', 4, 4] in both.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, is_transposed: bool) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.is_transposed = is_transposed
        if is_transposed and weight.shape[1] == 1:
            y = _enlarge_to_one_map(x, weight)
            return y if bias is None else y.add_(bias)
        return torch.convolution(x, weight, bias, *GEOMETRY, is_transposed, [0, 0], 1)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        needs, found = list(ctx.needs_input_grad[:3]), [None, None, None]
        small, large = (x, grad) if ctx.is_transposed else (grad, x)
        if not torch.is_grad_enabled():  # else it is to be differentiated itself, as a gradient penalty does
            if needs[0] and not ctx.is_transposed and weight.shape[1] == 1:
                found[0], needs[0] = _enlarge_to_one_map(small, weight), False
            if small[0, 0].numel() <= FEW:
                found[1] = _of_weight(small, large) if needs[1] else None
                found[2] = grad.sum((0, 2, 3)) if needs[2] else None
                needs[1:] = False, False
        if any(needs):
            maps = [grad.shape[1]]
            rest = torch.ops.aten.convolution_backward(
                *(grad, x, weight, maps, *GEOMETRY, ctx.is_transposed, [0, 0], 1, needs)
            )
            found = [each if is_needed else ours for each, ours, is_needed in zip(rest, found, needs, strict=True)]
        return *found, None


def _enlarge_to_one_map(small: Tensor, weight: Tensor) -> Tensor:
    """The transposed convolution to one map: each pixel's 4x4 values by a matrix product, added where they overlap."""
    side = [2 * length for length in small.shape[2:]]
    cells = small.permute(0, 2, 3, 1).flatten(1, 2) @ weight.flatten(1)  # [N, h w, 16]
    return fold(cells.transpose(1, 2), side, kernel_size=4, padding=1, stride=2)


def _of_weight(small: Tensor, large: Tensor) -> Tensor:
    """The gradient of the weight: a matrix product of the small side's pixels and the 4x4 windows of the large one."""
    (n, maps, h, w), inner = small.shape, large.shape[1]
    padded = large.new_zeros(n, 2 * h + 2, 2 * w + 2, inner)
    padded[:, 1:-1, 1:-1] = large.permute(0, 2, 3, 1)
    windows = padded.unfold(1, 4, 2).unfold(2, 4, 2).permute(0, 1, 2, 4, 5, 3)  # [N, h, w, 4, 4, maps']
    product = small.permute(0, 2, 3, 1).reshape(-1, maps).T @ windows.reshape(-1, 16 * inner)
    return product.view(maps, 4, 4, inner).permute(0, 3, 1, 2)


def _is_ours(x: Tensor) -> bool:
    return x.device.type == "cpu" and torch.is_autocast_enabled("cpu")


def _cast(*tensors: Tensor | None) -> list[Tensor | None]:
    """As autocast would: to its precision."""
    kind = torch.get_autocast_dtype("cpu")
    return [None if each is None else each.to(kind) for each in tensors]


class HalvingConv2d(nn.Conv2d):
    """Halves height and width, which must be even: `nn.Conv2d(maps_in, maps_out, 4, stride=2, padding=1)`."""

    def __init__(self, maps_in: int, maps_out: int, *, bias: bool = True) -> None:
        super().__init__(maps_in, maps_out, 4, stride=2, padding=1, bias=bias)

    def _get_name(self) -> str:  # in lines of code that are shown: it is the same arithmetic
        return "Conv2d"

    def forward(self, x: Tensor) -> Tensor:
        if _is_ours(x):
            return _Convolution.apply(*_cast(x, self.weight, self.bias), False)
        return super().forward(x)


class DoublingConv2d(nn.ConvTranspose2d):
    """Doubles height and width: `nn.ConvTranspose2d(maps_in, maps_out, 4, stride=2, padding=1)`."""

    def __init__(self, maps_in: int, maps_out: int, *, bias: bool = True) -> None:
        super().__init__(maps_in, maps_out, 4, stride=2, padding=1, bias=bias)

    def _get_name(self) -> str:
        return "ConvTranspose2d"

    def forward(self, x: Tensor) -> Tensor:
        if _is_ours(x):
            return _Convolution.apply(*_cast(x, self.weight, self.bias), True)
        return super().forward(x)
