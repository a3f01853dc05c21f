"""Curves: which lines a run has, on which scales several runs can be compared, and the sheet that is downloaded.

What is drawn comes from journals alone (`history.py`). Words are asked for by key, so that the app can give its own.
"""

from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gan.errors import UserError, reason
from gan.plots.figures import Column, Line, Panel, sheet
from gan.plots.history import Story

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AXES = ("step", "images", "seconds")
PANELS = {
    "loss": {"loss_g": "spear", "loss_d": "shield"},
    "verdict": {"d_real": "shield", "d_fake": "spear"},
    "single": {"d_real_single": "shield", "d_fake_single": "spear"},
    "frechet": {"frechet": "spear", "frechet_floor": "shield"},
    "covered": {"covered": "spear"},
    "gradients": {"grad_g": "spear", "grad_d": "shield"},
    "rates": {"rate_g": "spear", "rate_d": "shield"},
    "there": {"loss_g_a2b": "spear", "loss_d_b": "shield", "cycle_a": "cycle", "idt_b": "identity"},
    "back": {"loss_g_b2a": "spear", "loss_d_a": "shield", "cycle_b": "cycle", "idt_a": "identity"},
}
DEFAULT = ("loss", "verdict")  # the panels that are shown at first
EVEN = ("verdict", "single", "covered")  # panels that no logarithm helps
Word = Callable[[str], str]  # what stands in a figure, by its key: "lines.loss_g", "panels.loss", "axes.step"
WORDS = {
    "axes.step": "training step",
    "axes.images": "pictures seen",
    "axes.seconds": "seconds",
    "panels.loss": "Loss",
    "panels.verdict": "Discriminator output",
    "panels.single": "Output for single pictures",
    "panels.frechet": "Frechet distance",
    "panels.covered": "Classes covered",
    "panels.gradients": "Size of the gradients",
    "panels.rates": "Learning rates",
    "panels.there": "A → B",
    "panels.back": "B → A",
    "lines.loss_g": "generator",
    "lines.loss_d": "discriminator",
    "lines.d_real": "D(real)",
    "lines.d_fake": "D(fake)",
    "lines.d_real_single": "D(real)",
    "lines.d_fake_single": "D(fake)",
    "lines.frechet": "samples",
    "lines.frechet_floor": "as many real pictures",
    "lines.covered": "classes with 5 % or more",
    "lines.grad_g": "generator",
    "lines.grad_d": "discriminator",
    "lines.rate_g": "generator",
    "lines.rate_d": "discriminator",
    "lines.loss_g_a2b": "generator A→B",
    "lines.loss_d_b": "discriminator of B",
    "lines.cycle_a": "cycle A→B→A",
    "lines.idt_b": "identity loss of B",
    "lines.loss_g_b2a": "generator B→A",
    "lines.loss_d_a": "discriminator of A",
    "lines.cycle_b": "cycle B→A→B",
    "lines.idt_a": "identity loss of A",
    "rest.label": "equilibrium",
}


def check(axis: str) -> None:
    """Raises UserError for an axis that there is not."""
    if axis not in AXES:
        raise UserError("curves.axis", axis=axis, known=", ".join(AXES))


class View(NamedTuple):
    """How the curves are looked at: along which axis, which panels, smoothed how much, by their logarithms or not."""

    axis: str = "step"
    panels: tuple[str, ...] = DEFAULT
    smoothing: float = 1.0
    log: bool = False
    until: float = inf  # a share of each run, after which nothing is shown yet: there is a guess to be made

    def checked(self) -> "View":
        """This view; raises UserError for an axis or a panel that there is not."""
        check(self.axis)
        for panel in self.panels:
            if panel not in PANELS:
                raise UserError("curves.panel", panel=panel, known=", ".join(PANELS))
        return self

    def is_log(self, panel: str) -> bool:
        """Whether a panel is drawn by its logarithm; a Frechet distance always is: it falls by powers of ten."""
        return panel == "frechet" or (self.log and panel not in EVEN)


class Comparison(NamedTuple):
    """Runs side by side on the same scales."""

    view: View  # with only those panels for which one of the runs has something
    x_range: tuple[float, float]
    y_ranges: dict[str, tuple[float, float]]  # by panel, of the whole runs
    lines: list[dict[str, list[Line]]]  # of each run by panel, as far as the view goes


def compare(told: Sequence[Story], view: View, word: Word) -> Comparison:
    """What these stories look like side by side; raises UserError for an axis or a panel that there is not."""
    view.checked()
    whole = [{panel: lines(story, panel, view.axis, word) for panel in view.panels} for story in told]
    view = view._replace(panels=tuple(panel for panel in view.panels if any(each[panel] for each in whole)))
    y_ranges = {}
    for panel in view.panels:
        y_ranges[panel] = limits([line for each in whole for line in each[panel]], view.is_log(panel))
    if verdicts := [panel for panel in ("verdict", "single") if panel in y_ranges]:  # the same scale, to be compared
        low, high = min(y_ranges[each][0] for each in verdicts), max(y_ranges[each][1] for each in verdicts)
        if all(story.rest["d_real"] for story in told):  # what aims at 0 and 1, and rests between, shows both
            low, high = min(low, 0.0), max(high, 1.0) if high > 1.05 else 1.0
        y_ranges |= dict.fromkeys(verdicts, (low, high))
    ends = [story.columns[view.axis].max(initial=0.0) for story in told]
    shown = [
        {panel: cut(each[panel], view.until * end if view.until < 1 else inf) for panel in view.panels}
        for each, end in zip(whole, ends, strict=True)
    ]
    return Comparison(view, (0.0, max([1.0, *ends])), y_ranges, shown)


def lines(story: Story, panel: str, axis: str, word: Word) -> list[Line]:
    """A panel's lines; only those of which anything was recorded."""
    drawn = []
    for name, kind in PANELS[panel].items():
        x, y = story.series(name, axis)
        if len(x) or panel in DEFAULT:
            drawn.append(Line(kind, word(f"lines.{name}"), x, y, story.rests(name, axis)))
    return drawn


def cut(lines: Sequence[Line], end: float) -> list[Line]:
    """These lines up to x = `end`; one that begins later is left out."""
    if end == inf:
        return list(lines)
    short = [line._replace(x=line.x[line.x <= end], y=line.y[line.x <= end]) for line in lines]
    return [line for line in short if len(line.x)]


def limits(lines: Sequence[Line], log: bool = False) -> tuple[float, float]:
    """A range of y in which all that matters of these lines is seen: rare peaks are left out, rests are not.

    With `log`, whatever is above 0, rests too.
    """
    if log:
        above = [line.y[line.y > 0] for line in lines]
        ends = [v for y in above if len(y) for v in np.percentile(y, (0.5, 99.5))]
        ends += [rest for line in lines for _, rest in line.rest if rest > 0]
        low, high = (max(min(ends), 1e-8), max(ends)) if ends else (0.1, 1.0)
        return low / 1.3, max(high, low * 1.2) * 1.3
    values = [v for line in lines if len(line.y) for v in (*np.percentile(line.y, (1, 99)), *line.y[-3:])]
    values += [rest for line in lines for _, rest in line.rest]
    low, high = min([0.0, *values]), max(values, default=1.0)
    room = 0.05 * (high - low) or 0.5
    return (low - room if low < 0 else 0.0), high + room


def figure(told: Sequence[Story], view: View, step: float, word: Word, say: Callable[[Story, int], str]) -> "Figure":
    """A column a run: its charts, and its sample at `step` with what `say` says of it."""
    view, x_range, y_ranges, drawn = compare(told, view, word)
    columns = []
    for story, each in zip(told, drawn, strict=True):
        sample = story.sample(step)
        words, marks = say(story, sample[0]) if sample else "", [x for x, *_ in story.marks(view.axis)]
        columns.append(Column(story.name, list(each.values()), sample and sample[1], words, marks))
    rows = [Panel(word(f"panels.{panel}"), y_ranges[panel], view.is_log(panel)) for panel in view.panels]
    return sheet(columns, rows, word(f"axes.{view.axis}"), x_range, word("rest.label"), view.smoothing)


def caption(story: Story, step: int) -> str:
    """What is said of a sample in English: "Step 1,413: D(real) 0.77, D(fake) 0.14"."""
    real, fake = story.at(step, "d_real"), story.at(step, "d_fake")
    verdicts = "" if real is None else f": D(real) {real:.2f}, D(fake) {fake:.2f}"
    return f"Step {step:,}{verdicts}"


def draw(told: Sequence[Story], view: View, path: Path) -> None:
    """The figure of these runs at their ends, with English words, as a PNG or SVG by the ending of `path`'s name.

    Raises `UserError` for another ending or where it cannot be written.
    """
    from gan.plots.figures import save

    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("png", "svg"):
        raise UserError("curves.ending", path=path)
    content = save(figure(told, view, inf, WORDS.__getitem__, caption), kind)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise UserError("curves.unwritten", path=path, why=reason(error)) from error
