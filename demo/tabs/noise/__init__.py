"""Noise to image: a picture is a point in a space of noise, and one can walk about in it.

On the left the run, the seed, the held picture and the shelf (`selection.py`); on the right a section for each thing to
do with it. Only the section that is open is drawn.
"""

from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import gradio as gr

from demo.server import model_cache
from demo.server.environment import Place
from demo.shared import run_about
from demo.tabs.noise import (
    activations,
    adversaries,
    directions,
    grid,
    interpolation,
    inversion,
    mode_coverage,
    nearest_neighbours,
    real_or_fake,
    selection,
)
from demo.tabs.noise.samples import CSS, JS, MAX_SEED, picture_of, verdict_on_real
from demo.tabs.noise.selection import Desk, Room
from demo.ui.address import asked_for, keeps
from demo.ui.handlers import TURNS, catch_errors, on_open
from demo.ui.i18n import language_of, t
from demo.ui.numbers import new_seed
from demo.ui.results import shows_result, skeleton
from demo.ui.sections import LATEST, QUIET, Section, drawn, inputs_of, on_show, outputs_of, views_of, waiting
from gan.errors import UserError
from gan.lazy import lazy

sample_id = lazy("gan.inference.sample_id")

SECTIONS = {  # by the names that addresses have
    "grid": grid,
    "layers": activations,
    "sliders": directions,
    "between": interpolation,
    "find": inversion,
    "copied": nearest_neighbours,
    "game": real_or_fake,
    "modes": mode_coverage,
    "adversaries": adversaries,
}


def opened(run: str | None, seed: float, now: Desk, request: gr.Request) -> tuple:
    """(runs, seed, desk): the runs there are now; at first the picture or the run that the page's address asks for."""
    names = [each.name for each in model_cache.runs("dcgan", with_weights=True, replicas=False)]
    if run in names and now["held"]:
        return gr.Dropdown(choices=names), gr.skip(), gr.skip()
    wanted, held = asked_for(request, "noise"), asked_for(request, "picture")
    run = wanted if wanted in names else next(iter(names), None)
    if held:
        with suppress(UserError):
            shown = picture_of(held)
            run, (_, start, _) = shown.run.name, held.split(":", 2)
            seed = int(start) if start != "z" else seed
            return gr.Dropdown(choices=names, value=run), seed, selection.hold(selection.clear(run, int(seed)), held)
    return gr.Dropdown(choices=names, value=run), seed, selection.clear(run, int(seed or 0)) if run else now


def build(place: Place) -> None:
    """The Noise to image tab."""
    now, open_section = gr.State(dict(held="", shelf=[])), gr.State("grid")
    with gr.Row():
        with gr.Column(scale=1, min_width=300):
            run = gr.Dropdown([], label=t("noise.run"), elem_id="noise-run")
            run_about.build(run, 4)
            with gr.Row(elem_id="seed-row"):
                seed = gr.Number(
                    0,
                    label=t("noise.seed"),
                    precision=0,
                    minimum=0,
                    maximum=MAX_SEED,
                    min_width=100,
                    elem_id="noise-seed",
                )
                dice = gr.Button(t("noise.dice"), variant="primary", min_width=100, elem_id="dice")
            held = gr.HTML(
                css_template=CSS,
                js_on_load=selection.JS,
                elem_id="held",
                **shows_result(selection.PANEL, min_height=200),
            )
            shelf = gr.HTML(skeleton(97), css_template=CSS, js_on_load=JS, elem_id="shelf")
            code = gr.Textbox(
                label=t("noise.held.code"), info=t("noise.held.code_info"), buttons=["copy"], elem_id="held-code"
            )
        with gr.Column(scale=4, min_width=320, elem_classes="first-on-a-phone"):
            with gr.Tabs(overflow_behavior="wrap", elem_id="noise-sections"):
                room = Room(run, now, place)
                sections = {
                    name: module.build(room, seed) if module is grid else module.build(room)
                    for name, module in SECTIONS.items()
                }
            gr.Markdown(t("noise.intro"))

    on_open(opened, [run, seed, now], [run, seed, now], **TURNS)
    working = waiting([held, shelf, *views_of(sections.values())])
    run.input(catch_errors(choose_run), [run, seed, now], now, **(LATEST | working))
    dice.click(catch_errors(roll), [run, now], [seed, now], **(QUIET | working))
    keeps(run.change, run, "noise")
    code.submit(catch_errors(enter), [code, now], [run, now], **(QUIET | working))
    selection.connect_selection(shelf, room)
    wire(sections, room, open_section, [held, shelf, code])


def wire(sections: dict[str, Section], room: Room, open_section: gr.State, about: list[Any]) -> None:
    """Draw a section when it is opened, and the open one and what is `about` the held picture when the desk changes.

    A section that an address opens may be asked for before the page knows its run: it is drawn when the desk changes.
    """
    now, inputs, outputs = room.desk, inputs_of(sections.values()), outputs_of(sections.values())
    run_at = inputs.index(room.run)

    def draw(request: gr.Request, name: str, desk_now: Desk, *values: Any) -> dict:
        if name != "grid" and not (desk_now["held"] and values[run_at]):
            return {}
        return drawn(sections[name], desk_now, inputs, values, request)

    def changed(request: gr.Request, name: str, desk_now: Desk, *values: Any) -> dict:
        told = dict(zip(about, selection.show(desk_now, language_of(request)), strict=True))
        return told | draw(request, name, desk_now, *values)

    views = [*(each for each in about if isinstance(each, gr.HTML)), *views_of(sections.values())]
    now.change(catch_errors(changed), [open_section, now, *inputs], [*about, *outputs], **(LATEST | waiting(views)))
    on_show(sections, draw, open_section, [now, *inputs])


def choose_run(run: str, seed: float, now: Desk) -> Desk:
    """The desk for another run: its own first pictures. As it is where the list was only looked at."""
    return selection.clear(run, int(seed or 0)) if run and run != sample_id.run_of(now["held"]) else now


def roll(run: str | None, now: Desk) -> tuple[int, Desk]:
    """A new seed, and its first picture held; what lies on the shelf stays."""
    seed = new_seed()
    return seed, selection.hold(now, sample_id.of_seed(run, seed, 0)) if run else now


def enter(code: str, now: Desk) -> tuple[str, Desk]:
    """(run, desk) with the picture of a code held, as it was typed or pasted; a link that holds one will do."""
    code = parse_qs(urlsplit(code.strip()).query).get("picture", [code])[0].strip()
    shown = picture_of(code)
    same = now if sample_id.run_of(now["held"]) == shown.run.name else selection.clear(shown.run.name)
    return shown.run.name, selection.hold(same, code)


def warm(place: Place) -> None:
    """Import and load what the first page needs."""
    import gan.inference.sample_id  # noqa: F401
    from gan import images  # noqa: F401
    from gan.core import latent, losses  # noqa: F401

    for run in model_cache.runs("dcgan", with_weights=True)[:1]:
        with suppress(UserError):  # the visitor will be told
            verdict_on_real(run)
            adversaries.loop(run)
            model_cache.classifier(run.config.data)
