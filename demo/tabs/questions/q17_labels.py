"""Question 17, inputs or labels?: one true round of CycleGAN on two pictures, stop by stop, with its numbers."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo.server import model_cache
from demo.shared import pairs
from demo.shared.pairs import COUNT_SEEDS, names
from demo.tabs.questions import q17_diagram, quiz_items
from demo.tabs.questions.q17_diagram import Stop
from demo.tabs.questions.q17_layouts import NARROW, WIDE
from demo.ui.assets import beside
from demo.ui.data_urls import data_url
from demo.ui.handlers import QUIET, catch_errors
from demo.ui.i18n import Language, language_of, say, saying, t
from demo.ui.numbers import require_int
from demo.ui.paragraphs import paragraphs
from demo.ui.refusals import Refused
from demo.ui.results import shows_result
from demo.ui.sections import LATEST, Section
from demo.ui.templates import macros
from gan.lazy import lazy
from gan.runs.run import Run

if TYPE_CHECKING:
    from gan.analysis.training_roles import Played
    from gan.core.cyclegan import CycleGANConfig

training_roles = lazy("gan.analysis.training_roles")
gan_images = lazy("gan.images")
translate = lazy("gan.inference.translate")

HTML = macros(__file__)
FIRST = "horse2zebra"
PACE = 4000  # milliseconds a stop, when it plays by itself
CSS, JS = beside(__file__, "q17_diagram.css"), beside(__file__, "q17_labels.js").replace("PACE", str(PACE))


def runs() -> list[str]:
    """The CycleGANs that have all four networks, the horses first."""
    found = [run.name for run in model_cache.runs("cyclegan", with_weights=True, replicas=False) if not run.missing]
    return sorted(found, key=lambda name: name != FIRST)


def played(run: Run, seed: int) -> "Played":
    """A round of this run on the first two pictures of a shuffle of its piles."""
    if run.missing:
        raise Refused("refused.lacks", run=run.name)
    return _played(run.folder, model_cache.stamp(run), seed)


@lru_cache(maxsize=8)
def _played(folder: Path, stamp: Any, seed: int) -> "Played":

    run = Run(folder)
    laid, (config, *networks) = pairs.pictures(run, seed), model_cache.networks(run)
    a, b = (translate.as_seen(pile[0], config.size, config) for pile in laid[:2])
    return training_roles.play(config, *networks, a, b)


@lru_cache(maxsize=8)
def _images(folder: Path, stamp: Any, seed: int) -> dict[str, str]:

    made = _played(folder, stamp, seed).pictures
    return {name: data_url(gan_images.to_image(x[0].clamp(-1, 1)), "webp", quality=90) for name, x in made.items()}


def stops_of(config: "CycleGANConfig") -> list[Stop]:
    """The stops of a round with these settings."""
    return q17_diagram.stops(cycle=config.lambda_cycle > 0, identity=config.lambda_cycle * config.lambda_identity > 0)


def page(run: Run, seed: int, at: int, language: Language) -> str:
    """The round at a stop, from 0, as HTML: the diagram, what the picture is here, what is compared, who learns."""
    now, stops, say = played(run, seed), stops_of(run.config), saying(language, "questions.q17.")
    at = max(0, min(at, len(stops) - 1))
    stop, images = stops[at], _images(run.folder, model_cache.stamp(run), seed)
    sides = dict(zip("ab", names(run, language), strict=True))
    seen = {"real_a", "real_b"} | {p if p != "idt" else f"idt_{s.side}" for s in stops[: at + 1] for p in s.pictures}
    values = {"a": sides[stop.side], "b": sides[stop.other], "value": f"{now.record.get(stop.loss, 0):.3f}"}
    title = say(f"stops.{stop.key}.title", **values)
    learn = q17_diagram.learners(stop, training_roles.teachers(run.config))
    shown = stop, learn, seen, images, short(sides) | labels(sides, language), title
    wide, narrow = (q17_diagram.draw(*shown, layout) for layout in (WIDE, NARROW))
    return HTML.page(
        say,
        at=at + 1,
        count=len(stops),
        title=title,
        diagram=wide + narrow + q17_diagram.shelf({name: images[name] for name in sorted(seen & images.keys())}),
        compared=_compared(stop, now, images, sides, language),
        told={part: say(f"stops.{stop.key}.{part}", **values) for part in ("what", "with", "who")},
        table=table(run.config, now, sides, language) if stop.key == "sum" else "",
    )


def short(sides: dict[str, str]) -> dict[str, str]:
    """What each network does, as its box has room for it."""
    a, b = sides["a"], sides["b"]
    return {"a2b": f"{a} → {b}", "b2a": f"{b} → {a}", "a": f"{a}?", "b": f"{b}?"}


def labels(sides: dict[str, str], language: Language) -> dict[str, str]:
    """The words under the pictures, by their names."""
    idt = say(language, "questions.q17.labels.idt")
    found = {"idt": idt, "idt_a": idt, "idt_b": idt}
    for kind in ("real", "fake", "rec"):
        for side, name in sides.items():
            found[f"{kind}_{side}"] = say(language, f"questions.q17.labels.{kind}", name=name)
    return found


def _compared(stop: Stop, now: "Played", images: dict[str, str], sides: dict[str, str], language: Language) -> str:
    """The two pictures that a stop compares, and its loss, as HTML."""
    if not stop.loss:
        return ""
    every = {name: label.replace("\n", " ") for name, label in labels(sides, language).items()}
    pictures = [(every[name], images[name]) for name in stop.compared or ()]
    return HTML.compared(saying(language, "questions.q17."), pictures, now.record[stop.loss])


def table(config: "CycleGANConfig", now: "Played", sides: dict[str, str], language: Language) -> str:
    """All losses of the round with their weights, whom they teach, and the gradients that came of it, as HTML."""
    taught, say = training_roles.teachers(config), saying(language, "questions.q17.")
    every = {name: f"{'G' if '2' in name else 'D'}: {does}" for name, does in short(sides).items()}
    weights = {"cycle": config.lambda_cycle, "idt": config.lambda_cycle * config.lambda_identity}
    rows = []
    for stop in stops_of(config):
        if not stop.loss:
            continue
        rows.append(
            {
                "title": say(f"stops.{stop.key}.title", a=sides[stop.side], b=sides[stop.other]),
                "value": now.record[stop.loss],
                "weight": weights.get(stop.loss.split("_")[0], 1.0),
                "who": ", ".join(every[name] for name in q17_diagram.learners(stop, taught)),
            }
        )
    gradients = ", ".join(f"{every[name]}: {size:.3g}" for name, size in now.gradients.items())
    return HTML.table(say, rows, gradients)


# Handlers; `at` counts from 1, as the slider does


def show(subject: None, shown: str | None, run: str | None, seed: int, at: float, request: gr.Request) -> tuple:
    """(runs, stop, page, items) when the section is opened."""
    known = runs()
    run = run if run in known else next(iter(known), None)
    if run is None:
        return gr.Dropdown(choices=[]), gr.skip(), paragraphs(say(request, "questions.q17.none")), ""
    return gr.Dropdown(choices=known, value=run), *go(run, seed, at, request), quiz_items.once("q17", shown, request)


def go(run: str, seed: int, at: float, request: gr.Request) -> tuple:
    """(stop, page): the round at a stop; at the first or the last one for a stop before or after them."""
    found = model_cache.find(run or "", "cyclegan")
    count = len(stops_of(found.config))
    at = max(1, min(int(at), count))
    return gr.Slider(maximum=count, value=at), page(found, seed, at - 1, language_of(request))


def look(run: str, seed: int, at: float, request: gr.Request) -> str:
    """The page alone: wherever playing has taken the slider meanwhile, it stays."""
    return go(run, seed, at, request)[1]


def move(by: int) -> Any:
    """A handler that goes some stops on."""

    def handler(run: str, seed: int, at: float, request: gr.Request) -> tuple:
        return go(run, seed, at + by, request)

    return handler


def other(run: str, seed: int, request: gr.Request) -> tuple:
    """(seed, *go) with two other pictures, from the first stop."""
    seed = (seed + 1) % COUNT_SEEDS
    return seed, *go(run, seed, 1, request)


def endpoint(run: str = FIRST, seed: float = 0) -> dict:
    """One round of a CycleGAN on two pictures of its piles: {"run", "stops", "losses", "gradients"}.

    "losses" are those of the training's journal, "gradients" by network; the pictures are those of a shuffle's seed.
    """
    found = model_cache.find(run, "cyclegan")
    now = played(found, require_int("seed", seed, 0, COUNT_SEEDS))
    return {
        "run": run,
        "stops": [{"key": stop.key, "side": stop.side, "loss": stop.loss} for stop in stops_of(found.config)],
        "losses": now.record,
        "gradients": now.gradients,
    }


def build() -> Section:
    """The section."""
    with gr.Tab(t("questions.q17.tab"), id="q17") as tab:
        gr.Markdown(t("questions.q17.asked"))
        seed = gr.State(0)
        with gr.Row():
            back, on, plays, fresh = (
                gr.Button(
                    t(f"questions.q17.{name}"),
                    variant="primary" if name == "on" else "secondary",
                    min_width=130,
                    elem_id=f"q17-{name}",
                )
                for name in ("back", "on", "play", "other")
            )
        view = gr.HTML(
            css_template=CSS, js_on_load=JS, elem_id="rounds-of", padding=False, **shows_result(681, min_height=420)
        )
        with gr.Row():
            run = gr.Dropdown([], label=t("questions.q17.run"), elem_id="q17-run", min_width=200)
            at = gr.Slider(
                1, 12, value=1, step=1, label=t("questions.q17.at"), elem_id="q17-at", min_width=260, scale=2
            )
        gr.Markdown(t("questions.q17.how"))
        gr.Markdown(t("questions.q17.text"))
        quiz_items.go_on(translate="")
        ending = quiz_items.build("q17")
        gr.api(catch_errors(endpoint, is_page=False), api_name="round_of_two")

    drawn, where = [at, view], [run, seed, at]
    at.input(catch_errors(go), where, drawn, **LATEST)
    back.click(catch_errors(move(-1)), where, drawn, **LATEST)
    on.click(catch_errors(move(1)), where, drawn, **LATEST)
    for event, act in ((plays.click, "play"), (view.tick, "next")):
        moved = event(None, at, at, js=f"(at) => document.getElementById('rounds-of').{act}(at)", **QUIET)
        moved.then(catch_errors(look), where, view, **LATEST)
    loading = LATEST | {"show_progress": "full", "show_progress_on": [view]}
    fresh.click(catch_errors(other), [run, seed], [seed, *drawn], **loading)
    run.input(catch_errors(go), where, drawn, **loading)
    return Section(tab, show, [ending, run, seed, at], [run, *drawn, ending], slow=True)
