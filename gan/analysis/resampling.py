"""Ways to go up and down in size, one layer at a time (lecture, questions 1 and 15).

Up: nearest, bilinear and unpooling have nothing to learn; a transposed convolution adds a copy of its kernel for every
input pixel, `stride` apart, so the copies overlap. Where the kernel is not a multiple of the stride they overlap
unevenly, which shows as a checkerboard (Odena et al. 2016, "Deconvolution and Checkerboard Artifacts").

Down: a strided convolution, max and average pooling, and max pooling with a blur before the stride (Zhang 2019,
arXiv:1904.11486, section 3.2).
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.optim import Adam

WEIGHTS = ("ones", "bilinear", "random", "learned")
TRIANGLE = (0.25, 0.5, 0.25)  # the blur of Zhang 2019, "Triangle-3", along one side


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


def kernel_of(weights: str, kernel: int, stride: int, examples: Tensor | None = None, seed: int = 0) -> Tensor:
    """A kernel [K, K] by name: what a transposed convolution's weights might be.

    "ones"; "bilinear" (a pyramid `stride` wide each way); "random" (N(0, 1) / K from the seed: an untrained layer);
    "learned" (the least-squares kernel that best restores the pictures `examples` [N, 1, S, S] from their own means
    over `stride` x `stride` pixels; S a multiple of the stride; the other names need none). Raises ValueError for
    another name.
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


def matrix(kernel: Tensor, stride: int, padding: int, size: int) -> Tensor:
    """A strided convolution with this kernel [K, K] as a matrix, float [size^2, S'^2], that shrinks S' x S' to `size`.

    Its transpose sends a `size` x `size` picture up to S' x S': that is the transposed convolution. Found by asking the
    convolution for its reply to every single pixel.
    """
    out = _transposed_size(size, kernel.shape[0], stride, padding)
    pixels = torch.eye(out * out).reshape(-1, 1, out, out)
    return F.conv2d(pixels, kernel[None, None], stride=stride, padding=padding).reshape(out * out, -1).T


def spectrum(x: Tensor) -> Tensor:
    """How strong each frequency is in a picture [H, W], its mean left out: float [H, W], in the middle the lowest."""
    return torch.fft.fftshift(torch.fft.fft2(x - x.mean()).abs())


class Fit(NamedTuple):
    """A kernel [K, K] on its way: rounds of descent so far, and its mean squared error on the examples."""

    step: int
    kernel: Tensor
    error: float


def fit(pictures: Tensor, kernel: int, stride: int, *, steps: int = 300, seed: int = 0) -> Iterator[Fit]:
    """Let a transposed convolution learn to enlarge, from noise, by descent: a `Fit` before the first step and after
    each.

    `pictures`, float [N, 1, S, S], are to be restored from their means over `stride` x `stride` pixels, as in
    `kernel_of`'s "learned", which is where this ends.
    """
    small = F.avg_pool2d(pictures, stride)
    weights = kernel_of("random", kernel, stride, seed=seed).requires_grad_(True)
    descent = Adam([weights], lr=0.05)
    for step in range(steps + 1):
        error = restoring_error(weights, stride, pictures, small)
        yield Fit(step, weights.detach().clone(), error.item())
        descent.zero_grad()
        error.backward()
        descent.param_groups[0]["lr"] = 0.05 * (1 - step / (steps + 1))
        descent.step()


def restoring_error(kernel: Tensor, stride: int, pictures: Tensor, small: Tensor | None = None) -> Tensor:
    """The mean squared error of pictures, float [N, 1, S, S], restored by a kernel [K, K] from their `small` versions.

    Laid centre on centre, compared where both exist.
    """
    small = F.avg_pool2d(pictures, stride) if small is None else small
    restored = F.conv_transpose2d(small, kernel[None, None], stride=stride)
    size = min(restored.shape[-1], pictures.shape[-1])
    return F.mse_loss(_centre(restored, size), _centre(pictures, size))


# Down in size


def strided(kernel: Tensor) -> Callable[[Tensor], Tensor]:
    """The convolution with stride 2 of this kernel [4, 4], as DCGAN goes down: [N, 1, H, W] to [N, 1, H/2, W/2]."""
    return lambda x: F.conv2d(x, kernel[None, None].to(x), stride=2, padding=1)


def pooled_max(x: Tensor) -> Tensor:
    """The greatest of every 2x2 window."""
    return F.max_pool2d(x, 2)


def pooled_average(x: Tensor) -> Tensor:
    """The mean of every 2x2 window."""
    return F.avg_pool2d(x, 2)


def pooled_blur(x: Tensor) -> Tensor:
    """Max pooling without its stride, then a blur, then the stride (Zhang 2019): shifts change little of it."""
    greatest = F.max_pool2d(F.pad(x, (0, 1, 0, 1), mode="replicate"), 2, stride=1)
    side = torch.tensor(TRIANGLE, dtype=x.dtype)
    blur = torch.outer(side, side).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(F.pad(greatest, (1, 1, 1, 1), mode="replicate"), blur, stride=2, groups=x.shape[1])


POOLINGS: dict[str, Callable[[Tensor], Tensor]] = {"max": pooled_max, "average": pooled_average, "blur": pooled_blur}


def convolved(kernel: Tensor, pooling: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """A layer that pools, as a DCGAN's discriminator here has it: a convolution with this kernel [3, 3] comes first."""
    return lambda x: pooling(F.conv2d(x, kernel[None, None].to(x), padding=1))


def unsteadiness(way: Callable[[Tensor], Tensor], x: Tensor) -> float:
    """How far off the output of a way down, [1, 1, H, W] to half of it, is when the input moves right by one pixel.

    Moved by two pixels the output moves by one; moved by one pixel it should lie half-way between, and this is how far
    it is from there, as a share of the output: 0 for a way that does not mind (Zhang 2019, section 3.1).
    """
    still, moved = way(x), way(torch.roll(x, 1, -1))
    expected = (still + torch.roll(still, 1, -1)) / 2
    return float((moved - expected).abs().sum() / still.abs().sum().clamp(min=1e-9))


def backflow(way: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Gradient of the summed output with respect to each input pixel, [H, W] of x."""
    x = x.detach().clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(way(x).sum(), x)
    return gradient[0, 0]
