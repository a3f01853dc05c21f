"""The nearest training pictures against brute force in double precision, and how far pictures of a set are apart."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from gan.data.datasets import load
from gan.errors import UserError
from gan.images import to_unit
from gan.metrics.classifier import Classifier, load_classifier
from gan.metrics.nearest_neighbours import Pool, neighbours, pool, typical, typical_nearest
from gan.words import sentence


@pytest.fixture(scope="module", autouse=True)
def away(tmp_path_factory):
    """Nothing of this machine's data is seen, so the pictures that travel with the project stand in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GAN_DATA", raising=False)
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setattr("gan.data.registry.SYSTEM", tmp_path_factory.mktemp("system"))
        yield


@pytest.fixture(scope="module")
def digits() -> Pool:
    return pool("mnist", 32, 1)


@pytest.fixture(scope="module")
def held_out() -> torch.Tensor:
    """Test pictures, uint8 [1000, 1, 32, 32]."""
    return load("mnist", 32, split="test").images


def shades(*levels: int, labels: list[int] | None = None, features: list[list[float]] | None = None) -> Pool:
    """A pool of even pictures, whose distances by pixels are differences of shades."""
    images = torch.tensor(levels, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, 8, 8).contiguous()
    known = None if labels is None else torch.tensor(labels)
    if features is None:
        return Pool(images, known, ("a", "b"), None, None, "")
    return Pool(images, known, ("a", "b"), torch.tensor(features), Classifier(), "")


def first(everything: Pool, count: int) -> Pool:
    """The pool of its first pictures."""
    images, labels, features = (each[:count] for each in (everything.images, everything.labels, everything.features))
    return replace(everything, images=images, labels=labels, features=features)


def in_doubles(image: torch.Tensor, everything: Pool, by: str) -> torch.Tensor:
    """The distance of `image` to every picture of the pool, float64 [N]."""
    if by == "pixels":
        return ((everything.images.double() - image.double()) / 255).square().mean((1, 2, 3)).sqrt()
    network = load_classifier("mnist").double()
    with torch.no_grad():
        parts = [network.features(to_unit(part).double()) for part in everything.images.split(500)]
        return (torch.cat(parts) - network.features(to_unit(image[None]).double())).norm(dim=1)


@pytest.mark.parametrize("by", ["pixels", "features"])
def test_the_nearest_are_those_of_brute_force(digits, held_out, by):
    some = first(digits, 800)
    for image in held_out[:3]:
        expected = in_doubles(image, some, by).sort()
        found = neighbours(image, some, 6, by)
        assert found.indices.tolist() == expected.indices[:6].tolist()
        torch.testing.assert_close(found.distances.double(), expected.values[:6], rtol=1e-4, atol=1e-5)


def test_pixels_and_features_see_differently(digits, held_out):
    seen = [
        [neighbours(image, digits, 6, by).indices.tolist() for image in held_out[:3]] for by in ("pixels", "features")
    ]
    assert seen[0] != seen[1]


@pytest.mark.parametrize("by", ["pixels", "features"])
def test_a_training_picture_finds_itself_first_unless_left_out(digits, by):
    found = neighbours(digits.images[123], digits, 4, by)
    assert found.indices[0] == 123
    assert found.distances[0] == pytest.approx(0, abs=1e-4)
    assert found.distances[1] > 0.01
    others = neighbours(digits.images[123], digits, 3, by, leave_out=123)
    assert others.indices.tolist() == found.indices[1:].tolist()
    torch.testing.assert_close(others.distances, found.distances[1:])


def test_leaving_out_one_far_away_still_gives_as_many():
    everything = shades(0, 10, 20, 30, 255)
    assert neighbours(everything.images[0], everything, 3, leave_out=4).indices.tolist() == [0, 1, 2]


@pytest.mark.parametrize("by", ["pixels", "features"])
def test_a_pool_smaller_than_k_gives_all_it_has(by):
    everything = shades(0, 51, 153, features=torch.eye(3, 96).tolist())
    assert len(neighbours(everything.images[0], everything, 6, by).indices) == 3
    assert sorted(neighbours(everything.images[0], everything, 6, by, leave_out=1).indices.tolist()) == [0, 2]


def test_the_pool_has_the_sets_pictures_and_tells_of_a_stand_in(digits):
    train = load("mnist", 32)
    assert torch.equal(digits.images, train.images)
    assert torch.equal(digits.labels, train.labels)
    assert digits.classes == tuple("0123456789")
    assert (digits.features.shape, digits.features.dtype) == ((len(train.images), 96), torch.float32)
    guesses = digits.classifier.head(digits.features).argmax(1)
    assert (guesses == digits.labels).float().mean() > 0.98  # each picture's features stand in its own row
    assert "stand in" in sentence(digits.note, "en")


def test_progress_is_told_to_the_end():
    seen = []
    pool("mnist", 16, 1, progress=lambda what, done, total: seen.append((what, done, total)))
    assert seen[-1][1] == seen[-1][2] == len(load("mnist", 16).images)
    assert len(seen) > 10


def test_own_pictures_are_compared_by_pixels_alone(tmp_path):
    for level in range(0, 200, 20):
        Image.fromarray(np.full((40, 40, 3), level, np.uint8)).save(tmp_path / f"{level:03}.png")
    mine = pool(str(tmp_path), 16, 3)
    assert mine.features is None
    assert mine.labels is None
    assert neighbours(mine.images[3], mine, 1).indices.tolist() == [3]
    for ask in (lambda: neighbours(mine.images[3], mine, 1, "features"), lambda: typical_nearest(mine, "features")):
        with pytest.raises(UserError, match="compare by pixels"):
            ask()
    with pytest.raises(ValueError, match="'pixels' or 'features'"):
        neighbours(mine.images[3], mine, 1, "colour")


# How far is far


def test_typical_is_the_distance_of_two_of_a_class():
    features = [[0.0, 0], [9, 9], [3, 4]]
    everything = shades(0, 255, 51, labels=[0, 1, 0], features=features)
    assert typical(everything, 0) == pytest.approx((0.2, 0.2, 0.2))
    assert typical(everything, 0, "features") == pytest.approx((5, 5, 5))
    whole = typical(everything, None)  # 0.2, 0.8 and 1, each a third of the pairs, and never a picture with itself
    assert whole == pytest.approx((0.2, 0.8, 1))


def test_typical_spreads_as_all_pairs_do(digits):
    some = first(digits, 300)
    for by, values, scale in (("pixels", some.images.flatten(1) / 255, 32), ("features", some.features, 1)):
        apart = torch.pdist(values.double()) / scale
        expected = np.quantile(apart, [0.05, 0.5, 0.95])
        assert typical(some, None, by, pairs=4000) == pytest.approx(expected, rel=0.05)
    assert typical(some, None) == typical(some, None, seed=0) != typical(some, None, seed=1)


def test_typical_nearest_is_that_of_brute_force(digits):
    some = first(digits, 300)
    for by, values, scale in (("pixels", some.images.flatten(1) / 255, 32), ("features", some.features, 1)):
        apart = torch.cdist(values.double(), values.double()) / scale
        apart.fill_diagonal_(torch.inf)
        expected = np.quantile(apart.min(1).values, [0.05, 0.5, 0.95])
        assert typical_nearest(some, by, count=1000) == pytest.approx(expected, rel=1e-4)
    assert typical_nearest(digits).median < typical(digits, None).low


def test_a_doubled_picture_has_itself_as_its_nearest_other():
    assert typical_nearest(shades(0, 51, 153)) == pytest.approx((0.2, 0.2, 0.38))  # of 0.2, 0.2, 0.4
    assert typical_nearest(shades(51, 51)) == pytest.approx((0, 0, 0))


def test_a_class_of_one_and_a_set_without_classes_are_refused():
    with pytest.raises(UserError, match="two training pictures"):
        typical(shades(0, 51, 99, labels=[0, 1, 0]), 1)
    with pytest.raises(UserError, match="two training pictures"):
        typical(shades(0, 51, 99), 0)
    with pytest.raises(UserError, match="two training pictures"):
        typical_nearest(shades(0))
