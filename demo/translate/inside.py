"""Inside: what the networks make of the picture on the way."""

import gradio as gr

from demo.language import t
from demo.translate.desk import Held, Now, Section


def show(now: Held, request: gr.Request) -> tuple[str]:
    return ("",)


def build(now: Now) -> Section:
    """The section."""
    with gr.Tab(t("translate.inside.tab"), id="inside") as tab:
        gr.Markdown(t("translate.inside.intro"))
        view = gr.HTML(elem_id="inside", min_height=300)
    return Section(tab, show, [], [view])
