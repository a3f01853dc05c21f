"""Question 1, upsampling or transposed convolution: ways of going up in size, to be played with."""

from typing import Any

import gradio as gr
import numpy as np

from demo.tabs.questions import q01_kernels, quiz_items
from demo.tabs.questions.q01_compute import DRAWN, PATTERNS, RANGES, SIZE, SMALL, WAYS, WEIGHTS, draw, short, upsample
from demo.ui import svg_chart
from demo.ui.assets import beside
from demo.ui.handlers import EACH, LATEST, QUIET, TURNS, catch_errors
from demo.ui.heatmap import blues, greys, squares, swatches
from demo.ui.i18n import Language, language_of, say, saying, t
from demo.ui.results import shows_result, skeleton
from demo.ui.sections import Section
from demo.ui.templates import macros

CSS, HTML = beside(__file__, "q01_upsampling.css"), macros(__file__)
PENS = (0.0, 0.5, 1.0)  # for a patch
SHOWN = ("pooled", "input", "kernel", "spectrum", "output", "touches")


def matrices(result: dict[str, Any], language: Language) -> str:
    """The convolution as a matrix and its transpose, as HTML; empty for a way that has no kernel."""
    if result["matrix"] is None:
        return ""
    figures, say = [], saying(language, "questions.q1.")
    for name, values in (("convolution", result["matrix"]), ("transposed", result["matrix"].T)):
        rows, columns = values.shape
        words = {"rows": rows, "columns": columns, "small": SMALL**2, "large": max(rows, columns)}
        title, alt = (say(f"matrix.{key}", **words) for key in (name, f"{name}_alt"))
        figures.append((name, squares(values, greys, title=title, alt=alt)))
    return HTML.matrices(say("matrix.how", size=SMALL), figures)


def figure(result: dict[str, Any], language: Language) -> str:
    """What `upsample` returned, as HTML: the sentences that explain it and the pictures side by side."""
    say = saying(language, "questions.q1.")

    def panel(name: str) -> str:
        values, title = result[name], say(f"figure.{name}")
        height, width = values.shape
        if name == "spectrum":  # by its logarithm, as one looks at spectra
            values = np.log1p(values)
        if name == "touches":
            colours, form = blues, "d"
            legend = swatches(values, lambda count: say("figure.count", count=count))
        else:
            colours, form = greys, ".2f" if name == "kernel" else ""
            low, high = short(values.min()), short(values.max())
            legend = say("figure.flat", low=low) if low == high else say("figure.range", low=low, high=high)
            legend = say("figure.spectrum_legend") if name == "spectrum" else legend
        alt = say("figure.alt", title=title, height=height, width=width)
        return squares(values, colours, title=title, alt=alt, legend=legend, form=form)

    sentences = " ".join(say(f"says.{key}", **values) for key, values in result["says"])
    return HTML.panels(sentences, [(name, panel(name)) for name in SHOWN if result[name] is not None])


def redraw(
    pattern: str,
    way: str,
    weights: str,
    kernel: float,
    stride: float,
    padding: float,
    painted: list | None,
    patch: list | None,
    request: gr.Request,
) -> tuple[str, str]:
    """(figure, matrices) for these settings (those of `upsample`) in the reader's language."""
    if pattern == DRAWN and patch is None:  # nothing has been drawn yet
        patch = blank()
    if weights == "painted":  # the size may just have been changed
        painted = q01_kernels.cells_of(painted, int(kernel), int(stride))
    result = upsample(pattern, way, weights, kernel, stride, padding, painted, patch)
    language = language_of(request)
    return figure(result, language), matrices(result, language)


def blank() -> list[list[float]]:
    """The patch that one begins to draw from."""
    return draw("digit", SIZE)[0, 0].tolist()


def offer_patch(pattern: str, patch: list | None, request: gr.Request) -> tuple[Any, list]:
    """(pad, patch): the pad is shown where one draws."""
    cells = patch or blank()
    pad = q01_kernels.painter(cells, language_of(request), PENS)
    return gr.HTML(value=pad, visible=pattern == DRAWN), cells


def show(subject: None, shown: str | None, *settings: Any) -> tuple:
    """(figure, matrices, evidence, items) when the section is opened; the request comes last."""
    request = settings[-1]
    return (
        *redraw(*settings),
        quiz_items.evidence("upward", language_of(request)),
        quiz_items.once("q1", shown, request),
    )


def endpoint(
    pattern: str = "digit",
    way: str = "transposed",
    weights: str = "ones",
    kernel: float = 3,
    stride: float = 2,
    padding: float = 0,
) -> dict:
    """Send a small picture up in size; returns input, kernel, output, touches, spectrum and matrix as lists of rows.

    "explanation" is a sentence. What is drawn or painted by hand belongs to the page.
    """
    result = upsample(pattern, way, weights, kernel, stride, padding)
    sentences = [say("en", f"questions.q1.says.{key}", **values) for key, values in result.pop("says")]
    rows = {name: None if values is None else values.tolist() for name, values in result.items()}
    return rows | {"explanation": " ".join(sentences)}


def _choice(name: str, values: tuple[str, ...], words: str, value: str) -> gr.Radio:
    """A choice between settings."""
    choices = [(t(f"questions.q1.{words}.{each}"), each) for each in values]
    return gr.Radio(choices, value=value, label=t(f"questions.q1.{name}"), elem_id=f"q1-{name}")


def _slider(name: str, value: int) -> gr.Slider:
    """A setting that is a number."""
    low, high = RANGES[name]
    return gr.Slider(low, high, value=value, step=1, label=t(f"questions.q1.{name}"))


def build() -> Section:
    """The section."""
    with gr.Tab(t("questions.q1.tab"), id="q1") as tab:
        gr.Markdown(t("questions.q1.asked"))
        painted, taught, patch = gr.State(None), gr.State(None), gr.State(None)
        with gr.Row():
            with gr.Column(scale=2, min_width=320):
                pattern = _choice("pattern", (*PATTERNS, DRAWN), "patterns", "digit")
                sheet = gr.HTML(
                    css_template=q01_kernels.CSS, js_on_load=q01_kernels.JS, visible=False, elem_id="q1-patch"
                )
                way = _choice("way", WAYS, "ways", "transposed")
                stride = _slider("stride", 2)
                with gr.Group() as of_transposed:
                    kernel, padding = _slider("kernel", 3), _slider("padding", 0)
                    weights = _choice("weights", WEIGHTS, "weight_names", "ones")
                    pad = gr.HTML(
                        css_template=q01_kernels.CSS, js_on_load=q01_kernels.JS, visible=False, elem_id="q1-painter"
                    )
            with gr.Column(scale=3, min_width=320, elem_classes="first-on-a-phone"):
                shape = shows_result(818, min_height=400)
                picture = gr.HTML(css_template=CSS, elem_id="upsample", padding=False, **shape)
        gr.Markdown(t("questions.q1.how"))
        with gr.Accordion(t("questions.q1.matrix.title"), open=False, elem_id="q1-matrix-fold"):
            table = gr.HTML(elem_id="q1-matrix", padding=False)
        size, learn, use, lesson = _lesson()
        gr.Markdown(t("questions.q1.answer"))
        told = gr.HTML(skeleton(124), elem_id="q1-evidence", padding=False)
        quiz_items.go_on(curves="upward")
        ending = quiz_items.build("q1")
        gr.api(catch_errors(endpoint, is_page=False), api_name="upsample")

    settings = [pattern, way, weights, kernel, stride, padding, painted, patch]
    drawn, changes = (
        [picture, table],
        [pattern.input, way.input, weights.input, kernel.input, stride.input, padding.input],
    )
    gr.on(changes, catch_errors(redraw), settings, drawn, **LATEST)
    way.input(lambda chosen: gr.Group(visible=chosen == "transposed"), way, of_transposed, **LATEST)
    of_paint = [weights, kernel, stride, painted]
    gr.on([weights.input, kernel.input], catch_errors(q01_kernels.offer), of_paint, [pad, painted], **LATEST)
    pad.input(catch_errors(q01_kernels.paint), None, painted, **EACH).then(
        catch_errors(redraw), settings, drawn, **LATEST
    )
    pattern.input(catch_errors(offer_patch), [pattern, patch], [sheet, patch], **LATEST)
    sheet.input(catch_errors(q01_kernels.paint), None, patch, **EACH).then(
        catch_errors(redraw), settings, drawn, **LATEST
    )
    teaching = TURNS | QUIET | {"trigger_mode": "once"}
    learn.click(catch_errors(q01_kernels.learn), size, [lesson, taught, use], **teaching)
    use.click(catch_errors(take), taught, [way, weights, kernel, stride, painted, of_transposed], **QUIET).then(
        catch_errors(q01_kernels.offer), of_paint, [pad, painted], **LATEST
    ).then(catch_errors(redraw), settings, drawn, **LATEST)
    return Section(tab, show, [ending, *settings], [*drawn, told, ending])


def _lesson() -> tuple[gr.Radio, gr.Button, gr.Button, gr.HTML]:
    """(size, learn, use, what was learned): a kernel is learned here."""
    gr.Markdown(t("questions.q1.learn.how"))
    with gr.Row():
        size = gr.Radio([2, 3, 4, 5], value=4, label=t("questions.q1.kernel"), min_width=260, elem_id="q1-learn-size")
        learn = gr.Button(t("questions.q1.learn.go"), variant="primary", scale=0, min_width=240, elem_id="q1-learn")
        use = gr.Button(t("questions.q1.learn.use"), scale=0, min_width=240, interactive=False, elem_id="q1-use")
    lesson = svg_chart.html(q01_kernels.CSS, elem_id="q1-learned", elem_classes="result")
    return size, learn, use, lesson


def take(taught: list[list[float]]) -> tuple:
    """(way, weights, kernel size, stride, painted, settings of that way): the kernel that was learned."""
    return "transposed", "painted", len(taught), q01_kernels.STRIDE, taught, gr.Group(visible=True)
