"""What a class does together beside voting, each a module: what phones send, what is kept, what pages are told.

A module has ROUTES (the room's address in front, as in `room_routes`), WORDS (keys under room.<its name>) and
`state(room, leads)`, what pages are told of it: JSON. What it keeps is in `room.memory[<its name>]`, gone with the
program, and what outlives that in `room.kept[<its name>]`: pages are told of it where either is there. Its scripts are
phone_<its name>.js (see phone.js) and stage_<its name>.js (see lesson.js), beside the lesson's.
"""

from importlib import import_module
from types import ModuleType

from starlette.routing import Route

from demo.ui import i18n
from demo.ui.i18n import Language

NAMES = ("drawing", "find", "versus", "wall")


def every() -> dict[str, ModuleType]:
    """The activities by name."""
    return {name: import_module(f"demo.lessons.activities.{name}") for name in NAMES}


def routes() -> list[Route]:
    """What pages ask of all of them."""
    return [route for activity in every().values() for route in activity.ROUTES]


def words(language: Language) -> dict[str, str]:
    """What they say, in a language, by "<name>_<key>"; places in braces are filled in the page."""
    keys = [(name, key) for name, activity in every().items() for key in activity.WORDS]
    return {f"{name}_{key}": i18n.words(language)[f"room.{name}.{key}"] for name, key in keys}
