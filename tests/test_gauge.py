"""The gauge: what it reads of generators while they train, and that it changes nothing of the training."""

import json

import pytest
import torch
from torch import nn

from gan.dcgan import DCGANConfig
from gan.errors import UserError
from gan.evaluation import evaluate_dcgan
from gan.gauge import SEED, Gauge
from gan.run import Run
from gan.training import train

SMALL = {
    "size": 16,
    "width": 4,
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
    reading = Gauge(DCGANConfig(**(run.config.as_dict() | {"gauge": 500})), None, torch.device("cpu")).read(
        run.networks()[0]
    )
    found = evaluate_dcgan(run, 500, seed=SEED)
    assert reading["frechet"] == pytest.approx(found["frechet"], rel=1e-3)
    assert reading["covered"] == found["classes"]["covered"]
    assert 0 < reading["frechet_floor"] < reading["frechet"]


def test_a_collapse_is_read_as_one():
    reading = Gauge(DCGANConfig(gauge=100), None, torch.device("cpu")).read(nn.ModuleDict({"g": Same()}))
    assert reading["covered"] == 1
    assert reading["entropy"] == 0
    assert reading["frechet"] > 50


def test_a_set_without_a_classifier_is_measured_by_its_texture(tmp_path):
    from PIL import Image

    for number in range(12):
        Image.new("RGB", (16, 16), (20 * number, 10, 90)).save(tmp_path / f"{number}.png")
    config = DCGANConfig(data=str(tmp_path), size=16, channels=3, width=4, latent=8, gauge=8)
    from gan.dcgan import DCGAN

    reading = Gauge(config, None, torch.device("cpu")).read(DCGAN.networks(config)[0])
    assert set(reading) == {"frechet", "frechet_floor"}


def test_looking_changes_nothing_of_the_training(runs):
    for name, gauge in (("looked", 50), ("unseen", 0)):
        list(train(Run.create(name, DCGANConfig(**SMALL, gauge=gauge), runs), device="cpu"))
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
