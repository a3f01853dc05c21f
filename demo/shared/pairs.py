"""The two domains of a CycleGAN: what they are called, pictures to try, and training pictures of each."""

from functools import lru_cache
from typing import NamedTuple

from PIL import Image

from demo.ui.i18n import HERE, Language, words
from gan.data.registry import PAIRS, last_names, state
from gan.errors import UserError
from gan.lazy import lazy
from gan.runs.run import Run

datasets = lazy("gan.data.datasets")
synthetic_herd = lazy("gan.data.synthetic_herd")
gan_images = lazy("gan.images")

EMOJI = {"a": (109, 35, 15, 60), "b": (132, 38, 59, 6)}  # test pictures: a wink, a blossom, a flag, a bird, ...
TEST_PICTURES = 3  # of each pile, shown where the data is on this machine
SHIPPED_PICTURES = {  # pictures in demo/examples, of both domains
    "horse2zebra": (("horse", "herd-of-horses", "horse-cut-out", "donkey"), ("zebra",)),
    "apple2orange": (("apple",), ("orange", "mandarine", "seville-orange")),
}
COUNT = 12  # training pictures of each domain that are shown
COUNT_SEEDS = 10**6


class Example(NamedTuple):
    """A picture to try, and which pile it belongs to: "a" or "b"."""

    side: str
    image: Image.Image


class Laid(NamedTuple):
    """Pictures of both piles, squares of the size trained at, and whether they are training pictures."""

    a: list[Image.Image]
    b: list[Image.Image]
    trained: bool


def pictures(run: Run, seed: int) -> Laid:
    """COUNT random training pictures of each pile; where the data is not here, the run's examples."""
    return _pictures(run.config.data, run.config.size, seed, state(run.config.data) == "here")


@lru_cache(maxsize=16)
def _pictures(data: str, size: int, seed: int, is_here: bool) -> Laid:

    if is_here:
        try:
            a, b = datasets.glimpse(data, size, COUNT, seed)
            return Laid([gan_images.to_image(image) for image in a], [gan_images.to_image(image) for image in b], True)
        except UserError:  # a folder that has changed since the training
            pass
    some = examples(data, size)
    a, b = ([gan_images.square(each.image, size) for each in some if each.side == side] for side in "ab")
    return Laid(a, b, False)


def names(run: Run, language: Language) -> tuple[str, str]:
    """What the two domains are called: "horse", "zebra"; "A", "B" where nothing names them."""
    data, given = run.config.data, run.info.get("names")
    if data in PAIRS:
        sides = PAIRS[data].a, PAIRS[data].b
    else:
        sides = tuple(given) if isinstance(given, list) else tuple(last_names(data))
        if len(sides) == 1:  # a folder with both: "horse2zebra"
            record = PAIRS.get(sides[0])
            sides = (record.a, record.b) if record else tuple(sides[0].split("2"))
        sides = sides if len(set(sides)) == 2 and all(sides) else ("A", "B")
    known = words(language)

    def said(side: str) -> str:
        keys = (f"translate.names.{each}" for each in (side, side.lower(), side.lower().removesuffix("s")))
        return next((known[key] for key in keys if key in known), side)

    return said(sides[0]), said(sides[1])


@lru_cache(maxsize=8)
def examples(data: str, size: int) -> tuple[Example, ...]:
    """Pictures to try with a pair, those of pile a first: shipped ones, drawn ones, test photos that are here."""
    if data == "emoji":
        piles = datasets.load_pair(data, size, split="test")
        piles = (("a", piles.a.images), ("b", piles.b.images))
        return tuple(
            Example(side, gan_images.to_image(images[number])) for side, images in piles for number in EMOJI[side]
        )
    if data == "herd":
        drawn = synthetic_herd.draw(8, size, 7)  # neither trained on nor measured on
        return tuple(
            Example(side, gan_images.to_image(image))
            for side, images in (("a", drawn.plain[:4]), ("b", drawn.striped[4:]))
            for image in images
        )
    files = zip("ab", SHIPPED_PICTURES.get(data, ((), ())), strict=True)
    found = [
        Example(s, gan_images.open_picture(HERE / "examples" / f"{name}.webp")) for s, names in files for name in names
    ]
    if state(data) == "here":
        try:
            pair = datasets.load_pair(data, size if size < 128 else 256, split="test")
        except UserError:  # a folder that has changed since the training is no reason to show nothing
            return tuple(found)
        for side, pile in (("a", pair.a), ("b", pair.b)):
            found += [Example(side, gan_images.to_image(image)) for image in pile.images[:TEST_PICTURES]]
    return tuple(sorted(found, key=lambda example: example.side))


def first_of(some: tuple[Example, ...], side: str) -> int | None:
    """Where the examples of a pile begin; None if there is none."""
    return next((index for index, example in enumerate(some) if example.side == side), None)
