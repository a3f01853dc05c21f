"""Numbers that visitors give: one that does not fit is refused by its field's name, in her language.

Gradio's own refusal names no field, is always English, and a field for whole numbers rounds what it is given.
"""

from typing import Any

import gradio as gr

from demo.language import say
from gan.errors import UserError


class Unfit(UserError):
    """A number that does not fit into the field with this label: `sentence(reader)`."""

    def __init__(self, label: Any, key: str, **values: Any) -> None:
        self.label, self.key, self.values = label, f"errors.number.{key}", values
        super().__init__(self.sentence("en"))

    def sentence(self, reader: Any) -> str:
        """The refusal in the reader's language."""
        key = getattr(self.label, "key", None)  # of words, else the words themselves
        label = say(reader, key) if key else str(self.label or "?")
        return say(reader, self.key, label=label, **self.values)


def check(label: Any, value: Any, low: float | None, high: float | None, *, whole: bool, multiple: int = 1) -> None:
    """Raises `Unfit` for what is no number, outside of these bounds, or not whole where it should be."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise Unfit(label, "none", value=value)
    bounds = {"low": f"{low:,.10g}" if low is not None else "", "high": f"{high:,.10g}" if high is not None else ""}
    if (low is not None and value < low) or (high is not None and value > high):
        key = "range" if low is not None and high is not None else "low" if high is None else "high"
        raise Unfit(label, key, value=f"{value:,.10g}", **bounds)
    if whole and value != int(value):
        raise Unfit(label, "whole", value=f"{value:,.10g}")
    if multiple > 1 and value % multiple:
        raise Unfit(label, "multiple", value=f"{value:,.10g}", multiple=multiple)


def integer(name: str, value: float) -> int:
    """A whole number that a client gave for `name`; raises UserError for any other."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or value != int(value):
        raise UserError(f"'{name}' is {value!r}, but must be a whole number.")
    return int(value)


def taken(field: Any, payload: Any) -> Any:
    """What a handler is given for a number of the page's; an `Unfit` in its place is raised by `handlers.polite`, which
    knows who reads."""
    if payload is None:
        return None
    step = getattr(field, "step", None)
    whole = field.precision == 0 or (isinstance(field, gr.Slider) and step == 1 and float(field.minimum).is_integer())
    try:
        check(field.label, payload, field.minimum, field.maximum, whole=whole)
    except Unfit as unfit:
        return unfit
    return int(payload) if whole else payload


gr.Number.preprocess = gr.Slider.preprocess = taken
