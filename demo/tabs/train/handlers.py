"""What the Train tab does when something is pressed: the form's side and the side that watches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

import gradio as gr

from demo import jobs
from demo.jobs import branches, fine_tuning, permissions, presets
from demo.server.access import is_here, key_of
from demo.server.environment import Place
from demo.tabs.train import estimate, form, live_controls
from demo.tabs.train.form import OWN, Staged
from demo.tabs.train.monitor import Monitor, Shown
from demo.ui.gradio_workarounds import session_of
from demo.ui.i18n import language_of, say
from demo.ui.paragraphs import paragraphs
from demo.ui.refusals import Refused
from gan.config import Config

INSTEAD = "stripes"  # the preset that is offered where one takes a GPU
PATIENCE = 2.0  # seconds that a button waits for what it asks of a training


class Form(NamedTuple):
    """What the form's controls say, in the order in which a handler gets them; `settings` are those of `Config`."""

    preset: str
    model: str
    data: str
    folder: str
    source: str
    minutes: float
    staged: Staged | None
    settings: tuple

    @classmethod
    def of(cls, values: tuple) -> "Form":
        """From what a handler was given: a folder's name without the blanks around it."""
        preset, model, data, folder, source, minutes, staged, *settings = values
        source = source or "" if preset == OWN else ""
        return cls(preset, model, data, (folder or "").strip(), source, minutes, staged, tuple(settings))


@dataclass(frozen=True)
class Starting:
    """Handlers of the form. `is_free`: visitors may choose their own settings."""

    place: Place
    is_free: bool
    monitor: Monitor

    def config_of(self, asked: Form) -> tuple[Config, int | None]:
        """The settings that the controls stand for, and how many steps they need."""
        if asked.preset != OWN and not self.is_free:
            chosen = presets.PRESETS[asked.preset]
            return presets.settings_of(chosen.model, chosen.data, asked.minutes, **chosen.settings), chosen.needed
        data = asked.data
        if data == OWN:
            if not asked.folder and asked.staged is None:
                raise Refused("train.own.none")
            data = asked.folder or asked.staged.folder
        if asked.source:
            return fine_tuning.settings(asked.source, asked.model, data, asked.minutes), None
        named = dict(zip(form.settings_by_name(), asked.settings, strict=True))
        settings = form.values_of(asked.model, data, named)
        needed = presets.PRESETS[asked.preset].needed if asked.preset != OWN else None
        return presets.settings_of(asked.model, data, asked.minutes, **settings), needed

    def start(self, panel: dict[str, Any], staged: gr.State, *, is_sure: bool) -> Callable:
        """Starts a training; one that takes a GPU, where there is none, only when its visitor `is_sure`."""
        sure, question = panel["sure"], panel["question"]

        def handler(request: gr.Request, name: str, key: str, *values: Any) -> Shown:
            asked, key = Form.of(values), key_of(self.place, request, key)
            config, needed = self.config_of(asked)
            own = asked.staged if asked.data == OWN and not asked.folder else None
            if own is not None and permissions.level(self.place, key) != "on":
                raise Refused("train.refused.limited")
            may = {"key": key, "paths": own is not None or is_here(self.place, request)}
            if not is_sure and estimate.lacks_a_gpu(asked.preset, config, self.place):
                is_preset = presets.is_preset(config)
                permissions.permit(self.place, config, name=name or "", preset=is_preset, **may)
                return {sure: gr.Column(visible=True), question: estimate.question(config, request)}
            run = jobs.start(
                *(self.place, config, name or ""),
                **may,
                visitor=session_of(request),
                prepare=fine_tuning.beginning(asked.source, (lambda run: form.move_in(own, run)) if own else None),
                needed=needed,
            )
            for sentence in form.advice(run, language_of(request)) if own is None else ():
                gr.Warning(escape(sentence))
            done = {sure: gr.Column(visible=False), question: "", panel["name"]: "", staged: None}
            return done | {self.monitor.held: None} | self.monitor.show_now(run, request)

        return handler

    def start_instead(self, panel: dict[str, Any]) -> Callable:
        """Starts what runs here without a GPU."""

        def handler(key: str, request: gr.Request) -> Shown:
            model, data, minutes, _, settings, *_ = presets.PRESETS[INSTEAD]
            config = presets.settings_of(model, data, minutes, **settings)
            run = jobs.start(self.place, config, key=key_of(self.place, request, key), visitor=session_of(request))
            answered = {panel["sure"]: gr.Column(visible=False), panel["question"]: ""}
            return answered | self.monitor.show_now(run, request)

        return handler

    def take(self, model: str, size: float, a: list | None, b: list | None, key: str, request: gr.Request) -> tuple:
        """(staged, what is said of them, DiffAugment) for pictures of one's own that were sent: few take it, ticked."""
        piles = [a or []] if model == "dcgan" else [a or [], b or []]
        if not all(piles):
            return None, paragraphs(say(request, "train.own.more")) if any(piles) else "", gr.skip()
        if permissions.level(self.place, key_of(self.place, request, key)) != "on":
            raise Refused("train.refused.limited")
        staged = form.stage(self.place, model, int(size), piles)
        ticked = gr.Checkbox(value=True) if form.are_few(staged, model) else gr.skip()
        return staged, form.told(staged, model, int(size), language_of(request)), ticked

    def measure(self, request: gr.Request, *values: Any) -> Iterator[tuple]:
        """How fast the form's training would be here; with data of one's own that are not there yet, any data's."""
        asked = Form.of(values)
        if asked.data == OWN and asked.preset == OWN and not asked.folder and asked.staged is None:
            asked = asked._replace(data="herd" if asked.model == "cyclegan" else "mnist")
        yield from estimate.ask(*self.config_of(asked), values, request)

    def forget(self, request: gr.Request, *values: Any) -> Any:
        """Takes an estimate off the page that is of other settings."""
        return estimate.forget(values, request)

    def machine(self, request: gr.Request) -> str:
        """What trains here; on this machine also the key that was made for it."""
        told = form.machine(language_of(request))
        if self.place.is_key_made and is_here(self.place, request):
            told += paragraphs(say(request, "train.key_made", code=self.place.key))
        return told


@dataclass(frozen=True)
class Watching:
    """Handlers of the side that watches a run, by its name."""

    place: Place
    monitor: Monitor

    def ask(self, do: str) -> Callable:
        """Pauses, resumes or stops it."""

        def handler(name: str | None, key: str, request: gr.Request) -> Shown:
            key = key_of(self.place, request, key)
            return self.monitor.show_now(jobs.control(self.place, name or "", do, key=key, patience=PATIENCE), request)

        return handler

    def press(self, button: str) -> Callable:
        """What one of the live controls' buttons asks for, by its label."""

        def handler(name: str | None, key: str, label: str, request: gr.Request) -> Shown:
            wish = live_controls.word(button, label, language_of(request))
            run = jobs.control(self.place, name or "", wish, key=key_of(self.place, request, key))
            return self.monitor.show_now(run, request)

        return handler

    def choose(self, setting: str) -> Callable:
        """Takes another value of a setting while it trains."""

        def handler(value: float | None, name: str | None, key: str, request: gr.Request) -> None:
            if value is not None:  # the run that is watched may have another one than those to choose from
                key = key_of(self.place, request, key)
                jobs.control(self.place, name or "", f"{setting}={value:g}", key=key)

        return handler

    def what_if(self, name: str | None, key: str, request: gr.Request) -> Shown:
        """Forks it from before the last change."""
        run = branches.what_if(self.place, name or "", key=key_of(self.place, request, key))
        return self.monitor.show_now(run, request)

    def ask_to_delete(self, name: str | None, request: gr.Request) -> tuple:
        """Asks once more."""
        return gr.Group(visible=True), say(request, "train.delete.question", run=name or "")

    def delete(self, question: gr.Group) -> Callable:
        """Deletes it, and shows another."""

        def handler(name: str | None, key: str, request: gr.Request) -> Shown:
            jobs.delete(self.place, name or "", key=key_of(self.place, request, key))
            return {question: gr.Group(visible=False)} | self.monitor.opened(None, request)

        return handler
