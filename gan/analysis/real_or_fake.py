"""Real or fake? Ten pictures, half of them real, for a person and for the discriminator.

The fakes are those of an earlier generator: a run keeps no earlier weights, but its samples show what 64 fixed latent
vectors gave at each moment, so a round's fakes are cut from a sample. Samples are WebP, which loses a little; the real
pictures go the same way, so that this gives nothing away.

The discriminator is the one at the end of training. With instance norm it still tells what the generator made at first
(measured on the shipped runs: nearly every early fake); with the paper's batch norm it had forgotten, and took grey
smudges for real.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from gan.core.checkpoint import load_networks
from gan.core.losses import LOSSES
from gan.data.datasets import load
from gan.errors import UserError
from gan.images import grid, open_picture, to_tensor, to_unit
from gan.plots.history import labels
from gan.runs.files import encode_sample
from gan.runs.journal import events
from gan.runs.run import Run

HALF = 5  # real pictures in a round, and fakes
CELLS, COLUMNS, GAP = 64, 8, 2  # of a DCGAN's sample, as `DCGAN.show` lays it out
SHAPE = 0.75  # of the last sample's contrast; where the first reaches it there is more than fog to see


@dataclass(frozen=True)
class Round:
    """Ten pictures, uint8 [10, C, S, S], which of them are real, and what the discriminator says of each.

    `verdicts` are on the scale of the loss (a probability for cross-entropy); a picture whose verdict is above where
    the loss rests is one the discriminator takes for real: `guesses`.
    """

    images: Tensor
    is_real: tuple[bool, ...]
    step: int
    verdicts: tuple[float, ...]
    guesses: tuple[bool, ...]


class Score(NamedTuple):
    """How many of ten a person and the discriminator have right, and the places, from 0, where each is wrong."""

    person: int
    d: int
    mistakes: list[int]
    mistakes_d: list[int]


def stages(run: Run, count: int = 5) -> list[int]:
    """The steps of up to `count` samples for rounds from easy to hard; the last is the last sample.

    The first is the earliest sample with three quarters of the last one's contrast: before it there is grey and fog.
    From there each stage is as many times later as the one before, since a generator learns ever more slowly. Raises
    `UserError` for a run without samples, with a damaged one, or of another model.
    """
    _check(run)
    steps = [step for step, _ in run.samples()]
    if not steps:
        raise UserError("quiz.no_samples", run=run.name)
    enough = SHAPE * _contrast(run, steps[-1])
    start = next(index for index, step in enumerate(steps) if _contrast(run, step) >= enough)
    left, chosen = steps[start:], []
    for target in np.geomspace(left[-1] + 1, left[0] + 1, min(count, len(left))):
        chosen.append(min(left, key=lambda step: abs(np.log((step + 1) / target))))
        left.remove(chosen[-1])
    return sorted(chosen)


def _contrast(run: Run, step: int) -> float:
    """The mean over a sample's pictures of the standard deviation of their pixels."""
    return fakes(run, step).float().flatten(1).std(1).mean().item()


def fakes(run: Run, step: int) -> Tensor:
    """The 64 pictures of the sample of `step`, uint8 [64, C, S, S].

    Raises `UserError` if there is none, if it is damaged or has another size, or if the run is of another model.
    """
    _check(run)
    path = dict(run.samples()).get(step)
    if path is None:
        raise UserError("quiz.no_sample", run=run.name, step=step)
    size = run.config.size
    try:
        sheet = open_picture(path)
    except UserError as error:
        raise UserError("quiz.damaged", run=run.name, step=step) from error
    side = COLUMNS * (size + GAP) - GAP
    if sheet.size != (side, side):
        raise UserError(
            "quiz.other_size",
            run=run.name,
            step=step,
            width=sheet.width,
            height=sheet.height,
            count=CELLS,
            size=size,
            side=side,
        )
    return cut(sheet, run.config.channels, size)


def cut(sheet: Image.Image, channels: int, size: int) -> Tensor:
    """Undo `pictures.grid` for full rows of `size` x `size` pictures `GAP` apart: uint8 [N, channels, size, size]."""
    pixels = to_tensor(sheet) if channels == 3 else torch.from_numpy(np.array(sheet.convert("L")))[None]
    cells = pixels.unfold(1, size, size + GAP).unfold(2, size, size + GAP)  # [C, rows, columns, S, S]
    return cells.permute(1, 2, 0, 3, 4).flatten(0, 1).contiguous()


def kept(images: Tensor) -> Tensor:
    """What a sample would keep of full rows of pictures, uint8 [N, C, S, S]: they go the way of the fakes."""
    sheet = open_picture(BytesIO(encode_sample(grid(images, COLUMNS, gap=GAP))))
    return cut(sheet, *images.shape[1:3])


@torch.inference_mode()
def draw(
    run: Run,
    step: int,
    seed: int,
    root: str | Path | None = None,
    networks: tuple[nn.ModuleDict, nn.ModuleDict] | None = None,
    real: Tensor | None = None,
) -> Round:
    """A round: five test pictures of the run's set and five fakes of `step`, in an order of the seed's.

    The same seed (0 or more) and step give the same round, other steps other pictures. `networks` is what
    `load_networks` gives and `real` the set's test pictures, uint8 [N, C, S, S], for callers that have them already.
    Raises `UserError` if the data, the sample or the weights are not here, or if there are under five test pictures.
    """
    fake, config = fakes(run, step), run.config
    if real is None:
        real = load(config.data, config.size, channels=config.channels, split="test", root=root).images
    if real.shape[1:] != fake.shape[1:]:
        raise ValueError(f"cannot mix {list(real.shape)} with {list(fake.shape)}")
    if len(real) < HALF:
        raise UserError("quiz.too_few", count=HALF, data=config.data, there=len(real))
    _, discriminators = networks or load_networks(run)

    stream = np.random.default_rng([seed, step])
    order = stream.permutation(len(real))[:CELLS]
    seen = kept(real[torch.from_numpy(np.resize(order, CELLS))])  # a full sheet, as the fakes' is
    shown = [stream.choice(cells, HALF, replace=False) for cells in (len(order), CELLS)]
    both = torch.cat([images[torch.from_numpy(pick)] for images, pick in zip((seen, fake), shown, strict=True)])
    places = stream.permutation(2 * HALF)
    images = both[torch.from_numpy(places)]

    loss = LOSSES[config.loss]
    device = next(discriminators.parameters()).device
    verdicts = loss.verdict(discriminators["d"](to_unit(images.to(device)))).tolist()
    label = labels(config.label, events(run.folder))[-1][1]
    guesses = tuple(verdict > loss.equilibrium(label).verdict for verdict in verdicts)
    return Round(images, tuple((places < HALF).tolist()), step, tuple(verdicts), guesses)


def score(round: Round, answers: Sequence[bool]) -> Score:
    """Compare a person's answers, true for "real", and the discriminator's guesses with what is.

    Raises `UserError` unless there is an answer for each picture.
    """
    if len(answers) != len(round.is_real):
        raise UserError("quiz.answers", count=len(round.is_real), answers=len(answers))
    wrong, wrong_d = (
        [place for place, (said, real) in enumerate(zip(given, round.is_real, strict=True)) if bool(said) != real]
        for given in (answers, round.guesses)
    )
    return Score(len(answers) - len(wrong), len(answers) - len(wrong_d), wrong, wrong_d)


def _check(run: Run) -> None:
    if run.config.model != "dcgan":
        raise UserError("run.other_model", run=run.name, model=run.config.model, needed="dcgan")
