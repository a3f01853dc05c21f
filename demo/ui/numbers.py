"""Numbers that visitors give and read: one that does not fit is refused by its field's name, in her language.

Gradio's own refusal names no field, is always English, and a field for whole numbers rounds what it is given.
"""

import random
from typing import Any

import gradio as gr

from demo.ui.i18n import Language
from demo.ui.refusals import Refused, Said


class Unfit(Refused):
    """A number that does not fit into a field."""


def _named(label: Any) -> Said | str:
    """A field's label, which may be words of the page's (`language.t`)."""
    key = getattr(label, "key", None)
    return Said(key) if key else str(label or "?")


def empty(label: Any) -> Unfit:
    """The refusal of a field with this label that has no number."""
    return Unfit("errors.number.empty", label=_named(label))


def check(label: Any, value: Any, low: float | None, high: float | None, *, is_int: bool, multiple: int = 1) -> None:
    """Raises `Unfit` for what is no number, outside of these bounds, or not whole where it should be."""
    label = _named(label)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise Unfit("errors.number.none", label=label, value=value)
    told = {"label": label, "value": f"{value:,.10g}"}
    low_told, high_told = (None if end is None else f"{end:,.10g}" for end in (low, high))
    is_low, is_high = low is not None and value < low, high is not None and value > high
    if (is_low or is_high) and low is not None and high is not None:
        raise Unfit("errors.number.range", **told, low=low_told, high=high_told)
    if is_low:
        raise Unfit("errors.number.low", **told, low=low_told)
    if is_high:
        raise Unfit("errors.number.high", **told, high=high_told)
    if is_int and value != int(value):
        raise Unfit("errors.number.whole", **told)
    if multiple > 1 and value % multiple:
        raise Unfit("errors.number.multiple", **told, multiple=multiple)


def integer(name: str, value: float) -> int:
    """A whole number that a client gave for `name`; raises UserError for any other."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or value != int(value):
        raise Refused("refused.integer", name=name, value=value)
    return int(value)


def taken(field: Any, payload: Any) -> Any:
    """What a handler is given for a number of the page's; an `Unfit` in its place is raised by `handlers.catch_errors`,
    which knows who reads."""
    if payload is None:
        return None
    step = getattr(field, "step", None)
    is_int = field.precision == 0 or (isinstance(field, gr.Slider) and step == 1 and float(field.minimum).is_integer())
    try:
        check(field.label, payload, field.minimum, field.maximum, is_int=is_int)
    except Unfit as unfit:
        return unfit
    return int(payload) if is_int else payload


gr.Number.preprocess = gr.Slider.preprocess = taken


def require_int(name: str, value: float, low: int, high: int) -> int:
    """A whole number that a person gave; raises UserError for one outside."""
    if value is None or not low <= value <= high or value != int(value):
        raise Refused("refused.whole", name=Said(f"refused.named.{name}"), value=value, low=low, high=high)
    return int(value)


def new_seed() -> int:
    """A seed short enough to be called out in class."""
    return random.randrange(10_000)


def percent(share: float, language: Language) -> str:
    """A share as it is read, "97 %" or "97%": never a flat 0 or 100."""
    number = "< 1" if share < 0.01 else "> 99" if share > 0.99 else f"{100 * share:.0f}"
    words = f"{number}%" if language == "ko" else f"{number} %"
    return words.replace(" ", "\u00a0")  # a number keeps its sign at the end of a line
