"""What sections remember of the last pictures, so that a slider that moves does not compute again what is known."""

from collections.abc import Hashable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo.server import model_cache
from demo.tabs.translate.selection import Held
from gan.lazy import lazy

if TYPE_CHECKING:
    from torch import Tensor

translate = lazy("gan.inference.translate")

KEPT = 8  # pictures, each with a direction


def remembered(now: Held) -> "tuple[Tensor, dict[Hashable, Any]]":
    """(the picture as the generators see it, float [1, 3, H, W]; what is known of it, to read and to add to).

    What is known is forgotten with the run's weights, and when enough other pictures have come.
    """
    x = translate.as_seen(now.image, now.size, now.run.config)
    digest = sha256(repr(tuple(x.shape)).encode() + x.numpy().tobytes()).digest()
    return x, _known(now.run.folder, model_cache.stamp(now.run), now.direction, digest)


@lru_cache(maxsize=KEPT)
def _known(folder: Path, stamp: Any, direction: str, digest: bytes) -> dict[Hashable, Any]:
    return {}
