"""Recorded experiments: duels in which one thing was changed, what to look for in them, and what came of it in numbers.

Each was truly run by this code and is a run folder in `checkpoints/`. The words are in words/*.json under
`curves.experiments`; the numbers in them are filled in from the runs' own journals, so that no text can drift away.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from statistics import mean, stdev
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from demo.server import model_cache
from demo.ui.i18n import Language, say
from demo.ui.refusals import Refused
from gan.plots.history import Story, tell
from gan.runs import journal
from gan.runs.run import Run
from gan.words import Words

HALF = 0.5  # of the experiment is shown before the guess
LATE = 0.1  # the last tenth of a run, over which its numbers are averaged
NEAR = 50  # steps before and after a measurement, whose batches it is compared with


class Experiment(NamedTuple):
    """An experiment: the runs side by side, the charts to look at, the right answer to its question.

    `asked` is the run whose last pictures are to be told from the others'. `seeds` are further runs, by what they have
    in common, whose Frechet distances are compared with their spread.
    """

    runs: tuple[str, ...]
    panels: tuple[str, ...]
    right: str
    asked: str
    seeds: Mapping[str, tuple[str, ...]] = MappingProxyType({})


def three(name: str) -> tuple[str, ...]:
    """The runs of a group that was trained with three seeds."""
    return tuple(f"{name}-{seed}" for seed in range(3))


STRIDE = ("balanced", "stride-1", "stride-2")
EXPERIMENTS = {
    "strong": Experiment(
        ("balanced", "strong-d", "strong-d-saturating"),
        ("loss", "verdict", "gradients", "frechet"),
        "b",
        "strong-d-saturating",
    ),
    "held": Experiment(("balanced", "held-d"), ("loss", "verdict", "frechet"), "c", "held-d"),
    "rounds": Experiment(("balanced", "five-to-one"), ("loss", "verdict", "frechet", "covered"), "b", "five-to-one"),
    "fast": Experiment(
        ("balanced", "fast-g", "mnist-collapse"), ("loss", "verdict", "covered", "frechet"), "b", "fast-g"
    ),
    "norm": Experiment(("balanced", "no-norm"), ("loss", "verdict", "gradients", "frechet"), "a", "no-norm"),
    "single": Experiment(("balanced", "batch-d"), ("verdict", "single", "frechet"), "b", "batch-d"),
    "smooth": Experiment(("balanced", "smooth"), ("loss", "verdict", "frechet"), "a", "smooth"),
    "pooling": Experiment(
        ("balanced", "max-0", "max-1", "max-2"),
        ("verdict", "gradients", "frechet"),
        "c",
        "max-0",
        {"stride": STRIDE, "max": three("max"), "average": three("average")},
    ),
    "upward": Experiment(
        ("balanced", "nearest-0"),
        ("verdict", "frechet", "covered"),
        "b",
        "nearest-0",
        {"transposed": STRIDE, "nearest": three("nearest")},
    ),
    "penalty": Experiment(
        ("balanced", "r1-0"),
        ("verdict", "gradients", "frechet"),
        "b",
        "r1-0",
        {"plain": STRIDE, "r1": three("r1")},
    ),
    "penalty_strong": Experiment(
        ("strong-d", "strong-d-r1-0"),
        ("verdict", "gradients", "frechet"),
        "b",
        "strong-d-r1-0",
        {
            "plain": STRIDE,
            "strong": ("strong-d", "strong-d-1", "strong-d-2"),
            "strong_r1": three("strong-d-r1"),
        },
    ),
    "penalty_fast": Experiment(
        ("fast-g", "fast-g-r1-0"),
        ("verdict", "gradients", "frechet"),
        "b",
        "fast-g-r1-0",
        {"fast": ("fast-g", "fast-g-1", "fast-g-2"), "fast_r1": three("fast-g-r1")},
    ),
    "penalty_both": Experiment(
        ("balanced", "r1-0", "r1-r2-0"),
        ("verdict", "gradients", "frechet"),
        "b",
        "r1-r2-0",
        {"plain": STRIDE, "r1": three("r1"), "r1_r2": three("r1-r2")},
    ),
    "relative": Experiment(
        ("balanced", "relativistic-0", "relativistic-r1-r2-0"),
        ("gradients", "frechet", "covered"),
        "c",
        "relativistic-r1-r2-0",
        {"plain": STRIDE, "relativistic": three("relativistic"), "r3gan": three("relativistic-r1-r2")},
    ),
    "spectral": Experiment(
        ("balanced", "spectral-0"),
        ("verdict", "gradients", "frechet"),
        "b",
        "spectral-0",
        {"plain": STRIDE, "spectral": three("spectral")},
    ),
    "few": Experiment(
        ("balanced", "few-0", "few-augment-0"),
        ("verdict", "single", "frechet"),
        "b",
        "few-augment-0",
        {
            "few": three("few"),
            "few_augment": three("few-augment"),
        },
    ),
    "cycle": Experiment(
        ("herd-both", "herd-no-identity", "herd-no-cycle"), ("loss", "there", "back"), "a", "herd-no-cycle"
    ),
}
ANSWERS = ("a", "b", "c")


def there() -> list[str]:
    """The experiments whose runs are all here."""
    names = {run.name for run in model_cache.runs()}
    return [key for key, each in EXPERIMENTS.items() if names.issuperset(_all_runs(each))]


def _all_runs(experiment: Experiment) -> list[str]:
    return list(dict.fromkeys([*experiment.runs, *(run for runs in experiment.seeds.values() for run in runs)]))


def find(key: str) -> Experiment:
    """An experiment by its key; raises UserError for one that is not here."""
    if key not in there():
        raise Refused("refused.experiment", name=key, known=", ".join(there()) or Words("list.none"))
    return EXPERIMENTS[key]


def numbers(story: Story) -> dict[str, float]:
    """What came of a run: means over its last tenth, and the last measure that was taken.

    loss_g, loss_d, d_real, d_fake, grad_g, grad_d; frechet, covered, entropy of a DCGAN, and single_gap (see there);
    for the herd coat, ground and colour (means of both directions), cycle and identity.
    """
    steps = story.columns["step"]
    late = steps >= (1 - LATE) * steps[-1] if len(steps) else np.zeros(0, bool)
    found = {
        name: float(np.nanmean(story.columns[name][late]))
        for name in ("loss_g", "loss_d", "d_real", "d_fake", "grad_g", "grad_d")
        if np.isfinite(story.columns[name][late]).any()
    }
    for event in story.events:
        if event["event"] in ("gauge", "evaluation"):
            classes = event.get("classes", {})
            found |= {
                k: source[k] for source in (event, classes) for k in ("frechet", "covered", "entropy") if k in source
            }
        if event["event"] == "evaluation" and "directions" in event:
            both = event["directions"].values()
            for name in ("cycle", "identity"):
                found[name] = mean(each[name] for each in both)
            for name in ("coat", "ground", "colour"):
                found[name] = mean(each["herd"][name] for each in both if "herd" in each)
    if gaps := single_gaps(story):
        found["single_gap"] = max(abs(gap) for both in gaps for gap in both)
    return found


def single_gaps(story: Story) -> list[tuple[float, float]]:
    """How much higher D(real) and D(fake) were for single pictures than for the batches of the steps around them.

    A pair for each measurement in the second half of a run that has any.
    """
    steps = story.columns["step"]
    measured = [event for event in story.events if event["event"] == "gauge" and "d_real_single" in event]
    return [
        tuple(
            float(event[f"{name}_single"] - np.nanmean(story.columns[name][np.abs(steps - event["step"]) <= NEAR]))
            for name in ("d_real", "d_fake")
        )
        for event in measured
        if event["step"] >= HALF * steps[-1]
    ]


FORMS = {"covered": ".0f", "ground": ".3f", "cycle": ".3f", "identity": ".3f"}


def readable(measure: str, value: float) -> str:
    """A number as a sentence has it: no more digits than say something, and never an exponent."""
    if measure == "coat":  # in percent, whose sign the sentence has
        return f"{100 * value:.0f}"
    if measure in FORMS:
        return format(value, FORMS[measure])
    if abs(value) < 0.001 and measure.startswith("grad"):
        return "< 0.001"
    return f"{value:,.0f}" if abs(value) >= 20 else f"{value:.2f}"


def facts(key: str) -> dict[str, str]:
    """The numbers that an experiment's words may name: "held_d_frechet" and so on, as they are to be read.

    For seeds also "max_mean", "max_low", "max_high", "max_spread" of the Frechet distance.
    """
    known = {run.name: run.folder for run in model_cache.runs()}
    return _facts(key, tuple((known[name], journal.stamp(known[name])) for name in _all_runs(EXPERIMENTS[key])))


@lru_cache(maxsize=32)  # a page has several parts of the same words
def _facts(key: str, runs: tuple[tuple[Path, Any], ...]) -> dict[str, str]:
    experiment, told = EXPERIMENTS[key], {}
    by_run = {folder.name: numbers(tell(Run(folder))) for folder, _ in runs}
    for name, found in by_run.items():
        for measure, value in found.items():
            told[f"{name}_{measure}".replace("-", "_")] = readable(measure, value)
    for group, runs in experiment.seeds.items():
        distances = [by_run[run]["frechet"] for run in runs]
        told |= {
            f"{group}_mean": f"{mean(distances):.2f}",
            f"{group}_low": f"{min(distances):.2f}",
            f"{group}_high": f"{max(distances):.2f}",
            f"{group}_spread": f"{stdev(distances):.2f}",
        }
    return told


def text(key: str, part: str, language: Language) -> str:
    """A part of an experiment's words: "title", "question", "look", "happened", "answers.a", ..."""
    return say(language, f"curves.experiments.{key}.{part}", **(facts(key) if part != "title" else {}))
