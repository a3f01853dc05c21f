"""The class is the generator: phones draw digits, D scores them and learns from them, and all draw anew.

POST /room/CODE/drawing             {"voter", "drawing": an address}: {"scores", "picture", ...}; 409 while D learns
POST /room/CODE/drawing/mine        {"voter"}: the same of what this phone has drawn so far
POST /room/CODE/drawing/do          {"key", "do": "learn" or "anew"}: for who leads the room
GET  /room/CODE/drawing/ID.png      a drawing of the wall, as D sees it
GET  /room/drawing/pad.LANGUAGE.js  the app's drawing pad for a page without Gradio: html, css, bring(element, tell)
"""

import json
import secrets
import threading
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

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

    from gan.analysis.drawn_fakes import DrawnFakes

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
    *("chart", "percent"),
)

_making = threading.Lock()  # of boards: networks and pictures are loaded once
_turn = threading.Lock()  # to learn: one room at a time on the whole server


@dataclass
class Drawing:
    """A phone's newest drawing, uint8 [1, S, S]: what D said when it was drawn, `first`, and what it says now."""

    pixels: "Tensor"
    round: int
    first: float
    now: float
    id: str = field(default_factory=lambda: secrets.token_hex(6))


@dataclass
class Board:
    """What a room has drawn, by voter, and the D that learns from it; all in memory alone.

    `marks` has each voter's [round, score as drawn, score once D had learned, or None] by round. `rounds` has each
    round that is over: {"count", "curve": [[seconds, of the drawings, of real digits], ...], "steps"}. `phase` is
    "", "waiting" for another room's D, or "learning", with the curve so far in `curve`.
    """

    learner: "DrawnFakes"
    held_out: "Tensor"
    drawings: dict[str, Drawing] = field(default_factory=dict)
    marks: dict[str, list[list[Any]]] = field(default_factory=dict)
    rounds: list[dict[str, Any]] = field(default_factory=list)
    curve: list[list[float]] = field(default_factory=list)
    phase: str = ""
    real: float = 0.0

    def __post_init__(self) -> None:
        self.real = self.of_real()

    def of_real(self) -> float:
        """What D says of real digits it has not learned from, on average."""
        return round(self.learner.scores(self.held_out).mean().item(), 4)

    @property
    def number(self) -> int:
        """The round, from 1, in which the class draws now, or whose drawings D learns from."""
        return len(self.rounds) + 1

    def current(self) -> list[Drawing]:
        """The drawings of this round."""
        return [each for each in self.drawings.values() if each.round == self.number]

    def take(self, voter: str, pixels: "Tensor", score: float) -> None:
        """Take a drawing with what D says of it; within a round the newest counts."""
        self.drawings[voter] = Drawing(pixels, self.number, score, score)
        marks = self.marks.setdefault(voter, [])
        if marks and marks[-1][0] == self.number:
            marks.pop()
        marks.append([self.number, score, None])

    def has_learned(self, steps: int) -> None:
        """End a round: score every drawing anew. While D learns no drawing is taken, so this needs no lock."""
        scores = self.learner.scores(torch.stack([each.pixels for each in self.drawings.values()])).tolist()
        for (voter, drawing), score in zip(self.drawings.items(), scores, strict=True):
            drawing.now = round(score, 4)
            if drawing.round == self.number:
                self.marks[voter][-1][2] = drawing.now
        self.real = self.of_real()
        self.rounds.append({"count": len(self.current()), "curve": self.curve, "steps": steps})
        self.curve = []


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
            board = Board(drawn_fakes.DrawnFakes(config, discriminators["d"], real), held_out)
            with room.lock:
                room.memory[NAME] = board
        return board


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
            room.version += 1
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
    finally:
        with room.lock:
            board.phase, board.curve = "", []
            room.version += 1


def state(room: Room, leads: bool) -> dict[str, Any]:
    """The round and whether D learns; who leads is told of every drawing, best first, and of all rounds."""
    board = room.memory[NAME]
    now: dict[str, Any] = {"round": board.number, "phase": board.phase, "is_full": board.number > MOST_ROUNDS}
    if leads:
        best = sorted(board.drawings.values(), key=lambda each: -each.now)
        wall = [{"id": each.id, "round": each.round, "first": each.first, "now": each.now} for each in best]
        now |= {"wall": wall, "rounds": board.rounds, "curve": board.curve, "real": board.real, "seconds": SECONDS}
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
