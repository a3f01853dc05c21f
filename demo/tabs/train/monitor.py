"""What the watching half of the tab shows of a run, and when something new is sent."""

from dataclasses import dataclass
from html import unescape
from typing import Any

import gradio as gr

from demo import jobs
from demo.jobs import presets
from demo.server import model_cache
from demo.tabs.train import live_pictures, status_view
from demo.tabs.train.live_controls import LiveControls
from demo.tabs.train.status_view import stamp
from demo.ui.handlers import Shown
from demo.ui.i18n import language_of, say
from demo.ui.paragraphs import paragraphs
from demo.ui.templates import macros
from gan.runs.run import Run

HTML = macros(__file__)
DO = {"pause": "pause", "go_on": "go on", "stop": "stop"}
ALLOWED = {
    "pause": ("running",),
    "go_on": ("paused", "stopped", "interrupted", "failed"),
    "stop": (*jobs.ACTIVE, "queued"),
}


@dataclass(frozen=True, eq=False)
class Monitor:
    """The components that show a run, and what they show when: its methods are handlers with `outputs`.

    `moment` is the film's slider. `held` is the sample that a visitor has gone back to, None for the newest.
    """

    watched: gr.Dropdown
    buttons: dict[str, gr.Button]
    delete: gr.Button
    facts: gr.HTML
    film: gr.HTML
    moment: gr.Slider
    pictures: gr.HTML
    charts: gr.HTML
    controls: LiveControls
    held: gr.State

    @property
    def outputs(self) -> list[Any]:
        """All components that show a run, without `held`."""
        buttons = *self.buttons.values(), self.delete
        views = self.facts, self.film, self.moment, self.pictures, self.charts
        return [self.watched, *views, *buttons, *self.controls.outputs]

    def show(self, run: Run | None, names: list[str], request: gr.Request, moment: float | None = None) -> Shown:
        """A run among these, its film at a sample, None for the newest.

        The facts carry what was seen, so that the page itself tells what it shows: two answers may overtake each other
        on their way.
        """
        language = language_of(request)
        if run is None:
            return {
                self.watched: gr.Dropdown(choices=names, value=None),
                self.facts: _carrying(("none",), paragraphs(say(language, "train.none"))),
                self.film: "",
                self.moment: gr.Slider(interactive=False),
                self.pictures: "",
                self.charts: "",
                **{button: gr.Button(interactive=False) for button in (*self.buttons.values(), self.delete)},
                **self.controls.show(None, language),
            }
        seen, standing, count = stamp(run), jobs.status(run), len(run.samples())
        last, further = max(0, count - 1), presets.further(run)
        at = last if moment is None else int(min(moment, last))
        can = {do: standing in ALLOWED[do] or (do == "go_on" and bool(further)) for do in DO}
        return {
            self.watched: gr.Dropdown(choices=names, value=run.name),
            self.facts: _carrying((names, run.name, seen, count), status_view.facts(run.folder, seen, language)),
            self.film: status_view.film(run.folder, seen, at, language),
            self.moment: gr.Slider(maximum=max(1, last), value=at, interactive=count > 1),
            self.pictures: live_pictures.panel(run, language),
            self.charts: status_view.curves(run.folder, seen, language),
            **{button: gr.Button(interactive=can[do]) for do, button in self.buttons.items()},
            self.delete: gr.Button(interactive=jobs.at_rest(run) and not run.is_shipped),
            **self.controls.show(run, language),
        }

    def show_now(self, run: Run | None, request: gr.Request) -> Shown:
        """A run among those that there are now."""
        return self.show(run, names_of(jobs.recent()), request)

    def opened(self, name: str | None, request: gr.Request) -> Shown:
        """The run that was being watched, unless another trains now; at first the most recent one."""
        runs = jobs.recent()
        watched = next((run for run in runs if run.name == name), None)
        if watched is None or jobs.at_rest(watched):
            busy = next((run for run in runs[:1] if not jobs.at_rest(run)), None)
            watched = busy or watched or next(iter(runs), None)
        return self.show(watched, names_of(runs), request)

    def follow(self, name: str | None, shown: str | None, held: float | None, request: gr.Request) -> Shown:
        """What is new beside the facts `shown`; they are empty before the tab opens.

        A training that was started meanwhile is shown to all who don't watch one that still goes on. The film follows
        the newest sample unless its visitor has gone back in it, to the moment `held`. The list of runs is only sent
        with new ones in it: where an open list gets shorter, Gradio's page stops with an error.
        """
        if not shown:
            return {}
        seen = _carried(shown)
        runs = jobs.recent()
        names = names_of(runs)
        new = [each for each in names if repr(each) not in seen]
        watched = next((run for run in runs if run.name == name), None)
        if watched is None:
            other = next(iter(runs), None)
            found = self.show(other, names, request)
            return found if new else found | {self.watched: gr.Dropdown(value=other and other.name)}
        if repr((names, name, stamp(watched), len(watched.samples()))) == seen:
            return {}
        if runs[0].name in new and runs[0].name != name and not jobs.at_rest(runs[0]) and jobs.at_rest(watched):
            return self.show(runs[0], names, request)
        found = self.show(watched, names, request, held)
        # not its name: a visitor who has turned to another run meanwhile is not taken back by an answer that comes late
        del found[self.watched]
        return found | ({self.watched: gr.Dropdown(choices=names)} if new else {})

    def watch(self, name: str | None, shown: str | None, request: gr.Request) -> Shown:
        """A run that was chosen, its film at the newest sample. Nothing after a mere look at the list."""
        runs = jobs.recent()
        names = names_of(runs)
        if _carried(shown).startswith(f"({names!r}, {name!r}, "):
            return {}
        return {self.held: None} | self.show(next((run for run in runs if run.name == name), None), names, request)

    def rewind(self, name: str | None, moment: float, request: gr.Request) -> Shown:
        """A moment of the film, held until it is the last: then the film goes on with the training."""
        run = model_cache.find(name or "")
        is_newest = moment >= len(run.samples()) - 1
        film = status_view.film(run.folder, stamp(run), int(moment), language_of(request))
        return {self.film: film, self.held: None if is_newest else moment}


def _carrying(seen: tuple, html: str) -> str:
    """What is shown, as HTML, with what was seen."""
    return HTML.carrying(repr(seen), html)


def _carried(shown: str | None) -> str:
    return unescape((shown or "").partition('data-seen="')[2].partition('"')[0])


def names_of(runs: list[Run]) -> list[str]:
    """The names of runs, in order."""
    return [run.name for run in runs]
