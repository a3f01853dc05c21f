"""Buttons that lead from one tab to another, and what they ask that tab to show.

A tab knows no other tab: when it is opened it reads what it is asked for, in a state of the page's.
"""

import gradio as gr

from demo.ui.gradio_workarounds import enclosing, shared_by_page
from demo.ui.handlers import QUIET

TO_TOP = "() => window.scrollTo({top: 0})"


def asked_of(tab: str) -> gr.State:
    """What a tab, of the page that is being built, is asked to show when it is opened next: a name, or ""."""
    known = shared_by_page("asked_of")
    if tab not in known:
        known[tab] = gr.State("")
    return known[tab]


def leads(button: gr.Button, tab: str, what: str = "") -> None:
    """Let a button lead to the top of another tab, by the tab's name ("curves"), and ask it to show something."""
    page = enclosing(gr.Tabs, outermost=True)
    asked = button.click(lambda: what, None, asked_of(tab), queue=False, **QUIET)
    opened = asked.then(lambda: gr.Tabs(selected=tab), None, page, queue=False, **QUIET)
    opened.then(None, None, None, js=TO_TOP, api_visibility="private")
