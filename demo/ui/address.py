"""What a visitor has chosen, in the page's address: `address.js` writes it there, and a tab that opens reads it."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from demo.ui.handlers import QUIET
from demo.ui.i18n import in_address


def keeps(event: Callable, component: Any, name: str) -> None:
    """Let the address follow a component's value at an event, by a function of that name in `address.js`."""
    event(None, component, None, js=f"(value) => (window.kept.{name}(value), [])", **QUIET)


def asked_for(request: gr.Request | None, name: str) -> str:
    """What the address says of a name, or ""."""
    return next(iter(in_address(request, name)), "")
