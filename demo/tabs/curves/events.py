"""What the Curves tab shows for its controls: runs side by side, at a moment, as they grow."""

from math import inf, log1p
from typing import Any

import gradio as gr

from demo.server import model_cache
from demo.shared import experiments
from demo.shared.run_view import page
from demo.ui import svg_chart
from demo.ui.assets import beside
from demo.ui.i18n import Language, language_of
from demo.ui.refusals import Refused
from gan.plots.curves import DEFAULT, PANELS, View, check
from gan.plots.figures import thin
from gan.plots.history import Story, tell
from gan.runs import journal
from gan.runs.run import Run

SMOOTHING = 20  # where the slider stands at first: the mean over a fortieth of a run
PLAYBACK = beside(__file__, "playback.js")
GROWN = log1p(0.01)  # a curve is drawn anew when it has grown by so much
MOST = 4  # runs at once

# {"experiment": its key, "answer": "a", "b" or "c", "order": names of the runs as their pictures are laid out, "pick":
# the name of the run whose pictures were picked}; "" as long as no guess was made; {} without an experiment
Guess = dict[str, Any]


def stories(names: list[str] | str | None) -> list[Story]:
    """The stories of the runs of these names; raises UserError for one that is not there or for more than four."""
    names = list(dict.fromkeys([names] if isinstance(names, str) else names or []))
    if len(names) > MOST:
        raise Refused("refused.runs", count=len(names), most=MOST)
    return [tell(model_cache.find(name)) for name in names]


def default(names: list[str]) -> list[str]:
    """Which runs to show first: both shipped DCGANs, or else the first two there are."""
    return [name for name in ("mnist", "fashion-mnist") if name in names] or names[:2]


def stamp(names: list[str] | None, *rest: Any) -> str:
    """What changes when there is something new to see of these runs: a longer curve, a sample, an event, a status."""
    known = {run.name: run for run in model_cache.runs()}
    chosen = [known[name] for name in names or [] if name in known]
    return repr([(run.name, run.status, *_growth(run)) for run in chosen] + list(rest))


def _growth(run: Run) -> tuple[int, int, int]:
    """(length of the curve in steps of a hundredth, samples, events): less than that would not be seen."""
    steps = journal.columns(run.folder)["step"]
    length = int(log1p(steps[-1]) / GROWN) if len(steps) else -1
    return length, len(run.samples()), len(journal.events(run.folder))


def view_of(axis: str, panels: list[str], smoothing: float, log: bool, guess: Guess) -> View:
    """The view that the controls ask for: panels in their own order, smoothing from 0 to 100."""
    chosen = tuple(panel for panel in PANELS if panel in (panels or ())) or DEFAULT
    until = experiments.HALF if guess and not guess["pick"] else inf
    return View(axis, chosen, max(0.0, min(100.0, smoothing or 0.0)) / SMOOTHING, bool(log), until)


# The handlers take the controls as they stand in the page: the names of the runs, what `view_of` takes, then the step.


def show(request: gr.Request, names: list[str] | None, *rest: Any) -> tuple:
    """(slider, step, page, stamp, the last step) for the controls and the last step there was.

    A slider that stood at the end stays at the end.
    """
    *looks, step, last = rest
    seen = stamp(names, looks[0])
    told = stories(names)
    end = max([1, *(story.last for story in told)])
    step = end if step >= last else min(step, end)
    return gr.Slider(maximum=end, value=step), step, page(told, view_of(*looks), step, language_of(request)), seen, end


def follow(request: gr.Request, names: list[str] | None, axis: str, *rest: Any) -> Any:
    """`show` where there is something new, else nothing; the last value is empty until the tab has been opened."""
    *others, seen = rest
    if not seen or stamp(names, axis) == seen:
        return gr.skip()
    return show(request, names, axis, *others)


def there_now(names: list[str] | None, language: Language) -> tuple[gr.Dropdown, gr.Dropdown, list[str]]:
    """(experiments, runs, their names): what there is now; those that were chosen stay, or else the first two are."""
    there = [run.name for run in model_cache.runs()]
    names = [name for name in names or [] if name in there] or default(there)
    known = [(experiments.text(key, "title", language), key) for key in experiments.there()]
    return gr.Dropdown(choices=known), gr.Dropdown(choices=there, value=names), names


def look(request: gr.Request, names: list[str] | None, *rest: Any) -> tuple[str, str]:
    """(page, stamp) at another step, or seen another way."""
    *looks, step = rest
    seen = stamp(names, looks[0])
    return page(stories(names), view_of(*looks), step, language_of(request)), seen


def jump(last: float, event: gr.EventData) -> float:
    """The slider at the event that was clicked; its end is the `last` step."""
    return min(float(event.step), last)


def slide(request: gr.Request, *controls: Any) -> tuple:
    """(step, page, stamp) where the slider has come to; nothing where that is what is drawn, first of `controls`."""
    at, *controls = controls
    return (gr.skip(),) * 3 if controls[-1] == at else (controls[-1], *look(request, *controls))


def endpoint(runs: list[str] | None = None, axis: str = "step") -> dict:
    """The curves of up to four runs (without names, those the page shows first) over "step", "images" or "seconds".

    {"axis", "runs": [{"run", "model", "status", "loss", "series": {name: {"x", "y"}}, "rest": {name: value},
    "samples": [step, ...], "events": [{"step", "event", ...}]}]}; the series are loss_g, loss_d, d_real, d_fake, and
    whatever else was recorded: gradients, rates, Frechet distance, classes covered, the parts of a CycleGAN's losses;
    at most 500 points each.
    """
    check(axis)
    told = stories(default([run.name for run in model_cache.runs()]) if runs is None else runs)
    answers = []
    for story in told:
        series = {}
        for name in (name for panel in PANELS.values() for name in panel):
            x, y = story.series(name, axis)
            kept = thin(x, y, svg_chart.POINTS)
            if len(kept) or name in story.rest:
                series[name] = {"x": x[kept].tolist(), "y": y[kept].tolist()}
        events = [event for _, _, _, event in story.marks("step")]
        answers.append(
            {"run": story.name, "model": story.model, "status": story.status, "loss": story.loss}
            | {"series": series, "rest": story.rest, "samples": [step for step, _ in story.samples]}
            | {"events": events}
        )
    return {"axis": axis, "runs": answers}
