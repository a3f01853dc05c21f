"""A vector for what somebody draws: phones draw, and the newest drawing comes to the pad of the stage's search.

POST /room/CODE/find         {"voter", "drawing": a PNG's address}
GET  /room/CODE/find/ID.png  the newest drawing
"""

import secrets
from dataclasses import dataclass, field
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo.lessons.requests import room_of, sent, voter_of
from demo.lessons.rooms import Room
from demo.ui import drawing_pad
from demo.ui.data_urls import encoded

NAME, SIDE = "find", 280
MOST_BYTES = drawing_pad.LARGEST + 1000  # of what is sent
MOST = 9999  # drawings that are counted
WORDS = ("how", "send", "sent", "blank", "lost", "newest", "alt", "by_name")


@dataclass
class Newest:
    """The newest drawing as a PNG, and how many there were before."""

    picture: bytes
    count: int
    id: str = field(default_factory=lambda: secrets.token_hex(6))


async def draw(request: Request) -> Response:
    """Take a drawing: it replaces the one before."""
    room, asked = room_of(request), await sent(request, MOST_BYTES)
    voter_of(asked)
    if not isinstance(asked.get("drawing"), str):
        raise HTTPException(400)
    return await run_in_threadpool(_draw, room, asked["drawing"])


def _draw(room: Room, drawing: str) -> Response:
    image = drawing_pad.decode(drawing)
    if image is None:
        raise HTTPException(400)
    image = image.convert("L").resize((SIDE, SIDE))
    if image.getextrema()[1] < 128:  # an empty pad
        raise HTTPException(422)
    with room.lock:
        before = room.memory.get(NAME)
        room.memory[NAME] = Newest(encoded(image, "png"), min(before.count + 1 if before else 1, MOST))
        room.version += 1
    return Response(status_code=204)


async def picture(request: Request) -> Response:
    """The newest drawing, by its number alone: there is no other any more."""
    newest = room_of(request).memory.get(NAME)
    if newest is None or newest.id != request.path_params["id"]:
        raise HTTPException(404)
    return Response(newest.picture, media_type="image/png", headers={"Cache-Control": "no-store"})


def state(room: Room, leads: bool) -> dict[str, Any]:
    """Who leads is told that there is a new drawing; phones need to know nothing."""
    newest = room.memory[NAME]
    return {"id": newest.id, "count": newest.count} if leads else {}


ROUTES = [Route("/room/{code}/find", draw, methods=["POST"]), Route("/room/{code}/find/{id}.png", picture)]
