"""Trainings that are known to work, and what learns quickly where nothing else is asked for."""

import math
from dataclasses import replace
from typing import Any, NamedTuple

from demo.jobs.permissions import MOST_MINUTES, Refused
from gan.config import MOST_STEPS, Config, by_new_names, make
from gan.data.registry import PAIRS, SETS
from gan.errors import UserError
from gan.runs.run import Run


class Preset(NamedTuple):
    """A training that is known to work: its model, data and time, the rounds that it needs to be worth a look, its
    settings on top of what learns quickly, and whether it takes a GPU."""

    model: str
    data: str
    minutes: float
    needed: int
    settings: dict[str, Any]
    gpu: bool = False


# what makes a network learn in a minute: narrow, small batches, bold rates, and a short memory of its average
QUICK_DCGAN = {"ngf": 24, "batch": 32, "rate_g": 2e-3, "rate_d": 1e-3, "label": 0.9, "ema": 0.98}
QUICK_CYCLEGAN = {
    **{"size": 64, "ngf": 16, "ndf": 32, "blocks": 4, "batch": 4, "residual": True},
    **{"rate_g": 4e-4, "rate_d": 4e-4, "ema": 0.98, "log_every": 5},
}
SETTINGS = {"dcgan": QUICK_DCGAN, "cyclegan": QUICK_CYCLEGAN}
# a short z and a bolder generator draw clearer digits in a minute, and worse clothes
OF_DATA = {("dcgan", "mnist"): {"latent": 12, "rate_g": 4e-3}}
# what photos take, and the patience for them
PHOTOS = {
    "dcgan": {
        **{"size": 64, "channels": 3, "ngf": 48, "batch": 32, "rate_g": 2e-4, "rate_d": 2e-4, "label": 0.9},
        **{"ema": 0.998, "lr_decay": 0.5, "hflip": True, "log_every": 20},
    },
    "cyclegan": {
        **{"size": 72, "crop": 64, "ngf": 24, "ndf": 32, "blocks": 6, "batch": 2, "upsample": "nearest"},
        **{"residual": False, "rate_g": 3e-4, "rate_d": 3e-4, "ema": 0.998, "identity_every": 2, "log_every": 20},
    },
}
PRESETS = {
    "digits": Preset("dcgan", "mnist", 1, 500, {}),
    "clothes": Preset("dcgan", "fashion-mnist", 1, 500, {}),
    "pooling": Preset("dcgan", "mnist", 1, 500, {"downsample": "max"}),
    "stripes": Preset("cyclegan", "herd", 1, 150, {}),
    "zebras": Preset(
        "cyclegan",
        "horse2zebra",
        60,
        60_000,
        {
            **{"size": 256, "crop": 224, "ngf": 32, "ndf": 64, "blocks": 9, "batch": 1, "upsample": "nearest"},
            **{"residual": False, "rate_g": 2e-4, "rate_d": 2e-4, "ema": 0.999, "identity_every": 2, "log_every": 20},
        },
        gpu=True,
    ),
}


def quick(model: str, data: str) -> dict[str, Any]:
    """The settings with which a model learns a data set quickly."""
    known = SETS[data].channels if data in SETS else 3 if data in PAIRS else None
    channels = {"channels": known} if known else {}
    return SETTINGS[model] | channels | OF_DATA.get((model, data), {})


def settings_of(model: str, data: str, minutes: float, /, **settings: Any) -> Config:
    """The settings of a training: these on top of what learns quickly.

    Raises `UserError` for one that is impossible or that there is not, and for data or a time named twice.
    """
    if model not in SETTINGS:
        raise Refused("train.refused.model", model=model)
    given = asked(data, minutes, settings)
    # without steps of its own the clock alone ends it, on however fast a machine
    return make(model, {"steps": MOST_STEPS} | quick(model, data) | by_new_names(settings) | given)


def asked(data: str, minutes: float, settings: dict[str, Any]) -> dict[str, Any]:
    """Data and time as settings. Raises `Refused` for a time that is none, or what `settings` name otherwise."""
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 < minutes < float("inf"):
        raise Refused("train.refused.time")
    given = {"data": data, "minutes": float(minutes)}
    for name in given.keys() & settings.keys():
        if settings[name] != given[name]:
            raise Refused("train.refused.twice", name=name)
    return given


def is_preset(config: Config) -> bool:
    """Whether these are the settings of a ready-made training, of whatever length."""
    return preset_of(config) is not None


def preset_of(config: Config) -> Preset | None:
    """The ready-made training with these settings, of whatever length."""
    return next((each for each in PRESETS.values() if config == _config(each, config.minutes)), None)


def needed_by(config: Config) -> int | None:
    """How many rounds such a training needs to be worth a look, where that is known."""
    return preset.needed if (preset := preset_of(config)) else None


def wants_gpu(config: Config) -> bool:
    """Whether this is a training, of whatever random seed, that takes hours without a GPU."""
    preset = preset_of(replace(config, seed=0))
    return preset is not None and preset.gpu


def _config(preset: Preset, minutes: float) -> Config | None:
    try:
        return settings_of(preset.model, preset.data, minutes, **preset.settings)
    except UserError:
        return None


def lacks(run: Run) -> int:
    """How many steps a finished run needs to be worth a look, where it got fewer; else 0."""
    info = run.info
    needed = info.get("needed") or 0
    return needed if info.get("status") == "finished" and info.get("step", 0) < needed else 0


def further(run: Run) -> float | None:
    """The minutes with which a finished run would get the steps that it lacks; None where it can't be gone on with."""
    needed, info = lacks(run), run.info
    minutes, step = info["config"].get("minutes"), info.get("step")
    if not needed or not minutes or not step or run.is_shipped or not (run.folder / "resume.pt").is_file():
        return None
    most = MOST_MINUTES["limited" if info.get("visitor") else "on"]
    wanted = math.ceil(1.1 * max(info["seconds"] / 60, minutes) * needed / step)  # a little more: speed varies
    return min(float(wanted), most) if most > minutes else None
