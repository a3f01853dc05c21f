"""Which lesson this server shows, and to which rooms."""

from dataclasses import dataclass, field
from pathlib import Path

from demo.lessons import lesson_file
from demo.lessons.rooms import Rooms
from demo.server.environment import Place
from demo.ui.i18n import Language


@dataclass
class Shown:
    """A teacher's own lesson or None for the shipped one, the address at which rooms reach this server, its rooms."""

    file: Path | None = None
    room: str = ""
    place: Place | None = None
    rooms: Rooms = field(default_factory=Rooms)

    def path(self, language: Language) -> Path:
        """The lesson's file in a language."""
        return self.file or lesson_file.shipped(language)

    @property
    def name(self) -> str:
        """The lesson's name in addresses."""
        return self.path("en").name.split(".")[0]


shown = Shown()
