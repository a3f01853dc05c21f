"""The class plays the duel: phones say of one picture after the other whether it is real, while G and D train.

POST /room/CODE/versus/picture    {"voter"}: {"id", "picture"}; 204 while there is none
POST /room/CODE/versus            {"voter", "id", "real"}: {"right", "real", "step"}; 409 for one that was answered
GET  /room/CODE/versus            what the stage shows: the training, its curves, the class's share of right answers
GET  /room/CODE/versus/shown.png  the newest pictures of the training, without those that phones are given; with
                                  ?branch=1 those of what began beside it
POST /room/CODE/versus/do         {"key", "do", "teacher"?}: for who leads the room and may train here: one of ACTS
"""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo import jobs
from demo.jobs import branches, permissions, presets
from demo.lessons.activities import versus_training as training
from demo.lessons.polls import MOST_VOTERS
from demo.lessons.requests import led, room_of, sent, voter_of
from demo.lessons.rooms import Room
from demo.lessons.shown import shown
from demo.server.access import key_of
from demo.server.environment import Place
from demo.ui.data_urls import file_url
from demo.ui.i18n import language_of
from gan.errors import UserError
from gan.runs.run import Run

NAME, MINUTES = "versus", 3.0  # so long the digits train: time to play, to vote and to see what comes of it
LEAST = 16  # answers that a point of the class's line stands for
EVERY = 1.0  # seconds between two times that the sums are written down
ACTS = ("start", "hold-d", "free-d", "lr-d=x3", "lr-d=/3", "what-if", "stop")
NO_STORE = {"Cache-Control": "no-store"}
WORDS = (
    *("how", "begin", "start_how", "phones", "join", "none", "coming", "standing", "alt", "chart", "axis", "of"),
    *("d_real", "d_fake", "class", "half", "half_smooth", "half_class", "answers", "nobody", "before", "may_not"),
    *("key", "start", "hold", "free", "faster", "slower", "what_if", "stop", "same", "branching", "lost"),
    *("ask", "real", "fake", "next", "tally", "wait", "right_real", "right_fake", "wrong_real", "wrong_fake", "full"),
)


@dataclass
class Player:
    """One phone: the pictures that it has not been given yet, by their places, and the one that it is asked about."""

    left: dict[bool, list[int]] = field(default_factory=lambda: {True: [], False: []})
    id: str = ""
    is_real: bool = False
    place: int = 0
    step: int = -1


@dataclass
class Game:
    """What a class has answered about one training: by the step of the picture, {step: [right ones, all]}."""

    run: str
    hits: dict[int, list[int]] = field(default_factory=dict)
    players: dict[str, Player] = field(default_factory=dict)
    written: float = 0.0  # when, by the clock that never goes back

    def keep(self, room: Room) -> None:
        """Write the sums down, which a killed program goes on with; who answered is not among them."""
        sums = {"run": self.run, "hits": [[step, *count] for step, count in self.hits.items()]}
        if room.kept.get(NAME) != sums and time.monotonic() - self.written >= EVERY:
            room.kept[NAME], self.written = sums, time.monotonic()
            room.write()


def state(room: Room, leads: bool) -> dict[str, Any]:
    """Which training is played against. The rest is asked for: it changes with every answer."""
    return {"run": _former(room).run}


def _former(room: Room) -> Game | None:
    """The game so far, also where the program was started anew."""
    if NAME not in room.memory and (kept := room.kept.get(NAME)):
        room.memory[NAME] = Game(kept["run"], {step: count for step, *count in kept["hits"]})
    return room.memory.get(NAME)


def _game(room: Room, found: training.Now) -> Game:
    """The game against this training; one that went back to before a change keeps the answers until there."""
    game = _former(room)
    if game is None or game.run != found.run.name:
        parent = found.run.info.get("parent") or {}
        kept = game.hits if game and game.run == parent.get("run") else {}
        hits = {step: count for step, count in kept.items() if step <= parent["step"]} if kept else {}
        game = room.memory[NAME] = Game(found.run.name, hits)
        room.version += 1
    return game


async def picture(request: Request) -> Response:
    """Give a phone a picture, the same one until it answers or there are newer ones."""
    room = room_of(request)
    voter = voter_of(await sent(request))
    given = await run_in_threadpool(_give, room, voter)
    return JSONResponse(given, headers=NO_STORE) if given else Response(status_code=204)


def _give(room: Room, voter: str) -> dict[str, str] | None:
    found = training.now(shown.place.runs)
    if found.sheet is None:
        return None
    with room.lock:
        game = _game(room, found)
        if voter not in game.players and len(game.players) >= MOST_VOTERS:
            raise HTTPException(429)
        player = game.players.setdefault(voter, Player())
        if not player.id or player.step != found.sheet.step:
            player.id, player.is_real = secrets.token_urlsafe(12), secrets.randbelow(2) == 1
            left = player.left[player.is_real]
            if not left:
                left += range(len(found.sheet.fakes))
            player.place, player.step = left.pop(secrets.randbelow(len(left))), found.sheet.step
        content = (found.sheet.reals if player.is_real else found.sheet.fakes)[player.place]
        return {"id": player.id, "picture": file_url(content, "png")}


async def answer(request: Request) -> Response:
    """Count what a phone says of its picture, once, and tell it the truth."""
    room, asked = room_of(request), await sent(request)
    voter, says = voter_of(asked), asked.get("real")
    if not isinstance(says, bool) or not isinstance(asked.get("id"), str):
        raise HTTPException(400)
    return JSONResponse(await run_in_threadpool(_count, room, voter, asked["id"], says))


def _count(room: Room, voter: str, picture: str, says: bool) -> dict[str, Any]:
    with room.lock:
        game = room.memory.get(NAME)
        player = game and game.players.get(voter)
        if not player or not player.id or player.id != picture:
            raise HTTPException(409)
        player.id = ""
        counted = game.hits.setdefault(player.step, [0, 0])
        counted[0] += says == player.is_real
        counted[1] += 1
        game.keep(room)
        return {"right": says == player.is_real, "real": player.is_real, "step": player.step}


def points(hits: dict[int, list[int]]) -> list[list[float]]:
    """The class's line: [[step, share of right ones, answers], ...], of `LEAST` answers or more each but the last."""
    found, steps, right, count = [], 0.0, 0, 0
    for at, step in enumerate(sorted(hits), 1):
        steps, right, count = steps + step * hits[step][1], right + hits[step][0], count + hits[step][1]
        if count >= LEAST or at == len(hits):
            found.append([round(steps / count), round(right / count, 3), count])
            steps, right, count = 0.0, 0, 0
    return found


async def stage(request: Request) -> Response:
    """What the stage shows now."""
    room = room_of(request)
    return JSONResponse(await run_in_threadpool(_told, room, gr.Request(request)), headers=NO_STORE)


def _told(room: Room, request: gr.Request) -> dict[str, Any]:
    language, found = language_of(request), training.now(shown.place.runs)
    hits = {}
    if found.run:
        with room.lock:
            game = _game(room, found)
            game.keep(room)
            hits = dict(game.hits)
    counts = {"right": sum(right for right, _ in hits.values()), "answers": sum(count for _, count in hits.values())}
    told = training.told(found, language) | {"class": points(hits), "minutes": MINUTES} | counts
    level = permissions.level(shown.place, key_of(shown.place, request, ""))
    needs_key = level == "off" and bool(shown.place.key) and shown.place.training != "off"
    return told | {"may": level != "off", "needs_key": needs_key, "busy": found.is_busy}


async def pictures(request: Request) -> Response:
    """The square of the newest pictures that the stage shows."""
    room_of(request)
    found = await run_in_threadpool(training.now, shown.place.runs)
    sheet = found.branch_sheet if request.query_params.get("branch") else found.sheet
    if sheet is None:
        raise HTTPException(404)
    return Response(sheet.shown, media_type="image/png", headers=NO_STORE)


async def act(request: Request) -> Response:
    """Start the digits, or do something to the training that is played against; {"error"} where that cannot be."""
    room, asked = await led(request)
    do, teacher = asked.get("do"), asked.get("teacher", "")
    if do not in ACTS or not isinstance(teacher, str):
        raise HTTPException(400)
    who = gr.Request(request)
    try:
        await run_in_threadpool(_act, room, do, key_of(shown.place, who, teacher))
    except UserError as error:
        return JSONResponse({"error": error.sentence(language_of(who))}, 409)
    return Response(status_code=204)


def _act(room: Room, do: str, key: str) -> None:
    place = shown.place
    if do == "start":
        if jobs.active() is None:  # who presses twice starts one
            ready = presets.PRESETS["digits"]
            config = presets.settings_of(ready.model, ready.data, MINUTES, **ready.settings)
            jobs.start(place, config, key=key, visitor=f"room-{room.code}")
    elif run := training.now(place.runs).run:
        _act_on(run, do, place, key)
    training.forget()


def _act_on(run: Run, do: str, place: Place, key: str) -> None:
    """Ask something of a training, and let what would come of it otherwise train beside it, where that may be."""
    branch = jobs.beside(run)
    active = [each for each in (run, branch) if each and jobs.status(each) in jobs.ACTIVE]
    is_alone = permissions.trains_two(place) and [each.name for each in active] == [run.name]
    if do == "stop":
        for each in active:
            jobs.control(place, each.name, "stop", key=key)
    elif do == "what-if":
        (branches.beside if is_alone else branches.what_if)(place, run.name, key=key)
    else:
        jobs.control(place, run.name, do, key=key)
        if is_alone:
            branches.beside(place, run.name, key=key)


ROUTES = [
    Route("/room/{code}/versus", answer, methods=["POST"]),
    Route("/room/{code}/versus", stage),
    Route("/room/{code}/versus/picture", picture, methods=["POST"]),
    Route("/room/{code}/versus/shown.png", pictures),
    Route("/room/{code}/versus/do", act, methods=["POST"]),
]
