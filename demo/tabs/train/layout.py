"""The components of the tab: what to train, all settings, and what is watched."""

from typing import Any

import gradio as gr

from demo.jobs import permissions, presets
from demo.server.environment import Place
from demo.tabs.train import form, live_controls, live_pictures
from demo.tabs.train.form import MODELS, OWN
from demo.tabs.train.monitor import DO, Monitor
from demo.ui import svg_chart
from demo.ui.assets import beside
from demo.ui.i18n import t
from demo.ui.results import shows_result, skeleton
from demo.ui.uploads import limits
from gan.data.image_io import SUFFIXES

CSS = beside(__file__, "layout.css")
TO_FORM = """() => {
  const chosen = document.querySelector("#train-preset input:checked");
  chosen?.focus({ preventScroll: true });
  document.querySelector("#train-preset")?.scrollIntoView();
}"""


def starting_panel(place: Place, is_free: bool) -> dict[str, Any]:
    """What to train."""
    first_name, first = next(iter(presets.PRESETS.items()))
    shows = place.training != "off"
    if place.training != "on":
        gr.Markdown(t("train.unwritable" if place.unwritable else f"train.{place.training}"))
    if place.kind == "zerogpu":
        gr.Markdown(t("train.lent"))
    ready = [name for name in presets.PRESETS if is_free or name != "zebras"]
    panel: dict[str, Any] = {"machine": gr.HTML(skeleton(52), elem_id="train-machine")}
    panel["preset"] = gr.Radio(
        [(t(f"train.presets.{name}"), name) for name in (*ready, *([OWN] if is_free else []))],
        value=first_name,
        label=t("train.preset"),
        visible=shows,
        elem_id="train-preset",
    )
    with gr.Group(visible=False) as panel["own"]:
        panel["model"] = gr.Radio(
            [(t(f"train.models.{name}"), name) for name in MODELS],
            value=first.model,
            label=t("train.model"),
            elem_id="train-model",
        )
        panel["data"] = gr.Radio(
            form.data_choices(first.model, own=is_free),
            value=first.data,
            label=t("train.data"),
            elem_id="train-data",
        )
        panel["name"] = gr.Textbox(
            label=t("train.name"), placeholder=t("train.name_info"), max_length=64, max_lines=1, elem_id="train-name"
        )
        panel["source"] = form.source_selector()
    with gr.Column(visible=False) as panel["pictures"]:
        gr.Markdown(t("train.own.how"))
        panel["folder"] = gr.Textbox(
            label=t("train.own.folder"),
            info=t("train.own.folder_info"),
            max_lines=1,
            visible=is_free and place.kind == "local",
            elem_id="train-folder",
        )
        for pile in "ab":
            panel[f"pile_{pile}"] = gr.File(
                file_count="multiple",
                file_types=["image", ".zip", *sorted(SUFFIXES)],  # browsers do not know all of them
                label=t(f"train.own.pile.{pile}"),
                height=120,
                visible=pile == "a",
                elem_id=f"train-pile-{pile}",
            )
        limits(place)
        panel["taken"] = gr.HTML(elem_id="train-taken", css_template=CSS, elem_classes="result")
    panel["minutes"] = gr.Number(
        first.minutes,
        minimum=0.1,
        maximum=permissions.MOST_MINUTES["on" if is_free else place.training] or 1,
        step=0.5,
        label=t("train.minutes"),
        visible=shows,
        elem_id="train-minutes",
    )
    panel["key"] = gr.Textbox(
        "",
        type="password",
        label=t("train.key"),
        info=t("train.key_info"),
        max_lines=1,
        visible=bool(place.key) and shows,
        elem_id="train-key",
    )
    panel["go"] = gr.Button(t("train.start"), variant="primary", size="lg", visible=shows, elem_id="train-start")
    with gr.Column(visible=False) as panel["sure"]:
        panel["question"] = gr.Markdown(elem_id="train-slow")
        panel["instead"] = gr.Button(
            t("train.slow_here.instead"), variant="primary", size="md", elem_id="train-instead"
        )
        panel["anyway"] = gr.Button(t("train.slow_here.anyway"), size="md", elem_id="train-anyway")
        panel["rather_not"] = gr.Button(t("train.slow_here.no"), size="md", elem_id="train-rather-not")
    with gr.Row(visible=shows):
        panel["measure"] = gr.Button(t("train.outlook.ask"), size="md", min_width=160, elem_id="train-measure")
        panel["halt"] = gr.Button(
            t("train.outlook.stop"), size="md", min_width=90, visible=False, elem_id="train-measure-stop"
        )
    panel["outlook"] = gr.HTML(elem_id="train-outlook", css_template=CSS, elem_classes="result")
    return panel


def settings_panel(is_free: bool) -> dict[str, Any]:
    """The settings' controls by name, as many in a line as there is room for."""
    first = next(iter(presets.PRESETS.values()))
    with gr.Accordion(t("train.all_settings"), open=False, visible=is_free, elem_id="train-settings"):
        gr.Markdown(t("train.all_settings_info"))
        with gr.Row():
            return {
                name: form.control_of(name, of, presets.quick(first.model, first.data))
                for name, of in form.settings_by_name().items()
            }


def watching_panel(place: Place) -> tuple[Monitor, dict[str, Any]]:
    """What is trained now, or was; and by name what asks once more before a run is deleted."""
    shows = place.training != "off"
    asks: dict[str, Any] = {}
    with gr.Row(elem_id="train-asked"):
        watched = gr.Dropdown(
            [],
            label=t("train.watch"),
            show_label=False,
            container=False,
            scale=3,
            min_width=180,
            elem_id="train-watch",
        )
        buttons = {
            do: gr.Button(
                t(f"train.{do}"),
                interactive=False,
                visible=shows and not (do == "pause" and place.kind == "zerogpu"),
                size="md",
                scale=1,
                min_width=90,
                elem_id=f"train-{do.replace('_', '-')}",
            )
            for do in DO
        }
        delete = gr.Button(
            t("train.delete.button"), interactive=False, visible=shows, size="md", min_width=90, elem_id="train-delete"
        )
    with gr.Group(visible=False) as asks["sure"]:
        asks["question"] = gr.Markdown(elem_id="train-question")
        with gr.Row():
            asks["keep"] = gr.Button(t("train.delete.keep"), size="md", elem_id="train-keep")
            asks["gone"] = gr.Button(t("train.delete.sure"), variant="stop", size="md", elem_id="train-gone")
    facts = svg_chart.html(CSS, elem_id="watch", seconds=1, **shows_result(100))
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            film = svg_chart.html(CSS, elem_id="film", **shows_result(429, min_height=200))
            moment = gr.Slider(
                0, 1, step=1, label=t("train.film"), interactive=False, buttons=[], elem_id="train-moment"
            )
            pictures = live_pictures.build()
        with gr.Column(scale=1, min_width=280):
            charts = svg_chart.html(CSS, elem_id="train-curves", **shows_result(475, min_height=200))
        controls = live_controls.build()  # beside the curves: one sees what one does
    with gr.Row(visible=shows, elem_id="train-to-form", elem_classes="at-hand"):
        to_form = gr.Button(t("train.new"), variant="primary", size="md", elem_id="train-new")
    to_form.click(None, None, None, js=TO_FORM, api_visibility="private", queue=False)
    return Monitor(watched, buttons, delete, facts, film, moment, pictures, charts, controls, gr.State(None)), asks
