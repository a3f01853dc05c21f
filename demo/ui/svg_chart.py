"""Curves as inline SVG, drawn by the browser: sharp at any size, light and dark, told apart by dash as well as colour.

A chart keeps its words in HTML and stretches only the lines, so it reads as well on a phone as on a projector. CSS and
the read-out under the pointer are in svg_chart.css and svg_chart.js, for the `gr.HTML` that shows the charts.
"""

import math
from collections.abc import Sequence
from typing import Any

import gradio as gr
import numpy as np
from markupsafe import Markup

from demo.ui.assets import beside
from demo.ui.templates import macros
from gan.plots.figures import Line, downsample_minmax, smooth, window

CSS, JS, HTML = beside(__file__, "svg_chart.css"), beside(__file__, "svg_chart.js"), macros(__file__)
UNIT = 1000  # width and height of a chart in its own units
POINTS = 500  # of a line that are drawn; more than a screen has columns would be wasted


def script(seconds: float = 0) -> str:
    """What the charts do under a pointer; news are asked for so often, never for 0.

    The number stands in the script itself: what a component is given besides is lost where an answer comes first.
    """
    return JS.replace("SECONDS", str(seconds))


def html(css: str = "", seconds: float = 0, **options: Any) -> gr.HTML:
    """The component that shows charts, with more CSS for what is shown beside them; `seconds` as in `script`."""
    return gr.HTML(css_template=CSS + css, js_on_load=script(seconds), **options)


def chart(
    lines: Sequence[Line],
    *,
    title: str,
    x_label: str,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    now: float | None = None,
    rest_label: str = "",
    marks: Sequence[tuple[float, str]] = (),
    smoothing: float = 1.0,
    log: bool = False,
) -> str:
    """An HTML figure of these lines: pale what was logged, strong its moving average; a mark at x = `now`.

    What lies outside `y_range` is cut off at its edge. `marks` are events, each an x and a word; `smoothing` multiplies
    the window of the average (0: none). With `log`, y is drawn by its logarithm: `y_range` must be above 0.
    """
    if log:
        y_range, lines = _logarithms(y_range, lines)
    drawn = [line for line in lines if len(line.x)]
    means = [(line, smooth(line.y, window(len(line.y), smoothing))) for line in drawn]
    y_ticks, x_ticks = _decades(*y_range) if log else ticks(*y_range), ticks(*x_range, most=4)
    return HTML.chart(
        title=title,
        unit=x_label,
        side=UNIT,
        x_range=f"{x_range[0]:g} {x_range[1]:g}",
        y_range=f"{y_range[0]:g} {y_range[1]:g}",
        log=log,
        ends=", ".join(f"{line.label} {_value(line.y[-1], log):.3g}" for line in lines if len(line.y)),
        legend=legend(lines, rest_label),
        grid="".join(f"M0 {_y(v, y_range):.0f}H{UNIT}" for v in y_ticks),
        rests=_rests(lines, x_range, y_range),
        raw=[(line.kind, _points(line.x, line.y, x_range, y_range)) for line in drawn],
        means=[(line.kind, line.label, _points(line.x, mean, x_range, y_range)) for line, mean in means],
        marks=[(f"{_x(x, x_range):.1f}", sentence) for x, sentence in marks],
        now="" if now is None else f"{_x(now, x_range):.1f}",
        ticks=[
            *(("y", "top", f"{_y(v, y_range) * 100 / UNIT:.2f}", number(_value(v, log))) for v in y_ticks),
            *(("x", "left", f"{_x(v, x_range) * 100 / UNIT:.2f}", number(v)) for v in x_ticks),
        ],
    )


def _logarithms(y_range: tuple[float, float], lines: Sequence[Line]) -> tuple[tuple[float, float], list[Line]]:
    y_range = (math.log10(y_range[0]), math.log10(y_range[1]))
    return y_range, [
        line._replace(
            y=np.log10(np.maximum(line.y, 10.0 ** y_range[0])),
            rest=[(x, math.log10(rest)) for x, rest in line.rest if rest > 0],
        )
        for line in lines
    ]


def _rests(lines: Sequence[Line], x_range: tuple[float, float], y_range: tuple[float, float]) -> list[tuple[str, str]]:
    """(whose, path) of the dotted lines; one that several lines have is drawn once and of the kind "shared"."""
    found, rests = [], {tuple(line.rest): line.kind for line in lines if line.rest}
    for rest, kind in rests.items():
        ends = [_x(x, x_range) for x, _ in rest[1:]]
        at = zip([0, *ends], [_y(y, y_range) for _, y in rest], [*ends, UNIT], strict=True)
        path = "".join(f"M{a:.4g} {y:.1f}H{b:.4g}" for a, y, b in at)
        found.append((kind if len(rests) == len(lines) else "shared", path))
    return found


def legend(lines: Sequence[Line], rest_label: str) -> str:
    """What each kind of line stands for, as HTML."""
    entries = [(line.kind, line.label) for line in lines]
    if rest_label and any(line.rest for line in lines):
        entries.append(("shared rest", rest_label))
    return HTML.legend(entries)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """At most `most` + 1 round numbers within [low, high], a step of 1, 2 or 5 times a power of ten apart."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


def _decades(low: float, high: float) -> list[float]:
    """The powers of ten within a range of logarithms, and their doubles and halves where that is few."""
    whole = [float(p) for p in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)]
    if len(whole) > 1:
        return whole[:: math.ceil(len(whole) / 6)]
    return [
        math.log10(f * 10.0**p)
        for p in range(math.floor(low), math.ceil(high) + 1)
        for f in (1, 2, 5)
        if low <= math.log10(f * 10.0**p) <= high
    ]


def _value(v: float, log: bool) -> float:
    return float(f"{10.0**v:.3g}") if log else v


def number(value: float) -> str:
    """A tick's number: 20,000 or 0.25."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


def _x(value: float, x_range: tuple[float, float]) -> float:
    return (value - x_range[0]) / (x_range[1] - x_range[0]) * UNIT


def _y(value: float, y_range: tuple[float, float]) -> float:
    return UNIT - (value - y_range[0]) / (y_range[1] - y_range[0]) * UNIT


def _points(x: np.ndarray, y: np.ndarray, x_range: tuple[float, float], y_range: tuple[float, float]) -> str:
    kept = downsample_minmax(x, y, POINTS)
    pairs = np.stack([_x(x[kept], x_range), _y(np.clip(y[kept], *y_range), y_range)], 1)
    form = " ".join(["%.1f,%.1f"] * len(pairs))  # all at once: half the time of a pair after the other
    return Markup(form % tuple(pairs.ravel().tolist()))
