"""Curves: the duel of up to four runs side by side, and what each could draw at any moment of it."""

import base64
import csv
from html import escape
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder
from PIL import Image

from demo import charts, journals, models
from demo.figures import Column, Line, Panel, png, sheet, thin, window
from demo.handlers import on_open, polite
from demo.language import Language, language_of, say, t
from demo.place import Place
from demo.stories import MOST, Story, stories
from gan.errors import UserError

AXES = ("step", "images", "seconds")
PANELS = {"loss": {"loss_g": "spear", "loss_d": "shield"}, "verdict": {"d_real": "shield", "d_fake": "spear"}}


def check(axis: str) -> None:
    """Raises UserError for an axis that there is not."""
    if axis not in AXES:
        raise UserError(f"The axis is '{axis}'; choose one of {', '.join(AXES)}.")


def default(names: list[str]) -> list[str]:
    """Which runs to show first: both shipped DCGANs, or else the first two there are."""
    return [name for name in ("mnist", "fashion-mnist") if name in names] or names[:2]


def lines(story: Story, panel: str, axis: str, language: Language) -> list[Line]:
    """A panel's two lines over an axis."""
    rest, x = story.rest, story.columns[axis]
    return [
        Line(kind, say(language, f"curves.lines.{name}"), x, story.columns[name], rest[name])
        for name, kind in PANELS[panel].items()
    ]


def scales(told: list[Story], axis: str) -> tuple[tuple[float, float], dict[str, tuple[float, float]]]:
    """(range of x, range of y by panel) in which all these stories can be compared."""
    ends = [x.max() for story in told if len(x := story.columns[axis])]
    ranges = {panel: charts.limits([line for s in told for line in lines(s, panel, axis, "en")]) for panel in PANELS}
    low, high = ranges["verdict"]
    if not any(story.loss == "hinge" for story in told):  # what aims at 0 and 1 shows both
        ranges["verdict"] = min(low, 0.0), max(high, 1.0) if high > 1.05 else 1.0
    return (0.0, max([1.0, *ends])), ranges


def page(told: list[Story], axis: str, step: float, language: Language) -> str:
    """A column a run as HTML: its two charts, its sample at `step`, and what the dotted lines mean."""
    check(axis)
    if not told:
        return f"<p>{escape(say(language, 'curves.none'))}</p>"
    x_range, y_ranges = scales(told, axis)
    columns = []
    for story in told:
        sample = story.sample(step)
        now = None
        if sample and len(story.columns["step"]):
            now = float(np.interp(sample[0], story.columns["step"], story.columns[axis]))
        figures = "".join(
            charts.chart(
                lines(story, panel, axis, language),
                title=say(language, f"curves.panels.{panel}"),
                x_label=say(language, f"curves.axes.{axis}"),
                x_range=x_range,
                y_range=y_ranges[panel],
                now=now,
                rest_label=say(language, "curves.rest.label"),
            )
            for panel in PANELS
        )
        status = escape(say(language, f"curves.status.{story.status}"))
        columns.append(
            f'<section><h3>{escape(story.name)} <small class="{story.status}">{status}</small></h3>'
            f'<div class="story">{picture(story, sample, language)}<div>{figures}</div></div></section>'
        )
    return f'<div class="stories" style="--columns:{len(told)}">{"".join(columns)}</div>{explanation(told, language)}'


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


def explanation(told: list[Story], language: Language) -> str:
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
    counts = sorted({window(len(story.columns["step"])) for story in told})
    if counts[-1] > 1:
        numbers = "–".join(map(str, dict.fromkeys((counts[0], counts[-1]))))
        sentences.append(say(language, "curves.pale", count=numbers))
    return f'<ul class="explanation">{"".join(f"<li>{escape(s)}</li>" for s in dict.fromkeys(sentences))}</ul>'


def stamp(names: list[str] | None, *rest: Any) -> str:
    """What changes when there is something new to draw for these runs."""
    known = {run.name: run for run in models.runs()}
    chosen = [known[name] for name in names or [] if name in known]
    return repr([(run.name, run.status, journals.stamp(run.folder)) for run in chosen] + list(rest))


def show(names: list[str] | None, axis: str, step: float, last: int, request: gr.Request) -> tuple:
    """(slider, page, the last step, stamp) for these runs; a slider that stood at the end stays at the end."""
    seen = stamp(names, axis)
    told = stories(names)
    end = max([1, *(story.last for story in told)])
    step = end if step >= last else min(step, end)
    slider = gr.Slider(maximum=end, value=step)
    return slider, page(told, axis, step, language_of(request)), end, seen


def follow(names: list[str] | None, axis: str, step: float, last: int, seen: str, request: gr.Request) -> Any:
    """`show` where there is something new, else nothing; `seen` is empty until the tab has been opened."""
    if not seen or stamp(names, axis) == seen:
        return gr.skip()
    return show(names, axis, step, last, request)


def opened(names: list[str] | None, axis: str, step: float, last: int, request: gr.Request) -> tuple:
    """The runs there are now, and `show` for those that were chosen, or else for the first two."""
    there = [run.name for run in models.runs()]
    names = [name for name in names or [] if name in there] or default(there)
    return gr.Dropdown(choices=there, value=names), *show(names, axis, step, last, request)


def look(names: list[str] | None, axis: str, step: float, request: gr.Request) -> str:
    """The page at another step."""
    return page(stories(names), axis, step, language_of(request))


def endpoint(runs: list[str] | None = None, axis: str = "step") -> dict:
    """The curves of up to four runs (without names, those the page shows first) over "step", "images" or "seconds".

    {"axis", "runs": [{"run", "model", "status", "loss", "series": {name: {"x", "y"}}, "rest": {name: value},
    "samples": [step, ...]}]}; the series are loss_g, loss_d, d_real, d_fake, at most 500 points each.
    """
    check(axis)
    told = stories(default([run.name for run in models.runs()]) if runs is None else runs)
    answers = []
    for story in told:
        series, x = {}, story.columns[axis]
        for name in story.rest:
            kept = thin(x, story.columns[name], charts.POINTS)
            series[name] = {"x": x[kept].tolist(), "y": story.columns[name][kept].tolist()}
        answers.append(
            {"run": story.name, "model": story.model, "status": story.status, "loss": story.loss}
            | {"series": series, "rest": story.rest, "samples": [step for step, _ in story.samples]}
        )
    return {"axis": axis, "runs": answers}


def save_png(names: list[str] | None, axis: str, step: float, request: gr.Request) -> str:
    """The page as a picture file."""
    told, language = stories(names), language_of(request)
    if not told:
        raise UserError(say(language, "curves.none"))
    x_range, y_ranges = scales(told, axis)
    columns = []
    for story in told:
        sample = story.sample(step)
        words = caption(story, sample[0], language) if sample else ""
        panels = [lines(story, panel, axis, language) for panel in PANELS]
        columns.append(Column(story.name, panels, sample and sample[1], words))
    rows = [Panel(say(language, f"curves.panels.{panel}"), y_ranges[panel]) for panel in PANELS]
    x_label, rest_label = say(language, f"curves.axes.{axis}"), say(language, "curves.rest.label")
    figure = sheet(columns, rows, x_label, x_range, rest_label)
    return _file("curves.png", png(figure))


def save_csv(names: list[str] | None, request: gr.Request) -> str:
    """Every logged step of these runs as a table."""
    told = stories(names)
    if not told:
        raise UserError(say(request, "curves.none"))
    out = StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["run", *journals.COLUMNS])
    for story in told:
        table.writerows([story.name, *(f"{v:.10g}" for v in row)] for row in zip(*story.columns.values(), strict=True))
    return _file("curves.csv", out.getvalue().encode())


def _file(name: str, content: bytes) -> str:
    return save_bytes_to_cache(content, name, get_upload_folder())  # where Gradio clears up


def build(place: Place) -> None:
    """The Curves tab."""
    gr.Markdown(t("curves.intro"))
    with gr.Row():
        runs = gr.Dropdown(
            [],
            multiselect=True,
            max_choices=MOST,
            label=t("curves.runs"),
            scale=3,
            min_width=300,
            elem_id="curves-runs",
        )
        axis = gr.Radio(
            [(t(f"curves.axes.{name}"), name) for name in AXES],
            value="step",
            label=t("curves.axis"),
            scale=2,
            elem_id="curves-axis",
        )
    step = gr.Slider(0, 1, value=0, step=1, label=t("curves.step"), info=t("curves.step_info"), elem_id="curves-step")
    told = charts.html(elem_id="stories", min_height=400)
    with gr.Row():
        downloads = [
            gr.Button(t(f"curves.{kind}"), size="md", scale=0, min_width=200, elem_id=f"save-{kind}")
            for kind in ("png", "csv")
        ]
        ready = [gr.DownloadButton("", visible="hidden", elem_id=f"ready-{kind}") for kind in ("png", "csv")]
    last, seen = gr.State(0), gr.State("")

    settings, everything = [runs, axis, step, last], [step, told, last, seen]
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    on_open(opened, settings, [runs, *everything])
    gr.on([runs.input, axis.input], polite(show), settings, everything, trigger_mode="always_last", **quiet)
    step.input(polite(look), [runs, axis, step], told, trigger_mode="always_last", **quiet)
    gr.Timer(2).tick(
        polite(follow), [*settings, seen], everything, concurrency_limit=None, trigger_mode="once", **quiet
    )
    for button, file, save, inputs in zip(
        downloads, ready, (save_png, save_csv), ([runs, axis, step], [runs]), strict=True
    ):
        # the file is made when it is asked for, then fetched by the button that knows how
        button.click(polite(save), inputs, file, show_progress="minimal", api_visibility="private").success(
            None, None, None, js=f"() => document.querySelector('#{file.elem_id}')?.click()", api_visibility="private"
        )
    gr.api(polite(endpoint), api_name="curves")
