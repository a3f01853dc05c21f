"""The desk: the picture a visitor holds, and the shelf with the last few that were held."""

import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import gradio as gr

from demo.server import model_cache
from demo.server.environment import Place
from demo.tabs.noise.samples import (
    Picture,
    button,
    class_name,
    inline,
    is_probability,
    nothing,
    picture_of,
    varied,
    verdict,
)
from demo.ui.assets import beside
from demo.ui.handlers import EACH, catch_errors
from demo.ui.i18n import Language, saying
from demo.ui.numbers import percent
from demo.ui.refusals import Refused
from demo.ui.templates import macros
from gan.errors import UserError
from gan.lazy import lazy

if TYPE_CHECKING:
    from torch import Tensor

sample_id = lazy("gan.inference.sample_id")

JS, HTML = beside(__file__, "selection.js"), macros(__file__)
PANEL = 267  # pixels that the held picture takes
SHELF = 8  # pictures that stay within reach
FIRST = 4  # of them are there from the beginning, so that everything can be tried at once

# {"held": an address or "", "shelf": [address, ...]}, "picked" where a visitor chose what is held: plain values, as a
# gr.State needs
Desk = dict[str, Any]


class Room(NamedTuple):
    """What the sections of the tab share: the run and the desk (a `Desk`) of this visitor, and where the app runs."""

    run: gr.Dropdown
    desk: gr.State
    place: Place


def clear(run: str, seed: int = 0) -> Desk:
    """A desk with pictures of a seed on its shelf, of as many classes as can be told apart; the first is held."""
    shelf = [sample_id.of_seed(run, seed, index) for index in varied(model_cache.find(run, "dcgan"), seed, FIRST)]
    return {"held": shelf[0], "shelf": shelf}


def hold(desk: Desk, address: str) -> Desk:
    """Hold the picture of an address: it goes to the end of the shelf unless it is there already."""
    shelf = desk["shelf"]
    if address not in shelf:
        shelf = [*shelf, address][-SHELF:]
    return {"held": address, "shelf": shelf, "picked": True}


def put_away(desk: Desk, address: str) -> Desk:
    """Take a picture off the shelf; the one that is held stays held."""
    return desk | {"shelf": [each for each in desk["shelf"] if each != address]}


def held(desk: Desk) -> Picture:
    """The picture that is held. Raises UserError where there is none or its run is gone."""
    if not desk or not desk["held"]:
        raise Refused("refused.not_held")
    return picture_of(desk["held"])


def numbered(desk: Desk, numbers: list[int] | int) -> list[Picture]:
    """Pictures by their numbers on the shelf, from 1. Raises UserError for a number that is not there."""
    found = []
    for number in numbers if isinstance(numbers, list) else [numbers]:
        if number is None or not 1 <= number <= len(desk["shelf"]):
            raise Refused("refused.off_shelf")
        found.append(picture_of(desk["shelf"][number - 1]))
    return found


def panel(desk: Desk, language: Language) -> str:
    """The held picture as HTML: itself, what is said of it, its vector, and ways to take it along."""
    if not desk["held"]:
        return nothing(language, PANEL)
    shown, say = held(desk), saying(language, "noise.")
    file = json.dumps({"picture": shown.address, "run": shown.run.name, "z": [round(v, 6) for v in shown.z.tolist()]})
    return HTML.panel(
        say,
        shown.address,
        shown.run.name,
        picture=inline(shown.image),
        alt=say("held.alt", verdict=verdict(shown.verdict, shown.loss, language)),
        enlarge=saying(language)("app.enlarge.open"),
        file=quote(file),
        about=about(shown, language),
        is_picked="picked" in desk,
        bars=bars(shown.z, language),
    )


def about(shown: Picture, language: Language) -> str:
    """What the discriminator and the classifier say of a picture, as HTML."""
    say, bounded, guess = saying(language, "noise."), is_probability(shown.loss), ""
    if shown.guess:
        name, sure = class_name(shown.guess[0], language), percent(shown.guess[1], language)
        guess = say("held.guess", name=name, percent=sure)
    return HTML.about(
        question=say("held.probability" if bounded else "held.score"),
        verdict=verdict(shown.verdict, shown.loss, language),
        probability=shown.verdict if bounded else None,
        guess=guess,
    )


def bars(z: "Tensor", language: Language) -> str:
    """A latent vector as a picture of bars, up and down from zero, cut off at 4."""
    say = saying(language, "noise.")
    title = say("held.z", length=len(z), norm=f"{z.norm():.1f}")
    steps = "".join(f"M{x + 0.5} 0V{-max(-4.0, min(4.0, value)):.2f}" for x, value in enumerate(z.tolist()))
    return HTML.bars(title, len(z), steps)


def shelf(desk: Desk, language: Language) -> str:
    """The shelf as HTML: numbered pictures, the held one marked, each with a way to put it away."""
    cells, say = [], saying(language, "noise.")
    for number, address in enumerate(desk["shelf"], 1):
        try:
            source = inline(picture_of(address).image)
        except UserError:  # its run was deleted meanwhile
            continue
        title = say("shelf.take", number=number)
        picture = button(address, source, title, pressed=address == desk["held"], number=number)
        cells.append({"address": address, "picture": picture, "away": say("shelf.away", number=number)})
    return HTML.shelf(say, cells)


def show(desk: Desk, language: Language) -> tuple[str, str, str]:
    """(panel, shelf, address of the held picture)."""
    return panel(desk, language), shelf(desk, language) if desk["shelf"] else "", desk["held"]


def touched(desk: Desk, event: gr.EventData) -> Desk:
    """The desk after a click on a picture anywhere in the tab."""
    act = {"hold": hold, "away": put_away}[event.act]
    return act(desk, str(event.address))


def connect_selection(component: gr.HTML, room: Room) -> None:
    """Let clicks on the pictures in a component change the desk."""
    component.select(catch_errors(touched), room.desk, room.desk, concurrency_id="desk", **EACH)
