"""What the event handlers share, with Gradio itself."""

import gradio as gr
from fastapi.testclient import TestClient

from demo import handlers


def test_a_page_that_looks_again_and_again_does_not_grow(monkeypatch):
    """An update to a component, and that component as an input, a hundred times over: the numbers kept stay few."""
    monkeypatch.setattr(handlers, "NUMBERS_KEPT", 10)
    with gr.Blocks() as blocks:
        shown, run = gr.HTML(), gr.Dropdown(["a"], value="a")
        clock = gr.Timer()
        looked = clock.tick(
            handlers.polite(lambda run, _: (gr.Dropdown(choices=["a", "b"]), gr.skip())),
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
    assert handlers.polite(lambda: 3)() == 3
