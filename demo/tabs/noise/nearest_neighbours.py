"""Was it copied? The held picture beside the training pictures nearest to it, and how near is near."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demo.tabs.noise.samples import CSS, class_name, inline, picture_of
from demo.tabs.noise.selection import Desk, Room, held
from demo.ui.handlers import add_endpoint, catch_errors
from demo.ui.i18n import Language, language_of, saying, t
from demo.ui.numbers import require_int
from demo.ui.paragraphs import paragraphs
from demo.ui.refusals import Refused
from demo.ui.results import shows_result
from demo.ui.sections import LATEST, Section
from demo.ui.templates import macros
from gan.data.registry import SETS, state
from gan.errors import UserError
from gan.lazy import lazy
from gan.runs.run import Run
from gan.words import sentence

if TYPE_CHECKING:
    from torch import Tensor

    from gan.metrics.nearest_neighbours import Neighbours, Pool, Typical

datasets = lazy("gan.data.datasets")
images = lazy("gan.images")
nearest_neighbours = lazy("gan.metrics.nearest_neighbours")
torch = lazy("torch")

HTML = macros(__file__)
NEAREST = 6  # training pictures that are shown
MAX_NEIGHBOURS = 50  # that can be asked for
WAYS = ("pixels", "features")


def pool_of(run: Run) -> "Pool":
    """The training pictures of a run's data, kept for the next question. Raises UserError where they aren't here."""
    config = run.config
    return _pool(config.data, config.size, config.channels, config.subset)


@lru_cache(maxsize=2)  # 60,000 digits with their features take 85 MB
def _pool(data: str, size: int, channels: int, subset: int) -> "Pool":
    return nearest_neighbours.pool(data, size, channels, subset=subset)


class Asked:
    """What is compared: a picture, uint8 [C, S, S], and where in the pool it lies if it is a training picture."""

    def __init__(self, desk: Desk, training: bool, number: int) -> None:
        self.run = held(desk).run
        self.pool = pool_of(self.run)
        self.number = number % len(self.pool.images) if training else None
        self.image = held(desk).image if self.number is None else self.pool.images[self.number]


def compare(image: "Tensor", pool: "Pool", by: str, k: int) -> tuple["Neighbours", "Typical", "Typical", int | None]:
    """(nearest training pictures, distances from a training picture to its nearest, between two of a class, class).

    The class is that of the nearest. Raises UserError for another way, or features where there are none.
    """
    if by not in WAYS:
        raise Refused("refused.way", way=by, known=", ".join(WAYS))
    near = nearest_neighbours.neighbours(image, pool, k, by)
    label = None if pool.labels is None else int(pool.labels[near.indices[0]])
    return near, *_usual(pool, label, by), label


@lru_cache(maxsize=64)
def _usual(pool: "Pool", label: int | None, by: str) -> tuple["Typical", "Typical"]:

    return nearest_neighbours.typical_nearest(pool, by), nearest_neighbours.typical(pool, label, by)


def page(asked: Asked, by: str, language: Language) -> str:
    """The comparison as HTML: the picture, its nearest, a scale to read their distances by, and what follows."""
    near, nearest_usual, class_usual, label = compare(asked.image, asked.pool, by, NEAREST)
    name = "" if label is None else class_name(asked.pool.classes[label], language)
    say, form = saying(language, "noise."), ".3f" if by == "pixels" else ".2f"
    query = say("copied.held" if asked.number is None else "copied.training", number=asked.number)
    cells = [figure(asked.image, query, "", "query")]
    for index, distance in zip(near.indices.tolist(), near.distances.tolist(), strict=True):
        itself = index == asked.number
        title = say("copied.itself" if itself else "copied.neighbour", number=index)
        cells.append(figure(asked.pool.images[index], title, format(0.0 if itself else distance, form)))
    own = near.distances[0].item() if asked.number is None else 0.0
    if own < 1e-6:
        verdict = "same"
    elif own < nearest_usual.low:
        verdict = "close"
    else:
        verdict = "new" if own <= nearest_usual.high else "far"
    numbers = {"distance": format(own, form), "usual": format(nearest_usual.median, form)}
    numbers["low"], numbers["high"] = format(nearest_usual.low, form), format(nearest_usual.high, form)
    return HTML.page(
        cells,
        scale(own, nearest_usual, class_usual, name, form, language),
        answer=say(f"copied.verdict.{verdict}", **numbers),
        note=sentence(asked.pool.note, language) if asked.pool.note else "",
    )


def figure(image: "Tensor", title: str, number: str, kind: str = "") -> str:
    """A picture as HTML with a title and a number under it."""
    return HTML.figure(kind, inline(image), title, number)


def scale(own: float, near: "Typical", between: "Typical", name: str, form: str, language: Language) -> str:
    """Distances on one line as HTML: this picture's, and the ranges that training pictures have among themselves."""
    end, say = 1.1 * max(own, between.high, near.high), saying(language, "noise.")
    rows = []
    for kind, spread, words in (
        ("near", near, say("copied.scale.near")),
        ("between", between, say("copied.scale.class" if name else "copied.scale.any", name=name)),
    ):
        left, middle, width = (100 * v / end for v in (spread.low, spread.median, spread.high - spread.low))
        row = {"kind": kind, "name": words, "left": left, "middle": middle, "width": width}
        rows.append(row | {"median": format(spread.median, form)})
    return HTML.scale(say("copied.scale.this", distance=format(own, form)), 100 * own / end, rows)


def show(desk: Desk, what: str, by: str, number: int, request: gr.Request) -> tuple:
    """(page, download button) for the held picture or a training picture."""
    data = held(desk).run.config.data
    offer = gr.Button(visible=data in SETS and state(data) in ("download", "shipped"))
    try:
        return page(Asked(desk, what == "training", number), by, language_of(request)), offer
    except UserError as error:
        return paragraphs(error.sentence(language_of(request))), offer


def another(desk: Desk, by: str, number: int, request: gr.Request) -> tuple:
    """(what, number, page, button) for the next training picture."""
    number = (number + 7919) % 1_000_003  # a prime step: every picture comes by
    return "training", number, *show(desk, "training", by, number, request)


def download(desk: Desk, what: str, by: str, number: int, request: gr.Request) -> tuple:
    """Download the data of the run, then `show`."""
    config = held(desk).run.config
    note = datasets.load(config.data, config.size, channels=config.channels, download=True).note
    if note:  # the download failed, and what travels with the project stands in
        raise Refused("refused.not_downloaded", why=note)
    _pool.cache_clear()
    return show(desk, what, by, number, request)


def endpoint(picture: str, by: str, k: float, training: float) -> tuple[dict[str, Any], Image.Image]:
    """The training pictures nearest to a picture, by its code, by "pixels" or "features"; `k` from 1 to 50.

    With `training` from 0, the training picture of that number takes the picture's place. {"picture", "by", "indices",
    "distances", "labels", "classes", "typical_nearest", "typical_class"}: distances from a training picture to its
    nearest other, and between two of the class, as [5 %, median, 95 %]; and the pictures side by side as a PNG file.
    """
    shown = picture_of(picture)
    pool = pool_of(shown.run)
    image = shown.image
    if training is not None and training >= 0:
        image = pool.images[require_int("training", training, 0, len(pool.images) - 1)]
    near, nearest_usual, class_usual, _ = compare(image, pool, by, require_int("k", k, 1, MAX_NEIGHBOURS))
    labels = None if pool.labels is None else pool.labels[near.indices].tolist()
    answer = {
        "picture": shown.address,
        "by": by,
        "indices": near.indices.tolist(),
        "distances": near.distances.tolist(),
    }
    answer |= {"labels": labels, "classes": list(pool.classes)}
    answer |= {"typical_nearest": list(nearest_usual), "typical_class": list(class_usual)}
    return answer, images.grid(torch.cat([image[None], pool.images[near.indices]]), columns=len(near.indices) + 1)


def build(room: Room) -> Section:
    """The section."""
    with gr.Tab(t("noise.copied.tab"), id="copied") as tab:
        with gr.Row():
            what = gr.Radio(
                [(t("noise.copied.what.held"), "held"), (t("noise.copied.what.training"), "training")],
                value="held",
                label=t("noise.copied.what.label"),
                min_width=240,
                elem_id="copied-what",
            )
            by = gr.Radio(
                [(t(f"noise.copied.by.{each}"), each) for each in WAYS],
                value="pixels",
                label=t("noise.copied.by.label"),
                min_width=240,
                elem_id="copied-by",
            )
            other = gr.Button(t("noise.copied.another"), size="md", min_width=180, elem_id="copied-another")
        result = gr.HTML(css_template=CSS, elem_id="neighbours", **shows_result(339, min_height=300))
        fetch = gr.Button(t("noise.copied.download"), visible=False, elem_id="copied-download")
        gr.Markdown(t("noise.copied.intro"))
        number = gr.State(0)
        gr.Markdown(t("noise.copied.explain"))
        add_endpoint(
            endpoint,
            [
                gr.Textbox("mnist:0:0", visible=False),
                gr.Textbox("pixels", visible=False),
                gr.Number(NEAREST, visible=False),
                gr.Number(-1, visible=False),
            ],
            [gr.JSON(visible=False), gr.Image(format="png", visible=False)],
            "neighbours",
        )
    inputs, outputs = [what, by, number], [result, fetch]
    gr.on([what.input, by.input], catch_errors(show), [room.desk, *inputs], outputs, **LATEST)
    other.click(catch_errors(another), [room.desk, by, number], [what, number, *outputs], **LATEST)
    fetch.click(catch_errors(download), [room.desk, *inputs], outputs, api_visibility="private", show_progress="full")
    return Section(tab, show, inputs, outputs, slow=True)
