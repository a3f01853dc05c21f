"""Looking inside: what a network's layers make of one input, and ways to go up in size (lecture, question 1).

Nearest, bilinear and unpooling have nothing to learn; a transposed convolution adds a copy of its kernel for every
input pixel, `stride` apart, so the copies overlap. Where the kernel is not a multiple of the stride they overlap
unevenly, which shows as a checkerboard (Odena et al. 2016, "Deconvolution and Checkerboard Artifacts").
"""

import re
from typing import NamedTuple

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from gan.pictures import grid

WEIGHTS = ("ones", "bilinear", "random", "learned")


class Stage(NamedTuple):
    """One stage of a network and what it made of an input: its lines of code, its weights, float maps [C, H, W]."""

    code: tuple[str, ...]
    weights: int
    maps: Tensor


@torch.inference_mode()
def stages(network: nn.Module, x: Tensor) -> list[Stage]:
    """Send one input through a network's `stages`, one after the other, and keep what each of them made.

    `x` is float [1, C, H, W]: a picture for a discriminator, z as [1, latent, 1, 1] for a generator. The line of code
    of a layer is that which makes this very layer.
    """
    seen = []
    for stage in network.stages:
        x = stage(x)
        layers = [each for each in stage.modules() if not isinstance(each, nn.Sequential)]
        seen.append(Stage(tuple(map(line_of, layers)), sum(w.numel() for w in stage.parameters()), x[0].cpu()))
    return seen


def mosaic(maps: Tensor, most: int, *, each: bool = False) -> Image.Image:
    """The first `most` feature maps, float [C, H, W], as one picture: black is the least value, white the greatest.

    Of all of them together, or of `each` map by itself.
    """
    shown = maps[:most].float()
    low, high = (shown.amin((1, 2), True), shown.amax((1, 2), True)) if each else (shown.min(), shown.max())
    shades = (255 * (shown - low) / (high - low).clamp(min=1e-6)).round().byte()
    return grid(shades[:, None], gap=1)


def line_of(layer: nn.Module) -> str:
    """The line of code that makes a layer, without what goes without saying: "nn.Conv2d(1, 8, kernel_size=3, ...)"."""
    text = re.sub(r"\((\d+), \1\)", r"\1", repr(layer))  # one number for both sides
    batch_norm = "affine=True(?:, bias=True)?, track_running_stats=True"  # instance norm has no weights unless told
    usual = rf"eps=1e-05|momentum=0\.1|inplace=True|bias=True|{batch_norm}|track_running_stats=False"
    text = re.sub(rf",? ?\b(?:{usual})\b", "", text)
    return f"nn.{text}" if type(layer).__module__.startswith("torch.") else text


def nearest(x: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """Repeat every pixel of x [N, C, H, W] `stride` times each way.

    Returns the output [N, C, H * stride, W * stride] and the touch count, int64 [H * stride, W * stride]: all 1.
    """
    y = F.interpolate(x, scale_factor=stride, mode="nearest")
    return y, torch.ones(y.shape[-2:], dtype=torch.int64)


def bilinear(x: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """Weigh the up to four input pixels nearest to each output pixel by distance; the weights sum to 1.

    Shapes as in `nearest`; the touch count is the number of input pixels that have a weight above zero.
    """
    y = F.interpolate(x, scale_factor=stride, mode="bilinear", align_corners=False)

    def along(size: int) -> Tensor:  # the map is separable: count along one side, from the reply to each unit vector
        replies = F.interpolate(
            torch.eye(size, dtype=torch.float64)[:, None], scale_factor=stride, mode="linear", align_corners=False
        )
        return (replies[:, 0] > 1e-9).sum(0)

    return y, torch.outer(along(x.shape[-2]), along(x.shape[-1]))


def unpool(x: Tensor, indices: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """Put every pixel of x back where a max-pooling of size `stride` found its maximum; all else is zero.

    `indices`: int64 [N, C, H, W] as `F.max_pool2d(..., return_indices=True)` gives them. Shapes as in `nearest`; the
    touch count is that of the first picture's first channel.
    """
    y = F.max_unpool2d(x, indices, stride)
    return y, F.max_unpool2d(torch.ones_like(x[:1, :1]), indices[:1, :1], stride)[0, 0].long()


def transposed(x: Tensor, kernel: Tensor, stride: int, padding: int = 0) -> tuple[Tensor, Tensor]:
    """Transposed convolution of each channel of x [N, C, H, W] with one kernel [K, K]; `padding` is cut off all round.

    Returns the output [N, C, H', W'] with H' = (H - 1) * stride - 2 * padding + K, and the touch count [H', W'].
    Raises ValueError if padding leaves no output.
    """
    n, c, h, w = x.shape
    rows, columns = (_transposed_size(size, kernel.shape[0], stride, padding) for size in (h, w))
    y = F.conv_transpose2d(x.reshape(n * c, 1, h, w), kernel[None, None], stride=stride, padding=padding)
    return y.reshape(n, c, rows, columns), _overlap(kernel.shape[0], stride, padding, (h, w))


def overlap(kernel: int, stride: int, padding: int, size: int) -> Tensor:
    """How many copies of a `kernel` x `kernel` transposed convolution lie on each output pixel, int64 [S', S'].

    Counted by transposed-convolving a `size` x `size` picture of ones with a kernel of ones.
    """
    _transposed_size(size, kernel, stride, padding)
    return _overlap(kernel, stride, padding, (size, size))


def inner(touches: Tensor, kernel: int, padding: int) -> Tensor:
    """The part of a transposed convolution's output that no border of the input has reached: [h, w] cut from [H', W'].

    May be empty where the kernel is as large as the input.
    """
    margin = max(kernel - 1 - padding, 0)
    return touches[margin : touches.shape[0] - margin, margin : touches.shape[1] - margin]


def kernel_of(weights: str, kernel: int, stride: int, examples: Tensor, seed: int = 0) -> Tensor:
    """A kernel [K, K] by name: what a transposed convolution's weights might be.

    "ones"; "bilinear" (a pyramid `stride` wide each way); "random" (N(0, 1) / K from the seed: an untrained layer);
    "learned" (the least-squares kernel that best restores the pictures `examples` [N, 1, S, S] from their own means
    over `stride` x `stride` pixels; S a multiple of the stride). Raises ValueError for another name.
    """
    if weights == "ones":
        return torch.ones(kernel, kernel)
    if weights == "bilinear":
        distance = (torch.arange(kernel) - (kernel - 1) / 2).abs()
        side = (1 - distance / max(stride, 1)).clamp(min=0)
        return torch.outer(side, side)
    if weights == "random":
        return torch.randn(kernel, kernel, generator=torch.Generator().manual_seed(seed)) / kernel
    if weights == "learned":
        return _learned(kernel, stride, examples)
    raise ValueError(f"weights is {weights!r}; it must be one of {', '.join(WEIGHTS)}")


def _learned(kernel: int, stride: int, pictures: Tensor) -> Tensor:
    small = F.avg_pool2d(pictures, stride)
    taps = torch.eye(kernel * kernel).reshape(1, -1, kernel, kernel)  # one channel a tap: its reply alone
    replies = F.conv_transpose2d(small, taps, stride=stride)  # [N, K * K, S', S']
    size = min(replies.shape[-1], pictures.shape[-1])  # laid centre on centre, compared where both exist
    replies, pictures = _centre(replies, size), _centre(pictures, size)
    equations = replies.movedim(1, -1).reshape(-1, kernel * kernel).double()
    # a trace of ridge: some examples leave a tap undecided
    normal = equations.T @ equations + 1e-6 * torch.eye(kernel * kernel, dtype=torch.float64)
    return torch.linalg.solve(normal, equations.T @ pictures.reshape(-1).double()).reshape(kernel, kernel).float()


def _centre(x: Tensor, size: int) -> Tensor:
    start = (x.shape[-1] - size) // 2
    return x[..., start : start + size, start : start + size]


def _transposed_size(size: int, kernel: int, stride: int, padding: int) -> int:
    out = (size - 1) * stride - 2 * padding + kernel
    if out < 1:
        raise ValueError(f"padding {padding} cuts off the whole output of kernel {kernel} and stride {stride}")
    return out


def _overlap(kernel: int, stride: int, padding: int, shape: tuple[int, int]) -> Tensor:
    ones = torch.ones(1, 1, *shape)
    counts = F.conv_transpose2d(ones, torch.ones(1, 1, kernel, kernel), stride=stride, padding=padding)
    return counts[0, 0].round().long()
