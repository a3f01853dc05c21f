"""What people ask of a training while it goes on, followed one by one, the same in every process."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from gan.errors import UserError, cause

if TYPE_CHECKING:
    from gan.core.trainer import Trainer


class Stopped(Exception):
    """Someone asked the training to stop."""


class LiveControl:
    """The commands in a run's folder, each followed once: `controls_read` of the training's state are behind.

    The first `before` commands were sent while nothing trained: a pause or a stop among them is ignored.
    """

    def __init__(self, trainer: "Trainer", before: int) -> None:
        self.trainer, self.before = trainer, before

    def new(self) -> Iterator[dict[str, Any]]:
        """The commands since the last look. Looked up anew for each: a pause takes what comes after it."""
        run, team, state = self.trainer.run, self.trainer.team, self.trainer.state
        while True:
            asked = team.agree(run.controls()[state.controls_read :][:1] if team.is_first else None)
            if not asked:
                return
            state.controls_read += 1
            yield asked[0]

    def standing(self) -> Iterator[dict[str, Any]]:
        """Those of the new commands that were sent while nothing trained."""
        count = self.trainer.team.agree(max(0, self.before - self.trainer.state.controls_read))
        return islice(self.new(), count)

    def follow(self, asked: Iterable[dict[str, Any]], *, standing: bool = False) -> Iterator[dict[str, Any]]:
        """Follow commands, an event each; of `standing` ones only settings count."""
        for command in asked:
            if command.get("do") in ("set", "scale"):
                yield self.change(command)
            elif command.get("do") == "stop" and not standing:
                raise Stopped
            elif command.get("do") == "pause" and not standing:
                yield from self.pause()

    def change(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take over new settings; what stood before is kept, for a fork ("what if")."""
        trainer, state = self.trainer, self.trainer.state
        try:
            asked = state.runtime.scaled(command) if command["do"] == "scale" else command
            new = replace(state.runtime).change(asked)
        except UserError as error:
            return trainer.recorder.event("refused", why=cause(error))
        state.controls_read -= 1  # what is kept knows nothing of it yet
        trainer.save(before=True)
        state.controls_read += 1
        return trainer.recorder.event("control", **state.runtime.change(new))

    def pause(self) -> Iterator[dict[str, Any]]:
        """Save, then wait until asked to go on or to stop."""
        trainer = self.trainer
        yield trainer.recorder.event("pause")
        trainer.save()
        trainer.recorder.stand("paused")
        while True:
            for command in self.new():
                do = command.get("do")
                if do == "stop":
                    raise Stopped
                if do == "go on":
                    trainer.recorder.stand("running")
                    yield trainer.recorder.event("go on")
                    return
                if do == "step":
                    yield self.play(command.get("who", "both"))
                if do in ("set", "scale"):
                    yield self.change(command)
            time.sleep(0.05)

    def play(self, who: str) -> dict[str, Any]:
        """One step in slow motion: only "d" learns, only "g", or "both"; an event with all that was measured."""
        trainer, state = self.trainer, self.trainer.state
        runtime = replace(state.runtime, measure=True, freeze_g=who == "d", freeze_d=who == "g")
        trainer.gan.set_rates(*trainer.rates())
        scalars = trainer.gan.train_step(trainer.draw, runtime)
        state.step += 1
        if not runtime.freeze_g:
            trainer.average.update(state.step)
        still = {"d": "grad_g", "g": "grad_d"}.get(who)  # left over from the step before
        values = {name: float(f"{value.item():.6g}") for name, value in scalars.items() if name != still}
        trainer.show()
        record = trainer.recorder.event("round", who=who, **values)
        trainer.recorder.stand("paused")
        return record
