"""Was it copied? A picture beside the training pictures nearest to it, and how near is near.

A distance alone says nothing. Beside it stand two that pictures of the set have to one another: between any two of a
class (`typical`), and from each to the nearest other (`typical_nearest`). A sample much nearer to a training picture
than training pictures are to one another is a copy.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from gan.data.datasets import load
from gan.errors import UserError
from gan.images import Progress
from gan.metrics.classifier import Classifier, features_of, has_classifier, load_classifier
from gan.metrics.functional import nearest
from gan.words import Words

By = Literal["pixels", "features"]
PAIRS = 100  # pairs compared at a time, so that large pictures fit in a modest memory


@dataclass(frozen=True, eq=False)  # compared and remembered as the one it is
class Pool:
    """A set's training pictures, ready to be compared with.

    `images` uint8 [N, C, S, S], `labels` int64 [N] or None with the names in `classes`. `features` float32 [N, 96] are
    those of `classifier`, the set's own; both are None where none travels with the project. `note` as in `Pictures`.
    """

    images: Tensor
    labels: Tensor | None
    classes: tuple[str, ...]
    features: Tensor | None
    classifier: Classifier | None
    note: tuple[Words, ...]


class Neighbours(NamedTuple):
    """Training pictures by their place in the pool, int64 [k], and distances, float32 [k], nearest first."""

    indices: Tensor
    distances: Tensor


class Typical(NamedTuple):
    """Many distances in three: 5 % are below `low`, half below `median`, 95 % below `high`."""

    low: float
    median: float
    high: float


def pool(
    data: str,
    size: int,
    channels: int,
    root: str | Path | None = None,
    progress: Progress | None = None,
    *,
    subset: int = 0,
) -> Pool:
    """The training pictures of a set with their features; raises `UserError` if the set is not here.

    Those alone that a run was trained on, if it has a `subset`.

    60,000 pictures of 32x32 take seconds: keep what comes back.
    """
    pictures = load(data, size, channels=channels, subset=subset, root=root, progress=progress)
    classifier = load_classifier(data) if has_classifier(data) else None
    features = None if classifier is None else features_of(classifier, pictures.images, progress)
    return Pool(pictures.images, pictures.labels, pictures.classes, features, classifier, pictures.note)


def neighbours(image: Tensor, pool: Pool, k: int = 6, by: By = "pixels", leave_out: int | None = None) -> Neighbours:
    """The `k` pictures of the pool nearest to `image`, uint8 [C, S, S]; all of the pool where it has no more.

    By "pixels" a distance is the root of the mean squared difference as a share of full scale (0: the same picture, 1:
    black and white); by "features" it is Euclidean, in those of the set's classifier, and 0 but for rounding for the
    same picture. `leave_out` is a place in the pool that doesn't count: that of `image`, where it is one of them.
    Raises `UserError` by features where the pool has none.
    """
    more = k if leave_out is None else k + 1
    if by == "pixels":
        distances, indices = (found[0] for found in nearest(image[None], pool.images, more))
    else:
        features, classifier = _need_features(pool, by)
        apart = _euclidean(features_of(classifier, image[None]), features)[0]
        distances, indices = apart.topk(min(more, len(apart)), largest=False)
    if leave_out is not None:
        keep = indices != leave_out
        distances, indices = distances[keep], indices[keep]
    return Neighbours(indices[:k], distances[:k])


def typical(pool: Pool, label: int | None, by: By = "pixels", pairs: int = 1000, seed: int = 0) -> Typical:
    """How far two different training pictures of the class `label` are apart; of the whole set where it is None.

    Measured on `pairs` random pairs, in the distances of `neighbours`. Raises `UserError` where there are no two such
    pictures, and by features where the pool has none.
    """
    members = torch.arange(len(pool.images))
    if label is not None:
        members = members[:0] if pool.labels is None else (pool.labels == label).nonzero()[:, 0]
    if len(members) < 2:
        raise UserError("neighbours.small_class")
    stream = torch.Generator().manual_seed(seed)
    first = torch.randint(len(members), (pairs,), generator=stream)
    steps = torch.randint(1, len(members), (pairs,), generator=stream)  # never back to the same picture
    first, second = members[first], members[(first + steps) % len(members)]
    if by == "pixels":
        both = zip(first.split(PAIRS), second.split(PAIRS), strict=True)
        squares = [(pool.images[i].float() - pool.images[j].float()).square().flatten(1).mean(1) for i, j in both]
        return _spread(torch.cat(squares).sqrt() / 255)
    features, _ = _need_features(pool, by)
    return _spread((features[first] - features[second]).square().sum(1).sqrt())


def typical_nearest(pool: Pool, by: By = "pixels", count: int = 200, seed: int = 0) -> Typical:
    """How far a training picture is from the nearest other one of the whole set: what a sample may be, too.

    Measured on `count` random training pictures, or all, in the distances of `neighbours`. Raises `UserError` where
    there are no two pictures, and by features where the pool has none.
    """
    if len(pool.images) < 2:
        raise UserError("neighbours.small_set")
    pick = torch.randperm(len(pool.images), generator=torch.Generator().manual_seed(seed))[:count]
    if by == "pixels":
        distances, _ = nearest(pool.images[pick], pool.images, 2)
        return _spread(distances[:, 1])  # the first is itself, or another at 0 like itself: then the second is 0, too
    features, _ = _need_features(pool, by)
    apart = _euclidean(features[pick], features)
    apart[torch.arange(len(pick)), pick] = torch.inf
    return _spread(apart.min(1).values)


def _need_features(pool: Pool, by: str) -> tuple[Tensor, Classifier]:
    if by != "features":
        raise ValueError(f"compare by 'pixels' or 'features', not {by!r}")
    if pool.features is None or pool.classifier is None:
        raise UserError("neighbours.no_features")
    return pool.features, pool.classifier


def _euclidean(x: Tensor, y: Tensor) -> Tensor:
    """Distances of float [N, F] to [M, F], [N, M]; without the product's trick, which loses the small ones' digits."""
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


def _spread(distances: Tensor) -> Typical:
    return Typical(*distances.quantile(distances.new_tensor([0.05, 0.5, 0.95])).tolist())
