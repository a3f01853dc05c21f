"""Train: start a duel and watch it, live or at any time after; conduct it, branch it, keep it or delete it."""

from collections.abc import Iterator
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from demo import jobs
from demo.jobs import permissions, presets, worker
from demo.server.environment import Place
from demo.shared.links import asked_of
from demo.tabs.train import api, form, live_controls
from demo.tabs.train import estimate as outlook
from demo.tabs.train.access import is_here, key_of
from demo.tabs.train.form import OWN, Staged
from demo.tabs.train.layout import settings_panel, starting_panel, watching_panel
from demo.tabs.train.monitor import DO, follow, names_of, opened, rewind, show, watch
from demo.ui.handlers import EACH, LATEST, QUIET, on_open, polite, session_of
from demo.ui.i18n import language_of, say, t
from demo.ui.refusals import Refused

HERE = "stripes"  # the preset that is offered where one takes a GPU
SHOW_QUESTION = """() => document.querySelector("#train-rather-not")?.scrollIntoView({ block: "nearest" })"""
PATIENCE = 2.0  # seconds that a button waits for what it asks of a training


def warm(place: Place) -> None:
    """Look after the queue of trainings from now on."""
    jobs.look_after(place)


def build(place: Place) -> None:
    """The Train tab."""
    worker.borrow(place)
    names = [*form.settings_by_name()]
    is_free = place.training == "on" or (place.training == "limited" and bool(place.key))

    gr.Markdown(t("train.intro"))
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            panel = starting_panel(place, is_free)
        with gr.Column(scale=5, min_width=320):
            sight = watching_panel(place)
    panel["fields"] = settings_panel(is_free)
    desk = sight["desk"]
    staged, held = gr.State(None), gr.State(None)
    shown = [
        *(sight[name] for name in ("watched", "facts", "film", "moment", "charts")),
        *sight["buttons"],
        sight["delete"],
        *desk.outputs,
    ]
    watched, key, moment = sight["watched"], panel["key"], sight["moment"]
    preset, model, data, minutes, name = (panel[each] for each in ("preset", "model", "data", "minutes", "name"))
    folder = panel["folder"]
    fields = [panel["fields"][each] for each in names]
    asked = [preset, model, data, folder, minutes, name, key, staged, *fields]

    def config_of(
        preset: str,
        model: str,
        data: str,
        folder: str,
        minutes: float,
        staged: Staged | None,
        values: tuple,
    ) -> Any:
        """The settings that the controls stand for, and which rounds they need."""
        if preset != OWN and not is_free:
            chosen = presets.PRESETS[preset]
            return presets.settings_of(chosen.model, chosen.data, minutes, **chosen.settings), chosen.needed
        if data == OWN:
            if not folder and staged is None:
                raise Refused("train.own.none")
            data = folder or staged.folder
        settings = form.values_of(model, data, dict(zip(names, values, strict=True)))
        needed = presets.PRESETS[preset].needed if preset != OWN else None
        return presets.settings_of(model, data, minutes, **settings), needed

    def start(*, sure: bool) -> Any:
        def handler(
            request: gr.Request,
            preset: str,
            model: str,
            data: str,
            folder: str,
            minutes: float,
            name: str,
            key: str,
            staged: Staged | None,
            *values: Any,
        ) -> tuple | dict:
            folder = (folder or "").strip()
            config, needed = config_of(preset, model, data, folder, minutes, staged, values)
            own, key = staged if data == OWN and not folder else None, key_of(place, request, key)
            if own is not None and permissions.level(place, key) != "on":
                raise Refused("train.refused.limited")
            may = {"key": key, "paths": own is not None or is_here(place, request)}
            if not sure and outlook.lacks_a_gpu(preset, config, place):
                is_preset = presets.is_preset(config)
                permissions.permit(place, config, name=name or "", preset=is_preset, **may)
                return {panel["sure"]: gr.Column(visible=True), panel["question"]: outlook.question(config, request)}
            run = jobs.start(
                *(place, config, name or ""),
                **may,
                visitor=session_of(request),
                prepare=(lambda run: form.move_in(own, run)) if own else None,
                needed=needed,
            )
            for sentence in form.advice(run, language_of(request)) if own is None else ():
                gr.Warning(escape(sentence))
            return gr.Column(visible=False), "", "", None, None, *show(run, names_of(jobs.recent()), request)

        return handler

    def start_instead(key: str, request: gr.Request) -> tuple:
        model, data, minutes, _, settings, *_ = presets.PRESETS[HERE]
        config = presets.settings_of(model, data, minutes, **settings)
        run = jobs.start(place, config, key=key_of(place, request, key), visitor=session_of(request))
        return gr.Column(visible=False), "", *show(run, names_of(jobs.recent()), request)

    def ask(do: str) -> Any:
        def handler(name: str | None, key: str, request: gr.Request) -> list[Any]:
            run = jobs.control(place, name or "", do, key=key_of(place, request, key), patience=PATIENCE)
            return show(run, names_of(jobs.recent()), request)

        return handler

    def act(button: str) -> Any:
        def handler(name: str | None, key: str, label: str, request: gr.Request) -> list[Any]:
            wish = live_controls.word(button, label, language_of(request))
            run = jobs.control(place, name or "", wish, key=key_of(place, request, key))
            return show(run, names_of(jobs.recent()), request)

        return handler

    def choose(setting: str) -> Any:
        def handler(value: float | None, name: str | None, key: str, request: gr.Request) -> None:
            if value is None:  # the run that is watched has another one than those to choose from
                return
            jobs.control(place, name or "", f"{setting}={value:g}", key=key_of(place, request, key))

        return handler

    def what_if(name: str | None, key: str, request: gr.Request) -> list[Any]:
        run = jobs.what_if(place, name or "", key=key_of(place, request, key))
        return show(run, names_of(jobs.recent()), request)

    def question(name: str | None, request: gr.Request) -> tuple:
        return gr.Group(visible=True), say(request, "train.delete.question", run=name or "")

    def delete(name: str | None, key: str, request: gr.Request) -> tuple:
        jobs.delete(place, name or "", key=key_of(place, request, key))
        return gr.Group(visible=False), *opened(None, request)

    def take(model: str, size: float, a: list | None, b: list | None, key: str, request: gr.Request) -> tuple:
        piles = [a or []] if model == "dcgan" else [a or [], b or []]
        if not all(piles):
            return None, f"<p>{escape(say(request, 'train.own.more'))}</p>" if any(piles) else ""
        if permissions.level(place, key_of(place, request, key)) != "on":
            raise Refused("train.refused.limited")
        staged = form.stage(place, model, int(size), piles)
        return staged, form.told(staged, model, int(size), language_of(request))

    def estimate(
        request: gr.Request,
        preset: str,
        model: str,
        data: str,
        folder: str,
        minutes: float,
        staged: Staged | None,
        *values: Any,
    ) -> Iterator[tuple]:
        asked = (preset, model, data, folder, minutes, staged, *values)
        folder = (folder or "").strip()
        if data == OWN and preset == OWN and not folder and staged is None:
            data = "herd" if model == "cyclegan" else "mnist"
        config, needed = config_of(preset, model, data, folder, minutes, staged, values)
        yield from outlook.ask(config, needed, asked, request)

    def forget(request: gr.Request, *asked: Any) -> Any:
        return outlook.forget(asked, request)

    def about_machine(request: gr.Request) -> str:
        told = form.machine(language_of(request))
        if place.is_key_made and is_here(place, request):
            told += f"<p>{escape(say(request, 'train.key_made', code=place.key))}</p>"
        return told

    measured = [preset, model, data, folder, minutes, staged, *fields]
    on_open(opened, watched, shown)
    on_open(about_machine, None, panel["machine"])
    fill, offer = (polite(partial(each, own=is_free)) for each in (form.fill, form.offer))
    room = [panel["pictures"], panel["pile_b"]]
    filled, lead = [panel["own"], model, minutes, data, *room, *fields], asked_of("train")
    preset.input(fill, preset, filled, **LATEST)
    on_open(partial(form.led, own=is_free), lead, [lead, preset, *filled])
    model.input(offer, model, [data, *room, *fields], **LATEST)
    data.input(polite(form.chosen), [model, data], [*room, *fields], **LATEST)
    gr.on(
        [panel[pile].upload for pile in ("pile_a", "pile_b")] + [panel[pile].clear for pile in ("pile_a", "pile_b")],
        polite(take),
        [model, panel["fields"]["size"], panel["pile_a"], panel["pile_b"], key],
        [staged, panel["taken"]],
        **(LATEST | {"show_progress": "full", "show_progress_on": [panel["taken"]]}),
    )
    told = [panel["outlook"], panel["measure"], panel["halt"]]
    panel["measure"].click(polite(estimate), measured, told, **(QUIET | {"concurrency_limit": None}))
    panel["halt"].click(polite(outlook.stop), None, told, queue=False, **QUIET)
    of_other_settings = [each.input for each in (preset, model, data, folder, minutes, *fields)]
    gr.on(of_other_settings, polite(forget, unfit=True), measured, told, queue=False, **LATEST)
    watched.input(polite(watch), [watched, sight["facts"]], [held, *shown], **LATEST)
    moment.input(polite(rewind), [watched, moment], [sight["film"], held], **LATEST)
    begun = [panel["sure"], panel["question"], name, staged, held, *shown]
    panel["go"].click(polite(start(sure=False)), asked, begun, **QUIET).then(
        None, None, None, js=SHOW_QUESTION, api_visibility="private"
    )
    panel["anyway"].click(polite(start(sure=True)), asked, begun, **QUIET)
    panel["instead"].click(polite(start_instead), key, [*begun[:2], *shown], **QUIET)
    panel["rather_not"].click(lambda: gr.Column(visible=False), None, panel["sure"], queue=False, **QUIET)
    for button, do in zip(sight["buttons"], DO.values(), strict=True):
        button.click(polite(ask(do)), [watched, key], shown, **QUIET)
    for each, button in {**{f"hold-{side}": b for side, b in desk.holds.items()}, **desk.buttons}.items():
        button.click(polite(act(each)), [watched, key, button], shown, **EACH)
    desk.rounds.input(polite(choose("rounds-d")), [desk.rounds, watched, key], None, **LATEST)
    desk.label.input(polite(choose("label")), [desk.label, watched, key], None, **LATEST)
    desk.what_if.click(polite(what_if), [watched, key], shown, **QUIET)
    sight["delete"].click(polite(question), watched, [sight["sure"], sight["question"]], **QUIET)
    sight["keep"].click(lambda: gr.Group(visible=False), None, sight["sure"], queue=False, **QUIET)
    sight["gone"].click(polite(delete), [watched, key], [sight["sure"], *shown], **QUIET)
    sight["facts"].tick(
        polite(follow), [watched, sight["facts"], held], shown, trigger_mode="once", queue=False, **QUIET
    )
    api.publish(place)
