"""Train: start a training and watch it, live or at any time after; control it, fork it, keep it or delete it."""

from functools import partial
from typing import Any

import gradio as gr

from demo import jobs
from demo.jobs import worker
from demo.server.environment import Place
from demo.shared.links import asked_of
from demo.tabs.train import api, estimate, form
from demo.tabs.train.handlers import Starting, Watching
from demo.tabs.train.layout import settings_panel, starting_panel, watching_panel
from demo.tabs.train.monitor import DO
from demo.ui.handlers import EACH, LATEST, QUIET, catch_errors, on_open
from demo.ui.i18n import t

SHOW_QUESTION = """() => document.querySelector("#train-rather-not")?.scrollIntoView({ block: "nearest" })"""


def warm(place: Place) -> None:
    """Look after the queue of trainings from now on."""
    jobs.look_after(place)


def build(place: Place) -> None:
    """The Train tab."""
    worker.borrow(place)
    is_free = place.training == "on" or (place.training == "limited" and bool(place.key))
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            panel = starting_panel(place, is_free)
        with gr.Column(scale=5, min_width=320, elem_classes="first-on-a-phone"):
            monitor, asks = watching_panel(place)
    panel["fields"] = settings_panel(is_free)
    gr.Markdown(t("train.intro"))
    starting, staged = Starting(place, is_free, monitor), gr.State(None)
    wire_form(starting, panel, staged)
    wire_start(starting, panel, staged)
    wire_watching(Watching(place, monitor), asks, panel["key"])
    api.add_endpoints(place)


def asked_by(panel: dict[str, Any], staged: gr.State) -> list[Any]:
    """The controls of the form, in the order of `Form`."""
    fields = [panel["fields"][each] for each in form.settings_by_name()]
    return [*(panel[each] for each in ("preset", "model", "data", "folder", "source", "minutes")), staged, *fields]


def wire_form(starting: Starting, panel: dict[str, Any], staged: gr.State) -> None:
    """The form: what a preset, a model or data of one's own make of its other controls, and how fast it would be."""
    preset, model, data, folder, source, minutes, _, *fields = asked = asked_by(panel, staged)
    on_open(starting.machine, None, panel["machine"])
    on_open(form.sources, None, source)
    fill, offer = (catch_errors(partial(each, own=starting.is_free)) for each in (form.fill, form.offer))
    room = [panel["pictures"], panel["pile_b"]]
    filled, lead = [panel["own"], model, minutes, data, *room, *fields], asked_of("train")
    preset.input(fill, preset, filled, **LATEST)
    on_open(partial(form.led, own=starting.is_free), lead, [lead, preset, *filled])
    model.input(offer, model, [data, *room, *fields], **LATEST)
    data.input(catch_errors(form.chosen), [model, data], [*room, *fields], **LATEST)
    gr.on(
        [panel[pile].upload for pile in ("pile_a", "pile_b")] + [panel[pile].clear for pile in ("pile_a", "pile_b")],
        catch_errors(starting.take),
        [model, panel["fields"]["size"], panel["pile_a"], panel["pile_b"], panel["key"]],
        [staged, panel["taken"], panel["fields"]["diff_augment"]],
        **(LATEST | {"show_progress": "full", "show_progress_on": [panel["taken"]]}),
    )
    told = [panel["outlook"], panel["measure"], panel["halt"]]
    panel["measure"].click(catch_errors(starting.measure), asked, told, **(QUIET | {"concurrency_limit": None}))
    panel["halt"].click(catch_errors(estimate.stop), None, told, queue=False, **QUIET)
    of_other_settings = [each.input for each in (preset, model, data, folder, source, minutes, *fields)]
    gr.on(of_other_settings, catch_errors(starting.forget, unfit=True), asked, told, queue=False, **LATEST)


def wire_start(starting: Starting, panel: dict[str, Any], staged: gr.State) -> None:
    """Start, and the question that comes first where a training takes a GPU that is not there."""
    sure, question, monitor = panel["sure"], panel["question"], starting.monitor
    asked = [panel["name"], panel["key"], *asked_by(panel, staged)]
    begun = [sure, question, panel["name"], staged, monitor.held, *monitor.outputs]
    go, anyway = (catch_errors(starting.start(panel, staged, is_sure=is_sure)) for is_sure in (False, True))
    panel["go"].click(go, asked, begun, **QUIET).then(None, None, None, js=SHOW_QUESTION, api_visibility="private")
    panel["anyway"].click(anyway, asked, begun, **QUIET)
    instead = catch_errors(starting.start_instead(panel))
    panel["instead"].click(instead, panel["key"], [sure, question, *monitor.outputs], **QUIET)
    panel["rather_not"].click(lambda: gr.Column(visible=False), None, sure, queue=False, **QUIET)


def wire_watching(watching: Watching, asks: dict[str, Any], key: gr.Textbox) -> None:
    """The run that is watched, its film, and what can be asked of it."""
    monitor, controls = watching.monitor, watching.monitor.controls
    watched, facts, held, shown = monitor.watched, monitor.facts, monitor.held, monitor.outputs
    on_open(monitor.opened, watched, shown)
    watched.input(catch_errors(monitor.watch), [watched, facts], [held, *shown], **LATEST)
    monitor.moment.input(catch_errors(monitor.rewind), [watched, monitor.moment], [monitor.film, held], **LATEST)
    for name, button in monitor.buttons.items():
        button.click(catch_errors(watching.ask(DO[name])), [watched, key], shown, **QUIET)
    for name, button in {**{f"hold-{side}": b for side, b in controls.holds.items()}, **controls.buttons}.items():
        button.click(catch_errors(watching.press(name)), [watched, key, button], shown, **EACH)
    controls.rounds.input(catch_errors(watching.choose("rounds-d")), [controls.rounds, watched, key], None, **LATEST)
    controls.label.input(catch_errors(watching.choose("label")), [controls.label, watched, key], None, **LATEST)
    controls.what_if.click(catch_errors(watching.what_if), [watched, key], shown, **QUIET)
    monitor.delete.click(catch_errors(watching.ask_to_delete), watched, [asks["sure"], asks["question"]], **QUIET)
    asks["keep"].click(lambda: gr.Group(visible=False), None, asks["sure"], queue=False, **QUIET)
    asks["gone"].click(catch_errors(watching.delete(asks["sure"])), [watched, key], [asks["sure"], *shown], **QUIET)
    facts.tick(catch_errors(monitor.follow), [watched, facts, held], shown, trigger_mode="once", queue=False, **QUIET)
