"""What a CycleGAN hides: disturb the translation a little, and see how much more is lost on the way back.

Cycle consistency asks for a way back to the very picture, also where the translation should have thrown its colours
away. Generators learn to write them into the translation so faintly that it cannot be seen (Chu, Zhmoginov and Sandler
2017, "CycleGAN, a Master of Steganography", arXiv:1712.02950). What is written that faintly does not survive a little
noise, a JPEG file or a blur.
"""

from collections.abc import Callable, Sequence
from io import BytesIO
from math import ceil
from typing import NamedTuple

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from gan.errors import UserError
from gan.images import to_image, to_tensor, to_unit
from gan.metrics.functional import apart

KINDS = {"noise": 0.2, "jpeg": 1.0, "blur": 3.0}  # the ways to disturb a picture, and the largest amount of each
BEST, WORST = 100, 5  # quality of a JPEG at amount 0 and at amount 1
CLEARLY = 1.25  # times the disturbance must be lost beside what is lost anyway, where something is hidden
LEAST = 0.005  # share of full scale: a smaller loss is none
FAINT = 0.02  # share of full scale: a stronger disturbance destroys what is plain to see as well


class Outcome(NamedTuple):
    """What came of disturbing a translation, for each of N amounts.

    `fake` is the translation, float [1, 3, H, W] in [-1, 1]; `disturbed` and `rec`, the way back from it, are float
    [N, 3, H, W]. `errors` are the mean distances of `rec` from the picture, `disturbances` those of `disturbed` from
    `fake`, both as a share of full scale (0 to 1).
    """

    fake: Tensor
    disturbed: Tensor
    rec: Tensor
    errors: list[float]
    disturbances: list[float]


def disturb(x: Tensor, kind: str, amount: float, seed: int = 0) -> Tensor:
    """Disturb a picture, float [1, 3, H, W] in [-1, 1] in and out; an amount of 0 leaves it untouched.

    "noise" adds Gaussian noise, `amount` its standard deviation as a share of full scale (0 to 0.2), drawn by `seed`;
    "jpeg" writes and reads a JPEG, `amount` 0 to 1 for quality 100 to 5; "blur" is Gaussian, `amount` its sigma in
    pixels (0 to 3). Raises UserError for another kind, or an amount outside its range.
    """
    if kind not in KINDS:
        raise UserError("hidden.kind", kind=kind, known=", ".join(KINDS))
    if not (isinstance(amount, int | float) and 0 <= amount <= KINDS[kind]):
        raise UserError("hidden.amount", kind=kind, amount=amount, most=KINDS[kind])
    if amount == 0:
        return x
    if kind == "noise":
        noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed))
        return (x + 2 * amount * noise.to(x)).clamp(-1, 1)
    if kind == "jpeg":
        return _jpeg(x[0], quality(amount))[None].to(x)
    return _blur(x, amount)


def quality(amount: float) -> int:
    """A JPEG's quality, 100 to 5, for an amount from 0 to 1."""
    return round(BEST - (BEST - WORST) * amount)


def _jpeg(image: Tensor, quality: int) -> Tensor:
    buffer = BytesIO()
    to_image(image).save(buffer, "JPEG", quality=quality)
    return to_unit(to_tensor(Image.open(buffer)))[: len(image)]


def _blur(x: Tensor, sigma: float) -> Tensor:
    reach = ceil(3 * sigma)
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = (kernel / kernel.sum()).to(x).expand(x.shape[1], 1, 1, -1)
    x = F.conv2d(F.pad(x, (reach, reach, 0, 0), mode="replicate"), kernel, groups=x.shape[1])
    return F.conv2d(F.pad(x, (0, 0, reach, reach), mode="replicate"), kernel.mT, groups=x.shape[1])


@torch.inference_mode()
def errors(
    there: Callable[[Tensor], Tensor],
    back: Callable[[Tensor], Tensor],
    x: Tensor,
    kind: str,
    amounts: Sequence[float],
) -> Outcome:
    """Send x, float [1, 3, H, W] in [-1, 1], there, disturb the translation by each amount, and send all back.

    Raises UserError as `disturb` does.
    """
    fake = there(x).clamp(-1, 1)
    disturbed = torch.cat([disturb(fake, kind, amount) for amount in amounts])
    rec = back(disturbed).clamp(-1, 1)
    return Outcome(fake, disturbed, rec, apart(rec, x).tolist(), apart(disturbed, fake).tolist())


def hides(clean: float, error: float, disturbance: float) -> bool:
    """Whether the way back lost clearly more by a faint disturbance than was disturbed, all as in `Outcome`.

    `clean` is the error without disturbance. Generators that hide nothing pass on about what was disturbed, or less. Of
    a strong disturbance it says nothing: a blur that wipes out visible stripes loses more than it disturbs, too.
    """
    return disturbance <= FAINT and loses_more(clean, error, disturbance)


def loses_more(clean: float, error: float, disturbance: float) -> bool:
    """Whether clearly more was lost than disturbed, however strong the disturbance."""
    return error - clean > max(CLEARLY * disturbance, LEAST)
