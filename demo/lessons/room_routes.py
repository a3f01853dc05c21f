"""What a room is by way of the network: its page for phones, where the lesson is, votes, answers, and who leads.

POST /room                 open a room, or find the one that is open: {"code", "key"}
POST /room/CODE/lead       {"key", "scene"?, "phase"?, "clear"?, "end"?, "hand"?, "once"?}; "once" names what is asked
POST /room/CODE/vote       {"voter", "scene", "choice", "opening"?}
POST /room/CODE/quiz       {"voter", "when", "answers"}
GET  /room/CODE/follow     the state of the room, at once and whenever it changes (server-sent events)
GET  /room/open.json       {"code"} of the one room that is open on one's own machine, else ""
GET  /room/CODE/code.svg   a QR code that leads a phone into the room
GET  /room/CODE/report     what the teacher takes home, for ?key=
GET  /room, /room/CODE     the page for phones
"""

import asyncio
import json
import re
import secrets
import time
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any
from urllib.parse import quote

import gradio as gr
import segno
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from demo.lessons import activities, lesson_file, quiz, report
from demo.lessons.polls import MOST_VOTERS, PHASES
from demo.lessons.requests import led, room_of, sent, voter_of
from demo.lessons.rooms import Room
from demo.lessons.shown import shown
from demo.server.access import is_here
from demo.ui.i18n import language_of, say
from demo.ui.templates import macros
from gan.errors import UserError

HTML = macros(__file__)
LOOK, LIFE = 0.25, 300.0  # seconds between two looks at a room, and that a page's line lasts
WORDS = (
    "wait",
    "look",
    "pick",
    "picked",
    "closed",
    "right",
    "wrong",
    "talk",
    "again",
    "over",
    "here",
    "code",
    "enter",
    "unknown",
    "lost",
    "agree",
    "disagree",
    "unsure",
    "send",
    "sent",
)


def may_lead(request: Request) -> bool:
    """Whether this visitor may open a room: who sits at this machine; on a Space, everyone a room of their own."""
    place = shown.place
    return place is not None and (place.kind != "local" or is_here(place, gr.Request(request)))


def _answers(scene: int) -> tuple[int, list[int]]:
    """How many answers a scene offers to vote for, and which are right."""
    try:
        scenes = shown.lesson("en").scenes
    except UserError:  # a teacher edits her file while it is shown
        return 0, []
    return (len(scenes[scene - 1].answers), scenes[scene - 1].right) if 0 < scene <= len(scenes) else (0, [])


async def open_room(request: Request) -> Response:
    """Open a room, or on one's own machine find the one that is open."""
    if not may_lead(request):
        raise HTTPException(403)
    room = _only() or await run_in_threadpool(shown.rooms.open)
    if room is None:
        raise HTTPException(429)
    return JSONResponse({"code": room.code, "key": room.key})


async def lead(request: Request) -> Response:
    """Take the room to a scene, its vote to a phase, count a raised hand, begin with another class, or end."""
    room, asked = await led(request)
    await run_in_threadpool(_lead, room, asked)
    return Response(status_code=204)


def _lead(room: Room, asked: dict[str, Any]) -> None:
    with room.lock:
        room.touched = time.time()
        if isinstance(once := asked.get("once"), str) and once:
            if once == room.done:  # asked again, by a page whose answer got lost
                return
            room.done = once[:40]
        if asked.get("end"):
            return shown.rooms.close(room)
        if asked.get("clear"):
            room.clear()
        if isinstance(scene := asked.get("scene"), int) and 0 <= scene <= lesson_file.MOST_SCENES:
            room.scene = scene
        if (phase := asked.get("phase")) in PHASES:
            room.poll.go(phase)
        if isinstance(hand := asked.get("hand"), int) and 0 <= hand < _answers(room.scene)[0]:
            room.poll.vote(f"hand-{secrets.token_hex(8)}", hand)
        room.save()


async def vote(request: Request) -> Response:
    """Take a vote on the scene that is shown; 409 where the vote that it was meant for is closed by now."""
    room, asked = room_of(request), await sent(request)
    voter, choice, opening = voter_of(asked), asked.get("choice"), asked.get("opening")
    if not (isinstance(choice, int) and 0 <= choice < _answers(room.scene)[0]):
        raise HTTPException(400)

    def take() -> bool:
        with room.lock:
            taken = asked.get("scene") == room.scene and room.poll.vote(voter, choice, opening)
            if taken:
                room.save()
            return taken

    return Response(status_code=204 if await run_in_threadpool(take) else 409)


async def answer(request: Request) -> Response:
    """Take someone's answers to the eight statements."""
    room, asked = room_of(request), await sent(request)
    voter, when = voter_of(asked), asked.get("when")
    if when not in quiz.WHEN or not quiz.is_answered(asked.get("answers")):
        raise HTTPException(400)

    def take() -> bool:
        with room.lock:
            given = room.quiz.setdefault(when, {})
            if voter not in given and len(given) >= MOST_VOTERS:
                return False
            given[voter] = asked["answers"]
            room.save()
            return True

    return Response(status_code=204 if await run_in_threadpool(take) else 409)


def state(room: Room, leads: bool) -> dict[str, Any]:
    """What a page is told of a room; how many are there and have voted, and the quiz, only who leads it."""
    choices, right = _answers(room.scene)
    told: dict[str, Any] = {"scene": room.scene, "group": room.group}
    with room.lock:
        if choices:
            told["poll"] = room.poll.seen(choices, right)
            if not leads:
                del told["poll"]["count"]
        if leads:
            told |= {"present": room.present, "quiz": quiz.result(room.quiz)}
        for name, activity in activities.every().items():
            if name in room.memory or name in room.kept:
                told[name] = activity.state(room, leads)
    return told


async def follow(request: Request) -> Response:
    """Tell a page the state of the room, at once and whenever it changes, and {"over": true} at its end."""
    room = room_of(request)
    leads = room.is_led_by(request.query_params.get("key", ""))

    async def states() -> AsyncIterator[str]:
        last, version, end = None, None, time.monotonic() + LIFE  # then the browser asks again
        if not leads:
            room.present += 1
            room.version += 1
        try:
            while time.monotonic() < end:
                if room.version != version:
                    version = room.version
                    is_over = shown.rooms.named(room.code) is not room
                    told = json.dumps({"over": True} if is_over else state(room, leads))
                    if told != last:
                        last = told
                        yield f"retry: 300\ndata: {told}\n\n"
                    if is_over:
                        return
                await asyncio.sleep(LOOK)
        finally:
            if not leads:
                room.present -= 1
                room.version += 1

    return StreamingResponse(states(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def invitation(request: Request) -> Response:
    """A QR code that leads a phone into the room: by the address that the room reaches, else by that of `?at=`."""
    room = room_of(request)
    address = f"{shown.room}room/{room.code}" if shown.room else request.query_params.get("at", "")
    if not re.fullmatch(rf"https?://[^\s]+/room/{room.code}", address):
        raise HTTPException(404)
    picture = BytesIO()
    segno.make(address, micro=False).save(picture, kind="svg", scale=10, border=3, light="#fff")
    return Response(picture.getvalue(), media_type="image/svg+xml")


async def take_home(request: Request) -> Response:
    """The scenes with the room's votes as a file, for who leads the room."""
    room = room_of(request)
    if not room.is_led_by(request.query_params.get("key", "")):
        raise HTTPException(403)
    language = language_of(gr.Request(request))
    html = report.page(room, shown.lesson(language), language)
    name = f"{shown.name}-{room.code}.html"
    return HTMLResponse(html, headers={"Content-Disposition": f"attachment; filename*=utf-8''{quote(name)}"})


def _only() -> Room | None:
    """The room that is open on a machine of one's own, where there is but one."""
    return shown.rooms.latest() if shown.place and shown.place.kind == "local" else None


async def is_open(request: Request) -> Response:
    """Which room who comes to the lesson itself may join."""
    room = _only()
    return JSONResponse({"code": room.code if room else ""}, headers={"Cache-Control": "no-store"})


async def page(request: Request) -> Response:
    """The page for phones: for a room, or to say which."""
    typed = request.path_params.get("code") or request.query_params.get("code", "")
    room = shown.rooms.named(typed) if typed else _only()
    if room and "code" not in request.path_params:
        return RedirectResponse(f"room/{room.code}", 303)
    language = language_of(gr.Request(request))
    words = {name: say(language, f"room.{name}") for name in WORDS} | activities.words(language)
    about = {"code": room.code if room else "", "words": words, "language": language, "lesson": shown.name}
    about |= {"statements": quiz.statements(language), "true": quiz.TRUE}
    safe = Markup(json.dumps(about).replace("<", "\\u003c"))
    base = "../" if "code" in request.path_params else ""
    html = HTML.page(language, words, say(language, "room.title"), safe, base, typed[:4], room is None)
    status = 404 if typed and not room else 200
    return HTMLResponse(Markup("<!doctype html>") + html, status, headers={"Cache-Control": "no-store"})


ROUTES = [
    Route("/room", open_room, methods=["POST"]),
    Route("/room", page),
    Route("/room/open.json", is_open),
    Route("/room/{code}", page),
    Route("/room/{code}/lead", lead, methods=["POST"]),
    Route("/room/{code}/vote", vote, methods=["POST"]),
    Route("/room/{code}/quiz", answer, methods=["POST"]),
    Route("/room/{code}/follow", follow),
    Route("/room/{code}/report", take_home),
    Route("/room/{code}/code.svg", invitation),
    *activities.routes(),
]
