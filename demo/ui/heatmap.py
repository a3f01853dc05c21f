"""Small arrays as pictures of large squares, with numbers in them: inline SVG, sharp on a projector and on a phone."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from demo.ui.data_urls import data_url
from demo.ui.templates import macros

HTML = macros(__file__)
UNIT = 40  # side of a square in the SVG's own units: a font below a unit would meet browsers' smallest font size
PALE, DEEP = np.array((0xF1, 0xF5, 0xF9)), np.array((0x1E, 0x4E, 0x8C))


def greys(values: np.ndarray) -> np.ndarray:
    """Values [h, w] as grey uint8 [h, w, 3]: the least black, the greatest white; a flat picture mid-grey."""
    low, high = values.min(), values.max()
    shade = (values - low) / (high - low) if high > low else np.full(values.shape, 0.5)
    return np.repeat((255 * shade[..., None]).round(), 3, axis=2).astype(np.uint8)


def blues(values: np.ndarray) -> np.ndarray:
    """Counts [h, w] as uint8 [h, w, 3], from pale (0) to deep blue (the greatest, at least 1)."""
    share = (values / max(values.max(), 1))[..., None]
    return (PALE + share * (DEEP - PALE)).round().astype(np.uint8)


def squares(
    values: np.ndarray,
    colours: Callable[[np.ndarray], np.ndarray],
    *,
    title: str,
    alt: str,
    legend: str = "",
    form: str = "",
) -> str:
    """An HTML figure of values [h, w]: a square each, coloured by `colours`, with its number in the format `form`.

    `legend` is a sentence, or HTML as `swatches`. Without `form`, or where a number would be too small to read,
    there are no numbers.
    """
    height, width = values.shape
    rgb = colours(values)
    numbers = []
    if form and max(height, width) <= 20:
        for (i, j), value in np.ndenumerate(values):
            ink = "#000" if rgb[i, j] @ (0.299, 0.587, 0.114) > 140 else "#fff"
            x, y = (j + 0.5) * UNIT, (i + 0.5) * UNIT
            numbers.append((x, y, ink, format(value, form)))
    return HTML.squares(
        title,
        alt,
        legend,
        width=width * UNIT,
        height=height * UNIT,
        size=9 * UNIT // 10 if len(format(values.max(), form)) < 3 else 7 * UNIT // 20,
        source=data_url(Image.fromarray(rgb), "png"),
        numbers=numbers,
    )


def swatches(values: np.ndarray, label: Callable[[int], str]) -> str:
    """The legend of `blues`: a swatch for each count that occurs, as HTML."""
    counts = np.unique(values)
    colours = blues(counts[None])[0]
    return HTML.swatches(
        [(f"{r},{g},{b}", label(int(count))) for count, (r, g, b) in zip(counts, colours, strict=True)]
    )
