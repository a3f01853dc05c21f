"""The speed here: it is that of a real training, and leaves no trace."""

import gc
import weakref
from dataclasses import replace
from itertools import pairwise
from statistics import median
from types import SimpleNamespace

import pytest
import torch

from gan.benchmark import throughput
from gan.benchmark.throughput import Estimate, measure, outlook
from gan.config import CycleGANConfig, DCGANConfig
from gan.core import cyclegan, dcgan
from gan.core.trainer import train
from gan.errors import UserError
from gan.runs.run import Run

pytestmark = pytest.mark.usefixtures("shipped")

DCGAN = DCGANConfig(data="mnist", size=32, channels=1, ngf=16, batch=32, steps=40)
CYCLEGAN = CycleGANConfig(
    data="herd", size=32, ngf=16, ndf=8, blocks=2, n_layers_d=2, batch=4, identity_every=4, pool_size=0, steps=40
)


@pytest.mark.slow
@pytest.mark.parametrize("config", [DCGAN, CYCLEGAN], ids=lambda config: config.model)
def test_the_rate_is_that_of_a_real_training(tmp_path, config):
    config = replace(config, steps=48, log_every=8)  # lines between which every kind of round has its share
    found = [measure(config, "cpu", seconds=0.7).rounds_per_second]
    records = [r for r in train(Run.create("real", config, tmp_path), device="cpu") if "event" not in r]
    rates = [(b["step"] - a["step"]) / (b["seconds"] - a["seconds"]) for a, b in pairwise(records[1:])]
    real = median(rates)  # what else runs here for a moment counts in one of them
    found.append(measure(config, "cpu", seconds=0.7).rounds_per_second)  # for the machine may be busy meanwhile
    assert min(found) / 2 < real < max(found) * 2


@pytest.mark.parametrize("config", [DCGAN, CYCLEGAN], ids=lambda config: config.model)
def test_nothing_is_left_behind(monkeypatch, config):
    gans = []
    model = throughput.MODELS[config.model]
    monkeypatch.setitem(
        throughput.MODELS, config.model, lambda *given: gans.append(weakref.ref(gan := model(*given))) or gan
    )
    state = torch.get_rng_state()
    found = measure(config, "cpu", seconds=0.05)
    assert torch.equal(torch.get_rng_state(), state)
    assert found.memory is None
    assert found.pictures_per_second == pytest.approx(config.batch * found.rounds_per_second)
    assert [gan() for gan in gans] == [None]


def counted(monkeypatch, *, limit=1e6, **settings) -> tuple[float, list]:
    """The rate where a second passes for each picture that a generator sees, and the shapes of what they saw."""
    clock, seen, forward = [0.0], [], cyclegan.Generator.forward

    def slow(generator, x):
        clock[0] += len(x)
        seen.append(tuple(x.shape))
        return forward(generator, x)

    monkeypatch.setattr(cyclegan.Generator, "forward", slow)
    monkeypatch.setattr(
        throughput, "time", SimpleNamespace(perf_counter=lambda: clock[0], thread_time=lambda: clock[0])
    )
    found = measure(replace(CYCLEGAN, ngf=4, ndf=4, blocks=1, **settings), "cpu", seconds=50.0, limit=limit)
    monkeypatch.undo()
    return found.rounds_per_second, seen


@pytest.mark.parametrize(("settings", "pictures"), [
    ({"identity_every": 1}, 24),  # 4 to translate, 4 to bring back and 4 for the identity, both ways
    ({"identity_every": 4}, (24 + 3 * 16) / 4),
    ({"identity_every": 100}, (24 + 99 * 16) / 100),
    ({"identity_every": 4, "lambda_identity": 0.0}, 16),
])  # fmt: skip
def test_the_identity_loss_counts_by_its_share_of_the_rounds(monkeypatch, settings, pictures):
    rate, seen = counted(monkeypatch, **settings)
    assert 1 / rate == pytest.approx(pictures)
    assert len(seen) <= 4 * 2 * (2 + 4)  # four passes a round, two kinds, warm and for 25 or 50 s: no long turns


def test_a_slow_one_says_what_it_knows_when_the_time_is_over(monkeypatch):
    """A second a picture, 24 a round with the identity loss: one round is done by then, or none."""
    rate, seen = counted(monkeypatch, limit=25, identity_every=2)
    assert 1 / rate == pytest.approx(24)  # what is not known of the rounds without it is taken from those with it
    assert len(seen) < 10
    rate, seen = counted(monkeypatch, limit=5, identity_every=1)
    assert 1 / rate == pytest.approx(8)  # it takes longer than what had passed by then
    assert len(seen) == 1


def test_it_ends_within_a_round_when_it_is_stopped(monkeypatch):
    seen = []
    monkeypatch.setattr(cyclegan.Generator, "forward", lambda _, x: seen.append(x) or x)
    with pytest.raises(throughput.Stopped):
        measure(CYCLEGAN, "cpu", stop=lambda: len(seen) > 2)
    assert len(seen) == 3


def test_a_measurement_knows_how_much_of_the_processor_it_had(monkeypatch):
    clock = iter(range(10**6))
    monkeypatch.setattr(
        throughput, "time", SimpleNamespace(perf_counter=lambda: next(clock), thread_time=lambda: next(clock) / 3)
    )
    found = measure(DCGAN, "cpu", limit=1e6)
    assert found.share == pytest.approx(1 / 3, abs=0.1)
    assert found.is_disturbed
    assert not found.is_bound
    assert not Estimate(1, 1, None).is_disturbed


def test_the_pictures_are_as_large_as_the_crops(monkeypatch):
    _, seen = counted(monkeypatch, crop=16, lambda_identity=0.0)
    assert {shape[1:] for shape in seen} == {(3, 16, 16)}


@pytest.mark.parametrize("error", [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 99 GiB."),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes."),
    RuntimeError("MPS backend out of memory"),
], ids=["python", "cuda", "cpu", "mps"])  # fmt: skip
def test_what_does_not_fit_is_said_and_let_go(monkeypatch, error):
    gans = []

    def full(gan, *_):
        gans.append(weakref.ref(gan))
        torch.rand(3)
        raise error.with_traceback(None)

    monkeypatch.setattr(dcgan.DCGAN, "train_step", full)
    state = torch.get_rng_state()
    with pytest.raises(UserError, match=r"^This does not fit into the memory of cpu.*: take a smaller batch") as told:
        measure(DCGAN, "cpu")
    assert torch.equal(torch.get_rng_state(), state)
    assert told.value.__cause__ is None
    assert told.value.__context__ is None  # nor is the first error kept with it
    error.__traceback__ = None  # pytest's own hold
    gc.collect()
    assert [gan() for gan in gans] == [None]


def test_another_error_is_not_taken_for_a_lack_of_memory(monkeypatch):
    def wrong(*_):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(dcgan.DCGAN, "train_step", wrong)
    with pytest.raises(RuntimeError, match="shapes"):
        measure(DCGAN, "cpu")


def at(rate: float) -> Estimate:
    return Estimate(rate, rate * DCGAN.batch, None)


@pytest.mark.parametrize(("minutes", "needed", "rate", "key"), [
    (1.0, None, 10, "rounds"), (1.0, 600, 10, "fine"), (1.0, 601, 10, "short"),
    (1.0, 12_000, 10, "short"), (1.0, 12_001, 10, "hopeless"),  # 20 times the minutes
    (600.0, 864_000, 10, "short"), (600.0, 864_001, 10, "hopeless"),  # a day
])  # fmt: skip
def test_what_the_clock_ends_is_weighed_against_what_is_needed(minutes, needed, rate, key):
    found, values = outlook(replace(DCGAN, minutes=minutes, steps=10**7), at(rate), needed)
    assert found == key
    assert (values["rate"], values["rounds"], values["minutes"]) == (rate, 600 * minutes, minutes)
    if needed:
        assert values["needed"] == needed
        assert values["hours"] == pytest.approx(needed / rate / 3600)


@pytest.mark.parametrize(("steps", "key"), [(6000, "takes"), (864_000, "takes"), (864_001, "hopeless")])
def test_what_the_rounds_end_is_told_in_time(steps, key):
    found, values = outlook(replace(DCGAN, steps=steps), at(10))
    assert found == key
    assert values["minutes"] == pytest.approx(steps / 600)
    assert values["hours"] == pytest.approx(steps / 36_000)
