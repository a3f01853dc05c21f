"""A grid to pick from: up to a hundred pictures of a seed, and the discriminator's opinion of each."""

from html import escape
from math import ceil, sqrt
from typing import Any

import gradio as gr
from PIL import Image

from demo.server import model_cache
from demo.tabs.noise.samples import (
    CSS,
    JS,
    MOST,
    REAL,
    Made,
    button,
    inline,
    is_probability,
    make,
    nothing,
    sentence,
    verdict,
    verdict_on_real,
)
from demo.tabs.noise.selection import Desk, Room, takes
from demo.ui.handlers import polite, publish
from demo.ui.i18n import Language, language_of, say, t
from demo.ui.sections import LATEST, Section


def versus(made: Made, real: float | None, language: Language) -> str:
    """D's mean verdict on real pictures beside that on the generated ones, as HTML; nothing without real ones."""
    if real is None:
        return ""
    rows = []
    for name, value, count in (
        ("real", real, REAL),
        ("fake", sum(made.verdicts) / len(made.verdicts), len(made.verdicts)),
    ):
        bar = f'<i style="--share:{value:.3f}"></i>' if is_probability(made.loss) else ""
        what = sentence(language, f"versus.{name}", count=count)
        said = f"<b>{escape(verdict(value, made.loss, language))}</b>{bar}"
        head = escape(say(language, f"curves.lines.d_{name}"))
        rows.append(f"<tr><th>{head}</th><td>{said}</td><td>{what}</td></tr>")
    return f'<table class="versus">{"".join(rows)}</table>'


def page(made: Made, addresses: list[str], desk: Desk, language: Language, real: float | None = None) -> str:
    """The pictures as HTML, each with D's verdict under it, the highest and the lowest marked, the held ones too.

    `real` is D's mean verdict on real pictures.
    """
    order = sorted(range(len(made.verdicts)), key=made.verdicts.__getitem__)
    marks = {order[0]: "worst", order[-1]: "best"} if len(order) > 1 else {}
    kind = "probability" if is_probability(made.loss) else "score"
    cells = []
    for index, (image, value, address) in enumerate(zip(made.images, made.verdicts, addresses, strict=True)):
        words, mark = verdict(value, made.loss, language), marks.get(index, "")
        badge = f"<b>{sentence(language, mark)}</b>" if mark else ""
        alt = sentence(language, f"alt.{kind}", index=index + 1, verdict=words)
        bar = f'<i style="--share:{value:.3f}"></i>' if kind == "probability" else ""
        cells.append(
            f'<figure class="{mark}">{badge}{button(address, inline(image), alt, pressed=address == desk["held"])}'
            f'<figcaption title="D = {value:.4f}">{escape(words)}{bar}</figcaption></figure>'
        )
    columns = ceil(len(cells) / max(1, round(sqrt(len(cells) / 2))))  # a wide page, so a wide sheet
    legend = sentence(language, f"legend.{kind}")
    head = f'{versus(made, real, language)}<p class="legend">{legend}</p>'
    return f'{head}<div class="made" style="--columns:{columns}">{"".join(cells)}</div>'


def show(desk: Desk, run: str | None, seed: float, count: float, request: gr.Request) -> tuple[str]:
    """(page,) for a run by name, in the reader's language; a sentence where there is no run yet."""
    language = language_of(request)
    if not run:
        return (nothing(language),)
    from gan.inference.sample_id import of_seed

    found = model_cache.find(run, "dcgan")
    made, real = make(found, seed, count), verdict_on_real(found)
    shown = page(made, [of_seed(run, int(seed), i) for i in range(int(count))], desk, language, real)
    note = f'<p class="note">{sentence(language, "batch_norm")}</p>' if found.config.norm_d == "batch" else ""
    return (note + shown,)


def endpoint(run: str, seed: float, count: float) -> tuple[dict[str, Any], Image.Image]:
    """Generate pictures: {"run", "seed", "count", "kind", "verdicts", "pictures"}, and their grid as a PNG file.

    `kind` is "probability" (each verdict is D's probability that the picture is real) or "score"; `pictures` are their
    codes for the other endpoints. The pictures lie row by row in this order, 2 pixels apart.
    """
    from gan.images import grid
    from gan.inference.sample_id import of_seed

    made = make(model_cache.find(run, "dcgan"), seed, count)
    kind = "probability" if is_probability(made.loss) else "score"
    answer = {"run": run, "seed": int(seed), "count": int(count), "kind": kind, "verdicts": made.verdicts}
    return answer | {"pictures": [of_seed(run, int(seed), i) for i in range(int(count))]}, grid(made.images)


def build(room: Room, seed: gr.Number) -> Section:
    """The section."""
    with gr.Tab(t("noise.grid.tab"), id="grid") as tab:
        count = gr.Slider(1, MOST, value=16, step=1, label=t("noise.count"), elem_id="noise-count")
        pictures = gr.HTML(t("app.coming"), css_template=CSS, js_on_load=JS, elem_id="pictures", min_height=300)
        gr.Markdown(t("noise.explain"))
        publish(
            endpoint,
            [gr.Textbox("mnist", visible=False), gr.Number(0, visible=False), gr.Number(16, visible=False)],
            [gr.JSON(visible=False), gr.Image(format="png", visible=False)],
            "generate",
        )
    inputs = [room.run, seed, count]
    takes(pictures, room)
    gr.on([seed.input, count.input], polite(show), [room.desk, *inputs], [pictures], **LATEST)
    return Section(tab, show, inputs, [pictures])
