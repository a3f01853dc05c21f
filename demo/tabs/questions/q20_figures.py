"""The small duel as HTML: the plane as both discriminators see it, or the line as the first paper drew it, and curves.

All is inline SVG in units of the plane, a thousandth each; real points are round and blue, generated ones square and
orange, so that they are told apart without colour.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup
from PIL import Image, ImageColor

from demo.ui import svg_chart
from demo.ui.data_urls import data_url
from demo.ui.i18n import Language, saying
from demo.ui.templates import macros
from gan.lazy import lazy
from gan.plots.figures import SHIELD, SPEAR, Line

if TYPE_CHECKING:
    from gan.toy.toy_gan import ToyGAN, View

losses = lazy("gan.core.losses")
densities = lazy("gan.toy.densities")

HTML = macros(__file__)
SHOWS = ("real", "fake", "pull", "net")  # what can be laid over the verdict
FAKE, REAL = (np.float32(ImageColor.getrgb(colour)) for colour in (SPEAR, SHIELD))
SIDE = 1000  # of a picture, in its own units
ARROWS = 80
POINTS = 120  # of a curve
LATE = 20  # rounds over which the verdicts of the sentence are taken


def share(verdict: Any, loss: str) -> Any:
    """A verdict as a share: 0 for fake, 1 for real, 1/2 where D can only guess, whatever the loss."""
    rest = losses.LOSSES[loss].equilibrium().verdict
    return (verdict - (2 * rest - 1)) / (2 - 2 * rest)


def heat(verdict: np.ndarray) -> str:
    """Verdicts as shares, [h, w], nan where there is none: orange for fake, white for undecided, blue for real."""
    lean = np.nan_to_num(2 * verdict - 1).clip(-1, 1)[..., None]
    colour = np.where(lean > 0, REAL, FAKE)
    rgb = 255 - 0.75 * np.abs(lean) * (255 - colour)
    rgb = np.where(np.isnan(verdict)[..., None], 214, rgb)
    return data_url(Image.fromarray(rgb.round().astype(np.uint8)), "png")


def place(points: np.ndarray) -> np.ndarray:
    """Points of the plane, [..., 2], in the picture's units: y goes down."""
    return ((points * (1, -1) / densities.REACH + 1) * SIDE / 2).clip(-4 * SIDE, 5 * SIDE).round().astype(int)


def dots(points: np.ndarray, kind: str) -> str:
    """Points as one path of dots, with a pale edge: round for real, square for fake (see the style sheet)."""
    d = "".join(f"M{x} {y}h0" for x, y in place(points).tolist())
    return HTML.path(f"edge {kind}", d) + HTML.path(kind, d)


def arrows(fake: np.ndarray, pull: np.ndarray) -> str:
    """Where the loss would have each generated point go: a wedge from the point, as long as the pull is strong."""
    size = np.linalg.norm(pull, axis=1, keepdims=True)
    step = (
        pull / np.maximum(size, 1e-9) * 0.3 * np.tanh(size / 2)
    )  # one unit of pull shows, thirty don't fill the plane
    side = (
        np.stack([-step[:, 1], step[:, 0]], 1) / np.maximum(np.linalg.norm(step, axis=1, keepdims=True), 1e-9) * 0.018
    )
    corners = [place(each).tolist() for each in (fake + side, fake + step, fake - side)]
    seen = np.linalg.norm(step, axis=1) > 0.01
    d = "".join(f"M{a[0]} {a[1]}L{b[0]} {b[1]}L{c[0]} {c[1]}z" for a, b, c, s in zip(*corners, seen, strict=True) if s)
    return HTML.path("pull", d)


def net(lines: np.ndarray) -> str:
    """The plane of z as the generator lays it: its lines."""
    d = "".join("M" + "L".join(f"{x} {y}" for x, y in line) for line in place(lines).tolist())
    return HTML.path("net", d)


def plane(view: "View", loss: str, shows: Sequence[str], language: Language) -> str:
    """Two dimensions, as HTML: what D says of every place, with the points, and what the best D would say."""
    say = saying(language, "questions.q20.")
    real, fake, pull, lines = (each.numpy() for each in (view.real, view.fake, view.pull, view.net))
    parts = {
        "net": lambda: net(lines),
        "real": lambda: dots(real, "real"),
        "fake": lambda: dots(fake, "fake"),
        "pull": lambda: arrows(fake[:ARROWS], pull[:ARROWS]),
    }
    over = [make() for name, make in parts.items() if name in shows]
    panels = []
    for name, verdict, shapes in (("verdict", view.verdict, over), ("best", view.best, [])):
        shapes = HTML.plane(SIDE, heat(share(verdict.numpy(), loss)), shapes)
        note = say(f"figure.{name}_note", off=f"{view.off:.2f}")
        panels.append(HTML.picture(say(f"figure.{name}"), note, SIDE, shapes))
    return Markup("").join(panels)


def line(view: "View", loss: str, shows: Sequence[str], language: Language) -> str:
    """One dimension, as HTML: both densities, both D over them; under them where the generator sends each z."""
    x = (densities.axis(1).numpy() / densities.REACH + 1) * SIDE / 2
    top = max(float(view.p.max()), float(view.q.max())) * 1.1
    floor = 560

    def curve(values: np.ndarray, high: float) -> str:
        pieces, pen = [], False
        for a, v in zip(x, values, strict=True):
            if not math.isfinite(v):
                pen = False
                continue
            pieces.append(f"{'L' if pen else 'M'}{a:.0f} {floor - floor * min(max(v, 0), high) / high:.0f}")
            pen = True
        return "".join(pieces)

    p, q = (curve(each.numpy(), top) for each in (view.p, view.q))
    d, best = (curve(share(each.numpy(), loss), 1.05) for each in (view.verdict, view.best))
    paths = [("grid", f"M0 {floor}H{SIDE}M0 960H{SIDE}")]
    paths += [(f"density {name}", curve) for name, curve in (("real", p), ("fake", q)) if name in shows]
    paths += [("best", best), ("verdict", d)]
    ends = (
        ((view.net[0, ::2].numpy() / (1, densities.REACH) + 1) * SIDE / 2)
        .clip(-SIDE, 2 * SIDE)
        .round()
        .astype(int)
        .tolist()
    )
    paths.append(("net", "".join(f"M{z} 960L{to} {floor}" for z, to in ends)))
    if "pull" in shows:
        for at, to in zip(view.fake[:40, 0].tolist(), view.pull[:40, 0].tolist(), strict=True):
            start = (at / densities.REACH + 1) * SIDE / 2
            tip = start + 150 * math.tanh(to / 2)
            if abs(tip - start) > 4:
                wedge = f"M{start:.0f} {floor + 12}L{tip:.0f} {floor + 24}L{start:.0f} {floor + 36}z"
                paths.append(("pull", wedge))
    say = saying(language, "questions.q20.")
    note = say("figure.line_note", off=f"{view.off:.2f}")
    return HTML.picture(say("figure.line"), note, SIDE, HTML.line(paths, floor + 34), HTML.keys(say))


def comment(gan: "ToyGAN", view: "View", hold: str, language: Language) -> str:
    """What is to be seen just now, by rules: the verdicts are means of the last rounds, as shares."""
    say = saying(language, "questions.q20.")
    if gan.blown_up:
        return say("says.blown_up")
    late = gan.history[-LATE:]
    if not late:
        return say("says.start")
    real, fake = (
        float(np.mean([share(v, gan.loss) for v in of]))
        for of in zip(*((t.d_real, t.d_fake) for t in late), strict=True)
    )
    gradient = late[-1].grad_g
    values = {
        "real": f"{real:.2f}",
        "fake": f"{fake:.2f}",
        "gradient": f"{gradient:.3f}",
        "covered": f"{100 * view.covered:.0f}",
        "divergence": f"{view.divergence:.2f}",
    }
    if out_of_sight(view) > 0.9 * len(view.fake):
        key = "away"
    elif real - fake > 0.9:
        tiny = "tiny" if gan.config.descent == "adam" else "no_gradient"
        key = tiny if gradient < 0.01 else "sure"
    elif hold == "d" and fake > 0.8:
        key = "fooled"
    elif max(abs(real - 0.5), abs(fake - 0.5)) < 0.05:
        key = "balance" if view.divergence < 0.05 else "lazy"
    else:
        key = "fight"
    return say(f"says.{key}", **values)


def out_of_sight(view: "View") -> int:
    """How many of the generated points lie outside the picture."""
    return int((view.fake.abs() > densities.REACH).any(1).sum())


def numbers(gan: "ToyGAN", view: "View", language: Language) -> str:
    """The figures of this moment, as HTML."""
    say, last = saying(language, "questions.q20."), gan.history[-1] if gan.history else None
    least = densities.least_loss(gan.loss, view.divergence)
    away = out_of_sight(view)
    shown = [("round", f"{gan.rounds:,}")]
    if last:
        shown += [("d_real", f"{last.d_real:.2f}"), ("d_fake", f"{last.d_fake:.2f}"), ("loss_d", f"{last.loss_d:.3f}")]
        if least is not None:
            shown.append(("least", f"{least:.3f}"))
        shown += [
            ("loss_g", f"{last.loss_g + 0.0:.3f}".replace("-0.000", "0.000")),
            ("gradient", f"{last.grad_g:.2g}" if last.grad_g >= 1e-4 else "< 0.0001"),
        ]
    space = "" if language == "ko" else "\u00a0"
    shown += [("divergence", f"{view.divergence:.3f}"), ("covered", f"{100 * view.covered:.0f}{space}%")]
    if away:
        shown.append(("away", str(away)))
    return HTML.numbers([(say(f"numbers.{name}"), value) for name, value in shown])


def curves(gan: "ToyGAN", trail: Sequence[tuple[int, float]], language: Language) -> str:
    """Losses, verdicts and the divergence over the rounds, as HTML."""
    say = saying(language, "questions.q20.")
    rest, turns = losses.LOSSES[gan.loss].equilibrium(), _thinned(gan.history)
    if len(turns) < 2:
        return ""
    x = np.array([turn.number for turn in turns], float)
    column = {name: np.array([getattr(turn, name) for turn in turns]) for name in turns[0]._fields}

    def chart(title: str, lines: list[Line], low: float, high: float, dotted: str = "") -> str:
        return svg_chart.chart(
            lines,
            title=say(f"charts.{title}"),
            x_label=say("charts.round"),
            x_range=(0.0, float(x[-1])),
            y_range=(low, high),
            rest_label=dotted,
        )

    def named(key: str) -> str:
        return say(f"numbers.{key}")

    both = np.concatenate([column["loss_g"], column["loss_d"]])
    low, high = min(0.0, float(np.quantile(both, 0.02))), max(2.0, float(np.quantile(both, 0.98)))
    verdicts = [
        Line("shield", named("d_real"), x, share(column["d_real"], gan.loss)),
        Line("spear", named("d_fake"), x, share(column["d_fake"], gan.loss), [(0.0, 0.5)]),
    ]
    pieces = [
        chart(
            "loss",
            [
                Line("spear", named("loss_g"), x, column["loss_g"], [(0.0, rest.g)]),
                Line("shield", named("loss_d"), x, column["loss_d"], [(0.0, rest.d)]),
            ],
            low,
            high,
        ),
        chart("verdict", verdicts, 0.0, 1.0, say("charts.half")),
    ]
    if len(trail) > 1:
        steps, values = (np.array(each, float) for each in zip(*trail, strict=True))
        pieces.append(
            chart(
                "divergence",
                [Line("cycle", named("divergence"), steps, values, [(0.0, math.log(2))])],
                *(0.0, 0.75, say("charts.apart")),
            )
        )
    return HTML.curves(pieces)


def _thinned(turns: list) -> list:
    return turns[:: max(1, math.ceil(len(turns) / POINTS))]
