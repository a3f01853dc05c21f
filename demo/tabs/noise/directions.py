"""Sliders that mean something: the held picture moved along the strongest directions of its generator."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demo.server import model_cache
from demo.tabs.noise.samples import CSS, JS, Picture, device_of, draw, exactly, inline, picture_of
from demo.tabs.noise.selection import Desk, Room, about, held, hold
from demo.ui.assets import beside
from demo.ui.handlers import EACH, add_endpoint, catch_errors
from demo.ui.i18n import Language, language_of, say, saying, t
from demo.ui.numbers import percent, require_int
from demo.ui.refusals import Refused
from demo.ui.results import shows_result
from demo.ui.sections import LATEST, QUIET, Section
from demo.ui.templates import macros
from gan.lazy import lazy
from gan.runs.run import Run

if TYPE_CHECKING:
    from torch import Tensor

    from gan.analysis.directions import Effect

directions = lazy("gan.analysis.directions")
gan_images = lazy("gan.images")
sample_id = lazy("gan.inference.sample_id")
torch = lazy("torch")

DRAG, HTML = beside(__file__, "directions.js"), macros(__file__)
COUNT = 6  # sliders
REACH = 6.0  # how far a slider goes each way, in standard deviations of z
STOPS = (-6, -4, -2, 0, 2, 4, 6)  # the pictures beside a slider
PLAIN = 0.8  # standard deviations: a change smaller than this is not worth a name
OFTEN, SELDOM = 0.5, 0.1  # shares of pictures that change their class: above the first that is what a direction does


def found(run: Run, method: str) -> tuple["Tensor", list["Effect"]]:
    """The strongest directions of a run, float [COUNT, latent], and what each does; computed once."""
    return _found(run.folder, model_cache.stamp(run), method)


@lru_cache(maxsize=16)
def _found(folder: Path, stamp: Any, method: str) -> tuple["Tensor", list["Effect"]]:

    run = Run(folder)
    config, generators, _ = model_cache.networks(run)
    vectors = directions.directions(generators["g"], config.latent, min(COUNT, config.latent), method)
    return vectors, directions.effects(generators["g"], vectors, model_cache.classifier(config.data))


def moved(shown: Picture, method: str, amounts: list[float], coordinate: float = 1, extra: float = 0.0) -> "Tensor":
    """z moved by an amount along each direction, and by `extra` along one coordinate (counted from 1): float [latent].

    Raises UserError for an amount or a coordinate outside.
    """
    amounts = [0.0 if value is None else float(value) for value in amounts]
    if not all(-2 * REACH <= value <= 2 * REACH for value in (*amounts, extra or 0.0)):
        raise Refused("refused.reach", reach=REACH)
    if len(amounts) > COUNT:
        raise Refused("refused.directions", most=COUNT, count=len(amounts))
    coordinate = require_int("coordinate", coordinate, 1, len(shown.z))
    z = shown.z.clone()
    if any(amounts):
        vectors, _ = found(shown.run, method)
        z += torch.tensor(amounts[: len(vectors)]) @ vectors[: len(amounts)]
    z[coordinate - 1] += extra or 0.0
    return z


def at(shown: Picture, z: "Tensor") -> Picture:
    """The picture at z, by the run of `shown`; `shown` itself where nothing has moved."""
    return shown if bool((z == shown.z).all()) else picture_of(sample_id.of_vector(shown.run.name, z))


def name(effect: "Effect", number: int, language: Language) -> str:
    """What a slider is called: "1 · wider, brighter", "2 · another class" or "3 · a subtle change"."""
    strongest = sorted(effect.changes.items(), key=lambda item: -abs(item[1]))[:2]
    told = [
        say(language, f"noise.sliders.{measure}.{'more' if change > 0 else 'less'}")
        for measure, change in strongest
        if abs(change) >= PLAIN
    ]
    if effect.turns is not None and effect.turns > OFTEN:
        told.insert(0, say(language, "noise.sliders.class"))
    elif not told and effect.turns is not None and effect.turns > SELDOM:
        told = [say(language, "noise.sliders.sometimes")]
    return f"{number} · {', '.join(told) or say(language, 'noise.sliders.subtle')}"


def names(effects: list["Effect"], language: Language) -> list[str]:
    """What the sliders are called; of directions that do the same in words, the second is told so: "(2)"."""
    called, seen = [], []
    for number, effect in enumerate(effects, 1):
        words = name(effect, number, language)
        seen.append(words.partition(" · ")[2])
        again = seen.count(seen[-1])
        called.append(f"{words} ({again})" if again > 1 else words)
    return called


def ends(effect: "Effect", language: Language) -> str:
    """How often the class is another one at the slider's other end."""
    if effect.turns is None:
        return ""
    return say(language, "noise.sliders.turns", percent=percent(effect.turns, language))


def strips(shown: Picture, method: str, language: Language) -> list[str]:
    """For each direction the held picture moved to every stop, as HTML: buttons that set the slider."""
    vectors, told = found(shown.run, method)
    z = shown.z + torch.tensor(STOPS, dtype=torch.float32)[None, :, None] * vectors[:, None]  # [directions, stops, L]
    images = draw(shown.run, z.flatten(0, 1)).images.unflatten(0, z.shape[:2])
    rows = []
    for number, row in enumerate(images, 1):
        cells = []
        for stop, image in zip(STOPS, row, strict=True):
            title = say(language, "noise.sliders.stop", number=number, amount=f"{stop:+d}" if stop else "0")
            cells.append({"amount": stop, "title": title, "source": inline(image)})
        rows.append(HTML.strip(cells, ends(told[number - 1], language)))
    return rows + [""] * (COUNT - len(rows))


def live(shown: Picture, method: str, z: "Tensor", language: Language) -> str:
    """The moved picture as HTML, large, with what is said of it, and what the page needs to move it by itself."""
    now, say = at(shown, z), saying(language, "noise.")
    vectors, _ = found(shown.run, method)
    return HTML.live(
        say,
        inline(now.image),
        still=now is shown,
        about=about(now, language),
        length=say("sliders.length", before=f"{shown.z.norm():.1f}", after=f"{z.norm():.1f}"),
        device=device_of(shown.run),
        z=exactly(shown.z),
        vectors=exactly(vectors),
    )


def show(desk: Desk, method: str, request: gr.Request) -> tuple:
    """(live, coordinate, extra, *sliders, *strips) for the held picture, nothing moved yet."""
    language, shown = language_of(request), held(desk)
    _, told = found(shown.run, method)
    sliders = [gr.Slider(value=0, label=label, visible=True) for label in names(told, language)]
    sliders += [gr.Slider(value=0, visible=False)] * (COUNT - len(sliders))
    coordinate = gr.Slider(maximum=len(shown.z), value=1)
    return live(shown, method, shown.z, language), coordinate, 0, *sliders, *strips(shown, method, language)


def move(request: gr.Request, desk: Desk, method: str, coordinate: float, extra: float, *amounts: float) -> str:
    """`live` for the sliders as they stand."""
    shown = held(desk)
    return live(shown, method, moved(shown, method, list(amounts), coordinate, extra), language_of(request))


def take(desk: Desk, method: str, coordinate: float, extra: float, *amounts: float) -> Desk:
    """Hold the picture as it has been moved."""
    shown = held(desk)
    return hold(desk, at(shown, moved(shown, method, list(amounts), coordinate, extra)).address)


def directions_endpoint(run: str, method: str) -> dict[str, Any]:
    """The strongest directions of a run's generator, by "sefa" (closed form) or "ganspace" (PCA).

    {"run", "method", "directions": [{"vector": [...], "changes": {measure: standard deviations}, "turns"}]}; what a
    direction changes is measured from -3 to 3 along it, `turns` is the share of pictures whose class changes.
    """
    vectors, told = found(model_cache.find(run, "dcgan"), method)
    listed = [{"vector": v.tolist(), **e._asdict()} for v, e in zip(vectors, told, strict=True)]
    return {"run": run, "method": method, "directions": listed}


def move_endpoint(picture: str, amounts: list[float], method: str) -> tuple[dict[str, Any], Image.Image]:
    """Move a picture, by its code, along the strongest directions: {"picture", "verdict"} and the picture as a PNG.

    `amounts` has a number for each direction, the strongest first, from -6 to 6; `method` is "sefa" or "ganspace".
    """
    if not isinstance(amounts, list) or not all(isinstance(each, int | float) for each in amounts):
        raise Refused("refused.amounts")
    shown = picture_of(picture)
    now = at(shown, moved(shown, method, amounts))
    return {"picture": now.address, "verdict": now.verdict}, gan_images.to_image(now.image)


def build(room: Room) -> Section:
    """The section."""
    with gr.Tab(t("noise.sliders.tab"), id="sliders") as tab:
        gr.Markdown(t("noise.sliders.intro"))
        sliders, rows = [], []
        with gr.Row():
            with gr.Column(scale=2, min_width=240):
                now = gr.HTML(css_template=CSS, js_on_load=DRAG, elem_id="moved", **shows_result(391, min_height=180))
                method = gr.Radio(
                    [(t(f"noise.sliders.methods.{each}"), each) for each in ("sefa", "ganspace")],
                    value="sefa",
                    label=t("noise.sliders.method"),
                    info=t("noise.sliders.method_info"),
                    elem_id="sliders-method",
                )
                reset = gr.Button(t("noise.sliders.reset"), size="md", elem_id="sliders-reset")
                keep = gr.Button(t("noise.keep"), size="md", elem_id="sliders-keep")
            with gr.Column(scale=5, min_width=300):
                for number in range(1, COUNT + 1):
                    with gr.Row():
                        with gr.Column(min_width=260):
                            sliders.append(_slider(number, f"{number}"))
                        with gr.Column(min_width=260):
                            rows.append(gr.HTML(css_template=CSS, js_on_load=JS, elem_id=f"stops-{number}"))
                with gr.Accordion(t("noise.sliders.raw"), open=False), gr.Row():
                    coordinate = _slider("coordinate", t("noise.sliders.coordinate"), 1, 100, 1, 1)
                    extra = _slider("extra", t("noise.sliders.extra"))
        gr.Markdown(t("noise.sliders.explain"), latex_delimiters=[{"left": "$", "right": "$", "display": False}])
        add_endpoint(
            directions_endpoint,
            [gr.Textbox("mnist", visible=False), gr.Textbox("sefa", visible=False)],
            [gr.JSON(visible=False)],
            "directions",
        )
        add_endpoint(
            move_endpoint,
            [
                gr.Textbox("mnist:0:0", visible=False),
                gr.JSON([2.0], visible=False),
                gr.Textbox("sefa", visible=False),
            ],
            [gr.JSON(visible=False), gr.Image(format="png", visible=False)],
            "move",
        )

    state = [room.desk, method, coordinate, extra, *sliders]
    outputs = [now, coordinate, extra, *sliders, *rows]
    # past the queue, which would take as long again as the picture: half of what dragging may take to feel immediate
    now.input(catch_errors(move), state, now, **(LATEST | {"queue": False}))
    gr.on([method.input, reset.click], catch_errors(show), [room.desk, method], outputs, **LATEST)
    keep.click(catch_errors(take), state, room.desk, **QUIET)
    for slider, row in zip(sliders, rows, strict=True):
        row.select(catch_errors(to_stop), None, slider, **EACH).then(catch_errors(move), state, now, **LATEST)
    return Section(tab, show, [method], outputs)


def _slider(
    name: int | str, label: Any, low: float = -REACH, high: float = REACH, value: float = 0, step: float = 0.1
) -> gr.Slider:
    """A slider that directions.js listens to."""
    return gr.Slider(low, high, value, step=step, label=label, min_width=260, elem_id=f"slider-{name}")


def to_stop(event: gr.EventData) -> float:
    """The amount of the picture that was clicked."""
    return float(event.amount)
