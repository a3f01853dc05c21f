"""Question 1, upsampling or transposed convolution: ways of going up in size, to be played with."""

from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image, ImageDraw

from demo.handlers import QUIET, polite
from demo.language import Language, language_of, say, t
from demo.sections import Section
from demo.squares import blues, greys, squares, swatches
from gan.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor  # torch is slow to import and the page comes first: see `warm`

PATTERNS = ("digit", "diagonal", "dot", "checker")
WAYS = ("nearest", "bilinear", "unpool", "transposed")
WEIGHTS = ("ones", "bilinear", "random", "learned")
RANGES = {"kernel": (2, 5), "stride": (1, 4), "padding": (0, 2)}
SIZE = 8  # pixels a side of the input picture


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


def upsample(pattern: str, way: str, weights: str, kernel: int, stride: int, padding: int) -> dict[str, Any]:
    """Send a picture up in size; what comes out, how often each output pixel was touched, and what is to be said of it.

    Returns {"input", "kernel" (None unless transposed), "output": float32 arrays [h, w], "touches": int64 [h, w],
    "says": [(key under questions.q1.says, values), ...]}. Raises UserError for a value that is not offered.
    """
    for name, value, allowed in (("pattern", pattern, PATTERNS), ("way", way, WAYS), ("weights", weights, WEIGHTS)):
        if value not in allowed:
            raise UserError(f"The {name} {value!r} is unknown; choose one of {', '.join(allowed)}.")
    for name, value in (("kernel", kernel), ("stride", stride), ("padding", padding)):
        low, high = RANGES[name]
        if value not in range(low, high + 1):
            raise UserError(f"The {name} is {value!r}; choose a whole number from {low} to {high}.")

    import torch.nn.functional as F

    from gan import anatomy

    kernel, stride, padding = int(kernel), int(stride), int(padding)
    x, taps = draw(pattern, SIZE), None
    if way == "transposed":
        import torch

        examples = torch.cat([draw(each, SIZE * stride) for each in PATTERNS])
        taps = anatomy.kernel_of(weights, kernel, stride, examples)
        y, touches = anatomy.transposed(x, taps, stride, padding)
        says = _comment(taps, weights, stride, padding)
    elif way == "unpool":
        # where the maxima were, in the same picture as an earlier layer would have had it
        indices = F.max_pool2d(draw(pattern, SIZE * stride), stride, return_indices=True)[1]
        y, touches = anatomy.unpool(x, indices, stride)
        says = [("unpool", {"share": _percent((touches > 0).float().mean())})]
    else:
        y, touches = (anatomy.nearest if way == "nearest" else anatomy.bilinear)(x, stride)
        says = [(way, {"low": int(touches.min()), "high": int(touches.max())})]
    return {
        "input": x[0, 0].numpy(),
        "kernel": None if taps is None else taps.numpy(),
        "output": y[0, 0].numpy(),
        "touches": touches.numpy(),
        "says": says,
    }


def _comment(taps: "Tensor", weights: str, stride: int, padding: int) -> list[tuple[str, dict[str, Any]]]:
    """What is seen of a transposed convolution, from the touches and from what becomes of flat ground."""
    import torch

    from gan import anatomy

    kernel = taps.shape[0]

    def inside(kernel_weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        flat, touches = anatomy.transposed(torch.ones(1, 1, SIZE, SIZE), kernel_weights, stride, padding)
        return anatomy.inner(flat[0, 0], kernel, padding), anatomy.inner(touches, kernel, padding)

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


def figure(result: dict[str, Any], language: Language) -> str:
    """What `upsample` returned, as HTML: the sentences that explain it and the pictures side by side."""

    def word(key: str, **values: Any) -> str:
        return say(language, f"questions.q1.{key}", **values)

    def panel(name: str) -> str:
        values, title = result[name], word(f"figure.{name}")
        height, width = values.shape
        if name == "touches":
            colours, form = blues, "d"
            legend = swatches(values, lambda count: word("figure.count", count=count))
        else:
            colours, form = greys, ".2f" if name == "kernel" else ""
            low, high = _short(values.min()), _short(values.max())
            legend = word("figure.flat", low=low) if low == high else word("figure.range", low=low, high=high)
        alt = word("figure.alt", title=title, height=height, width=width)
        return squares(values, colours, title=title, alt=alt, legend=legend, form=form)

    panels = [panel(name) for name in ("input", "kernel", "output", "touches") if result[name] is not None]
    sentences = " ".join(escape(word(f"says.{key}", **values)) for key, values in result["says"])
    return f'<p aria-live="polite">{sentences}</p><div class="panels">{"".join(panels)}</div>'


def redraw(
    pattern: str, way: str, weights: str, kernel: float, stride: float, padding: float, request: gr.Request
) -> str:
    """The figure for these settings (those of `upsample`) in the reader's language."""
    return figure(upsample(pattern, way, weights, kernel, stride, padding), language_of(request))


def show(subject: None, *settings: Any) -> tuple[str]:
    """(figure,) when the section is opened; the request comes last."""
    return (redraw(*settings),)


def endpoint(
    pattern: str = "digit",
    way: str = "transposed",
    weights: str = "ones",
    kernel: float = 3,
    stride: float = 2,
    padding: float = 0,
) -> dict:
    """Send a small picture up in size; returns input, kernel, output and touches as lists of rows, and a sentence."""
    result = upsample(pattern, way, weights, kernel, stride, padding)
    sentences = [say("en", f"questions.q1.says.{key}", **values) for key, values in result.pop("says")]
    rows = {name: None if values is None else values.tolist() for name, values in result.items()}
    return rows | {"explanation": " ".join(sentences)}


def build() -> Section:
    """The section."""

    def choice(name: str, values: tuple[str, ...], words: str, value: str) -> gr.Radio:
        choices = [(t(f"questions.q1.{words}.{each}"), each) for each in values]
        return gr.Radio(choices, value=value, label=t(f"questions.q1.{name}"))

    def slider(name: str, value: int) -> gr.Slider:
        low, high = RANGES[name]
        return gr.Slider(low, high, value=value, step=1, label=t(f"questions.q1.{name}"))

    with gr.Tab(t("questions.q1.tab"), id="q1") as tab:
        gr.Markdown(t("questions.q1.asked"))
        with gr.Row():
            with gr.Column(scale=2, min_width=320):
                pattern = choice("pattern", PATTERNS, "patterns", "digit")
                way = choice("way", WAYS, "ways", "transposed")
                stride = slider("stride", 2)
                with gr.Group() as of_transposed:
                    kernel, padding = slider("kernel", 3), slider("padding", 0)
                    weights = choice("weights", WEIGHTS, "weight_names", "ones")
            with gr.Column(scale=3, min_width=320, elem_classes="first-on-a-phone"):
                picture = gr.HTML(elem_id="upsample", padding=False)
        gr.Markdown(t("questions.q1.answer"))
        gr.api(polite(endpoint), api_name="upsample")

    settings = [pattern, way, weights, kernel, stride, padding]
    quiet = QUIET | {"trigger_mode": "always_last"}
    changes = [pattern.input, way.input, weights.input, kernel.input, stride.input, padding.input]
    gr.on(changes, polite(redraw), settings, picture, **quiet)
    way.input(lambda chosen: gr.Group(visible=chosen == "transposed"), way, of_transposed, **quiet)
    return Section(tab, show, settings, [picture])
