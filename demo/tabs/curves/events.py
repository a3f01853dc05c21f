"""What the Curves tab shows for its controls: runs side by side, at a moment, as they grow."""

from dataclasses import dataclass
from math import inf, log1p
from typing import Any, NamedTuple

import gradio as gr

from demo.server import model_cache
from demo.shared import experiments
from demo.shared.run_view import page
from demo.ui import svg_chart
from demo.ui.assets import beside
from demo.ui.handlers import Shown
from demo.ui.i18n import Language, language_of
from demo.ui.refusals import Refused
from gan.plots.curves import DEFAULT, PANELS, View, check
from gan.plots.figures import downsample_minmax
from gan.plots.history import Story, tell
from gan.runs import journal
from gan.runs.run import Run

SMOOTHING = 20  # where the slider stands at first: the mean over a fortieth of a run
PLAYBACK = beside(__file__, "playback.js")
GROWN = log1p(0.01)  # a curve is drawn anew when it has grown by so much
MAX_RUNS = 4  # runs at once

# {"experiment": its key, "answer": "a", "b" or "c", "order": names of the runs as their pictures are laid out, "pick":
# the name of the run whose pictures were picked}; "" as long as no guess was made; {} without an experiment
Guess = dict[str, Any]


def stories(names: list[str] | str | None) -> list[Story]:
    """The stories of the runs of these names; raises UserError for one that is not there or for more than four."""
    names = list(dict.fromkeys([names] if isinstance(names, str) else names or []))
    if len(names) > MAX_RUNS:
        raise Refused("refused.runs", count=len(names), most=MAX_RUNS)
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


class Asked(NamedTuple):
    """What the controls say, in the order in which a handler gets them: see `RunsView.inputs`."""

    names: list[str] | None
    axis: str
    panels: list[str] | None
    smoothing: float | None
    log: bool
    guess: Guess
    step: float
    last: int = 0

    @property
    def view(self) -> View:
        """How the runs are to be drawn: panels in their own order, smoothing from 0 to 100."""
        chosen = tuple(panel for panel in PANELS if panel in (self.panels or ())) or DEFAULT
        until = experiments.HALF if self.guess and not self.guess["pick"] else inf
        return View(self.axis, chosen, max(0.0, min(100.0, self.smoothing or 0.0)) / SMOOTHING, bool(self.log), until)


@dataclass(frozen=True, eq=False)
class RunsView:
    """The components that show runs side by side, and what they show when: its methods are handlers with `outputs`.

    `at` is the step that is drawn and `last` the last there is. The slider stands at it too, but only its own event
    reads it: its end moves with the runs, and a step beyond it would be refused. `seen` is the stamp of what is drawn;
    it is kept in the page, not on the server: two answers may overtake each other on their way.
    """

    runs: gr.Dropdown
    axis: gr.Radio
    panels: gr.CheckboxGroup
    smoothing: gr.Slider
    log: gr.Checkbox
    guess: gr.State
    slider: gr.Slider
    drawing: gr.HTML
    at: gr.State
    last: gr.State
    seen: gr.Textbox

    @property
    def inputs(self) -> list[Any]:
        """What `Asked` is made of."""
        return [self.runs, self.axis, self.panels, self.smoothing, self.log, self.guess, self.at, self.last]

    @property
    def outputs(self) -> list[Any]:
        """All that `show` sets."""
        return [self.slider, self.at, self.drawing, self.seen, self.last]

    def show(self, asked: Asked, language: Language) -> Shown:
        """The runs, and the slider over all of their steps. One that stood at the end stays at the end."""
        seen = stamp(asked.names, asked.axis)  # first: what comes while it is drawn is still new
        told = stories(asked.names)
        end = max([1, *(story.last for story in told)])
        step = end if asked.step >= asked.last else min(asked.step, end)
        drawn = self._drawn(told, seen, asked._replace(step=step), language)
        return drawn | {self.slider: gr.Slider(maximum=end, value=step), self.last: end}

    def draw(self, asked: Asked, language: Language) -> Shown:
        """The runs at the step that is asked for."""
        seen = stamp(asked.names, asked.axis)
        return self._drawn(stories(asked.names), seen, asked, language)

    def _drawn(self, told: list[Story], seen: str, asked: Asked, language: Language) -> Shown:
        return {self.at: asked.step, self.drawing: page(told, asked.view, asked.step, language), self.seen: seen}

    def choose(self, request: gr.Request, *values: Any) -> Shown:
        """Other runs, or another axis."""
        return self.show(Asked(*values), language_of(request))

    def look(self, request: gr.Request, *values: Any) -> Shown:
        """The same runs seen another way."""
        return self.draw(Asked(*values), language_of(request))

    def follow(self, request: gr.Request, seen: str, *values: Any) -> Shown:
        """`show` where there is something new, else nothing; `seen` is empty until the tab has been opened."""
        asked = Asked(*values)
        if not seen or stamp(asked.names, asked.axis) == seen:
            return {}
        return self.show(asked, language_of(request))

    def slide(self, request: gr.Request, step: float, *values: Any) -> Shown:
        """Where the slider has come to; nothing where that is what is drawn."""
        asked = Asked(*values)
        return {} if step == asked.step else self.draw(asked._replace(step=step), language_of(request))

    def jump(self, last: float, event: gr.EventData) -> Shown:
        """The slider at the event that was clicked; its end is the `last` step."""
        return {self.slider: min(float(event.step), last)}


def there_now(names: list[str] | None, language: Language) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    """(experiments with their titles, runs, names): what there is now; names that there are stay, or else the first
    two are chosen."""
    there = [run.name for run in model_cache.runs()]
    known = [(experiments.text(key, "title", language), key) for key in experiments.there()]
    return known, there, [name for name in names or [] if name in there] or default(there)


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
            kept = downsample_minmax(x, y, svg_chart.POINTS)
            if len(kept) or name in story.rest:
                series[name] = {"x": x[kept].tolist(), "y": y[kept].tolist()}
        events = [event for _, _, _, event in story.marks("step")]
        answers.append(
            {"run": story.name, "model": story.model, "status": story.status, "loss": story.loss}
            | {"series": series, "rest": story.rest, "samples": [step for step, _ in story.samples]}
            | {"events": events}
        )
    return {"axis": axis, "runs": answers}
