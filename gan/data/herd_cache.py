"""The drawn herd, kept between trainings: drawing 4,000 scenes takes a minute, reading them a second.

A file holds one drawing, under a name that ends with a digest of the drawing code, so that no change of it ever meets
old pictures.
"""

import hashlib
import io
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gan.data import synthetic_herd
from gan.data.registry import cache_root
from gan.runs.files import write_whole

NAMES = ("plain", "striped", "mask")


def drawn(n: int, size: int, seed: int, names: tuple[str, ...] = NAMES) -> tuple[Tensor, ...]:
    """Those parts of `herd.draw(n, size, seed)` by name, from the cache where they lie there; it is filled if possible.

    Raises `UserError` for a size that the herd has not.
    """
    file = cache_root() / "herd" / f"{n}-{size}-{seed}-{'-'.join(names)}-{version()}.npz"
    # a damaged file fails in many ways, in zipfile, zlib or numpy: whatever it is, it is drawn again
    with suppress(Exception), np.load(file, allow_pickle=False) as kept:
        return tuple(torch.from_numpy(kept[name]) for name in names)
    scenes = synthetic_herd.draw(n, size, seed)
    parts = {name: getattr(scenes, name) for name in names}
    _keep(file, {name: part.numpy() for name, part in parts.items()})
    return tuple(parts.values())


@cache
def version() -> str:
    """A digest of the code that draws."""
    return hashlib.sha256(Path(synthetic_herd.__file__).read_bytes()).hexdigest()[:12]


def _keep(file: Path, parts: dict[str, np.ndarray]) -> None:
    """Write a drawing and remove what older code drew of it; a cache that cannot be written to is done without."""
    content = io.BytesIO()
    np.savez_compressed(content, **parts)
    with suppress(OSError):
        write_whole(file, content.getvalue())
        for other in file.parent.glob(f"{file.name.removesuffix(f'{version()}.npz')}*.npz"):
            if other != file:
                other.unlink()
