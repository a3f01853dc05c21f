"""The hidden message: the translation disturbed a little before the way back, and how much more is lost."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr
import numpy as np
from PIL import Image

from demo.server import model_cache
from demo.shared.pairs import examples, names
from demo.tabs.translate.cache import remembered
from demo.tabs.translate.repeated_cycle import gone
from demo.tabs.translate.selection import Held, Now, asked, held, language_and_held
from demo.tabs.translate.translation import framed
from demo.ui import svg_chart
from demo.ui.assets import beside
from demo.ui.handlers import add_endpoint, catch_errors
from demo.ui.i18n import Language, language_of, say, saying, t
from demo.ui.results import shows_result
from demo.ui.sections import LATEST, Section
from demo.ui.templates import macros
from gan.lazy import lazy
from gan.plots.figures import Line
from gan.runs.run import Run

if TYPE_CHECKING:
    from torch import Tensor

cycle_robustness = lazy("gan.analysis.cycle_robustness")
repeated_cycle = lazy("gan.analysis.repeated_cycle")
images = lazy("gan.images")

CSS, HTML = beside(__file__, "steganography.css"), macros(__file__)
NAMES = ("noise", "jpeg", "blur")
SHARES = (5, 10, 20, 40, 70, 100)  # percent of a kind's largest amount, on the curve beside 0
SHARE = 10  # at first
HIDES = "herd"  # the shipped run that hides a message, in its way from B to A


class Point(NamedTuple):
    """By how much the translation was disturbed, and what came of it: shares of full scale, the amount in its unit."""

    amount: float
    error: float
    disturbance: float


class Found(NamedTuple):
    """What came of one amount, and of all those on the curve, the same one among them.

    The pictures are float [1, 3, H, W]: the original, its disturbed translation, the way back without disturbance and
    with it.
    """

    now: Point
    curve: list[Point]
    pictures: "tuple[Tensor, ...]"

    @property
    def clean(self) -> float:
        """The error of the way back without any disturbance."""
        return self.curve[0].error

    @property
    def numbers(self) -> tuple[float, float, float]:
        """(error of the way back without disturbance, with it, the disturbance itself)."""
        return self.clean, self.now.error, self.now.disturbance

    @property
    def percents(self) -> dict[str, str]:
        """The same in percent, by the names that sentences have for them."""
        names = ("clean", "error", "disturbance")
        return {name: f"{100 * value:.1f}" for name, value in zip(names, self.numbers, strict=True)}


def find(now: Held, kind: str, amount: float) -> Found:
    """Disturb the picture's translation and go back. Raises UserError for a kind or an amount that there is not."""
    x, known = remembered(now)
    some = gone(now, x, known, 1)
    fake, rec = some[0]
    usual = [cycle_robustness.KINDS.get(kind, 0) * share / 100 for share in SHARES]
    amounts = [amount]
    if ("hidden", kind) not in known:
        amounts += [each for each in usual if each != amount]
    outcome = cycle_robustness.errors(lambda _: fake, now.generators[1], x, kind, amounts)
    points = [Point(*each) for each in zip(amounts, outcome.errors, outcome.disturbances, strict=True)]
    on_curve = known.setdefault(("hidden", kind), [point for point in points if point.amount in usual])
    clean = Point(0, repeated_cycle.errors(x, some)[0], 0.0)
    curve = {point.amount: point for point in (*on_curve, points[0], clean)}
    return Found(curve[amount], [curve[at] for at in sorted(curve)], (x, outcome.disturbed[:1], rec, outcome.rec[:1]))


def unit(kind: str, amount: float, language: Language) -> str:
    """An amount in words: "JPEG of quality 90"."""
    if amount == 0:
        return say(language, "translate.hidden.unit.nothing")
    value = {"noise": f"{100 * amount:.1f}", "jpeg": f"{cycle_robustness.quality(amount)}", "blur": f"{amount:.2f}"}[
        kind
    ]
    return say(language, f"translate.hidden.unit.{kind}", value=value)


def page(now: Held, kind: str, share: float, language: Language) -> str:
    """The four pictures, what is to be said of them, and the curve, as HTML; `share` is in percent (0 to 100)."""
    found = find(now, kind, cycle_robustness.KINDS.get(kind, 0) * share / 100)
    return HTML.page(
        figures(now, found, kind, language),
        told(found, kind, language),
        curve(found, cycle_robustness.KINDS[kind], language),
    )


def figures(now: Held, found: Found, kind: str, language: Language) -> list[str]:
    """The four pictures as HTML, each with its error under it."""
    (a, b), say = now.named(language), saying(language, "translate.")
    words = (
        ("generated" if now.made else "real", a, "hidden.seen", 0.0),
        ("hidden.fake", b, "hidden.changed", found.now.disturbance),
        ("hidden.clean", a, "error", found.clean),
        ("hidden.rec", a, "error", found.now.error),
    )
    how = unit(kind, found.now.amount, language)
    drawn = []
    for picture, (title, name, under, share) in zip(found.pictures, words, strict=True):
        title = say(title, name=name)
        caption = HTML.caption(title, say(under, percent=f"{100 * share:.1f}", unit=how))
        drawn.append(framed(images.to_image(picture[0]), title, caption))
    return drawn


def told(found: Found, kind: str, language: Language) -> str:
    """What came of it for this picture, in numbers."""
    point, clean, say = found.now, found.clean, saying(language, "translate.")
    if point.amount == 0:
        return say("hidden.still")
    said = say("hidden.numbers", unit=unit(kind, point.amount, language), **found.percents)
    hiding = [each for each in found.curve if cycle_robustness.hides(clean, each.error, each.disturbance)]
    if point in hiding:
        return f"{said} {say('hidden.yes', **_more(point, clean))}"
    coarse = ""
    if cycle_robustness.loses_more(clean, point.error, point.disturbance):
        coarse = say("hidden.coarse")
    if not hiding:
        return f"{said} {coarse} {say('hidden.no')} {one_that_hides(language)}"
    best = max(hiding, key=lambda each: (each.error - clean) / max(each.disturbance, 1e-6))
    where = unit(kind, best.amount, language)
    return f"{said} {coarse} {say('hidden.elsewhere', unit=where, **_more(best, clean))}"


def one_that_hides(language: Language) -> str:
    """Where a hidden message is to be seen, with what is measured there; empty where that run is not here."""
    run = next((run for run in model_cache.runs("cyclegan", with_weights=True) if run.name == HIDES), None)
    known = _hiding(run.folder, model_cache.stamp(run)) if run else None
    if known is None:
        return ""
    number, percents = known
    a, b = names(run, language)
    return say(language, "translate.hidden.one", run=run.name, a=b, b=a, share=SHARE, number=number, **percents)


@lru_cache(maxsize=4)
def _hiding(folder: Path, stamp: tuple[int, int]) -> tuple[int, dict[str, str]] | None:
    """(number, from 1, of the first example of B whose way to A and back hides something, what was measured)."""
    run = Run(folder)
    for number, (side, image) in enumerate(examples(run.config.data, run.config.size), 1):
        if side == "b":
            found = find(Held(run, "BtoA", image), "jpeg", cycle_robustness.KINDS["jpeg"] * SHARE / 100)
            if cycle_robustness.hides(*found.numbers):
                return number, found.percents
    return None


def _more(point: Point, clean: float) -> dict[str, str]:
    more = round(100 * point.error, 1) - round(100 * clean, 1)  # what a reader finds who subtracts the numbers shown
    return {"more": f"{more:.1f}", "times": f"{(point.error - clean) / max(point.disturbance, 1e-6):.1f}"}


def curve(found: Found, most: float, language: Language) -> str:
    """The error of the way back and the disturbance over the amount, as HTML."""
    x = 100 * np.array([point.amount for point in found.curve]) / most
    errors, disturbances = (
        100 * np.array([getattr(point, name) for point in found.curve]) for name in ("error", "disturbance")
    )
    chart = svg_chart.chart(
        [
            Line("cycle", say(language, "translate.hidden.error"), x, errors),
            Line("identity", say(language, "translate.hidden.disturbance"), x, disturbances),
        ],
        title=say(language, "translate.hidden.curve"),
        x_label=say(language, "translate.hidden.percent"),
        x_range=(0.0, 100.0),
        y_range=(0.0, 1.1 * max(*errors, *disturbances, 0.1)),
        now=100 * found.now.amount / most,
    )
    return chart


def show(now: Held, kind: str, share: float, request: gr.Request) -> tuple[str]:
    """(page,) for the picture."""
    return (page(now, kind, share, language_of(request)),)


def again(
    run: str, direction: str, picture: str | None, example: int | None, kind: str, share: float, request: gr.Request
) -> str:
    """`page` for what the controls name now."""
    language, now = language_and_held(request, run, direction, picture, example)
    return page(now, kind, share, language)


def endpoint(
    run: str, direction: str, picture: str | None, kind: str, amount: float
) -> tuple[dict[str, Any], Image.Image]:
    """Disturb a picture's translation before the way back: by "noise" (a standard deviation of 0 to 0.2 of full scale),
    "jpeg" (0 to 1, for quality 100 to 5) or "blur" (a sigma of 0 to 3 pixels).

    {"kind", "amount", "clean": the error of the way back without disturbance, "disturbed": that with it, "disturbance":
    its own size, "curve": [[amount, error, disturbance], ...]}, all as shares of full scale, and the way back as a
    picture, at the size the generators see.
    """
    found = find(held(run, direction, picture, None), kind, amount)
    answer = {
        "kind": kind,
        "amount": amount,
        "clean": found.clean,
        "disturbed": found.now.error,
        "disturbance": found.now.disturbance,
        "curve": [list(point) for point in found.curve],
    }
    return answer, images.to_image(found.pictures[-1][0])


def build(now: Now) -> Section:
    """The section."""
    with gr.Tab(t("translate.hidden.tab"), id="hidden") as tab:
        with gr.Row():
            kind = gr.Radio(
                [(t(f"translate.hidden.kinds.{name}"), name) for name in NAMES],
                value="jpeg",
                label=t("translate.hidden.kind"),
                min_width=240,
                elem_id="hidden-kind",
            )
            share = gr.Slider(
                0, 100, value=SHARE, step=5, label=t("translate.hidden.amount"), min_width=240, elem_id="hidden-amount"
            )
        view = svg_chart.html(CSS, elem_id="hidden", **shows_result(616, min_height=300))
        gr.Markdown(t("translate.hidden.intro"))
        gr.Markdown(t("translate.hidden.explain"))
        add_endpoint(
            endpoint,
            [
                *asked("herd"),
                gr.Textbox("jpeg", visible=False, label="kind"),
                gr.Number(0.1, visible=False, label="amount"),
            ],
            [gr.JSON(visible=False), gr.Image(format="png", visible=False)],
            "hidden",
        )
    gr.on([kind.input, share.input], catch_errors(again), [*now, kind, share], view, **LATEST)
    return Section(tab, show, [kind, share], [view])
