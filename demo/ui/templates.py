"""HTML from Jinja templates, each beside the module whose part of the page it makes.

A template holds macros. Whatever is filled in is escaped, unless it is `Markup`, as the answer of a macro is. A line
break in a template, with the space around it, is not in the page where it stands beside a tag: templates are laid out
for their reader, and space between two buttons would be seen.
"""

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension

DEMO = Path(__file__).resolve().parents[1]


class _Laid(Extension):
    """Takes the layout of a template away."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        source = re.sub(r"(?<=[>}])\s*\n\s*|\s*\n\s*(?=[<{])", "", source.strip())
        return re.sub(r"\s*\n\s*", " ", source)


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(DEMO), autoescape=True, undefined=StrictUndefined, extensions=[_Laid], auto_reload=False
)


def macros(module: str) -> Any:
    """The macros, as functions that return `Markup`, of the template beside a module given by its `__file__`.

    That of "inspect.py" is "inspect.html". What a macro is not given is an error where it is used.
    """
    path = Path(module).resolve().with_suffix(".html")
    return _ENVIRONMENT.get_template(path.relative_to(DEMO).as_posix()).module
