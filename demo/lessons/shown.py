"""Which lesson this server shows, and to which rooms."""

from dataclasses import dataclass, field
from pathlib import Path

from demo.lessons import lesson_file
from demo.lessons.lesson_file import Lesson
from demo.lessons.rooms import Rooms
from demo.server.environment import Place
from demo.ui.i18n import Language


@dataclass
class Shown:
    """The lesson, as a teacher's `text` or `file` or the shipped one; where rooms reach this server, and its rooms."""

    file: Path | None = None
    text: str = ""
    room: str = ""
    place: Place | None = None
    rooms: Rooms = field(default_factory=Rooms)

    def lesson(self, language: Language) -> Lesson:
        """The lesson in a language. Raises Refused with what is wrong in a teacher's file."""
        if self.text:
            return lesson_file.parse(self.text)
        return lesson_file.read(self.file or lesson_file.shipped(language))

    @property
    def name(self) -> str:
        """The lesson's name in addresses."""
        return "own" if self.text else (self.file or lesson_file.shipped("en")).name.split(".")[0]


shown = Shown()
