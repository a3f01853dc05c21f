"""Two languages, complete, and every way by which page and server learn which one it is."""

import ast
import gzip
import re
from functools import cache
from string import Formatter
from types import SimpleNamespace

import pytest

from demo.server.environment import ROOT
from demo.ui.i18n import LANGUAGES, LanguageSwitch, language_of, say, t, words
from tests.browser import expect, in_a_thread, open_tab

KEYS = sorted(words("en"))


def test_both_languages_have_the_same_sentences_in_the_same_order():
    assert list(words("en")) == list(words("ko"))


def test_no_sentence_is_empty_and_both_have_the_same_places_to_fill():
    for key in KEYS:
        places = [{name for _, name, _, _ in Formatter().parse(words(x)[key]) if name is not None} for x in LANGUAGES]
        assert places[0] == places[1], key
        assert all(words(x)[key].strip() for x in LANGUAGES), key


def test_korean_is_korean_and_english_is_english():
    hangul = re.compile("[가-힣]")
    for key in KEYS:
        english, korean = words("en")[key], words("ko")[key]
        assert not hangul.search(english.replace("창과 방패", "")), key
        letters = re.sub(r"\{\w*\}|[^A-Za-z]", "", english)
        assert hangul.search(korean) or korean == english or len(letters) < 3, key


SOURCES = [*sorted((ROOT / "demo").rglob("*.py")), *sorted((ROOT / "gan").rglob("*.py"))]
ASSETS = sorted(path for end in ("css", "js", "html") for path in (ROOT / "demo").rglob(f"*.{end}"))
assert len(ASSETS) > 20
CODE = {path: path.read_text(encoding="utf-8") for path in SOURCES}
BEGINNINGS = {path: re.findall(r'\bsaying\(\w+, "([\w.]+)"\)', text) for path, text in CODE.items()}


def test_every_key_that_the_code_names_exists():
    """With one of the beginnings that the file, or the file beside a template, puts in front of its keys."""
    texts = CODE | {path: path.read_text(encoding="utf-8") for path in ASSETS if path.with_suffix(".py") in CODE}
    used = {
        path: set(re.findall(r"""\b(?:t\(|say\([^"()]*(?:\([^"()]*\))?[^"()]*)"([a-z]\w*(?:\.\w+)+)\"""", text))
        for path, text in texts.items()
    }
    tabs = {path.parent.name for path, keys in used.items() if keys}
    assert tabs >= {"demo", "curves", "noise", "questions", "train", "translate"}  # it looks into every folder
    for path, keys in used.items():
        beginnings = ["", *BEGINNINGS[path.with_suffix(".py")]]
        assert not [key for key in keys if not any(beginning + key in KEYS for beginning in beginnings)], path


def test_every_key_is_one_that_the_code_can_ask_for():
    """As it stands in the code, or made by a template there whose places are filled by other words of the code.

    So is one of which the code puts the beginning in front: "noise." of "noise.best".
    """
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in ASSETS)
    code = "\n".join([*CODE.values(), scripts])
    made = [re.sub(r"\$\{[^}]*\}", "*", each) for each in re.findall(r"`([\w.]*\$\{[^`]*)`", scripts)]
    made += [beginning + "*" for some in BEGINNINGS.values() for beginning in some]
    for text in CODE.values():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.JoinedStr):
                made.append("".join(v.value if isinstance(v, ast.Constant) else "*" for v in node.values))
    is_key = re.compile(r"[\w.*]*(?:\w\.|\.\w|[a-z]_|_[a-z])[\w.*]*")
    shapes = [re.compile(re.escape(each).replace(r"\*", "(.+?)")) for each in {*made} if is_key.fullmatch(each)]
    stands = set(re.findall(r"[\w.]+", code))

    @cache
    def is_said(words: str) -> bool:
        if words in stands or (re.search(r"[^\w.]", words) and words in code):
            return True
        found = (shape.fullmatch(words) for shape in shapes)
        return any(each and all(map(is_said, each.groups())) for each in found)

    assert not [key for key in KEYS if not is_said(key)]


def test_a_sentence_is_filled_in_the_readers_language():
    values = {"kernel": 4, "stride": 2, "low": 4}
    assert "(4)" in say("en", "questions.q1.says.even", **values)
    assert say("ko", "questions.q1.says.even", **values) == words("ko")["questions.q1.says.even"].format(**values)
    with pytest.raises(KeyError):
        say("en", "questions.nonsense")
    with pytest.raises(KeyError):
        t("questions.nonsense")


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "en"),
        ({"accept-language": "ko-KR,ko;q=0.9,en;q=0.8"}, "ko"),
        ({"accept-language": "fr,en;q=0.8,ko;q=0.5"}, "en"),
        ({"accept-language": "fr"}, "en"),
        ({"accept-language": "en", "cookie": "a=b; lang=ko"}, "ko"),
        ({"cookie": "lang=fr", "accept-language": "ko"}, "ko"),
        ({"referer": "https://x.hf.space/?__theme=dark&lang=ko", "cookie": "lang=en"}, "ko"),
    ],
)
def test_the_server_knows_the_language_of_a_request(headers, language):
    assert language_of(SimpleNamespace(headers=headers)) == language


def page_of(path, root_path="", method="GET", encoding=""):
    """What a visitor gets for this path from an app that answers everything with the same page, in two pieces."""

    async def app(scope, receive, send):
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"52"), (b"x", b"y")]}
        )
        await send({"type": "http.response.body", "body": b"<html><head>1</head><body>", "more_body": True})
        await send({"type": "http.response.body", "body": b"<gradio-app></body></html>"})

    sent = []

    async def send(message):
        sent.append(message)

    headers = [(b"accept-encoding", encoding.encode())]
    scope = {"type": "http", "method": method, "path": path, "root_path": root_path, "headers": headers}
    in_a_thread(LanguageSwitch(app)(scope, None, send))
    body = b"".join(message.get("body", b"") for message in sent)
    if (b"content-encoding", b"gzip") in sent[0]["headers"]:
        body = gzip.decompress(body)
    return body.decode(), dict(sent[0]["headers"])


@pytest.mark.parametrize(("path", "root_path"), [("/", ""), ("/room/", "/room"), ("/room", "/room")])
def test_the_script_is_first_in_the_head_and_the_length_is_right(path, root_path):
    body, headers = page_of(path, root_path)
    assert body.startswith("<html><head><script>")
    assert body.index("navigator") < body.index("1</head>") < body.index('id="languages"') < body.index("<gradio-app>")
    assert int(headers[b"content-length"]) == len(body.encode())
    assert headers[b"x"] == b"y"


def test_the_page_is_sent_compressed_to_whom_can_read_it():
    plain, headers = page_of("/")
    assert b"content-encoding" not in headers
    body, headers = page_of("/", encoding="gzip, br")
    assert (body, headers[b"content-encoding"]) == (plain, b"gzip")
    assert int(headers[b"content-length"]) < len(plain) / 2


@pytest.mark.parametrize(
    ("path", "method"), [("/gradio_api/info", "GET"), ("/gradio_api/queue/data", "GET"), ("/", "POST")]
)
def test_everything_else_passes_untouched(path, method):
    body, headers = page_of(path, method=method, encoding="gzip")
    assert b"content-encoding" not in headers
    assert "script" not in body
    assert headers[b"content-length"] == b"52"


browser = pytest.mark.browser


def title(page):
    return page.inner_text("#title")


def about(language):
    """What the page says of itself in a language."""
    return words(language)["app.title"].split("\n\n")[1]


@browser
def test_the_page_speaks_the_browsers_language_until_the_switch_is_used_by_keyboard_which_lasts(visit):
    page = visit("ko", path="#questions")
    assert about("ko") in title(page)
    assert page.evaluate("document.documentElement.lang") == "ko"
    assert page.get_by_role("tab", name=words("ko")["questions.tab"], exact=True).count()
    link = page.get_by_role("link", name="English")
    link.focus()
    page.keyboard.press("Enter")
    page.get_by_text(about("en")).wait_for()
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.get_by_role("tab", name=words("en")["questions.tab"], exact=True).count()
    expect(page.get_by_role("link", name="English")).to_have_attribute("aria-current", "true")
    expect(page).to_have_url(re.compile("/#questions$"))  # and leaves one where one was
    expect(page.get_by_role("tab", name=words("en")["questions.tab"], exact=True, selected=True)).to_be_visible()
    there = page.url.split("#")[0]
    page.goto("about:blank")
    page.goto(f"{there}#noise")
    page.get_by_text(about("en")).wait_for()
    assert {"name": "lang", "value": "en"}.items() <= page.context.cookies()[0].items()
    open_tab(page, "questions")  # the server follows
    page.wait_for_selector("#upsample image")
    assert words("en")["questions.q1.figure.touches"] in page.inner_text("#upsample")


@browser
def test_where_nothing_can_be_stored_the_address_keeps_the_choice_and_the_server_follows_it(visit):
    script = """Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no') }});
    Object.defineProperty(document, 'cookie', {get: () => '', set() {}});"""
    page = visit("en", path="?lang=ko", tab="questions", script=script)
    assert not page.context.cookies()
    assert "lang=ko" in page.url
    page.wait_for_selector("#upsample image")
    assert words("ko")["questions.q1.figure.touches"] in page.inner_text("#upsample")
