"""A workaround for Gradio 6.31: its page finds a component by its number at once, not by a walk through all of them.

For every input it reads and every output it shows the page goes through the tree of its components, each behind a proxy
of Svelte's: with six hundred of them half of what a click costs. The walk is a function of one of its scripts, which
nothing in the page reaches; so it is replaced on its way there. Where it is another one, the script passes as it is.
"""

import re

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.ui.rewriting import rewritten

SCRIPT = re.compile(r"/assets/core-[\w-]+\.js$")
WALK = re.compile(
    rb"function (?P<f>\w+)\((?P<node>\w+),(?P<id>\w+)\)\{if\((?P=node)\.id===(?P=id)\)return (?P=node);"
    rb"if\((?P=node)\.children\)for\(let (?P<child>\w+) of (?P=node)\.children\)"
    rb"\{let (?P=node)=(?P=f)\((?P=child),(?P=id)\);if\((?P=node)\)return (?P=node)\}return null\}"
)
# The same, which remembers what it found below a node; nothing here moves a component (`gr.render`).
REMEMBERS = (
    rb"const known=new WeakMap;function \g<f>(top,id){"
    rb"const walk=node=>{if(node.id===id)return node;"
    rb"for(const child of node.children??[]){const found=walk(child);if(found)return found}return null};"
    rb"let there=known.get(top);if(!there)known.set(top,there=new Map);"
    rb"const found=there.get(id)??walk(top);if(found)there.set(id,found);return found}"
)


class QuickTree:
    """ASGI middleware that replaces the walk."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.script = GZipMiddleware(self.changed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_script = scope["type"] == "http" and SCRIPT.search(scope["path"])
        await (self.script if is_script else self.app)(scope, receive, send)

    async def changed(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The script with the other walk in it; the app is asked for it as it is, neither compressed nor in part."""
        headers = [(k, v) for k, v in scope["headers"] if k not in (b"accept-encoding", b"range", b"if-range")]
        asked = {**scope, "headers": headers}
        await rewritten(self.app, asked, receive, send, lambda script: WALK.sub(REMEMBERS, script, count=1))
