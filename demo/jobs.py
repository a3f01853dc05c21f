"""Trainings started from the app: each a process of its own, one at a time, known by nothing but its run's folder.

The process is `python -m gan train --resume RUN` in a session of its own: it outlives the page and the app, and dies
alone. On ZeroGPU, where a process of one's own has no GPU, a thread calls for the GPU again and again instead, and each
call goes on with the run for some seconds.
"""

import contextvars
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from demo import models
from demo.language import say
from demo.place import ROOT, Place
from gan.catalog import PAIRS, SETS, state
from gan.errors import UserError

if TYPE_CHECKING:
    from gan.config import Config
    from gan.run import Run

MOST_MINUTES = {"on": 600.0, "limited": 3.0, "off": 0.0}
CHUNK = 40.0  # seconds of training a call for a lent GPU
KEPT = 12  # visitors' runs where training is limited; the oldest make room
ACTIVE = ("starting", "running", "paused")


class Preset(NamedTuple):
    """A training that is known to work in its time on two processor cores."""

    model: str
    data: str
    minutes: float


PRESETS = {
    "digits": Preset("dcgan", "mnist", 1),
    "clothes": Preset("dcgan", "fashion-mnist", 1),
    "stripes": Preset("cyclegan", "herd", 1),
}

# what makes a network learn in a minute: narrow, with bold rates and a short memory of its average
SETTINGS = {
    "dcgan": {"width": 24, "batch": 64, "rate_g": 5e-4, "rate_d": 5e-4, "label": 0.9, "ema": 0.98},
    "cyclegan": {
        **{"size": 64, "width": 16, "width_d": 32, "blocks": 4, "batch": 4, "change": True},
        **{"rate_g": 4e-4, "rate_d": 4e-4, "ema": 0.98, "log_every": 5},
    },
}


class Refused(UserError):
    """A refusal whose sentence is there in both languages: `say(reader, refused.key, **refused.values)`."""

    def __init__(self, key: str, **values: object) -> None:
        self.key, self.values = f"train.refused.{key}", values
        super().__init__(say("en", self.key, **values))


@dataclass
class _Job:
    """What this app started for a run: a process, or a thread that borrows the GPU."""

    worker: subprocess.Popen | threading.Thread
    written: int  # when run.json was written before the start
    stop: threading.Event = field(default_factory=threading.Event)

    def is_alive(self) -> bool:
        worker = self.worker
        return worker.poll() is None if isinstance(worker, subprocess.Popen) else worker.is_alive()


_jobs: dict[Path, _Job] = {}
_lock = threading.RLock()


def choices(model: str) -> list[str]:
    """The data sets by name that this model can train on here and now."""
    names = [*PAIRS] if model == "cyclegan" else [*SETS, *PAIRS]
    return [name for name in names if state(name) in ("here", "shipped")]


def start(place: Place, model: str, data: str, minutes: float, name: str = "", *, paths: bool = False) -> "Run":
    """Start a training of so many minutes and return its run; without a name it gets one.

    `data` is one of `choices(model)`; with `paths` (a person at this very machine) also a folder. Where training is
    limited only the presets are trained, for up to three minutes, under names of the app's own. Raises `Refused` for
    what is not allowed or not possible now, `UserError` for an unfit or taken name.
    """
    from gan.run import Run

    minutes = _check(place, model, data, minutes, name, paths)
    with _lock:
        _refuse_if_busy()
        config = _config(model, data, minutes)
        run = Run.create(name.strip() or _fresh_name(data), config, place.runs)
        if place.training == "limited":
            run.set_info(visitor=True)
            _make_room(run)
        _launch(run, place)
    return run


def control(place: Place, name: str, do: str) -> "Run":
    """Ask "pause", "go on" or "stop" of a run; one that has ended unfinished is gone on with by a new process.

    Raises `Refused` for what cannot be done to a run as it stands.
    """
    if place.training == "off":
        raise Refused("off")
    run = models.find(name)
    with _lock:
        standing = status(run)
        if do == "pause" and standing == "running":
            # a lent GPU must not idle: what is paused there is saved and gives it back
            _stop(run) if place.kind == "zerogpu" else run.control("pause")
        elif do == "stop" and standing in ACTIVE:
            _stop(run)
        elif do == "go on" and standing == "paused":
            run.control("go on")
        elif do == "go on" and standing in ("stopped", "interrupted", "failed"):
            _refuse_to_resume(place, run)
            _launch(run, place)
        elif do in ("pause", "go on", "stop"):
            raise Refused(f"cannot.{do.replace(' ', '_')}", run=name)
        else:
            raise Refused("do", do=do)
    return run


def status(run: "Run") -> str:
    """`Run.status`, or "starting" between the start of its process and the process's first word."""
    standing, job = run.status, _jobs.get(run.folder)
    if job is None or not job.is_alive():
        return standing
    if job.written == written(run):
        return "starting"
    is_lent = isinstance(job.worker, threading.Thread)  # between two calls for the GPU nobody holds the run
    return "running" if is_lent and standing in ("paused", "interrupted") else standing


def reason(run: "Run") -> str:
    """Why a run failed or was interrupted, as it said itself; empty where it did not."""
    if why := run.info.get("why"):
        return why
    try:
        with open(run.folder / "train.log", "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.removeprefix("error: ") for line in reversed(lines) if line.startswith("error: ")), "")


def active() -> "Run | None":
    """The run that is training now, whoever started it."""
    return next((run for run in models.runs() if status(run) in ACTIVE), None)


def recent() -> list["Run"]:
    """All runs, that which is training now first, then by the time they last changed."""
    return sorted(models.runs(replicas=False), key=lambda run: (status(run) in ACTIVE, written(run)), reverse=True)


def written(run: "Run") -> int:
    """When `run.json` was last written, in nanoseconds; 0 where there is none."""
    try:
        return (run.folder / "run.json").stat().st_mtime_ns
    except OSError:
        return 0


def borrow(place: Place) -> None:
    """On ZeroGPU, register the function that borrows the GPU: it must be known before the page is served."""
    if place.kind == "zerogpu":
        _borrower(place)


# What is allowed


def _check(place: Place, model: str, data: str, minutes: float, name: str, paths: bool) -> float:
    """The minutes, if such a training may be started here."""
    if place.training == "off":
        raise Refused("off")
    most = MOST_MINUTES[place.training]
    if model not in SETTINGS:
        raise Refused("model", model=model)
    if not isinstance(minutes, int | float) or not 0 < minutes <= most:  # also refuses NaN
        raise Refused("minutes", most=f"{most:g}")
    if place.training == "limited":
        if (model, data) not in {preset[:2] for preset in PRESETS.values()}:
            raise Refused("limited")
        if name.strip():
            raise Refused("name")
    names = choices(model)
    if data not in names:
        if data in SETS or data in PAIRS or not paths:
            raise Refused("data", data=data, names=", ".join(names))
        if state(data) == "missing":
            raise Refused("folder", data=data)
    return float(minutes)


def _refuse_if_busy() -> None:
    if busy := active():
        raise Refused("busy", run=busy.name)


def _refuse_to_resume(place: Place, run: "Run") -> None:
    _refuse_if_busy()
    if run.is_shipped:
        raise Refused("shipped", run=run.name)
    if place.training == "limited" and not run.info.get("visitor"):
        raise Refused("limited")


# How it is done


def _config(model: str, data: str, minutes: float) -> "Config":
    from gan.config import MOST_STEPS
    from gan.models import MODELS

    colours = {"channels": SETS[data].channels} if data in SETS else {}
    settings = SETTINGS[model] | colours
    # the clock alone ends it, on however fast a machine
    return MODELS[model].config_class(data=data, minutes=minutes, steps=MOST_STEPS, **settings)


def _fresh_name(data: str) -> str:
    taken = {run.name for run in models.runs()}
    stem = re.sub(r"[^\w.-]", "-", Path(data.split(",")[0].strip()).name).lstrip(".-")[:50] or "run"
    return next(name for n in range(1, 100_000) if (name := f"{stem}-{n}") not in taken)


def _make_room(run: "Run") -> None:
    """Delete the oldest of the runs that visitors made, so that they don't fill the disk."""
    theirs = [each for each in recent() if each.info.get("visitor") and status(each) not in ACTIVE]
    for old in theirs[KEPT:]:
        if old.name != run.name:
            old.delete()


def _launch(run: "Run", place: Place) -> None:
    before = written(run)
    if place.kind == "zerogpu":
        stop = threading.Event()
        # the GPU is lent in the name of the visitor, whose request is in the context
        arguments = (_loop, run, _borrower(place), stop)
        thread = threading.Thread(target=contextvars.copy_context().run, args=arguments, daemon=True)
        _jobs[run.folder] = _Job(thread, before, stop)
        thread.start()
        return
    quiet = {"TQDM_MININTERVAL": "10", "PYTHONUNBUFFERED": "1"}
    with open(run.folder / "train.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gan", "train", "--resume", run.name],
            cwd=ROOT,
            env=os.environ | quiet | {"GAN_RUNS": str(place.runs)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C in the app's terminal is not meant for it
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
    with suppress(AttributeError, OSError):  # where there are priorities, the page comes before the training
        os.setpriority(os.PRIO_PROCESS, process.pid, 5)
    _jobs[run.folder] = _Job(process, before)


def _stop(run: "Run") -> None:
    job = _jobs.get(run.folder)
    if job is not None and status(run) == "starting" and isinstance(job.worker, subprocess.Popen):
        job.worker.kill()  # it would not heed what was asked before its first word, and has nothing to save
        job.worker.wait()
        run.set_info(status="stopped")
        return
    if job is not None:
        job.stop.set()
    run.control("stop")


def _chunk(folder: str) -> str:
    """Go on with a run for some seconds; returns how it stands in `run.json` then."""
    from gan.run import Run
    from gan.training import train

    run = Run(Path(folder))
    for _ in train(run, seconds=CHUNK):
        pass
    return run.info["status"]


@cache
def _borrower(place: Place) -> Callable[[str], str]:
    return place.gpu(duration=int(CHUNK) + 20)(_chunk)


def _loop(run: "Run", chunk: Callable[[str], str], stop: threading.Event) -> None:
    """Call for the GPU until the run is no longer "paused" by the end of a call, or someone asks to stop."""
    try:
        while not stop.is_set():
            if chunk(str(run.folder)) != "paused":
                return
        run.set_info(status="stopped")
    except Exception as error:  # the loan may be refused, too
        run.set_info(status="failed", why=str(error) or type(error).__name__)
