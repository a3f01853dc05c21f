"""The lesson's own tab: where it begins, its scenes, the way into a room, and a lesson of one's own.

What it shows is filled in by the lesson's script, which knows the lesson in the reader's language.
"""

import gradio as gr

from demo.server.environment import Place
from demo.ui.assets import beside

JS = "import(new URL('lesson/cover.js', document.baseURI)).then(({ cover }) => cover(element));"


def build(place: Place) -> None:
    """The Lesson tab."""
    gr.HTML(css_template=beside(__file__, "cover.css"), js_on_load=JS, elem_id="lesson-cover", padding=False)
