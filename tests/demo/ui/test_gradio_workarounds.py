"""What `demo/ui/gradio_workarounds.py` and its like are there for, seen in plain Gradio.

A test that fails here says that Gradio has mended it, and which workaround can go.
"""

import subprocess
import sys
from pathlib import Path

import gradio as gr
import pytest
from gradio.context import Context
from gradio_client import Client

from demo.ui.component_tree import SCRIPT, WALK
from tests.browser import COUNT_FRAMES

LOOKS = 5
MORE = 20  # components, each with an event

# Counts in `window.reads` how often the page looks up the components that an event listens to.
COUNT_READS = """window.reads = 0;
let config;
Object.defineProperty(window, "gradio_config", {
    get: () => config,
    set: (given) => {
        config = given;
        for (const event of given.dependencies) {
            const targets = event.targets;
            Object.defineProperty(event, "targets", { get: () => (window.reads++, targets), enumerable: true });
        }
    },
});"""


# Prints how many of its components' files importing Gradio looks for, and whether a picture is opened, of both kinds.
ALONE = """import inspect, sys
asked, get = [], inspect.getfile
inspect.getfile = lambda thing: (asked.append(thing), get(thing))[1]
import gradio as gr
from gradio.data_classes import ImageData
print(sum(isinstance(each, type) and each.__module__.startswith("gradio.") for each in asked))
for kind in ("filepath", "pil"):
    try: gr.Image(type=kind).preprocess(ImageData(path=sys.argv[1], orig_name="no-picture.png"))
    except Exception as error: print("cannot identify" in str(error))
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """What Gradio does in a process of its own, into which nothing of this project is imported: a line for each."""
    path = tmp_path_factory.mktemp("alone") / "no-picture.png"
    path.write_bytes(b"not a picture")
    command = [sys.executable, "-c", ALONE, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.splitlines()


@pytest.fixture(scope="module")
def plain():
    """A page of plain Gradio with two endpoints, while it is served: the app."""
    with gr.Blocks() as app:
        name, shown = gr.Textbox("before"), gr.Textbox("as it was")
        name.submit(lambda _: gr.Textbox(label="looked at"), name, name, api_name="look")
        name.submit(lambda _: {}, name, shown, api_name="empty")
        for _ in range(MORE):
            more = gr.Textbox()
            more.submit(lambda _: "", more, more)
    app.launch(prevent_thread_lock=True, quiet=True)
    yield app
    app.close(verbose=False)


def test_a_session_keeps_a_component_for_every_look(plain):
    """`prune_session_state`."""
    client = Client(plain.local_url, verbose=False)

    def kept():
        state = plain.state_holder.session_data[client.session_hash]
        return len([number for number in state.blocks_config.blocks if number not in plain.blocks])

    seen = []
    for _ in range(LOOKS):
        client.predict("", api_name="/look")
        seen.append(kept())
    assert seen[-1] > seen[0]


def test_the_queue_looks_for_work_a_thousand_times_a_second(plain):
    """`calm`."""
    assert plain._queue.sleep_when_free < 0.01


@pytest.mark.slow
def test_a_picture_component_opens_what_was_sent_before_anyone_can_refuse_it(alone):
    """`unread`, which changes the class: so it is seen in a process of its own."""
    assert alone[1:] == ["True", "True"]


def test_only_a_private_name_says_which_block_is_being_built():
    """`enclosing`, `shared_by_page`."""
    assert not {"current", "current_block", "get_current"} & set(dir(gr) + dir(gr.Blocks))
    with gr.Blocks() as app, gr.Column() as column:
        assert Context.block is column
        assert Context.root_block is app


def test_an_empty_dict_is_taken_for_the_value_of_the_first_output(plain):
    """`catch_errors`."""
    client = Client(plain.local_url, verbose=False)
    assert client.predict("", api_name="/empty") == "{}"


def test_a_selector_refuses_what_it_was_not_built_with():
    """`outlive_restarts`: read, since the page has changed the method by now."""
    for name in ("dropdown", "radio", "checkboxgroup"):
        source = (Path(gr.__file__).parent / "components" / f"{name}.py").read_text(encoding="utf-8")
        assert "is not in the list of choices" in source.split("def preprocess")[1].split("def ")[0]


def test_a_page_walks_through_all_its_components_to_find_one():
    """`component_tree.py`."""
    scripts = [path for path in Path(gr.__file__).parent.rglob("*.js") if SCRIPT.search(path.as_posix())]
    assert [len(WALK.findall(path.read_bytes())) for path in scripts] == [1]


def test_a_page_makes_its_web_app_before_it_is_launched(monkeypatch):
    """`gradio_start.without_web_app`."""
    made = []
    create = gr.routes.App.create_app
    monkeypatch.setattr(gr.routes.App, "create_app", staticmethod(lambda *a, **k: made.append(1) or create(*a, **k)))
    with gr.Blocks():
        gr.Textbox()
    assert made


@pytest.mark.slow
def test_importing_gradio_reads_the_source_of_its_components(alone):
    """`gradio_start._no_file_of_classes`."""
    assert int(alone[0]) > 10


@pytest.fixture(scope="module")
def page(plain, chromium):
    """The page in a browser, which counts."""
    context = chromium.browser.new_context()
    page = context.new_page()
    page.add_init_script(COUNT_FRAMES + COUNT_READS)
    page.goto(plain.local_url)
    page.get_by_label("Textbox").first.wait_for()
    yield page
    context.close()


@pytest.mark.slow
@pytest.mark.browser
def test_an_opening_page_goes_through_all_events_for_each_component(page):
    """`Plain` in `tabs.js`."""
    assert page.evaluate("window.reads") >= MORE * MORE


@pytest.mark.slow
@pytest.mark.browser
def test_a_page_at_rest_asks_for_every_frame(page):
    """`frames.js`."""
    page.wait_for_timeout(3000)
    before = page.evaluate("window.asked")
    page.wait_for_timeout(2000)
    assert page.evaluate("window.asked") - before > 20
