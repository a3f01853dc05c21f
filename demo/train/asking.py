"""Who asks, and how a refusal is said to them."""

from typing import Any

import gradio as gr

from demo import rules
from demo.language import say
from demo.place import Place
from gan.errors import UserError

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def in_words(request: gr.Request | None, call: Any, *arguments: Any, **options: Any) -> Any:
    """Call something of `jobs`; a refusal comes in the reader's language."""
    try:
        return call(*arguments, **options)
    except rules.Refused as refusal:
        raise UserError(say(request, refusal.key, **refusal.values)) from None


def is_here(place: Place, request: gr.Request | None) -> bool:
    """Whether this visitor sits at this machine, and so may name its folders."""
    return place.kind == "local" and request is not None and getattr(request.client, "host", "") in LOOPBACK
