"""Batches of training pictures: honest crops, of one scale or of several, decided by their generator alone."""

import numpy as np
import pytest
import torch
from PIL import Image

from gan.data.sampling import batch


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(*shape: int) -> torch.Tensor:
    return torch.randint(256, shape, dtype=torch.uint8, generator=seeded(99))


@pytest.mark.parametrize(("crop", "flip"), [(None, False), (None, True), (7, False), (7, True), (9, True), (10, True)])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_picture_of_a_batch_is_an_honest_crop_of_one_of_the_set(crop, flip, channels):
    images = noise(5, channels, 10, 12)
    drawn = batch(images, 40, generator=seeded(), crop=crop, hflip=flip)
    height, width = (crop, crop) if crop else (10, 12)
    assert drawn.shape == (40, channels, height, width)
    assert drawn.dtype == torch.float32
    places = {}  # every picture that may be drawn, made one by one, and how
    for index in range(5):
        for top in range(10 - height + 1):
            for left in range(12 - width + 1):
                window = images[index, :, top : top + height, left : left + width].float() / 127.5 - 1
                places[window.numpy().tobytes()] = (index, top, left, False)
                if flip:
                    places[window.flip(2).contiguous().numpy().tobytes()] = (index, top, left, True)
    found = [places[picture.contiguous().numpy().tobytes()] for picture in drawn]
    assert {place[0] for place in found} == set(range(5))
    assert {place[3] for place in found} == ({False, True} if flip else {False})
    if crop == 7:  # its own place, its own coin
        assert len({place[1] for place in found}) == 4
        assert len({place[2] for place in found}) == 6
        assert len(set(found)) > 30


def test_a_batch_is_decided_by_its_generator():
    images = noise(50, 3, 16, 16)
    one, two, other = (batch(images, 8, generator=seeded(s), crop=12, hflip=True) for s in (1, 1, 2))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    generator = seeded(1)
    assert not torch.equal(*(batch(images, 8, generator=generator) for _ in range(2)))


def test_a_batch_does_not_touch_torchs_own_random_state():
    before = torch.get_rng_state()
    batch(noise(5, 3, 16, 16), 8, generator=seeded(), crop=12, hflip=True)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_batch_spans_minus_one_to_one_exactly():
    images = torch.tensor([0, 255], dtype=torch.uint8)[:, None, None, None].expand(2, 1, 4, 4).contiguous()
    assert set(batch(images, 50, generator=seeded()).unique().tolist()) == {-1.0, 1.0}


def test_a_batch_may_be_larger_than_the_set_and_draws_evenly():
    images = torch.arange(4, dtype=torch.uint8)[:, None, None, None].expand(4, 1, 2, 2).contiguous()
    drawn = batch(images, 4000, generator=seeded(), hflip=True)[:, 0, 0, 0]
    assert ((drawn + 1) * 127.5).round().long().bincount().sub(1000).abs().max() < 150


@pytest.mark.parametrize("crop", [0, -1, 17])
def test_a_crop_that_does_not_fit_is_refused(crop):
    with pytest.raises(ValueError, match="crop"):
        batch(noise(2, 3, 16, 16), 2, generator=seeded(), crop=crop)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_a_batch_on_the_gpu_equals_the_one_on_the_cpu():
    images = noise(50, 3, 16, 16)
    here, there = (batch(i, 8, generator=seeded(), crop=12, hflip=True) for i in (images, images.cuda()))
    assert there.device.type == "cuda"
    assert torch.equal(here, there.cpu())


# crops at several scales


def resized(picture: torch.Tensor, side: int, top: int, left: int, crop: int) -> np.ndarray:
    """A square of float [C, H, W], resized by Pillow's own antialiased bilinear filter."""
    box = (left, top, left + side, top + side)
    channels = [Image.fromarray(c.numpy(), "F").resize((crop, crop), Image.Resampling.BILINEAR, box) for c in picture]
    return np.stack([np.asarray(channel) for channel in channels])


@pytest.mark.parametrize(("crop", "scale", "widest"), [(6, 1.5, 9), (6, 2.0, 10), (5, 8.0, 10), (6, 1.2, 7)])
@pytest.mark.parametrize("flip", [False, True])
def test_a_scaled_crop_is_a_square_of_some_picture_resized(crop, scale, widest, flip):
    images = noise(3, 3, 10, 12)
    drawn = batch(images, 60, generator=seeded(), crop=crop, scale=scale, hflip=flip)
    assert drawn.shape == (60, 3, crop, crop)
    ways = {}
    for index, picture in enumerate(images.float() / 127.5 - 1):
        for side in range(crop, widest + 1):
            for top in range(10 - side + 1):
                for left in range(12 - side + 1):
                    small = resized(picture, side, top, left, crop)
                    ways[index, side, top, left, False] = small
                    ways[index, side, top, left, True] = small[:, :, ::-1]
    names, all_ways = list(ways), np.stack(list(ways.values()))
    found = []
    for picture in drawn.numpy():
        error = np.abs(all_ways - picture).max((1, 2, 3))
        found.append(names[error.argmin()])
        assert error.min() < 1e-5
    assert {name[0] for name in found} == {0, 1, 2}
    assert {name[1] for name in found} == set(range(crop, widest + 1))  # every width, from the crop's to the widest
    assert {name[4] for name in found} == ({False, True} if flip else {False})
    assert len(set(found)) > 40  # each its own width, place and coin


def test_every_width_is_as_likely():
    ramp = torch.arange(0, 240, 10, dtype=torch.uint8).expand(1, 1, 24, 24).contiguous()  # a step of 10 a pixel
    drawn = batch(ramp, 3000, generator=seeded(), crop=4, scale=6.0)
    inner = (drawn[:, 0, 2, 2] - drawn[:, 0, 2, 1]) * 127.5 / 10  # how many pixels one of the crop is wide, 1 to 6
    widths = (inner * 4).round().long().bincount()
    assert widths[:4].sum() == 0
    assert len(widths) <= 25
    assert (widths[5:24] - 3000 / 21).abs().max() < 60


def test_a_scale_of_one_draws_as_before():
    images = noise(5, 3, 16, 16)
    one, two = (batch(images, 8, generator=seeded(), crop=12, hflip=True, **how) for how in ({}, {"scale": 1.0}))
    assert torch.equal(one, two)


def test_a_scaled_batch_is_decided_by_its_generator_alone():
    images, before = noise(5, 3, 16, 16), torch.get_rng_state()
    one, two, other = (batch(images, 8, generator=seeded(s), crop=8, scale=2.0, hflip=True) for s in (1, 1, 2))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), before)
