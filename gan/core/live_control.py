"""What people ask of a training while it goes on, taken in one by one, the same in every process."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from gan.config import Conduct
from gan.core.device import Team
from gan.runs.run import Run


class Stopped(Exception):
    """Someone asked the training to stop."""


class LiveControl:
    """The commands in a run's folder, each given once; `taken` of them are behind."""

    def __init__(self, run: Run, team: Team, taken: int = 0) -> None:
        self.run, self.team, self.taken = run, team, taken

    def new(self) -> Iterator[dict[str, Any]]:
        """The commands since the last look. Looked up anew for each: a pause takes what comes after it."""
        while True:
            asked = self.team.agree(self.run.controls()[self.taken :][:1] if self.team.is_first else None)
            if not asked:
                return
            self.taken += 1
            yield asked[0]

    def count_new(self) -> int:
        """How many there are since the last look."""
        return self.team.agree(max(0, len(self.run.controls()) - self.taken))


def wanted(command: dict[str, Any], conduct: Conduct) -> dict[str, Any]:
    """The settings that a command "set" or "scale" would give; raises `UserError` for an impossible value."""
    asked = conduct.scaled(command) if command["do"] == "scale" else command
    return replace(conduct).change(asked)
