"""What is sent to a room: read with care, for everyone may send."""

import json
import re
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from demo.lessons.rooms import Room
from demo.lessons.shown import shown

MOST_BYTES = 4096  # of a vote
VOTER = re.compile(r"[0-9a-f-]{8,40}")


def room_of(request: Request) -> Room:
    """The room of an address. Raises 404 where there is none."""
    room = shown.rooms.named(request.path_params["code"])
    if room is None:
        raise HTTPException(404)
    return room


async def body(request: Request, most: int) -> bytes:
    """What was sent; of more than so many bytes only the beginning, which is longer than that."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > most:
            break
    return content


async def sent(request: Request, most: int = MOST_BYTES) -> dict[str, Any]:
    """The JSON object that was sent, of so many bytes at most."""
    content = await body(request, most)
    if len(content) > most:
        raise HTTPException(413)
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):  # no JSON, or all too deep
        raise HTTPException(400) from None
    if not isinstance(found, dict):
        raise HTTPException(400)
    return found


async def led(request: Request) -> tuple[Room, dict[str, Any]]:
    """The room of an address, and what was sent with its key. Raises 403 without the key."""
    room, asked = room_of(request), await sent(request)
    if not room.is_led_by(asked.get("key")):
        raise HTTPException(403)
    return room, asked


def voter_of(asked: dict[str, Any]) -> str:
    """The number that a phone made up for itself. Raises 400 where it is none."""
    voter = asked.get("voter")
    if not (isinstance(voter, str) and VOTER.fullmatch(voter)):
        raise HTTPException(400)
    return voter
