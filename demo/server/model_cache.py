"""The runs that a visitor may look into, and their networks, loaded once and kept while they are asked for."""

import threading
from collections import OrderedDict
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gan.lazy import lazy

if TYPE_CHECKING:  # torch is slow to import, and the page comes first
    from torch import nn


from demo.ui.refusals import Refused
from gan.config import Config
from gan.errors import UserError
from gan.runs.run import Run, all_runs, by_name
from gan.words import Words

checkpoint = lazy("gan.core.checkpoint")
metrics_classifier = lazy("gan.metrics.classifier")

KEPT = 6  # runs whose networks stay in memory


class Networks(NamedTuple):
    """A run's networks in eval mode on one device, and the settings they were made with."""

    config: Config
    generators: "nn.ModuleDict"
    discriminators: "nn.ModuleDict"


_kept: OrderedDict[tuple[Path, str], tuple[tuple[int, int], Networks]] = OrderedDict()
_lock = threading.Lock()


def runs(model: str | None = None, *, with_weights: bool = False, replicas: bool = True) -> list[Run]:
    """All runs, those that came with the program first; only those of a model ("dcgan", "cyclegan") if one is named.

    Without `replicas` those are left out that were only made to see what another seed changes in an experiment.
    """
    return [
        run
        for run in all_runs()
        if (model is None or run.info.get("model") == model)
        and (replicas or not run.info.get("replica"))
        and (not with_weights or (run.folder / "weights.safetensors").is_file())
    ]


def find(name: str, model: str | None = None) -> Run:
    """A run by its name; raises UserError for any other, so that a visitor's word never becomes a path."""
    run = by_name().get(name)
    if run:
        with suppress(UserError):  # one that cannot be read is none
            if model in (None, run.info.get("model")):
                return run
    known = ", ".join(each.name for each in runs(model))
    raise Refused("refused.run", name=name, known=known or Words("list.none_yet"))


def stamp(run: Run) -> tuple[int, int]:
    """What changes whenever the run's weights do. Raises UserError where there are none yet."""
    try:
        stat = (run.folder / "weights.safetensors").stat()
    except OSError:
        raise Refused("refused.no_weights", run=run.name) from None
    return stat.st_mtime_ns, stat.st_size


def networks(run: Run, device: str = "cpu") -> Networks:
    """The networks of a run as they are now on disk, from memory if they have not changed since. Thread-safe."""
    key, now = (run.folder, device), stamp(run)
    with _lock:  # two visitors who ask for the same run at once load it once
        if key in _kept and _kept[key][0] == now:
            _kept.move_to_end(key)
            return _kept[key][1]
        loaded = Networks(run.config, *checkpoint.load_networks(run, device))
        _kept[key] = (now, loaded)
        _kept.move_to_end(key)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
        return loaded


@cache
def classifier(data: str) -> "nn.Module | None":
    """The classifier that travels with the project for a data set by name; None where there is none."""
    return metrics_classifier.load_classifier(data) if metrics_classifier.has_classifier(data) else None
