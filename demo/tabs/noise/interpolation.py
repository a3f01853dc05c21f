"""Between and beyond: the way from one held picture to another, and arithmetic with several."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr
import numpy as np
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder
from PIL import Image

from demo.server import model_cache
from demo.tabs.noise.samples import CSS, JS, Picture, button, device_of, draw, exactly, inline, picture_of
from demo.tabs.noise.selection import Desk, Room, about, connect_selection, numbered
from demo.ui import svg_chart
from demo.ui.assets import beside
from demo.ui.data_urls import file_url
from demo.ui.handlers import add_endpoint, catch_errors
from demo.ui.i18n import Language, language_of, say, saying, t
from demo.ui.numbers import require_int
from demo.ui.paragraphs import paragraphs
from demo.ui.refusals import Refused
from demo.ui.results import shows_result
from demo.ui.sections import LATEST, Section
from demo.ui.templates import macros
from gan.lazy import lazy
from gan.plots.figures import Line
from gan.runs.run import Run

if TYPE_CHECKING:
    from torch import Tensor

interpolation = lazy("gan.analysis.interpolation")
latent = lazy("gan.core.latent")
gan_images = lazy("gan.images")
sample_id = lazy("gan.inference.sample_id")
torch = lazy("torch")

HTML = macros(__file__)
CSS, JS = CSS + beside(__file__, "interpolation.css"), JS + beside(__file__, "interpolation.js")
MIN_STEPS, MAX_STEPS = 8, 32  # steps of a walk
FILM = 192  # side of the animation, in pixels
MILLISECONDS = 90  # a frame is shown
LENGTHS = (1.5, 1.25, 1.0, 0.8, 0.6, 0.4, 0.2, 0.0)  # of a vector made longer and shorter
PAIRS = 100  # random pairs whose middles are compared
FADES = "fashion-mnist"  # the shipped run in which straight lines fade most


class Walk(NamedTuple):
    """A way from a to b: its vectors, float [steps, latent], and its pictures, uint8 [steps, C, S, S]."""

    z: "Tensor"
    images: "Tensor"

    @property
    def lengths(self) -> list[float]:
        """How long each vector is."""
        return self.z.norm(dim=1).tolist()

    @property
    def contrasts(self) -> list[float]:
        """The pictures' contrasts, as shares of full scale."""
        return interpolation.contrasts(self.images)


def walk(a: Picture, b: Picture, steps: float, way: str) -> Walk:
    """The walk from a to b in `steps` (8 to 32) by "slerp" or "lerp". Raises UserError for pictures of two runs."""
    if a.run.name != b.run.name:
        raise Refused("refused.two_runs")
    z = latent.walk(a.z, b.z, require_int("steps", steps, MIN_STEPS, MAX_STEPS), way)
    return Walk(z, draw(a.run, z).images)


def film(images: "Tensor") -> bytes:
    """An animation there and back, without end, as a GIF: uint8 [steps, C, S, S], enlarged in squares."""
    factor = max(1, FILM // images.shape[-1])
    frames = [gan_images.to_image(image) for image in images]
    frames = [frame.resize((frame.width * factor, frame.height * factor), Image.Resampling.NEAREST) for frame in frames]
    frames += frames[-2:0:-1]
    return gan_images.gif(frames, MILLISECONDS)


def page(a: Picture, b: Picture, steps: float, language: Language) -> str:
    """Both walks as HTML: the arc as a film and as a strip, the straight line as a strip, and how long z is on both."""
    arc, line, say = walk(a, b, steps, "slerp"), walk(a, b, steps, "lerp"), saying(language, "noise.")
    ways = {"slerp": arc, "lerp": line, "inward": inward(a)}
    share = np.linspace(0, 100, len(arc.z))
    chart = svg_chart.chart(
        [
            Line("shield", say("between.slerp_short"), share, np.array(arc.lengths)),
            Line("spear", say("between.lerp_short"), share, np.array(line.lengths)),
        ],
        title=say("between.length"),
        x_label=say("between.percent"),
        x_range=(0.0, 100.0),
        y_range=(0.0, 1.15 * max(arc.lengths + line.lengths)),
    )
    return HTML.page(
        say,
        a.run.name,
        film=file_url(film(arc.images), "gif"),
        chart=chart,
        middle=middle(arc, line, a.run, language),
        device=device_of(a.run),
        a=exactly(a.z),
        b=exactly(b.z),
        **{way: frames(a.run.name, one, way, language) for way, one in ways.items()},
    )


def frames(run: str, one: Walk, way: str, language: Language) -> str:
    """A walk's pictures as HTML, each of which can be held."""
    cells = []
    for number, (z, image, length) in enumerate(zip(one.z, one.images, one.lengths, strict=True), 1):
        title = say(language, "noise.between.step", number=number, count=len(one.z), length=f"{length:.1f}")
        cells.append(button(sample_id.of_vector(run, z), inline(image), title))
    return HTML.frames(way, cells)


def inward(a: Picture) -> Walk:
    """The picture with its vector longer and shorter, down to the centre of the space."""
    z = torch.tensor(LENGTHS)[:, None] * a.z
    return Walk(z, draw(a.run, z).images)


def middle(arc: Walk, line: Walk, run: Run, language: Language) -> str:
    """What is to be said of the two middles of this walk, and of those of many: measured, not assumed."""
    at, say = len(arc.z) // 2, saying(language, "noise.")
    values = {
        "arc": f"{arc.lengths[at]:.1f}",
        "line": f"{line.lengths[at]:.1f}",
        "arc_contrast": f"{arc.contrasts[at]:.2f}",
        "line_contrast": f"{line.contrasts[at]:.2f}",
    }
    change = 100 * (paleness(run.folder, model_cache.stamp(run)) - 1)
    kind = "same" if abs(change) < 1 else "less" if change < 0 else "more"
    usual = say(f"between.usual.{kind}", pairs=PAIRS, percent=f"{abs(change):.0f}")
    elsewhere = "" if kind == "less" else fading(language)
    return f"{say('between.middle', **values)} {usual} {elsewhere}"


def fading(language: Language) -> str:
    """Which run to choose to see straight lines fade; empty where that one is not here or does not, either."""
    run = next((run for run in model_cache.runs("dcgan", with_weights=True) if run.name == FADES), None)
    change = 100 * (paleness(run.folder, model_cache.stamp(run)) - 1) if run else 0
    return say(language, "noise.between.elsewhere", run=FADES, percent=f"{-change:.0f}") if change < -1 else ""


@lru_cache(maxsize=64)
def paleness(folder: Path, stamp: Any) -> float:
    """The contrast half-way on straight lines, as a share of that on arcs; `stamp` is the weights'."""
    config, generators, _ = model_cache.networks(Run(folder))
    return interpolation.relative_contrast(generators["g"], config.latent, PAIRS)


def sum_of(a: list[Picture], b: list[Picture], c: list[Picture]) -> Picture:
    """The picture of mean(a) - mean(b) + mean(c). Raises UserError for an empty list or pictures of several runs."""
    runs = {each.run.name for each in (*a, *b, *c)}
    if len(runs) > 1:
        raise Refused("refused.several_runs")
    z = latent.arithmetic(*([each.z for each in part] for part in (a, b, c)))
    return picture_of(sample_id.of_vector(next(iter(runs)), z))


def equation(a: list[Picture], b: list[Picture], c: list[Picture], language: Language) -> str:
    """The arithmetic as HTML: A - B + C = the result, which can be held."""
    say, result = saying(language, "noise."), sum_of(a, b, c)
    sides = [
        {
            "sources": [inline(each.image) for each in part],
            "title": say("between.mean" if len(part) > 1 else "between.one", name=name),
        }
        for name, part in (("A", a), ("B", b), ("C", c))
    ]
    title = say("between.result")
    picture = button(result.address, inline(result.image), title)
    stronger = HTML.strength(say, device_of(result.run), *map(exactly, strength(a, b, c)))
    return HTML.equation(*sides, picture, title, about(result, language)) + stronger


def strength(a: list[Picture], b: list[Picture], c: list[Picture]) -> tuple["Tensor", "Tensor", "Tensor"]:
    """What the arithmetic may be made stronger by: mean(a), mean(c) - mean(b), and the length that those of c have."""
    mean_a, mean_b, mean_c = (torch.stack([each.z for each in part]).mean(0) for part in (a, b, c))
    return mean_a, mean_c - mean_b, torch.stack([each.z.norm() for each in c]).mean()


def show(
    desk: Desk, start: int, end: int, steps: float, a: list[int], b: list[int], c: list[int], request: gr.Request
) -> tuple:
    """(start, end, walk, a, b, c, equation) for the shelf as it is."""
    language, numbers = language_of(request), list(range(1, len(desk["shelf"]) + 1))
    if not numbers:
        empty = paragraphs(say(language, "noise.between.empty"))
        nothing = gr.Radio(choices=[], value=None)
        return nothing, nothing, empty, *[gr.CheckboxGroup(choices=[], value=[])] * 3, empty
    last = numbers[-1]
    start, end = (value if value in numbers else default for value, default in ((start, 1), (end, min(2, last))))
    sides = [
        [number for number in chosen or [] if number in numbers] or [min(default, last)]
        for chosen, default in ((a, 1), (b, 2), (c, 3))
    ]
    choices = [(str(number), number) for number in numbers]
    return (
        gr.Radio(choices=choices, value=start),
        gr.Radio(choices=choices, value=end),
        between(desk, start, end, steps, request),
        *(gr.CheckboxGroup(choices=choices, value=value) for value in sides),
        mix(desk, *sides, request),
    )


def between(desk: Desk, start: int, end: int, steps: float, request: gr.Request) -> str:
    """`page` for two numbers on the shelf."""
    (a,), (b,) = numbered(desk, start), numbered(desk, end)
    return page(a, b, steps, language_of(request))


def mix(desk: Desk, a: list[int], b: list[int], c: list[int], request: gr.Request) -> str:
    """`equation` for numbers on the shelf."""
    language = language_of(request)
    if not (a and b and c):
        return paragraphs(say(language, "noise.between.choose"))
    return equation(numbered(desk, a), numbered(desk, b), numbered(desk, c), language)


def interpolate_endpoint(a: str, b: str, steps: float, way: str) -> tuple[dict[str, Any], str]:
    """Walk from one picture to another, by their codes, in 8 to 32 steps by "slerp" or "lerp".

    {"way", "pictures": [code, ...], "lengths": [|z|, ...], "contrasts": [...]}, and the walk there and back as a GIF.
    """
    start, end = picture_of(a), picture_of(b)
    one = walk(start, end, steps, way)
    codes = [sample_id.of_vector(start.run.name, z) for z in one.z]
    file = save_bytes_to_cache(film(one.images), "walk.gif", get_upload_folder())
    return {"way": way, "pictures": codes, "lengths": one.lengths, "contrasts": one.contrasts}, file


def arithmetic_endpoint(a: list[str], b: list[str], c: list[str]) -> tuple[dict[str, Any], Image.Image]:
    """mean(a) - mean(b) + mean(c) for lists of pictures, by their codes: {"picture", "verdict"} and the picture."""
    if not all(isinstance(part, list) and len(part) <= 100 for part in (a, b, c)):
        raise Refused("refused.parts")
    result = sum_of(*([picture_of(str(code)) for code in part] for part in (a, b, c)))
    return {"picture": result.address, "verdict": result.verdict}, gan_images.to_image(result.image)


def build(room: Room) -> Section:
    """The section."""
    css = CSS + svg_chart.CSS
    with gr.Tab(t("noise.between.tab"), id="between") as tab:
        with gr.Row():
            start, end = (
                gr.Radio([1], label=t(f"noise.between.{name}"), min_width=160, elem_id=f"between-{name}")
                for name in ("start", "end")
            )
            steps = gr.Slider(
                MIN_STEPS,
                MAX_STEPS,
                value=12,
                step=1,
                label=t("noise.between.steps"),
                min_width=200,
                elem_id="between-steps",
            )
        way = gr.HTML(css_template=css, js_on_load=JS, elem_id="walk", **shows_result(815, min_height=380))
        gr.Markdown(t("noise.between.intro"))
        gr.Markdown(t("noise.between.explain"))
        gr.Markdown(t("noise.between.arithmetic"))
        with gr.Row():
            sides = [gr.CheckboxGroup([], label=name, min_width=160, elem_id=f"side-{name.lower()}") for name in "ABC"]
        result = gr.HTML(css_template=CSS, js_on_load=JS, elem_id="equation", **shows_result(311, min_height=150))
        add_endpoint(
            interpolate_endpoint,
            [
                gr.Textbox("mnist:0:0", visible=False),
                gr.Textbox("mnist:0:1", visible=False),
                gr.Number(12, visible=False),
                gr.Textbox("slerp", visible=False),
            ],
            [gr.JSON(visible=False), gr.File(visible=False)],
            "interpolate",
        )
        add_endpoint(
            arithmetic_endpoint,
            [gr.JSON([f"mnist:0:{index}"], visible=False) for index in range(3)],
            [gr.JSON(visible=False), gr.Image(format="png", visible=False)],
            "arithmetic",
        )
    gr.on([start.input, end.input, steps.input], catch_errors(between), [room.desk, start, end, steps], way, **LATEST)
    gr.on([side.input for side in sides], catch_errors(mix), [room.desk, *sides], result, **LATEST)
    connect_selection(way, room)
    connect_selection(result, room)
    inputs = [start, end, steps, *sides]
    return Section(tab, show, inputs, [start, end, way, *sides, result])
