"""How fast a training goes on this machine: measured on random pictures, not guessed."""

import gc
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import torch

from gan.config import Config
from gan.data import Pair, Pictures
from gan.duel import Conduct, Duel
from gan.errors import UserError
from gan.machine import describe, pick_device
from gan.models import MODELS
from gan.training import Average

PILE = 16  # random pictures to draw the batches from
LONG = 24.0  # hours: what takes longer is hopeless
TIMES = 20  # as is what takes so many times the minutes asked for
FULL = ("can't allocate memory", "not enough memory", "out of memory")  # how torch says it, by system


class Estimate(NamedTuple):
    """The speed of a training: pictures are those of a batch times the rounds, of each pile for a CycleGAN.

    `memory` is its peak on a GPU, in bytes and without the data set; None elsewhere.
    """

    rounds_per_second: float
    pictures_per_second: float
    memory: int | None


def measure(config: Config, device: str = "auto", *, seconds: float = 1.5) -> Estimate:
    """Play rounds of a duel with these settings for about so many seconds, at least two, after one or two to warm up.

    No data set is read. Torch's random streams are left as they were and the memory is given back. Raises `UserError`
    where the device is not there or its memory is too small.
    """
    where = pick_device(device)
    try:
        with torch.random.fork_rng(devices=[where] if where.type == "cuda" else []):
            return _measure(config, where, seconds)
    except (MemoryError, RuntimeError) as error:
        if not _is_full(error):
            raise
    finally:
        gc.collect()
        if where.type == "cuda":
            torch.cuda.empty_cache()
    # Raised out here, where the first error and the networks that its traceback held are gone.
    raise UserError(
        f"This does not fit into the memory of {describe(where)}: take a smaller batch, width or size."
    ) from None


def _measure(config: Config, where: torch.device, seconds: float) -> Estimate:
    before = 0
    if where.type == "cuda":
        before = torch.cuda.memory_allocated(where)  # what the app shows lies there as well
        torch.cuda.reset_peak_memory_stats(where)
    duel = MODELS[config.model](config, where)
    average = Average(duel.generators, config.ema)
    kinds, took = list(_kinds(config)), 0.0
    for share, kind in kinds:
        duel.config = kind
        took += share * _seconds_a_round(duel, average, seconds / len(kinds))
    memory = torch.cuda.max_memory_allocated(where) - before if where.type == "cuda" else None
    return Estimate(1 / took, config.batch / took, memory)


def _kinds(config: Config) -> Iterator[tuple[float, Config]]:
    """The kinds of rounds that a training is made of, each with its share: those with the identity loss cost more."""
    every = getattr(config, "identity_every", 1)
    if every == 1 or not config.identity:
        yield 1.0, config
    else:
        yield 1 / every, replace(config, identity_every=1)
        yield 1 - 1 / every, replace(config, identity=0.0)


def _seconds_a_round(duel: Duel, average: Average, seconds: float) -> float:
    """What a round costs, the running average and the drawing of its pictures included."""
    config, where = duel.config, duel.device
    random = torch.Generator(where).manual_seed(0)
    draw, conduct = duel.drawer(_pictures(config, random), random, config.batch), Conduct.of(config)

    def play(least: int, seconds: float) -> float:
        rounds, began = 0, time.perf_counter()
        while rounds < least or time.perf_counter() - began < seconds:
            rounds += 1
            conduct.measure = rounds % config.log_every == 0
            duel.round(draw, conduct)
            average.update(rounds)
            if conduct.measure:
                _wait(where)  # as a training does where it writes its journal, and there alone
        _wait(where)
        return (time.perf_counter() - began) / rounds

    if play(1, 0.0) < seconds:  # the first rounds find their feet; a very slow one is warm by then
        play(1, 0.0)
    return play(2, seconds)


def _pictures(config: Config, random: torch.Generator) -> Pictures | Pair:
    """Small piles of random pictures, as a model's `drawer` takes them."""
    shape = (PILE, config.channels, config.size, config.size)

    def pile() -> Pictures:
        images = torch.randint(256, shape, dtype=torch.uint8, generator=random, device=random.device)
        return Pictures("random", images, None, (), "")

    return pile() if config.model == "dcgan" else Pair("random", pile(), pile(), False, None)


def _wait(where: torch.device) -> None:
    """Wait until the device has done what it was asked."""
    if where.type == "cuda":
        torch.cuda.synchronize(where)
    elif where.type == "mps":
        torch.mps.synchronize()


def _is_full(error: BaseException) -> bool:
    text = str(error).lower()
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(words in text for words in FULL)


def outlook(config: Config, estimate: Estimate, needed: int | None = None) -> tuple[str, dict[str, Any]]:
    """What the estimate means for a training, as a key and values, for the page to say.

    Of one that the clock ends: "rounds" (how many it plays), or where it is known how many are `needed` "fine", "short"
    or "hopeless" (over a day, or over 20 times the minutes). Of one that the rounds end: "takes", or "hopeless". The
    values: rate (rounds a second), rounds, minutes, needed, and hours and needed_minutes for those needed.
    """
    rate = estimate.rounds_per_second
    if not config.minutes:
        minutes = config.steps / rate / 60
        values = {"rate": rate, "rounds": config.steps, "needed": config.steps}
        values |= {"minutes": minutes, "needed_minutes": minutes, "hours": minutes / 60}
        return ("hopeless" if minutes / 60 > LONG else "takes"), values
    rounds = min(rate * 60 * config.minutes, config.steps)
    values = {"rate": rate, "rounds": rounds, "minutes": config.minutes}
    if needed is None:
        return "rounds", values
    takes = needed / rate / 60
    values |= {"needed": needed, "needed_minutes": takes, "hours": takes / 60}
    if takes / 60 > LONG or takes > TIMES * config.minutes:
        return "hopeless", values
    return ("fine" if rounds >= needed else "short"), values
