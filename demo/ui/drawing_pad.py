"""A pad to draw on with mouse, pen, finger or keyboard, brought to life by drawing_pad.js, and what was drawn on it."""

import base64
import binascii
from html import escape
from io import BytesIO

import gradio as gr
from PIL import Image

from demo.ui.assets import beside
from demo.ui.i18n import Language, say
from gan.errors import UserError

CSS, JS = beside(__file__, "drawing_pad.css"), beside(__file__, "drawing_pad.js")
LARGEST = 400_000  # characters of a drawing


def canvas(language: Language, width: int = 24, least: int = 8, *, colours: bool = True) -> str:
    """The pad, with a pen so many pixels wide, of `least` at least, and of any colour or only white."""

    def word(key: str) -> str:
        return escape(say(language, f"noise.find.pad.{key}"))

    colour = f'<label>{word("pen")} <input type="color" value="#ffffff"></label>' if colours else ""
    return (
        f'<div class="pad"><canvas width="280" height="280" tabindex="0" role="application" '
        f'aria-label="{word("alt")} {word("keys")}"></canvas><span class="nib"></span></div>'
        f'<output data-start="{word("keys")}" data-down="{word("down")}" data-up="{word("up")}"></output>'
        f'<p class="tools">{colour}'
        f'<label>{word("width")} <input type="range" min="{least}" max="60" value="{width}"></label>'
        f'<button type="button">{word("clear")}</button></p>'
    )


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
