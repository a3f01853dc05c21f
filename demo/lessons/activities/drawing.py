"""The class is the generator: phones draw digits, D scores them and learns from them, and all draw anew.

POST /room/CODE/drawing             {"voter", "drawing": an address}: {"scores", "picture", ...}; 409 while D learns
POST /room/CODE/drawing/mine        {"voter"}: the same of what this phone has drawn so far
POST /room/CODE/drawing/do          {"key", "do": "learn" or "anew"}: for who leads the room
GET  /room/CODE/drawing/ID.png      a drawing of the wall, as D sees it
GET  /room/drawing/pad.LANGUAGE.js  the app's drawing pad for a page without Gradio: html, css, bring(element, tell)
"""

import json
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.lessons.activities.drawing_board import Board
from demo.lessons.polls import MOST_VOTERS
from demo.lessons.requests import led, room_of, sent, voter_of
from demo.lessons.rooms import Room
from demo.lessons.shown import shown
from demo.server import model_cache
from demo.ui import drawing_pad
from demo.ui.data_urls import data_url, encoded
from demo.ui.i18n import LANGUAGES
from gan.errors import UserError
from gan.lazy import lazy

if TYPE_CHECKING:
    from torch import Tensor

datasets = lazy("gan.data.datasets")
drawn_fakes = lazy("gan.analysis.drawn_fakes")
images = lazy("gan.images")
inversion = lazy("gan.analysis.inversion")
np = lazy("numpy")
torch = lazy("torch")

NAME, RUN = "drawing", "mnist"
SECONDS = 10.0  # of learning, a round
MOST_BYTES = drawing_pad.LARGEST + 1000  # of what is sent
LARGEST = 1024  # pixels that a drawing is wide or high at most
MOST_ROUNDS = 20
HELD_OUT = 256  # real digits that D never learns from, to see what it says of such
WORDS = (
    *("how", "send", "sending", "score", "real", "better", "learning", "waiting", "again"),
    *("full", "blank", "crowded", "lost", "marks", "mark", "mark_open", "alt", "alone"),
    *("guest", "room", "first", "second", "third", "learn", "progress", "queue", "anew"),
    *("anew_sure", "class", "digits", "round", "said", "learned", "last", "moved", "cell"),
    *("chart", "percent", "restarted", "fresh"),
)

_making = threading.Lock()  # of boards: networks and pictures are loaded once
_turn = threading.Lock()  # to learn: one room at a time on the whole server


@cache
def _pictures() -> "tuple[Tensor, Tensor]":
    """Real digits to learn from, and others to look at."""
    config = model_cache.find(RUN).config
    train, test = (
        datasets.load(config.data, config.size, channels=config.channels, split=split).images
        for split in ("train", "test")
    )
    return train, test[:HELD_OUT]


def board_of(room: Room) -> Board:
    """What a room draws on, with D as it was shipped where it begins. Takes a second at first."""
    with _making:
        board = room.memory.get(NAME)
        if board is None:
            config, _, discriminators = model_cache.networks(model_cache.find(RUN))
            real, held_out = _pictures()
            learner = drawn_fakes.DrawnFakes(config, discriminators["d"], real)
            board = Board(learner, held_out, **_former(room))
            with room.lock:
                room.memory[NAME] = board
        return board


def _former(room: Room) -> dict[str, list]:
    """The `rounds` that are over, and in which D began anew, where the program was started again."""
    kept = room.kept.get(NAME, {"rounds": [], "restarts": []})
    now = len(kept["rounds"]) + 1
    return {"rounds": [*kept["rounds"]], "restarts": [*kept["restarts"], *([now] if now > 1 else [])]}


def told(board: Board, voter: str) -> dict[str, Any]:
    """What a phone is told of its own: its scores by round, its newest drawing as D sees it, and D's usual for real."""
    drawing = board.drawings.get(voter)
    picture = data_url(images.to_image(drawing.pixels), "PNG") if drawing else ""
    return {"scores": board.marks.get(voter, []), "picture": picture, "real": board.real, "round": board.number}


async def draw(request: Request) -> Response:
    """Take a drawing, and say what D says of it."""
    room, asked = room_of(request), await sent(request, MOST_BYTES)
    voter, drawing = voter_of(asked), asked.get("drawing")
    if not isinstance(drawing, str):
        raise HTTPException(400)
    return await run_in_threadpool(_draw, room, voter, drawing)


def _draw(room: Room, voter: str, drawing: str) -> Response:
    image = drawing_pad.decode(drawing)
    if image is None or max(image.size) > LARGEST:
        raise HTTPException(400)
    board = board_of(room)
    try:
        pixels = inversion.as_digit(torch.from_numpy(np.array(image.convert("L")))[None], board.learner.config.size)
    except UserError:  # an empty pad
        raise HTTPException(422) from None
    if board.phase:
        return Response(status_code=409)
    score = round(board.learner.scores(pixels[None]).item(), 4)
    with room.lock:
        if board.phase or room.memory.get(NAME) is not board:
            return Response(status_code=409)
        if voter not in board.drawings and len(board.drawings) >= MOST_VOTERS:
            return Response(status_code=429)
        board.take(voter, pixels, score)
        room.version += 1
        return JSONResponse(told(board, voter))


async def mine(request: Request) -> Response:
    """What this phone has drawn so far."""
    room, asked = room_of(request), await sent(request)
    voter = voter_of(asked)
    board = await run_in_threadpool(board_of, room)
    with room.lock:
        return JSONResponse(told(board, voter), headers={"Cache-Control": "no-store"})


async def picture(request: Request) -> Response:
    """A drawing of the wall."""
    room, board = room_of(request), room_of(request).memory.get(NAME)
    with room.lock:
        found = [each for each in (board.drawings.values() if board else ()) if each.id == request.path_params["id"]]
    if not found:
        raise HTTPException(404)
    return Response(
        encoded(images.to_image(found[0].pixels), "png"),
        media_type="image/png",
        headers={"Cache-Control": "private, max-age=3600"},
    )


async def do(request: Request) -> Response:
    """Let D learn from this round's drawings, or begin anew with the shipped D and no drawing."""
    room, asked = await led(request)
    if asked.get("do") not in ("learn", "anew"):
        raise HTTPException(400)
    with room.lock:
        board = room.memory.get(NAME)
        if asked["do"] == "anew":
            room.memory.pop(NAME, None)
            room.kept.pop(NAME, None)
            room.save()
        elif not (board and not board.phase and board.current() and len(board.rounds) < MOST_ROUNDS):
            return Response(status_code=409)
        else:
            board.phase = "waiting"
            room.version += 1
            threading.Thread(target=_learn, args=(room, board), name=NAME, daemon=True).start()
    return Response(status_code=204)


def _learn(room: Room, board: Board) -> None:
    """Let D learn for ten seconds, telling the page twice a second how it goes."""

    def is_over() -> bool:
        return room.memory.get(NAME) is not board or shown.rooms.named(room.code) is not room

    def tell(seconds: float) -> None:
        means = board.learner.scores(fakes).mean().item(), board.of_real()
        with room.lock:
            board.curve = [*board.curve, [round(seconds, 2), *(round(each, 4) for each in means)]]
            room.version += 1

    try:
        with _turn:
            if is_over():
                return
            fakes, began = torch.stack([each.pixels for each in board.current()]), board.learner.steps
            board.phase = "learning"
            tell(0.0)
            for seconds in board.learner.learn(fakes, SECONDS):
                tell(seconds)
                if is_over():
                    return
            board.has_learned(board.learner.steps - began)
            with room.lock:
                if not is_over():
                    room.kept[NAME] = {"rounds": board.rounds, "restarts": board.restarts}
                    room.write()
    finally:
        with room.lock:
            board.phase, board.curve = "", []
            room.version += 1


def state(room: Room, leads: bool) -> dict[str, Any]:
    """The round and whether D learns; who leads is told of every drawing, best first, and of all rounds."""
    board = room.memory.get(NAME)
    former = {"rounds": board.rounds, "restarts": board.restarts} if board else _former(room)
    number = len(former["rounds"]) + 1
    now: dict[str, Any] = {"round": number, "phase": board.phase if board else "", "is_full": number > MOST_ROUNDS}
    if leads:
        best = sorted(board.drawings.values(), key=lambda each: -each.now) if board else []
        wall = [{"id": each.id, "round": each.round, "first": each.first, "now": each.now} for each in best]
        lines = {"curve": board.curve, "real": board.real} if board else {"curve": [], "real": 0.0}
        now |= former | lines | {"wall": wall, "seconds": SECONDS}
    return now


async def pad(request: Request) -> Response:
    """The drawing pad of the app as a script for a page without Gradio, in a language."""
    language = request.path_params["language"]
    if language not in LANGUAGES:
        raise HTTPException(404)
    html, css = drawing_pad.canvas(language, colours=False), f".drawing {{ {drawing_pad.CSS} }}"
    said = f"export const html = {json.dumps(str(html))};\nexport const css = {json.dumps(css)};\n"
    script = f"{said}export const bring = (element, trigger) => {{\n{drawing_pad.JS}\n}};\n"
    return Response(script, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


ROUTES = [
    Route("/room/drawing/pad.{language}.js", pad),
    Route("/room/{code}/drawing", draw, methods=["POST"]),
    Route("/room/{code}/drawing/mine", mine, methods=["POST"]),
    Route("/room/{code}/drawing/do", do, methods=["POST"]),
    Route("/room/{code}/drawing/{id}.png", picture),
]
