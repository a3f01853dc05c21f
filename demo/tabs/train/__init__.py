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
from demo.tabs.train.monitor import DO, follow, opened, rewind, watch
from demo.ui.handlers import EACH, LATEST, QUIET, on_open, polite
from demo.ui.i18n import t

SHOW_QUESTION = """() => document.querySelector("#train-rather-not")?.scrollIntoView({ block: "nearest" })"""


def warm(place: Place) -> None:
    """Look after the queue of trainings from now on."""
    jobs.look_after(place)


def build(place: Place) -> None:
    """The Train tab."""
    worker.borrow(place)
    starting = Starting(place, place.training == "on" or (place.training == "limited" and bool(place.key)))
    gr.Markdown(t("train.intro"))
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            panel = starting_panel(place, starting.is_free)
        with gr.Column(scale=5, min_width=320):
            sight = watching_panel(place)
    panel["fields"] = settings_panel(starting.is_free)
    staged, held = gr.State(None), gr.State(None)
    shown = [
        *(sight[name] for name in ("watched", "facts", "film", "moment", "charts")),
        *sight["buttons"],
        sight["delete"],
        *sight["desk"].outputs,
    ]
    wire_form(starting, panel, staged)
    wire_start(starting, panel, staged, held, shown)
    wire_watching(Watching(place), sight, panel["key"], held, shown)
    api.publish(place)


def asked_by(panel: dict[str, Any], staged: gr.State) -> list[Any]:
    """The controls of the form, in the order of `Form`."""
    fields = [panel["fields"][each] for each in form.settings_by_name()]
    return [*(panel[each] for each in ("preset", "model", "data", "folder", "minutes")), staged, *fields]


def wire_form(starting: Starting, panel: dict[str, Any], staged: gr.State) -> None:
    """The form: what a preset, a model or data of one's own make of its other controls, and how fast it would be."""
    preset, model, data, folder, minutes, _, *fields = asked = asked_by(panel, staged)
    on_open(starting.machine, None, panel["machine"])
    fill, offer = (polite(partial(each, own=starting.is_free)) for each in (form.fill, form.offer))
    room = [panel["pictures"], panel["pile_b"]]
    filled, lead = [panel["own"], model, minutes, data, *room, *fields], asked_of("train")
    preset.input(fill, preset, filled, **LATEST)
    on_open(partial(form.led, own=starting.is_free), lead, [lead, preset, *filled])
    model.input(offer, model, [data, *room, *fields], **LATEST)
    data.input(polite(form.chosen), [model, data], [*room, *fields], **LATEST)
    gr.on(
        [panel[pile].upload for pile in ("pile_a", "pile_b")] + [panel[pile].clear for pile in ("pile_a", "pile_b")],
        polite(starting.take),
        [model, panel["fields"]["size"], panel["pile_a"], panel["pile_b"], panel["key"]],
        [staged, panel["taken"]],
        **(LATEST | {"show_progress": "full", "show_progress_on": [panel["taken"]]}),
    )
    told = [panel["outlook"], panel["measure"], panel["halt"]]
    panel["measure"].click(polite(starting.measure), asked, told, **(QUIET | {"concurrency_limit": None}))
    panel["halt"].click(polite(estimate.stop), None, told, queue=False, **QUIET)
    of_other_settings = [each.input for each in (preset, model, data, folder, minutes, *fields)]
    gr.on(of_other_settings, polite(starting.forget, unfit=True), asked, told, queue=False, **LATEST)


def wire_start(starting: Starting, panel: dict[str, Any], staged: gr.State, held: gr.State, shown: list[Any]) -> None:
    """Start, and the question that comes first where a training takes a GPU that is not there."""
    sure, question = panel["sure"], panel["question"]
    asked = [panel["name"], panel["key"], *asked_by(panel, staged)]
    begun = [sure, question, panel["name"], staged, held, *shown]
    panel["go"].click(polite(starting.start(sure, question, is_sure=False)), asked, begun, **QUIET).then(
        None, None, None, js=SHOW_QUESTION, api_visibility="private"
    )
    panel["anyway"].click(polite(starting.start(sure, question, is_sure=True)), asked, begun, **QUIET)
    panel["instead"].click(polite(starting.start_instead), panel["key"], [sure, question, *shown], **QUIET)
    panel["rather_not"].click(lambda: gr.Column(visible=False), None, sure, queue=False, **QUIET)


def wire_watching(watching: Watching, sight: dict[str, Any], key: gr.Textbox, held: gr.State, shown: list[Any]) -> None:
    """The run that is watched, its film, and what can be asked of it."""
    watched, desk = sight["watched"], sight["desk"]
    on_open(opened, watched, shown)
    watched.input(polite(watch), [watched, sight["facts"]], [held, *shown], **LATEST)
    sight["moment"].input(polite(rewind), [watched, sight["moment"]], [sight["film"], held], **LATEST)
    for button, do in zip(sight["buttons"], DO.values(), strict=True):
        button.click(polite(watching.ask(do)), [watched, key], shown, **QUIET)
    for each, button in {**{f"hold-{side}": b for side, b in desk.holds.items()}, **desk.buttons}.items():
        button.click(polite(watching.press(each)), [watched, key, button], shown, **EACH)
    desk.rounds.input(polite(watching.choose("rounds-d")), [desk.rounds, watched, key], None, **LATEST)
    desk.label.input(polite(watching.choose("label")), [desk.label, watched, key], None, **LATEST)
    desk.what_if.click(polite(watching.what_if), [watched, key], shown, **QUIET)
    sight["delete"].click(polite(watching.ask_to_delete), watched, [sight["sure"], sight["question"]], **QUIET)
    sight["keep"].click(lambda: gr.Group(visible=False), None, sight["sure"], queue=False, **QUIET)
    sight["gone"].click(polite(watching.delete), [watched, key], [sight["sure"], *shown], **QUIET)
    sight["facts"].tick(
        polite(follow), [watched, sight["facts"], held], shown, trigger_mode="once", queue=False, **QUIET
    )
