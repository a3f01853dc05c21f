"""How a training stands, as plain values and as HTML: facts, the queue, what the last half step did, charts, film."""

import math
from functools import lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from demo import jobs
from demo.jobs import presets
from demo.shared.run_view import figures, mark, picture, word
from demo.ui.i18n import Language, say, saying
from demo.ui.templates import macros
from gan.data.registry import last_names
from gan.plots.curves import View, compare
from gan.plots.history import tell
from gan.runs import journal
from gan.runs.run import Run
from gan.words import sentence

HTML = macros(__file__)
# what the page says of failures that `run.json` names: nothing of the command line, and what there is to go on from
MISFORTUNES = {
    "training.blown_up": "train.blown_up",
    "machine.disk_full": "train.disk_full",
    "machine.memory_full": "train.memory_full",
}


def report(run: Run, language: Language = "en") -> dict[str, Any]:
    """How a run stands, as plain values, and why as a sentence.

    Losses and verdicts are those of the last logged step, None before it.
    """
    info, columns = run.info, journal.columns(run.folder)
    config = info["config"]
    last = {name: float(column[-1]) for name, column in columns.items()} if len(columns["step"]) else {}
    seconds = max(last.get("seconds", 0.0), info.get("seconds", 0.0))
    step = int(max(last.get("step", 0), info.get("step", 0)))
    minutes = config.get("minutes", 0)
    standing = jobs.status(run)
    recent = slice(-min(10, len(columns["step"])), None)
    took, seen = (columns[name][recent] for name in ("seconds", "images"))
    speed = float((seen[-1] - seen[0]) / (took[-1] - took[0])) if len(took) > 1 and took[-1] > took[0] else 0.0
    left = None
    if standing in jobs.ACTIVE:
        by_time = 60 * minutes - seconds if minutes else math.inf
        by_steps = (config["steps"] - step) * config["batch"] / speed if speed else math.inf
        left = max(0.0, min(by_time, by_steps))
    share = max(step / config["steps"], seconds / (60 * minutes) if minutes else 0.0)
    waiting = [each.name for each in jobs.queue()] if standing == "queued" else []
    values = {name: last.get(name) for name in ("loss_g", "loss_d", "d_real", "d_fake")}
    return {
        "run": run.name,
        "model": info["model"],
        "data": last_names(config["data"])[0],  # a folder's place on this machine is nobody's business
        "status": standing,
        "why": sentence(jobs.reason(run), language) if standing in ("failed", "interrupted") else "",
        "progress": 1.0 if standing == "finished" else min(1.0, share),
        "step": step,
        "steps": config["steps"],
        "seconds": seconds,
        "minutes": minutes,
        "seconds_left": left if left is not None and math.isfinite(left) else None,
        "images_per_second": round(speed, 1),
        **{name: value if value is not None and math.isfinite(value) else None for name, value in values.items()},
        "samples": len(run.samples()),
        "place_in_queue": waiting.index(run.name) + 1 if run.name in waiting else None,
        "parent": info.get("parent"),
        "needed": info.get("needed"),
    }


def stamp(run: Run) -> str:
    """What changes whenever there is something new to see of a run."""
    waiting = [each.name for each in jobs.queue()]
    return repr((run.name, jobs.status(run), journal.stamp(run.folder), jobs.written(run), len(run.samples()), waiting))


@lru_cache(maxsize=32)  # a class that watches the same training is shown the same page
def facts(folder: Path, stamp: str, language: Language) -> str:
    """A run as it stands: facts, why it ended, who waits, and what the last half step did, as HTML."""
    run = Run(folder)
    found = report(run, language)
    standing = found["status"]
    known = {"starting": "train.starting", "queued": "train.queued"}
    status = say(language, known.get(standing, f"curves.status.{standing}"))
    return HTML.facts(
        saying(language),
        name=run.name,
        standing=standing,
        status=status,
        progress=found["progress"],
        numbers=_numbers(found, language),
        sentences=_sentences(run, found, language),
        is_young=standing in ("starting", "running") and found["seconds"] < 60,
    )


def _numbers(found: dict[str, Any], language: Language) -> list[str]:
    """What is to be said of a run in numbers, as HTML."""
    whole = found["minutes"] * 60
    time = f"{clock(found['seconds'])} / {clock(whole)}" if whole else clock(found["seconds"])
    values = {"step": f"{found['step']:,}", "time": time, "speed": f"{found['images_per_second']:,.0f}"}
    if found["seconds_left"] is not None:
        values["left"] = clock(found["seconds_left"])
    strong = {name: HTML.number(value) for name, value in values.items()}
    return [Markup(say(language, f"train.facts.{name}", value=value)) for name, value in strong.items()]


def clock(seconds: float) -> str:
    """65 seconds as "1:05"."""
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}" if minutes >= 60 else f"{minutes}:{seconds:02}"


def _sentences(run: Run, found: dict[str, Any], language: Language) -> list[str]:
    """What is to be said of a run beside its numbers."""
    said = [why] if (why := _why(run, found, language)) else []
    if parent := found["parent"]:
        said.append(say(language, "train.child", run=parent["run"], step=f"{parent['step']:,}"))
    if needed := presets.lacks(run):
        values = {"step": f"{found['step']:,}", "needed": f"{needed:,}"}
        further = presets.further(run)
        key = "train.short.go_on" if further else "train.short.end"
        said.append(say(language, key, minutes=f"{further or 0:g}", **values))
    if found["status"] == "queued":
        said.append(say(language, "train.waits", place=found["place_in_queue"] or 1))
    elif waiting := jobs.queue():
        said.append(say(language, "train.waiting", runs=", ".join(each.name for each in waiting)))
    if found["status"] in jobs.ACTIVE and not found["samples"]:
        said.append(say(language, "train.soon"))
    events = journal.events(run.folder)
    if found["status"] == "paused" and events and events[-1]["event"] == "round":
        said.append(slow(events[-1], run.info["config"]["batch"], language))
    elif events and found["status"] in jobs.ACTIVE and events[-1]["event"] == "control":
        said.append(mark(events[-1], language))
    return said


def _why(run: Run, found: dict[str, Any], language: Language) -> str:
    """Why a run ended before its time and what there is to go on from, in sentences; empty where it did not."""
    kept = say(language, "train.kept" if (run.folder / "resume.pt").is_file() else "train.not_kept")
    if found["status"] == "failed" or found["why"]:
        why = jobs.reason(run)
        if isinstance(why, dict) and (key := MISFORTUNES.get(why.get("key"))):
            step = f"{found['step']:,}"
            return f"{say(language, key, step=step)} {kept}"
        return say(language, "train.failed", why=found["why"])
    return f"{say(language, 'train.interrupted')} {kept}" if found["status"] == "interrupted" else ""


def slow(event: dict[str, Any], batch: int, language: Language) -> str:
    """What a step in slow motion did, in a sentence or two."""
    values = {name: f"{event[name]:.3f}" for name in ("loss_g", "loss_d", "d_real", "d_fake", "grad_g", "grad_d")
              if name in event}  # fmt: skip
    halves = {"d": ("d",), "g": ("g",), "both": ("d", "g")}[event.get("who", "both")]
    return " ".join(say(language, f"train.slow.{half}", batch=batch, **values) for half in halves)


@lru_cache(maxsize=32)
def curves(folder: Path, stamp: str, language: Language) -> str:
    """A run's two charts with what was done to it, as HTML."""
    story = tell(Run(folder))
    if not len(story.columns["step"]):
        return ""
    view = View("seconds")
    marks = [(x, mark(event, language)) for x, _, _, event in story.marks(view.axis)]
    return HTML.curves(figures(compare([story], view, word(language)), 0, language, None, marks))


@lru_cache(maxsize=64)
def film(folder: Path, stamp: str, moment: int, language: Language) -> str:
    """The sample number `moment` of a run (or the last there is), as HTML."""
    story = tell(Run(folder))
    if not story.samples:
        return ""
    return picture(story, story.samples[min(moment, len(story.samples) - 1)], language)
