"""Questions: the four that the class asked, each with something to move, and a section of its own."""

from typing import Any

import gradio as gr

from demo.server.environment import Place
from demo.tabs.questions import q01_upsampling, q15_pooling, q17_labels, q20_equilibrium
from demo.ui.handlers import on_open
from demo.ui.i18n import t
from demo.ui.sections import drawn, inputs_of, on_show, outputs_of

SECTIONS = {"q1": q01_upsampling, "q15": q15_pooling, "q17": q17_labels, "q20": q20_equilibrium}


def build(place: Place) -> None:
    """The Questions tab."""
    open_section = gr.State("q1")
    with gr.Tabs(overflow_behavior="wrap", elem_id="questions-sections"):
        sections = {name: module.build() for name, module in SECTIONS.items()}
    gr.Markdown(t("questions.intro"))
    inputs, outputs = inputs_of(sections.values()), outputs_of(sections.values())

    def draw(request: gr.Request, name: str, *values: Any) -> dict:
        return drawn(sections[name], None, inputs, values, request)

    on_open(draw, [open_section, *inputs], outputs)
    on_show(sections, draw, open_section, inputs)


def warm(place: Place) -> None:
    """Import what the first answers need."""
    from gan.analysis import resampling  # noqa: F401
