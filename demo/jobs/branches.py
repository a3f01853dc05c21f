"""What if: a run goes on from before the last act on another, in its stead or, on a machine of one's own, beside it.

Two beside one another are two processes, each of which ends alone. The first waits until the branch has begun, so that
both go on from the same step at the same moment; `jobs.advance` lets it go on, also in an app that was started again.
"""

import threading
import time
from collections.abc import Callable

from demo import jobs
from demo.jobs.permissions import Refused, permit_control, spare, trains_two
from demo.server import model_cache
from demo.server.environment import Place
from gan.lazy import lazy
from gan.runs import journal
from gan.runs.run import ACTIVE, Run

checkpoint = lazy("gan.core.checkpoint")

PATIENCE = 15.0  # seconds that a training may take to follow what was asked


def what_if(place: Place, name: str, *, key: str = "") -> Run:
    """Go back to before the last act on a run, in a run of its own that goes on from there; the old one is stopped."""
    run = _branching(place, name, key)
    if not any((run.folder / file).is_file() for file in ("before.pt", "resume.pt")):
        raise Refused("train.refused.cannot.branch", run=run.name)
    if jobs.status(run) in ACTIVE:
        jobs.ask_to_stop(run)
        _wait(lambda: jobs.status(run) not in ACTIVE)
    with jobs.turn(place, PATIENCE):
        child = _fork(run, place)
        jobs.line_up(child)
    jobs.advance(place)
    return child


def beside(place: Place, name: str, *, key: str = "") -> Run:
    """The same while the old one trains on; raises `Refused` for a run that does not, and for a third."""
    run = _branching(place, name, key)
    if not trains_two(place):
        raise Refused("train.refused.one_machine")
    with jobs.turn(place, PATIENCE):
        active = [each.folder for each in model_cache.runs() if jobs.status(each) in ACTIVE]
        if run.folder not in active:
            raise Refused("train.refused.cannot.act", run=name)
        if len(active) > 1:
            raise Refused("train.refused.beside")
        try:
            _pause(run)
            child = _fork(run, place, beside=run.name)
            jobs.launch_now(child, place)
        except BaseException:
            threading.Thread(target=jobs.advance, args=(place,), daemon=True).start()  # it goes on after this turn
            raise
    threading.Thread(target=_see_it_begin, args=(child, place), daemon=True).start()
    return child


def _branching(place: Place, name: str, key: str) -> Run:
    """The run by its name, if it may be branched by who gives this key."""
    run = model_cache.find(name)
    permit_control(place, run, key)
    spare(place)
    return run


def _fork(run: Run, place: Place, **marked: str) -> Run:
    child = checkpoint.fork(run, jobs.fresh_name(f"{run.name[:50]}-if"), place.runs)
    passed_on = {name: run.info[name] for name in ("needed", "visitor") if run.info.get(name)}
    child.set_info(**passed_on, **marked)
    return child


def _pause(run: Run) -> None:
    """Wait until all that was asked of a training is done, and let it wait for its branch."""

    def pauses() -> int:
        return sum(each["event"] == "pause" for each in journal.events(run.folder))

    known = pauses()
    if jobs.status(run) == "paused":
        run.control("go on")
    run.control("pause", beside=True)
    _wait(lambda: jobs.status(run) not in ACTIVE or (jobs.status(run) == "paused" and pauses() > known))
    if jobs.status(run) != "paused":
        raise Refused("train.refused.cannot.act", run=run.name)


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)


def _see_it_begin(child: Run, place: Place) -> None:
    """Let the run that waits for this branch go on as soon as that has begun, or never will."""
    while jobs.status(child) == "starting":
        time.sleep(0.05)
    jobs.advance(place)
