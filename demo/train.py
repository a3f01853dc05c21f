"""Train: start a duel and watch it, live or at any time after; pause it, go on, stop it."""

from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo import charts, jobs, models
from demo.handlers import QUIET, on_open, polite
from demo.language import Language, language_of, say, t
from demo.place import Place
from demo.stories import figures, picture, word
from gan import journals
from gan.curves import View, compare
from gan.errors import UserError
from gan.stories import tell

if TYPE_CHECKING:
    from gan.run import Run

MODELS = ("dcgan", "cyclegan")
OWN = "own"  # the choice beside the presets
DO = {"pause": "pause", "go_on": "go on", "stop": "stop"}
ALLOWED = {"pause": ("running",), "go_on": ("paused", "stopped", "interrupted", "failed"), "stop": jobs.ACTIVE}
LOOPBACK = ("127.0.0.1", "::1", "localhost")
CSS = (charts.ASSETS / "train.css").read_text(encoding="utf-8")


def report(run: "Run") -> dict[str, Any]:
    """How a run stands, as plain values; losses and verdicts are those of the last logged step, None before it."""
    info, columns = run.info, journals.columns(run.folder)
    config = info["config"]
    last = {name: float(column[-1]) for name, column in columns.items()} if len(columns["step"]) else {}
    seconds = max(last.get("seconds", 0.0), info.get("seconds", 0.0))
    step = int(max(last.get("step", 0), info.get("step", 0)))
    minutes = config.get("minutes", 0)
    share = max(step / config["steps"], seconds / (60 * minutes) if minutes else 0.0)
    standing = jobs.status(run)
    recent = slice(-min(10, len(columns["step"])), None)
    took, seen = (columns[name][recent] for name in ("seconds", "images"))
    speed = float((seen[-1] - seen[0]) / (took[-1] - took[0])) if len(took) > 1 and took[-1] > took[0] else 0.0
    return {
        "run": run.name,
        "model": info["model"],
        "data": Path(config["data"].split(",")[0]).name,  # a folder's place on this machine is nobody's business
        "status": standing,
        "why": jobs.reason(run) if standing in ("failed", "interrupted") else "",
        "progress": 1.0 if standing == "finished" else min(1.0, share),
        "step": step,
        "steps": config["steps"],
        "seconds": seconds,
        "minutes": minutes,
        "images_per_second": round(speed, 1),
        **{name: last.get(name) for name in ("loss_g", "loss_d", "d_real", "d_fake")},
        "samples": len(run.samples()),
    }


def stamp(run: "Run") -> str:
    """What changes whenever there is something new to see of a run."""
    return repr((run.name, jobs.status(run), journals.stamp(run.folder), jobs.written(run), len(run.samples())))


@lru_cache(maxsize=32)  # a class that watches the same training is shown the same page
def page(folder: Path, stamp: str, language: Language) -> str:
    """A run as it stands: facts, its newest sample, its two charts, as HTML."""
    from gan.run import Run

    run = Run(folder)
    facts, story = report(run), tell(run)
    standing = facts["status"]
    status = say(language, "train.starting" if standing == "starting" else f"curves.status.{standing}")
    pieces = [
        f'<h3>{escape(run.name)} <small class="{standing}">{escape(status)}</small></h3>',
        f'<progress max="1" value="{facts["progress"]:.4f}" aria-label="{escape(say(language, "train.progress"))}">'
        "</progress>",
        f'<p class="facts">{"".join(f"<span>{fact}</span>" for fact in _facts(facts, language))}</p>',
    ]
    if why := _why(facts, language):
        pieces.append(f'<p class="why">{escape(why)}</p>')
    if not story.samples and standing in jobs.ACTIVE:
        pieces.append(f'<p class="why">{escape(say(language, "train.soon"))}</p>')
    else:
        newest = story.samples[-1] if story.samples else None
        drawn = figures(compare([story], View("seconds"), word(language)), 0, language)
        pieces.append(f'<div class="story">{picture(story, newest, language)}<div>{drawn}</div></div>')
    return f'<div class="stories watch" style="--columns:1"><section>{"".join(pieces)}</section></div>'


def _facts(facts: dict[str, Any], language: Language) -> list[str]:
    whole = facts["minutes"] * 60
    time = f"{_clock(facts['seconds'])} / {_clock(whole)}" if whole else _clock(facts["seconds"])
    values = {"step": f"{facts['step']:,}", "time": time, "speed": f"{facts['images_per_second']:,.0f}"}
    return [say(language, f"train.facts.{name}", value=f"<b>{value}</b>") for name, value in values.items()]


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}" if minutes >= 60 else f"{minutes}:{seconds:02}"


def _why(facts: dict[str, Any], language: Language) -> str:
    """Why a run ended before its time, as a sentence; empty where it did not."""
    if facts["status"] == "failed" or facts["why"]:
        if "no longer a number" in facts["why"]:
            return say(language, "train.blown_up", step=f"{facts['step']:,}")
        return say(language, "train.failed", why=facts["why"])
    return say(language, "train.interrupted") if facts["status"] == "interrupted" else ""


# Handlers


def show(run: "Run | None", names: list[str], request: gr.Request) -> tuple:
    """(runs, page, Pause, Go on, Stop, stamp) for a run among these."""
    if run is None:
        buttons = [gr.Button(interactive=False)] * len(DO)
        return gr.Dropdown(choices=names, value=None), f"<p>{escape(say(request, 'train.none'))}</p>", *buttons, "none"
    seen = stamp(run)
    standing = jobs.status(run)
    buttons = [gr.Button(interactive=standing in ALLOWED[name]) for name in DO]
    view = page(run.folder, seen, language_of(request))
    return gr.Dropdown(choices=names, value=run.name), view, *buttons, repr((names, seen))


def opened(name: str | None, request: gr.Request) -> tuple:
    """`show` for the run that was being watched, unless another trains now; at first for the most recent one."""
    runs = jobs.recent()
    by_name = {run.name: run for run in runs}
    watched = by_name.get(name)
    if watched is None or jobs.status(watched) not in jobs.ACTIVE:
        busy = next((run for run in runs[:1] if jobs.status(run) in jobs.ACTIVE), None)
        watched = busy or watched or next(iter(runs), None)
    return show(watched, list(by_name), request)


def follow(name: str | None, seen: str, request: gr.Request) -> Any:
    """`show` where there is something new, else nothing; `seen` is empty until the tab has been opened.

    A training that someone has started meanwhile is shown to all who don't watch one that still goes on.
    """
    if not seen:
        return gr.skip()
    runs = jobs.recent()
    by_name = {run.name: run for run in runs}
    watched = by_name.get(name)
    if watched is not None:
        if repr((list(by_name), stamp(watched))) == seen:
            return gr.skip()
        is_new = runs[0].name != name and repr(runs[0].name) not in seen
        if is_new and jobs.status(runs[0]) in jobs.ACTIVE and jobs.status(watched) not in jobs.ACTIVE:
            watched = runs[0]
    return show(watched or next(iter(runs), None), list(by_name), request)


def watch(name: str | None, request: gr.Request) -> tuple:
    """`show` for a run that was chosen."""
    runs = jobs.recent()
    return show(next((run for run in runs if run.name == name), None), [run.name for run in runs], request)


def fill(preset: str) -> tuple:
    """(own settings, model, data, minutes): a preset fills the fields and folds them away; "own" unfolds them."""
    if preset == OWN:
        return gr.Group(visible=True), gr.skip(), gr.skip(), gr.skip()
    model, data, minutes = jobs.PRESETS[preset]
    return gr.Group(visible=False), model, gr.Dropdown(choices=_data_choices(model), value=data), minutes


def offer(model: str) -> Any:
    """The data sets for a model."""
    names = jobs.choices(model)
    preferred = next(preset.data for preset in jobs.PRESETS.values() if preset.model == model)
    return gr.Dropdown(choices=_data_choices(model), value=preferred if preferred in names else names[0])


def _data_choices(model: str) -> list[tuple[Any, str]]:
    return [(t(f"train.sets.{name}"), name) for name in jobs.choices(model)]


def _in_words(request: gr.Request, call: Any, *arguments: Any, **options: Any) -> "Run":
    """Call jobs.start or jobs.control; a refusal comes in the reader's language."""
    try:
        return call(*arguments, **options)
    except jobs.Refused as refusal:
        raise UserError(say(request, refusal.key, **refusal.values)) from None


def is_here(place: Place, request: gr.Request | None) -> bool:
    """Whether this visitor sits at this machine, and so may name its folders."""
    return place.kind == "local" and request is not None and getattr(request.client, "host", "") in LOOPBACK


# The page


def build(place: Place) -> None:
    """The Train tab."""
    jobs.borrow(place)

    def start(model: str, data: str, minutes: float, name: str, request: gr.Request) -> tuple:
        run = _in_words(request, jobs.start, place, model, data, minutes, name or "", paths=is_here(place, request))
        return "", *show(run, [each.name for each in jobs.recent()], request)

    def ask(do: str) -> Any:
        def handler(name: str | None, request: gr.Request) -> tuple:
            run = _in_words(request, jobs.control, place, name or "", do)
            return show(run, [each.name for each in jobs.recent()], request)

        return handler

    def train_start(model: str, data: str, minutes: float, name: str = "", request: gr.Request = None) -> dict:
        """Start a training and return how it stands. Errors say what is possible here.

        `model` is "dcgan" or "cyclegan", `data` the name of a data set; without a `name` the run is given one.
        """
        return report(_in_words(request, jobs.start, place, model, data, minutes, name, paths=is_here(place, request)))

    def train_status(run: str = "") -> dict:
        """How a run stands; without a name the most recent one: status, progress (0 to 1), step, seconds, losses."""
        runs = jobs.recent()
        if not run and not runs:
            raise UserError("There are no runs yet; start one with /train_start.")
        return report(models.find(run) if run else runs[0])

    def train_control(run: str, do: str, request: gr.Request = None) -> dict:
        """Ask "pause", "go on" or "stop" of a run; returns how it stands at this moment."""
        return report(_in_words(request, jobs.control, place, run, do))

    gr.Markdown(t("train.intro"))
    first = next(iter(jobs.PRESETS.values()))
    is_free = place.training == "on"
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            if not is_free:
                gr.Markdown(t(f"train.{place.training}"))
            preset = gr.Radio(
                [(t(f"train.presets.{name}"), name) for name in (*jobs.PRESETS, *([OWN] if is_free else []))],
                value=next(iter(jobs.PRESETS)),
                label=t("train.preset"),
                visible=place.training != "off",
                elem_id="train-preset",
            )
            with gr.Group(visible=False) as own:
                model = gr.Radio(
                    [(t(f"train.models.{name}"), name) for name in MODELS],
                    value=first.model,
                    label=t("train.model"),
                    elem_id="train-model",
                )
                data = gr.Dropdown(
                    _data_choices(first.model),
                    value=first.data,
                    label=t("train.data"),
                    info=t("train.data_info") if place.kind == "local" else None,
                    allow_custom_value=is_free and place.kind == "local",
                    elem_id="train-data",
                )
                name = gr.Textbox(
                    label=t("train.name"),
                    placeholder=t("train.name_info"),
                    max_length=64,
                    max_lines=1,
                    elem_id="train-name",
                )
            minutes = gr.Number(
                first.minutes,
                minimum=0.1,
                maximum=jobs.MOST_MINUTES[place.training] or 1,
                step=0.5,
                label=t("train.minutes"),
                visible=place.training != "off",
                elem_id="train-minutes",
            )
            go = gr.Button(
                t("train.start"), variant="primary", size="lg", visible=place.training != "off", elem_id="train-start"
            )
        with gr.Column(scale=5, min_width=320):
            with gr.Row():
                watched = gr.Dropdown(
                    [],
                    label=t("train.watch"),
                    show_label=False,
                    container=False,
                    scale=3,
                    min_width=180,
                    elem_id="train-watch",
                )
                buttons = [
                    gr.Button(
                        t(f"train.{do}"),
                        interactive=False,
                        visible=place.training != "off" and not (do == "pause" and place.kind == "zerogpu"),
                        size="md",
                        scale=1,
                        min_width=90,
                        elem_id=f"train-{do.replace('_', '-')}",
                    )
                    for do in DO
                ]
            view = charts.html(CSS, elem_id="watch", min_height=420, seconds=1)
    seen = gr.State("")

    shown = [watched, view, *buttons, seen]
    on_open(opened, watched, shown)
    preset.input(polite(fill), preset, [own, model, data, minutes], **QUIET)
    model.input(polite(offer), model, data, **QUIET)
    watched.input(polite(watch), watched, shown, trigger_mode="always_last", **QUIET)
    go.click(polite(start), [model, data, minutes, name], [name, *shown], **QUIET)
    for button, do in zip(buttons, DO.values(), strict=True):
        button.click(polite(ask(do)), watched, shown, **QUIET)
    view.tick(polite(follow), [watched, seen], shown, trigger_mode="once", queue=False, **QUIET)
    for endpoint in (train_start, train_status, train_control):
        gr.api(polite(endpoint), api_name=endpoint.__name__)
