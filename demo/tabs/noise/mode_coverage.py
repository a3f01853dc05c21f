"""Where modes went: a thousand samples sorted into the classes of the data, beside the data's own."""

from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo.server import model_cache
from demo.tabs.noise.samples import CSS, JS, button, class_name, inline, sentence
from demo.tabs.noise.selection import Desk, Room, takes
from demo.ui.handlers import publish
from demo.ui.i18n import Language, language_of, t
from demo.ui.numbers import percent, whole
from demo.ui.sections import Section
from gan.errors import UserError
from gan.runs.run import Run
from gan.words import sentence as sentence_in

if TYPE_CHECKING:
    from gan.metrics.mode_coverage import Modes

COUNT = 1000
SOME = 48  # samples that are shown as they came
COLLAPSED = 0.5  # of a class's share in the data, or of all classes: with less, modes have gone


def modes_of(run: Run, count: float = COUNT) -> "Modes":
    """How a run's samples spread over the classes, 100 to 5,000 of them. Raises UserError where that can't be told."""
    return _modes(run.folder, model_cache.stamp(run), whole("count", count, 100, 5000))


@lru_cache(maxsize=16)
def _modes(folder: Path, stamp: Any, count: int) -> "Modes":
    from gan.metrics.mode_coverage import modes

    run = Run(folder)
    _, *networks = model_cache.networks(run)
    return modes(run, count, networks=tuple(networks))


def page(run: Run, found: "Modes", desk: Desk, language: Language) -> str:
    """The classes as HTML: a bar each for the samples' share and the data's, the first sample of each, then samples."""
    from gan.inference.sample_id import of_seed

    most = max(*found.shares, *found.data_shares)
    rows, none = [], "0%" if language == "ko" else "0\u00a0%"
    for name, share, real, example in zip(found.classes, found.shares, found.data_shares, found.examples, strict=True):
        word = class_name(name, language)
        picture = "<span></span>"
        if example is not None:
            title = sentence(language, "modes.example", name=word)
            address = of_seed(run.name, 0, example)
            picture = button(address, inline(found.images[example]), title, pressed=address == desk["held"])
        kind = "gone" if share < COLLAPSED * real else ""
        rows.append(
            f'<li class="{kind}"><span>{escape(word)}</span>{picture}'
            f'<div><i class="fake" style="width:{100 * share / most:.1f}%"></i>'
            f'<i class="real" style="width:{100 * real / most:.1f}%"></i></div>'
            f"<b>{percent(share, language) if share else none}</b></li>"
        )
    kind = "few" if found.covered <= COLLAPSED * len(found.classes) else "some"
    kind = "all" if found.covered == len(found.classes) else kind
    says = sentence(
        language,
        f"modes.{kind}",
        covered=found.covered,
        classes=len(found.classes),
        entropy=f"{found.entropy:.2f}",
        data_entropy=f"{found.data_entropy:.2f}",
    )
    legend = "".join(
        f'<span><i class="{side}"></i>{sentence(language, f"modes.{side}", count=f"{len(found.images):,}")}</span>'
        for side in ("fake", "real")
    )
    samples = "".join(f'<img src="{inline(image)}" alt="">' for image in found.images[:SOME])
    note = f"<p>{escape(sentence_in(found.note, language))}</p>" if found.note else ""
    title = sentence(language, "modes.samples", count=SOME)
    return (
        f'<p class="answer">{says}</p><p class="key">{legend}</p><ul class="classes">{"".join(rows)}</ul>'
        f'<h4>{title}</h4><div class="samples" role="img" aria-label="{title}">{samples}</div>{note}'
    )


def show(desk: Desk, run: str, request: gr.Request) -> tuple[str]:
    """(page,) for the run; a sentence where its data has no classifier."""
    chosen = model_cache.find(run, "dcgan")
    try:
        return (page(chosen, modes_of(chosen), desk, language_of(request)),)
    except UserError as error:
        return (f"<p>{escape(error.sentence(language_of(request)))}</p>",)


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
        gr.Markdown(t("noise.modes.intro"))
        chart = gr.HTML(css_template=CSS, js_on_load=JS, elem_id="modes", min_height=400)
        publish(
            endpoint,
            [gr.Textbox("mnist", visible=False), gr.Number(COUNT, visible=False)],
            [gr.JSON(visible=False)],
            "modes",
        )
    takes(chart, room)
    return Section(tab, show, [room.run], [chart], slow=True)
