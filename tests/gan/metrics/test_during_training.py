"""The gauge: what it reads of generators while they train, and that it changes nothing of the training."""

import json

import pytest
import torch
from torch import nn

from gan.core.checkpoint import load_networks
from gan.core.dcgan import DCGAN, DCGANConfig
from gan.core.trainer import train
from gan.errors import UserError
from gan.images import to_unit
from gan.metrics.during_training import SEED, Gauge
from gan.metrics.during_training import gauge as make
from gan.metrics.evaluate import evaluate_dcgan
from gan.runs.run import Run

SMALL = {
    "size": 16,
    "ngf": 4,
    "latent": 8,
    "batch": 8,
    "steps": 12,
    "log_every": 3,
    "samples": 2,
    "precision": "fp32",
}


class Same(nn.Module):
    """A generator that gives the same picture, whatever the noise."""

    def forward(self, z):
        return torch.full((len(z), 1, 32, 32), -1.0)


pytestmark = pytest.mark.usefixtures("shipped")


def test_it_reads_what_the_evaluation_at_the_end_does():
    run = Run.open("mnist")
    gauge = Gauge(DCGANConfig(**(run.config.as_dict() | {"gauge": 500})), None, torch.device("cpu"))
    generators, discriminators = load_networks(run)
    reading = gauge.read(generators, discriminators)
    found = evaluate_dcgan(run, 500, seed=SEED)
    assert reading["frechet"] == pytest.approx(found["frechet"], rel=1e-3)
    assert reading["covered"] == found["classes"]["covered"]
    assert 0 < reading["frechet_floor"] < reading["frechet"]
    alone = torch.cat([discriminators["d"](to_unit(image[None])) for image in gauge.real[:100]]).sigmoid().mean().item()
    few = gauge.verdict(discriminators["d"], gauge.real[:100])
    assert few == pytest.approx(alone, abs=1e-5)
    assert reading["d_real_single"] == pytest.approx(few, abs=0.1)
    assert reading["d_fake_single"] == pytest.approx(found["d"]["fake"], abs=0.02)


def test_a_collapse_is_read_as_one():
    reading = Gauge(DCGANConfig(gauge=100), None, torch.device("cpu")).read(
        nn.ModuleDict({"g": Same()}), DCGAN.networks(DCGANConfig())[1]
    )
    assert reading["covered"] == 1
    assert reading["entropy"] == 0
    assert reading["frechet"] > 50


def test_a_set_without_a_classifier_is_measured_by_its_texture(tmp_path):
    from PIL import Image

    for number in range(12):
        Image.new("RGB", (16, 16), (20 * number, 10, 90)).save(tmp_path / f"{number}.png")
    config = DCGANConfig(data=str(tmp_path), size=16, channels=3, ngf=4, latent=8, gauge=8)
    reading = Gauge(config, None, torch.device("cpu")).read(*DCGAN.networks(config))
    assert set(reading) == {"frechet", "frechet_floor", "d_real_single", "d_fake_single"}


@pytest.mark.parametrize("norm_d", ["instance", "batch"])
def test_looking_changes_nothing_of_the_training(runs, norm_d):
    for name, gauge in (("looked", 50), ("unseen", 0)):
        list(train(Run.create(name, DCGANConfig(**SMALL, gauge=gauge, norm_d=norm_d), runs), device="cpu", gauge=make))
    looked, unseen = (Run(runs / name) for name in ("looked", "unseen"))
    losses = [[r["loss_g"] for r in run.journal() if "event" not in r] for run in (looked, unseen)]
    assert losses[0] == losses[1]
    readings = [r for r in looked.journal() if r.get("event") == "gauge"]
    assert [r["step"] for r in readings] == [step for step, _ in looked.samples()]
    assert all(r["frechet"] > 0 for r in readings)
    assert not [r for r in unseen.journal() if r.get("event") == "gauge"]
    json.dumps(readings)


def test_one_sample_is_refused():
    with pytest.raises(UserError, match="one sample says nothing"):
        DCGANConfig(gauge=1)
