"""Measures of sets of pictures or of their features; what they are taken of is `evaluate.py`'s business."""

from collections.abc import Callable, Sequence
from math import log
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.errors import UserError
from gan.images import to_unit

COVERED = 0.05  # a class is covered if it is at least this share of the samples: half of what ten equal ones have
SURE = 0.9
VALUES = 2**23  # numbers of the pool compared at a time: 8,192 pictures of 32x32, and as much memory for large ones
PATCHES = 4  # texture is measured in 4x4 patches of a picture


def apart(x: Tensor, y: Tensor) -> Tensor:
    """The mean absolute difference of each picture, float [N, C, H, W] in [-1, 1], as a share of full scale: [N].

    `y` may be a single picture, [1, C, H, W], for all of them.
    """
    return (x - y).abs().mean((1, 2, 3)) / 2


def frechet(features_a: Tensor, features_b: Tensor) -> float:
    """The Frechet distance of the normal distributions fitted to float [N, F] and [M, F] (Heusel et al. 2017, eq. 6).

    |m_a - m_b|^2 + Tr(A + B - 2 (A B)^1/2), in float64. The trace of the root is that of (A^1/2 B A^1/2)^1/2, which
    is symmetric, so that its eigenvalues are real and stable to compute even where A or B is singular.
    """
    (mean_a, cov_a), (mean_b, cov_b) = (_moments(features) for features in (features_a, features_b))
    values, vectors = torch.linalg.eigh(cov_a)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    cross = torch.linalg.eigvalsh(root @ cov_b @ root).clamp(min=0).sqrt().sum()
    distance = (mean_a - mean_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross
    return max(0.0, distance.item())


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    if len(features) < 2:
        raise UserError("measures.too_few")
    features = features.cpu().double()
    mean = features.mean(0)
    centred = features - mean
    return mean, centred.T @ centred / (len(features) - 1)


def classes_covered(logits: Tensor) -> dict[str, Any]:
    """How samples spread over the classes, by a classifier's logits, float [N, classes].

    `counts` and `shares` (sum 1) by class; `smallest` share; `covered`, how many classes have at least 5 %;
    `entropy` of the shares in bits: log2(classes) if all are equal, 0 if all samples are one class; `sure`, the share
    of samples that the classifier gives to one class with a probability of `SURE` or more: those that can be read.
    """
    counts = logits.argmax(1).bincount(minlength=logits.shape[1])
    shares = counts.double() / counts.sum()
    return {
        "counts": counts.tolist(),
        "shares": shares.tolist(),
        "smallest": shares.min().item(),
        "covered": int((shares >= COVERED).sum()),
        "sure": (logits.double().softmax(1).amax(1) >= SURE).double().mean().item(),
        "entropy": torch.special.entr(shares).sum().item() / log(2),
    }


@torch.inference_mode()
def nearest(
    images: Tensor, pool: Tensor, k: int = 1, *, progress: Callable[[int, int], None] | None = None
) -> tuple[Tensor, Tensor]:
    """The k pictures of `pool` nearest to each of `images`, by their pixels: (distances, indices), [N, k] each.

    Both are uint8, or both float in [-1, 1]: [N, C, H, W] and [M, C, H, W]. Distances are the root of the mean squared
    difference as a share of full scale (0: the same picture, 1: black and white), ascending. `progress(done, total)`.
    """
    if images.shape[1:] != pool.shape[1:] or images.dtype != pool.dtype:
        raise ValueError(f"cannot compare {images.dtype} {list(images.shape)} with {pool.dtype} {list(pool.shape)}")
    x, chunk = _flat(images), max(1, VALUES // images[0].numel())
    best = x.new_full((len(x), 0), 0), torch.zeros(len(x), 0, dtype=torch.int64, device=x.device)
    for start in range(0, len(pool), chunk):
        y = _flat(pool[start : start + chunk])
        squares = torch.addmm(y.square().sum(1), x, y.T, alpha=-2)  # |x - y|^2 less |x|^2
        squares, where = squares.topk(min(k, len(y)), largest=False)
        squares, where = torch.cat([best[0], squares], 1), torch.cat([best[1], where + start], 1)
        values, order = squares.topk(min(k, squares.shape[1]), largest=False)
        best = values, where.gather(1, order)
        if progress is not None:
            progress(min(start + chunk, len(pool)), len(pool))
    # Measured again without the trick above, which loses the digits of small distances.
    exact = torch.stack([(x - _flat(pool[index])).square().mean(1).sqrt() for index in best[1].unbind(1)], 1)
    exact, order = exact.sort(1)
    return exact, best[1].gather(1, order)


def _flat(images: Tensor) -> Tensor:
    """uint8 or float in [-1, 1] to float32 [N, values] in [0, 1]."""
    unit = images.float() / 255 if images.dtype == torch.uint8 else (images.float() + 1) / 2
    return unit.flatten(1)


@torch.inference_mode()
def texture(images: Tensor) -> Tensor:
    """What a picture's patches look like up close: uint8 [N, C, H, W] to float [16 N, 3 + 3 + 6].

    Of each of 4x4 patches the mean colour, the colours' standard deviation, and the mean change from pixel to pixel,
    down and across, in the picture at 1, 1/2 and 1/4 of its size. Fixed features that know nothing of what
    is shown, but tell stripes from no stripes; there is no network to download.
    """
    return torch.cat([_texture(part) for part in images.split(256)])


def _texture(images: Tensor) -> Tensor:
    x = to_unit(images).expand(-1, 3, -1, -1)
    mean = F.adaptive_avg_pool2d(x, PATCHES)
    spread = (F.adaptive_avg_pool2d(x.square(), PATCHES) - mean.square()).clamp(min=0).sqrt()
    maps, grey = [mean, spread], x.mean(1, keepdim=True)
    for scale in (1, 2, 4):
        small = F.avg_pool2d(grey, scale)
        maps += [F.adaptive_avg_pool2d(small.diff(dim=dim).abs(), PATCHES) for dim in (2, 3)]
    return torch.cat(maps, 1).movedim(1, -1).flatten(0, 2)


def texture_distances(reference: Tensor, others: Sequence[Tensor]) -> list[float]:
    """The Frechet distance of each of `others` to `reference`, uint8 [N, C, H, W], in `texture`.

    Each feature is divided by its standard deviation in the reference, so that all of them count alike.
    """
    target = texture(reference)
    scale = target.std(0).clamp(min=1e-3)
    return [frechet(texture(images) / scale, target / scale) for images in others]
