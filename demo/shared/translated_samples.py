"""A CycleGAN's sample as it is shown: what was translated above what came of it, and the names of the rows."""

from functools import lru_cache
from pathlib import Path

from PIL import Image

from demo.shared.pairs import names
from demo.ui.data_urls import data_url
from demo.ui.i18n import Language, say
from gan.errors import UserError
from gan.lazy import lazy
from gan.runs.run import Run

real_or_fake = lazy("gan.analysis.real_or_fake")
cyclegan = lazy("gan.core.cyclegan")
datasets = lazy("gan.data.datasets")
images = lazy("gan.images")


def sheet(sample: Path) -> Image.Image:
    """The sample with the pictures that were translated.

    The rows from above: pictures of A, their translations, pictures of B, theirs; without the data of the run, or where
    a sample is laid out otherwise, the sample as it is. Raises OSError or UserError where the run is gone.
    """
    return _sheet(sample, sample.stat().st_mtime_ns)[0]


def address(sample: Path) -> str:
    """Its sheet as an address that needs no file."""
    return _address(sample, sample.stat().st_mtime_ns)


def rows(sample: Path, language: Language) -> list[str]:
    """The names of the rows of its sheet."""
    a, b = names(Run(sample.parents[1]), language)
    ways = [say(language, "curves.translated", a=x, b=y) for x, y in ((a, b), (b, a))]
    return [a, ways[0], b, ways[1]] if _sheet(sample, sample.stat().st_mtime_ns)[1] else ways


@lru_cache(maxsize=64)
def _address(sample: Path, stamp: int) -> str:
    return data_url(_sheet(sample, stamp)[0], "webp", quality=92)


@lru_cache(maxsize=64)
def _sheet(sample: Path, stamp: int) -> tuple[Image.Image, bool]:
    """(the sheet, whether what was translated is in it); `stamp` is the sample's time, for a run made anew."""
    with Image.open(sample) as image:
        made = image.convert("RGB")
    config = Run(sample.parents[1]).config
    given = _inputs(config.data, config.size, config.channels)
    if given is None or any(made.size != (row.width, 2 * row.height + real_or_fake.GAP) for row in given):
        return made, False
    height = given[0].height
    halves = [made.crop((0, top, made.width, top + height)) for top in (0, height + real_or_fake.GAP)]
    whole = Image.new("RGB", (made.width, 4 * (height + real_or_fake.GAP) - real_or_fake.GAP), "white")
    for number, row in enumerate((given[0], halves[0], given[1], halves[1])):
        whole.paste(row, (0, number * (height + real_or_fake.GAP)))
    return whole, True


@lru_cache(maxsize=16)
def _inputs(data: str, size: int, channels: int) -> tuple[Image.Image, Image.Image] | None:
    """The test pictures of both domains that a run's samples are made of, a row each; None where they are not here."""
    try:
        pair = datasets.load_pair(data, size, channels=channels, split="test")
    except UserError:
        return None
    a, b = (side.images[: cyclegan.SHOWN] for side in (pair.a, pair.b))
    return images.grid(a, len(a)).convert("RGB"), images.grid(b, len(b)).convert("RGB")
