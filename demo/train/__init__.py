"""Train: start a duel and watch it, live or at any time after; conduct it, branch it, keep it or delete it."""

from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo import charts, jobs, launch, models, rules
from demo.handlers import QUIET, on_open, polite
from demo.language import language_of, say, t
from demo.place import Place
from demo.train import conducting, starting, watching
from demo.train.starting import MODELS, OWN, Staged
from demo.train.watching import report, stamp
from gan.errors import UserError

if TYPE_CHECKING:
    from gan.run import Run

DO = {"pause": "pause", "go_on": "go on", "stop": "stop"}
ALLOWED = {
    "pause": ("running",),
    "go_on": ("paused", "stopped", "interrupted", "failed"),
    "stop": (*jobs.ACTIVE, "queued"),
}
LOOPBACK = ("127.0.0.1", "::1", "localhost")
CSS = (charts.ASSETS / "train.css").read_text(encoding="utf-8")


# What is shown of a run


def show(run: "Run | None", names: list[str], request: gr.Request, moment: float | None = None) -> list[Any]:
    """(runs, facts, film, its slider, charts, Pause, Go on, Stop, Delete, desk ..., seen) for a run among these.

    `moment` is the sample that is being looked at, None for the newest.
    """
    language = language_of(request)
    if run is None:
        none = f"<p>{escape(say(language, 'train.none'))}</p>"
        off = [gr.Button(interactive=False)] * 4
        nothing = [gr.Dropdown(choices=names, value=None), none, "", gr.Slider(interactive=False), ""]
        return [*nothing, *off, *conducting.set_out(None, language), "none"]
    seen, standing, count = stamp(run), jobs.status(run), len(run.samples())
    last = max(0, count - 1)
    at = last if moment is None else int(min(moment, last))
    return [
        gr.Dropdown(choices=names, value=run.name),
        watching.facts(run.folder, seen, language),
        watching.film(run.folder, seen, at, language),
        gr.Slider(maximum=max(1, last), value=at, interactive=count > 1),
        watching.curves(run.folder, seen, language),
        *(gr.Button(interactive=standing in ALLOWED[name]) for name in DO),
        gr.Button(interactive=jobs.at_rest(run) and not run.is_shipped),
        *conducting.set_out(run, language),
        repr((names, seen, count)),
    ]


def names_of(runs: "list[Run]") -> list[str]:
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


def follow(name: str | None, seen: str, held: float | None, request: gr.Request) -> Any:
    """`show` where there is something new, else nothing; `seen` is empty until the tab has been opened.

    A training that someone has started meanwhile is shown to all who don't watch one that still goes on. The film
    follows the newest sample for who has not gone back in it, to the moment `held`.
    """
    if not seen:
        return gr.skip()
    runs = jobs.recent()
    names = names_of(runs)
    watched = next((run for run in runs if run.name == name), None)
    if watched is not None:
        count = len(watched.samples())
        if repr((names, stamp(watched), count)) == seen:
            return gr.skip()
        is_new = runs[0].name != name and repr(runs[0].name) not in seen
        if is_new and not jobs.at_rest(runs[0]) and jobs.at_rest(watched):
            return show(runs[0], names, request)
        return show(watched, names, request, held)
    return show(next(iter(runs), None), names, request)


def watch(name: str | None, request: gr.Request) -> list[Any]:
    """(None, *show) for a run that was chosen: its film at the newest sample."""
    runs = jobs.recent()
    return [None, *show(next((run for run in runs if run.name == name), None), names_of(runs), request)]


def rewind(name: str | None, moment: float, request: gr.Request) -> tuple[str, float | None]:
    """(a moment of the film, the moment to hold: None at its end, which then goes on with the training)."""
    run = models.find(name or "")
    is_newest = moment >= len(run.samples()) - 1
    return watching.film(run.folder, stamp(run), int(moment), language_of(request)), None if is_newest else moment


def in_words(request: gr.Request | None, call: Any, *arguments: Any, **options: Any) -> Any:
    """Call something of `jobs`; a refusal comes in the reader's language."""
    try:
        return call(*arguments, **options)
    except rules.Refused as refusal:
        raise UserError(say(request, refusal.key, **refusal.values)) from None


def is_here(place: Place, request: gr.Request | None) -> bool:
    """Whether this visitor sits at this machine, and so may name its folders."""
    return place.kind == "local" and request is not None and getattr(request.client, "host", "") in LOOPBACK


# The page


def warm(place: Place) -> None:
    """Look after the queue of trainings from now on."""
    jobs.look_after(place)


def build(place: Place) -> None:
    """The Train tab."""
    launch.borrow(place)
    names = [*starting.settings_by_name()]
    is_free = place.training == "on" or (place.training == "limited" and bool(place.key))

    gr.Markdown(t("train.intro"))
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            panel = _starting_panel(place, is_free)
        with gr.Column(scale=5, min_width=320):
            sight = _watching_panel(place)
    panel["fields"] = _settings_panel(is_free)
    desk = sight["desk"]
    seen, staged, held = gr.State(""), gr.State(None), gr.State(None)
    shown = [
        *(sight[name] for name in ("watched", "facts", "film", "moment", "charts")),
        *sight["buttons"],
        sight["delete"],
        *desk.outputs,
        seen,
    ]
    watched, key, moment = sight["watched"], panel["key"], sight["moment"]
    preset, model, data, minutes, name = (panel[each] for each in ("preset", "model", "data", "minutes", "name"))
    fields = [panel["fields"][each] for each in names]
    asked = [preset, model, data, minutes, name, key, staged, *fields]

    def config_of(preset: str, model: str, data: str, minutes: float, staged: Staged | None, values: tuple) -> Any:
        """The settings that the controls stand for, and which rounds they need."""
        if preset != OWN and not is_free:
            chosen = jobs.PRESETS[preset]
            return jobs.settings_of(chosen.model, chosen.data, minutes, **chosen.settings), chosen.needed
        if data == OWN:
            if staged is None:
                raise UserError(say(None, "train.own.none"))
            data = staged.folder
        settings = starting.values_of(model, data, dict(zip(names, values, strict=True)))
        needed = jobs.PRESETS[preset].needed if preset != OWN else None
        return jobs.settings_of(model, data, minutes, **settings), needed

    def start(
        request: gr.Request,
        preset: str,
        model: str,
        data: str,
        minutes: float,
        name: str,
        key: str,
        staged: Staged | None,
        *values: Any,
    ) -> tuple:
        if data == OWN and preset == OWN and staged is None:
            raise UserError(say(request, "train.own.none"))
        config, _ = in_words(request, config_of, preset, model, data, minutes, staged, values)
        own = staged if data == OWN else None
        if own is not None and rules.level(place, key) != "on":
            raise UserError(say(request, "train.refused.limited"))
        run = in_words(
            request,
            jobs.start,
            *(place, config, name or ""),
            key=key or "",
            paths=own is not None or is_here(place, request),
            visitor=request.session_hash or "",
            prepare=(lambda run: starting.move_in(own, run)) if own else None,
        )
        return "", None, None, *show(run, names_of(jobs.recent()), request)

    def ask(do: str) -> Any:
        def handler(name: str | None, key: str, request: gr.Request) -> list[Any]:
            run = in_words(request, jobs.control, place, name or "", do, key=key or "")
            return show(run, names_of(jobs.recent()), request)

        return handler

    def act(button: str) -> Any:
        def handler(name: str | None, key: str, request: gr.Request) -> list[Any]:
            wish = conducting.word(models.find(name or ""), button)
            run = in_words(request, jobs.control, place, name or "", wish, key=key or "")
            return show(run, names_of(jobs.recent()), request)

        return handler

    def choose(setting: str) -> Any:
        def handler(value: float, name: str | None, key: str, request: gr.Request) -> None:
            in_words(request, jobs.control, place, name or "", f"{setting}={value:g}", key=key or "")

        return handler

    def what_if(name: str | None, key: str, request: gr.Request) -> list[Any]:
        run = in_words(request, jobs.what_if, place, name or "", key=key or "")
        return show(run, names_of(jobs.recent()), request)

    def question(name: str | None, request: gr.Request) -> tuple:
        return gr.Group(visible=True), say(request, "train.delete.question", run=name or "")

    def delete(name: str | None, key: str, request: gr.Request) -> tuple:
        in_words(request, jobs.delete, place, name or "", key=key or "")
        return gr.Group(visible=False), *opened(None, request)

    def take(model: str, size: float, a: list | None, b: list | None, key: str, request: gr.Request) -> tuple:
        piles = [a or []] if model == "dcgan" else [a or [], b or []]
        if not all(piles):
            return None, f"<p>{escape(say(request, 'train.own.more'))}</p>" if any(piles) else ""
        if in_words(request, rules.level, place, key or "") != "on":
            raise UserError(say(request, "train.refused.limited"))
        staged = in_words(request, starting.stage, place, model, int(size), piles)
        return staged, starting.told(staged, model, int(size), language_of(request))

    def estimate(
        request: gr.Request,
        preset: str,
        model: str,
        data: str,
        minutes: float,
        staged: Staged | None,
        *values: Any,
    ) -> str:
        if data == OWN and preset == OWN and staged is None:
            data = "herd" if model == "cyclegan" else "mnist"
        config, needed = in_words(request, config_of, preset, model, data, minutes, staged, values)
        if jobs.active() is not None:
            return f"<p>{escape(say(request, 'train.outlook.busy'))}</p>"
        return starting.outlook(config, needed, language_of(request))

    def about_machine(request: gr.Request) -> str:
        return starting.machine(language_of(request))

    measured = [preset, model, data, minutes, staged, *fields]
    on_open(opened, watched, shown)
    on_open(about_machine, None, panel["machine"])
    fill, offer = (polite(partial(each, own=is_free)) for each in (starting.fill, starting.offer))
    filled = preset.input(fill, preset, [panel["own"], model, data, minutes, *fields], **QUIET)
    filled.then(polite(starting.room), [model, data], [panel["pictures"], panel["pile_b"]], **QUIET)
    offered = model.input(offer, model, [data, *fields], **QUIET)
    offered.then(polite(starting.room), [model, data], [panel["pictures"], panel["pile_b"]], **QUIET)
    data.input(polite(starting.chosen), [model, data], [panel["pictures"], panel["pile_b"], *fields], **QUIET)
    gr.on(
        [panel[pile].upload for pile in ("pile_a", "pile_b")] + [panel[pile].clear for pile in ("pile_a", "pile_b")],
        polite(take),
        [model, panel["fields"]["size"], panel["pile_a"], panel["pile_b"], key],
        [staged, panel["taken"]],
        **(QUIET | {"show_progress": "full", "show_progress_on": [panel["taken"]]}),
    )
    panel["measure"].click(
        polite(estimate),
        measured,
        panel["outlook"],
        **(QUIET | {"show_progress": "full", "show_progress_on": [panel["outlook"]]}),
    )
    watched.input(polite(watch), watched, [held, *shown], trigger_mode="always_last", **QUIET)
    moment.input(polite(rewind), [watched, moment], [sight["film"], held], trigger_mode="always_last", **QUIET)
    panel["go"].click(polite(start), asked, [name, staged, held, *shown], **QUIET)
    for button, do in zip(sight["buttons"], DO.values(), strict=True):
        button.click(polite(ask(do)), [watched, key], shown, **QUIET)
    for each, button in {**{f"hold-{side}": b for side, b in desk.holds.items()}, **desk.buttons}.items():
        button.click(polite(act(each)), [watched, key], shown, **QUIET)
    desk.rounds.input(polite(choose("rounds-d")), [desk.rounds, watched, key], None, **QUIET)
    desk.label.input(polite(choose("label")), [desk.label, watched, key], None, **QUIET)
    desk.what_if.click(polite(what_if), [watched, key], shown, **QUIET)
    sight["delete"].click(polite(question), watched, [sight["sure"], sight["question"]], **QUIET)
    sight["keep"].click(lambda: gr.Group(visible=False), None, sight["sure"], queue=False, **QUIET)
    sight["gone"].click(polite(delete), [watched, key], [sight["sure"], *shown], **QUIET)
    sight["facts"].tick(polite(follow), [watched, seen, held], shown, trigger_mode="once", queue=False, **QUIET)
    _endpoints(place)


def _starting_panel(place: Place, is_free: bool) -> dict[str, Any]:
    """What to train."""
    first_name, first = next(iter(jobs.PRESETS.items()))
    shows = place.training != "off"
    if place.training != "on":
        gr.Markdown(t(f"train.{place.training}"))
    ready = [name for name in jobs.PRESETS if is_free or name != "zebras"]
    panel: dict[str, Any] = {"machine": gr.HTML(elem_id="train-machine")}
    panel["preset"] = gr.Radio(
        [(t(f"train.presets.{name}"), name) for name in (*ready, *([OWN] if is_free else []))],
        value=first_name,
        label=t("train.preset"),
        visible=shows,
        elem_id="train-preset",
    )
    with gr.Group(visible=False) as panel["own"]:
        panel["model"] = gr.Radio(
            [(t(f"train.models.{name}"), name) for name in MODELS],
            value=first.model,
            label=t("train.model"),
            elem_id="train-model",
        )
        panel["data"] = gr.Dropdown(
            starting.data_choices(first.model, own=is_free),
            value=first.data,
            label=t("train.data"),
            info=t("train.data_info") if place.kind == "local" else None,
            allow_custom_value=is_free and place.kind == "local",
            elem_id="train-data",
        )
        panel["name"] = gr.Textbox(
            label=t("train.name"), placeholder=t("train.name_info"), max_length=64, max_lines=1, elem_id="train-name"
        )
    with gr.Column(visible=False) as panel["pictures"]:
        gr.Markdown(t("train.own.how"))
        for pile in "ab":
            panel[f"pile_{pile}"] = gr.File(
                file_count="multiple",
                file_types=["image", ".zip"],
                label=t(f"train.own.pile.{pile}"),
                height=120,
                visible=pile == "a",
                elem_id=f"train-pile-{pile}",
            )
        panel["taken"] = gr.HTML(elem_id="train-taken", css_template=CSS)
    panel["minutes"] = gr.Number(
        first.minutes,
        minimum=0.1,
        maximum=rules.MOST_MINUTES["on" if is_free else place.training] or 1,
        step=0.5,
        label=t("train.minutes"),
        visible=shows,
        elem_id="train-minutes",
    )
    panel["key"] = gr.Textbox(
        "",
        type="password",
        label=t("train.key"),
        info=t("train.key_info"),
        max_lines=1,
        visible=bool(place.key) and shows,
        elem_id="train-key",
    )
    panel["go"] = gr.Button(t("train.start"), variant="primary", size="lg", visible=shows, elem_id="train-start")
    with gr.Row(visible=shows):
        panel["measure"] = gr.Button(t("train.outlook.ask"), size="md", min_width=160, elem_id="train-measure")
    panel["outlook"] = gr.HTML(elem_id="train-outlook", css_template=CSS)
    return panel


def _settings_panel(is_free: bool) -> dict[str, Any]:
    """The settings' controls by name, as many in a line as there is room for."""
    first = next(iter(jobs.PRESETS.values()))
    with gr.Accordion(t("train.all_settings"), open=False, visible=is_free, elem_id="train-settings"):
        gr.Markdown(t("train.all_settings_info"))
        with gr.Row():
            return {
                name: starting.control_of(name, of, jobs.SETTINGS[first.model] | {"channels": 1})
                for name, of in starting.settings_by_name().items()
            }


def _watching_panel(place: Place) -> dict[str, Any]:
    """What is trained now, or was."""
    shows = place.training != "off"
    sight: dict[str, Any] = {}
    with gr.Row():
        sight["watched"] = gr.Dropdown(
            [],
            label=t("train.watch"),
            show_label=False,
            container=False,
            scale=3,
            min_width=180,
            elem_id="train-watch",
        )
        sight["buttons"] = [
            gr.Button(
                t(f"train.{do}"),
                interactive=False,
                visible=shows and not (do == "pause" and place.kind == "zerogpu"),
                size="md",
                scale=1,
                min_width=90,
                elem_id=f"train-{do.replace('_', '-')}",
            )
            for do in DO
        ]
        sight["delete"] = gr.Button(
            t("train.delete.button"), interactive=False, visible=shows, size="md", min_width=90, elem_id="train-delete"
        )
    with gr.Group(visible=False) as sight["sure"]:
        sight["question"] = gr.Markdown(elem_id="train-question")
        with gr.Row():
            sight["keep"] = gr.Button(t("train.delete.keep"), size="md", elem_id="train-keep")
            sight["gone"] = gr.Button(t("train.delete.sure"), variant="stop", size="md", elem_id="train-gone")
    sight["facts"] = charts.html(CSS, elem_id="watch", min_height=120, seconds=1)
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            sight["film"] = charts.html(CSS, elem_id="film", min_height=200)
            sight["moment"] = gr.Slider(
                0, 1, step=1, label=t("train.film"), interactive=False, buttons=[], elem_id="train-moment"
            )
        with gr.Column(scale=1, min_width=280):
            sight["charts"] = charts.html(CSS, elem_id="train-curves")
    sight["desk"] = conducting.build()
    return sight


def _endpoints(place: Place) -> None:
    """What `gradio_client` can ask for."""

    def train_start(
        model: str,
        data: str,
        minutes: float,
        name: str = "",
        settings: dict | None = None,
        key: str = "",
        request: gr.Request = None,
    ) -> dict:
        """Start a training, or let it wait for the one that runs, and return how it stands.

        `model` is "dcgan" or "cyclegan", `data` the name of a data set; without a `name` the run is given one.
        `settings` are fields of the model's config. Errors say what is possible here.
        """
        config = in_words(request, jobs.settings_of, model, data, minutes, **(settings or {}))
        how = {"key": key, "paths": is_here(place, request), "visitor": getattr(request, "session_hash", "") or ""}
        return report(in_words(request, jobs.start, place, config, name, **how))

    def train_status(run: str = "") -> dict:
        """How a run stands; without a name the most recent one: status, progress (0 to 1), step, seconds, losses."""
        runs = jobs.recent()
        if not run and not runs:
            raise UserError("There are no runs yet; start one with /train_start.")
        return report(models.find(run) if run else runs[0])

    def train_control(run: str, do: str, key: str = "", request: gr.Request = None) -> dict:
        """Ask "pause", "go on", "stop", "step-d", "hold-d", "lr-g=0.0006" ... of a run; returns how it stands now."""
        return report(in_words(request, jobs.control, place, run, do, key=key))

    def train_what_if(run: str, key: str = "", request: gr.Request = None) -> dict:
        """Go back to before the last act on a run, in a run of its own; returns how that stands."""
        return report(in_words(request, jobs.what_if, place, run, key=key))

    def train_delete(run: str, key: str = "", request: gr.Request = None) -> str:
        """Delete a run that does not train and did not come with the program; returns its name."""
        in_words(request, jobs.delete, place, run, key=key)
        return run

    for endpoint in (train_start, train_status, train_control, train_what_if, train_delete):
        gr.api(polite(endpoint), api_name=endpoint.__name__)
