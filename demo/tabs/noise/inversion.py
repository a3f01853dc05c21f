"""Find the vector: the z that draws what was drawn, or a class that was named, searched before one's eyes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from anyio.to_thread import run_sync
from PIL import Image

from demo.server import model_cache
from demo.tabs.noise.samples import CSS, MAX_SEED, class_name, inline
from demo.tabs.noise.selection import Desk, Room, hold
from demo.ui import drawing_pad as pads
from demo.ui import handlers, svg_chart
from demo.ui.assets import beside
from demo.ui.gradio_workarounds import session_of, unread
from demo.ui.handlers import EACH, add_endpoint, catch_errors
from demo.ui.i18n import Language, language_of, say, saying, t
from demo.ui.numbers import percent, require_int
from demo.ui.paragraphs import paragraphs
from demo.ui.refusals import Refused
from demo.ui.results import shows_result
from demo.ui.sections import LATEST, QUIET, Section
from demo.ui.templates import macros
from demo.ui.uploads import limits, picture_field, read
from demo.ui.waiting_line import WaitingLine
from gan.data.registry import SETS
from gan.lazy import lazy
from gan.plots.figures import Line
from gan.runs.run import Run
from gan.words import Words

if TYPE_CHECKING:
    from torch import Tensor

    from gan.analysis.inversion import Found

inversion = lazy("gan.analysis.inversion")
images = lazy("gan.images")
sample_id = lazy("gan.inference.sample_id")
torch = lazy("torch")

JS, HTML = beside(__file__, "inversion.js"), macros(__file__)
MODES = ("name", "draw", "upload")
FRAMES = 12  # of the way that are shown
FIRST = 5  # the class to begin with: "there is a vector that makes a 5"
ENOUGH = 3  # searches from other starts that find nothing, before the page says that the generator probably can't
LOOK = 0.2  # seconds between two looks at one's place in line

Attempts = dict[str, Any]  # {"wish": what is wanted, "verdicts": of the searches for it so far, one a start}

_line = WaitingLine()  # for the processor: a search keeps a core busy for seconds
_stopped: set[str] = set()  # sessions that have pressed Stop


def classes_of(run: Run) -> tuple[str, ...]:
    """The classes that can be named for a run: those that a classifier tells apart, or none."""
    return SETS[run.config.data].classes if model_cache.classifier(run.config.data) is not None else ()


def target_of(run: Run, image: Image.Image) -> "Tensor":
    """A drawn or uploaded picture as the run's generator would draw it, uint8 [C, S, S]; a digit as MNIST has them."""
    config = run.config
    if config.data == "mnist":
        pixels = torch.from_numpy(np.array(image.convert("L")))[None]
        return inversion.as_digit(pixels, config.size).expand(config.channels, -1, -1)
    image = images.square(image, config.size)
    if config.channels == 3:
        return images.to_tensor(image)
    return torch.from_numpy(np.array(image.convert("L")))[None]


def search(run: Run, wanted: "int | Tensor", seed: int = 0) -> Iterator["Found"]:
    """Search for a class by its number, or for a picture, uint8 [C, S, S]."""
    config, generators, discriminators = model_cache.networks(run)
    g, d = generators["g"], discriminators["d"]
    if isinstance(wanted, int):
        classifier = model_cache.classifier(config.data)
        return inversion.search_class(g, d, classifier, wanted, latent=config.latent, seed=seed)
    return inversion.search_picture(g, d, images.to_unit(wanted)[None], latent=config.latent, seed=seed)


def page(run: Run, wanted: "int | Tensor", at: "Found", language: Language, said: str, verdicts: list[str]) -> str:
    """A search as it stands, as HTML: what is wanted, the best so far, how good it is, the loss and the way there.

    `said` is "searching", "stopped", or in the end the verdict; `verdicts` are those of the searches for the same from
    other starts, this one's among them when it is over.
    """
    name = class_name(classes_of(run)[wanted], language) if isinstance(wanted, int) else ""
    say, kind = saying(language, "noise."), "class" if name else "picture"
    values = {"score": percent(at.score, language) if name else f"{at.score:.3f}", "searches": len(verdicts)}
    if name:
        values |= {"name": name, "better": percent(at.better_than, language)}
    if said == "not yet":
        said = "never" if len(verdicts) >= ENOUGH and set(verdicts) == {"not yet"} else "not_yet"
    unfinished = said in ("searching", "stopped")
    share = at.step / max(at.steps, 1) if unfinished else 1.0
    state = f"find.{said}" if unfinished else f"find.{said}.{kind}"
    values |= {"step": at.step, "steps": at.steps, "start": len(verdicts) + 1}
    curve = np.array(at.curve)
    chart = svg_chart.chart(
        [Line("spear", say("find.loss"), np.arange(len(curve)), curve)],
        title=say("find.curve"),
        x_label=say("find.step"),
        x_range=(0.0, float(max(1, len(curve) - 1))),
        y_range=(0.0, max(1e-6, float(curve.max()) * 1.05)),
    )
    kept = np.unique(np.linspace(0, len(at.path) - 1, FRAMES).round().astype(int)).tolist()
    return HTML.page(
        say,
        say(state, **values),
        said,
        sample_id.of_vector(run.name, at.z),
        share,
        name,
        wanted="" if name else inline(wanted),
        found=inline(at.image),
        score=say(f"find.score.{kind}", **values),
        chart=chart,
        way=[inline(at.path[i]) for i in kept],
    )


def show(desk: Desk, run: str, of: str, request: gr.Request) -> tuple:
    """(class choices, of which run, page, found, attempts, drawing pad) for a run that has just been chosen."""
    language, chosen = language_of(request), model_cache.find(run, "dcgan")
    pad = gr.skip() if of else pads.canvas(language)
    if of == run:
        return gr.skip(), run, gr.skip(), gr.skip(), gr.skip(), pad
    names = classes_of(chosen)
    choices = [(class_name(name, language), index) for index, name in enumerate(names)]
    radio = gr.Radio(choices=choices, value=FIRST if names else None)
    said = "noise.find.empty" if names else "noise.find.no_classes"
    return radio, run, paragraphs(say(language, said)), "", {}, pad


def wanted_of(run: Run, mode: str, which: int | None, drawing: str, picture: str | None) -> "int | Tensor":
    """What is to be found. Raises UserError where nothing was named, drawn or uploaded."""
    if mode == "name":
        names = classes_of(run)
        if which is None or not 0 <= which < len(names):
            raise Refused("noise.find.name_one" if names else "noise.find.no_classes")
        return int(which)
    image = read(picture) if mode == "upload" else pads.decode(drawing)
    if image is None:
        raise Refused(f"noise.find.{mode}_one")
    return target_of(run, image)


async def find(
    run: str,
    mode: str,
    which: int | None,
    drawing: str,
    picture: str | None,
    attempts: Attempts,
    another: bool,
    request: gr.Request,
) -> AsyncIterator[tuple]:
    """(page, found, attempts, find button, another start, stop button) again and again, to the end or until `stop`.

    Searches begin at the first start, or, for `another`, at the next one for the same wish. While others search, the
    page says how many come first.
    """
    chosen, language = model_cache.find(run, "dcgan"), language_of(request)
    wanted, session = wanted_of(chosen, mode, which, drawing, picture), session_of(request)
    wish = [run, mode, {"name": which, "draw": drawing, "upload": picture}[mode]]
    before = attempts["verdicts"] if another and attempts.get("wish") == wish else []
    _stopped.discard(session)
    with _line.join() as ahead_of_me:
        told = None
        while (ahead := ahead_of_me()) and session not in _stopped:
            if ahead != told:
                told = ahead
                yield paragraphs(say(language, "noise.find.line", ahead=ahead)), "", attempts, *pressable(True)
            await asyncio.sleep(LOOK)
        searching, at, said = search(chosen, wanted, len(before)), None, ""
        while session not in _stopped and (found := await run_sync(next, searching, None)):
            at = found
            shown = page(chosen, wanted, at, language, "searching", before)
            yield shown, sample_id.of_vector(run, at.z), attempts, *pressable(True)
        if session in _stopped:
            said = "stopped"
    _stopped.discard(session)
    if at is None:  # stopped while it stood in line
        yield paragraphs(say(language, "noise.find.empty")), "", attempts, *pressable(False)
        return
    after = before if said else [*before, at.verdict]
    shown = page(chosen, wanted, at, language, said or at.verdict, after)
    yield shown, sample_id.of_vector(run, at.z), {"wish": wish, "verdicts": after}, *pressable(False)


def pressable(searching: bool) -> tuple[gr.Button, gr.Button, gr.Button]:
    """(find, another start, stop): what can be pressed now."""
    return gr.Button(interactive=not searching), gr.Button(interactive=not searching), gr.Button(interactive=searching)


def stop(request: gr.Request | None) -> None:
    """End the visitor's search at its next look; what it had found stays.

    Gradio's own `cancels` would leave answers on their way, which come after the last word and lock the button again.
    """
    _stopped.add(session_of(request))


def take(found: str, desk: Desk) -> Desk:
    """Hold what was found."""
    if not found:
        raise Refused("noise.find.nothing")
    return hold(desk, found)


def endpoint(run: str, wanted: str, picture: str | None, seed: float) -> tuple[dict[str, Any], Image.Image]:
    """Find the latent vector of a class by its name ("5", "Bag") or, where `wanted` is empty, of a picture.

    {"picture", "verdict", "score", "steps", "curve"}: the code of what was found; "found", "nearly" or "not yet"
    (another seed begins elsewhere); the classifier's probability, or the root mean squared error of the pixels (a share
    of full scale); the loss, a number a step; and the way there, from noise to the find, as a PNG file.
    """
    chosen, seed = model_cache.find(run, "dcgan"), require_int("seed", seed, 0, MAX_SEED)
    names = classes_of(chosen)
    if wanted and wanted not in names:
        raise Refused("refused.class", name=wanted, known=", ".join(names) or Words("list.none"))
    mode, which = ("name", names.index(wanted)) if wanted else ("upload", None)
    at = list(search(chosen, wanted_of(chosen, mode, which, "", picture), seed))[-1]
    answer = {"picture": sample_id.of_vector(run, at.z), "verdict": at.verdict, "score": at.score}
    return answer | {"steps": at.step, "curve": at.curve}, images.grid(at.path, columns=len(at.path))


def build(room: Room) -> Section:
    """The section."""
    css = CSS + svg_chart.CSS
    with gr.Tab(t("noise.find.tab"), id="find") as tab:
        gr.Markdown(t("noise.find.intro"))
        of, found, drawing, attempts = gr.State(""), gr.State(""), gr.State(""), gr.State({})
        first, others = gr.State(False), gr.State(True)
        with gr.Row():
            with gr.Column(scale=2, min_width=280):
                mode = gr.Radio(
                    [(t(f"noise.find.modes.{each}"), each) for each in MODES],
                    value="name",
                    label=t("noise.find.mode"),
                    elem_id="find-mode",
                )
                which = gr.Radio([], label=t("noise.find.which"), elem_id="find-which")
                pad = gr.HTML(css_template=pads.CSS, js_on_load=pads.JS, visible="hidden", elem_id="pad")
                picture = picture_field(t("noise.find.picture"), height=260, visible=False, elem_id="find-picture")
                about = limits(room.place, visible=False)
                with gr.Row():
                    go = gr.Button(t("noise.find.go"), variant="primary", min_width=110, elem_id="find-go")
                    next_start = gr.Button(
                        t("noise.find.another"), interactive=False, min_width=110, elem_id="find-another"
                    )
                    halt = gr.Button(t("noise.find.stop"), interactive=False, min_width=110, elem_id="find-stop")
                keep = gr.Button(t("noise.keep"), size="md", elem_id="find-keep")
            with gr.Column(scale=5, min_width=320, elem_classes="first-on-a-phone"):
                result = gr.HTML(css_template=css, js_on_load=JS, elem_id="search", **shows_result(400, min_height=420))
        gr.Markdown(t("noise.find.explain"))
        add_endpoint(
            endpoint,
            [
                gr.Textbox("mnist", visible=False),
                gr.Textbox("5", visible=False),
                unread(gr.Image(type="filepath", visible=False)),
                gr.Number(0, visible=False),
            ],
            [gr.JSON(visible=False), gr.Image(format="png", visible=False)],
            "find",
            concurrency_id="search",
            concurrency_limit=1,
        )
    mode.input(catch_errors(choose_mode), mode, [which, pad, picture, about], **LATEST)
    pad.input(catch_errors(pads.drawn), None, drawing, **EACH)
    options = handlers.QUIET | {"trigger_mode": "once", "concurrency_limit": None}
    asked = [room.run, mode, which, drawing, picture, attempts]
    answered = [result, found, attempts, go, next_start, halt]
    for pressed, another in ((go, first), (next_start, others)):
        pressed.click(catch_errors(find), [*asked, another], answered, **options)
    halt.click(catch_errors(stop), None, None, queue=False, **QUIET)
    keep.click(catch_errors(take), [found, room.desk], room.desk, **QUIET)
    return Section(tab, show, [room.run, of], [which, of, result, found, attempts, pad], slow=True)


def choose_mode(mode: str) -> tuple:
    """(classes, pad, upload, its limits): what the chosen way needs."""
    return (
        gr.Radio(visible=mode == "name"),
        gr.HTML(visible=True if mode == "draw" else "hidden"),
        gr.Image(visible=mode == "upload"),
        gr.HTML(visible=mode == "upload"),
    )
