"""A training that starts from the weights of another run, asked for in the page: `python -m gan train --from RUN`."""

from collections.abc import Callable
from typing import Any

from demo.jobs.permissions import Refused
from demo.jobs.presets import asked
from demo.server import model_cache
from gan.cli import fine_tuning
from gan.config import Config
from gan.lazy import lazy
from gan.runs.run import Run

torch = lazy("torch")


def settings(source: str, model: str, data: str, minutes: float, /, **settings: Any) -> Config:
    """The settings of the run `source`, with these changed.

    Raises `Refused` for a run of another model or a time that is none, `UserError` for a setting of other networks.
    """
    run = model_cache.find(source)
    if run.config.model != model:
        raise Refused("train.refused.source", run=source, model=run.config.model, asked=model)
    return fine_tuning.settings(run, settings | asked(data, minutes, settings))


def beginning(source: str, prepare: Callable[[Run], None] | None = None) -> Callable[[Run], None] | None:
    """What to do with a new run before it can start: `prepare` it, and give it the weights of `source`, if any."""
    if not source:
        return prepare

    def begin(run: Run) -> None:
        if prepare:
            prepare(run)
        fine_tuning.begin(run, model_cache.find(source), torch.device("cpu"))

    return begin
