"""The training that a class plays against: which it is, its newest pictures one by one, and what its journal says.

A sample is a sheet of 64 pictures of the same noise. The stage shows a square of them, as large as the screen; phones
are given only the others, or a look at the stage would tell. Real pictures go the way of the sheet and are cut from the
same places, and all are sent uncompressed: one data set's pictures have the same number of bytes, real or fake.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from demo import jobs
from demo.server import model_cache
from demo.shared.run_view import mark
from demo.tabs.noise.samples import real_pictures
from demo.ui.data_urls import encoded
from demo.ui.i18n import Language, say
from gan.errors import UserError
from gan.lazy import lazy
from gan.plots.figures import smooth, window
from gan.runs import journal
from gan.runs.controls import runtime_of
from gan.runs.run import Run

if TYPE_CHECKING:
    from torch import Tensor

torch = lazy("torch")
real_or_fake = lazy("gan.analysis.real_or_fake")
images = lazy("gan.images")
losses = lazy("gan.core.losses")

SIDE, SHOWN = 8, 5  # pictures in a row of a sample, and in a row of what the stage shows of it
HIDDEN = [at for at in range(SIDE * SIDE) if at // SIDE >= SHOWN or at % SIDE >= SHOWN]
PROBABLE = ("bce", "saturating")  # losses whose D answers with a probability, as a class's hit rate is one
KEPT, FRESH = 4, 1.0  # sheets in memory, and the seconds that the newest is taken for the newest
POINTS, MARKS = 160, 12  # of a line, and of what was done to a run, that are told
SHARED = 100  # steps that are shown of what a run and its branch have in common


@dataclass(frozen=True)
class Sheet:
    """The pictures of a moment as PNG: what the stage shows, and as many fakes as real ones for phones."""

    step: int
    shown: bytes
    fakes: tuple[bytes, ...]
    reals: tuple[bytes, ...]


@dataclass(frozen=True)
class Now:
    """The training that is played against; None where none has been started here. `why` there are no pictures.

    `branch` is what began beside it ("what if"), with its own sheet. `is_busy` says whether this machine trains
    anything, be it these or another run.
    """

    run: Run | None = None
    sheet: Sheet | None = None
    why: UserError | None = None
    is_busy: bool = False
    branch: Run | None = None
    branch_sheet: Sheet | None = None


_lock = threading.Lock()
_latest: tuple[float, Path | None, Now] = (0.0, None, Now())
_sheets: OrderedDict[tuple, Sheet] = OrderedDict()


def now(root: Path) -> Now:
    """What there is to play against in a folder of runs; looked up once a second for all who ask.

    While one request cuts a new sheet, the others get the one before.
    """
    global _latest
    when, where, known = _latest
    if where == root and time.monotonic() - when < FRESH:
        return known
    if not _lock.acquire(blocking=where != root or known.sheet is None):
        return known
    try:
        when, where, known = _latest
        if where != root or time.monotonic() - when >= FRESH:
            known = _look()
            _latest = time.monotonic(), root, known
        return known
    finally:
        _lock.release()


def forget() -> None:
    """Look anew at the next question: something was started."""
    global _latest
    _latest = (0.0, None, Now())


def _look() -> Now:
    runs = jobs.recent()
    is_busy = any(jobs.status(run) in jobs.ACTIVE for run in runs[:1])
    run = _found(runs)
    if run is None:
        return Now(is_busy=is_busy)
    try:
        branch = jobs.beside(run)
        return Now(run, _newest(run), None, is_busy, branch, branch and _newest(branch))
    except UserError as error:
        return Now(run, why=error, is_busy=is_busy)
    except OSError:  # the run was deleted meanwhile
        return Now(is_busy=is_busy)


def _found(runs: list[Run]) -> Run | None:
    """The DCGAN that trains now, else the last one that has pictures, of those trained here; no branch beside one."""
    names = {run.name for run in runs}
    fit = [run for run in runs if _is_fit(run) and run.info.get("beside") not in names]
    busy = next((run for run in fit[:1] if jobs.status(run) in jobs.ACTIVE), None)
    return busy or next((run for run in fit if run.samples()), None) or next(iter(fit), None)


def _is_fit(run: Run) -> bool:
    try:
        info = run.info
        return info["model"] == "dcgan" and not run.is_shipped and info["config"].get("loss", "bce") in PROBABLE
    except (UserError, KeyError):
        return False


def _newest(run: Run) -> Sheet | None:
    samples = run.samples()
    if not samples:
        return None
    step, file = samples[-1]
    key = file, file.stat().st_mtime_ns
    if key not in _sheets:
        _sheets[key] = cut(run, step)
        while len(_sheets) > KEPT:
            _sheets.popitem(last=False)
    return _sheets[key]


def cut(run: Run, step: int) -> Sheet:
    """A moment's pictures. Raises UserError where the sample or the data is not there."""
    fakes, config = real_or_fake.fakes(run, step), run.config
    real = real_pictures(config.data, config.size, config.channels)
    some = np.resize(np.random.default_rng().permutation(len(real))[: SIDE * SIDE], SIDE * SIDE)
    reals = real_or_fake.kept(real[torch.from_numpy(some)])
    square = [at for at in range(SIDE * SIDE) if at not in HIDDEN]
    shown = encoded(images.grid(fakes[square], SHOWN), "png")
    return Sheet(step, shown, *(tuple(map(_alone, each[HIDDEN])) for each in (fakes, reals)))


def _alone(picture: "Tensor") -> bytes:
    # uncompressed: what is on the picture decides nothing about its length
    return encoded(images.to_image(picture), "png", compress_level=0)


def told(found: Now, language: Language) -> dict[str, Any]:
    """What the stage shows of a training: how it stands, its lines from 0 to 1, what was done to it.

    With a branch beside it `beside` tells of that, and all lines begin shortly before the step that both begin from.
    After a "what if?" in its stead `before` has the lines of the run that it goes back to, from there on.
    """
    run = found.run
    if run is None:
        return {"run": None}
    done = [each for each in journal.events(run.folder) if each["event"] == "control"]
    beside = _beside(found, done, language) if found.branch else None
    before = None
    if (parent := run.info.get("parent")) and not beside:
        other = next((each for each in model_cache.runs("dcgan") if each.name == parent["run"]), None)
        before = other and {"name": other.name} | _lines(other, parent["step"])
    since = beside["since"] if beside else 0
    standing = _standing(run, since, language)
    standing["can_branch"] = any((run.folder / file).is_file() for file in ("before.pt", "resume.pt"))
    standing["changed"] = bool(done)
    return {
        "run": standing,
        "sample": found.sheet.step if found.sheet else None,
        "why": found.why.sentence(language) if found.why else "",
        "lines": standing.pop("lines"),
        "beside": beside,
        "before": before,
        "marks": [[each["step"], mark(each, language)] for each in done[-MARKS:] if each["step"] >= since],
    }


def _standing(run: Run, parted: int, language: Language) -> dict[str, Any]:
    """How a run stands, and its lines: of two all that comes after they `parted`, and a little of what is the same."""
    lines, standing, runtime = _lines(run, max(0, parted - SHARED), parted), jobs.status(run), runtime_of(run)
    return {
        "name": run.name,
        "status": standing,
        "standing": say(language, f"curves.status.{standing}"),
        "step": max([*lines["step"][-1:], run.info["step"]]),
        "frozen": runtime.freeze_d,
        "half": round(losses.LOSSES[run.config.loss].equilibrium(runtime.label).verdict, 3),
        "lines": lines,
    }


def _beside(found: Now, done: list[dict[str, Any]], language: Language) -> dict[str, Any]:
    """What the stage shows of a branch, and in what the two are unlike now, after what was `done` to the other one."""
    branch, since = found.branch, found.branch.info["parent"]["step"]
    here, there = runtime_of(found.run), runtime_of(branch)
    if here.freeze_d != there.freeze_d:
        now = other = "frozen" if here.freeze_d else "freed"
    elif here.rate_d != there.rate_d:
        now = other = "rate"
    elif any(each["step"] >= since and each.get("freeze_d") for each in done):
        now, other = "thawed", "frozen"
    else:
        now = other = "changed"
    return _standing(branch, since, language) | {
        "since": since,
        "sample": found.branch_sheet.step if found.branch_sheet else None,
        "with": say(language, f"room.versus.with.{now}", rate=f"{here.rate_d:g}"),
        "without": say(language, f"room.versus.without.{other}", rate=f"{there.rate_d:g}"),
    }


def _lines(run: Run, since: int = 0, parted: int = 0) -> dict[str, list[float]]:
    """{"step", "d_real", "d_fake"} of a run's journal, smoothed as its curves are, and of so many points.

    What comes after the step `parted` is smoothed by itself: until there two runs are the same.
    """
    columns = journal.columns(run.folder)
    there = np.flatnonzero(columns["step"] >= since)
    chosen = there[np.unique(np.linspace(0, len(there) - 1, min(POINTS, len(there))).astype(int))] if len(there) else []
    found = {"step": [int(step) for step in columns["step"][chosen]]} if len(there) else {"step": []}
    at = np.searchsorted(columns["step"], parted, "right")
    for name in ("d_real", "d_fake"):
        parts = [part for part in np.split(columns[name], [at]) if len(part)]
        mean = np.concatenate([smooth(part, window(len(part))) for part in parts]) if parts else []
        found[name] = [round(float(value), 3) for value in mean[chosen]] if len(there) else []
    return found
