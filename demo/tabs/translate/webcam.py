"""Live: the camera's picture translated as it comes, one frame at a time.

The visitor's own device computes where ONNX Runtime Web is there (`demo/device`). Otherwise the page sends frames here,
the next one when the answer to the last is back (webcam.js), so no queue can grow: a frame that would come too late is
never sent. Several watchers share the processor and each gets fewer frames.
"""

import base64
import threading
from io import BytesIO
from typing import Any

import gradio as gr

from demo.device import routes, runtime
from demo.server import model_cache
from demo.tabs.translate.selection import Held, Now
from demo.ui.assets import beside
from demo.ui.data_urls import data_url
from demo.ui.i18n import language_of, say, saying, t
from demo.ui.refusals import Refused
from demo.ui.sections import Section
from demo.ui.templates import macros
from gan.errors import UserError
from gan.lazy import lazy

images = lazy("gan.images")
translate = lazy("gan.inference.translate")

CSS, JS, HTML = beside(__file__, "webcam.css"), beside(__file__, "webcam.js"), macros(__file__)
START = "data:image/jpeg;base64,"
MAX_FRAME = 400_000  # characters of a frame: 128x128 pixels take some 10,000
WAIT = 1.0  # seconds that a frame waits for its turn before it is dropped

_turn = threading.Lock()  # frames take turns: two at once would each take twice as long


def frame(asked: dict[str, Any], request: gr.Request) -> dict[str, Any]:
    """Translate one frame: {"run", "direction", "picture": a JPEG as data URL} to {"picture"} of the same kind.

    {"busy": True} where too many watch at this moment, {"error": a sentence} where it cannot be done.
    """
    try:
        run, direction, picture = (str(asked[name]) for name in ("run", "direction", "picture"))
        if not picture.startswith(START) or len(picture) > MAX_FRAME:
            raise Refused("translate.unreadable")
        found = model_cache.find(run, "cyclegan")
        config, generators, _ = model_cache.networks(found)
        generator, _ = translate.pick(generators, direction)
        image = images.open_picture(BytesIO(base64.b64decode(picture[len(START) :], validate=True)))
        if not _turn.acquire(timeout=WAIT):
            return {"busy": True}
        try:
            fake = translate.translate(generator, image, size=config.size, limit=2 * config.size)
        finally:
            _turn.release()
    except UserError as error:
        return {"error": error.sentence(language_of(request))}
    except (KeyError, TypeError, ValueError):
        return {"error": say(request, "translate.unreadable")}
    return {"picture": data_url(fake, "jpeg", quality=88)}


def show(now: Held, request: gr.Request) -> tuple[str]:
    """(panel,): two squares and their buttons, with what the script needs to know and to say."""
    language, run = language_of(request), now.run
    say = saying(language, "translate.")
    there, _ = translate.DIRECTIONS[now.direction]
    device = run.config.channels, runtime.version(), routes.file_of(run, there)
    return (HTML.panel(say, run.name, now.direction, run.config.size, *device, *now.named(language)),)


def build(now: Now) -> Section:
    """The section."""
    with gr.Tab(t("translate.camera.tab"), id="camera") as tab:
        gr.Markdown(t("translate.camera.intro"))
        panel = gr.HTML(css_template=CSS, js_on_load=JS, server_functions=[frame], elem_id="camera", min_height=300)
    return Section(tab, show, [], [panel])
