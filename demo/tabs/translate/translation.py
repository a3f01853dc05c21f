"""Ways there and back: what the Translate tab computes, and how it looks as HTML."""

import time
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup
from PIL import Image

from demo.server import model_cache
from demo.shared.pairs import examples, first_of, names
from demo.ui.data_urls import data_url
from demo.ui.i18n import Language, say, saying
from demo.ui.paragraphs import paragraphs
from demo.ui.templates import macros
from demo.ui.uploads import LONGEST
from gan.lazy import lazy
from gan.runs.run import Run

images = lazy("gan.images")
translate = lazy("gan.inference.translate")

HTML = macros(__file__)
DIRECTIONS = ("AtoB", "BtoA")
SMALL = 128  # pictures up to this size are shown as they are, pixel by pixel
THUMBNAIL = 112
MADE = "translated-by-cyclegan"  # the name of a file that is fed back in: it is no real picture


class Way(NamedTuple):
    """A picture, its translation, the translation translated back, and what the way back makes of the picture itself.

    `seconds` is how long the translation and the way back took. Imported weights may lack the way back.
    """

    real: Image.Image
    fake: Image.Image
    rec: Image.Image | None
    idt: Image.Image | None
    seconds: float

    @property
    def error(self) -> float:
        """How far `rec` is from `real`, the mean over all colours, as a share of full scale (0 to 1)."""
        return _apart(self.real, self.rec)

    @property
    def identity_error(self) -> float:
        """How far `idt` is from `real`, likewise."""
        return _apart(self.real, self.idt)


def _apart(one: Image.Image, other: Image.Image) -> float:
    a, b = (np.asarray(image, np.float32) for image in (one, other))
    return float(np.abs(a - b).mean() / 255)


def go(run: Run, direction: str, image: Image.Image) -> Way:
    """Translate a picture there and back. Raises UserError for a direction that there is not."""
    there, back = translate.pick(model_cache.networks(run).generators, direction)
    image = translate.in_colours(image, run.config.channels)
    how = {"size": translate.seen_size(run, direction), "limit": LONGEST}
    began = time.perf_counter()
    fake, *rec = translate.translate_through([there, *filter(None, [back])], image, **how)
    seconds = time.perf_counter() - began
    idt = [translate.translate(back, image, **how)] if back else [None]
    return Way(image if image.size == fake.size else image.resize(fake.size), fake, *rec or [None], *idt, seconds)


def is_made(picture: str | None) -> bool:
    """Whether a picture, by its file, is a translation that was fed back in."""
    return bool(picture) and Path(picture).stem == MADE


def page(
    run: Run,
    direction: str,
    image: Image.Image | None,
    example: int | None,
    language: Language,
    *,
    made: bool = False,
) -> str:
    """Both directions as HTML: the picture (or the example by its index) there and back, and one of the other domain.

    `made` says that the picture is a translation that was fed back in.
    """
    some = examples(run.config.data, run.config.size)
    if example is not None:
        rows = [example_row(run, direction, example, "title", language)]
    elif image is not None:
        rows = [row(run, direction, go(run, direction, image), "title", language, made=made)]
    else:
        rows = [paragraphs(say(language, "translate.choose"))]
    other = first_of(some, "b" if direction == "AtoB" else "a")
    if other is not None and opposite(direction) in directions_of(run):
        rows.append(example_row(run, opposite(direction), other, "other", language))
    return Markup("").join(rows)


def directions_of(run: Run) -> list[str]:
    """The directions that a run's weights translate in: both, unless they were imported."""
    return [name for name, net in zip(DIRECTIONS, ("a2b", "b2a"), strict=True) if net not in run.missing]


def opposite(direction: str) -> str:
    """The other direction."""
    return "BtoA" if direction == "AtoB" else "AtoB"


def example_row(run: Run, direction: str, example: int, title: str, language: Language) -> str:
    """An example's way as HTML, remembered: a class that opens the page sees the same."""
    return _example_row(run.folder, model_cache.stamp(run), direction, example, title, language)


@lru_cache(maxsize=64)
def _example_row(folder: Path, stamp: Any, direction: str, example: int, title: str, language: Language) -> str:
    return row(Run(folder), direction, _example_way(folder, stamp, direction, example), title, language)


@lru_cache(maxsize=16)  # for readers of the other language; one of the largest takes 0.8 MB
def _example_way(folder: Path, stamp: Any, direction: str, example: int) -> Way:
    run = Run(folder)
    return go(run, direction, examples(run.config.data, run.config.size)[example].image)


def row(run: Run, direction: str, way: Way, title: str, language: Language, *, made: bool = False) -> str:
    """A way as HTML: the picture, its translation with a divider over it, the way back, and the identity."""
    a, b = names(run, language)
    a, b = (a, b) if direction == "AtoB" else (b, a)
    pictures = (
        ("generated" if made else "real", way.real, a),
        ("fake", way.fake, b),
        ("rec", way.rec, a),
        ("idt", way.idt, a),
    )
    figures = [figure(run, direction, kind, image, name, way, language) for kind, image, name in pictures if image]
    there, back = (HTML.arrow(say(language, "translate.generator", a=x, b=y)) for x, y in ((a, b), (b, a)))
    took = say(language, "translate.took", time=duration(way.seconds, language))
    parts = [figures[0], there, figures[1]]
    if way.rec is not None:
        parts += [back, *figures[2:]]
    return HTML.row(say(language, f"translate.{title}", a=a, b=b), took, parts)


def duration(seconds: float, language: Language) -> str:
    """480 ms, 1.1 s."""
    milliseconds = round(1000 * seconds)
    if milliseconds < 1000:
        return say(language, "translate.milliseconds", number=f"{milliseconds}")
    return say(language, "translate.seconds", number=f"{seconds:.1f}")


def figure(run: Run, direction: str, kind: str, image: Image.Image, name: str, way: Way, language: Language) -> str:
    """One of a way's pictures as HTML, by its kind: "real" (or "generated"), "fake", "rec" or "idt"."""
    source, small, enlarge = inline(image), "", say(language, "app.enlarge.open")
    of = saying(language, "translate.")
    caption = of(kind, name=name)
    kind = "real" if kind == "generated" else kind  # it has the place of a real one
    shown = HTML.picture(kind, _grain(image), source, of(f"alt.{kind}", name=name), enlarge)
    if kind == "fake":
        file = f"{run.name}-{direction}.{'png' if 'image/png' in source[:16] else 'jpg'}"
        small = HTML.download(of, source, file)
        shown = HTML.compare(of, shown, _grain(image))
    elif kind != "real":
        error = way.error if kind == "rec" else way.identity_error
        small = of("error", percent=f"{100 * error:.1f}")
    return HTML.figure(kind, shown, caption, small)


def inline(image: Image.Image, exact: int = SMALL) -> str:
    """A picture as an address of its own: exactly up to `exact` pixels, larger ones as JPEG."""
    return data_url(image, "png" if max(image.size) <= exact else "jpeg", quality=92)


def framed(image: Image.Image, alt: str, caption: str) -> str:
    """A figure as HTML."""
    return HTML.framed(inline(image), alt, caption)


def thumbnails(run: Run, chosen: int | None, language: Language) -> str:
    """The examples as HTML: small square buttons, numbered in `data-index`."""
    say = saying(language, "translate.")
    by_side = dict(zip("ab", names(run, language), strict=True))
    buttons = []
    for index, (side, image) in enumerate(examples(run.config.data, run.config.size)):
        small = images.square(image, min(THUMBNAIL, *image.size))
        title = say("example", name=by_side[side], index=index + 1)
        button = {"title": title, "source": inline(small), "grain": _grain(small), "pressed": index == chosen}
        buttons.append(button)
    return HTML.thumbnails(say, buttons)


def _grain(image: Image.Image) -> str:
    return "pixels" if max(image.size) <= SMALL else ""
