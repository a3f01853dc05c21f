"""Curves: the duel of up to four runs side by side, and what each could draw at any moment of it."""

import base64
import csv
from collections.abc import Callable
from functools import partial
from html import escape
from io import BytesIO, StringIO
from math import inf, isnan, log1p
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder
from PIL import Image, ImageOps

from demo import charts, experiments, models
from demo.handlers import on_open, polite
from demo.language import Language, language_of, say, t
from demo.place import Place
from gan import journals
from gan.curves import AXES, DEFAULT, PANELS, View, check, figure, lines, recorded, scales
from gan.errors import UserError
from gan.figures import save, thin, window
from gan.stories import Story, tell

if TYPE_CHECKING:
    from gan.run import Run

SMOOTHING = 20  # where the slider stands at first: the mean over a fortieth of a run
ABOUT = "p { margin: 0 0 0.5rem; } .answer { font-weight: 600; font-size: 1.1em; }"
GROWN = log1p(0.01)  # a curve is drawn anew when it has grown by so much
GAP, FRAME = 8, 400  # of a film: pixels between pictures, milliseconds a moment


Guess = dict[str, str]  # {"experiment": its key, "answer": "a", "b", "c" or "" as long as none was given}; {} for none


MOST = 4  # runs at once


def stories(names: list[str] | str | None) -> list[Story]:
    """The stories of the runs of these names; raises UserError for one that is not there or for more than four."""
    names = list(dict.fromkeys([names] if isinstance(names, str) else names or []))
    if len(names) > MOST:
        raise UserError(f"These are {len(names)} runs; choose up to {MOST}.")
    return [tell(models.find(name)) for name in names]


def word(language: Language) -> Callable[[str], str]:
    """The words of figures in a language, by `gan.curves`' keys."""
    return lambda key: say(language, f"curves.{key}")


def default(names: list[str]) -> list[str]:
    """Which runs to show first: both shipped DCGANs, or else the first two there are."""
    return [name for name in ("mnist", "fashion-mnist") if name in names] or names[:2]


def page(told: list[Story], view: View, step: float, language: Language) -> str:
    """A column a run as HTML: its charts, its sample at `step`, what was done to it, what the dotted lines mean."""
    view.checked()
    if not told:
        return f"<p>{escape(say(language, 'curves.none'))}</p>"
    view = recorded(told, view)
    x_range, y_ranges = scales(told, view)
    names = {panel: say(language, f"curves.panels.{panel}") for panel in view.panels}
    columns = []
    for story in told:
        sample = story.sample(min(step, view.until * story.last) if view.until < 1 else step)
        now = None
        if sample and len(story.columns["step"]):
            now = float(np.interp(sample[0], story.columns["step"], story.columns[view.axis]))
        marks = [(x, mark(event, language)) for x, _, _, event in story.marks(view.axis)]
        drawings = {panel: lines(story, panel, view, word(language)) for panel in view.panels}
        figures = "".join(
            charts.chart(
                drawn,
                title=say(language, f"curves.panels.{panel}" if drawn else "curves.not_recorded", panel=names[panel]),
                x_label=say(language, f"curves.axes.{view.axis}"),
                x_range=x_range,
                y_range=y_ranges[panel],
                now=now,
                rest_label=say(language, "curves.rest.label"),
                marks=marks,
                smoothing=view.smoothing if panel not in ("frechet", "covered") else 0,
                log=view.is_log(panel),
            )
            for panel, drawn in drawings.items()
        )
        status = escape(say(language, f"curves.status.{story.status}"))
        columns.append(
            f'<section><h3>{escape(story.name)} <small class="{story.status}">{status}</small></h3>'
            f'<div class="story">{picture(story, sample, language)}<div>{figures}{jumps(story, language)}</div></div>'
            "</section>"
        )
    told_by = explanation(told, view, language)
    return f'<div class="stories" style="--columns:{len(told)}">{"".join(columns)}</div>{told_by}'


def mark(event: dict[str, Any], language: Language) -> str:
    """An event in words: "Step 1,500: discriminator held still"."""
    kind = event["event"].replace(" ", "_")
    known = ("pause", "go_on", "stop", "resume", "evaluation")
    words = [say(language, f"curves.events.{kind}")] if kind in known else []
    for name in ("hold_d", "hold_g"):
        if name in event:
            words.append(say(language, f"curves.events.{name}.{'on' if event[name] else 'off'}"))
    words += [
        say(language, f"curves.events.{name}", value=f"{event[name]:g}")
        for name in ("rate_g", "rate_d", "rounds_d", "label")
        if name in event
    ]
    return say(language, "curves.events.at", step=f"{event['step']:,}", what=", ".join(words) or event["event"])


def jumps(story: Story, language: Language) -> str:
    """What was done to a run as HTML: buttons that lead to its moment."""
    buttons = "".join(
        f'<button type="button" data-step="{step}">{escape(mark(event, language))}</button>'
        for _, step, _, event in story.marks("step")
    )
    return f'<p class="jumps">{buttons}</p>' if buttons else ""


def picture(story: Story, sample: tuple[int, Path] | None, language: Language) -> str:
    """A story's sample as HTML, with the discriminator's verdicts at that moment."""
    if sample is None:
        return f"<p>{escape(say(language, 'curves.no_sample'))}</p>"
    words = caption(story, sample[0], language)
    try:
        data = sample[1].read_bytes()
        width, height = Image.open(BytesIO(data)).size
    except OSError:  # the run was deleted while someone looked
        return f"<p>{escape(words)}</p>"
    shape = "wide" if width > 1.5 * height else ""
    source, alt = f"data:image/webp;base64,{base64.b64encode(data).decode()}", escape(f"{story.name}, {words}")
    return (
        f'<figure class="sample {shape}"><figcaption>{escape(words)}</figcaption>'
        f'<img width="{width}" height="{height}" src="{source}" alt="{alt}"></figure>'
    )


def caption(story: Story, step: int, language: Language) -> str:
    """What is said of a sample: "Step 1,413: D(real) 0.77, D(fake) 0.14"."""
    real, fake = story.at(step, "d_real"), story.at(step, "d_fake")
    if real is None:
        return say(language, "curves.sample", step=f"{step:,}")
    return say(language, "curves.sample_verdicts", step=f"{step:,}", real=f"{real:.2f}", fake=f"{fake:.2f}")


def explanation(told: list[Story], view: View, language: Language) -> str:
    """What the dotted and the pale lines mean, as HTML: one sentence for each kind of verdict and of duel."""
    sentences = []
    kinds: dict[tuple[str, str], list[Story]] = {}
    for story in told:
        kinds.setdefault((story.loss, story.model), []).append(story)
    for loss in dict.fromkeys(loss for loss, _ in kinds):
        kind = loss if loss in ("least-squares", "hinge") else "probability"
        sentences.append(say(language, f"curves.rest.{kind}"))
    for (_, model), those in kinds.items():
        values = {name: f"{value:.2f}" for name, value in those[0].rest.items()}
        names = ", ".join(story.name for story in those)
        sentences.append(say(language, f"curves.rest.{model}", runs=names, **values))
    sentences += [say(language, f"curves.about.{panel}") for panel in view.panels if panel not in DEFAULT]
    counts = sorted({window(len(story.columns["step"]), view.smoothing) for story in told})
    if counts[-1] > 1:
        numbers = "–".join(map(str, dict.fromkeys((counts[0], counts[-1]))))
        sentences.append(say(language, "curves.pale", count=numbers))
    return f'<ul class="explanation">{"".join(f"<li>{escape(s)}</li>" for s in dict.fromkeys(sentences))}</ul>'


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


def view_of(axis: str, panels: list[str], smoothing: float, log: bool, guess: Guess | None = None) -> View:
    """The view that the controls ask for: panels in their own order, smoothing from 0 to 100."""
    chosen = tuple(panel for panel in PANELS if panel in (panels or ())) or DEFAULT
    until = experiments.HALF if guess and not guess["answer"] else inf
    return View(axis, chosen, max(0.0, min(100.0, smoothing or 0.0)) / SMOOTHING, bool(log), until)


def show(
    request: gr.Request,
    names: list[str] | None,
    axis: str,
    panels: Any,
    smoothing: Any,
    log: Any,
    guess: Guess,
    step: float,
    last: int,
) -> tuple:
    """(slider, step, page, the last step, stamp) for these runs; a slider that stood at the end stays at the end."""
    seen = stamp(names, axis)
    told = stories(names)
    end = max([1, *(story.last for story in told)])
    step = end if step >= last else min(step, end)
    html = page(told, view_of(axis, panels, smoothing, log, guess), step, language_of(request))
    return gr.Slider(maximum=end, value=step), step, html, end, seen


def follow(request: gr.Request, names: list[str] | None, axis: str, *rest: Any) -> Any:
    """`show` where there is something new, else nothing; the last value is empty until the tab has been opened."""
    *controls, seen = rest
    if not seen or stamp(names, axis) == seen:
        return gr.skip()
    return show(request, names, axis, *controls)


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


def look(
    request: gr.Request,
    names: list[str] | None,
    axis: str,
    panels: Any,
    smoothing: Any,
    log: Any,
    guess: Guess,
    step: float,
) -> str:
    """The page at another step, or seen another way."""
    return page(stories(names), view_of(axis, panels, smoothing, log, guess), step, language_of(request))


def choose(
    key: str | None, axis: str, panels: Any, smoothing: Any, log: Any, step: float, last: int, request: gr.Request
) -> tuple:
    """(guess, about, options, runs, panels, *show) for an experiment: its first half, and a question."""
    language = language_of(request)
    if not key:
        nothing = gr.Radio(visible=False)
        return {}, "", nothing, *[gr.skip()] * 7
    experiment, guess = experiments.find(key), {"experiment": key, "answer": ""}
    options = [(experiments.text(key, f"options.{each}", language), each) for each in experiments.ANSWERS]
    names, chosen = list(experiment.runs), list(experiment.panels)
    shown = show(request, names, axis, chosen, smoothing, log, guess, 0, 0)
    return guess, about(guess, language), gr.Radio(choices=options, value=None, visible=True), names, chosen, *shown


def answer(
    request: gr.Request,
    guess: Guess,
    option: str | None,
    names: list[str] | None,
    axis: str,
    panels: Any,
    smoothing: Any,
    log: Any,
    step: float,
    last: int,
) -> tuple:
    """(guess, about, *show): what happened, whole, and what is to be said of the guess."""
    guess = guess | {"answer": option or ""}
    return (
        guess,
        about(guess, language_of(request)),
        *show(request, names, axis, panels, smoothing, log, guess, last, last),
    )


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


def film(told: list[Story]) -> bytes:
    """What these runs drew, side by side through all their moments, as a GIF without end."""
    moments = sorted({step for story in told for step, _ in story.samples})
    frames = []
    for step in moments:
        pictures = []
        for story in told:
            if sample := story.sample(step):
                with Image.open(sample[1]) as image:
                    pictures.append(image.convert("RGB"))
        height = max(picture.height for picture in pictures)
        frame = Image.new("RGB", (sum(p.width + GAP for p in pictures) - GAP, height), "white")
        left = 0
        for picture in pictures:
            frame.paste(picture, (left, 0))
            left += picture.width + GAP
        frames.append(frame)
    if not frames:
        raise UserError("None of these runs has kept a picture yet.")
    size = max(frame.width for frame in frames), max(frame.height for frame in frames)
    frames = [
        ImageOps.pad(frame, size, color="white", centering=(0, 0)) if frame.size != size else frame for frame in frames
    ]
    buffer = BytesIO()
    pauses = [FRAME] * (len(frames) - 1) + [8 * FRAME]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=pauses, loop=0)
    return buffer.getvalue()


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


def save_figure(
    kind: str,
    request: gr.Request,
    names: list[str],
    axis: str,
    panels: Any,
    smoothing: Any,
    log: Any,
    guess: Guess,
    step: float,
) -> str:
    """The page as a picture file, "png" or "svg"."""
    told, language = stories(names), language_of(request)
    view = view_of(axis, panels, smoothing, log, guess)
    if not told:
        raise UserError(say(language, "curves.none"))
    drawn = figure(told, view, step, word(language), partial(caption, language=language))
    return _file(f"curves.{kind}", save(drawn, kind))


def save_film(names: list[str] | None, request: gr.Request) -> str:
    """What these runs drew, as an animation."""
    told = stories(names)
    if not told:
        raise UserError(say(request, "curves.none"))
    return _file("samples.gif", film(told))


def save_csv(names: list[str] | None, request: gr.Request) -> str:
    """Every logged step of these runs as a table."""
    told = stories(names)
    if not told:
        raise UserError(say(request, "curves.none"))
    out = StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["run", *journals.COLUMNS])
    for story in told:
        rows = zip(*story.columns.values(), strict=True)
        table.writerows([story.name, *("" if isnan(v) else f"{v:.10g}" for v in row)] for row in rows)
    return _file("curves.csv", out.getvalue().encode())


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
    told = charts.html(elem_id="stories", min_height=400)
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
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    latest = quiet | {"trigger_mode": "always_last"}
    on_open(opened, settings, [experiment, runs, *everything])
    looks = [axis, panels, smoothing, log, at, last]
    asked = [guess, words, option, runs, panels, *everything]
    experiment.input(polite(choose), [experiment, *looks], asked, **latest)
    option.input(polite(answer), [guess, option, runs, *looks], [guess, words, *everything], **latest)
    runs.input(polite(leave), None, [experiment, guess, words, option], **latest)
    gr.on([runs.input, axis.input], polite(show), settings, everything, **latest)
    step.input(polite(slide), [*controls[:-1], step], [at, told], **latest)
    gr.on([panels.input, smoothing.input, log.input], polite(look), controls, told, **latest)
    gr.Timer(2).tick(
        polite(follow), [*settings, seen], everything, concurrency_limit=None, trigger_mode="once", **quiet
    )
    told.select(polite(jump), None, [step, at], **quiet).then(polite(look), controls, told, **quiet)
    start.click(polite(play), [runs, at, speed], [step, at, clock], **quiet).then(polite(look), controls, told, **quiet)
    gr.on([pause.click, step.input], lambda: gr.Timer(active=False), None, clock, queue=False, **quiet)
    clock.tick(polite(advance), [runs, at], [step, at, clock], trigger_mode="once", **quiet).then(
        polite(look), controls, told, **quiet
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
