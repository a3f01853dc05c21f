"""What can be taken away from the Curves tab: the figure as PNG or SVG, its data as CSV, the samples as a film."""

import csv
from functools import partial
from io import StringIO
from math import isnan
from typing import Any

import gradio as gr
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from demo.shared.run_view import caption, film, word
from demo.tabs.curves.events import Asked, stories
from demo.ui.i18n import language_of
from demo.ui.refusals import Refused
from gan.plots.curves import figure
from gan.plots.figures import save
from gan.plots.history import Story
from gan.runs import journal


def save_png(request: gr.Request, *controls: Any) -> str:
    """The page as a PNG file, for what the controls say."""
    return save_figure("png", request, *controls)


def save_svg(request: gr.Request, *controls: Any) -> str:
    """The page as an SVG file."""
    return save_figure("svg", request, *controls)


def save_figure(kind: str, request: gr.Request, *controls: Any) -> str:
    """The page as a picture file, "png" or "svg"."""
    asked, language = Asked(*controls), language_of(request)
    told = some(asked.names, request)
    drawn = figure(told, asked.view, asked.step, word(language), partial(caption, language=language))
    return _file(f"curves.{kind}", save(drawn, kind))


def save_film(names: list[str] | None, request: gr.Request) -> str:
    """What these runs drew, as an animation."""
    return _file("samples.gif", film(some(names, request)))


def save_csv(names: list[str] | None, request: gr.Request) -> str:
    """Every logged step of these runs as a table."""
    out = StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["run", *journal.COLUMNS])
    for story in some(names, request):
        rows = zip(*story.columns.values(), strict=True)
        table.writerows([story.name, *("" if isnan(v) else f"{v:.10g}" for v in row)] for row in rows)
    return _file("curves.csv", out.getvalue().encode())


def some(names: list[str] | None, request: gr.Request) -> list[Story]:
    """`stories`, of one run at least; raises UserError with a sentence in the reader's language."""
    told = stories(names)
    if not told:
        raise Refused("curves.none")
    return told


def _file(name: str, content: bytes) -> str:
    return save_bytes_to_cache(content, name, get_upload_folder())  # where Gradio clears up
