"""Gradio, imported and its page built without what nobody needs: half of the seconds until the page answers."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_getfile = inspect.getfile


def _no_file_of_components(thing: Any) -> str:
    if type(thing).__name__ == "ComponentMeta":
        raise OSError("not asked for")
    return _getfile(thing)


# Gradio 6.31 parses the source of each component at every start, to write a .pyi file for editors beside it, unless the
# source cannot be had.
inspect.getfile = _no_file_of_components
try:
    import gradio
finally:
    inspect.getfile = _getfile


@contextmanager
def without_web_app() -> Iterator[None]:
    """Build a page in here: Gradio makes its web app when it is launched, and three times before for nobody."""
    create = gradio.routes.App.create_app
    gradio.routes.App.create_app = staticmethod(lambda *_, **__: None)
    try:
        yield
    finally:
        gradio.routes.App.create_app = staticmethod(create)
