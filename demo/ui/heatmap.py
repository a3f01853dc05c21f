"""Small arrays as pictures of large squares, with numbers in them: inline SVG, sharp on a projector and on a phone."""

import base64
from collections.abc import Callable
from html import escape
from io import BytesIO

import numpy as np
from PIL import Image

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

    `title` and `alt` are plain text, `legend` is HTML. Without `form`, or where a number would be too small to read,
    there are no numbers.
    """
    height, width = values.shape
    rgb = colours(values)
    with BytesIO() as file:
        Image.fromarray(rgb).save(file, "PNG")
        png = base64.b64encode(file.getvalue()).decode()
    numbers = []
    if form and max(height, width) <= 20:
        for (i, j), value in np.ndenumerate(values):
            ink = "#000" if rgb[i, j] @ (0.299, 0.587, 0.114) > 140 else "#fff"
            x, y = (j + 0.5) * UNIT, (i + 0.5) * UNIT
            numbers.append(f'<text x="{x:g}" y="{y:g}" fill="{ink}">{format(value, form)}</text>')
    size = UNIT // 2 if len(format(values.max(), form)) < 3 else UNIT // 3
    return (
        f'<figure class="squares"><figcaption>{escape(title)}</figcaption>'
        f'<svg viewBox="0 0 {width * UNIT} {height * UNIT}" role="img" aria-label="{escape(alt)}" font-size="{size}">'
        f'<image href="data:image/png;base64,{png}" width="{width * UNIT}" height="{height * UNIT}" '
        f'preserveAspectRatio="none"/>{"".join(numbers)}</svg><p>{legend}</p></figure>'
    )


def swatches(values: np.ndarray, label: Callable[[int], str]) -> str:
    """The legend of `blues`: a swatch for each count that occurs, as HTML."""
    counts = np.unique(values)
    colours = blues(counts[None])[0]
    return " ".join(
        f'<span><i style="background:rgb({r},{g},{b})"></i>{escape(label(int(count)))}</span>'
        for count, (r, g, b) in zip(counts, colours, strict=True)
    )
