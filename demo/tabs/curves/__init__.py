"""Curves: the duel of up to four runs side by side, and what each could draw at any moment of it."""

import gradio as gr

from demo.server.environment import Place
from demo.shared.links import asked_of
from demo.tabs.curves.downloads import save_csv, save_film, save_png, save_svg
from demo.tabs.curves.events import MOST, PLAYBACK, SMOOTHING, endpoint, follow, jump, look, show, slide
from demo.tabs.curves.predictions import ABOUT, answer, choose, leave, opened, pick
from demo.ui import svg_chart
from demo.ui.handlers import EACH, LATEST, QUIET, on_open, polite
from demo.ui.i18n import t
from gan.plots.curves import AXES, DEFAULT, PANELS


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
    ends = gr.Radio([], label=t("curves.guess.whose_label"), visible=False, elem_id="curves-ends")
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
    told = svg_chart.html(value=t("app.coming"), elem_id="stories", min_height=400, seconds=2)
    with gr.Row():
        downloads = {
            kind: gr.Button(t(f"curves.{kind}"), size="md", scale=0, min_width=210, elem_id=f"save-{kind}")
            for kind in ("png", "svg", "csv", "gif")
        }
        ready = {kind: gr.DownloadButton("", visible="hidden", elem_id=f"ready-{kind}") for kind in downloads}
    last, guess, clock = gr.State(0), gr.State({}), gr.Timer(0.5, active=False)
    # What is drawn is kept in the page, not on the server: two answers may overtake each other on their way.
    seen = gr.Textbox("", visible="hidden", container=False)

    # Only the slider's own events read it: its end moves with the runs, and a step beyond it would be refused.
    at = gr.State(0)
    controls = [runs, axis, panels, smoothing, log, guess, at]
    drawn = [told, seen]
    settings, everything = [*controls, last], [step, at, *drawn, last]
    asked, lead = [guess, words, option, ends], asked_of("curves")
    on_open(opened, [lead, *settings], [lead, *asked, experiment, runs, panels, *everything])
    experiment.input(
        polite(choose), [experiment, axis, panels, smoothing, log, guess], [*asked, runs, panels, *everything], **LATEST
    )
    option.input(polite(answer), [option, guess], asked, **LATEST)
    ends.input(polite(pick), [ends, speed, *settings], [*asked, clock, *everything], **LATEST)
    runs.input(polite(leave), None, [experiment, *asked], **LATEST)
    gr.on([runs.input, axis.input], polite(show), settings, everything, **LATEST)
    # whoever moved it: one event draws for all, so that no answer overtakes a later one
    step.change(polite(slide), [at, *controls[:-1], step], [at, *drawn], **LATEST)
    gr.on([panels.input, smoothing.input, log.input], polite(look), controls, drawn, **LATEST)
    told.tick(polite(follow), [*settings, seen], everything, trigger_mode="once", queue=False, **QUIET)
    told.select(polite(jump), last, step, **EACH)
    start.click(None, [step, speed], [step, clock], js=f"(...given) => {PLAYBACK}.play(...given)", **QUIET)
    clock.tick(None, step, [step, clock], js=f"(...given) => {PLAYBACK}.advance(...given)", **QUIET)
    gr.on([pause.click, step.input], None, None, clock, js=f"() => {PLAYBACK}.pause()", **QUIET)
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
    gr.api(polite(endpoint, is_page=False), api_name="curves")
