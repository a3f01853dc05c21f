"""What the page fetches of a lesson: the scripts that lead through it, their looks, its words."""

import json
from typing import Any

import gradio as gr
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.lessons import activities, lesson_file, quiz, room_routes
from demo.lessons.requests import body
from demo.lessons.shown import shown
from demo.lessons.stages import STAGES
from demo.server.access import is_here
from demo.ui.assets import beside, sent
from demo.ui.i18n import LANGUAGES, Language, language_of, say
from demo.ui.templates import macros
from gan.errors import UserError

SCRIPTS = ("elements.js", "lesson.js", "cover.js", "notes.js", "vote.js", "room.js", "join.js", "phone.js")
SCRIPTS += ("stage_quiz.js", *(f"{end}_{name}.js" for name in activities.NAMES for end in ("phone", "stage")))
SCRIPTS += ("versus_chart.js",)
FILES = dict.fromkeys(SCRIPTS, "text/javascript") | {"lesson.css": "text/css", "phone.css": "text/css"}
FILES |= {"versus.css": "text/css"}
WORDS = (
    "start",
    "resume",
    "join",
    "join_how",
    "join_room",
    "enter",
    "own",
    "own_how",
    "own_pick",
    "own_back",
    "back",
    "next",
    "notes",
    "full",
    "more",
    "leave",
    "coming",
    "late",
    "then",
    "end",
    "keys",
    "at",
    "lead",
    "room",
    "no_room",
    "end_room",
    "close_room",
    "report",
    "new_class",
    "agree",
    "disagree",
    "percent",
    "vote",
    "vote_open",
    "vote_close",
    "vote_again",
    "vote_truth",
    "vote_anew",
    "vote_guess",
    "vote_right",
    "vote_wrong",
    "vote_hidden",
    "vote_talk",
    "vote_count",
    "vote_moved",
    "vote_moved_open",
    "quiz_count",
    "quiz_gain",
    "quiz_hide",
    "quiz_before",
    "quiz_after",
    *("phones_ask", "phones_how", "phones_iphone", "phones_android", "phones_why", "phones_drawn", "phones_back"),
    *("phones_iphone_warns", "phones_iphone_details", "phones_iphone_visit", "phones_iphone_sure"),
    *("phones_android_warns", "phones_android_advanced", "phones_android_proceed"),
)
PLACES = {
    name: f"{{{name}}}" for name in ("number", "count", "present", "moved", "to", "gain", "value", "host", "code")
}  # filled in the page
SHOWN = ("place", "picture", "controls", "reset", "running", "pause", "width", "has_keys", "is_whole", "phone")
HTML = macros(__file__)


def head() -> str:
    """What the page's head says of the lesson: which part of the page opens first, and what leads through it."""
    places = [STAGES[scene.stage].place for scene in shown.lesson("en").scenes]
    script = beside(__file__, "address.js").replace("PLACES", json.dumps(places))
    return str(HTML.head(Markup(script.replace('"NAME"', json.dumps(shown.name)))))


def file(request: Request) -> Response:
    """A script or a style sheet."""
    return sent(__file__, request.path_params["name"], FILES)


def lesson(request: Request) -> Response:
    """The lesson in a language, as `described`; or {"error"}.

    With it come the address at which rooms reach this server ("reached"), whether this visitor "leads" one, and whether
    the lesson is the visitor's "own", None where it may not be.
    """
    language = request.path_params["language"]
    if language not in LANGUAGES:
        raise HTTPException(404)
    may_replace = _may_replace(request)
    about = {"reached": shown.room, "leads": room_routes.may_lead(request)}
    about |= {"own": bool(shown.text) if may_replace else None}
    try:
        return JSONResponse(described(language) | about, headers={"Cache-Control": "no-cache"})
    except UserError as error:  # a teacher edits her file while it is shown
        return JSONResponse({"error": error.sentence(language)}, 409, headers={"Cache-Control": "no-cache"})


def _may_replace(request: Request) -> bool:
    """Whether this visitor may show a lesson of their own: who sits at this machine."""
    return shown.place is not None and is_here(shown.place, gr.Request(request))


async def replace(request: Request) -> Response:
    """Show the lesson that was sent, a file of this ?name=, or, told to delete it, the shipped one again.

    One in which something is wrong changes nothing.
    """
    if not _may_replace(request):
        raise HTTPException(403)
    name = request.query_params.get("name", "")[:100] or "…"
    try:
        text = lesson_file.decoded(await body(request, lesson_file.MOST_BYTES), name)
        if request.method == "POST":
            lesson_file.parse(text)
    except UserError as error:
        return JSONResponse({"error": error.sentence(language_of(gr.Request(request)))}, 409)
    shown.text = text if request.method == "POST" else ""
    return Response(status_code=204)


def described(language: Language) -> dict[str, Any]:
    """{"name", "title", "words", "scenes": [{"title", "sentence", "notes", "choices", ...}]}, each with its stage's."""
    found, scenes = shown.lesson(language), []
    for scene in found.scenes:
        stage = STAGES[scene.stage]
        chosen = [(stage.choices[name].element, value) for name, value in scene.choices.items()]
        said = {name: getattr(stage, name) for name in SHOWN}
        texts = {"title": scene.title, "sentence": scene.sentence, "notes": scene.notes}
        texts |= {"answers": scene.answers, "right": scene.right}
        about = {"stage": scene.stage, "settings": scene.choices, "choices": [each for each in chosen if each[0]]}
        scenes.append(said | texts | about)
    words = {name: say(language, f"lesson.{name}", **PLACES) for name in WORDS} | activities.words(language)
    asked = {"statements": quiz.statements(language), "true": quiz.TRUE}
    return {"name": shown.name, "title": found.title, "words": words, "scenes": scenes} | asked


ROUTES = [
    Route("/lesson/own", replace, methods=["POST", "DELETE"]),
    Route("/lesson/{language}.json", lesson),
    Route("/lesson/{name}", file),
    *room_routes.ROUTES,
]
