"""The script that finds the page's components, on its way from Gradio to the page."""

from pathlib import Path

import gradio as gr
import httpx
import pytest

from demo.ui.component_tree import SCRIPT, QuickTree
from tests.browser import in_a_thread

WALK = (
    "function Z(e,t){if(e.id===t)return e;"
    "if(e.children)for(let n of e.children){let e=Z(n,t);if(e)return e}return null}"
)
WHOLE = f"let a=1;{WALK}export{{Z as z}}"
CORE = "/room/assets/core-Bdx9080F.js"


def sent(path, script, **scope):
    """(body, headers, what the app was asked) where an app answers everything with a script, in two pieces."""
    asked, told = [], []

    async def app(scope, receive, send):
        asked.append(dict(scope["headers"]))
        headers = [(b"content-length", str(len(script)).encode()), (b"x", b"y")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": script[:20].encode(), "more_body": True})
        await send({"type": "http.response.body", "body": script[20:].encode()})

    async def send(message):
        told.append(message)

    headers = [(b"accept-encoding", b"gzip"), (b"if-none-match", b"1")]
    in_a_thread(QuickTree(app)({"type": "http", "path": path, "headers": headers} | scope, None, send))
    return b"".join(each.get("body", b"") for each in told).decode(), dict(told[0]["headers"]), asked[0]


def test_the_walk_is_replaced_under_its_name_and_the_length_is_right():
    body, headers, asked = sent(CORE, WHOLE)
    assert WALK not in body
    assert "function Z(top,id)" in body
    assert body.startswith("let a=1;")
    assert body.endswith("export{Z as z}")
    assert int(headers[b"content-length"]) == len(body)
    assert headers[b"x"] == b"y"
    assert asked == {b"if-none-match": b"1"}  # or it could not be read


@pytest.mark.parametrize(("path", "script"), [(CORE, WHOLE.replace("null", "0")), ("/assets/index-1.js", WHOLE)])
def test_everything_else_passes_untouched(path, script):
    assert sent(path, script)[0] == script


@pytest.mark.browser
def test_what_replaces_it_finds_the_same_and_remembers_it(chromium):
    page = chromium.browser.new_page()
    find = sent(CORE, WHOLE)[0].removesuffix("export{Z as z}")
    numbers = page.evaluate(
        f"""() => {{
            {find}
            let reads = 0;
            const node = (number, children) => ({{ children, get id() {{ return reads++, number; }} }});
            const [leaf, other] = [node(3), node(4)];
            const [one, two] = [node(1, [node(2, [leaf]), other]), node(1, [node(3)])];
            const found = [Z(one, 3) === leaf, Z(one, 4) === other, Z(one, 1) === one, Z(one, 5), Z(two, 3) !== leaf];
            reads = 0;
            return [...found, Z(one, 4) === other, reads];
        }}"""
    )
    page.close()
    assert numbers == [True, True, True, None, True, True, 0]


@pytest.mark.browser
def test_the_page_gets_it(server):
    (script,) = (path for path in Path(gr.__file__).parent.rglob("core-*.js") if SCRIPT.search(path.as_posix()))
    got = httpx.get(f"{server.url}assets/{script.name}", trust_env=False, timeout=30).text
    assert "const known=new WeakMap;function" in got
    assert len(got) > len(script.read_text(encoding="utf-8"))
