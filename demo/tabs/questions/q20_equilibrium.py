"""Question 20, should the discriminator stop?, with a duel small enough to see whole.

Each visitor's duel is played in the page (q20_equilibrium.js): while it is used nothing is asked of the server, and a
page that has loaded goes on without it.
"""

import json
from typing import Any

import gradio as gr

from demo.tabs.questions import q20_api, q20_dirac, quiz_items
from demo.tabs.questions.q20_presets import DATA, DESCENTS, HOLDS, PRESETS, R1, RATES, SETTINGS, SHOWS, SPEEDS, TRIES
from demo.ui import drawing_pad as pads
from demo.ui import svg_chart
from demo.ui.assets import beside
from demo.ui.handlers import QUIET, catch_errors
from demo.ui.i18n import LANGUAGES, t
from demo.ui.sections import Section
from demo.ui.templates import macros
from gan.config import ABSOLUTE_LOSSES

CSS, HTML = svg_chart.CSS + beside(__file__, "q20_equilibrium.css"), macros(__file__)
MATHEMATICS = "".join(beside(__file__, f"{name}.js") for name in ("densities", "toy_network", "toy_gan"))
PAGE = "".join(beside(__file__, f"q20_{name}.js") for name in ("canvas", "curves", "equilibrium"))
SHOWN = ("real", "fake", "pull")  # over the verdict, at first
JS = MATHEMATICS + PAGE + f"{{{svg_chart.script()}}}"


def in_page(action: str, *more: Any) -> dict[str, Any]:
    """Options of an event that the duel in the page answers: its method of that name, given the controls' values."""
    asked = json.dumps(more)
    js = f"(...values) => document.querySelector('#duel .duel').duel.act('{action}', values, ...{asked})"
    return QUIET | {"js": js, "trigger_mode": "multiple"}


def handed() -> dict[str, Any]:
    """What the page is handed beside the controls' values: lessons, speeds, and the pad in each language."""
    lessons = {
        name: lesson._asdict() | {"tries": {each: then._asdict() for each, then in lesson.tries.items()}}
        for name, lesson in PRESETS.items()
    }
    first = {name: getattr(PRESETS["balanced"], name) for name in ("data", "loss", "descent", "rate_g", "rate_d", "r1")}
    more = {"n_critic": 1, "seed": 0, "hold": "none", "speed": "normal", "shows": SHOWN}
    return {
        "first": {"preset": "balanced"} | first | more,  # in the order of the values of an event
        "lessons": lessons,
        "speeds": SPEEDS,
        "pads": {each: pads.canvas(each, 12, 4, colours=False) for each in LANGUAGES},
    }


def panel() -> gr.HTML:
    """The component that the duel is played in."""
    looks = {"css_template": CSS, "js_on_load": JS, "min_height": 420, "elem_classes": "result"}
    return gr.HTML(HTML.duel(), elem_id="duel", **looks, **handed())


def build() -> Section:
    """The section."""

    def radio(name: str, values: Any, value: Any, **options: Any) -> gr.Radio:
        choices = [(t(f"questions.q20.{name}.{each}"), each) for each in values]
        return gr.Radio(choices, value=value, label=t(f"questions.q20.{name}_label"), elem_id=f"duel-{name}", **options)

    def number(name: str, values: tuple[float, ...], value: float, **options: Any) -> gr.Dropdown:
        choices = [(f"{each:g}", each) for each in values]
        options |= {"min_width": 140, "elem_id": f"duel-{name.replace('_', '-')}"}
        return gr.Dropdown(choices, value=value, label=t(f"questions.q20.{name}"), **options)

    first = PRESETS["balanced"]
    with gr.Tab(t("questions.q20.tab"), id="q20") as tab:
        gr.Markdown(t("questions.q20.asked"))
        with gr.Row():
            with gr.Column(scale=5, min_width=320):
                with gr.Row(elem_id="duel-buttons", elem_classes="at-hand"):
                    go = gr.Button(t("questions.q20.run"), variant="primary", min_width=120, elem_id="duel-run")
                    buttons = {
                        name: gr.Button(t(f"questions.q20.{name}"), size="md", min_width=110, elem_id=f"duel-{name}")
                        for name in ("one", "only_d", "only_g", "best", "again")
                    }
                duel = panel()
            with gr.Column(scale=2, min_width=300):
                preset = radio("preset", PRESETS, "balanced")
                about = gr.Markdown(t("questions.q20.presets.balanced.watch"), elem_id="duel-about")
                with gr.Row(elem_id="duel-tries"):
                    tries = {
                        name: gr.Button(
                            t(f"questions.q20.tries.{name}"), size="md", visible=False, elem_id=f"duel-try-{name}"
                        )
                        for name in TRIES
                    }
                data = radio("data", DATA, first.data)
                pad = gr.HTML(visible="hidden", js_on_load=pads.JS, css_template=pads.CSS, elem_id="duel-pad")
                hold = radio("hold", HOLDS, first.hold)
                loss = radio("loss", ABSOLUTE_LOSSES, first.loss)
                with gr.Row():
                    rate_g, rate_d = number("rate_g", RATES, first.rate_g), number("rate_d", RATES, first.rate_d)
                r1 = number("r1", R1, first.r1, info=t("questions.q20.r1_info"))
                speed = radio("speed", SPEEDS, "normal")
                shows = gr.CheckboxGroup(
                    [(t(f"questions.q20.shows.{name}"), name) for name in SHOWS],
                    value=list(SHOWN),
                    label=t("questions.q20.shows_label"),
                    elem_id="duel-shows",
                )
                with gr.Accordion(t("questions.q20.more"), open=False):
                    descent = radio("descent", DESCENTS, first.descent, info=t("questions.q20.descent_info"))
                    n_critic = gr.Slider(1, 5, value=1, step=1, label=t("questions.q20.n_critic"))
                    seed = gr.Number(0, precision=0, minimum=0, label=t("questions.q20.seed"))
        gr.Markdown(t("questions.q20.how"))
        gr.Markdown(t("questions.q20.text"))
        q20_dirac.build()
        quiz_items.go_on(curves="held", train="digits")
        ending = quiz_items.build("q20")
        gr.api(catch_errors(q20_api.endpoint, is_page=False), api_name="duel")

    values = [preset, data, loss, descent, rate_g, rate_d, r1, n_critic, seed, hold, speed, shows]
    go.click(None, values, None, **in_page("run"))
    for name, how in (("one", ()), ("only_d", ("g",)), ("only_g", ("d",))):
        buttons[name].click(None, values, None, **in_page("step", *how))
    buttons["best"].click(None, values, None, **in_page("toBest"))
    buttons["again"].click(None, values, None, **in_page("again"))
    controls = [data, loss, descent, rate_g, rate_d, r1, hold, n_critic]
    preset.input(None, values, [about, pad, *tries.values(), *controls], **in_page("lesson", SETTINGS, TRIES))
    for name, each in tries.items():
        each.click(None, values, controls, **in_page("attempt", SETTINGS, name))
    data.input(None, values, pad, **in_page("chooseData"))
    pad.input(None, values, None, **in_page("drawAnew"))
    settings = [loss, descent, rate_g, rate_d, r1, n_critic, seed, hold, speed, shows]
    gr.on([each.input for each in settings], None, values, None, **in_page("settle"))
    duel.change(None, None, go, js="() => document.querySelector('#duel .duel').duel.label()", **QUIET)
    return Section(tab, show, [ending], [ending])


def show(subject: None, shown: str | None, request: gr.Request) -> tuple[Any]:
    """(items,) when the section is opened."""
    return (quiz_items.once("q20", shown, request),)
