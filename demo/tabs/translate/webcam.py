"""Live: the camera's picture translated as it comes, one frame at a time.

The page takes the next frame when the answer to the last one is here (webcam.js), so no queue can grow: a frame
that would come too late is never sent. Several watchers share the processor and each gets fewer frames.
"""

import base64
import threading
from html import escape
from io import BytesIO
from typing import Any

import gradio as gr

from demo.server import model_cache
from demo.tabs.translate.selection import Held, Now, sentence
from demo.ui.assets import beside
from demo.ui.data_urls import data_url
from demo.ui.i18n import language_of, say, t
from demo.ui.refusals import Refused
from demo.ui.sections import Section
from gan.errors import UserError

CSS, JS = beside(__file__, "webcam.css"), beside(__file__, "webcam.js")
START = "data:image/jpeg;base64,"
MOST = 400_000  # characters of a frame: 128x128 pixels take some 10,000
WAIT = 1.0  # seconds that a frame waits for its turn before it is dropped

_turn = threading.Lock()  # frames take turns: two at once would each take twice as long


def frame(asked: dict[str, Any], request: gr.Request) -> dict[str, Any]:
    """Translate one frame: {"run", "direction", "picture": a JPEG as data URL} to {"picture"} of the same kind.

    {"busy": True} where too many watch at this moment, {"error": a sentence} where it cannot be done.
    """
    from gan.images import open_picture
    from gan.inference.translate import pick, translate

    try:
        run, direction, picture = (str(asked[name]) for name in ("run", "direction", "picture"))
        if not picture.startswith(START) or len(picture) > MOST:
            raise Refused("translate.unreadable")
        found = model_cache.find(run, "cyclegan")
        config, generators, _ = model_cache.networks(found)
        generator, _ = pick(generators, direction)
        image = open_picture(BytesIO(base64.b64decode(picture[len(START) :], validate=True)))
        if not _turn.acquire(timeout=WAIT):
            return {"busy": True}
        try:
            fake = translate(generator, image, size=config.size, limit=2 * config.size)
        finally:
            _turn.release()
    except UserError as error:
        return {"error": error.sentence(language_of(request))}
    except (KeyError, TypeError, ValueError):
        return {"error": say(request, "translate.unreadable")}
    return {"picture": data_url(fake, "jpeg", quality=88)}


def show(now: Held, request: gr.Request) -> tuple[str]:
    """(panel,): two squares and their buttons, with what the script needs to know and to say."""
    language = language_of(request)
    a, b = now.named(language)
    words = "".join(
        f' data-{name}="{sentence(language, f"camera.{name}", rate="{rate}")}"'
        for name in ("denied", "insecure", "lost", "rate")
    )
    seen = "".join(
        f'<span class="{kind}">{sentence(language, f"camera.{key}")}</span>'
        for kind, key in (("as-in-a-mirror", "mirrored"), ("as-others-see", "seen"))
    )
    return (
        f'<div class="camera mirrored" data-run="{escape(now.run.name)}" data-direction="{now.direction}" '
        f'data-size="{now.run.config.size}"{words}>'
        f'<p><button type="button" class="start">{sentence(language, "camera.start")}</button>'
        f'<button type="button" class="stop">{sentence(language, "camera.stop")}</button>'
        f'<button type="button" class="other" hidden>{sentence(language, "camera.other")}</button>'
        f'<label class="mirror"><input type="checkbox" checked>{sentence(language, "camera.mirror")}</label>'
        f" <output></output></p>"
        f'<div class="frames"><figure><canvas class="seen" role="img" '
        f'aria-label="{sentence(language, "camera.seen")}"></canvas>'
        f"<figcaption>{seen}</figcaption></figure>"
        f'<figure><img class="made" alt="{sentence(language, "camera.made", a=a, b=b)}">'
        f"<figcaption>{sentence(language, 'camera.made', a=a, b=b)}</figcaption></figure></div></div>",
    )


def build(now: Now) -> Section:
    """The section."""
    with gr.Tab(t("translate.camera.tab"), id="camera") as tab:
        gr.Markdown(t("translate.camera.intro"))
        panel = gr.HTML(css_template=CSS, js_on_load=JS, server_functions=[frame], elem_id="camera", min_height=300)
    return Section(tab, show, [], [panel])
