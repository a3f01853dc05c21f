"""Pictures that visitors give, by upload, paste or camera: taken as they come, and read safely."""

from typing import Any

import gradio as gr
from PIL import Image

from demo.server.environment import Place
from demo.ui.gradio_workarounds import unread
from demo.ui.i18n import both
from demo.ui.refusals import Refused
from gan.data.image_io import MAX_PIXELS, TooLarge, open_picture
from gan.errors import UserError

# Not mirrored: a rear camera's picture must not be, and a letter held up to the front one stays legible.
WEBCAM = gr.WebcamOptions(mirror=False, constraints={"video": {"width": {"ideal": 640}, "height": {"ideal": 480}}})
LONGEST = 1024  # side of a picture that is taken in, in the page and in the endpoints' answers, in pixels


def picture_field(label: Any, **options: Any) -> gr.Image:
    """Where a visitor gives a picture, by upload, paste or webcam; a handler is given the file as it came."""
    how = {"sources": ["upload", "clipboard", "webcam"], "type": "filepath", "format": "png", "buttons": []}
    return unread(gr.Image(label=label, webcam_options=WEBCAM, **how, **options))


def limits(place: Place, **options: Any) -> gr.HTML:
    """What may be sent here, said before anyone tries; uploads.js holds to it."""
    words = both("uploads.limits", pixels=MAX_PIXELS // 10**6, most=place.megabytes)
    return gr.HTML(words, elem_classes="limits", **options)


def read(picture: str | None) -> Image.Image | None:
    """The picture that a visitor gave, RGB; None for none. Raises Refused where it can't be read."""
    if not picture:
        return None
    try:
        return open_picture(picture, at_least=LONGEST)
    except TooLarge:
        raise Refused("translate.too_large", most=MAX_PIXELS // 10**6) from None
    except UserError:
        raise Refused("translate.unreadable") from None
