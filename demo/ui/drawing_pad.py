"""A pad to draw on with mouse, pen, finger or keyboard, brought to life by drawing_pad.js, and what was drawn on it."""

import base64
import binascii
from io import BytesIO

import gradio as gr
from PIL import Image

from demo.ui.assets import beside
from demo.ui.i18n import Language, saying
from demo.ui.templates import macros
from gan.errors import UserError

CSS, JS, HTML = beside(__file__, "drawing_pad.css"), beside(__file__, "drawing_pad.js"), macros(__file__)
LARGEST = 400_000  # characters of a drawing


def canvas(language: Language, width: int = 24, least: int = 8, *, colours: bool = True) -> str:
    """The pad as HTML, with a pen so many pixels wide, of `least` at least, and of any colour or only white."""
    return HTML.canvas(saying(language, "noise.find."), width, least, colours)


def drawn(event: gr.EventData) -> str:
    """The drawing as it now is: a data address, "" for an empty pad."""
    return str(event.drawing)[:LARGEST]


def decode(drawing: str) -> Image.Image | None:
    """A drawing from its data address; None for an empty pad or what is no picture."""
    from gan.images import open_picture

    head, _, data = drawing.partition(",")
    if head != "data:image/png;base64":
        return None
    try:
        return open_picture(BytesIO(base64.b64decode(data, validate=True)))
    except (binascii.Error, UserError):
        return None
