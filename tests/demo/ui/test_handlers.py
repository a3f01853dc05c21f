"""What the event handlers share, with Gradio itself."""

import gradio as gr
import pytest
from fastapi.testclient import TestClient
from gradio.state_holder import SessionState

from demo.ui import gradio_workarounds, handlers
from demo.ui.gradio_workarounds import unread
from tests.browser import in_a_thread


@pytest.mark.slow
def test_a_page_that_looks_again_and_again_does_not_grow(monkeypatch):
    """An update to a component, and that component as an input, a hundred times over: the numbers kept stay few."""
    monkeypatch.setattr(gradio_workarounds, "KEPT", 10)
    with gr.Blocks() as blocks:
        shown, run = gr.HTML(), gr.Dropdown(["a"], value="a")
        clock = gr.Timer()
        looked = clock.tick(
            handlers.catch_errors(lambda run, _: (gr.Dropdown(choices=["a", "b"]), gr.skip())),
            [run, shown],
            [run, shown],
            queue=False,
            **handlers.QUIET,
        )
    app = gr.routes.App.create_app(blocks)
    client = TestClient(app)

    def sizes():
        state = app.state_holder["visitor"]
        return len(state.blocks_config.blocks), len(state.config_values)

    start = sizes()
    for _ in range(100):
        asked = {"data": ["a", ""], "fn_index": looked["id"], "session_hash": "visitor"}
        assert client.post("/gradio_api/run/predict", json=asked).status_code == 200
    assert all(end <= begin + 10 + 4 for begin, end in zip(start, sizes(), strict=True))
    assert app.state_holder["visitor"].blocks_config.blocks[run._id].choices == [("a", "a"), ("b", "b")]


def test_outside_a_page_there_is_nothing_to_forget():
    assert handlers.catch_errors(lambda: 3)() == 3


def test_a_picture_that_was_updated_once_still_hands_on_the_file_as_it_came(tmp_path):
    """A component is made anew at each update, without what was set on the one that it was built as."""
    with gr.Blocks() as blocks:
        picture, shown, button = unread(gr.Image(type="filepath")), gr.Textbox(), gr.Button()
        button.click(lambda: gr.skip(), None, picture)
        button.click(lambda path: path, picture, shown)
    update, read = blocks.fns.values()
    state = SessionState(blocks)
    (tmp_path / "torn.png").write_text("no picture")
    given = {"path": str(tmp_path / "torn.png"), "meta": {"_type": "gradio.FileData"}}
    in_a_thread(blocks.process_api(update, [], state=state))
    (path,) = in_a_thread(blocks.process_api(read, [given], state=state, explicit_call=True))["data"]
    assert path.endswith("torn.png")
