"""What the tabs' event handlers share: errors as toasts, and work that starts when a tab opens."""

import functools
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from html import escape
from typing import Any

import gradio as gr
from gradio.context import LocalContext

from demo.ui.gradio_workarounds import enclosing, prune_session_state
from demo.ui.i18n import language_of, say
from demo.ui.numbers import Unfit
from gan.errors import UserError

Shown = dict[Any, Any]  # what each component is to show; one that is left out stays as it is

# For every event that shows no progress. Without the empty list Gradio 6.31 leaves some components waiting for ever, at
# sixty steps a second: a component that is both input and output is counted twice.
QUIET = {"show_progress": "hidden", "show_progress_on": [], "api_visibility": "private"}
# Where an answer is still on its way, Gradio drops what comes next, which is right for a button; of values it should
# answer the last. What an event itself says is lost that way (it would repeat the first one's): those are all answered.
LATEST = QUIET | {"trigger_mode": "always_last"}
EACH = QUIET | {"trigger_mode": "multiple", "concurrency_limit": 1}
# For every event that calls a model: they share the processor, so they take turns.
TURNS = {"concurrency_id": "model", "concurrency_limit": 2}


def catch_errors(function: Callable, *, is_page: bool = True, unfit: bool = False) -> Callable:
    """Wrap a handler (or a generator of updates): whatever it raises reaches the visitor as a sentence.

    A UserError's own, for anything else an apology with the traceback on the terminal, both in the visitor's language.
    The page takes sentences as HTML, an endpoint's client as they are (not `is_page`). Numbers that do not fit are
    refused, unless it takes `unfit` ones. An empty dict means that nothing is to change: Gradio would take it for the
    value of the first output.
    """

    def checked(values: tuple) -> tuple:
        for value in values:
            if isinstance(value, Unfit) and not unfit:
                raise value
        return values

    def answer(found: Any) -> Any:
        return gr.skip() if isinstance(found, dict) and not found else found

    def toast(error: Exception) -> gr.Error:
        if isinstance(error, gr.Error):
            return error
        request = LocalContext.request.get(None)
        if isinstance(error, UserError):
            sentence = error.sentence(language_of(request))
            sentence = escape(sentence) if is_page else sentence  # a file's name may be anything
            return gr.Error(say(request, "errors.refused", sentence=sentence), print_exception=False)
        traceback.print_exception(error, file=sys.stderr)
        return gr.Error(say(request, "errors.unexpected"), print_exception=False)

    @contextmanager
    def heard() -> Iterator[None]:
        try:
            prune_session_state()
            yield
        except Exception as error:
            raise _headed(toast(error)) from None

    if inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            with heard():
                async with aclosing(function(*checked(args), **kwargs)) as answers:
                    async for found in answers:
                        yield answer(found)

    elif inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with heard():
                yield from map(answer, function(*checked(args), **kwargs))

    else:

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with heard():
                return answer(function(*checked(args), **kwargs))

    wrapped.answers_as = "page" if is_page else "endpoint"
    return wrapped


def _headed(toast: gr.Error) -> gr.Error:
    """The toast with its heading in the visitor's language; Gradio's is "Error" for everyone."""
    toast.title = say(LocalContext.request.get(None), "errors.title")
    return toast


def on_open(function: Callable, inputs: Any = None, outputs: Any = None, **options: Any) -> Any:
    """Call a handler whenever the tab that is being built is opened, also when it is the first tab of the page.

    For use inside a tab's `build`. Not an endpoint, and without a progress bar unless `options` say otherwise.
    """
    options = QUIET | {"trigger_mode": "once"} | options
    return enclosing(gr.Tab).select(catch_errors(function), inputs, outputs, **options)


def add_endpoint(function: Callable, inputs: list[Any], outputs: list[Any], name: str, **options: Any) -> None:
    """Make a function an endpoint for `gradio_client`. It has components of its own, hidden, that say what it takes.

    The page's lists of runs are those of the visitor who opened it, so an endpoint can't share them.
    """
    gr.Button(visible=False).click(
        catch_errors(function, is_page=False), inputs, outputs, api_name=name, **(TURNS | options)
    )
