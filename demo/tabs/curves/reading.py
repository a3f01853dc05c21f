"""Which of these runs is well? Four duels without their names, by their curves and last pictures; then the answer."""

from functools import lru_cache
from io import BytesIO
from typing import Any, NamedTuple

import gradio as gr
from markupsafe import Markup
from PIL import Image

from demo.server import model_cache
from demo.shared import experiments
from demo.shared.run_view import word
from demo.ui import svg_chart
from demo.ui.assets import beside
from demo.ui.data_urls import data_url
from demo.ui.handlers import on_open
from demo.ui.i18n import Language, language_of, say, saying, t
from demo.ui.templates import macros
from gan.plots.curves import DEFAULT, View, compare
from gan.plots.history import Story, tell
from gan.runs import journal
from gan.runs.run import Run

CSS, JS, HTML = beside(__file__, "reading.css"), beside(__file__, "reading.js"), macros(__file__)
RUNS = {"mnist-collapse": "A", "strong-d-saturating": "B", "balanced": "C", "held-d": "D"}
WELL = "balanced"
SHEET, GAP = 8, 2  # pictures in a row of a sample, pixels between two
COLUMNS, ROWS = 5, 2  # of its pictures, as many as can be told from the back row


class Shown(NamedTuple):
    """A run as it is asked about: its letter, its pictures' address, its charts; its name and what came of it."""

    letter: str
    picture: str
    charts: str
    name: str
    is_well: bool
    told: str


def page(language: Language) -> str:
    """The four runs as HTML; empty where one of them is not here."""
    there = {run.name: run for run in model_cache.runs()}
    if not there.keys() >= RUNS.keys():
        return ""
    return _page(language, tuple((there[name].folder, journal.stamp(there[name].folder)) for name in RUNS))


@lru_cache(maxsize=4)
def _page(language: Language, runs: tuple[tuple[Any, Any], ...]) -> str:
    say_of, told = saying(language, "curves.reading."), [tell(Run(folder)) for folder, _ in runs]
    compared = compare(told, View(), word(language))
    shown = []
    for story, lines in zip(told, compared.lines, strict=True):
        charts = [
            svg_chart.chart(
                lines[panel],
                title=say(language, f"curves.panels.{panel}"),
                x_label=say(language, "curves.axes.step"),
                x_range=compared.x_range,
                y_range=compared.y_ranges[panel],
            )
            for panel in DEFAULT
        ]
        shown.append(
            Shown(
                RUNS[story.name], last_pictures(story), Markup("").join(charts), story.name, *_answer(story, language)
            )
        )
    legends = [
        (say(language, f"curves.panels.{panel}"), svg_chart.legend(compared.lines[0][panel], rest))
        for panel, rest in zip(DEFAULT, ("", say(language, "curves.rest.label")), strict=True)
    ]
    return HTML.page(say_of, shown, legends)


def _answer(story: Story, language: Language) -> tuple[bool, str]:
    """(whether the run is well, what came of it in numbers)."""
    found = experiments.numbers(story)
    numbers = {name: experiments.readable(name, found[name]) for name in ("covered", "frechet")}
    return story.name == WELL, say(language, f"curves.reading.runs.{story.name}", **numbers)


def last_pictures(story: Story) -> str:
    """The first few pictures of a run's last sample, as an address."""
    _, path = story.samples[-1]
    with Image.open(BytesIO(path.read_bytes())) as sheet:
        side = (sheet.width + GAP) // SHEET
        return data_url(sheet.crop((0, 0, COLUMNS * side - GAP, ROWS * side - GAP)), "webp", lossless=True)


def show(is_shown: bool, request: gr.Request) -> tuple:
    """(page, True), once for a visitor: what came of these runs does not change."""
    return (gr.skip(), True) if is_shown else (page(language_of(request)), True)


def build() -> None:
    """The question, below the curves."""
    is_shown = gr.State(False)
    gr.Markdown(t("curves.reading.asked"))
    view = gr.HTML(css_template=svg_chart.CSS + CSS, js_on_load=JS, elem_id="reading", padding=False)
    on_open(show, [is_shown], [view, is_shown])
