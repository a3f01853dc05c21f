"""How fast a training goes on this machine: measured on random pictures, not guessed."""

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import torch

from gan.config import Config, RuntimeSettings
from gan.core.base import GAN
from gan.core.checkpoint import MODELS
from gan.data.datasets import Pair, Pictures
from gan.device import describe, pick_device
from gan.errors import UserError
from gan.optim import Average

PILE = 16  # random pictures to draw the batches from
LIMIT = 20.0  # seconds that a measurement takes at most, but for the last layer's backward pass
BUSY = 0.75  # of a processor's time that a measurement has to get to be a measurement
LONG = 24.0  # hours: what takes longer is hopeless
TIMES = 20  # as is what takes so many times the minutes asked for
FULL = ("can't allocate memory", "not enough memory", "out of memory")  # how torch says it, by system


class Estimate(NamedTuple):
    """The speed of a training: pictures are those of a batch times the rounds, of each pile for a CycleGAN.

    `memory` is its peak on a GPU, in bytes and without the data set; None elsewhere. `share` is how much of the time a
    processor gave to it: where that is under `BUSY`, others were at work as well. `is_bound`: no round ended in time,
    so that the speed is at most this.
    """

    rounds_per_second: float
    pictures_per_second: float
    memory: int | None
    share: float = 1.0
    is_bound: bool = False

    @property
    def is_disturbed(self) -> bool:
        """Whether something else took so much of the processor that it is faster than this when left alone."""
        return self.share < BUSY


class Stopped(Exception):
    """Whoever asked for a measurement does not want it any more."""


class _Late(Exception):
    """The time given to a measurement is over."""


class _Watch:
    """Ends a measurement when it is stopped or late: called before each layer of the networks."""

    def __init__(self, limit: float, stop: Callable[[], bool]) -> None:
        self.began, self.limit, self.stop = time.perf_counter(), limit, stop

    def __call__(self, *_: Any) -> None:
        if self.stop():
            raise Stopped
        if time.perf_counter() - self.began > self.limit:
            raise _Late


def measure(
    config: Config,
    device: str = "auto",
    *,
    seconds: float = 1.5,
    limit: float = LIMIT,
    stop: Callable[[], bool] = lambda: False,
) -> Estimate:
    """Train with these settings for about so many seconds, at least two, after one or two to warm up.

    After `limit` seconds it says what it knows by then; once `stop()` is true it raises `Stopped`. No data set is read.
    Torch's random streams are left as they were and the memory is given back. Raises `UserError` where the device is
    not there or its memory is too small.
    """
    where = pick_device(device)
    try:
        with torch.random.fork_rng(devices=[where] if where.type == "cuda" else []):
            return _measure(config, where, seconds, _Watch(limit, stop))
    except (MemoryError, RuntimeError) as error:
        if not _is_full(error):
            raise
    finally:
        gc.collect()
        if where.type == "cuda":
            torch.cuda.empty_cache()
    # Raised out here, where the first error and the networks that its traceback held are gone.
    raise UserError("estimate.does_not_fit", device=describe(where)) from None


def _measure(config: Config, where: torch.device, seconds: float, watch: _Watch) -> Estimate:
    before = 0
    if where.type == "cuda":
        before = torch.cuda.memory_allocated(where)  # what the app shows lies there as well
        torch.cuda.reset_peak_memory_stats(where)
    gan = MODELS[config.model](config, where)
    average = Average(gan.generators, config.ema)
    for module in (*gan.generators.modules(), *gan.discriminators.modules()):
        module.register_forward_pre_hook(watch)
    wall, busy = time.perf_counter(), time.thread_time()
    kinds, took, last, is_bound = list(_kinds(config)), 0.0, 0.0, False
    for share, kind in kinds:
        gan.config = kind
        known = _seconds_a_round(gan, average, seconds / len(kinds))
        # the kinds cost about as much: what is not known of one is that of the one before it
        is_bound = is_bound or not (known or last)
        last = known or last or time.perf_counter() - wall
        took += share * last
    share = (time.thread_time() - busy) / (time.perf_counter() - wall) if where.type == "cpu" else 1.0
    memory = torch.cuda.max_memory_allocated(where) - before if where.type == "cuda" else None
    return Estimate(1 / took, config.batch / took, memory, share, is_bound)


def _kinds(config: Config) -> Iterator[tuple[float, Config]]:
    """The kinds of rounds that a training is made of, each with its share: those with the identity loss cost more."""
    every = getattr(config, "identity_every", 1)
    if every == 1 or not config.lambda_identity:
        yield 1.0, config
    else:
        yield 1 / every, replace(config, identity_every=1)
        yield 1 - 1 / every, replace(config, lambda_identity=0.0)


def _seconds_a_round(gan: GAN, average: Average, seconds: float) -> float:
    """What a round costs, the running average and the drawing of its pictures included; 0 where none ended in time."""
    config, where = gan.config, gan.device
    random = torch.Generator(where).manual_seed(0)
    draw, runtime = gan.drawer(_pictures(config, random), random, config.batch), RuntimeSettings.of(config)

    def play(least: int, seconds: float) -> tuple[float, bool]:
        rounds, took, began = 0, 0.0, time.perf_counter()
        try:
            while rounds < least or time.perf_counter() - began < seconds:
                runtime.measure = (rounds + 1) % config.log_every == 0
                gan.train_step(draw, runtime)
                average.update(rounds + 1)
                if runtime.measure:
                    wait(where)  # as a training does where it writes its journal, and there alone
                rounds, took = rounds + 1, time.perf_counter() - began
        except _Late:
            return took / max(rounds, 1), True
        wait(where)
        return (time.perf_counter() - began) / rounds, False

    known = 0.0
    for least, length in ((1, 0.0), (1, 0.0), (2, seconds)):  # the first two find their feet
        if least == 1 and known > seconds:
            continue  # a very slow one is warm by then
        found, is_late = play(least, length)
        known = found or known
        if is_late:
            break
    return known


def _pictures(config: Config, random: torch.Generator) -> Pictures | Pair:
    """Small piles of random pictures, as a model's `drawer` takes them."""
    shape = (PILE, config.channels, config.size, config.size)

    def pile() -> Pictures:
        images = torch.randint(256, shape, dtype=torch.uint8, generator=random, device=random.device)
        return Pictures("random", images, None, (), "")

    return pile() if config.model == "dcgan" else Pair("random", pile(), pile(), False, None)


def timed(step: Callable[[], Any], device: torch.device) -> float:
    """How long a step takes until the device has done it, in ms."""
    start = time.perf_counter()
    step()
    wait(device)
    return 1000 * (time.perf_counter() - start)


def wait(where: torch.device) -> None:
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
    needed_minutes = needed / rate / 60
    values |= {"needed": needed, "needed_minutes": needed_minutes, "hours": needed_minutes / 60}
    if needed_minutes / 60 > LONG or needed_minutes > TIMES * config.minutes:
        return "hopeless", values
    return ("fine" if rounds >= needed else "short"), values
