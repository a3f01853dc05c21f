"""Curves: the duel of up to four runs side by side, and what each could draw at any moment of it."""

import csv
from functools import partial
from html import escape
from io import StringIO
from math import inf, isnan, log1p
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from demo import charts, experiments, models
from demo.handlers import QUIET, on_open, polite
from demo.language import Language, language_of, say, t
from demo.place import Place
from demo.stories import caption, film, page, word
from gan import journals
from gan.curves import AXES, DEFAULT, PANELS, View, check, figure
from gan.errors import UserError
from gan.figures import save, thin
from gan.stories import Story, tell

if TYPE_CHECKING:
    from gan.run import Run

SMOOTHING = 20  # where the slider stands at first: the mean over a fortieth of a run
ABOUT = "p { margin: 0 0 0.5rem; } .answer { font-weight: 600; font-size: 1.1em; }"
GROWN = log1p(0.01)  # a curve is drawn anew when it has grown by so much

Guess = dict[str, str]  # {"experiment": its key, "answer": "a", "b", "c" or "" as long as none was given}; {} for none
MOST = 4  # runs at once


def stories(names: list[str] | str | None) -> list[Story]:
    """The stories of the runs of these names; raises UserError for one that is not there or for more than four."""
    names = list(dict.fromkeys([names] if isinstance(names, str) else names or []))
    if len(names) > MOST:
        raise UserError(f"These are {len(names)} runs; choose up to {MOST}.")
    return [tell(models.find(name)) for name in names]


def default(names: list[str]) -> list[str]:
    """Which runs to show first: both shipped DCGANs, or else the first two there are."""
    return [name for name in ("mnist", "fashion-mnist") if name in names] or names[:2]


def stamp(names: list[str] | None, *rest: Any) -> str:
    """What changes when there is something new to see of these runs: a longer curve, a sample, an event, a status."""
    known = {run.name: run for run in models.runs()}
    chosen = [known[name] for name in names or [] if name in known]
    return repr([(run.name, run.status, *_growth(run)) for run in chosen] + list(rest))


def _growth(run: "Run") -> tuple[int, int, int]:
    """(length of the curve in steps of a hundredth, samples, events): less than that would not be seen."""
    steps = journals.columns(run.folder)["step"]
    length = int(log1p(steps[-1]) / GROWN) if len(steps) else -1
    return length, len(run.samples()), len(journals.events(run.folder))


def view_of(axis: str, panels: list[str], smoothing: float, log: bool, guess: Guess) -> View:
    """The view that the controls ask for: panels in their own order, smoothing from 0 to 100."""
    chosen = tuple(panel for panel in PANELS if panel in (panels or ())) or DEFAULT
    until = experiments.HALF if guess and not guess["answer"] else inf
    return View(axis, chosen, max(0.0, min(100.0, smoothing or 0.0)) / SMOOTHING, bool(log), until)


# The handlers take the controls as they stand in the page: the names of the runs, what `view_of` takes, then the step.


def show(request: gr.Request, names: list[str] | None, *rest: Any) -> tuple:
    """(slider, step, page, the last step, stamp) for the controls and the last step there was.

    A slider that stood at the end stays at the end.
    """
    *looks, step, last = rest
    view = view_of(*looks)
    seen = stamp(names, view.axis)
    told = stories(names)
    end = max([1, *(story.last for story in told)])
    step = end if step >= last else min(step, end)
    return gr.Slider(maximum=end, value=step), step, page(told, view, step, language_of(request)), end, seen


def follow(request: gr.Request, names: list[str] | None, axis: str, *rest: Any) -> Any:
    """`show` where there is something new, else nothing; the last value is empty until the tab has been opened."""
    *others, seen = rest
    if not seen or stamp(names, axis) == seen:
        return gr.skip()
    return show(request, names, axis, *others)


def opened(request: gr.Request, names: list[str] | None, *rest: Any) -> tuple:
    """The experiments and runs there are now, and `show` for those that were chosen, or else for the first two."""
    there = [run.name for run in models.runs()]
    names = [name for name in names or [] if name in there] or default(there)
    language = language_of(request)
    known = [(experiments.text(key, "title", language), key) for key in experiments.there()]
    return gr.Dropdown(choices=known), gr.Dropdown(choices=there, value=names), *show(request, names, *rest)


def leave() -> tuple:
    """(experiment, guess, about, options): none, when runs were chosen by hand."""
    return None, {}, "", gr.Radio(visible=False)


def look(request: gr.Request, names: list[str] | None, *rest: Any) -> str:
    """The page at another step, or seen another way."""
    *looks, step = rest
    return page(stories(names), view_of(*looks), step, language_of(request))


def choose(request: gr.Request, key: str | None, axis: str, panels: Any, smoothing: Any, log: Any) -> tuple:
    """(guess, about, options, runs, panels, *show) for an experiment: its first half, and a question."""
    if not key:
        return *leave()[1:], *[gr.skip()] * 7
    language, experiment, guess = language_of(request), experiments.find(key), {"experiment": key, "answer": ""}
    options = [(experiments.text(key, f"options.{each}", language), each) for each in experiments.ANSWERS]
    names, chosen = list(experiment.runs), list(experiment.panels)
    shown = show(request, names, axis, chosen, smoothing, log, guess, 0, 0)
    return guess, about(guess, language), gr.Radio(choices=options, value=None, visible=True), names, chosen, *shown


def answer(request: gr.Request, option: str | None, names: list[str] | None, *rest: Any) -> tuple:
    """(guess, about, *show): what happened, whole, and what is to be said of the guess."""
    *looks, guess, _, last = rest
    guess = guess | {"answer": option or ""}
    return guess, about(guess, language_of(request)), *show(request, names, *looks, guess, last, last)


def about(guess: Guess, language: Language) -> str:
    """An experiment in words as HTML: its question, what to look for; after the guess what happened."""
    if not guess:
        return ""
    key, given = guess["experiment"], guess["answer"]

    def part(name: str) -> str:
        return escape(experiments.text(key, name, language))

    if not given:
        return f"<p><b>{part('question')}</b> {part('look')}</p>"
    right = given == experiments.EXPERIMENTS[key].right
    verdict = escape(say(language, f"curves.guess.{'right' if right else 'wrong'}"))
    return (
        f"<p><b>{part('question')}</b></p><p class='answer'>{verdict} {part(f'answers.{given}')}</p>"
        f"<p>{part('happened')}</p>"
    )


def jump(event: gr.EventData) -> tuple[float, float]:
    """(slider, step) of the event that was clicked."""
    return float(event.step), float(event.step)


def advance(names: list[str] | None, step: float) -> tuple[Any, Any, gr.Timer]:
    """(slider, step, clock): on to the next moment that a sample was made at; the clock stops at the end."""
    later = sorted({s for story in stories(names) for s, _ in story.samples if s > step})
    if not later:
        return gr.skip(), gr.skip(), gr.Timer(active=False)
    return later[0], later[0], gr.Timer(active=True)


def play(names: list[str] | None, step: float, speed: float) -> tuple[float, float, gr.Timer]:
    """(slider, step, clock): play from here, or from the beginning where this is the end."""
    ends = [story.samples[-1][0] for story in stories(names) if story.samples]
    step = 0 if not ends or step >= max(ends) else step
    return step, step, gr.Timer(1 / speed, active=True)


def slide(request: gr.Request, *controls: Any) -> tuple[float, str]:
    """(step, page) where the slider was moved to."""
    return controls[-1], look(request, *controls)


def endpoint(runs: list[str] | None = None, axis: str = "step") -> dict:
    """The curves of up to four runs (without names, those the page shows first) over "step", "images" or "seconds".

    {"axis", "runs": [{"run", "model", "status", "loss", "series": {name: {"x", "y"}}, "rest": {name: value},
    "samples": [step, ...], "events": [{"step", "event", ...}]}]}; the series are loss_g, loss_d, d_real, d_fake, and
    whatever else was recorded: gradients, rates, Frechet distance, classes covered, the parts of a CycleGAN's losses;
    at most 500 points each.
    """
    check(axis)
    told = stories(default([run.name for run in models.runs()]) if runs is None else runs)
    answers = []
    for story in told:
        series = {}
        for name in (name for panel in PANELS.values() for name in panel):
            x, y = story.series(name, axis)
            kept = thin(x, y, charts.POINTS)
            if len(kept) or name in story.rest:
                series[name] = {"x": x[kept].tolist(), "y": y[kept].tolist()}
        events = [event for _, _, _, event in story.marks("step")]
        answers.append(
            {"run": story.name, "model": story.model, "status": story.status, "loss": story.loss}
            | {"series": series, "rest": story.rest, "samples": [step for step, _ in story.samples]}
            | {"events": events}
        )
    return {"axis": axis, "runs": answers}


def save_png(request: gr.Request, *controls: Any) -> str:
    """The page as a PNG file, for what `look` takes."""
    return save_figure("png", request, *controls)


def save_svg(request: gr.Request, *controls: Any) -> str:
    """The page as an SVG file."""
    return save_figure("svg", request, *controls)


def save_figure(kind: str, request: gr.Request, names: list[str], *rest: Any) -> str:
    """The page as a picture file, "png" or "svg"."""
    *looks, step = rest
    language = language_of(request)
    drawn = figure(some(names, request), view_of(*looks), step, word(language), partial(caption, language=language))
    return _file(f"curves.{kind}", save(drawn, kind))


def save_film(names: list[str] | None, request: gr.Request) -> str:
    """What these runs drew, as an animation."""
    return _file("samples.gif", film(some(names, request)))


def save_csv(names: list[str] | None, request: gr.Request) -> str:
    """Every logged step of these runs as a table."""
    out = StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["run", *journals.COLUMNS])
    for story in some(names, request):
        rows = zip(*story.columns.values(), strict=True)
        table.writerows([story.name, *("" if isnan(v) else f"{v:.10g}" for v in row)] for row in rows)
    return _file("curves.csv", out.getvalue().encode())


def some(names: list[str] | None, request: gr.Request) -> list[Story]:
    """`stories`, of one run at least; raises UserError with a sentence in the reader's language."""
    told = stories(names)
    if not told:
        raise UserError(say(request, "curves.none"))
    return told


def _file(name: str, content: bytes) -> str:
    return save_bytes_to_cache(content, name, get_upload_folder())  # where Gradio clears up


def build(place: Place) -> None:
    """The Curves tab."""
    gr.Markdown(t("curves.intro"))
    with gr.Row():
        experiment = gr.Dropdown([], label=t("curves.experiment"), scale=3, min_width=280, elem_id="curves-experiment")
        runs = gr.Dropdown(
            [],
            multiselect=True,
            max_choices=MOST,
            label=t("curves.runs"),
            scale=3,
            min_width=280,
            elem_id="curves-runs",
        )
        axis = gr.Radio(
            [(t(f"curves.axes.{name}"), name) for name in AXES],
            value="step",
            label=t("curves.axis"),
            scale=2,
            min_width=280,
            elem_id="curves-axis",
        )
    words = gr.HTML(css_template=ABOUT, elem_id="experiment")
    option = gr.Radio([], label=t("curves.guess.label"), visible=False, elem_id="curves-guess")
    with gr.Accordion(t("curves.more"), open=False), gr.Row():
        panels = gr.CheckboxGroup(
            [(t(f"curves.panels.{name}"), name) for name in PANELS],
            value=list(DEFAULT),
            label=t("curves.shown"),
            min_width=300,
            scale=3,
            elem_id="curves-panels",
        )
        smoothing = gr.Slider(
            0, 100, value=SMOOTHING, step=1, label=t("curves.smoothing"), min_width=200, elem_id="curves-smoothing"
        )
        speed = gr.Slider(0.5, 5, value=2, step=0.5, label=t("curves.speed"), min_width=200, elem_id="curves-speed")
        log = gr.Checkbox(False, label=t("curves.log"), info=t("curves.log_info"), min_width=200, elem_id="curves-log")
    with gr.Row(elem_id="curves-moment"):
        step = gr.Slider(
            0,
            1,
            value=0,
            step=1,
            label=t("curves.step"),
            info=t("curves.step_info"),
            scale=6,
            min_width=280,
            elem_id="curves-step",
        )
        start = gr.Button(t("curves.play"), variant="primary", min_width=100, elem_id="curves-play")
        pause = gr.Button(t("curves.pause"), min_width=100, elem_id="curves-pause")
    told = charts.html(elem_id="stories", min_height=400, seconds=2)
    with gr.Row():
        downloads = {
            kind: gr.Button(t(f"curves.{kind}"), size="md", scale=0, min_width=180, elem_id=f"save-{kind}")
            for kind in ("png", "svg", "csv", "gif")
        }
        ready = {kind: gr.DownloadButton("", visible="hidden", elem_id=f"ready-{kind}") for kind in downloads}
    last, seen, guess, clock = gr.State(0), gr.State(""), gr.State({}), gr.Timer(0.5, active=False)

    # Only the slider's own events read it: its end moves with the runs, and a step beyond it would be refused.
    at = gr.State(0)
    controls = [runs, axis, panels, smoothing, log, guess, at]
    settings, everything = [*controls, last], [step, at, told, last, seen]
    latest = QUIET | {"trigger_mode": "always_last"}
    on_open(opened, settings, [experiment, runs, *everything])
    asked = [guess, words, option, runs, panels, *everything]
    experiment.input(polite(choose), [experiment, axis, panels, smoothing, log], asked, **latest)
    option.input(polite(answer), [option, *settings], [guess, words, *everything], **latest)
    runs.input(polite(leave), None, [experiment, guess, words, option], **latest)
    gr.on([runs.input, axis.input], polite(show), settings, everything, **latest)
    step.input(polite(slide), [*controls[:-1], step], [at, told], **latest)
    gr.on([panels.input, smoothing.input, log.input], polite(look), controls, told, **latest)
    told.tick(polite(follow), [*settings, seen], everything, trigger_mode="once", queue=False, **QUIET)
    told.select(polite(jump), None, [step, at], **QUIET).then(polite(look), controls, told, **QUIET)
    start.click(polite(play), [runs, at, speed], [step, at, clock], **QUIET).then(polite(look), controls, told, **QUIET)
    gr.on([pause.click, step.input], lambda: gr.Timer(active=False), None, clock, queue=False, **QUIET)
    clock.tick(polite(advance), [runs, at], [step, at, clock], trigger_mode="once", **QUIET).then(
        polite(look), controls, told, **QUIET
    )
    saves = {
        "png": (save_png, controls),
        "svg": (save_svg, controls),
        "csv": (save_csv, [runs]),
        "gif": (save_film, [runs]),
    }
    for kind, (function, inputs) in saves.items():
        # the file is made when it is asked for, then fetched by the button that knows how
        file = ready[kind]
        downloads[kind].click(
            polite(function), inputs, file, show_progress="minimal", api_visibility="private"
        ).success(
            None, None, None, js=f"() => document.querySelector('#{file.elem_id}')?.click()", api_visibility="private"
        )
    gr.api(polite(endpoint), api_name="curves")
