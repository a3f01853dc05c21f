"""Korean and English: every sentence a person reads, and how page and server know which it is to be."""

import json
from collections.abc import Callable
from functools import cache
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import gradio as gr
from markupsafe import Markup
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.ui.assets import beside
from demo.ui.refusals import WORDS
from demo.ui.rewriting import rewritten
from demo.ui.templates import macros
from gan.errors import UserError
from gan.words import LANGUAGES, Language, read
from gan.words.particles import settled

HERE, HTML = Path(__file__).resolve().parents[1], macros(__file__)


def words(language: Language) -> dict[str, str]:
    """All sentences of the app's in a language by dotted key ("noise.generate"), read from words/<language>.json."""
    return read(WORDS, language)


@cache
def translations() -> gr.I18n:
    """What `launch(i18n=...)` sends to the page, which translates labels by itself."""
    return gr.I18n(en=words("en"), ko=words("ko"))


def t(key: str) -> Any:
    """Words in the reader's language, translated in the page: label, info, Button, Markdown, HTML, Tab, choices.

    Raises KeyError if words/en.json has no such key.
    """
    words("en")[key]
    return translations()(key)


def say(reader: gr.Request | Language | None, key: str, **values: Any) -> str:
    """A sentence in the reader's language with `{name}` places filled: for toasts, progress, titles, figures.

    `reader` is the request of the event, or a language. Raises KeyError if there is no such key or value.
    """
    language = _language(reader)
    sentence = words(language)[key].format(**values)
    return settled(sentence) if language == "ko" else sentence


def saying(reader: gr.Request | Language | None, beginning: str = "") -> Callable[..., str]:
    """`say` to this reader, of the keys with this beginning: what a template takes to say its words."""
    language = _language(reader)
    return lambda key, **values: say(language, beginning + key, **values)


def announce(key: str, **values: Any) -> None:
    """Print a sentence in both languages; a `UserError` among the values says its own in each."""
    told = []
    for each in LANGUAGES:
        said = {name: v.sentence(each) if isinstance(v, UserError) else v for name, v in values.items()}
        told.append(say(each, key, **said))
    print(" / ".join(told), flush=True)


def both(key: str, **values: Any) -> str:
    """A sentence with its places filled, as HTML in both languages, of which the page shows its own (theme.css)."""
    return HTML.both([(each, say(each, key, **values)) for each in LANGUAGES])


def _language(reader: gr.Request | Language | None) -> Language:
    return reader if reader in LANGUAGES else language_of(reader)


def language_of(request: gr.Request | None) -> Language:
    """The language of the page that sent this request: its `?lang=`, its cookie, else the browser's.

    In an iframe (a Space) cookies may be refused; then the page keeps the choice in its own address, which
    arrives as the referer.
    """
    headers = _headers(request)
    cookies = SimpleCookie(headers.get("cookie", ""))
    asked = [
        *in_address(request, "lang"),
        *([cookies["lang"].value] if "lang" in cookies else []),
        *(part.split(";")[0].strip()[:2].lower() for part in headers.get("accept-language", "").split(",")),
    ]
    return next((language for language in asked if language in LANGUAGES), "en")


def in_address(request: gr.Request | None, name: str) -> list[str]:
    """What the page's own address says of a name (`?lang=ko`); it arrives as the referer."""
    return parse_qs(urlsplit(_headers(request).get("referer", "")).query).get(name, [])


def _headers(request: gr.Request | None) -> dict[str, str]:
    return {} if request is None else {k.lower(): v for k, v in dict(request.headers).items()}


HEAD, APP = b"<head>", b"<gradio-app"  # places in Gradio's page
SCRIPTS = (
    "i18n.js",
    "frames.js",
    "lost.js",
    "order.js",
    "tabs.js",
    "address.js",
    "opening.js",
    "into_view.js",
    "enlarge.js",
    "uploads.js",
)  # that run before Gradio's own


class LanguageSwitch:
    """ASGI middleware: puts our scripts first in the page's head and the language switch first in its body.

    Gradio asks `navigator.language` as soon as its own scripts run, and has no switch that lasts; a script
    given by `launch(head=...)` would come too late to answer otherwise. The page is sent compressed, 0.2 MB instead
    of 1.2; Gradio compresses what it serves from files by itself, and live answers must not be held back.
    """

    def __init__(self, app: ASGIApp) -> None:
        scripts = [beside(__file__, name) for name in SCRIPTS]
        sentences = json.dumps({each: words(each)["app.lost"] for each in LANGUAGES})
        script = HTML.script(Markup("".join(script.replace("SENTENCES", sentences) for script in scripts)))
        self.app = app
        self.page = GZipMiddleware(self.switched, compresslevel=6)
        self.replacements = (
            (HEAD, HEAD + script.encode()),
            (APP, HTML.switch().encode() + APP),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if scope["type"] != "http" or scope["method"] != "GET" or path not in ("", "/"):
            await self.app(scope, receive, send)
        else:
            await self.page(scope, receive, send)

    async def switched(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The page with the scripts and the switch in it."""

        def change(page: bytes) -> bytes:
            for mark, replacement in self.replacements:
                page = page.replace(mark, replacement, 1)
            return page

        await rewritten(self.app, scope, receive, send, change)
