"""Where modes went: how a generator's samples spread over the classes of the set it learned from.

A generator that has collapsed makes the same few things from every noise (Goodfellow 2016, arXiv:1701.00160, section
5.1.1): by the set's own classifier some classes are then nearly all of its samples, and others none.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.core.checkpoint import load_networks
from gan.core.latent import noise
from gan.data.datasets import load
from gan.errors import UserError
from gan.images import to_uint8, to_unit
from gan.metrics.classifier import has_classifier, load_classifier, trained_names
from gan.metrics.functional import classes_covered
from gan.runs.run import Run
from gan.words import Words

BATCH = 100  # pictures at a time through the generator and the classifier


@dataclass(frozen=True)
class Modes:
    """Samples by class, and the training pictures beside them; everything but `images` is in the order of `classes`.

    `counts` and `shares` of the samples and `data_shares` of the training pictures; `covered`, how many classes have
    at least 5 % of the samples; the entropies of both shares in bits (`data_entropy` is what the samples could have).
    `images` uint8 [count, C, S, S] are the samples, the i-th of them of `latent.noise`'s i-th vector; `examples` has
    the first of each class in it, None where there is none. `note` is as in `Pictures`: of the training pictures.
    """

    classes: tuple[str, ...]
    counts: tuple[int, ...]
    shares: tuple[float, ...]
    data_shares: tuple[float, ...]
    covered: int
    entropy: float
    data_entropy: float
    examples: tuple[int | None, ...]
    images: Tensor
    note: tuple[Words, ...]


@torch.inference_mode()
def modes(
    run: Run,
    count: int = 1000,
    seed: int = 0,
    root: str | Path | None = None,
    networks: tuple[nn.ModuleDict, nn.ModuleDict] | None = None,
) -> Modes:
    """Sort `count` samples of a DCGAN, those of `noise(count, latent, seed)`, into the classes of its set.

    `networks` is what `load_networks` gives, for callers that have them already. Raises `UserError` if the run is of
    another model or has no weights, if no classifier of its set travels with the project, or if `count` is under 1.
    """
    config = run.config
    if config.model != "dcgan":
        raise UserError("run.other_model", run=run.name, model=config.model, needed="dcgan")
    if not has_classifier(config.data):
        raise UserError("modes.no_classifier", run=run.name, data=config.data, known=", ".join(trained_names()))
    if count < 1:
        raise UserError("modes.count", count=count)
    generators, _ = networks or load_networks(run)
    device = next(generators.parameters()).device
    classifier = load_classifier(config.data, device)
    images, logits = [], []
    for z in noise(count, config.latent, seed).to(device).split(BATCH):
        fake = to_uint8(generators["g"](z))
        logits.append(classifier(to_unit(fake)).cpu())  # of what is shown, in 256 shades
        images.append(fake.cpu())
    found = classes_covered(torch.cat(logits))
    labels = torch.cat(logits).argmax(1)
    train = load(config.data, config.size, channels=config.channels, root=root)
    data = classes_covered(F.one_hot(train.labels, len(train.classes)))
    return Modes(
        classes=train.classes,
        counts=tuple(found["counts"]),
        shares=tuple(found["shares"]),
        data_shares=tuple(data["shares"]),
        covered=found["covered"],
        entropy=found["entropy"],
        data_entropy=data["entropy"],
        examples=tuple(_first(labels == index) for index in range(len(train.classes))),
        images=torch.cat(images),
        note=train.note,
    )


def _first(those: Tensor) -> int | None:
    """The place of the first true value."""
    return int(those.int().argmax()) if those.any() else None
