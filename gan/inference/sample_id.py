"""A picture's address: a short text that brings the same picture back on any machine that has the run.

    mnist:0:7                 the picture number 7 (counted from 0) of seed 0, by the generator of the run "mnist"
    mnist:z:q80APf...         the picture of any latent vector, written out: base64 of its numbers in half precision

A run's name has no colon, and neither form has a character that an address bar would change.
"""

import base64
import binascii

import numpy as np
import torch
from torch import Tensor

from gan.core.latent import MAX_SEED, noise
from gan.errors import UserError

LAST = 999  # highest index under a seed: the vectors before it are drawn as well


def of_seed(run: str, seed: int, index: int) -> str:
    """The address of a seed's picture."""
    return f"{run}:{seed}:{index}"


def of_vector(run: str, z: Tensor) -> str:
    """The address of the picture of z, float [latent]; `vector` gives z back as rounded to half precision."""
    data = z.detach().cpu().half().numpy().astype("<f2").tobytes()
    return f"{run}:z:{base64.urlsafe_b64encode(data).decode().rstrip('=')}"


def run_of(address: str) -> str:
    """The name of the run in an address, whatever the rest is."""
    return address.strip().partition(":")[0]


def vector(address: str, length: int) -> Tensor:
    """The latent vector of an address, float32 [length]; raises `UserError` for one that leads nowhere."""
    _, _, rest = address.strip().partition(":")
    seed, _, index = rest.partition(":")
    if seed == "z":
        return _written(index, length)
    if not (_is_number(seed, MAX_SEED) and _is_number(index, LAST)):
        raise UserError("address.no_code", code=address.strip()[:80])
    return noise(1, length, int(seed), int(index))[0]


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 12 and int(text) <= most


def _written(text: str, length: int) -> Tensor:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != 2 * length:
        raise UserError("address.cut", length=length)
    z = torch.from_numpy(np.frombuffer(data, "<f2").astype(np.float32))
    if not z.isfinite().all():
        raise UserError("address.not_finite")
    return z
