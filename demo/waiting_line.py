"""A line of visitors who wait for something that serves one at a time, each of whom knows their place."""

from collections.abc import Iterator
from contextlib import contextmanager


class WaitingLine:
    """First come, first served. A visitor who leaves, in whatever way, makes room."""

    def __init__(self) -> None:
        self._waiting: list[object] = []

    @contextmanager
    def join(self) -> Iterator["Place"]:
        """Stand at the end of the line, and leave it at the end of the block."""
        place = Place(self._waiting)
        self._waiting.append(place)
        try:
            yield place
        finally:
            self._waiting.remove(place)


class Place:
    """A visitor's place in a line."""

    def __init__(self, line: list[object]) -> None:
        self._line = line

    def ahead(self) -> int:
        """How many come first; 0 is one's turn."""
        return self._line.index(self)
