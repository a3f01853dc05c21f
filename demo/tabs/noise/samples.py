"""Pictures out of noise, each with its address and what the discriminator says of it; and how they stand in HTML."""

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from demo.device import routes, runtime
from demo.server import model_cache
from demo.ui.assets import beside
from demo.ui.data_urls import data_url
from demo.ui.i18n import Language, say, words
from demo.ui.numbers import percent, require_int
from demo.ui.paragraphs import paragraphs
from demo.ui.results import skeleton
from demo.ui.templates import macros
from gan.data.registry import SETS
from gan.errors import UserError
from gan.lazy import lazy
from gan.runs.run import Run

if TYPE_CHECKING:  # torch is slow to import, and the page comes first
    from torch import Tensor

latent = lazy("gan.core.latent")
losses = lazy("gan.core.losses")
datasets = lazy("gan.data.datasets")
gan_images = lazy("gan.images")
sample_id = lazy("gan.inference.sample_id")
classifier = lazy("gan.metrics.classifier")
torch = lazy("torch")


CSS, JS, HTML = beside(__file__, "samples.css"), beside(__file__, "samples.js"), macros(__file__)
MAX_PICTURES = routes.VECTORS  # pictures at once
REAL = 100  # test pictures, over which D's mean verdict stands beside that of the generated ones
MAX_SEED = 2**31 - 1


class Made(NamedTuple):
    """Pictures a generator made: uint8 [n, C, S, S], what D says of each, and of which loss that verdict is."""

    images: "Tensor"
    verdicts: list[float]
    loss: str


class Picture(NamedTuple):
    """One picture: its address, its run, its vector float [latent], itself uint8 [C, S, S], and what is said of it.

    `guess` is what the classifier of the run's data takes it for, and how surely; None where there is no classifier.
    """

    address: str
    run: Run
    z: "Tensor"
    image: "Tensor"
    verdict: float
    loss: str
    guess: tuple[str, float] | None


def draw(run: Run, z: "Tensor") -> Made:
    """What a run makes of latent vectors, float [n, latent], and D's verdicts. Raises UserError without weights."""
    config, generators, discriminators = model_cache.networks(run)
    with torch.inference_mode():
        images = generators["g"](z)
        verdicts = losses.LOSSES[config.loss].verdict(discriminators["d"](images))
    return Made(gan_images.to_uint8(images), verdicts.tolist(), config.loss)


def make(run: Run, seed: float, count: float) -> Made:
    """The first `count` pictures of a seed (whole numbers, 1 to 100 and 0 to 2^31 - 1), and D's verdict on each.

    Raises UserError for a number outside, or where the run has no weights yet.
    """
    return _make(
        run.folder,
        model_cache.stamp(run),
        require_int("seed", seed, 0, MAX_SEED),
        require_int("count", count, 1, MAX_PICTURES),
    )


@lru_cache(maxsize=32)  # a class that opens the page sees the same pictures
def _make(folder: Path, stamp: tuple[int, int], seed: int, count: int) -> Made:

    run = Run(folder)
    return draw(run, latent.noise(count, run.config.latent, seed))


def verdict_on_real(run: Run) -> float | None:
    """D's mean verdict on real test pictures, each asked of by itself; None where the run's data is not here."""
    return _verdict_on_real(run.folder, model_cache.stamp(run))


@lru_cache(maxsize=64)
def _verdict_on_real(folder: Path, stamp: tuple[int, int]) -> float | None:

    config, _, discriminators = model_cache.networks(Run(folder))
    try:
        images = real_pictures(config.data, config.size, config.channels)[:REAL]
    except UserError:
        return None
    with torch.inference_mode():
        return losses.LOSSES[config.loss].verdict(discriminators["d"](gan_images.to_unit(images))).mean().item()


@lru_cache(maxsize=4)
def real_pictures(data: str, size: int, channels: int) -> "Tensor":
    """A set's test pictures, uint8 [N, C, S, S]. Raises UserError where the set is not here."""
    return datasets.load(data, size, channels=channels, split="test").images


def picture_of(address: str) -> Picture:
    """The picture of an address. Raises UserError where that leads nowhere, or where the run has no weights yet."""
    run = model_cache.find(sample_id.run_of(address), "dcgan")
    return _picture(address.strip(), run.folder, model_cache.stamp(run))


@lru_cache(maxsize=512)
def _picture(address: str, folder: Path, stamp: tuple[int, int]) -> Picture:

    run = Run(folder)
    z = sample_id.vector(address, run.config.latent)
    made = draw(run, z[None])
    return Picture(address, run, z, made.images[0], made.verdicts[0], made.loss, _guess(run, made.images))


def _guess(run: Run, images: "Tensor") -> tuple[str, float] | None:

    network = model_cache.classifier(run.config.data)
    if network is None:
        return None
    with torch.inference_mode():
        sure, which = classifier.sureness(network, gan_images.to_unit(images))[0].max(0)
    return SETS[run.config.data].classes[int(which)], sure.item()


def varied(run: Run, seed: int, count: int) -> list[int]:
    """Which pictures of a seed to begin with: the first of each class, where a classifier can tell; else any."""
    images = make(run, seed, 4 * count).images
    network, first = model_cache.classifier(run.config.data), {}
    if network is not None:
        with torch.inference_mode():
            for index, which in enumerate(classifier.sureness(network, gan_images.to_unit(images)).argmax(1).tolist()):
                first.setdefault(which, index)
    others = [index for index in range(len(images)) if index not in first.values()]
    return sorted([*first.values(), *others][:count])


def is_probability(loss: str) -> bool:
    """Whether D's verdict under this loss is a probability; otherwise it is a score without bounds."""
    return losses.LOSSES[loss].is_probability


def verdict(value: float, loss: str, language: Language) -> str:
    """What D answers as it stands under a picture: "97 %", or "-0.31" where it is a score."""
    return percent(value, language) if is_probability(loss) else f"{value:+.2f}"


def class_name(name: str, language: Language) -> str:
    """A class of a data set in the reader's language: "가방" for "Bag"; a digit is a digit everywhere."""
    return words(language).get(f"noise.classes.{name}", name)


def device_of(run: Run) -> tuple[str, str]:
    """What a page needs to draw by a run's generator itself: (version of the runtime, or "", file of the network)."""
    return runtime.version(), routes.file_of(run, "g")


def exactly(values: "Tensor") -> str:
    """Numbers as JSON, exact enough for a picture."""
    return json.dumps(values.double().round(decimals=5).tolist())


def inline(image: "Tensor") -> str:
    """A picture, uint8 [C, H, W], as an address of its own that needs no file."""
    return data_url(gan_images.to_image(image), "PNG")


def button(
    address: str, source: str, title: str, *, pressed: bool = False, act: str = "hold", number: int | None = None
) -> str:
    """A picture that can be clicked, as HTML; samples.js turns the click into an event with `address` and `act`.

    The `number`, where there is one, stands on the picture.
    """
    return HTML.button(address, source, title, act, pressed, number)


def nothing(language: Language, height: int) -> str:
    """What stands where there are no pictures, as HTML: they are on their way, or there is no run to make them."""
    if model_cache.runs("dcgan", with_weights=True):
        return skeleton(height)
    return paragraphs(say(language, "noise.none"))
