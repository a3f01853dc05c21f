"""Batches of training pictures: drawn at random, cropped, resized and mirrored on the device where they lie."""

import torch
from torch import Tensor

from gan.images import to_unit


def batch(
    images: Tensor,
    n: int,
    *,
    generator: torch.Generator,
    crop: int | None = None,
    scale: float = 1.0,
    hflip: bool = False,
) -> Tensor:
    """Draw `n` of uint8 [N, C, H, W] (contiguous) with replacement: float32 [n, C, crop, crop] in [-1, 1].

    Each picture is cropped at a place of its own and, with `hflip`, mirrored by a coin of its own. With `scale` above
    1 the crop is up to so many times as wide, each width within the picture as likely, and brought to `crop` pixels.
    Everything random comes from `generator` (of any device), so its state decides the batch.
    """
    count, channels, height, width = images.shape
    if crop is not None and not 0 < crop <= min(height, width):
        raise ValueError(f"crop must be from 1 to {min(height, width)}, got {crop}")

    def draw(high: int) -> Tensor:
        return torch.randint(high, (n, 1), generator=generator, device=generator.device).to(images.device)

    pick = draw(count)
    cropped = crop is not None and (crop, crop) != (height, width)
    if not cropped and not hflip:
        return to_unit(images.index_select(0, pick[:, 0]))
    if cropped and scale > 1:
        drawn = _resized_crops(to_unit(images.index_select(0, pick[:, 0])), crop, scale, generator)
        return torch.where(draw(2).bool()[:, :, None, None], drawn.flip(3), drawn) if hflip else drawn

    def steps(length: int) -> Tensor:
        return torch.arange(length, device=images.device)

    rows = draw(height - crop + 1) + steps(crop) if cropped else steps(height).expand(n, -1)  # [n, crop]
    columns = draw(width - crop + 1) + steps(crop) if cropped else steps(width).expand(n, -1)
    if hflip:
        columns = torch.where(draw(2).bool(), columns.flip(1), columns)
    # The picture's lines are chosen first (each a copy of whole bytes), then the columns within them.
    lines = (pick * channels + steps(channels))[:, :, None] * height + rows[:, None, :]  # [n, C, crop]
    drawn = images.view(-1, width).index_select(0, lines.flatten()).view(*lines.shape, width)
    return to_unit(drawn.gather(3, columns[:, None, None, :].expand(*lines.shape, -1)))


def _resized_crops(pictures: Tensor, crop: int, scale: float, generator: torch.Generator) -> Tensor:
    """A square of each of float [n, C, H, W], `crop` to `crop * scale` pixels wide, as float [n, C, crop, crop].

    Resized by a triangle as wide as the reduction, the filter of antialiased bilinear resizing, one matrix a side: no
    loop over the pictures, and nothing waits for the device. Where the width is `crop` it is an exact copy.
    """
    n, _, height, width = pictures.shape

    def draw() -> Tensor:
        return torch.rand(n, 1, generator=generator, device=generator.device).to(pictures.device)

    most = min(int(crop * scale), height, width)
    side = (crop + draw() * (most - crop + 1)).floor().clamp(max=most)  # [n, 1]
    pixels = torch.arange(crop, device=pictures.device)

    def weights(length: int) -> Tensor:
        start = (draw() * (length - side + 1)).floor().minimum(length - side)
        centres = start + (pixels + 0.5) * side / crop - 0.5  # [n, crop]
        far = (torch.arange(length, device=pictures.device) - centres[:, :, None]).abs()
        weight = (1 - far * crop / side[:, :, None]).clamp(min=0)
        return weight / weight.sum(2, keepdim=True)  # [n, crop, length]

    return weights(height)[:, None] @ pictures @ weights(width)[:, None].transpose(2, 3)
