"""Figures from journals: honest thinning for the screen, and matplotlib's sheet that can be downloaded.

matplotlib takes half a second to import and is imported when the first sheet is asked for.
"""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from gan.paths import FONT

if TYPE_CHECKING:
    from matplotlib.figure import Figure


SPEAR, SHIELD = "#d9622b", "#3f7cc4"  # generator and discriminator keep their colours everywhere; both read on white
COLOURS = {"spear": SPEAR, "shield": SHIELD, "cycle": "#0f766e", "identity": "#7e22ce"}
DASHES = {"spear": "-", "shield": (0, (4, 1.5)), "cycle": (0, (5, 1.5, 1, 1.5)), "identity": (0, (1, 1.2))}


class Line(NamedTuple):
    """One quantity over x. `kind` is "spear" (the generator's, solid), "shield" (the discriminator's, dashed), "cycle"
    (dashed and dotted) or "identity" (dotted).
    """

    kind: str
    label: str
    x: np.ndarray
    y: np.ndarray
    rest: Sequence[tuple[float, float]] = ()  # its value at the equilibrium from an x on, (x, value), drawn dotted


def downsample_minmax(x: np.ndarray, y: np.ndarray, most: int = 500) -> np.ndarray:
    """Which of the points (x, y) to draw: at most `most`, int64 indices in the order of x.

    The range of x is cut into columns, and the lowest and the highest point of each are kept, beside the first and the
    last of all: no peak is lost, whatever the number of points.
    """
    order = np.argsort(x, kind="stable")
    if len(x) <= most:
        return order
    half = most // 2 - 1
    low, high = x[order[0]], x[order[-1]]
    column = np.minimum((x - low) / max(high - low, 1e-300) * half, half - 1).astype(np.int64)
    by_height = np.lexsort((y, column))
    first = np.flatnonzero(np.diff(column[by_height], prepend=-1))
    last = np.append(first[1:], len(x)) - 1
    kept = np.zeros(len(x), bool)
    kept[by_height[first]] = kept[by_height[last]] = kept[order[0]] = kept[order[-1]] = True
    return order[kept[order]]


def smooth(y: np.ndarray, window: int) -> np.ndarray:
    """The centred mean over `window` (odd) neighbours, fewer at both ends: float64 [n] to [n]."""
    side = window // 2
    total = np.concatenate([[0.0], np.cumsum(y, dtype=np.float64)])
    index = np.arange(len(y))
    begin, end = np.maximum(index - side, 0), np.minimum(index + side + 1, len(y))
    return (total[end] - total[begin]) / (end - begin)


def window(count: int, smoothing: float = 1.0) -> int:
    """How many logged values the strong line averages over, of `count`: always odd, 1 without smoothing."""
    return int(smoothing * count) // 40 * 2 + 1


class Column(NamedTuple):
    """What a sheet shows of one run: its lines by panel (in the order of the panels) and a sample with its caption."""

    title: str
    panels: Sequence[Sequence[Line]]
    sample: Path | None
    caption: str
    marks: Sequence[float] = ()  # where along x something was done to the run


class Panel(NamedTuple):
    """What the panels of one row have in common."""

    title: str
    y_range: tuple[float, float]
    log: bool = False


def sheet(
    columns: Sequence[Column],
    rows: Sequence[Panel],
    x_label: str,
    x_range: tuple[float, float],
    rest_label: str = "",
    smoothing: float = 1.0,
) -> "Figure":
    """A column a run and a row a panel, samples at the foot, all on the same scales."""
    from matplotlib.figure import Figure  # without pyplot: no state that two visitors would share
    from matplotlib.text import Text

    figure = Figure(figsize=(1.5 + 5 * len(columns), 3 * len(rows) + 4.4), dpi=150, layout="constrained")
    axes = figure.subplots(len(rows) + 1, len(columns), squeeze=False, height_ratios=[3] * len(rows) + [4.4])
    for (top, *_), column in zip(axes.T, columns, strict=True):
        top.set_title(column.title, fontsize=15)
    for row, (panel, line_axes) in enumerate(zip(rows, axes, strict=False)):
        for axis, column in zip(line_axes, columns, strict=True):
            for line in column.panels[row]:
                colour, dashes = COLOURS[line.kind], DASHES[line.kind]
                axis.plot(line.x, line.y, color=colour, alpha=0.25, linewidth=0.8)
                mean = smooth(line.y, window(len(line.y), smoothing))
                axis.plot(line.x, mean, color=colour, linestyle=dashes, linewidth=2, label=line.label)
            rests = {tuple(line.rest): COLOURS[line.kind] for line in column.panels[row] if line.rest}
            for rest, colour in rests.items():
                shared = len(rests) < len(column.panels[row])
                (_, *x), y = zip(*rest, (x_range[1], rest[-1][1]), strict=True)
                axis.step([x_range[0], *x], y, where="post", color="0.4" if shared else colour, ls=":", linewidth=1.6)
            if rests and rest_label:
                axis.plot([], [], ":", color="0.4", linewidth=1.6, label=rest_label)
            axis.set(xlim=x_range, ylim=panel.y_range, xlabel=x_label, ylabel=panel.title)
            if panel.log:
                axis.set_yscale("log")
            for x in column.marks:
                axis.axvline(x, color="0.3", linestyle=(0, (1, 2)), linewidth=1.2)
            axis.grid(alpha=0.25)
            axis.spines[["top", "right"]].set_visible(False)
            if axis.lines:
                axis.legend(frameon=False)
    for axis, column in zip(axes[-1], columns, strict=True):
        axis.set_axis_off()
        if column.sample is not None:
            with Image.open(column.sample) as image:
                axis.imshow(np.asarray(image.convert("RGB")), interpolation="nearest")
        axis.set_title(column.caption, fontsize=11)
    for text in figure.findobj(Text):
        text.set_font(FONT)
    return figure


def save(figure: "Figure", kind: str = "png") -> bytes:
    """A figure as a PNG or SVG file; an SVG's letters are drawn, so that it looks the same without the font."""
    buffer = BytesIO()
    figure.savefig(buffer, format=kind)
    return buffer.getvalue()
