"""Round and round: the picture translated to and fro many times, and what drifts."""

from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image

from demo.tabs.translate.cache import remembered
from demo.tabs.translate.selection import Held, Now, asked, held, language_and_held
from demo.tabs.translate.translation import framed
from demo.ui import svg_chart
from demo.ui.assets import beside
from demo.ui.data_urls import file_url
from demo.ui.handlers import add_endpoint, catch_errors
from demo.ui.i18n import Language, language_of, say, saying, t
from demo.ui.results import shows_result
from demo.ui.sections import LATEST, Section
from demo.ui.templates import macros
from gan.lazy import lazy
from gan.plots.figures import Line

if TYPE_CHECKING:
    from collections.abc import Hashable

    from torch import Tensor

    from gan.analysis.repeated_cycle import Round

repeated_cycle = lazy("gan.analysis.repeated_cycle")
images = lazy("gan.images")

CSS, HTML = beside(__file__, "repeated_cycle.css"), macros(__file__)
MAX_ROUNDS = 10  # rounds, as in gan.analysis.repeated_cycle
FILM = 128  # shorter side of the animation, in pixels: smaller pictures are enlarged up to it
MILLISECONDS = 500  # a frame is shown
REST, SLOWER = 0.1, 0.9  # shares of the first round's change: below them it rests, or has become slower


def go(now: Held, count: float) -> "tuple[Tensor, list[Round]]":
    """(the picture as the generators see it, its rounds), each gone once. Raises UserError for a count out of range."""
    x, known = remembered(now)
    return x, gone(now, x, known, count)


def gone(now: Held, x: "Tensor", known: "dict[Hashable, Any]", count: float) -> "list[Round]":
    """The rounds of what is remembered of a picture; those that are not known yet are gone, and kept."""
    there, back = now.generators
    so_far = known.get("rounds", [])
    found = repeated_cycle.rounds(there, back, x, count, so_far)
    if len(found) > len(so_far):
        known["rounds"] = found
    return found


def page(now: Held, count: float, language: Language) -> str:
    """The strip, what is to be said of it, and the curve, as HTML."""
    x, some = go(now, count)
    away, changed = repeated_cycle.errors(x, some), repeated_cycle.changes(x, some)
    return HTML.page(strip(now, x, some, away, language), told(away, changed, language), curve(away, changed, language))


def strip(now: Held, x: "Tensor", some: "list[Round]", away: list[float], language: Language) -> str:
    """The original, and each round's translation and way back, as HTML."""
    (a, b), say = now.named(language), saying(language, "translate.")

    def figure(picture: "Tensor", alt: str, caption: str) -> str:
        return framed(images.to_image(picture[0]), alt, caption)

    rounds = []
    for number, ((fake, rec), error) in enumerate(zip(some, away, strict=True), 1):
        caption = HTML.caption(a, say("rounds.away", percent=f"{100 * error:.1f}"))
        there = figure(fake, say("rounds.fake", name=b, number=number), b)
        back = figure(rec, say("rounds.rec", name=a, number=number), caption)
        rounds.append({"title": say("rounds.round", number=number), "there": there, "back": back})
    return HTML.strip(
        say,
        real=figure(x, say("alt.real", name=a), a),
        film=file_url(animation(x, some), "gif"),
        file=f"{now.run.name}-{now.direction}-rounds.gif",
        rounds=rounds,
    )


def told(away: list[float], changed: list[float], language: Language) -> str:
    """How far the picture drifted, in numbers."""
    say = saying(language, "translate.")
    first, last, change = (f"{100 * value:.1f}" for value in (away[0], away[-1], changed[-1]))
    if len(away) == 1:
        return say("rounds.one", first=first)
    pace = changed[-1] / max(changed[0], 1e-9)
    kind = "rest" if pace < REST else "slower" if pace < SLOWER else "on"
    numbers = say("rounds.numbers", first=first, last=last, change=change, count=len(away))
    return f"{numbers} {say(f'rounds.{kind}')}"


def curve(away: list[float], changed: list[float], language: Language) -> str:
    """The error of the way back and what each round changed, as HTML."""
    at = np.arange(len(away) + 1, dtype=float)
    chart = svg_chart.chart(
        [
            Line("cycle", say(language, "translate.rounds.error"), at, 100 * np.array([0.0, *away])),
            Line("spear", say(language, "translate.rounds.change"), at[1:], 100 * np.array(changed)),
        ],
        title=say(language, "translate.rounds.curve"),
        x_label=say(language, "translate.rounds.rounds"),
        x_range=(0.0, max(4.0, at[-1])),
        y_range=(0.0, 110 * max(*away, *changed, 0.001)),
    )
    return chart


def animation(x: "Tensor", some: "list[Round]") -> bytes:
    """The original and then each way back, without end, as a GIF, enlarged in squares."""
    frames = [images.to_image(picture[0]) for picture in (x, *(rec for _, rec in some))]
    factor = max(1, FILM // min(frames[0].size))
    frames = [frame.resize((frame.width * factor, frame.height * factor), Image.Resampling.NEAREST) for frame in frames]
    frames = [frame.quantize(method=Image.Quantize.FASTOCTREE) for frame in frames]  # 30 times as fast as gif()
    return images.gif(frames, [2 * MILLISECONDS, *[MILLISECONDS] * (len(some) - 1), 3 * MILLISECONDS])


def show(now: Held, count: float, request: gr.Request) -> tuple[str]:
    """(page,) for the picture."""
    return (page(now, count, language_of(request)),)


def again(run: str, direction: str, picture: str | None, example: int | None, count: float, request: gr.Request) -> str:
    """`page` for what the controls name now."""
    language, now = language_and_held(request, run, direction, picture, example)
    return page(now, count, language)


def endpoint(run: str, direction: str, picture: str | None, count: float) -> tuple[dict[str, Any], Image.Image]:
    """Translate a picture to and fro `count` times (1 to 10), at the size the generators see.

    {"errors": how far each way back is from the picture, "changes": how far from the way back before}, both the mean
    distance as a share of full scale, and the last way back as a picture.
    """
    x, some = go(held(run, direction, picture, None), count)
    return {"errors": repeated_cycle.errors(x, some), "changes": repeated_cycle.changes(x, some)}, images.to_image(
        some[-1][1][0]
    )


def build(now: Now) -> Section:
    """The section."""
    with gr.Tab(t("translate.rounds.tab"), id="rounds") as tab:
        count = gr.Slider(1, MAX_ROUNDS, value=4, step=1, label=t("translate.rounds.count"), elem_id="rounds-count")
        view = svg_chart.html(CSS, elem_id="rounds", **shows_result(454, min_height=300))
        gr.Markdown(t("translate.rounds.intro"))
        add_endpoint(
            endpoint,
            [
                *asked("herd"),
                gr.Number(4, visible=False, label="count"),
            ],
            [gr.JSON(visible=False), gr.Image(format="png", visible=False)],
            "rounds",
        )
    count.input(catch_errors(again), [*now, count], view, **LATEST)
    return Section(tab, show, [count], [view])
