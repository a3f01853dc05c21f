"""What may be trained here, by whom, for how long; a refusal is a sentence in the reader's language."""

import shutil
import time

from demo.server.environment import Place
from demo.ui.refusals import Refused
from gan.config import Config
from gan.data.registry import PAIRS, SETS, state
from gan.runs.run import Run
from gan.threads import cores

MOST_MINUTES = {"on": 1440.0, "limited": 3.0, "off": 0.0}
WAITING = 10  # runs that wait in the queue at most
KEPT, DAY = 12, 24 * 3600.0  # visitors' runs where training is limited: so many, and so long
ROOM = 1_000_000_000  # bytes of the disk that stay free


def choices(model: str) -> list[str]:
    """The data sets by name that this model can train on here and now."""
    names = [*PAIRS] if model == "cyclegan" else [*SETS, *PAIRS]
    return [name for name in names if state(name) in ("here", "shipped")]


def level(place: Place, key: str = "") -> str:
    """What someone may do who gives this key: "on", "limited" or "off". Raises `Refused` for a wrong one."""
    if not place.key:
        return place.training
    if key:
        if not place.opens(key):
            raise Refused("train.refused.key")
        return "off" if place.training == "off" else "on"
    return "off" if place.training == "on" else place.training


def permit(place: Place, config: Config, *, key: str, name: str, preset: bool, paths: bool) -> None:
    """Refuse a training that may not be started here: raises `Refused`.

    Where training is limited only presets are trained, for up to three minutes, under names of the app's own. `paths`
    says whether `config.data` may be a folder.
    """
    training = _may(place, key)
    most = MOST_MINUTES[training]
    if config.minutes > most or (training == "limited" and not config.minutes):
        raise Refused("train.refused.minutes", most=f"{most:g}")
    if training == "limited" and not preset:
        raise Refused("train.refused.limited")
    if training == "limited" and name.strip():
        raise Refused("train.refused.name")
    names = choices(config.model)
    if config.data not in names and not paths:
        raise Refused("train.refused.data", data=config.data, names=", ".join(names))
    if config.data not in names and state(config.data) == "missing":
        raise Refused("train.refused.folder", data=config.data)
    spare(place)


def spare(place: Place) -> None:
    """Refuse what needs room where there is hardly any left."""
    place.runs.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(place.runs).free < ROOM:
        raise Refused("train.refused.disk")


def permit_control(place: Place, run: Run, key: str) -> None:
    """Refuse to let someone control a run who may not. Raises `Refused`."""
    if _may(place, key) == "limited" and not run.info.get("visitor"):
        raise Refused("train.refused.limited")


def trains_two(place: Place) -> bool:
    """Whether a run's branch may train beside it: on a machine of one's own with a core for each."""
    return place.kind == "local" and place.training == "on" and cores() > 1


def permit_deleting(place: Place, run: Run, key: str) -> None:
    """Refuse to let someone delete a run who may not. Raises `Refused`."""
    if _may(place, key) == "limited":
        raise Refused("train.refused.delete")
    if run.is_shipped:
        raise Refused("train.refused.shipped", run=run.name)


def _may(place: Place, key: str) -> str:
    training = level(place, key)
    if training == "off":
        why = "unwritable" if place.unwritable else "watch" if place.key else "off"
        raise Refused(f"train.refused.{why}")
    return training


def expired_runs(runs: list[Run]) -> list[Run]:
    """Of visitors' runs at rest, the newest first: those beyond `KEPT`, and those of yesterday."""
    now, gone = time.time(), []
    for number, run in enumerate(runs):
        try:
            age = now - (run.folder / "run.json").stat().st_mtime
        except OSError:
            continue
        if number >= KEPT or age > DAY:
            gone.append(run)
    return gone
