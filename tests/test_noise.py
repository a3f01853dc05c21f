"""The Noise to image tab: what it makes, what it says of it, and what it refuses."""

import re

import pytest
import torch

from demo import models, noise
from gan.errors import UserError
from gan.latent import noise as latent
from gan.losses import LOSSES
from gan.pictures import to_uint8
from gan.run import Run
from tests.small_runs import small_run

pytestmark = pytest.mark.usefixtures("runs")


@pytest.mark.parametrize("loss", LOSSES)
def test_pictures_and_verdicts_are_those_of_the_networks(runs, loss):
    run = small_run(runs, "alpha", loss=loss)
    made = noise.make(run, 7, 5)
    generators, discriminators = run.networks()
    pictures = generators["g"](latent(5, 8, 7))
    assert torch.equal(made.images, to_uint8(pictures))
    expected = LOSSES[loss].verdict(discriminators["d"](pictures))
    assert made.verdicts == pytest.approx(expected.tolist(), abs=1e-5)


def test_the_same_seed_gives_the_same_pictures_and_another_seed_others(run):
    first, again = noise.make(run, 3, 16), noise.make(Run(run.folder), 3, 16)
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.images, noise.make(run, 4, 16).images)
    assert torch.equal(first.images[:4], noise.make(run, 3, 4).images)


@pytest.mark.parametrize(("seed", "count"), [(-1, 4), (2**31, 4), (0.5, 4), (None, 4), (0, 0), (0, 101), (0, 2.5)])
def test_numbers_outside_are_refused(run, seed, count):
    with pytest.raises(UserError, match="choose a whole number from"):
        noise.make(run, seed, count)


def test_new_weights_are_seen_without_a_restart(runs, run):
    before = noise.make(run, 0, 4)
    generators, discriminators = run.networks()
    for weight in generators.parameters():
        weight.mul_(0.5)
    run.save_weights(generators, discriminators)
    assert not torch.equal(before.images, noise.make(run, 0, 4).images)


def test_every_picture_bears_its_verdict_and_two_are_marked():
    images = torch.zeros(3, 1, 16, 16, dtype=torch.uint8)
    html = noise.page(noise.Made(images, [0.204, 0.999, 0.001], "bce"), "en")
    assert re.findall(r"<figcaption[^>]*>([^<]*)<", html) == ["20 %", "&gt; 99 %", "&lt; 1 %"]
    assert re.findall(r'<figure class="(\w*)"', html) == ["", "best", "worst"]
    assert html.count("data:image/png;base64,") == len(re.findall(r'alt="[^"]+"', html)) == 3


def test_a_score_is_not_called_a_probability():
    images = torch.zeros(2, 1, 16, 16, dtype=torch.uint8)
    html = noise.page(noise.Made(images, [0.9, -0.3], "hinge"), "en")
    assert "+0.90" in html
    assert "-0.30" in html
    assert "%" not in re.sub(r"<[^>]*>", "", html)
    assert "score" in html
    assert "is real." not in html


def test_one_picture_alone_is_neither_best_nor_worst():
    html = noise.page(noise.Made(torch.zeros(1, 3, 16, 16, dtype=torch.uint8), [0.5], "bce"), "ko")
    assert "best" not in html


def test_the_endpoint_gives_verdicts_and_the_grid(run):
    answer, picture = noise.endpoint("alpha", 5, 4)
    assert answer["kind"] == "probability"
    assert answer["verdicts"] == noise.make(run, 5, 4).verdicts
    assert picture.size == (2 * 16 + 2, 2 * 16 + 2)


@pytest.mark.parametrize("name", ["beta", "../alpha", "", "/etc"])
def test_a_name_is_a_name_and_never_a_path(run, name):
    with pytest.raises(UserError, match="no run named"):
        noise.endpoint(name, 0, 4)
    with pytest.raises(UserError, match="no run named"):
        noise.endpoint(str(run.folder), 0, 4)


def test_a_run_without_weights_says_so_and_is_not_offered(runs):
    small_run(runs, "fresh", weights=False)
    with pytest.raises(UserError, match="no weights to show yet"):
        noise.endpoint("fresh", 0, 4)
    assert "fresh" not in [run.name for run in models.runs("dcgan", with_weights=True)]
    assert "fresh" in [run.name for run in models.runs("dcgan")]


def test_only_a_few_networks_are_kept_and_each_is_loaded_once(runs, monkeypatch):
    made = [small_run(runs, f"run{index}") for index in range(models.KEPT + 1)]
    loads = []
    original = Run.networks
    monkeypatch.setattr(Run, "networks", lambda self, device: loads.append(self.name) or original(self, device))
    for _ in range(3):
        models.networks(made[0])
    assert loads == ["run0"]
    for run in made:
        models.networks(run)
    models.networks(made[0])
    assert loads == ["run0", *[f"run{i}" for i in range(1, models.KEPT + 1)], "run0"]
