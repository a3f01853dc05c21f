"""How fast a training goes on this machine: measured on random pictures, not guessed."""

import time
from typing import Any, NamedTuple

import torch

from gan.config import Config
from gan.duel import Conduct
from gan.machine import explain, pick_device
from gan.models import MODELS
from gan.training import Average

LONG = 24.0  # hours: what takes longer is hopeless
TIMES = 20  # as is what takes so many times the minutes asked for


class Estimate(NamedTuple):
    """Rounds a second, and the peak of a GPU's memory in bytes (None on a processor)."""

    rounds_per_second: float
    memory: int | None


def measure(config: Config, device: str = "auto", *, seconds: float = 1.5) -> Estimate:
    """Play rounds of a duel with these settings for about so many seconds, averages and identity losses as they come.

    The random streams are left as they were. Raises `UserError` where it does not fit into the memory.
    """
    where = pick_device(device)
    with torch.random.fork_rng(devices=[where] if where.type == "cuda" else []):
        try:
            return _play(config, where, seconds)
        except Exception as error:
            raise explain(error, "this training", where) from error


def _play(config: Config, where: torch.device, seconds: float) -> Estimate:
    duel = MODELS[config.model](config, where)
    average = Average(duel.generators, config.ema)
    side = getattr(config, "crop", 0) or config.size
    pictures = torch.rand(2, config.batch, config.channels, side, side, device=where) * 2 - 1
    draw = (lambda: pictures[0]) if config.model == "dcgan" else (lambda: (pictures[0], pictures[1]))
    conduct, turn = Conduct.of(config), getattr(config, "identity_every", 1)  # so that rounds of each kind are counted

    def play(rounds: int) -> None:
        for step in range(rounds):
            conduct.measure = step % config.log_every == 0
            duel.round(draw, conduct)
            average.update(step)
        if where.type == "cuda":
            torch.cuda.synchronize(where)

    if where.type == "cuda":
        torch.cuda.reset_peak_memory_stats(where)
    play(min(turn, 4))  # the first rounds find their feet
    rounds, began = 0, time.perf_counter()
    while not rounds or time.perf_counter() - began < seconds:
        play(turn)
        rounds += turn
    rate = rounds / (time.perf_counter() - began)
    return Estimate(rate, torch.cuda.max_memory_allocated(where) if where.type == "cuda" else None)


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
