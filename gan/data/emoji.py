"""The same 1,906 emoji drawn by two hands, Google's Noto and Twitter's Twemoji: a pair whose true partners are known.

They travel with the project, each hand as one lossless picture: squares of 64 pixels on white, 48 in a row, in the
order of their Unicode names (the files of `emoji-datasource-google` and `-twitter` 16.0.0 that both have, sorted).
"""

from functools import lru_cache

import torch
from PIL import Image
from torch import Tensor

from gan.errors import UserError, reason
from gan.images import to_tensor
from gan.paths import SHIPPED_DATA

COUNT = 1906
SIDE = 64
COLUMNS = 48


def draw(hand: str, size: int, only: list[int] | None = None) -> Tensor:
    """All emoji, or only those of the given numbers, by "noto" or "twemoji": uint8 [N, 3, size, size].

    Raises `UserError` where the sheet is gone or damaged.
    """
    sheet, squares = _sheet(hand), []
    for number in range(COUNT) if only is None else only:
        left, top = SIDE * (number % COLUMNS), SIDE * (number // COLUMNS)
        square = sheet.crop((left, top, left + SIDE, top + SIDE))
        squares.append(to_tensor(square if size == SIDE else square.resize((size, size), Image.Resampling.LANCZOS)))
    return torch.stack(squares)


@lru_cache(maxsize=2)
def _sheet(hand: str) -> Image.Image:
    path = SHIPPED_DATA / "emoji" / f"{hand}.webp"
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except OSError as error:
        raise UserError("emoji.unreadable", path=path, why=reason(error)) from error
