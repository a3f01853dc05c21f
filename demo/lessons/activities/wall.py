"""A wall of zebras: each phone sends one photo, translated on the phone itself, and the stage hangs them side by side.

The photo stays on the phone where it can compute; else it comes here, is translated and forgotten. Nothing is written
down.
"""

import base64
import binascii
import threading
from io import BytesIO
from typing import Any

import gradio as gr
from PIL import Image, ImageOps
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.device import routes, runtime
from demo.lessons.requests import led, room_of, sent, voter_of
from demo.lessons.rooms import Room
from demo.server import model_cache
from demo.ui.data_urls import encoded
from demo.ui.i18n import language_of
from demo.ui.refusals import Refused
from gan.errors import UserError
from gan.lazy import lazy
from gan.runs.run import Run

images = lazy("gan.images")
translate = lazy("gan.inference.translate")

NAME, DIRECTION = "wall", "AtoB"
WORDS = (
    "ask",
    "pick",
    "again",
    "send",
    "sent",
    "late",
    "full",
    "loading",
    "computing",
    "none",
    "lead",
    "count",
    "remove",
    "unreadable",
)
MOST_PICTURES, SIDE = 60, 256  # of a room, and pixels of each on the wall
MOST_BYTES = 400_000  # that are sent: a photo of 512 x 512 pixels takes some 80,000
WAIT = 5.0  # seconds that a photo waits for its turn here

_turn = threading.Lock()


def state(room: Room, leads: bool) -> list[int]:
    """The numbers of the pictures that hang there, for the stage."""
    return list(room.memory[NAME]["pictures"]) if leads else []


def _run() -> Run:
    """The run that translates. Raises 404 where there is none."""
    found = model_cache.runs("cyclegan", with_weights=True, replicas=False)
    if not found:
        raise HTTPException(404)
    return found[0]


async def about(request: Request) -> Response:
    """What a phone needs to translate: {"runtime", "file", "size", "channels"}; without a runtime the server does."""
    room_of(request)
    run = await run_in_threadpool(_run)
    size = translate.seen_size(run, DIRECTION)
    there = translate.DIRECTIONS[DIRECTION][0]
    told = {"runtime": runtime.version(), "file": routes.file_of(run, there), "size": size}
    return JSONResponse(told | {"channels": run.config.channels}, headers={"Cache-Control": "no-store"})


async def hang(request: Request) -> Response:
    """Take a picture: {"voter", "picture": a data URL, "is_photo": whether it is still to be translated}."""
    room, asked = room_of(request), await sent(request, MOST_BYTES)
    voter = voter_of(asked)
    try:
        picture = await run_in_threadpool(_prepared, asked.get("picture"), bool(asked.get("is_photo")))
    except UserError as error:
        return JSONResponse({"error": error.sentence(language_of(gr.Request(request)))}, 400)
    if picture is None:
        return Response(status_code=503)
    with room.lock:
        wall = room.memory.setdefault(NAME, {"pictures": {}, "numbers": {}, "next": 1})
        before = wall["numbers"].get(voter)
        if before not in wall["pictures"] and len(wall["pictures"]) >= MOST_PICTURES:
            return Response(status_code=409)
        wall["pictures"].pop(before, None)
        number = wall["numbers"][voter] = wall["next"]
        wall["pictures"][number] = picture
        wall["next"] += 1
        room.version += 1
    return Response(picture, media_type="image/jpeg")


def _prepared(sent: Any, is_photo: bool) -> bytes | None:
    """What hangs on the wall, a JPEG; None where too many photos wait. Raises UserError for what is no picture."""
    start, _, content = str(sent).partition(",")
    if not (start.startswith("data:image/") and start.endswith(";base64")):
        raise Refused("translate.unreadable")
    try:
        image = images.open_picture(BytesIO(base64.b64decode(content, validate=True)))
    except binascii.Error:
        raise Refused("translate.unreadable") from None
    image = ImageOps.fit(image, (SIDE, SIDE), Image.Resampling.LANCZOS)
    if is_photo:
        if not _turn.acquire(timeout=WAIT):
            return None
        try:
            run = _run()
            generator, _ = translate.pick(model_cache.networks(run).generators, DIRECTION)
            image = translate.translate(generator, image, size=translate.seen_size(run, DIRECTION))
        finally:
            _turn.release()
    return encoded(image.convert("RGB"), "jpeg", quality=88)


async def picture(request: Request) -> Response:
    """A picture of the wall by its number."""
    room = room_of(request)
    found = room.memory.get(NAME, {"pictures": {}})["pictures"].get(request.path_params["number"])
    if found is None:
        raise HTTPException(404)
    return Response(found, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


async def remove(request: Request) -> Response:
    """Take a picture off the wall: {"key", "number"}, by who leads the room."""
    room, asked = await led(request)
    with room.lock:
        room.memory.get(NAME, {"pictures": {}})["pictures"].pop(asked.get("number"), None)
        room.version += 1
    return Response(status_code=204)


ROUTES = [
    Route("/room/{code}/wall", about),
    Route("/room/{code}/wall", hang, methods=["POST"]),
    Route("/room/{code}/wall/remove", remove, methods=["POST"]),
    Route("/room/{code}/wall/{number:int}.jpg", picture),
]
