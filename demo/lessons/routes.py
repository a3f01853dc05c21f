"""What the page fetches of a lesson: the script that leads through it, its looks, its words, and where the teacher
is in it.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import gradio as gr
import segno
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from demo.lessons import lesson_file
from demo.lessons.stages import STAGES
from demo.server.access import is_here
from demo.server.environment import Place
from demo.ui.assets import sent
from demo.ui.i18n import LANGUAGES, Language, say
from gan.errors import UserError

FILES = {"lesson.js": "text/javascript", "lesson.css": "text/css"}
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
    "behind",
)
SHOWN = ("place", "picture", "controls", "reset", "running", "pause", "width", "has_keys")  # of a stage, to the page
HEAD = '<script type="module" src="lesson/lesson.js"></script>'

LOOK, LIFE = 0.25, 60.0  # seconds between two looks at where the teacher is; and that a page's line lasts


@dataclass
class Shown:
    """What is shown here: a teacher's own lesson or None for the shipped one, the room's address, the teacher's scene.

    `scene` counts from 1, and is 0 where nobody leads.
    """

    file: Path | None = None
    room: str = ""
    place: Place | None = None
    scene: int = 0

    def path(self, language: Language) -> Path:
        """The lesson's file in a language."""
        return self.file or lesson_file.shipped(language)

    @property
    def name(self) -> str:
        """The lesson's name in addresses."""
        return self.path("en").name.split(".")[0]


shown = Shown()


def file(request: Request) -> Response:
    """The script or the style sheet."""
    return sent(__file__, request.path_params["name"], FILES)


def lesson(request: Request) -> Response:
    """The lesson in a language, as `described`, with "room" and whether this visitor "leads"; else {"error": why}."""
    language = request.path_params["language"]
    if language not in LANGUAGES:
        raise HTTPException(404)
    about = {"room": shown.room, "leads": leads(request)}
    try:
        return JSONResponse(described(language) | about, headers={"Cache-Control": "no-cache"})
    except UserError as error:  # a teacher edits her file while it is shown
        return JSONResponse({"error": error.sentence(language)}, 409, headers={"Cache-Control": "no-cache"})


def leads(request: Request) -> bool:
    """Whether this visitor may lead the room: who sits at this machine, where there is a room."""
    return bool(shown.room and shown.place) and is_here(shown.place, gr.Request(request))


def lead(request: Request) -> Response:
    """Take the room to a scene."""
    if not leads(request):
        raise HTTPException(403)
    shown.scene = request.path_params["scene"]
    return Response(status_code=204)


def follow(request: Request) -> Response:
    """Tell a page the number of the teacher's scene, at once and whenever it changes."""

    async def scenes() -> AsyncIterator[str]:
        last, end = None, time.monotonic() + LIFE  # then the browser asks again
        while time.monotonic() < end:
            if shown.scene != last:
                last = shown.scene
                yield f"retry: 1000\ndata: {last}\n\n"
            await asyncio.sleep(LOOK)

    return StreamingResponse(scenes(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


def invitation(request: Request) -> Response:
    """A QR code that leads a phone into the lesson, behind the teacher."""
    if not shown.room:
        raise HTTPException(404)
    picture = BytesIO()
    address = f"{shown.room}?lesson={shown.name}&follow=1"
    segno.make(address, micro=False).save(picture, kind="svg", scale=10, border=3, light="#fff")
    return Response(picture.getvalue(), media_type="image/svg+xml")


def described(language: Language) -> dict[str, Any]:
    """{"name", "title", "words", "scenes": [{"title", "sentence", "notes", "choices", ...}]}, each with its stage's."""
    path = shown.path(language)
    found, scenes = lesson_file.read(path), []
    for scene in found.scenes:
        stage = STAGES[scene.stage]
        choices = [[stage.choices[name].element, value] for name, value in scene.choices.items()]
        said = {name: getattr(stage, name) for name in SHOWN}
        texts = {"title": scene.title, "sentence": scene.sentence, "notes": scene.notes}
        scenes.append(said | texts | {"choices": choices})
    words = {name: say(language, f"lesson.{name}", number="{number}", count="{count}") for name in WORDS}
    return {"name": shown.name, "title": found.title, "words": words, "scenes": scenes}


ROUTES = [
    Route("/lesson/follow", follow),
    Route("/lesson/lead/{scene:int}", lead, methods=["POST"]),
    Route("/lesson/invitation.svg", invitation),
    Route("/lesson/{language}.json", lesson),
    Route("/lesson/{name}", file),
]
