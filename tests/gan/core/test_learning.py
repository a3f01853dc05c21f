"""Both duels truly learn: a few hundred rounds from scratch, measured on pictures that were never trained on."""

import pytest

from gan.core.cyclegan import CycleGANConfig
from gan.core.dcgan import DCGANConfig
from gan.core.trainer import train
from gan.metrics.evaluate import evaluate_cyclegan, evaluate_dcgan
from gan.runs.run import Run

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("own_runs")]


def trained(config):
    run = Run.create("learner", config)
    list(train(run, device="cpu"))
    return run


def test_a_cyclegan_learns_coat_and_ground_of_the_herd_both_ways():
    """300 rounds, smaller than the Train tab's minute. Doing nothing has coat 0, ground 0 and colour 1."""
    config = CycleGANConfig(
        **{"data": "herd", "size": 32, "ngf": 12, "ndf": 24, "blocks": 2, "batch": 8, "residual": True},
        **{"identity_every": 4, "rate_g": 1.5e-3, "rate_d": 1.5e-3, "ema": 0.98, "steps": 300},
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
    run = Run.create("learner", DCGANConfig(data="mnist", steps=400, **settings))
    records = train(run, device="cpu")
    next(records)
    records.close()  # saved after the first round
    before = evaluate_dcgan(run, 600)
    list(train(run, device="cpu"))
    after = evaluate_dcgan(run, 600)
    assert after["frechet"] < 0.05 * before["frechet"], (before["frechet"], after["frechet"])
    assert after["classes"]["covered"] >= 5, after["classes"]
