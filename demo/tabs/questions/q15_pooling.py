"""Question 15, strides or pooling: one picture on four ways down in size, moved by a pixel, and the gradient back."""

from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from demo.server import model_cache
from demo.tabs.questions import quiz_items
from demo.tabs.questions.q01_compute import draw
from demo.ui.assets import beside
from demo.ui.handlers import LATEST, catch_errors
from demo.ui.heatmap import blues, greys, squares
from demo.ui.i18n import Language, language_of, saying, t
from demo.ui.numbers import integer
from demo.ui.refusals import Refused, Said
from demo.ui.results import shows_result, skeleton
from demo.ui.sections import Section
from demo.ui.templates import macros
from gan.lazy import lazy
from gan.runs.run import Run

if TYPE_CHECKING:
    from torch import Tensor

resampling = lazy("gan.analysis.resampling")
latent = lazy("gan.core.latent")
torch = lazy("torch")


CSS, HTML = beside(__file__, "q15_pooling.css"), macros(__file__)
SIZE = 32  # pixels a side of the picture
MOST_SHIFT = 4
PATTERNS = ("digit", "line", "stripes", "dot")
KERNELS = ("learned", "one", "middle")
LAYERS = ("network", "pooling")  # convolution and pooling, as in the networks that were measured, or pooling alone
WAYS = ("stride", "max", "average", "blur")
LIKE = {"blur": "max"}  # no network was trained with it: it is shown with the kernels of this one
DIGIT = 12  # of the pictures from seed 0: a 5
MAPS = 16  # learned kernels to choose from, at most


def taught(down: str = "stride") -> Run:
    """The run whose discriminator goes down in this way, for its kernels (and its digit). Raises UserError without."""
    for run in model_cache.runs("dcgan", with_weights=True):
        config = run.config
        if config.downsample == down and config.channels == 1 and config.size == SIZE:
            return run
    raise Refused("refused.untaught")


def picture(pattern: str, shift: int) -> "Tensor":
    """A grey picture moved right by some pixels, float32 [1, 1, SIZE, SIZE] in [0, 1]; the digit is a generator's."""
    if pattern == "digit":
        run = taught()
        with torch.inference_mode():
            x = (
                model_cache.networks(run).generators["g"](latent.noise(DIGIT + 1, run.config.latent, 0))[DIGIT:].clone()
                / 2
                + 0.5
            )
    elif pattern == "dot":
        x = draw("dot", SIZE)
    else:
        x = torch.zeros(1, 1, SIZE, SIZE)
        x[..., 4:-4, 10 : 11 if pattern == "line" else 22 : 2] = 1
    return torch.roll(x, shift, -1)


def kernel_of(way: str, name: str, number: int) -> "Tensor":
    """The kernel of a way's convolution: [4, 4] of the strided one, [3, 3] of one before a pooling.

    `number` chooses among the learned ones, from 1.
    """
    if name == "learned":
        run = taught(LIKE.get(way, way))
        found = model_cache.networks(run).discriminators["d"].stages[0][0].weight.detach()[:MAPS, 0].clone()
        if not 1 <= number <= len(found):
            raise Refused("refused.kernel_number", number=number, most=len(found))
        return found[integer("number", number) - 1]
    kernel = torch.zeros((4, 4) if way == "stride" else (3, 3))
    if name == "one":
        kernel[1, 1] = 1
    elif way == "stride":
        kernel[1:3, 1:3] = 1 / 4
    else:
        kernel[:] = 1 / 9
    return kernel


def compare(pattern: str, shift: int, kernel: str, number: int = 1, layer: str = "network") -> dict[str, Any]:
    """Send a picture down in size in four ways.

    {"input": [SIZE, SIZE], "ways": {way: {"kernel": [K, K] or None, "output": [h, w], "back": [SIZE, SIZE], the
    gradient of the summed output with respect to each input pixel, "hear": the share of input pixels where that is not
    0, "off": `resizing.unsteadiness`}}}. Raises UserError for a value that is not offered.
    """
    choices = (("pattern", pattern, PATTERNS), ("kernel", kernel, KERNELS), ("layer", layer, LAYERS))
    for name, value, allowed in choices:
        if value not in allowed:
            raise Refused("refused.unknown", name=Said(f"refused.named.{name}"), value=value, known=", ".join(allowed))
    if shift not in range(MOST_SHIFT + 1):
        raise Refused("refused.whole", name=Said("refused.named.shift"), value=shift, low=0, high=MOST_SHIFT)

    x, found = picture(pattern, int(shift)), {}
    for name in WAYS:
        taps = kernel_of(name, kernel, number) if name == "stride" or layer == "network" else None
        if name == "stride":
            way = resampling.strided(taps)
        else:
            pooling = resampling.POOLINGS[name]
            way = pooling if taps is None else resampling.convolved(taps, pooling)
        back = resampling.backflow(way, x)
        found[name] = {
            "kernel": None if taps is None else taps.numpy(),
            "output": way(x)[0, 0].numpy(),
            "back": back.numpy(),
            "hear": float((back.abs() > 1e-6).float().mean()),
            "off": resampling.unsteadiness(way, x),
        }
    return {"input": x[0, 0].numpy(), "ways": found}


def strength(gradient: np.ndarray) -> np.ndarray:
    """The size of a gradient as a share of its greatest."""
    size = np.abs(gradient)
    return size / max(float(size.max()), 1e-9)


def figure(result: dict[str, Any], language: Language) -> str:
    """What `compare` returned as HTML: what is said of it, the picture, and a column for each way."""
    say = saying(language, "questions.q15.")

    def panel(values: np.ndarray, key: str, colours: Any = greys, form: str = "") -> str:
        title = say(f"figure.{key}")
        alt = f"{title}: {values.shape[0]} × {values.shape[1]}"
        return squares(values, colours, title=title, alt=alt, form=form)

    columns = []
    for name in WAYS:
        way = result["ways"][name]
        taps = None if way["kernel"] is None else way["kernel"].round(2) + 0.0  # no minus before a zero
        columns.append(
            {
                "title": say(f"ways.{name}"),
                "output": panel(way["output"], "output"),
                "off": say("off", off=f"{100 * way['off']:.0f}"),
                "back": panel(strength(way["back"]), "back", blues),
                "hear": say("hear", hear=f"{100 * way['hear']:.0f}"),
                "kernel": "" if taps is None else panel(taps, "kernel", form=".2f"),
            }
        )
    ways = result["ways"]
    steady = min(ways, key=lambda name: ways[name]["off"])
    least, most = (f"{100 * ways[name]['off']:.0f}" for name in (steady, "max"))
    says = say("says", way=say(f"ways.{steady}"), off=least, max=most)
    return HTML.page(says, panel(result["input"], "input"), columns)


def redraw(pattern: str, shift: float, layer: str, kernel: str, number: float, request: gr.Request) -> str:
    """The figure for these settings in the reader's language."""
    return figure(compare(pattern, int(shift), kernel, int(number), layer), language_of(request))


def show(subject: None, shown: str | None, *settings: Any) -> tuple:
    """(figure, evidence, items) when the section is opened; the request comes last."""
    request = settings[-1]
    return (
        redraw(*settings),
        quiz_items.evidence("pooling", language_of(request)),
        quiz_items.once("q15", shown, request),
    )


def endpoint(
    pattern: str = "digit", shift: float = 0, kernel: str = "learned", number: float = 1, layer: str = "network"
) -> dict:
    """Send a picture down in size in four ways; returns input, the stride's kernel and ways, arrays as lists of rows.

    `layer` is "network" (a convolution comes before each pooling) or "pooling" (the pooling alone). Each way has
    "kernel" (none for a pooling alone), "output", "back" (the gradient that each input pixel gets), "hear" (the share
    of pixels that get any) and "off" (how far the output of the picture moved by one pixel is from half-way).
    """
    result = compare(pattern, int(shift) if float(shift).is_integer() else shift, kernel, number, layer)
    ways = {
        name: {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in way.items()}
        for name, way in result["ways"].items()
    }
    return {"input": result["input"].tolist(), "kernel": ways["stride"]["kernel"], "ways": ways}


def build() -> Section:
    """The section."""

    def choice(name: str, values: tuple[str, ...], value: str) -> gr.Radio:
        choices = [(t(f"questions.q15.{name}s.{each}"), each) for each in values]
        return gr.Radio(choices, value=value, label=t(f"questions.q15.{name}"), elem_id=f"q15-{name}", min_width=280)

    with gr.Tab(t("questions.q15.tab"), id="q15") as tab:
        gr.Markdown(t("questions.q15.asked"))
        view = gr.HTML(css_template=CSS, elem_id="downward", padding=False, **shows_result(1094, min_height=400))
        with gr.Row():
            pattern = choice("pattern", PATTERNS, "digit")
            shift = gr.Slider(
                0, MOST_SHIFT, value=0, step=1, label=t("questions.q15.shift"), elem_id="q15-shift", min_width=240
            )
        with gr.Row():
            layer = choice("layer", LAYERS, "network")
            kernel = choice("kernel", KERNELS, "learned")
            number = gr.Slider(1, MAPS, value=1, step=1, label=t("questions.q15.number"), min_width=240)
        gr.Markdown(t("questions.q15.how"))
        gr.Markdown(t("questions.q15.text"))
        told = gr.HTML(skeleton(124), elem_id="q15-evidence", padding=False)
        quiz_items.go_on(curves="pooling", train="pooling")
        ending = quiz_items.build("q15")
        gr.api(catch_errors(endpoint, is_page=False), api_name="downsample")

    settings = [pattern, shift, layer, kernel, number]
    changes = [each.input for each in settings]
    gr.on(changes, catch_errors(redraw), settings, view, **LATEST)
    kernel.input(lambda name: gr.Slider(visible=name == "learned"), kernel, number, **LATEST)
    return Section(tab, show, [ending, *settings], [view, told, ending])
