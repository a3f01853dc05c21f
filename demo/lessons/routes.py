"""What the page fetches of a lesson: the scripts that lead through it, their looks, its words."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.lessons import lesson_file, quiz, room_routes
from demo.lessons.shown import shown
from demo.lessons.stages import STAGES
from demo.ui.assets import sent
from demo.ui.i18n import LANGUAGES, Language, say
from gan.errors import UserError

SCRIPTS = ("lesson.js", "vote.js", "quiz.js", "room.js", "phone.js")
FILES = dict.fromkeys(SCRIPTS, "text/javascript") | {"lesson.css": "text/css", "phone.css": "text/css"}
WORDS = (
    "start",
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
)
PLACES = {
    name: f"{{{name}}}" for name in ("number", "count", "present", "moved", "to", "gain", "value")
}  # filled in the page
SHOWN = ("place", "picture", "controls", "reset", "running", "pause", "width", "has_keys")  # of a stage, to the page
HEAD = '<script type="module" src="lesson/lesson.js"></script>'


def file(request: Request) -> Response:
    """A script or a style sheet."""
    return sent(__file__, request.path_params["name"], FILES)


def lesson(request: Request) -> Response:
    """The lesson in a language, as `described`; or {"error"}.

    With it come the address at which rooms reach this server ("reached") and whether this visitor "leads" one.
    """
    language = request.path_params["language"]
    if language not in LANGUAGES:
        raise HTTPException(404)
    about = {"reached": shown.room, "leads": room_routes.may_lead(request)}
    try:
        return JSONResponse(described(language) | about, headers={"Cache-Control": "no-cache"})
    except UserError as error:  # a teacher edits her file while it is shown
        return JSONResponse({"error": error.sentence(language)}, 409, headers={"Cache-Control": "no-cache"})


def described(language: Language) -> dict[str, Any]:
    """{"name", "title", "words", "scenes": [{"title", "sentence", "notes", "choices", ...}]}, each with its stage's."""
    path = shown.path(language)
    found, scenes = lesson_file.read(path), []
    for scene in found.scenes:
        stage = STAGES[scene.stage]
        chosen = [(stage.choices[name].element, value) for name, value in scene.choices.items()]
        said = {name: getattr(stage, name) for name in SHOWN}
        texts = {"title": scene.title, "sentence": scene.sentence, "notes": scene.notes}
        texts |= {"answers": scene.answers, "right": scene.right}
        about = {"stage": scene.stage, "settings": scene.choices, "choices": [each for each in chosen if each[0]]}
        scenes.append(said | texts | about)
    words = {name: say(language, f"lesson.{name}", **PLACES) for name in WORDS}
    asked = {"statements": quiz.statements(language), "true": quiz.TRUE}
    return {"name": shown.name, "title": found.title, "words": words, "scenes": scenes} | asked


ROUTES = [
    Route("/lesson/{language}.json", lesson),
    Route("/lesson/{name}", file),
    *room_routes.ROUTES,
]
