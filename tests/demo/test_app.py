"""The shell: how it starts, what it refuses, that a hundred visitors get answers, and how the page stands."""

import asyncio
import json
import re
import socket
import subprocess
import sys
import threading
import time

import gradio as gr
import pytest

from demo import app as shell
from demo.server.environment import ROOT, decide
from demo.ui.handlers import catch_errors
from demo.ui.i18n import say, words
from gan.errors import UserError
from tests import browser as machinery


@pytest.mark.slow
def test_nothing_heavy_is_imported_before_the_page_is_there():
    heavy = {"torch", "torchvision", "matplotlib", "matplotlib.pyplot", "safetensors"}
    # without the function that Gradio parses its own source with at every start, for two seconds
    script = "import ast; ast.get_source_segment = None; import sys, demo.app; demo.app.build_app(); "
    script += f"print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip().splitlines()[-1:] == ["[]"], done.stdout + done.stderr


def test_every_handler_answers_with_sentences():
    app = shell.build_app(decide({}))
    bare = [
        f.name for f in app.fns.values() if f.fn and f.name != "<lambda>" and not getattr(f.fn, "answers_as", False)
    ]
    assert not bare
    escaped = [f.api_name for f in app.fns.values() if f.api_visibility == "public" and f.fn.answers_as != "endpoint"]
    assert not escaped  # a client of an endpoint shows sentences as they are, the page takes them as HTML


def test_beside_a_tab_stand_only_tabs():
    """Gradio's page counts whatever stands in Tabs, also what no one sees: a tab after it would take another's name."""
    app = shell.build_app(decide({}))
    nodes, rows = [app.config["layout"]], 0
    for node in nodes:
        nodes += node.get("children", [])
        if app.blocks[node["id"]].get_block_name() == "tabs" if node["id"] in app.blocks else False:
            rows += 1
            assert {app.blocks[child["id"]].get_block_name() for child in node["children"]} == {"tabitem"}
    assert rows >= 4  # the page's, and those of three tabs


def test_only_named_endpoints_are_public():
    app = shell.build_app(decide({}))
    public = {f.api_name for f in app.fns.values() if f.fn and f.api_visibility == "public"}
    noise = "generate layers directions move interpolate arithmetic find neighbours quiz modes"
    training = "train_start train_status train_control train_what_if train_delete"
    others = "curves translate inside hidden rounds piles"
    questions = "upsample downsample round_of_two duel"
    assert public == {*noise.split(), *training.split(), *others.split(), *questions.split()}


def test_the_page_keeps_nothing_and_tells_nobody():
    options = shell.launch_options(place=decide({"SPACE_ID": "class/duel"}))
    assert options["run_history"] is options["enable_monitoring"] is options["share"] is options["show_error"] is False
    assert options["ssr_mode"] is False
    assert options["state_session_capacity"] == shell.VISITORS
    assert options["max_file_size"] == "5mb"
    assert shell.launch_options(place=decide({}))["max_file_size"] == "200mb"
    assert shell.build_app(decide({})).analytics_enabled is False


def test_a_picture_that_unpacks_to_gigabytes_is_refused(tmp_path):
    from PIL import Image

    Image.new("1", (12_000, 12_000)).save(tmp_path / "bomb.png")
    with pytest.raises(Image.DecompressionBombError):
        Image.open(tmp_path / "bomb.png")


def test_a_refusals_heading_is_in_the_visitors_language(monkeypatch):
    @catch_errors
    def handler():
        raise UserError("densities.empty")

    monkeypatch.setattr("demo.ui.handlers.say", lambda _, key, **values: say("ko", key, **values))
    with pytest.raises(gr.Error) as raised:
        handler()
    assert raised.value.title == words("ko")["errors.title"] == "오류"


@pytest.mark.parametrize(
    "error", [UserError("own.folder_there", name="<b>big</b>"), ValueError("secret path"), gr.Error("ours")]
)
def test_what_a_handler_raises_becomes_a_sentence(error, capsys):
    @catch_errors
    def handler():
        raise error

    @catch_errors
    def moving():
        yield 1
        raise error

    expected = {
        UserError: "There already is a folder &lt;b&gt;big&lt;/b&gt;.",
        ValueError: words("en")["errors.unexpected"],
        gr.Error: "ours",
    }
    with pytest.raises(gr.Error) as raised:
        handler()
    assert raised.value.message == expected[type(error)]
    steps = moving()
    assert next(steps) == 1
    with pytest.raises(gr.Error) as raised:
        next(steps)
    assert raised.value.message == expected[type(error)]
    told = "secret path" in capsys.readouterr().err
    assert told == (type(error) is ValueError)


def test_a_port_in_use_is_passed_over_or_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=str(port)):
            shell.free_port("127.0.0.1", [port])
        assert shell.free_port("127.0.0.1", [port, 0]) not in (0, port)


@pytest.mark.parametrize(
    ("arguments", "environment", "word"),
    [
        ([], {"GAN_TRAINING": "sometimes"}, "sometimes"),
        ([], {"GRADIO_SERVER_PORT": "abc"}, "'abc' is not a port"),
        ([], {"GRADIO_SERVER_PORT": "99999"}, "'99999' is not a port"),
        ([], {"GRADIO_SERVER_NAME": "no such host"}, "no such host"),
        (["--port", "99999"], {}, "'99999' is not a port"),
        (["--port", "-1"], {}, "'-1' is not a port"),
        (["--port", "abc"], {}, "'abc' is not a port"),
        (["--host", "203.0.113.7"], {}, "203.0.113.7"),
        (["--host", "2001:db8::7"], {}, "2001:db8::7"),
        (["--host", "no.such.host.invalid"], {}, "no.such.host.invalid"),
        (["--lan", "--share"], {}, "--share"),
    ],
)
def test_a_wrong_setting_ends_with_one_sentence_and_code_2(monkeypatch, capsys, arguments, environment, word):
    monkeypatch.setattr(shell, "build_app", lambda *_: pytest.fail("the app was built all the same"))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        shell.main(arguments)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert word in told.splitlines()[-1]
    assert told.startswith("usage:") or told.count("\n") == 1


def test_tabs_warm_up_one_after_the_other_behind_the_page(monkeypatch):
    from types import ModuleType

    order = []
    modules = {name: ModuleType(name) for name in ("a", "b", "c")}
    modules["a"].warm = lambda place: (time.sleep(0.05), order.append(("a", threading.current_thread().name)))
    modules["c"].warm = lambda place: order.append(("c", threading.current_thread().name))
    shell.warm_up(modules, decide({})).join(5)
    assert order == [("a", "warm-up"), ("c", "warm-up")]


def test_the_app_starts_in_time_and_only_on_this_machine(server):
    assert server.seconds < 20  # 5 on two idle cores; the machine may be busy
    port = int(server.url.rsplit(":", 1)[1].strip("/"))
    from demo.server.https import own_addresses

    # with no network there are none but loopback, of which it answers at one address alone
    for address in (*own_addresses()[:-1], "127.0.0.2"):
        with socket.socket() as probe:
            probe.settimeout(2)
            assert probe.connect_ex((address, port)) != 0


@pytest.mark.slow
def test_a_hundred_visitors_at_once_all_get_an_answer(server):
    import httpx

    async def visitor(number):
        way = ("transposed", "bilinear", "unpool", "nearest")[number % 4]
        # a client each, as each visitor has a browser of their own
        async with httpx.AsyncClient(base_url=server.url, timeout=60, trust_env=False, verify=False) as client:
            asked = await client.post("gradio_api/call/upsample", json={"data": ["digit", way, "ones", 3, 2, 0]})
            assert asked.status_code == 200, asked.text
            async with client.stream("GET", f"gradio_api/call/upsample/{asked.json()['event_id']}") as answer:
                text = "".join([part async for part in answer.aiter_text()])
        return json.loads(text.rsplit("data: ", 1)[1])[0]["explanation"]

    async def everyone():
        return await asyncio.gather(*(visitor(number) for number in range(100)))

    answers = machinery.in_a_thread(everyone())
    assert len(answers) == 100
    assert len(set(answers)) == 4


def test_nobody_passes_the_line_or_reads_files(server):
    import httpx

    with httpx.Client(base_url=server.url, trust_env=False, timeout=20) as client:
        refused = client.post("gradio_api/run/upsample", json={"data": ["digit", "nearest", "ones", 3, 2, 0]})
        assert refused.status_code >= 400
        for path in ("requirements.txt", "pyproject.toml", "demo/app.py", ".git/HEAD", "checkpoints"):
            assert client.get(f"gradio_api/file={ROOT / path}").status_code in (403, 404)
        for path in ("openapi.json", "docs", "monitoring", "monitoring/summary"):
            assert client.get(path).status_code in (403, 404), path


browser = pytest.mark.browser
SIZES = [(1920, 1080), (1366, 768), (390, 844)]


@browser
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_tab_stands_in_its_order_and_fits_its_window_and_a_question_leads_to_another(look, language):
    page = look(language, tab="noise", size=SIZES[0])
    expected = [words(language)[f"{name}.tab"] for name in shell.TABS]
    machinery.expect(page.locator("#tabs > .tab-wrapper").get_by_role("tab")).to_have_text(expected)
    for name in shell.tabs():
        machinery.open_tab(page, name)
        page.wait_for_selector(machinery.FIRST[name], state="attached")
        for first in page.locator(f"#{name}-sections").get_by_role("tab").all()[:1]:
            first.click()
        machinery.settle(page)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            machinery.settle(page, 0.15)
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 1, (name, width)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        machinery.settle(page, 0.15)
        switch, heading = page.locator("#languages").bounding_box(), page.locator("#title h1").bounding_box()
        assert switch["y"] + switch["height"] <= heading["y"] + 1 or switch["x"] >= heading["x"] + heading["width"]

    page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})
    page.get_by_role("tab", name=words(language)["questions.q20.tab"]).click()
    page.locator("button:visible", has_text=words(language)["questions.go.curves"]).click()
    page.get_by_role("tab", name=words(language)["curves.tab"], exact=True, selected=True).wait_for()


@browser
def test_the_room_gets_https_an_address_and_a_qr_code(visit):
    import httpx

    with machinery.serve("--lan", PYTHONIOENCODING="cp949") as room:
        assert room.url.startswith("https://")
        plain = room.url.replace("https://", "http://")
        assert httpx.get(f"{plain}?lang=ko", trust_env=False).headers["location"] == f"{room.url}?lang=ko"
        refused = {None: "The time must be more than 0", "192.168.0.7": "can start and control runs"}
        for phone, sentence in refused.items():  # this machine has the key that was made, nobody else
            headers = {"x-forwarded-for": phone} if phone else {}
            with httpx.Client(base_url=room.url, headers=headers, verify=False, trust_env=False, timeout=30) as client:
                asked = client.post(
                    "gradio_api/call/train_start", json={"data": ["dcgan", "mnist", 10_000, "", {}, "", ""]}
                )
                told = client.get(f"gradio_api/call/train_start/{asked.json()['event_id']}").text
            assert sentence in told, (phone, told)
        page = visit("ko", url=room.url)
        assert page.evaluate("isSecureContext && !!navigator.mediaDevices")
        page.get_by_role("button", name=words("ko")["app.join.title"]).click()
        page.locator(".invitation svg").wait_for()
        address = page.locator(".invitation a").inner_text()
        assert address in room.said()
        assert "########" in room.said()  # the QR code, where there are no blocks
        (key,) = re.findall(r"Teacher's key: (\w{8})", room.said())
        machinery.open_tab(page, "train")
        machinery.expect(page.locator("#train-machine")).to_contain_text(key)
        page.close()
