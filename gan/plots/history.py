"""What a run has to tell: its journal and its samples, and where its curves would rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gan.lazy import lazy
from gan.runs import journal

if TYPE_CHECKING:  # torch is slow to import, and the app's page comes first
    from gan.runs.run import Run

losses = lazy("gan.core.losses")


@dataclass(frozen=True)
class Story:
    """One run's journal and samples as they are now."""

    name: str
    status: str
    model: str
    loss: str
    label: float
    columns: dict[str, np.ndarray]  # float64 [n] for each of journals.COLUMNS
    samples: list[tuple[int, Path]]
    events: Sequence[dict[str, Any]] = ()

    @property
    def rest(self) -> dict[str, float]:
        """Each line's value at the equilibrium, with the label of now."""
        return self._rest(self.labels[-1][1])

    @property
    def labels(self) -> list[tuple[int, float]]:
        """The targets for real pictures, see `labels`."""
        return labels(self.label, self.events)

    def rests(self, name: str, axis: str) -> tuple[tuple[float, float], ...]:
        """A line's value at the equilibrium as it was from an x on: (x, value), one for each label of real pictures."""
        found = []
        for step, label in self.labels:
            value = self._rest(label).get(name.removesuffix("_single"))
            if value is not None:
                x = np.interp(step, self.columns["step"], self.columns[axis]) if step else 0.0
                found.append((float(x), value))
        return tuple(found)

    def _rest(self, label: float) -> dict[str, float]:
        """By the name of each line that has one. A CycleGAN's losses are those of two pairs of networks together."""
        rest, pairs = losses.LOSSES[self.loss].equilibrium(label), 2 if self.model == "cyclegan" else 1
        return {"loss_g": pairs * rest.g, "loss_d": pairs * rest.d, "d_real": rest.verdict, "d_fake": rest.verdict}

    def series(self, name: str, axis: str) -> tuple[np.ndarray, np.ndarray]:
        """(x, y) of a column over "step", "images" or "seconds"; or of a measure, "frechet" or "covered", where taken.

        Values that were not recorded are left out.
        """
        if name in self.columns:
            there = np.isfinite(self.columns[name])
            return self.columns[axis][there], self.columns[name][there]
        taken = [event for event in self.events if event["event"] == "gauge" and name in event]
        step, y = (np.array([event[key] for event in taken], np.float64) for key in ("step", name))
        if axis == "seconds":
            return np.array([event["seconds"] for event in taken], np.float64), y
        steps, images = self.columns["step"], self.columns["images"]
        return step * (images[-1] / steps[-1] if axis == "images" and len(steps) else 1.0), y

    def marks(self, axis: str) -> list[tuple[float, int, str, dict[str, Any]]]:
        """(x, step, event, the whole of it) of what was done to the run, in order: holds, rates, pauses and so on."""
        x, steps = self.columns[axis], self.columns["step"]
        told = [event for event in self.events if event["event"] != "gauge"]
        if not len(steps):
            return []
        return [(float(np.interp(e["step"], steps, x)), int(e["step"]), e["event"], e) for e in told]

    @property
    def last(self) -> int:
        """The last step there is anything of."""
        return int(max([0, *self.columns["step"][-1:], *(step for step, _ in self.samples[-1:])]))

    def sample(self, step: float) -> tuple[int, Path] | None:
        """The last sample that was made no later than `step`, or else the first there is."""
        earlier = [sample for sample in self.samples if sample[0] <= step]
        return earlier[-1] if earlier else next(iter(self.samples), None)

    def at(self, step: float, name: str) -> float | None:
        """The value of a column at the last logged step up to `step` (the first one before that); None without any."""
        if not len(self.columns["step"]):
            return None
        index = max(0, int(np.searchsorted(self.columns["step"], step, side="right")) - 1)
        return float(self.columns[name][index])


def labels(first: float, events: Sequence[dict[str, Any]]) -> list[tuple[int, float]]:
    """The targets for real pictures that a run has had, each from a step on: the settings, then what was changed."""
    found = [(0, first)]
    for event in events:
        if event["event"] == "control" and event.get("label", found[-1][1]) != found[-1][1]:
            found.append((event["step"], event["label"]))
    return found


def tell(run: "Run") -> Story:
    """Read a run's story; of a growing journal only what is new. Raises UserError where run.json is not fit to read."""
    config = run.config
    return Story(
        name=run.name,
        status=run.status,
        model=config.model,
        loss=config.loss,
        label=config.label,
        columns=journal.columns(run.folder),
        samples=run.samples(),
        events=journal.events(run.folder),
    )
