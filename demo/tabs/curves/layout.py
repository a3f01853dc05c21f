"""The components of the Curves tab: which runs, how they are drawn, and the moment of the training that is shown."""

from dataclasses import dataclass

import gradio as gr

from demo.shared import run_about
from demo.shared.links import asked_of
from demo.tabs.curves.events import MAX_RUNS, SMOOTHING, RunsView
from demo.tabs.curves.predictions import ABOUT, JS, Predictions
from demo.ui import svg_chart
from demo.ui.i18n import t
from demo.ui.results import shows_result
from gan.plots.curves import AXES, DEFAULT, PANELS


@dataclass(frozen=True, eq=False)
class Player:
    """Plays through the moments of the training: `speed` is how many a second."""

    speed: gr.Slider
    start: gr.Button
    pause: gr.Button


def panel() -> tuple[RunsView, Predictions, Player]:
    """The components, and what they show when."""
    with gr.Column(elem_id="curves-stage"):
        with gr.Row(elem_id="curves-choice"):
            experiment = gr.Dropdown(
                [], label=t("curves.experiment"), scale=4, min_width=120, elem_id="curves-experiment"
            )
            runs = gr.Dropdown(
                [],
                multiselect=True,
                max_choices=MAX_RUNS,
                label=t("curves.runs"),
                scale=7,
                min_width=120,
                elem_id="curves-runs",
            )
        with gr.Row(elem_id="curves-moment", elem_classes="at-hand"):
            step = gr.Slider(
                0, 1, value=0, step=1, label=t("curves.step"), buttons=[], scale=6, min_width=160, elem_id="curves-step"
            )
            start = gr.Button(t("curves.play"), variant="primary", min_width=80, elem_id="curves-play")
            pause = gr.Button(t("curves.pause"), min_width=80, elem_id="curves-pause")
        words = gr.HTML(css_template=ABOUT, js_on_load=JS, elem_id="experiment", elem_classes="result")
        option = gr.Radio([], label=t("curves.guess.label"), visible=False, elem_id="curves-guess")
        ends = gr.Radio([], label=t("curves.guess.whose_label"), visible=False, elem_id="curves-ends")
        drawing = svg_chart.html(elem_id="stories", seconds=2, **shows_result(779, min_height=400))
    run_about.build(runs, 2)
    with gr.Accordion(t("curves.more"), open=False), gr.Row():
        axis = gr.Radio(
            [(t(f"curves.axes.{name}"), name) for name in AXES],
            value="step",
            label=t("curves.axis"),
            scale=2,
            min_width=280,
            elem_id="curves-axis",
        )
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
    states = {"guess": gr.State({}), "at": gr.State(0), "last": gr.State(0)}
    seen = gr.Textbox("", visible="hidden", container=False)
    view = RunsView(runs, axis, panels, smoothing, log, slider=step, drawing=drawing, seen=seen, **states)
    clock = gr.Timer(0.5, active=False)
    predictions = Predictions(view, asked_of("curves"), experiment, words, option, ends, clock)
    return view, predictions, Player(speed, start, pause)
