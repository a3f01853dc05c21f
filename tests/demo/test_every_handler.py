"""Every event handler of the page, asked on a page where nothing has been chosen yet."""

import inspect

import gradio as gr
import pytest
from gradio.state_holder import SessionState

from demo.app import build_app
from demo.server.environment import Place, no_loan
from gan.paths import SHIPPED_RUNS
from tests.browser import in_a_thread

BUSY = ("measure", "learn")  # handlers that measure or train here and now; both have tests of their own
TEXT = ("html", "markdown", "textbox")


@pytest.fixture
def page(away, monkeypatch, tmp_path):
    """The page of a machine without runs and data, where everything is still to come."""
    monkeypatch.setattr("gan.runs.run.SHIPPED_RUNS", tmp_path / "shipped")
    return build_app(Place("local", "off", tmp_path / "runs", no_loan))


def answered(app, state, handler):
    """What a handler sends to a page whose controls are as they were built and whose lists are still empty."""
    state.state_data.clear()  # a new SessionState for each would take most of the test's time
    values = [
        None if block.stateful else state.config_values[block._id]["props"].get("value") for block in handler.inputs
    ]
    request = gr.Request(headers={"accept-language": "en"}, client=None)
    return in_a_thread(app.process_api(handler, values, state=state, request=request))["data"]


def test_no_handler_answers_too_little_or_an_object_where_text_is_shown(page):
    """A refusal in a sentence is an answer; an error of Gradio's about the answer, or "[object Object]", is not."""
    asked, faults, state = 0, [], SessionState(page)
    for handler in page.fns.values():
        parameters = inspect.signature(handler.fn).parameters.values() if handler.fn else ()
        needs_event = any(each.annotation is gr.EventData for each in parameters)
        if not handler.fn or handler.api_visibility != "private" or handler.name in BUSY or needs_event:
            continue
        asked += 1
        try:
            data = answered(page, state, handler)
        except gr.Error:
            continue
        except ValueError as error:
            faults.append((handler.name, str(error)[:80]))
            continue
        for block, value in zip(handler.outputs, data, strict=True):
            if block.get_block_name() in TEXT and isinstance(value, dict) and "__type__" not in value:
                faults.append((handler.name, value))
    assert not faults
    assert asked > 100


def test_every_handler_of_the_page_says_what_it_refuses(page):
    """Whatever runs on the server is wrapped by `catch_errors`, but for what cannot fail: constants, plain switches."""
    bare = [each for each in page.fns.values() if each.fn and not hasattr(each.fn, "answers_as")]
    assert {each.fn.__name__ for each in bare} <= {"<lambda>"}


def test_a_section_that_an_address_opens_before_its_run_is_there_says_nothing():
    """The desk is the server's and may be set already; the run's name comes to the page with the answer."""
    app = build_app(Place("local", "off", SHIPPED_RUNS, no_loan))
    blocks = {block.elem_id: block for block in app.blocks.values() if getattr(block, "elem_id", None)}
    run, asked = blocks["noise-run"], 0
    for handler in app.fns.values():
        opened = [event for block, event in handler.targets if event == "select" and block in app.blocks]
        desk = [block for block in handler.inputs if block.stateful and isinstance(block.value, dict)]
        if not opened or run not in handler.inputs or not any("held" in block.value for block in desk):
            continue
        state = SessionState(app)
        for block in desk:
            if "held" in block.value:
                state[block._id] = {"held": "mnist:0:0", "shelf": ["mnist:0:0"]}
        values = [
            None if block.stateful or block is run else state.config_values[block._id]["props"].get("value")
            for block in handler.inputs
        ]
        request = gr.Request(headers={"accept-language": "en"}, client=None)
        in_a_thread(app.process_api(handler, values, state=state, request=request))  # raises what would be a toast
        asked += 1
    assert asked >= 8
