"""Pictures that visitors give, by upload, paste or camera: taken as they come, and read safely."""

import gradio as gr
from PIL import Image

from demo.language import say
from gan.errors import UserError

# Not mirrored: a rear camera's picture must not be, and a letter held up to the front one stays legible.
WEBCAM = gr.WebcamOptions(mirror=False, constraints={"video": {"width": {"ideal": 640}, "height": {"ideal": 480}}})
LONGEST = 1024  # side of a picture that is taken in, in the page and in the endpoints' answers, in pixels


def unread(image: gr.Image) -> gr.Image:
    """Let a picture component hand on the file as it came: Gradio would open it before we can refuse it."""
    image.preprocess = lambda payload: getattr(payload, "path", None)
    return image


def read(picture: str | None, request: gr.Request | None) -> Image.Image | None:
    """The picture that a visitor gave, RGB; None for none. Raises UserError with a sentence in her language."""
    from gan.pictures import open_picture

    if not picture:
        return None
    try:
        return open_picture(picture, at_least=LONGEST)
    except UserError:
        raise UserError(say(request, "translate.unreadable")) from None
