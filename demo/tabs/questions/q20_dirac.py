"""Question 20's fold on gradient penalties: the Dirac-GAN, played in the page alone (dirac_gan.js, q20_dirac.js)."""

import gradio as gr

from demo.ui.assets import beside
from demo.ui.i18n import t
from demo.ui.templates import macros

CSS, HTML = beside(__file__, "q20_dirac.css"), macros(__file__)
MATHEMATICS = beside(__file__, "dirac_gan.js")
JS = MATHEMATICS + beside(__file__, "q20_dirac.js")


def build() -> None:
    """The fold: its picture first, then what it shows."""
    with gr.Accordion(t("questions.q20.dirac.title"), open=False, elem_id="q20-dirac-fold"):
        gr.HTML(HTML.dirac(), css_template=CSS, js_on_load=JS, elem_id="q20-dirac", padding=False)
        gr.Markdown(t("questions.q20.dirac.text"))
