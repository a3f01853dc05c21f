"""Noise to image: a page full of pictures that never existed, and the discriminator's opinion of each."""

import base64
import random
from contextlib import suppress
from functools import lru_cache
from html import escape
from io import BytesIO
from math import ceil, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr
from PIL import Image

from demo import models
from demo.handlers import on_open, polite
from demo.language import Language, language_of, say, t
from demo.place import Place
from gan.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from gan.run import Run

MOST = 100  # pictures at once
SEEDS = 2**31 - 1
CSS = (Path(__file__).parent / "assets" / "noise.css").read_text(encoding="utf-8")


class Made(NamedTuple):
    """Pictures a generator made: uint8 [n, C, S, S], what D says of each, and of which loss that verdict is."""

    images: "Tensor"
    verdicts: list[float]
    loss: str


def make(run: "Run", seed: float, count: float) -> Made:
    """The first `count` pictures of a seed (whole numbers, 1 to 100 and 0 to 2^31 - 1), and D's verdict on each.

    Raises UserError for a number outside, or where the run has no weights yet.
    """
    for name, value, low, high in (("seed", seed, 0, SEEDS), ("count", count, 1, MOST)):
        if value is None or not low <= value <= high or value != int(value):
            raise UserError(f"The {name} is {value}; choose a whole number from {low} to {high}.")
    return _make(run.folder, models.stamp(run), int(seed), int(count))


@lru_cache(maxsize=32)  # a class that opens the page sees the same pictures
def _make(folder: Path, stamp: tuple[int, int], seed: int, count: int) -> Made:
    import torch

    from gan.latent import noise
    from gan.losses import LOSSES
    from gan.pictures import to_uint8
    from gan.run import Run

    config, generators, discriminators = models.networks(Run(folder))
    with torch.inference_mode():
        images = generators["g"](noise(count, config.latent, seed))
        verdicts = LOSSES[config.loss].verdict(discriminators["d"](images))
    return Made(to_uint8(images), verdicts.tolist(), config.loss)


def is_probability(loss: str) -> bool:
    """Whether D's verdict under this loss is a probability; otherwise it is a score without bounds."""
    return loss in ("bce", "saturating")


def verdict(value: float, loss: str) -> str:
    """D's verdict as it stands under a picture: "97 %", or "-0.31" where it is a score."""
    if not is_probability(loss):
        return f"{value:+.2f}"
    return "< 1 %" if value < 0.01 else "> 99 %" if value > 0.99 else f"{100 * value:.0f} %"


def page(made: Made, language: Language) -> str:
    """The pictures as HTML, each with D's verdict under it, the highest and the lowest marked."""
    order = sorted(range(len(made.verdicts)), key=made.verdicts.__getitem__)
    marks = {order[0]: "worst", order[-1]: "best"} if len(order) > 1 else {}
    kind = "probability" if is_probability(made.loss) else "score"
    cells = []
    for index, (image, value) in enumerate(zip(made.images, made.verdicts, strict=True)):
        words, mark = verdict(value, made.loss), marks.get(index, "")
        badge = f"<b>{escape(say(language, f'noise.{mark}'))}</b>" if mark else ""
        alt = say(language, f"noise.alt.{kind}", index=index + 1, verdict=words)
        bar = f'<i style="--share:{value:.3f}"></i>' if kind == "probability" else ""
        cells.append(
            f'<figure class="{mark}">{badge}<img src="{_inline(image)}" alt="{escape(alt)}">'
            f'<figcaption title="D = {value:.4f}">{escape(words)}{bar}</figcaption></figure>'
        )
    columns = ceil(len(cells) / max(1, round(sqrt(len(cells) / 3))))  # a wide page, so a wide sheet
    legend = escape(say(language, f"noise.legend.{kind}"))
    return f'<p class="legend">{legend}</p><div class="made" style="--columns:{columns}">{"".join(cells)}</div>'


def _inline(image: "Tensor") -> str:
    from gan.pictures import to_image

    buffer = BytesIO()
    to_image(image).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def show(run: str | None, seed: float, count: float, request: gr.Request) -> str:
    """The page for a run by name, in the reader's language; a sentence where there is no run yet."""
    if not run:
        return f"<p>{escape(say(request, 'noise.none'))}</p>"
    return page(make(models.find(run, "dcgan"), seed, count), language_of(request))


def opened(run: str | None, seed: float, count: float, request: gr.Request) -> tuple[gr.Dropdown, str]:
    """The runs there are now, and the page for the one that was chosen, or else for the first."""
    names = [each.name for each in models.runs("dcgan", with_weights=True)]
    run = run if run in names else next(iter(names), None)
    return gr.Dropdown(choices=names, value=run), show(run, seed, count, request)


def roll(run: str | None, count: float, request: gr.Request) -> tuple[int, str]:
    """A new seed, short enough to be called out in class, and its page."""
    seed = random.randrange(10_000)
    return seed, show(run, seed, count, request)


def endpoint(run: str, seed: float, count: float) -> tuple[dict[str, Any], Image.Image]:
    """Generate pictures: {"run", "seed", "count", "kind", "verdicts"}, and the grid of the pictures as a PNG file.

    `kind` is "probability" (each verdict is D's probability that the picture is real) or "score". The pictures lie row
    by row in the order of the verdicts, 2 pixels apart.
    """
    from gan.pictures import grid

    made = make(models.find(run, "dcgan"), seed, count)
    kind = "probability" if is_probability(made.loss) else "score"
    answer = {"run": run, "seed": int(seed), "count": int(count), "kind": kind, "verdicts": made.verdicts}
    return answer, grid(made.images)


def build(place: Place) -> None:
    """The Noise to image tab."""
    gr.Markdown(t("noise.intro"))
    with gr.Row():
        with gr.Column(scale=1, min_width=280):
            run = gr.Dropdown([], label=t("noise.run"), info=t("noise.run_info"), elem_id="noise-run")
            seed = gr.Number(
                0,
                label=t("noise.seed"),
                info=t("noise.seed_info"),
                precision=0,
                minimum=0,
                maximum=SEEDS,
                elem_id="noise-seed",
            )
            dice = gr.Button(t("noise.dice"), variant="primary", elem_id="dice")
            count = gr.Slider(1, MOST, value=16, step=1, label=t("noise.count"), elem_id="noise-count")
        with gr.Column(scale=4, min_width=320):
            pictures = gr.HTML(css_template=CSS, elem_id="pictures", min_height=300)
    gr.Markdown(t("noise.explain"))

    settings = [run, seed, count]
    quiet = {"show_progress": "hidden", "api_visibility": "private", **models.TURNS}
    on_open(opened, settings, [run, pictures], **models.TURNS)
    dice.click(polite(roll), [run, count], [seed, pictures], **quiet)
    changes = [run.input, seed.input, count.input]
    gr.on(changes, polite(show), settings, pictures, trigger_mode="always_last", **quiet)

    # The endpoint has inputs of its own: the page's list of runs is that of the visitor who opened it.
    asked = [gr.Textbox("mnist", visible=False), gr.Number(0, visible=False), gr.Number(16, visible=False)]
    answer = [gr.JSON(visible=False), gr.Image(format="png", visible=False)]
    gr.Button(visible=False).click(polite(endpoint), asked, answer, api_name="generate", **models.TURNS)


def warm(place: Place) -> None:
    """Import and load what the first page needs."""
    from gan import latent, losses, pictures  # noqa: F401

    for run in models.runs("dcgan", with_weights=True)[:1]:
        with suppress(UserError):  # the visitor will be told
            models.networks(run)
