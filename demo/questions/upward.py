"""Question 1, upsampling or transposed convolution: ways of going up in size, to be played with."""

from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image, ImageDraw

from demo import charts
from demo.handlers import QUIET, opens, polite
from demo.language import Language, language_of, say, t
from demo.models import TURNS
from demo.questions import items, kernels
from demo.questions.kernels import checked
from demo.sections import Section
from demo.squares import blues, greys, squares, swatches
from gan.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor  # torch is slow to import and the page comes first: see `warm`

PATTERNS = ("digit", "diagonal", "dot", "checker")
WAYS = ("nearest", "bilinear", "unpool", "transposed")
WEIGHTS = ("ones", "bilinear", "random", "learned", "painted")
RANGES = {"kernel": (2, 5), "stride": (1, 4), "padding": (0, 2)}
SIZE = 8  # pixels a side of the input picture
SMALL = 3  # of the one whose matrix is shown
SHOWN = ("input", "kernel", "spectrum", "output", "touches")


def draw(pattern: str, size: int) -> "Tensor":
    """A small grey picture, float32 [1, 1, size, size] in [0, 1], drawn by code."""
    import torch

    picture = Image.new("F", (size, size))
    pen, unit = ImageDraw.Draw(picture), size / 8
    if pattern == "digit":  # a 5 of strokes one unit wide

        def stroke(left: float, top: float, right: float, bottom: float) -> None:
            pen.rectangle((left * unit, top * unit, right * unit - 1, bottom * unit - 1), fill=1)

        for box in ((2, 1, 6, 2), (2, 2, 3, 4), (2, 3, 5, 4), (5, 4, 6, 6), (2, 6, 5, 7)):
            stroke(*box)
    grid = (np.indices((size, size)) + 0.5) / unit
    values = {
        "digit": np.asarray(picture),
        "diagonal": np.clip(1.2 - np.abs(grid[0] - grid[1]) * 0.8, 0, 1),
        "dot": np.clip(2.2 - np.hypot(grid[0] - 4, grid[1] - 4), 0, 1),
        "checker": (grid // 2).sum(0) % 2,
    }[pattern]
    return torch.tensor(values, dtype=torch.float32)[None, None]


def upsample(
    pattern: str,
    way: str,
    weights: str,
    kernel: int,
    stride: int,
    padding: int,
    painted: list[list[float]] | None = None,
) -> dict[str, Any]:
    """Send a picture up in size; what comes out, how often each output pixel was touched, and what is to be said of it.

    `painted` are the rows of the kernel for the weights "painted". Returns {"input", "kernel" (None unless transposed),
    "output", "spectrum" (of the output): float32 arrays [h, w], "touches": int64 [h, w], "matrix" (None unless
    transposed): that of the convolution whose transpose this is, for an input of SMALL x SMALL; "says": [(key under
    questions.q1.says, values), ...]}. Raises UserError for a value that is not offered.
    """
    for name, value, allowed in (("pattern", pattern, PATTERNS), ("way", way, WAYS), ("weights", weights, WEIGHTS)):
        if value not in allowed:
            raise UserError(f"The {name} {value!r} is unknown; choose one of {', '.join(allowed)}.")
    for name, value in (("kernel", kernel), ("stride", stride), ("padding", padding)):
        low, high = RANGES[name]
        if value not in range(low, high + 1):
            raise UserError(f"The {name} is {value!r}; choose a whole number from {low} to {high}.")

    import torch.nn.functional as F

    from gan import resizing

    kernel, stride, padding = int(kernel), int(stride), int(padding)
    x, taps, matrix = draw(pattern, SIZE), None, None
    if way == "transposed":
        import torch

        if weights == "painted":
            cells = checked(painted, kernel)
            if cells is None:
                raise UserError(f"A painted kernel of {kernel} has {kernel} rows of {kernel} numbers from -9 to 9.")
            taps = torch.tensor(cells)
        else:
            examples = torch.cat([draw(each, SIZE * stride) for each in PATTERNS])
            taps = resizing.kernel_of(weights, kernel, stride, examples)
        if (SMALL - 1) * stride + kernel > 2 * padding:
            matrix = resizing.matrix(taps, stride, padding, SMALL).numpy()
        y, touches = resizing.transposed(x, taps, stride, padding)
        says = _comment(taps, weights, stride, padding)
    elif way == "unpool":
        # where the maxima were, in the same picture as an earlier layer would have had it
        indices = F.max_pool2d(draw(pattern, SIZE * stride), stride, return_indices=True)[1]
        y, touches = resizing.unpool(x, indices, stride)
        says = [("unpool", {"share": _percent((touches > 0).float().mean())})]
    else:
        y, touches = (resizing.nearest if way == "nearest" else resizing.bilinear)(x, stride)
        says = [(way, {"low": int(touches.min()), "high": int(touches.max())})]
    return {
        "input": x[0, 0].numpy(),
        "kernel": None if taps is None else taps.numpy(),
        "output": y[0, 0].numpy(),
        "touches": touches.numpy(),
        "spectrum": resizing.spectrum(y[0, 0]).numpy(),
        "matrix": matrix,
        "says": says,
    }


def _comment(taps: "Tensor", weights: str, stride: int, padding: int) -> list[tuple[str, dict[str, Any]]]:
    """What is seen of a transposed convolution, from the touches and from what becomes of flat ground."""
    import torch

    from gan import resizing

    kernel = taps.shape[0]

    def inside(kernel_weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        flat, touches = resizing.transposed(torch.ones(1, 1, SIZE, SIZE), kernel_weights, stride, padding)
        return resizing.inner(flat[0, 0], kernel, padding), resizing.inner(touches, kernel, padding)

    flat, touches = inside(taps)
    low, high = int(touches.min()), int(touches.max())
    sizes = {"kernel": kernel, "stride": stride}
    if low == 0:
        says = [("gaps", {**sizes, "share": _percent((touches == 0).float().mean())})]
    elif low < high:
        says = [("uneven", {**sizes, "low": low, "high": high})]
    else:
        says = [("even", {**sizes, "low": low})]

    ripple = (flat.max() - flat.min()).item()
    ground = {"low": _short(flat.min()), "high": _short(flat.max())}
    if ripple < 0.005:
        says.append(("flat", ground))
    else:
        says.append(("rippled", ground))
        ones = inside(torch.ones_like(taps))[0]
        if weights == "learned" and low and ripple < 0.5 * (ones.max() - ones.min()).item():
            says.append(("compensates", {"ones_low": _short(ones.min()), "ones_high": _short(ones.max())}))
        elif low == high:
            says.append(("weights_ripple", {}))
    return says


def _percent(share: Any) -> int:
    return round(100 * float(share))


def _short(value: Any) -> str:
    return f"{round(float(value), 2) + 0.0:g}"  # adding zero turns a rounded -0 into 0


def matrices(result: dict[str, Any], language: Language) -> str:
    """The convolution as a matrix and its transpose, as HTML; empty for a way that has no kernel."""
    if result["matrix"] is None:
        return ""
    figures = []
    for name, values in (("convolution", result["matrix"]), ("transposed", result["matrix"].T)):
        rows, columns = values.shape
        words = {"rows": rows, "columns": columns, "small": SMALL**2, "large": max(rows, columns)}
        title, alt = (say(language, f"questions.q1.matrix.{name}{end}", **words) for end in ("", "_alt"))
        figures.append(f'<div class="{name}">{squares(values, greys, title=title, alt=alt)}</div>')
    how = escape(say(language, "questions.q1.matrix.how", size=SMALL))
    return f'<p>{how}</p><div class="pair">{"".join(figures)}</div>'


def figure(result: dict[str, Any], language: Language) -> str:
    """What `upsample` returned, as HTML: the sentences that explain it and the pictures side by side."""

    def word(key: str, **values: Any) -> str:
        return say(language, f"questions.q1.{key}", **values)

    def panel(name: str) -> str:
        values, title = result[name], word(f"figure.{name}")
        height, width = values.shape
        if name == "spectrum":  # by its logarithm, as one looks at spectra
            values = np.log1p(values)
        if name == "touches":
            colours, form = blues, "d"
            legend = swatches(values, lambda count: word("figure.count", count=count))
        else:
            colours, form = greys, ".2f" if name == "kernel" else ""
            low, high = _short(values.min()), _short(values.max())
            legend = word("figure.flat", low=low) if low == high else word("figure.range", low=low, high=high)
            legend = word("figure.spectrum_legend") if name == "spectrum" else legend
        alt = word("figure.alt", title=title, height=height, width=width)
        return f'<div class="{name}">{squares(values, colours, title=title, alt=alt, legend=legend, form=form)}</div>'

    panels = [panel(name) for name in SHOWN if result[name] is not None]
    sentences = " ".join(escape(word(f"says.{key}", **values)) for key, values in result["says"])
    return f'<p aria-live="polite">{sentences}</p><div class="panels">{"".join(panels)}</div>'


def redraw(
    pattern: str,
    way: str,
    weights: str,
    kernel: float,
    stride: float,
    padding: float,
    painted: list | None,
    request: gr.Request,
) -> tuple[str, str]:
    """(figure, matrices) for these settings (those of `upsample`) in the reader's language."""
    if weights == "painted" and checked(painted, int(kernel)) is None:  # the size has just been changed
        from gan.resizing import kernel_of

        painted = kernel_of("bilinear", int(kernel), int(stride)).tolist()
    result, language = upsample(pattern, way, weights, kernel, stride, padding, painted), language_of(request)
    return figure(result, language), matrices(result, language)


def show(subject: None, shown: str | None, *settings: Any) -> tuple:
    """(figure, matrices, evidence, items) when the section is opened; the request comes last."""
    request = settings[-1]
    return *redraw(*settings), items.evidence("upward", language_of(request)), items.once("q1", shown, request)


def endpoint(
    pattern: str = "digit",
    way: str = "transposed",
    weights: str = "ones",
    kernel: float = 3,
    stride: float = 2,
    padding: float = 0,
    painted: list | None = None,
) -> dict:
    """Send a small picture up in size; returns input, kernel, output, touches, spectrum and matrix as lists of rows.

    "explanation" is a sentence. `painted`: the kernel's rows, for the weights "painted".
    """
    result = upsample(pattern, way, weights, kernel, stride, padding, painted)
    sentences = [say("en", f"questions.q1.says.{key}", **values) for key, values in result.pop("says")]
    rows = {name: None if values is None else values.tolist() for name, values in result.items()}
    return rows | {"explanation": " ".join(sentences)}


def build() -> Section:
    """The section."""

    def choice(name: str, values: tuple[str, ...], words: str, value: str) -> gr.Radio:
        choices = [(t(f"questions.q1.{words}.{each}"), each) for each in values]
        return gr.Radio(choices, value=value, label=t(f"questions.q1.{name}"), elem_id=f"q1-{name}")

    def slider(name: str, value: int) -> gr.Slider:
        low, high = RANGES[name]
        return gr.Slider(low, high, value=value, step=1, label=t(f"questions.q1.{name}"))

    with gr.Tab(t("questions.q1.tab"), id="q1") as tab:
        gr.Markdown(t("questions.q1.asked"))
        painted, taught = gr.State(None), gr.State(None)
        with gr.Row():
            with gr.Column(scale=2, min_width=320):
                pattern = choice("pattern", PATTERNS, "patterns", "digit")
                way = choice("way", WAYS, "ways", "transposed")
                stride = slider("stride", 2)
                with gr.Group() as of_transposed:
                    kernel, padding = slider("kernel", 3), slider("padding", 0)
                    weights = choice("weights", WEIGHTS, "weight_names", "ones")
                    pad = gr.HTML(css_template=kernels.CSS, js_on_load=kernels.JS, visible=False, elem_id="q1-painter")
            with gr.Column(scale=3, min_width=320, elem_classes="first-on-a-phone"):
                picture = gr.HTML(elem_id="upsample", padding=False)
        with gr.Accordion(t("questions.q1.matrix.title"), open=False, elem_id="q1-matrix-fold"):
            table = gr.HTML(elem_id="q1-matrix", padding=False)
        gr.Markdown(t("questions.q1.learn.how"))
        with gr.Row():
            size = gr.Radio(
                [2, 3, 4, 5], value=4, label=t("questions.q1.kernel"), min_width=260, elem_id="q1-learn-size"
            )
            learn = gr.Button(t("questions.q1.learn.go"), variant="primary", scale=0, min_width=240, elem_id="q1-learn")
            use = gr.Button(t("questions.q1.learn.use"), scale=0, min_width=240, interactive=False, elem_id="q1-use")
        lesson = charts.html(kernels.CSS, elem_id="q1-learned")
        gr.Markdown(t("questions.q1.answer"))
        told = gr.HTML(elem_id="q1-evidence", padding=False)
        opens(gr.Button(t("questions.go.curves"), size="md", scale=0, min_width=200), "curves")
        ending = items.build("q1")
        gr.api(polite(endpoint), api_name="upsample")

    settings = [pattern, way, weights, kernel, stride, padding, painted]
    drawn, quiet = [picture, table], QUIET | {"trigger_mode": "always_last"}
    changes = [pattern.input, way.input, weights.input, kernel.input, stride.input, padding.input]
    gr.on(changes, polite(redraw), settings, drawn, **quiet)
    way.input(lambda chosen: gr.Group(visible=chosen == "transposed"), way, of_transposed, **quiet)
    of_paint = [weights, kernel, stride, painted]
    gr.on([weights.input, kernel.input], polite(kernels.offer), of_paint, [pad, painted], **quiet)
    pad.input(polite(kernels.paint), None, painted, **quiet).then(polite(redraw), settings, drawn, **quiet)
    teaching = TURNS | QUIET | {"trigger_mode": "once"}
    learn.click(polite(kernels.learn), size, [lesson, taught, use], **teaching)
    use.click(polite(take), taught, [way, weights, kernel, stride, painted, of_transposed], **QUIET).then(
        polite(kernels.offer), of_paint, [pad, painted], **QUIET
    ).then(polite(redraw), settings, drawn, **QUIET)
    return Section(tab, show, [ending, *settings], [*drawn, told, ending])


def take(taught: list[list[float]]) -> tuple:
    """(way, weights, kernel size, stride, painted, settings of that way): the kernel that was learned."""
    return "transposed", "painted", len(taught), kernels.STRIDE, taught, gr.Group(visible=True)
