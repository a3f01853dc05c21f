"""The duel in one picture: noise goes in, fakes and real pictures come to the discriminator, whose needle answers.

A closed path through latent space is drawn and judged once; the page moves by it without asking again.
"""

import json
from functools import lru_cache
from math import ceil, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import gradio as gr

from demo.server import model_cache
from demo.tabs.noise.samples import draw, is_probability, nothing, real_pictures, varied, verdict
from demo.tabs.noise.selection import Desk, Room
from demo.ui.assets import beside
from demo.ui.data_urls import data_url
from demo.ui.i18n import Language, language_of, saying, t
from demo.ui.sections import Section
from demo.ui.templates import macros
from gan.errors import UserError
from gan.lazy import lazy
from gan.runs.run import Run

if TYPE_CHECKING:
    from torch import Tensor

latent = lazy("gan.core.latent")
losses = lazy("gan.core.losses")
gan_images = lazy("gan.images")
torch = lazy("torch")

CSS, JS, HTML = beside(__file__, "adversaries.css"), beside(__file__, "adversaries.js"), macros(__file__)
SEED, CORNERS, BETWEEN = 0, 10, 16  # the path leads from picture to picture of a seed, in so many frames each
REAL = 16  # real pictures
COLUMNS = 16  # of a sheet
MIDDLE, SPREAD = 128, 42  # grey of a number 0, and of each standard deviation more


class Sheet(NamedTuple):
    """Pictures of one size in one file: its address, how many there are, the side of each."""

    source: str
    count: int
    side: int


class Loop(NamedTuple):
    """A closed path: its vectors and its pictures, and real pictures; what D says of both, and under which loss."""

    noise: Sheet
    fakes: Sheet
    reals: Sheet | None
    fake_verdicts: list[float]
    real_verdicts: list[float]
    loss: str


def loop(run: Run) -> Loop:
    """The loop of a run, computed once. Raises UserError without weights."""
    return _loop(run.folder, model_cache.stamp(run))


@lru_cache(maxsize=8)
def _loop(folder: Path, stamp: tuple[int, int]) -> Loop:
    run = Run(folder)
    z = vectors(run)
    made, (real, real_verdicts) = draw(run, z), _real(run)
    return Loop(_noise(z), sheet(made.images), real, made.verdicts, real_verdicts, made.loss)


def vectors(run: Run) -> "Tensor":
    """The latent vectors of the path, float [CORNERS * BETWEEN, latent]: along arcs, and back to the first."""
    chosen = varied(run, SEED, CORNERS)
    corners = latent.noise(max(chosen) + 1, run.config.latent, SEED)[chosen]
    arcs = [latent.walk(a, b, BETWEEN + 1)[:-1] for a, b in zip(corners, corners.roll(-1, 0), strict=True)]
    return torch.cat(arcs)


def _real(run: Run) -> tuple[Sheet | None, list[float]]:
    """Real test pictures, and what D says of each; none where the run's data is not here."""
    config, _, discriminators = model_cache.networks(run)
    try:
        images = real_pictures(config.data, config.size, config.channels)[:REAL]
    except UserError:
        return None, []
    with torch.inference_mode():
        verdicts = losses.LOSSES[config.loss].verdict(discriminators["d"](gan_images.to_unit(images)))
    return sheet(images), verdicts.tolist()


def _noise(z: "Tensor") -> Sheet:
    """Latent vectors as pictures: a grey square for each number, black for none."""
    side = ceil(sqrt(z.shape[1]))
    greys = (MIDDLE + SPREAD * z).clamp(0, 255).to(torch.uint8)
    room = torch.zeros(len(z), side * side - z.shape[1], dtype=torch.uint8)
    return sheet(torch.cat([greys, room], 1).unflatten(1, (1, side, side)))


def sheet(images: "Tensor") -> Sheet:
    """Pictures, uint8 [n, C, S, S], in one, COLUMNS beside each other, without a gap."""
    source = data_url(gan_images.grid(images, COLUMNS, gap=0), "webp", lossless=True)
    return Sheet(source, len(images), images.shape[-1])


def page(found: Loop, language: Language) -> str:
    """The scene as HTML, with all that adversaries.js needs to move it."""
    every = [*found.fake_verdicts, *found.real_verdicts]
    bounded = is_probability(found.loss)
    scores = {
        name: [[round(value, 4), verdict(value, found.loss, language)] for value in values]
        for name, values in (("fake", found.fake_verdicts), ("real", found.real_verdicts))
    }
    given = {"columns": COLUMNS, "low": 0 if bounded else min(every), "high": 1 if bounded else max(every)}
    sides = {"noise": found.noise.side, "fake": found.fakes.side, "real": found.reals.side if found.reals else 0}
    given |= {"sides": sides, "scores": scores}
    return HTML.page(saying(language, "noise."), json.dumps(given), found, columns=COLUMNS)


def show(desk: Desk, run: str | None, request: gr.Request) -> tuple[str]:
    """(page,) for a run by name; a sentence where there is no run yet."""
    language = language_of(request)
    return (page(loop(model_cache.find(run, "dcgan")), language) if run else nothing(language),)


def build(room: Room) -> Section:
    """The section."""
    with gr.Tab(t("noise.adversaries.tab"), id="adversaries") as tab:
        scene = gr.HTML(
            HTML.coming(), css_template=CSS, js_on_load=JS, elem_id="adversaries", padding=False, min_height=300
        )
        gr.Markdown(t("noise.adversaries.explain"))
    return Section(tab, show, [room.run], [scene])
