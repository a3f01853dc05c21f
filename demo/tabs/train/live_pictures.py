"""Pictures from noise of the visitor's own, drawn on his device by the generator of a training as it is now."""

import gradio as gr

from demo.device import runtime
from demo.ui.assets import beside
from demo.ui.i18n import Language, saying
from demo.ui.templates import macros
from gan.runs.run import Run

CSS, JS, HTML = beside(__file__, "live_pictures.css"), beside(__file__, "live_pictures.js"), macros(__file__)


def panel(run: Run | None, language: Language) -> str:
    """What the script needs to know and to say of a run; empty where its pictures cannot be drawn in the page."""
    version = runtime.version()
    if run is None or not version or run.info["model"] != "dcgan":
        return ""
    return HTML.panel(saying(language), run.name, run.config.latent, version)


def build() -> gr.HTML:
    """The component."""
    return gr.HTML(css_template=CSS, js_on_load=JS, elem_id="live-pictures")
