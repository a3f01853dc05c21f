"""Going on with a run: whether it can, and which of its settings may change on the way.

All of it is found out before anything is written, so that a refusal leaves the run as it was.
"""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from gan.config import CONFIGS, MOST_STEPS, Config, RuntimeSettings, by_new_names
from gan.errors import UserError
from gan.runs.controls import controls_before, runtime_of
from gan.runs.run import Run
from gan.words import Words

ENDS = ("steps", "minutes")
STEERED = tuple(
    f.name for f in fields(RuntimeSettings) if f.name in {g.name for c in CONFIGS.values() for g in fields(c)}
)
AT_REST = (*ENDS, "freeze_d_after", "compile")  # what changes between two calls of a training, and no other time
CHANGEABLE = (*AT_REST, *STEERED)
NETWORKS = (
    "size",
    "channels",
    "ngf",
    "ndf",
    "blocks",
    "n_layers_d",
    "scales_d",
    "latent",
    "upsample",
    "downsample",
    "norm",
    "norm_d",
    "residual",
)


@dataclass(frozen=True)
class Plan:
    """How a run goes on: its settings with the end they have now, and which runtime settings were asked for anew.

    `config` is what `run.json` is to hold. Of the runtime settings it keeps what the run began with: the journal tells
    what was changed since. `moved` are those of its values that are new. `before` of all commands were asked of it at
    rest; what is asked from now on is asked of this training.
    """

    config: Config
    runtime: dict[str, Any]
    moved: dict[str, Any]
    before: int


def plan(run: Run, reached: tuple[int, float] | None, asked: dict[str, Any] | None = None, processes: int = 1) -> Plan:
    """How `run`, which has `reached` that step and those seconds, goes on with the settings `asked` for, by name.

    Writes nothing. `reached` is what its checkpoint says, None without one.
    Of `steps` and `minutes`, both counted from the run's first step, the one that is given alone replaces the other.
    Raises `UserError` for a run that cannot go on, for a setting that cannot change on the way or an impossible value,
    for an end that lies behind, and where a step's pictures cannot be shared out among so many `processes`.
    """
    check(run)
    own, before, asked = run.config, controls_before(run), by_new_names(asked or {})
    new = _changed(run, own, dict(asked))
    moved = {name: getattr(new, name) for name in AT_REST if getattr(new, name) != getattr(own, name)}
    if moved:
        _look_ahead(run, reached or (0, 0.0), own, new)
    runtime = {name: getattr(new, name) for name in STEERED if name in asked}
    if run.info["status"] == "finished" and not moved.keys() & {*ENDS}:
        now = runtime_of(run)
        if moved or any(getattr(now, name) != value for name, value in runtime.items()):
            raise UserError("resume.finished", run=run.name)
    config = replace(own, **moved)
    if config.batch % processes:
        raise UserError("resume.processes", batch=config.batch, processes=processes)
    return Plan(config, runtime, moved, before)


def check(run: Run) -> None:
    """Raises `UserError` for a run that cannot be gone on with, whatever is asked."""
    if run.is_shipped:
        raise UserError("resume.shipped", run=run.name)
    if not (run.folder / "resume.pt").is_file() and (run.folder / "weights.safetensors").is_file():
        raise UserError("resume.no_checkpoint", run=run.name)


def _changed(run: Run, own: Config, asked: dict[str, Any]) -> Config:
    """The settings with what is asked for. Raises `UserError` by name for what cannot change on the way."""
    names = [f.name for f in fields(own)]
    for name in asked:
        if name not in names:
            raise UserError("resume.no_setting", option=_option(name), model=own.model, run=run.name)
    fixed = [name for name in asked if name not in CHANGEABLE and not _same(name, asked[name], getattr(own, name))]
    if fixed:
        which = as_options(fixed, own)
        part = Words("resume.of_networks" if set(fixed) <= {*NETWORKS} else "resume.of_run")
        may = ", ".join(_option(name) for name in CHANGEABLE)
        raise UserError("resume.fixed", which=which, part=part, may=may)
    if asked.get("steps") is not None and "minutes" not in asked:
        asked["minutes"] = 0.0
    elif asked.get("minutes") and "steps" not in asked:
        asked["steps"] = MOST_STEPS
    return type(own).from_dict(own.as_dict() | {name: asked[name] for name in asked if name in CHANGEABLE})


def _look_ahead(run: Run, reached: tuple[int, float], own: Config, new: Config) -> None:
    """Raises `UserError` where a new end, or a new moment to hold D still, lies behind."""
    step, seconds = reached
    if (own.steps, own.minutes) != (new.steps, new.minutes) and new.progress(step, seconds) >= 1:
        raise UserError("resume.end_behind", run=run.name, step=step, minutes=seconds / 60)
    if own.freeze_d_after == new.freeze_d_after:
        return
    if 0 < own.freeze_d_after <= step:
        raise UserError("resume.held", run=run.name, step=own.freeze_d_after)
    if 0 < new.freeze_d_after <= step:
        raise UserError("resume.hold_behind", run=run.name, step=step, wanted=new.freeze_d_after)


def _same(name: str, given: Any, own: Any) -> bool:
    if name == "data":  # a folder has many names
        given, own = ([Path(part.strip()).expanduser().resolve() for part in data.split(",")] for data in (given, own))
    return given == own


def as_options(names: list[str], config: Config) -> list[Words]:
    """Settings as they are typed, each with what it is in `config`, for a refusal to name."""
    return [Words("resume.option", option=_option(name), value=getattr(config, name, "–")) for name in names]


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
