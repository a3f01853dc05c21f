"""The speed here: it is that of a real training, and leaves no trace."""

import time
from dataclasses import replace

import pytest
import torch

from gan import estimate
from gan.cyclegan import CycleGANConfig
from gan.dcgan import DCGANConfig
from gan.errors import UserError
from gan.estimate import Estimate, measure, outlook
from gan.run import Run
from gan.training import train

DCGAN = DCGANConfig(data="mnist", size=32, channels=1, width=16, batch=32, steps=40, log_every=10)
CYCLEGAN = CycleGANConfig(data="herd", size=32, width=8, width_d=8, blocks=1, layers_d=2, batch=2)


@pytest.mark.slow
def test_the_rate_is_that_of_a_real_training(tmp_path, monkeypatch):
    monkeypatch.delenv("GAN_DATA", raising=False)
    run = Run.create("real", DCGAN, tmp_path)
    records = [r for r in train(run, device="cpu") if "event" not in r]
    real = (records[-1]["step"] - records[1]["step"]) / (records[-1]["seconds"] - records[1]["seconds"])
    found = measure(DCGAN, "cpu")
    assert found.memory is None
    assert real / 2.5 < found.rounds_per_second < real * 2.5


def test_the_random_stream_is_left_as_it_was():
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    measure(DCGAN, "cpu", seconds=0.05)
    assert torch.equal(torch.rand(4), expected)


def test_rounds_of_each_kind_are_counted(monkeypatch):
    played = []
    monkeypatch.setattr("gan.cyclegan.CycleGAN.round", lambda duel, draw, conduct: played.append(draw()[0].shape))
    ticks = iter(range(1000))
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))
    found = measure(replace(CYCLEGAN, identity_every=3, size=32, crop=16, layers_d=2), "cpu", seconds=2.5)
    assert len(played) == 3 + 9  # the first three are not counted; then whole turns until the time is over
    assert set(played) == {(2, 3, 16, 16)}
    assert found.rounds_per_second == pytest.approx(9 / 4)


def test_what_does_not_fit_is_said(monkeypatch):
    def full(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes.")

    monkeypatch.setattr(estimate, "_play", full)
    with pytest.raises(UserError, match=r"memory of cpu.*smaller batch"):
        measure(DCGAN, "cpu")


@pytest.mark.parametrize(("minutes", "needed", "rate", "key"), [
    (1.0, None, 10, "rounds"), (1.0, 600, 10, "fine"), (1.0, 601, 10, "short"),
    (1.0, 12_000, 10, "short"), (1.0, 12_001, 10, "hopeless"), (600.0, 864_000, 10, "short"),
    (600.0, 864_001, 10, "hopeless"),
])  # fmt: skip
def test_what_the_clock_ends_is_weighed_against_what_is_needed(minutes, needed, rate, key):
    config = replace(DCGAN, minutes=minutes, steps=10**7)
    found, values = outlook(config, Estimate(rate, None), needed)
    assert found == key
    assert values["rounds"] == 600 * minutes
    if needed:
        assert values["hours"] == pytest.approx(needed / rate / 3600)


def test_what_the_rounds_end_is_told_in_time():
    assert outlook(replace(DCGAN, steps=6000), Estimate(10, None))[0] == "takes"
    assert outlook(replace(DCGAN, steps=6000), Estimate(10, None))[1]["minutes"] == pytest.approx(10)
    assert outlook(replace(DCGAN, steps=10**6), Estimate(10, None))[0] == "hopeless"
