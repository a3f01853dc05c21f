"""A line of visitors who wait for something that serves one at a time, each of whom knows how many come first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class WaitingLine:
    """First come, first served. A visitor who leaves, in whatever way, makes room."""

    def __init__(self) -> None:
        self._waiting: list[object] = []

    @contextmanager
    def join(self) -> Iterator[Callable[[], int]]:
        """Stand in line until the end of the block; what it is given says how many come first."""
        visitor = object()
        self._waiting.append(visitor)
        try:
            yield lambda: self._waiting.index(visitor)
        finally:
            self._waiting.remove(visitor)
