"""Round and round: a picture translated to and fro many times, and what drifts.

A CycleGAN is trained for one way there and back. What a round loses is small, but the next round starts from it.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from gan.errors import UserError
from gan.metrics.functional import apart

MAX_ROUNDS = 10  # rounds

Round = tuple[Tensor, Tensor]  # the translation and the way back, float [1, 3, H, W] in [-1, 1] each


@torch.inference_mode()
def rounds(
    there: Callable[[Tensor], Tensor],
    back: Callable[[Tensor], Tensor],
    x: Tensor,
    count: int,
    so_far: Sequence[Round] = (),
) -> list[Round]:
    """Translate x, float [1, 3, H, W] in [-1, 1], to and fro `count` times (1 to 10).

    `so_far` are the first rounds of this very picture, where they are known. Raises UserError for another count.
    """
    if count not in range(1, MAX_ROUNDS + 1):
        raise UserError("rounds.count", count=count, most=MAX_ROUNDS)
    found = list(so_far[: int(count)])
    while len(found) < count:
        fake = there(found[-1][1] if found else x).clamp(-1, 1)
        found.append((fake, back(fake).clamp(-1, 1)))
    return found


def errors(x: Tensor, some: Sequence[Round]) -> list[float]:
    """How far each round's way back is from x: the mean distance as a share of full scale (0 to 1)."""
    return [apart(rec, x).item() for _, rec in some]


def changes(x: Tensor, some: Sequence[Round]) -> list[float]:
    """How far each round's way back is from that of the round before, likewise; the first one's from x."""
    recs = [x, *(rec for _, rec in some)]
    return [apart(after, before).item() for before, after in pairwise(recs)]
