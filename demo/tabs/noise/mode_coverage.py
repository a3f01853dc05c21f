"""Where modes went: a thousand samples sorted into the classes of the data, beside the data's own."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo.server import model_cache
from demo.tabs.noise.samples import CSS, JS, button, class_name, inline
from demo.tabs.noise.selection import Desk, Room, connect_selection
from demo.ui.handlers import add_endpoint
from demo.ui.i18n import Language, language_of, saying, t
from demo.ui.numbers import percent, require_int
from demo.ui.paragraphs import paragraphs
from demo.ui.results import shows_result
from demo.ui.sections import Section
from demo.ui.templates import macros
from gan.errors import UserError
from gan.lazy import lazy
from gan.runs.run import Run
from gan.words import sentence

if TYPE_CHECKING:
    from gan.metrics.mode_coverage import Modes

sample_id = lazy("gan.inference.sample_id")
mode_coverage = lazy("gan.metrics.mode_coverage")

HTML = macros(__file__)
COUNT = 1000
SOME = 48  # samples that are shown as they came
COLLAPSED = 0.5  # of a class's share in the data, or of all classes: with less, modes have gone


def modes_of(run: Run, count: float = COUNT) -> "Modes":
    """How a run's samples spread over the classes, 100 to 5,000 of them. Raises UserError where that can't be told."""
    return _modes(run.folder, model_cache.stamp(run), require_int("count", count, 100, 5000))


@lru_cache(maxsize=16)
def _modes(folder: Path, stamp: Any, count: int) -> "Modes":

    run = Run(folder)
    _, *networks = model_cache.networks(run)
    return mode_coverage.modes(run, count, networks=tuple(networks))


def page(run: Run, found: "Modes", desk: Desk, language: Language) -> str:
    """The classes as HTML: a bar each for the samples' share and the data's, the first sample of each, then samples."""
    most, say = max(*found.shares, *found.data_shares), saying(language, "noise.")
    rows, none = [], "0%" if language == "ko" else "0\u00a0%"
    for name, share, real, example in zip(found.classes, found.shares, found.data_shares, found.examples, strict=True):
        word, picture = class_name(name, language), ""
        if example is not None:
            title = say("modes.example", name=word)
            address = sample_id.of_seed(run.name, 0, example)
            picture = button(address, inline(found.images[example]), title, pressed=address == desk["held"])
        row = {"name": word, "picture": picture, "kind": "gone" if share < COLLAPSED * real else ""}
        row |= {"fake": 100 * share / most, "real": 100 * real / most}
        rows.append(row | {"share": percent(share, language) if share else none})
    kind = "few" if found.covered <= COLLAPSED * len(found.classes) else "some"
    kind = "all" if found.covered == len(found.classes) else kind
    answer = say(
        f"modes.{kind}",
        covered=found.covered,
        classes=len(found.classes),
        entropy=f"{found.entropy:.2f}",
        data_entropy=f"{found.data_entropy:.2f}",
    )
    return HTML.page(
        say,
        answer,
        rows,
        count=f"{len(found.images):,}",
        title=say("modes.samples", count=SOME),
        samples=[inline(image) for image in found.images[:SOME]],
        note=sentence(found.note, language) if found.note else "",
    )


def show(desk: Desk, run: str, request: gr.Request) -> tuple[str]:
    """(page,) for the run; a sentence where its data has no classifier."""
    chosen = model_cache.find(run, "dcgan")
    try:
        return (page(chosen, modes_of(chosen), desk, language_of(request)),)
    except UserError as error:
        return (paragraphs(error.sentence(language_of(request))),)


def endpoint(run: str, count: float) -> dict[str, Any]:
    """Sort 100 to 5,000 samples of a run (those of seed 0) into the classes of its data.

    {"run", "count", "classes", "counts", "shares", "data_shares", "covered", "entropy", "data_entropy"}; a class is
    covered if it has 5 % of the samples, entropies are in bits.
    """
    found = modes_of(model_cache.find(run, "dcgan"), count)
    names = ("classes", "counts", "shares", "data_shares", "covered", "entropy", "data_entropy")
    return {"run": run, "count": int(count)} | {name: getattr(found, name) for name in names}


def build(room: Room) -> Section:
    """The section."""
    with gr.Tab(t("noise.modes.tab"), id="modes") as tab:
        chart = gr.HTML(css_template=CSS, js_on_load=JS, elem_id="modes", **shows_result(718, min_height=400))
        gr.Markdown(t("noise.modes.intro"))
        add_endpoint(
            endpoint,
            [gr.Textbox("mnist", visible=False), gr.Number(COUNT, visible=False)],
            [gr.JSON(visible=False)],
            "modes",
        )
    connect_selection(chart, room)
    return Section(tab, show, [room.run], [chart], slow=True)
