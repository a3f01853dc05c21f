"""Trainings as everyone sees them: one at a time, the others wait; all that is known of them is their runs' folders.

Only a branch of what trains may train beside it (`demo.jobs.branches`).

What waits is "queued" in its `run.json`, so the queue outlives the app, and two apps on one folder of runs share it.
"""

import contextvars
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from demo.jobs.permissions import (
    WAITING,
    Refused,
    expired_runs,
    permit,
    permit_control,
    permit_deleting,
    spare,
)
from demo.jobs.presets import further, is_preset, needed_by
from demo.jobs.worker import Worker, last_words, launch
from demo.server import model_cache
from demo.server.environment import Place
from gan.config import Config
from gan.data.registry import absolute, last_names
from gan.errors import UserError
from gan.lazy import lazy
from gan.runs import controls, resume
from gan.runs.run import ACTIVE, Run

checkpoint = lazy("gan.core.checkpoint")

LOOK = 2.0  # seconds between two looks into the queue

_workers: dict[Path, Worker] = {}
_visitors: dict[Path, str] = {}  # who started what, where each may start one
_askers: dict[Path, contextvars.Context] = {}  # who asked for what waits, in whose name a GPU is lent
_lock = threading.RLock()
_watched: set[Path] = set()  # folders of runs whose queue this app looks after


def start(
    place: Place,
    config: Config,
    name: str = "",
    *,
    key: str = "",
    paths: bool = False,
    visitor: str = "",
    prepare: Callable[[Run], None] | None = None,
    needed: int | None = None,
) -> Run:
    """Start a training, or let it wait until what trains now is done, and return its run; it gets a name if need be.

    With `paths` (a person at this very machine) the data may be a folder. `visitor` tells people apart where each may
    have one training at a time; `prepare` is called with the run before it can start; `needed` is how many rounds it
    needs to be worth a look, where that is not known by the settings. Raises `Refused` for what is not allowed or not
    possible now, `UserError` for an unfit or taken name.
    """
    permit(place, config, key=key, name=name, preset=is_preset(config), paths=paths)
    with _lock:
        waiting = queue()
        if len(waiting) >= WAITING:
            raise Refused("train.refused.full", most=WAITING)
        limited = place.training == "limited" and not key
        if limited:
            theirs = [run for run in model_cache.runs() if visitor and _visitors.get(run.folder) == visitor]
            if any(status(run) in (*ACTIVE, "queued") for run in theirs):
                raise Refused("train.refused.one")
            for old in expired_runs([run for run in recent() if run.info.get("visitor") and at_rest(run)]):
                old.delete()
        config = replace(config, data=absolute(config.data, None))
        run = Run.create(name.strip() or fresh_name(config.data), config, place.runs, status="stopped")
        if needed := needed or needed_by(config):
            run.set_info(needed=needed)
        if limited:
            run.set_info(visitor=True)
            _visitors[run.folder] = visitor
        if prepare:
            prepare(run)
        line_up(run)
    advance(place)
    return run


def control(place: Place, name: str, do: str, *, key: str = "", patience: float = 0.0) -> Run:
    """Ask "pause", "go on", "stop" or one of `gan.runs.controls.COMMANDS` of a run.

    One that has ended unfinished is gone on with. A pause or a stop is waited for, so many seconds at most. Raises
    `Refused` for what cannot be done to a run as it stands, and `UserError` for what is not known.
    """
    run = model_cache.find(name)
    permit_control(place, run, key)
    do = "go on" if do == "resume" else do
    with _lock:
        standing = status(run)
        if do == "pause" and standing == "running":
            # a lent GPU must not idle: what is paused there is saved and gives it back
            ask_to_stop(run) if place.kind == "zerogpu" else run.control("pause")
        elif do == "stop" and standing == "queued":
            run.set_info(status="stopped")
            _askers.pop(run.folder, None)
        elif do == "stop" and standing in ACTIVE:
            ask_to_stop(run)
        elif do == "go on" and standing == "paused":
            run.control("go on")
        elif do == "go on" and standing in ("stopped", "interrupted", "failed"):
            if run.is_shipped:
                raise Refused("train.refused.shipped", run=run.name)
            resume.check(run)
            checkpoint.reached(run)  # it can be read
            spare(place)
            line_up(run)
        elif do == "go on" and (minutes := further(run)):
            spare(place)
            run.set_info(config=run.info["config"] | {"minutes": minutes})
            line_up(run)
        elif do in ("pause", "go on", "stop"):
            raise Refused(f"train.refused.cannot.{do.replace(' ', '_')}", run=name)
        else:
            wish = controls.parse(do)
            if standing not in ("running", "paused"):
                raise Refused("train.refused.cannot.act", run=name)
            if wish["do"] == "step" and standing != "paused":
                raise Refused("train.refused.cannot.step")
            run.control(**wish)
    end = time.monotonic() + patience
    while time.monotonic() < end and (
        (do == "pause" and status(run) == "running") or (do == "stop" and status(run) in ACTIVE)
    ):
        time.sleep(0.02)
    advance(place)
    return run


def delete(place: Place, name: str, *, key: str = "") -> None:
    """Delete a run with all that is in its folder. Raises `Refused` for one that came with the program or trains."""
    run = model_cache.find(name)
    permit_deleting(place, run, key)
    with _lock:
        if not at_rest(run):
            raise Refused("train.refused.training", run=name)
        run.delete()
        _workers.pop(run.folder, None)


# How runs stand


def status(run: Run) -> str:
    """`Run.status`, as this app knows it: "starting" ends with its process, and a lent GPU is never given back between
    two calls for it."""
    standing, worker = run.status, _workers.get(run.folder)
    if worker is None:
        return standing
    if not worker.is_alive():
        return "interrupted" if standing == "starting" else standing
    return "running" if worker.is_lent and standing in ("paused", "interrupted") else standing


def at_rest(run: Run) -> bool:
    """Whether a run neither trains nor waits."""
    return status(run) not in (*ACTIVE, "queued")


def reason(run: Run) -> Any:
    """Why a run failed or was interrupted, as it said itself, for `gan.words.sentence`; empty where it did not."""
    return run.info.get("why") or last_words(run)


def active() -> Run | None:
    """The run that is training now, whoever started it."""
    return next((run for run in model_cache.runs() if status(run) in ACTIVE), None)


def beside(run: Run) -> Run | None:
    """The branch that was begun last beside a run, see `demo.jobs.branches`."""
    found = [each for each in model_cache.runs() if each.info.get("beside") == run.name]
    return max(found, key=lambda each: each.info["created"], default=None)


def queue() -> list[Run]:
    """The runs that wait, the first first."""
    return sorted((run for run in model_cache.runs() if run.status == "queued"), key=written)


def recent() -> list[Run]:
    """All runs: what is training now, then its branch, then what waits, then the others by the time they last changed.

    Those that came with the program come last, in their own order: a clone writes their files in any.
    """

    def order(run: Run) -> tuple[bool, bool, bool, bool, int]:
        standing, is_shipped = status(run), run.is_shipped
        is_first = standing in ACTIVE and "beside" not in run.info
        waits = standing == "queued"
        changed = 0 if is_shipped else -written(run) if waits else written(run)
        return is_first, standing in ACTIVE, waits, not is_shipped, changed

    return sorted(model_cache.runs(replicas=False), key=order, reverse=True)


def written(run: Run) -> int:
    """When `run.json` was last written, in nanoseconds; 0 where there is none."""
    try:
        return (run.folder / "run.json").stat().st_mtime_ns
    except OSError:
        return 0


def fresh_name(data: str) -> str:
    """A name for a run that is not taken: "mnist-3"."""
    taken = {run.name for run in model_cache.runs()}
    stem = re.sub(r"[^\w.-]", "-", last_names(data)[0]).lstrip(".-")[:50] or "run"
    return next(name for n in range(1, 100_000) if (name := f"{stem}-{n}") not in taken)


# The queue


def look_after(place: Place) -> None:
    """Start what waits, one after the other, for as long as the app runs."""
    with _lock:
        if place.runs in _watched:
            return
        _watched.add(place.runs)

    def watch() -> None:
        while place.runs in _watched:
            with suppress(OSError, UserError):  # a folder that is away for a moment
                advance(place)
            time.sleep(LOOK)

    threading.Thread(target=watch, name="queue", daemon=True).start()


def line_up(run: Run) -> None:
    """Let a run wait until nothing trains."""
    run.set_info(status="queued", why="")
    _askers[run.folder] = contextvars.copy_context()


@contextmanager
def turn(place: Place, patience: float = 1.0) -> Iterator[None]:
    """Nothing else is launched meanwhile, by whatever app on this folder. Raises `Timeout` after so many seconds."""
    place.runs.mkdir(parents=True, exist_ok=True)
    with _lock, FileLock(place.runs / ".queue.lock").acquire(timeout=patience):
        yield


def advance(place: Place) -> None:
    """Launch the run that has waited longest, if none is training; of several apps on one folder only one does.

    What was paused until its branch began beside it goes on.
    """
    if not any(run.status in ("queued", "paused") for run in model_cache.runs()):
        return
    with suppress(Timeout), turn(place):
        for run in model_cache.runs():
            if status(run) == "paused" and _may_go_on(run):
                run.control("go on")
        waiting = queue()
        if waiting and active() is None:
            launch_now(waiting[0], place)


def launch_now(run: Run, place: Place) -> None:
    """Begin or go on with a run, whatever else trains; in one's own `turn`."""
    _workers[run.folder] = launch(run, place, _askers.pop(run.folder, None))


def _may_go_on(run: Run) -> bool:
    """Whether a paused run waits for a branch that has begun, or never will."""
    asked = [each for each in run.controls() if each.get("do") in ("pause", "go on", "stop")]
    branch = beside(run)
    return bool(asked) and "beside" in asked[-1] and (branch is None or status(branch) != "starting")


def ask_to_stop(run: Run) -> None:
    """Let what trains save and end."""
    worker = _workers.get(run.folder)
    if worker is not None and status(run) == "starting" and not worker.is_lent:
        worker.kill()  # it would not heed what was asked before its first word, and has nothing to save
        run.set_info(status="stopped")
        return
    if worker is not None:
        worker.stop.set()
    run.control("stop")
