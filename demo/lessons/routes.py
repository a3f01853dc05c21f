"""What the page fetches of a lesson: the script that leads through it, its looks, and the lesson in a language."""

from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from demo.lessons import lesson_file
from demo.lessons.stages import STAGES
from demo.ui.i18n import LANGUAGES, Language, say

FILES = {"lesson.js": "text/javascript", "lesson.css": "text/css"}
WORDS = ("start", "back", "next", "notes", "full", "more", "leave", "coming", "late", "then", "end", "keys", "at")
SHOWN = ("place", "picture", "controls", "reset", "running", "pause", "width", "has_keys")  # of a stage, to the page
HEAD = '<script type="module" src="lesson/lesson.js"></script>'

own: list[Path] = []  # a teacher's own lesson, named on the command line, instead of the shipped one


def file(request: Request) -> Response:
    """The script or the style sheet; the browser asks each time whether it has changed."""
    name = request.path_params["name"]
    if name not in FILES:
        raise HTTPException(404)
    path = Path(__file__).parent / name
    return FileResponse(path, media_type=FILES[name], headers={"Cache-Control": "no-cache"})


def lesson(request: Request) -> Response:
    """The lesson in a language, as `described`."""
    language = request.path_params["language"]
    if language not in LANGUAGES:
        raise HTTPException(404)
    return JSONResponse(described(language), headers={"Cache-Control": "no-cache"})


def described(language: Language) -> dict[str, Any]:
    """{"name", "title", "words", "scenes": [{"title", "sentence", "notes", "choices", ...}]}, each with its stage's."""
    path = own[0] if own else lesson_file.shipped(language)
    found, scenes = lesson_file.read(path), []
    for scene in found.scenes:
        stage = STAGES[scene.stage]
        choices = [[stage.choices[name].element, value] for name, value in scene.choices.items()]
        shown = {name: getattr(stage, name) for name in SHOWN}
        texts = {"title": scene.title, "sentence": scene.sentence, "notes": scene.notes}
        scenes.append(shown | texts | {"choices": choices})
    words = {name: say(language, f"lesson.{name}", number="{number}", count="{count}") for name in WORDS}
    return {"name": path.name.split(".")[0], "title": found.title, "words": words, "scenes": scenes}


ROUTES = [Route("/lesson/{language}.json", lesson), Route("/lesson/{name}", file)]
