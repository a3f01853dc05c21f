"""Votes of a class: vote, argue, vote again (peer instruction; Mazur, Peer Instruction, 1997).

The first vote stays hidden until it is closed, or the second would follow the first bars. Voters are random numbers
that their pages made up: there are no names, and a second vote is a change of mind.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Phase = Literal["closed", "first", "bars", "second", "truth"]
PHASES = get_args(Phase)
OPEN = ("first", "second")  # in which votes are taken
MOST_VOTERS = 500


@dataclass
class Poll:
    """Both votes on one question: `first` and `second` hold each voter's choice, counted from 0.

    `openings` has a new name for each time that a vote was opened, by which pages know theirs from those before it.
    """

    phase: Phase = "closed"
    first: dict[str, int] = field(default_factory=dict)
    second: dict[str, int] = field(default_factory=dict)
    openings: dict[str, str] = field(default_factory=dict)

    def go(self, phase: Phase) -> None:
        """Come to another phase; a vote that is opened again begins anew, and so does what follows it."""
        if phase == self.phase:  # asked once more, by a page whose answer got lost
            return
        if phase in ("closed", "first"):
            self.first, self.second, self.openings = {}, {}, {}
        elif phase == "second":
            self.second = {}
        if phase in OPEN:
            self.openings[phase] = secrets.token_hex(4)
        self.phase = phase

    def vote(self, voter: str, choice: int, opening: str | None = None) -> bool:
        """Take a vote, or a change of mind; whether it was taken: not if it was meant for another `opening`."""
        if self.phase not in OPEN or opening not in (None, self.openings.get(self.phase)):
            return False
        votes = self.first if self.phase == "first" else self.second
        if voter not in votes and len(votes) >= MOST_VOTERS:
            return False
        votes[voter] = choice
        return True

    def seen(self, choices: int, right: list[int]) -> dict[str, Any]:
        """What everyone may see of it by now: "phase", "openings", "count" of votes in the open one, "bars" for each
        closed one.

        At the end also the "right" choices, how many "moved" from one choice to another, and how many of them "to" one
        that is right.
        """
        told: dict[str, Any] = {
            "phase": self.phase,
            "openings": dict(self.openings),
            "count": len(self.second if self.phase == "second" else self.first),
        }
        told["bars"] = [tally(self.first, choices)] if self.phase in ("bars", "second", "truth") else []
        if self.phase == "truth":
            if self.second:
                told["bars"].append(tally(self.second, choices))
            both = [(self.first[each], self.second[each]) for each in self.first.keys() & self.second.keys()]
            moved = [after for before, after in both if before != after]
            told |= {"right": right, "moved": len(moved), "to": sum(after in right for after in moved)}
        return told


def tally(votes: dict[str, int], choices: int) -> list[int]:
    """How many votes each choice has."""
    return [sum(choice == at for choice in votes.values()) for at in range(choices)]


def gain(before: list[int], after: list[int], asked: tuple[int, int]) -> float | None:
    """The normalised gain of a class (Hake, 1998): what it learned, as a share of what it could learn.

    `before` and `after` are how many answered each item rightly, `asked` how many answered at all, before and after.
    None where no answers came, or all was known before.
    """
    if not before or not all(asked):
        return None
    known, now = sum(before) / (len(before) * asked[0]), sum(after) / (len(after) * asked[1])
    return None if known == 1 else (now - known) / (1 - known)
