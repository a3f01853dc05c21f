"""Gradio imported without its notes for editors: two of the five seconds that its import takes.

Gradio 6.31 parses the source of each component at every start, to write a `.pyi` file beside it. Where the source of a
class cannot be had it leaves that out, so here it is told so.
"""

import inspect
from typing import Any

_getfile = inspect.getfile


def _no_file_of_components(thing: Any) -> str:
    if type(thing).__name__ == "ComponentMeta":
        raise OSError("not asked for")
    return _getfile(thing)


inspect.getfile = _no_file_of_components
try:
    import gradio  # noqa: F401
finally:
    inspect.getfile = _getfile
