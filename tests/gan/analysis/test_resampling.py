"""Ways up and down in size, against loops that place one pixel at a time, matrices and indices."""

import math

import pytest
import torch
import torch.nn.functional as F

from gan.analysis import resampling

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
    y, touches = resampling.transposed(x, weights, stride, padding)
    for n in range(2):
        for c in range(3):
            expected, expected_touches = stamped(x[n, c], weights, stride, padding)
            torch.testing.assert_close(y[n, c], expected, atol=1e-5, rtol=1e-5)
            assert torch.equal(touches, expected_touches)
    assert torch.equal(resampling.overlap(kernel, stride, padding, 6), touches)


@pytest.mark.parametrize(("kernel", "stride", "padding"), GRID)
def test_away_from_the_border_touches_are_even_exactly_if_the_stride_divides_the_kernel(kernel, stride, padding):
    inside = resampling.inner(resampling.overlap(kernel, stride, padding, 9), kernel, padding)
    assert inside.numel() > stride**2
    assert (inside.min() == inside.max()).item() == (kernel % stride == 0)


def test_padding_that_leaves_nothing_is_refused():
    with pytest.raises(ValueError, match="padding 3"):
        resampling.overlap(2, 1, 3, 4)


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_nearest_copies_each_pixel_and_touches_each_output_once(stride):
    x = torch.randn(2, 1, 3, 5)
    y, touches = resampling.nearest(x, stride)
    for i in range(3 * stride):
        for j in range(5 * stride):
            assert torch.equal(y[:, :, i, j], x[:, :, i // stride, j // stride])
    assert touches.shape == y.shape[-2:]
    assert touches.unique().tolist() == [1]


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_bilinear_counts_the_pixels_that_have_a_weight(stride):
    h, w = 3, 4
    y, touches = resampling.bilinear(torch.ones(1, 1, h, w), stride)
    torch.testing.assert_close(y, torch.ones(1, 1, h * stride, w * stride))  # the weights sum to 1
    counted = torch.zeros(h * stride, w * stride, dtype=torch.int64)
    for i in range(h):
        for j in range(w):
            unit = torch.zeros(1, 1, h, w, dtype=torch.float64)
            unit[0, 0, i, j] = 1
            counted += resampling.bilinear(unit, stride)[0][0, 0] > 1e-9
    assert torch.equal(touches, counted)


@pytest.mark.parametrize("stride", [2, 3])
def test_unpooling_puts_every_maximum_back_and_leaves_the_rest_empty(stride):
    before = torch.rand(2, 2, 4 * stride, 4 * stride) + 0.1
    pooled, indices = F.max_pool2d(before, stride, return_indices=True)
    y, touches = resampling.unpool(pooled, indices, stride)
    kept = y != 0
    assert torch.equal(y[kept], before[kept])
    assert kept.sum() == pooled.numel()
    assert torch.equal(touches, kept[0, 0].long())


@pytest.mark.parametrize(("kernel", "stride"), [(k, s) for k in (2, 3, 4, 5) for s in (1, 2, 3, 4)])
def test_a_learned_kernel_restores_better_than_any_other(kernel, stride):
    pictures = torch.rand(6, 1, 24, 24, generator=torch.Generator().manual_seed(1))
    small = F.avg_pool2d(pictures, stride)

    def error(weights):
        y, _ = resampling.transposed(small, weights, stride)
        size = min(y.shape[-1], 24)
        y_start, p_start = (y.shape[-1] - size) // 2, (24 - size) // 2
        y = y[..., y_start : y_start + size, y_start : y_start + size]
        return F.mse_loss(y, pictures[..., p_start : p_start + size, p_start : p_start + size]).item()

    learned = resampling.kernel_of("learned", kernel, stride, pictures)
    best = error(learned)
    for other in ("ones", "bilinear", "random"):
        assert best <= error(resampling.kernel_of(other, kernel, stride, pictures)) + 1e-6
    for tap in range(kernel * kernel):  # a minimum: no single tap can be moved to advantage
        for move in (-0.05, 0.05):
            moved = learned.clone()
            moved.view(-1)[tap] += move
            assert error(moved) > best


def test_kernels_are_repeatable_and_unknown_names_refused():
    pictures = torch.rand(2, 1, 8, 8)
    again = [resampling.kernel_of("random", 4, 2, pictures, seed=3) for _ in range(2)]
    assert torch.equal(*again)
    assert not torch.equal(again[0], resampling.kernel_of("random", 4, 2, pictures, seed=4))
    with pytest.raises(ValueError, match="magic"):
        resampling.kernel_of("magic", 3, 2, pictures)


def test_the_bilinear_kernel_of_twice_the_stride_is_bilinear_upsampling():
    x = torch.rand(1, 1, 6, 6)
    y, _ = resampling.transposed(x, resampling.kernel_of("bilinear", 4, 2, x), 2, 1)
    expected, _ = resampling.bilinear(x, 2)
    torch.testing.assert_close(y[..., 1:-1, 1:-1], expected[..., 1:-1, 1:-1])


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(k, s, p) for k, s, p in GRID if p < k])
def test_a_transposed_convolution_is_the_transpose_of_the_convolutions_matrix(kernel, stride, padding):
    torch.manual_seed(0)
    weights, x = torch.randn(kernel, kernel), torch.randn(1, 1, 4, 4)
    if 3 * stride + kernel - 2 * padding < 1:
        return
    m = resampling.matrix(weights, stride, padding, 4)
    y, _ = resampling.transposed(x, weights, stride, padding)
    assert m.shape == (16, y.numel())
    torch.testing.assert_close((m.T @ x.flatten()).reshape(y.shape), y, atol=1e-5, rtol=1e-5)
    large = torch.randn(1, 1, *y.shape[-2:])
    small = F.conv2d(large, weights[None, None], stride=stride, padding=padding)
    torch.testing.assert_close(m @ large.flatten(), small.flatten(), atol=1e-5, rtol=1e-5)


def test_the_spectrum_of_a_wave_has_its_two_peaks_and_a_flat_picture_none():
    rows = torch.arange(16.0)[:, None].expand(16, 16)
    found = resampling.spectrum(torch.cos(2 * math.pi * rows * 4 / 16))
    peaks = (found > 1).nonzero().tolist()
    assert peaks == [[4, 8], [12, 8]]  # the middle is [8, 8]; four waves up and down
    assert found[4, 8].item() == pytest.approx(128, rel=1e-4)
    assert resampling.spectrum(torch.ones(8, 8)).max() < 1e-5


def test_a_kernel_learns_to_enlarge_from_noise_and_ends_at_the_least_squares_kernel():
    stream = torch.Generator().manual_seed(2)
    coarse, fine = (torch.randn(24, 1, side, side, generator=stream) for side in (6, 24))
    pictures = F.interpolate(coarse, 24) + fine
    way = list(resampling.fit(pictures, 4, 2))
    assert way[0].step == 0
    assert torch.equal(way[0].kernel, resampling.kernel_of("random", 4, 2, pictures))
    best = resampling.kernel_of("learned", 4, 2, pictures)
    assert way[-1].error < 0.5 * way[0].error
    assert way[-1].error == pytest.approx(resampling.restoring_error(best, 2, pictures).item(), rel=0.1)
    assert (way[-1].kernel - best).abs().max() < 0.05
    assert (way[0].kernel - best).abs().max() > 0.3


def test_ways_down_against_loops():
    x = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    kernel = torch.rand(4, 4, generator=torch.Generator().manual_seed(1))
    padded = F.pad(x, (1, 1, 1, 1))[0, 0]
    for i in range(4):
        for j in range(4):
            window = x[0, 0, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            assert resampling.pooled_max(x)[0, 0, i, j] == window.max()
            assert resampling.pooled_average(x)[0, 0, i, j].item() == pytest.approx(window.mean().item())
            wide = padded[2 * i : 2 * i + 4, 2 * j : 2 * j + 4]
            assert resampling.strided(kernel)(x)[0, 0, i, j].item() == pytest.approx(
                (wide * kernel).sum().item(), rel=1e-5
            )
    blurred = resampling.pooled_blur(x)
    assert blurred.shape == (1, 1, 4, 4)
    expected = 0.0
    for di, a in zip((-1, 0, 1), resampling.TRIANGLE, strict=True):
        for dj, b in zip((-1, 0, 1), resampling.TRIANGLE, strict=True):
            i, j = 4 + di, 4 + dj
            expected += a * b * x[0, 0, i : i + 2, j : j + 2].max().item()
    assert blurred[0, 0, 2, 2].item() == pytest.approx(expected, rel=1e-5)


def test_a_thin_line_that_moves_by_a_pixel_unsettles_all_but_the_blur():
    x = torch.zeros(1, 1, 16, 16)
    x[..., 6] = 1
    found = {name: resampling.unsteadiness(way, x) for name, way in resampling.POOLINGS.items()}
    assert found["max"] == pytest.approx(1)
    assert found["average"] == pytest.approx(1)
    assert found["blur"] == pytest.approx(0.5)
    one = torch.zeros(4, 4)
    one[1, 1] = 1
    assert resampling.unsteadiness(resampling.strided(one), x) == pytest.approx(1)  # the line is lost altogether


def test_a_gradient_flows_back_to_the_winner_of_each_window_or_to_all():
    x = torch.rand(1, 1, 6, 6, generator=torch.Generator().manual_seed(3))
    back = resampling.backflow(resampling.pooled_max, x)
    assert back.sum() == 9
    assert sorted(back.unique().tolist()) == [0, 1]
    for i in range(3):
        for j in range(3):
            window = (slice(2 * i, 2 * i + 2), slice(2 * j, 2 * j + 2))
            assert back[window].argmax() == x[0, 0][window].argmax()
    assert resampling.backflow(resampling.pooled_average, x).unique().tolist() == [0.25]
    kernel = torch.rand(4, 4, generator=torch.Generator().manual_seed(1))
    inner = resampling.backflow(resampling.strided(kernel), x)[2:4, 2:4]
    for i in range(2):
        for j in range(2):  # every pixel is seen by four windows, each with another tap
            taps = sum(
                kernel[a, b] for a in range(4) for b in range(4) if (a - 1 - i) % 2 == 0 and (b - 1 - j) % 2 == 0
            )
            assert inner[i, j].item() == pytest.approx(taps.item(), rel=1e-5)
    assert resampling.backflow(resampling.pooled_blur, x).sum().item() == pytest.approx(9, rel=1e-5)
