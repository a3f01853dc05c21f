"""Gradio, imported and its page built without what is never used: half of the seconds until the page answers."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_getfile = inspect.getfile


def _no_file_of_classes(thing: Any) -> str:
    if isinstance(thing, type) and thing.__module__.startswith("gradio."):
        raise OSError("not asked for")
    return _getfile(thing)


# Gradio 6.31 parses the source of its components at every start, to write a .pyi file for editors beside each, unless
# the source cannot be had.
inspect.getfile = _no_file_of_classes
try:
    import gradio
    import gradio.components.api_component  # which Gradio itself imports late
finally:
    inspect.getfile = _getfile


@contextmanager
def without_web_app() -> Iterator[None]:
    """Build a page in here: Gradio makes its web app when it is launched, and three times before, for no use."""
    create = gradio.routes.App.create_app
    gradio.routes.App.create_app = staticmethod(lambda *_, **__: None)
    try:
        yield
    finally:
        gradio.routes.App.create_app = staticmethod(create)
