"""Translate: a picture of one pile turned into the other and back, beside the same the other way round.

The translation is the first section; the others look closer at the same picture (`demo/ui/sections.py` says what one
is), and of these only the open one is drawn.
"""

from contextlib import suppress
from html import escape
from typing import Any

import gradio as gr
from gradio.processing_utils import save_pil_to_cache
from gradio.utils import get_upload_folder
from PIL import Image

from demo.server import model_cache
from demo.server.environment import Place
from demo.shared import run_about
from demo.shared.pairs import examples, first_of, names
from demo.tabs.translate import inspect, repeated_cycle, selection, steganography, unpaired, webcam
from demo.tabs.translate.selection import held
from demo.tabs.translate.translation import MADE, directions_of, go, is_made, opposite, page, thumbnails
from demo.ui import handlers
from demo.ui.address import asked_for, keeps
from demo.ui.assets import beside
from demo.ui.handlers import EACH, add_endpoint, catch_errors, on_open
from demo.ui.i18n import Language, language_of, say, t
from demo.ui.paragraphs import paragraphs
from demo.ui.results import shows_result, skeleton
from demo.ui.sections import LATEST, Section, drawn, inputs_of, instead, on_show, outputs_of, views_of, waiting
from demo.ui.uploads import limits, picture_field, read
from gan.errors import UserError
from gan.runs.run import Run

SECTIONS = {  # by the names that addresses have
    "inside": inspect,
    "camera": webcam,
    "piles": unpaired,
    "hidden": steganography,
    "rounds": repeated_cycle,
}
OF_THE_PAIR = ("camera", "piles")  # sections that look at no picture of the visitor's
WAYS, TRIES = 515, 418  # pixels that the results and the examples take
CSS, JS = beside(__file__, "translation.css"), beside(__file__, "translation.js")


def directions(run: Run, direction: str, language: Language) -> Any:
    """The choice of direction in the pair's own words."""
    a, b = names(run, language)
    there = directions_of(run)
    choices = [choice for choice in ((f"{a} → {b}", "AtoB"), (f"{b} → {a}", "BtoA")) if choice[1] in there]
    return gr.Radio(choices=choices, value=direction)


def shown(
    name: str,
    direction: str,
    language: Language,
    *,
    image: Image.Image | None = None,
    example: int | None = None,
    made: bool = False,
) -> tuple:
    """(direction, which example it is, examples, page) for an example or for a picture of the visitor's.

    `made` says that it is a translation that was fed back in.
    """
    run = model_cache.find(name, "cyclegan")
    html = page(run, direction, image, example, language, made=made)
    return directions(run, direction, language), example, thumbnails(run, example, language), html


def show_example(name: str, example: int | None, language: Language) -> tuple:
    """(picture, *shown) for an example by its index, in its own direction; without one an invitation to choose."""
    run = model_cache.find(name, "cyclegan")
    some = examples(run.config.data, run.config.size)
    there = directions_of(run)
    if example is not None and len(there) == 1:  # of imported weights: only what they can translate
        example = first_of(some, "a" if there == ["AtoB"] else "b") if example == 0 else example
    if example is None or not some:
        return None, *shown(name, there[0], language)
    side, image = some[min(example, len(some) - 1)]
    return image, *shown(name, "AtoB" if side == "a" else "BtoA", language, example=example)


def choose_run(
    name: str | None, direction: str, picture: str | None, example: int | None, request: gr.Request
) -> tuple:
    """(picture, *shown) for another run: the visitor's own picture stays, an example makes way for the run's first."""
    if not name:
        comes = bool(model_cache.runs("cyclegan", with_weights=True))
        told = skeleton(WAYS) if comes else paragraphs(say(request, "translate.none"))
        return None, gr.skip(), None, skeleton(TRIES) if comes else "", told
    if picture is None or example is not None:
        is_back = picture is None and example is None and asked_for(request, "direction") == "BtoA"
        config = model_cache.find(name, "cyclegan").config
        first = first_of(examples(config.data, config.size), "b") if is_back else None  # a link, or F5
        return show_example(name, first or 0, language_of(request))
    there = directions_of(model_cache.find(name, "cyclegan"))
    direction = direction if direction in there else there[0]
    image = read(picture)
    return gr.skip(), *shown(name, direction, language_of(request), image=image, made=is_made(picture))


def opened(name: str | None, request: gr.Request) -> tuple:
    """(runs, the one to show): the runs there are now, and another one where none is shown yet or it is gone.

    At first the one that the page's address asks for.
    """
    there = [run.name for run in model_cache.runs("cyclegan", with_weights=True)]
    if name in there:
        return gr.Dropdown(choices=there), gr.skip()
    wanted = asked_for(request, "translate")
    name = wanted if wanted in there else next(iter(there), None)
    return gr.Dropdown(choices=there, value=name), name


def choose_example(event: gr.EventData, name: str, request: gr.Request) -> tuple:
    """(picture, *shown) for the example that was clicked."""
    return show_example(name, int(event.index), language_of(request))


def turn(name: str, direction: str, picture: str | None, example: int | None, request: gr.Request) -> tuple:
    """(picture, *shown) in the other direction: an example makes way for one of the other pile."""
    run, language = model_cache.find(name, "cyclegan"), language_of(request)
    if example is not None:
        other = first_of(examples(run.config.data, run.config.size), "a" if direction == "AtoB" else "b")
        if other is not None:
            return show_example(name, other, language)
    return gr.skip(), *shown(name, direction, language, image=read(picture), made=is_made(picture))


def given(name: str | None, direction: str, picture: str | None, request: gr.Request) -> tuple:
    """`shown` for a picture that was uploaded, pasted, taken, or removed; one that can't be read leaves no result."""
    if not name:
        return choose_run(name, direction, picture, None, request)[1:]
    try:
        return shown(name, direction, language_of(request), image=read(picture))
    except UserError as error:
        language = language_of(request)
        sentence = error.sentence(language)
        gr.Warning(say(language, "errors.refused", sentence=escape(sentence)))  # a toast is HTML
        return *shown(name, direction, language)[:-1], paragraphs(sentence)


def again(name: str, direction: str, picture: str | None, example: int | None, request: gr.Request) -> tuple:
    """(picture, *shown): the translation becomes the picture to translate, the other way."""
    now = held(name, direction, picture, example)
    fake = go(now.run, direction, now.image).fake
    file = save_pil_to_cache(fake, get_upload_folder(), name=MADE, format="png")
    return file, *shown(name, opposite(direction), language_of(request), image=fake, made=True)


def endpoint(run: str, direction: str, picture: str | None) -> tuple[Image.Image, Image.Image]:
    """Translate a picture with a CycleGAN run, "AtoB" or "BtoA": the translation, and that translated back."""
    now = held(run, direction, picture, None)
    way = go(now.run, direction, now.image)
    return way.fake, way.rec


def build(place: Place) -> None:
    """The Translate tab."""
    with gr.Row():
        with gr.Column(scale=1, min_width=280):
            with gr.Row():
                run = gr.Dropdown([], label=t("translate.run"), min_width=200, elem_id="translate-run")
                direction = gr.Radio(
                    [("A → B", "AtoB"), ("B → A", "BtoA")],
                    value="AtoB",
                    label=t("translate.direction"),
                    min_width=200,
                    elem_id="translate-direction",
                )
            run_about.build(run, 4)
            tries = gr.HTML(skeleton(TRIES), css_template=CSS, js_on_load=JS, elem_id="translate-examples")
            picture = picture_field(t("translate.picture"), height=220, elem_id="translate-picture")
            limits(place)
            swap = gr.Button(t("translate.again"), size="md", elem_id="translate-again")
        with gr.Column(scale=5, min_width=320, elem_classes="first-on-a-phone"):
            # a list says `input` twice for one choice, also when it was only looked at: a State changes when it changes
            chosen, example, open_section = gr.State(""), gr.State(None), gr.State("ways")
            now = [run, direction, picture, example]
            with gr.Tabs(overflow_behavior="wrap", elem_id="translate-sections"):
                with gr.Tab(t("translate.ways.tab"), id="ways") as first:
                    ways = gr.HTML(
                        css_template=CSS, js_on_load=JS, elem_id="ways", **shows_result(WAYS, min_height=300)
                    )
                    gr.Markdown(t("translate.explain"))
                sections = {name: module.build(now) for name, module in SECTIONS.items()}
            gr.Markdown(t("translate.intro"))
    first.select(lambda: "ways", None, open_section, queue=False, **handlers.LATEST)

    outcome = [direction, example, tries, ways]
    working = LATEST | waiting([ways, *views_of(sections.values())])
    on_open(opened, run, [run, chosen])
    keeps(run.change, run, "translate")
    keeps(direction.change, direction, "direction")
    run.input(lambda name: name, run, chosen, **EACH)  # one after the other, or both are new
    events = [
        chosen.change(catch_errors(choose_run), [chosen, *now[1:]], [picture, *outcome], **working),
        tries.select(
            catch_errors(choose_example), run, [picture, *outcome], **(EACH | waiting(working["show_progress_on"]))
        ),
        direction.input(catch_errors(turn), now, [picture, *outcome], **working),
        gr.on([picture.input, picture.clear], catch_errors(given), [run, direction, picture], outcome, **working),
        swap.click(catch_errors(again), now, [picture, *outcome], **working),
    ]
    wire(sections, now, open_section, events)

    answer = [gr.Image(format="png", visible=False), gr.Image(format="png", visible=False)]
    add_endpoint(endpoint, selection.asked(), answer, "translate")


def wire(sections: dict[str, Section], now: selection.Now, open_section: gr.State, events: list[Any]) -> None:
    """Draw a section when it is opened, and the open one after each of the events that change the picture."""
    inputs, outputs = inputs_of(sections.values()), outputs_of(sections.values())

    def draw(request: gr.Request, name: str, *values: Any) -> dict:
        picked, others = values[: len(now)], values[len(now) :]
        if name not in sections or not picked[0]:
            return {}
        looks = name not in OF_THE_PAIR
        if looks and picked[2] is None and picked[3] is None:
            return instead(sections[name], say(request, "translate.choose"))
        try:
            return drawn(sections[name], held(*picked, lacking=not looks), inputs, others, request)
        except UserError as error:
            return instead(sections[name], error.sentence(language_of(request)))

    for event in events:
        options = LATEST | waiting(views_of(sections.values()))
        event.success(catch_errors(draw), [open_section, *now, *inputs], outputs, **options)
    on_show(sections, draw, open_section, [*now, *inputs])


def warm(place: Place) -> None:
    """Import what the first answers need, and load the pair that is shown first."""
    from gan.inference import runtimes, translate  # noqa: F401

    for run in model_cache.runs("cyclegan", with_weights=True)[:1]:
        with suppress(UserError):  # the visitor will be told
            for network in model_cache.networks(run).generators.values():
                runtimes.fast(network)
