"""Rooms: a class that follows one lesson. What it has voted is on disk before a vote is answered, so that a killed
program loses nothing, and so are the sums of what else it did; what it has drawn is in memory, and gone with the room.
"""

import json
import secrets
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from demo.lessons.polls import Poll
from gan.runs.files import write_whole

LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"  # none that is easily taken for another
LIFE = 6 * 3600.0  # seconds after which a room that is not led is gone
MOST_ROOMS = 100  # on one server


@dataclass
class Room:
    """One class: its `code` leads in, its `key` leads it. `scene` counts from 1 and is 0 where nothing is shown.

    `polls` has votes by the scene's number, `quiz` the answers "before" and "after" the lesson by voter. `version`
    grows with every change, `group` names the class that is in it, `touched` is when somebody last led (seconds since
    1970), `present` counts who follows, `done` names what its teacher's page asked for last.
    `kept` has by an activity's name what outlives the program: sums and curves, JSON. `memory` has what else it keeps,
    such as drawings: it is never written down.
    """

    code: str
    key: str
    scene: int = 0
    group: str = field(default_factory=lambda: secrets.token_hex(4))
    polls: dict[str, Poll] = field(default_factory=dict)
    quiz: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    touched: float = 0.0
    version: int = 0
    present: int = 0
    done: str = ""
    kept: dict[str, Any] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)
    file: Path | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    def save(self) -> None:
        """Count a change, which pages are told of, and write it down."""
        with self.lock:
            self.version += 1
            self.write()

    def write(self) -> None:
        """Write down what a killed program must not lose."""
        with self.lock:
            if self.file is None:
                return
            names = ("code", "key", "scene", "group", "quiz", "kept", "touched", "done")
            kept = {name: getattr(self, name) for name in names}
            kept["polls"] = {name: asdict(poll) for name, poll in self.polls.items()}
            with suppress(OSError):  # a full disk ends no lesson
                write_whole(self.file, json.dumps(kept).encode())

    def clear(self) -> None:
        """Begin anew with another class: no votes, no answers."""
        with self.lock:
            self.polls, self.quiz, self.kept, self.memory = {}, {}, {}, {}
            self.group = secrets.token_hex(4)
            self.save()

    @property
    def poll(self) -> Poll:
        """The poll of the scene that is shown."""
        return self.polls.setdefault(str(self.scene), Poll())

    def is_led_by(self, key: Any) -> bool:
        """Whether this is the key to the room."""
        return isinstance(key, str) and secrets.compare_digest(key.encode(), self.key.encode())


class Rooms:
    """All rooms of a server, each a file in a folder; without one they are kept in memory."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder, self.rooms, self.lock = folder, {}, threading.Lock()
        for file in sorted(folder.glob("*.json")) if folder else ():
            with suppress(OSError, ValueError, TypeError, KeyError):
                kept = json.loads(file.read_bytes())
                kept["polls"] = {name: Poll(**poll) for name, poll in kept["polls"].items()}
                self.rooms[kept["code"]] = Room(**kept, file=file)

    def open(self) -> Room | None:
        """A new room; None where there are too many. Rooms that were not led for hours are deleted before."""
        with self.lock:
            for room in [each for each in self.rooms.values() if time.time() - each.touched > LIFE]:
                self._close(room)
            if len(self.rooms) >= MOST_ROOMS:
                return None
            code = next(code for code in iter(_code, "") if code not in self.rooms)
            file = self.folder / f"{code}.json" if self.folder else None
            room = self.rooms[code] = Room(code, secrets.token_urlsafe(16), touched=time.time(), file=file)
        room.save()
        return room

    def named(self, code: str) -> Room | None:
        """The room with this code, however it is typed."""
        return self.rooms.get(code.strip().upper())

    def latest(self) -> Room | None:
        """The room that somebody led last, if any is left."""
        living = [each for each in self.rooms.values() if time.time() - each.touched <= LIFE]
        return max(living, key=lambda room: room.touched, default=None)

    def close(self, room: Room) -> None:
        """End a room: nothing of it is kept."""
        with self.lock:
            self._close(room)

    def _close(self, room: Room) -> None:
        self.rooms.pop(room.code, None)
        with room.lock:
            room.version += 1
            if room.file:
                with suppress(OSError):
                    room.file.unlink(missing_ok=True)
                room.file = None


def _code() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(4))
