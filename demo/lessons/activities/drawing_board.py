"""What a class has drawn, and the D that learns from it; all of it is in memory, and only the curves outlive that."""

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gan.lazy import lazy

if TYPE_CHECKING:
    from torch import Tensor

    from gan.analysis.drawn_fakes import DrawnFakes

torch = lazy("torch")


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
    round that is over: {"count", "curve": [[seconds, of the drawings, of real digits], ...], "steps"}, also of before
    the program was started again: `restarts` has the rounds in which D then began as it was shipped. `phase` is "",
    "waiting" for another room's D, or "learning", with the curve so far in `curve`.
    """

    learner: "DrawnFakes"
    held_out: "Tensor"
    drawings: dict[str, Drawing] = field(default_factory=dict)
    marks: dict[str, list[list[Any]]] = field(default_factory=dict)
    rounds: list[dict[str, Any]] = field(default_factory=list)
    restarts: list[int] = field(default_factory=list)
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
