"""Going up in size, against loops that place one pixel at a time."""

import pytest
import torch
import torch.nn.functional as F

from gan import anatomy

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
