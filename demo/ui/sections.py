"""Sections of a tab: parts that look at one thing in different ways, of which only the open one is drawn."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import gradio as gr

from demo.ui import handlers
from demo.ui.paragraphs import paragraphs

QUIET, LATEST = handlers.QUIET | handlers.TURNS, handlers.LATEST | handlers.TURNS


class Section(NamedTuple):
    """A part of a tab. `show(subject, *inputs, request)` gives what `outputs` are to be, in their order.

    A `slow` one shows that it is at work when it is opened.
    """

    tab: gr.Tab
    show: Callable[..., tuple]
    inputs: list[Any]
    outputs: list[Any]
    slow: bool = False


def inputs_of(sections: Iterable[Section]) -> list[Any]:
    """The components that any of the sections reads, each once."""
    return list({id(each): each for section in sections for each in section.inputs}.values())


def outputs_of(sections: Iterable[Section]) -> list[Any]:
    """The components that the sections draw."""
    return [each for section in sections for each in section.outputs]


def views_of(sections: Iterable[Section]) -> list[gr.HTML]:
    """Where the sections show what they have to show."""
    return [each for each in outputs_of(sections) if isinstance(each, gr.HTML)]


def waiting(views: list[gr.HTML]) -> dict[str, Any]:
    """Options of an event: until it is answered these are dimmed, for they show what was asked for before."""
    return {"show_progress": "full", "show_progress_on": views}


def instead(section: Section, sentence: str) -> dict:
    """What a section's outputs are to be where it can't be drawn: the sentence, and nothing of what was there."""
    first, *others = views_of([section])
    return {first: paragraphs(sentence), **dict.fromkeys(others, "")}


def drawn(section: Section, subject: Any, inputs: list[Any], values: tuple, request: gr.Request) -> dict:
    """What a section's outputs are to be for its subject; `values` are those of `inputs`, all that `inputs_of` gave."""
    given = dict(zip(map(id, inputs), values, strict=True))
    shown = section.show(subject, *(given[id(each)] for each in section.inputs), request)
    return dict(zip(section.outputs, shown, strict=True))


def on_show(sections: dict[str, Section], draw: Callable[..., dict], open_section: gr.State, inputs: list[Any]) -> None:
    """Draw a section when its tab is opened, and remember which one is: `draw(request, name, *values of inputs)`."""
    for name, section in sections.items():

        def show(request: gr.Request, *values: Any, name: str = name) -> dict:
            return draw(request, name, *values)

        # at once: the drawing of one that has been left already may come late
        section.tab.select(lambda name=name: name, None, open_section, queue=False, **handlers.LATEST)
        options = LATEST | (waiting(views_of([section])) if section.slow else {})
        section.tab.select(handlers.catch_errors(show), inputs, section.outputs, **options)
