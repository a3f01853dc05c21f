"""What the watching half of the tab shows of a run, and when something new is sent."""

from html import escape, unescape
from typing import Any

import gradio as gr

from demo import jobs
from demo.jobs import presets
from demo.server import model_cache
from demo.tabs.train import live_controls, status_view
from demo.tabs.train.status_view import stamp
from demo.ui.i18n import language_of, say
from gan.runs.run import Run

DO = {"pause": "pause", "go_on": "go on", "stop": "stop"}
ALLOWED = {
    "pause": ("running",),
    "go_on": ("paused", "stopped", "interrupted", "failed"),
    "stop": (*jobs.ACTIVE, "queued"),
}


def show(run: Run | None, names: list[str], request: gr.Request, moment: float | None = None) -> list[Any]:
    """(runs, facts, film, its slider, charts, Pause, Go on, Stop, Delete, desk ...) for a run among these.

    `moment` is the sample that is being looked at, None for the newest. The facts carry what was seen, so that the page
    itself tells what it shows: two answers may overtake each other on their way.
    """
    language = language_of(request)
    if run is None:
        none = _carrying(("none",), f"<p>{escape(say(language, 'train.none'))}</p>")
        off = [gr.Button(interactive=False)] * 4
        nothing = [gr.Dropdown(choices=names, value=None), none, "", gr.Slider(interactive=False), ""]
        return [*nothing, *off, *live_controls.set_out(None, language)]
    seen, standing, count = stamp(run), jobs.status(run), len(run.samples())
    last, further = max(0, count - 1), presets.further(run)
    at = last if moment is None else int(min(moment, last))
    return [
        gr.Dropdown(choices=names, value=run.name),
        _carrying((names, run.name, seen, count), status_view.facts(run.folder, seen, language)),
        status_view.film(run.folder, seen, at, language),
        gr.Slider(maximum=max(1, last), value=at, interactive=count > 1),
        status_view.curves(run.folder, seen, language),
        *(gr.Button(interactive=standing in ALLOWED[name] or (name == "go_on" and bool(further))) for name in DO),
        gr.Button(interactive=jobs.at_rest(run) and not run.is_shipped),
        *live_controls.set_out(run, language),
    ]


def _carrying(seen: tuple, html: str) -> str:
    return f'<div data-seen="{escape(repr(seen))}">{html}</div>'


def _carried(shown: str | None) -> str:
    return unescape((shown or "").partition('data-seen="')[2].partition('"')[0])


def names_of(runs: list[Run]) -> list[str]:
    """The names of runs, in order."""
    return [run.name for run in runs]


def opened(name: str | None, request: gr.Request) -> list[Any]:
    """`show` for the run that was being watched, unless another trains now; at first for the most recent one."""
    runs = jobs.recent()
    watched = next((run for run in runs if run.name == name), None)
    if watched is None or jobs.at_rest(watched):
        busy = next((run for run in runs[:1] if not jobs.at_rest(run)), None)
        watched = busy or watched or next(iter(runs), None)
    return show(watched, names_of(runs), request)


def follow(name: str | None, shown: str | None, held: float | None, request: gr.Request) -> Any:
    """`show` where there is something new beside the facts `shown`, else nothing; they are empty before the tab opens.

    A training that someone has started meanwhile is shown to all who don't watch one that still goes on. The film
    follows the newest sample for who has not gone back in it, to the moment `held`. The list of runs is only sent with
    new ones in it: where an open list gets shorter, Gradio's page stops with an error.
    """
    if not shown:
        return gr.skip()
    seen = _carried(shown)
    runs = jobs.recent()
    names = names_of(runs)
    new = [each for each in names if repr(each) not in seen]
    watched = next((run for run in runs if run.name == name), None)
    if watched is not None:
        count = len(watched.samples())
        if repr((names, name, stamp(watched), count)) == seen:
            return gr.skip()
        if runs[0].name in new and runs[0].name != name and not jobs.at_rest(runs[0]) and jobs.at_rest(watched):
            return show(runs[0], names, request)
        # not its name: whoever has turned to another run meanwhile is not taken back by an answer that comes late
        return [gr.Dropdown(choices=names) if new else gr.skip(), *show(watched, names, request, held)[1:]]
    other = next(iter(runs), None)
    chosen, *rest = show(other, names, request)
    return [chosen if new else gr.Dropdown(value=other and other.name), *rest]


def watch(name: str | None, shown: str | None, request: gr.Request) -> Any:
    """(None, *show) for a run that was chosen: its film at the newest sample. Nothing after a mere look at the list."""
    runs = jobs.recent()
    names = names_of(runs)
    if _carried(shown).startswith(f"({names!r}, {name!r}, "):
        return gr.skip()
    return [None, *show(next((run for run in runs if run.name == name), None), names, request)]


def rewind(name: str | None, moment: float, request: gr.Request) -> tuple[str, float | None]:
    """(a moment of the film, the moment to hold: None at its end, which then goes on with the training)."""
    run = model_cache.find(name or "")
    is_newest = moment >= len(run.samples()) - 1
    return status_view.film(run.folder, stamp(run), int(moment), language_of(request)), None if is_newest else moment
