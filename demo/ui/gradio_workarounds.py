"""Where Gradio 6.31 does something else than this page needs: each with its cause, to go when that is gone.

`tests/demo/ui/test_gradio_workarounds.py` sees each cause in plain Gradio and fails when it is gone. Four more
stand elsewhere: `server/gradio_start.py` (before Gradio is imported), `frames.js`, `order.js` and `component_tree.py`
(before its page is).
"""

from typing import Any

import gradio as gr
from gradio.context import Context, LocalContext

KEPT = 500  # of the components that Gradio has made anew, those that a session keeps


def prune_session_state() -> None:
    """Drop what a visitor's session no longer needs. For use inside a handler.

    Gradio makes a component anew, with a new number, for every update to it, also for `gr.skip()`, and keeps it for
    ever under that number once it is used again: 14 KB for each look at a training. Only the number it was built with
    is ever asked for. The latest are kept, since another handler may just be on its way with one.
    """
    blocks, request = LocalContext.blocks.get(None), LocalContext.request.get(None)
    session = session_of(request)
    holder = getattr(blocks, "state_holder", ())
    if not session or session not in holder:
        return
    state = holder.session_data[session]
    for known in (state.blocks_config.blocks, state.config_values):
        made = [number for number in list(known) if number not in blocks.blocks]
        for number in made[:-KEPT]:
            known.pop(number, None)


def session_of(request: gr.Request | None) -> str:
    """Which visitor's page asks; empty where none does."""
    return getattr(request, "session_hash", None) or ""


def calm(app: gr.Blocks) -> None:
    """Let an app's queue rest: looking for work every 0.001 s costs an idle server two per cent of a core."""
    app._queue.sleep_when_free = 0.02


def unread(image: gr.Image) -> gr.Image:
    """Let a picture component hand on the file as it came: Gradio would open it before we can refuse it.

    All of them then do, for a component is made anew at its first update, in each visitor's session.
    """
    type(image).preprocess = lambda _, payload: getattr(payload, "path", None)
    return image


def outlive_restarts() -> None:
    """Let selectors hand on what a page has chosen, though the server has forgotten what there was to choose from.

    Gradio refuses what is not among a selector's choices, and knows those that an event gave it in this visitor's
    session alone: a server that was started anew, or has dropped the session for newer ones, knows those that the
    selector was built with, and every event of an open page would fail. Who is asked checks what it is given.
    """
    for selector in (gr.Dropdown, gr.Radio, gr.CheckboxGroup):
        selector.preprocess = lambda _, payload: payload


def enclosing(kind: type, *, outermost: bool = False) -> Any:
    """The innermost (or outermost) block of a kind that is being built. Gradio has no public word for it."""
    found, block = None, Context.block
    while block is not None:
        if isinstance(block, kind):
            found = block
            if not outermost:
                break
        block = block.parent
    return found


def shared_by_page(name: str) -> dict[str, Any]:
    """A dict of that name that belongs to the page that is being built."""
    return vars(Context.root_block).setdefault(name, {})
