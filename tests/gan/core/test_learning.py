"""Both duels truly learn: a few hundred rounds from scratch, measured on pictures that were never trained on."""

import pytest

from gan.core.cyclegan import CycleGANConfig
from gan.core.dcgan import DCGANConfig
from gan.core.trainer import train
from gan.metrics.evaluate import evaluate_cyclegan, evaluate_dcgan
from gan.runs.run import Run

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("shipped", "own_runs")]


def trained(config):
    run = Run.create("learner", config)
    list(train(run, device="cpu"))
    return run


def test_a_cyclegan_learns_coat_and_ground_of_the_herd_both_ways():
    """240 rounds, smaller than the Train tab's minute. Doing nothing has coat 0, ground 0 and colour 1."""
    config = CycleGANConfig(
        **{"data": "herd", "size": 32, "ngf": 8, "ndf": 16, "blocks": 2, "n_layers_d": 2, "batch": 8, "residual": True},
        **{"identity_every": 4, "lambda_cycle": 5.0},
        **{"rate_g": 1.5e-3, "rate_d": 1e-3, "ema": 0.98, "steps": 240},
    )
    found = evaluate_cyclegan(trained(config), 60)["directions"]
    for way in ("AtoB", "BtoA"):
        herd = found[way]["herd"]
        assert herd["coat"] > 0.8, (way, herd)
        assert herd["ground"] < 0.04, (way, herd)
        assert herd["colour"] < 0.75, (way, herd)


def test_a_dcgan_learns_digits():
    """400 rounds on the digits that travel with the project: far nearer to real ones, and digits of many classes."""
    settings = {"ngf": 16, "batch": 64, "rate_g": 1e-3, "rate_d": 1e-3, "label": 0.9, "ema": 0.98}
    found = evaluate_dcgan(trained(DCGANConfig(data="mnist", steps=400, **settings)), 600)
    assert found["frechet"] < 45  # after the first round it is 907
    assert found["classes"]["covered"] >= 5, found["classes"]
