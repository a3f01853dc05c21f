"""Layers: instance norm and padding that leave layout and precision as they are, and spectral norm of weights.

On a CPU, torch's own copies every input in channels_last, the layout in which convolutions in bf16 are fast, to another
one, and the next convolution copies it back: a quarter of a CycleGAN's training step was spent in such copies. And it
gives wrong gradients of a single picture there: torch 2.13 reads one that lies in channels_last as if it did not.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, group_norm, pad

FEW = 8  # pictures that are normalised one by one


def _by_pixel(x: Tensor) -> Tensor:
    """Float [N, C, H, W] in channels_last as [N, H W, C] in the precision of its sums: a new tensor."""
    return x.permute(0, 2, 3, 1).flatten(1, 2).to(torch.promote_types(x.dtype, torch.float32), copy=True)


def _like(values: Tensor, x: Tensor) -> Tensor:
    """The inverse of `_by_pixel`: values [N, H W, C] in the shape, layout and precision of `x`."""
    out = torch.empty_like(x)
    out.permute(0, 2, 3, 1).flatten(1, 2).copy_(values)
    return out


class _Normalise(torch.autograd.Function):
    """(x - mean) / sqrt(var + eps) * weight + bias over the pixels of each map of each picture; sums in fp32."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
        ctx.eps = eps
        y, mean, rstd = (_forward_few if len(x) <= FEW else _forward_many)(x, weight, bias, eps)
        ctx.save_for_backward(x, weight, bias, mean, rstd)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, bias, mean, rstd = ctx.saved_tensors
        needs = ctx.needs_input_grad
        if torch.is_grad_enabled():  # the gradient is to be differentiated itself, as a gradient penalty does
            return *_differentiable(x, weight, bias, ctx.eps, grad, needs), None
        backward = _backward_few if len(x) <= FEW else _backward_many
        return *backward(
            grad.contiguous(memory_format=torch.channels_last), x, weight, mean, rstd, ctx.eps, needs
        ), None


def _forward_few(x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """y, mean and 1 / sqrt(var + eps), both [N, 1, C]: batch norm of each picture by itself, in torch's own kernel."""
    maps, wide = x.shape[1], torch.promote_types(x.dtype, torch.float32)
    weight = torch.ones(maps, dtype=wide) if weight is None else weight
    bias = torch.zeros(maps, dtype=wide) if bias is None else bias
    y, (mean, rstd) = torch.empty_like(x), torch.empty(2, len(x), 1, maps, dtype=wide)
    for at in range(len(x)):
        out = y[at : at + 1], mean[at, 0], rstd[at, 0]
        torch.native_batch_norm(x[at : at + 1], weight, bias, None, None, True, 0.0, eps, out=out)
    return y, mean, rstd


def _backward_few(
    grad: Tensor, x: Tensor, weight: Tensor | None, mean: Tensor, rstd: Tensor, eps: float, needs: tuple
) -> tuple[Tensor | None, ...]:
    scale = torch.ones_like(mean[0, 0]) if weight is None else weight
    each = [
        torch.ops.aten.native_batch_norm_backward(
            *(grad[at : at + 1], x[at : at + 1], scale, None, None, mean[at, 0], rstd[at, 0], True, eps),
            [needs[0], needs[1], needs[2]],
        )
        for at in range(len(x))
    ]
    of_x, of_weight, of_bias = zip(*each, strict=True)
    return (
        torch.cat(of_x) if needs[0] else None,
        sum(of_weight) if needs[1] else None,
        sum(of_bias) if needs[2] else None,
    )


def _forward_many(x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """As `_forward_few`, of all pictures at once: many small ones would spend their time in calls."""
    y = _by_pixel(x)
    pixels = y.shape[1]
    mean = y.sum(1, keepdim=True).div_(pixels)
    y.sub_(mean)
    rstd = (y * y).sum(1, keepdim=True).div_(pixels).add_(eps).rsqrt_()
    y.mul_(rstd if weight is None else rstd * weight)
    return _like(y if bias is None else y.add_(bias), x), mean, rstd


def _backward_many(
    grad: Tensor, x: Tensor, weight: Tensor | None, mean: Tensor, rstd: Tensor, eps: float, needs: tuple
) -> tuple[Tensor | None, ...]:
    like, grad, centred = x, _by_pixel(grad), _by_pixel(x).sub_(mean)
    pixels = centred.shape[1]
    product = grad * centred
    slope, sum_grad = product.sum(1, keepdim=True).mul_(rstd), grad.sum(1, keepdim=True)
    of_weight = slope.sum((0, 1)) if needs[1] else None
    of_bias = sum_grad.sum((0, 1)) if needs[2] else None
    if not needs[0]:
        return None, of_weight, of_bias
    # dx = weight rstd (dy - mean(dy) - y mean(dy y)), where y = centred rstd
    grad.sub_(sum_grad.div_(pixels))
    torch.addcmul(grad, centred, slope.mul_(rstd).div_(pixels), value=-1, out=product)
    return _like(product.mul_(rstd if weight is None else rstd * weight), like), of_weight, of_bias


def _differentiable(x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float, grad: Tensor, needs: tuple):
    """The gradients of `_Normalise` by torch's own functions, which can be differentiated again."""
    inputs = [each for each, is_needed in zip((x, weight, bias), needs, strict=False) if is_needed]
    y = x.to(torch.promote_types(x.dtype, torch.float32))
    y = y - y.mean((2, 3), keepdim=True)
    y = y * (y.square().mean((2, 3), keepdim=True) + eps).rsqrt()
    y = y if weight is None else y * weight[:, None, None]
    y = y if bias is None else y + bias[:, None, None]
    found = iter(torch.autograd.grad(y.to(x.dtype), inputs, grad, create_graph=True))
    return [next(found) if is_needed else None for is_needed in needs[:3]]


class InstanceNorm(nn.InstanceNorm2d):
    """Instance normalisation: each feature map of each picture on its own (Ulyanov et al. 2016, arXiv:1607.08022).

    On a CPU by whichever arithmetic suits the layout: one group a channel where a map's pixels lie together, and
    `_Normalise` in channels_last; both are several times as fast as torch's `instance_norm`.
    """

    def _get_name(self) -> str:  # in lines of code that are shown: it is the same arithmetic
        return "InstanceNorm2d"

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type == "cpu" and x.is_contiguous():
            return group_norm(x, x.shape[1], self.weight, self.bias, self.eps)
        if x.device.type == "cpu" and x.is_contiguous(memory_format=torch.channels_last):
            return _Normalise.apply(x, self.weight, self.bias, self.eps)
        return super().forward(x)


class ReflectConv2d(nn.Conv2d):
    """A convolution with reflection padding, "same" in size where its stride is 1, that pads in its input's precision.

    Under autocast torch on a CPU would pad in fp32: four copies of every feature map, two there and two back.
    """

    def __init__(self, maps_in: int, maps_out: int, kernel: int, *, bias: bool = True) -> None:
        super().__init__(maps_in, maps_out, kernel, padding=kernel // 2, padding_mode="reflect", bias=bias)

    def _get_name(self) -> str:
        return "Conv2d"

    def _conv_forward(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            x = pad(x, self._reversed_padding_repeated_twice, mode="reflect")
        return conv2d(x, weight, bias)


def limit_spectra(network: nn.Module) -> None:
    """Spectral normalisation: divide each convolution's weight by its largest singular value, as one step of the power
    iteration a forward pass estimates it (Miyato et al. 2018, arXiv:1802.05957)."""
    from torch.nn.utils.parametrizations import spectral_norm  # for the few that ask for it: its import takes a while

    for module in list(network.modules()):
        if isinstance(module, nn.Conv2d):
            spectral_norm(module)
