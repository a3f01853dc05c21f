"""What a training writes into the folder of its run while it goes on; of several processes only the first does."""

import time
from typing import Any

import torch
from torch import Tensor

from gan.core.checkpoint import TrainState
from gan.device import Team, describe
from gan.runs.run import Run
from gan.words import stored


class Recorder:
    """Writes lines of the journal, and into `run.json` how the run stands. `data` is what it is trained on."""

    def __init__(self, run: Run, team: Team, device: torch.device, state: TrainState, data: Any) -> None:
        self.run, self.team, self.device, self.state = run, team, device, state
        sides = [data.a, data.b] if hasattr(data, "a") else [data]  # a pair, or one set
        self.pictures = [len(side.images) for side in sides]
        self.note = stored([*dict.fromkeys(words for side in sides for words in side.note)])
        self.threads: int | None = None  # chosen by measuring

    def line(self, scalars: dict[str, Tensor], rates: tuple[float, float], speed: float, batch: int) -> dict[str, Any]:
        """What a step comes to, of all processes together: the one place where training waits for the device."""
        values = self.team.mean(torch.stack([value.float() for value in scalars.values()]))
        return {
            "step": self.state.step,
            "images": self.state.step * batch,
            "seconds": round(self.state.seconds, 2),
            **{name: float(f"{value:.6g}") for name, value in zip(scalars, values.tolist(), strict=True)},
            "rate_g": rates[0],
            "rate_d": rates[1],
            "speed": round(speed, 1),
        }

    def write(self, record: dict[str, Any]) -> dict[str, Any]:
        """Append a line to the journal; returns it."""
        if self.team.is_first:
            self.run.log(record)
            self.state.lines += 1
        return record

    def event(self, event: str, **values: Any) -> dict[str, Any]:
        """Append an event to the journal; returns it."""
        return self.write({"step": self.state.step, "seconds": round(self.state.seconds, 2), "event": event, **values})

    def stand(self, status: str, why: Any = "") -> None:
        """Say in `run.json` how the run stands."""
        if self.team.is_first:
            self.run.set_info(
                status=status,
                why=why,
                step=self.state.step,
                seconds=round(self.state.seconds, 1),
                device=describe(self.device),
                threads=self.threads or torch.get_num_threads(),
                processes=self.team.size,
                pictures=self.pictures,
                note=self.note,
                updated=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            )
