"""What becomes of pictures on the way from one latent vector to another: straight lines leave the shell, arcs stay."""

import torch
from torch import Tensor, nn

from gan.core.latent import noise, walk
from gan.images import to_uint8


def contrasts(images: Tensor) -> list[float]:
    """How far each picture's pixels spread about their mean, as a share of full scale; uint8 [N, C, S, S]."""
    return (images.float().flatten(1).std(1) / 255).tolist()


def relative_contrast(generator: nn.Module, latent: int, pairs: int) -> float:
    """The contrast half-way on straight lines between random pairs, as a share of that half-way on arcs."""
    ends = list(zip(*noise(2 * pairs, latent, seed=1).split(pairs), strict=True))
    sums = []
    for way in ("slerp", "lerp"):
        half = torch.stack([walk(a, b, 3, way)[1] for a, b in ends])
        with torch.inference_mode():
            sums.append(sum(contrasts(to_uint8(generator(half)))))
    arcs, lines = sums
    return lines / max(arcs, 1e-9)
