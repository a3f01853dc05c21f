"""Question 15."""

from typing import Any

import gradio as gr

from demo.language import t
from demo.sections import Section


def show(subject: None, request: gr.Request) -> tuple[Any, ...]:
    """Nothing to draw."""
    return ()


def build() -> Section:
    """The section."""
    with gr.Tab(t("questions.q15.tab"), id="q15") as tab:
        gr.Markdown(t("questions.q15.text"))
    return Section(tab, show, [], [])
