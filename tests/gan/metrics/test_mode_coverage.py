"""Where modes went: the shares of classes among samples of generators whose answer is known."""

from math import log2

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gan.core.checkpoint import load_networks, save_weights
from gan.core.cyclegan import CycleGANConfig
from gan.core.dcgan import DCGAN, DCGANConfig
from gan.core.latent import noise
from gan.data.datasets import load
from gan.errors import UserError
from gan.images import to_uint8, to_unit
from gan.metrics.mode_coverage import modes
from gan.runs.run import Run
from gan.words import sentence

pytestmark = pytest.mark.usefixtures("away")


class Repeats(nn.Module):
    """A generator that gives its uint8 pictures one after the other, whatever the noise, and begins again."""

    def __init__(self, images: torch.Tensor) -> None:
        super().__init__()
        self.images, self.given = nn.Parameter(to_unit(images)), 0

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        places = torch.arange(self.given, self.given + len(z)) % len(self.images)
        self.given += len(z)
        return self.images[places]


def dcgan_run(images: torch.Tensor | None = None, **settings) -> tuple[Run, tuple[nn.ModuleDict, nn.ModuleDict]]:
    """A run, and its networks: with a generator that repeats `images` where they are given."""
    run = Run.create("duel", DCGANConfig(**({"ngf": 4, "latent": 8} | settings)))
    torch.manual_seed(0)
    save_weights(run, *DCGAN.networks(run.config))
    generators, discriminators = load_networks(run)
    return run, (generators if images is None else nn.ModuleDict({"g": Repeats(images)}), discriminators)


def one_of_each(name: str, size: int = 32, channels: int = 1) -> torch.Tensor:
    """A test picture of each class that its classifier knows, in order, uint8 [10, channels, size, size]."""
    test = load(name, size, split="test", channels=channels)
    return torch.stack([test.images[test.labels == label][3] for label in range(10)])


def test_one_picture_again_and_again_is_one_class_without_entropy():
    run, networks = dcgan_run(one_of_each("mnist")[4:5])
    found = modes(run, 300, networks=networks)
    assert found.counts == (0, 0, 0, 0, 300, 0, 0, 0, 0, 0)
    assert found.shares[4] == 1
    assert found.covered == 1
    assert found.entropy == pytest.approx(0, abs=1e-9)
    assert found.examples == (None, None, None, None, 0, None, None, None, None, None)
    assert found.images.shape == (300, 1, 32, 32)
    assert torch.equal(found.images[299], one_of_each("mnist")[4])


@pytest.mark.parametrize(("size", "channels"), [(32, 1), (64, 3)])
def test_known_pictures_are_sorted_and_their_first_examples_found(size, channels):
    each = one_of_each("mnist", size, channels)
    order = [7, 7, 1, 3, 1]
    run, networks = dcgan_run(each[order], size=size, channels=channels)
    found = modes(run, 500, networks=networks)
    assert found.counts == (0, 200, 0, 100, 0, 0, 0, 200, 0, 0)
    assert (found.examples[7], found.examples[1], found.examples[3]) == (0, 2, 3)
    assert found.covered == 3
    assert found.entropy == pytest.approx(-2 * 0.4 * log2(0.4) - 0.2 * log2(0.2))
    assert torch.equal(found.images[3], each[3])


def test_the_training_pictures_stand_beside_by_their_labels():
    run, networks = dcgan_run(one_of_each("mnist"))
    found, train = modes(run, 10, networks=networks), load("mnist", 32)
    expected = np.bincount(train.labels, minlength=10) / len(train.labels)
    assert found.classes == train.classes
    assert found.data_shares == pytest.approx(expected)
    assert found.data_entropy == pytest.approx(-(expected * np.log2(expected)).sum())
    assert "stand in" in sentence(found.note, "en")


def test_samples_are_those_of_the_noise_with_their_seed():
    run, (generators, _) = dcgan_run()
    found = modes(run, 130, seed=5)
    with torch.no_grad():
        expected = to_uint8(generators["g"](noise(130, 8, 5)))
    torch.testing.assert_close(found.images.int(), expected.int(), atol=1, rtol=0)
    assert sum(found.counts) == 130
    assert not torch.equal(found.images, modes(run, 130, seed=6).images)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_the_shipped_runs_cover_all_ten(name):
    found = modes(Run.open(name), 500)
    assert found.covered == sum(share >= 0.05 for share in found.shares) >= 9
    assert found.covered == 10 or min(found.shares) > 0.02  # by chance of 500
    assert None not in found.examples
    assert 3.2 < found.entropy <= log2(10)


def test_own_pictures_another_model_and_no_samples_are_refused(tmp_path):
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(tmp_path / "black.png")
    run, networks = dcgan_run(data=str(tmp_path), channels=3)
    with pytest.raises(UserError, match=r"no classifier .* choose a run on one of fashion-mnist, mnist"):
        modes(run, networks=networks)
    with pytest.raises(UserError, match="is a cyclegan"):
        modes(Run.create("double", CycleGANConfig(data="herd", size=32)))
    run.delete()
    run, networks = dcgan_run()
    with pytest.raises(UserError, match="1 sample or more"):
        modes(run, 0, networks=networks)
