"""A grid to pick from: up to a hundred pictures of a seed, and the discriminator's opinion of each."""

from math import ceil, sqrt
from typing import Any

import gradio as gr
from PIL import Image

from demo.device import routes
from demo.server import model_cache
from demo.tabs.noise.samples import (
    CSS,
    JS,
    MAX_PICTURES,
    REAL,
    Made,
    button,
    device_of,
    inline,
    is_probability,
    make,
    nothing,
    verdict,
    verdict_on_real,
)
from demo.tabs.noise.selection import Desk, Room, connect_selection
from demo.ui.assets import beside
from demo.ui.handlers import add_endpoint, catch_errors
from demo.ui.i18n import Language, language_of, saying, t
from demo.ui.results import shows_result
from demo.ui.sections import LATEST, Section
from demo.ui.templates import macros
from gan.lazy import lazy

images = lazy("gan.images")
sample_id = lazy("gan.inference.sample_id")

CSS, JS, HTML = CSS + beside(__file__, "grid.css"), JS + beside(__file__, "grid.js"), macros(__file__)
SHEET = 677  # pixels that the sixteen pictures at first take


def versus(made: Made, real: float | None, language: Language) -> str:
    """D's mean verdict on real pictures beside that on the generated ones, as HTML; nothing without real ones."""
    if real is None:
        return ""
    say, count = saying(language), len(made.verdicts)
    rows = [
        {"head": head, "value": value, "verdict": verdict(value, made.loss, language), "what": what}
        for head, value, what in (
            (say("curves.lines.d_real"), real, say("noise.versus.real", count=REAL)),
            (say("curves.lines.d_fake"), sum(made.verdicts) / count, say("noise.versus.fake", count=count)),
        )
    ]
    return HTML.versus(rows, is_probability(made.loss))


def page(
    made: Made,
    addresses: list[str],
    desk: Desk,
    language: Language,
    real: float | None = None,
    device: tuple[str, str] = ("", ""),
    noise: str = "",
) -> str:
    """The pictures as HTML, each with D's verdict under it, the highest and the lowest marked, the held ones too.

    `real` is D's mean verdict on real pictures; `device` and `noise` are what grid.js needs to draw more of them.
    """
    order = sorted(range(len(made.verdicts)), key=made.verdicts.__getitem__)
    marks = {order[0]: "worst", order[-1]: "best"} if len(order) > 1 else {}
    kind = "probability" if is_probability(made.loss) else "score"
    cells, say = [], saying(language, "noise.")
    for index, (image, value, address) in enumerate(zip(made.images, made.verdicts, addresses, strict=True)):
        words, mark = verdict(value, made.loss, language), marks.get(index, "")
        alt = say(f"alt.{kind}", index=index + 1, verdict=words)
        picture = button(address, inline(image), alt, pressed=address == desk["held"])
        badge = say(mark) if mark else ""
        cells.append({"mark": mark, "badge": badge, "picture": picture, "value": value, "verdict": words})
    columns = ceil(len(cells) / max(1, round(sqrt(len(cells) / 2))))  # a wide page, so a wide sheet
    legend = say(f"legend.{kind}")
    opinion = versus(made, real, language)
    return HTML.page(opinion, legend, cells, columns, is_probability(made.loss), device, noise, MAX_PICTURES)


def show(desk: Desk, run: str | None, seed: float, count: float, request: gr.Request) -> tuple[str]:
    """(page,) for a run by name, in the reader's language; a sentence where there is no run yet."""
    language = language_of(request)
    if not run:
        return (nothing(language, SHEET),)

    found = model_cache.find(run, "dcgan")
    made, real = make(found, seed, count), verdict_on_real(found)
    addresses = [sample_id.of_seed(run, int(seed), index) for index in range(int(count))]
    noise = routes.noise_of(found, int(seed))
    shown = page(made, addresses, desk, language, real, device_of(found), noise)
    if found.config.norm_d == "batch":
        shown = HTML.note(saying(language, "noise.")) + shown
    return (shown,)


def endpoint(run: str, seed: float, count: float) -> tuple[dict[str, Any], Image.Image]:
    """Generate pictures: {"run", "seed", "count", "kind", "verdicts", "pictures"}, and their grid as a PNG file.

    `kind` is "probability" (each verdict is D's probability that the picture is real) or "score"; `pictures` are their
    codes for the other endpoints. The pictures lie row by row in this order, 2 pixels apart.
    """
    made = make(model_cache.find(run, "dcgan"), seed, count)
    kind = "probability" if is_probability(made.loss) else "score"
    answer = {"run": run, "seed": int(seed), "count": int(count), "kind": kind, "verdicts": made.verdicts}
    codes = [sample_id.of_seed(run, int(seed), index) for index in range(int(count))]
    return answer | {"pictures": codes}, images.grid(made.images)


def build(room: Room, seed: gr.Number) -> Section:
    """The section."""
    with gr.Tab(t("noise.grid.tab"), id="grid") as tab:
        pictures = gr.HTML(css_template=CSS, js_on_load=JS, elem_id="pictures", **shows_result(SHEET, min_height=300))
        count = gr.Slider(1, MAX_PICTURES, value=16, step=1, label=t("noise.count"), elem_id="noise-count")
        gr.Markdown(t("noise.explain"))
        add_endpoint(
            endpoint,
            [gr.Textbox("mnist", visible=False), gr.Number(0, visible=False), gr.Number(16, visible=False)],
            [gr.JSON(visible=False), gr.Image(format="png", visible=False)],
            "generate",
        )
    inputs = [room.run, seed, count]
    connect_selection(pictures, room)
    gr.on([seed.input, count.input], catch_errors(show), [room.desk, *inputs], [pictures], **LATEST)
    return Section(tab, show, inputs, [pictures])
