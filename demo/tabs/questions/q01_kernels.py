"""Kernels of question 1: painted cell by cell, and learned live from real digits."""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from demo.ui import svg_chart
from demo.ui.assets import beside
from demo.ui.heatmap import greys, squares
from demo.ui.i18n import Language, language_of, saying
from demo.ui.refusals import Refused, Said
from demo.ui.templates import macros
from gan.lazy import lazy
from gan.plots.figures import Line

if TYPE_CHECKING:
    from torch import Tensor

resampling = lazy("gan.analysis.resampling")
datasets = lazy("gan.data.datasets")
F = lazy("torch.nn.functional")

CSS, JS = beside(__file__, "q01_kernels.css"), beside(__file__, "q01_kernels.js")
HTML = macros(__file__)
PENS = (-1.0, 0.0, 0.25, 0.5, 1.0)
MAX_WEIGHT = 9.0  # of a cell, up and down
LARGEST = 8  # cells a side
DIGITS, STEPS, EVERY = 256, 120, 6  # pictures to learn from, rounds of descent, rounds between two updates
STRIDE = 2  # of what is learned
NEAR = 0.15  # mean difference of a cell under which a kernel is called near the bilinear one


# Painted


def checked(cells: Any, size: int) -> list[list[float]] | None:
    """A painted kernel of this size as rows; None for anything else, which is then not painted yet."""
    if not isinstance(cells, list) or len(cells) != size:
        return None
    if not all(isinstance(row, list) and len(row) == size for row in cells):
        return None
    flat = [value for row in cells for value in row]
    if not all(isinstance(v, int | float) and math.isfinite(v) and abs(v) <= MAX_WEIGHT for v in flat):
        return None
    return [[float(value) for value in row] for row in cells]


def painter(cells: list[list[float]], language: Language, pens: tuple[float, ...] = PENS) -> str:
    """Values as number fields with pens to paint with; q01_kernels.js brings it to life."""
    rows = [[f"{round(value, 3):g}" for value in row] for row in cells]
    return HTML.painter(saying(language, "questions.q1."), rows, MAX_WEIGHT, pens)


def paint(event: gr.EventData) -> list[list[float]] | None:
    """The values as they are now painted; None for what is no square of numbers."""
    cells = getattr(event, "cells", None)
    return checked(cells, len(cells)) if isinstance(cells, list) and 2 <= len(cells) <= LARGEST else None


def cells_of(painted: list | None, size: int, stride: int) -> list[list[float]]:
    """What is painted; where that is no kernel of this size, the bilinear one that one begins from."""
    return checked(painted, size) or resampling.kernel_of("bilinear", size, stride).tolist()


def offer(weights: str, kernel: float, stride: float, painted: list | None, request: gr.Request) -> tuple[Any, list]:
    """(painter, painted): shown where one paints; of another size it begins with a bilinear kernel."""
    cells = cells_of(painted, int(kernel), int(stride))
    return gr.HTML(value=painter(cells, language_of(request)), visible=weights == "painted"), cells


# Learned


@lru_cache(maxsize=2)
def digits() -> "Tensor":
    """Real handwritten digits, float [DIGITS, 1, 28, 28] in [0, 1]. Raises UserError where there are none."""
    images = datasets.load("mnist", 28).images
    return images[:: len(images) // DIGITS][:DIGITS].float() / 255


def learn(kernel: int, request: gr.Request) -> Iterator[tuple[str, list, gr.Button]]:
    """(page, kernel, button to use it) again and again while a kernel learns to enlarge digits, from noise."""
    if kernel not in range(2, 6):
        raise Refused("refused.whole", name=Said("refused.named.kernel"), value=kernel, low=2, high=5)
    size, stride, language, pictures = int(kernel), STRIDE, language_of(request), digits()
    best = resampling.kernel_of("learned", size, stride, pictures)
    least = resampling.restoring_error(best, stride, pictures).item()
    errors: list[float] = []
    for now in resampling.fit(pictures, size, stride, steps=STEPS):
        errors.append(now.error)
        if now.step % EVERY == 0:
            page = learned(now.kernel, errors, least, pictures, stride, language)
            yield page, now.kernel.tolist(), gr.Button(interactive=now.step == STEPS)


def learned(
    kernel: "Tensor", errors: list[float], least: float, pictures: "Tensor", stride: int, language: Language
) -> str:
    """A kernel on its way as HTML: itself beside the bilinear one and their difference, a digit enlarged, the error."""
    size, over = len(kernel), len(errors) > STEPS
    bilinear = resampling.kernel_of("bilinear", size, stride)
    by_rule = resampling.restoring_error(bilinear, stride, pictures).item()
    far = (kernel - bilinear).abs()
    row, column = divmod(int(far.argmax()), size)
    values = {
        "step": len(errors) - 1,
        "error": f"{errors[-1]:.4f}",
        "rule": f"{by_rule:.4f}",
        "least": f"{least:.4f}",
        "far": f"{far.max().item():.2f}",
        "mean": f"{far.mean().item():.2f}",
        "row": row + 1,
        "column": column + 1,
        "kernel": size,
    }
    small = F.avg_pool2d(pictures[3:4], stride)
    made = {
        "small": small,
        "learned": resampling.transposed(small, kernel, stride)[0],
        "bilinear": resampling.bilinear(small, stride)[0],
        "true": pictures[3:4],
    }
    say, figures = saying(language, "questions.q1."), []
    kernels = {"now": kernel, "bilinear": bilinear, "difference": kernel - bilinear}
    for name, each in kernels.items():
        cells, title = (each.round(decimals=2) + 0.0).numpy(), say(f"learn.kernels.{name}")  # no minus before a zero
        figures.append(squares(cells, greys, title=title, alt=title, form=".2f"))
    shown = [
        squares(each[0, 0].clamp(0, 1).numpy(), greys, title=title, alt=title)
        for title, each in ((say(f"learn.made.{name}"), each) for name, each in made.items())
    ]
    curve = svg_chart.chart(
        [Line("spear", say("learn.error"), np.arange(len(errors), dtype=float), np.array(errors), [(0.0, least)])],
        title=say("learn.chart"),
        x_label=say("learn.step"),
        x_range=(0.0, float(STEPS)),
        y_range=(0.8 * least, max(0.2, errors[0])),
        rest_label=say("learn.least"),
        smoothing=0,
        log=True,
    )
    key = "learn.now" if not over else "learn.near" if far.mean() < NEAR else "learn.far"
    return HTML.learned(say(key, **values), figures, shown, curve)
