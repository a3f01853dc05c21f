"""Everyone's scores in "Real or fake?", for the projector: in memory alone, without names, forgotten after a lesson."""

import threading
import time
from collections import deque
from typing import NamedTuple

LESSON = 3 * 3600.0  # seconds a score is remembered
MAX_SCORES = 2000  # scores that are kept of a round


class Scored(NamedTuple):
    """A round that someone has finished: when (seconds), and how many of ten the person and D had right."""

    time: float
    person: int
    d: int


class Scores:
    """Scores by (run, step of the generator). Thread-safe."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], deque[Scored]] = {}
        self._lock = threading.Lock()

    def add(self, run: str, step: int, person: int, d: int) -> None:
        """Remember a finished round."""
        with self._lock:
            self._kept.setdefault((run, step), deque(maxlen=MAX_SCORES)).append(Scored(time.monotonic(), person, d))

    def of(self, run: str) -> dict[int, list[Scored]]:
        """The scores of a run's rounds by step, in order of steps; what is older than a lesson is forgotten."""
        oldest = time.monotonic() - LESSON
        with self._lock:
            for key, scores in list(self._kept.items()):
                while scores and scores[0].time < oldest:
                    scores.popleft()
                if not scores:
                    del self._kept[key]
            return {step: list(scores) for (name, step), scores in sorted(self._kept.items()) if name == run}


scores = Scores()
