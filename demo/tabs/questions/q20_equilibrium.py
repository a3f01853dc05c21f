"""Question 20, should the discriminator stop?, with a duel small enough to see whole; each visitor has one.

The page asks for the next rounds when the last answer is here (q20_equilibrium.js), so no queue can grow, and only
while the duel can be seen.
"""

import time
from collections.abc import Callable
from typing import Any

import gradio as gr

from demo.tabs.questions import q20_api, q20_figures, quiz_items
from demo.tabs.questions.q20_presets import DATA, DESCENTS, HOLDS, PRESETS, RATES, SETTINGS, SPEEDS, TRIES, Now
from demo.tabs.questions.q20_session import Held, in_turn, ink, new, pace, play, seen
from demo.ui import drawing_pad as pads
from demo.ui import svg_chart
from demo.ui.assets import beside
from demo.ui.handlers import EACH, LATEST, QUIET, catch_errors
from demo.ui.i18n import Language, language_of, say, t
from demo.ui.sections import Section
from gan.config import LOSS_NAMES

CSS, JS = beside(__file__, "q20_equilibrium.css"), beside(__file__, "q20_equilibrium.js")
REST = 300.0  # seconds without a touch after which a duel pauses by itself
KEPT = 3600.0  # seconds that a duel is kept after the last touch
ALONE = 400  # rounds of D alone, at most, to train it to its best


def button(held: Held, language: Language) -> gr.Button:
    """The button that lets it run or pauses it."""
    return gr.Button(value=say(language, "questions.q20.pause" if held.running else "questions.q20.run"))


def whole(held: Held, now: Now, request: gr.Request) -> tuple:
    """(duel, figure, curves, run button): everything drawn anew."""
    language = language_of(request)
    held.touched = held.drawn = time.monotonic()
    sight = in_turn(seen, held, now.hold, now.shows, language, curves=True)
    return held, *sight, button(held, language)


def ensure(held: Held | None, now: Now) -> Held:
    """The visitor's duel, or a new one where there is none (any more)."""
    return held or fresh_of(now)


def fresh_of(now: Now) -> Held:
    """A new duel as the lesson begins, on the data chosen and with the settings of now."""
    lesson, config = PRESETS[now.preset], now.config()
    return in_turn(new, now.data, now.drawing, config, lesson.alone, lesson.taught(config.seed))


def show(subject: None, held: Held | None, shown: str | None, *values: Any) -> tuple:
    """(duel, figure, curves, run button, items) when the section is opened."""
    *values, request = values
    now = Now(*values)
    if held is not None:
        held.running = False
    return *whole(ensure(held, now), now, request), quiz_items.once("q20", shown, request)


def begin(request: gr.Request, held: Held | None, *values: Any) -> tuple:
    """`whole` with a new duel on the data chosen; it runs on if the last one ran."""
    now = Now(*values)
    fresh = fresh_of(now)
    fresh.running = bool(held and held.running)
    return whole(fresh, now, request)


def run(request: gr.Request, held: Held | None, *values: Any) -> tuple:
    """`whole`, running if it paused, paused if it ran."""
    now = Now(*values)
    held = ensure(held, now)
    held.running, held.alone = not held.running, 0
    return whole(held, now, request)


def step(which: str) -> Callable:
    """A handler that plays one round, in which "both", only "d" or only "g" learns, and then pauses."""

    def handler(request: gr.Request, held: Held | None, *values: Any) -> tuple:
        now = Now(*values)
        held = ensure(held, now)
        held.running, held.alone = False, 0
        in_turn(play, held, now.config(), {"both": now.hold, "d": "g", "g": "d"}[which], 1)
        return whole(held, now, request)

    return handler


def to_best(request: gr.Request, held: Held | None, *values: Any) -> tuple:
    """`whole`, with D training alone from now on until it is as good as can be."""
    now = Now(*values)
    held = ensure(held, now)
    held.running, held.alone = True, ALONE
    return whole(held, now, request)


def tick(request: gr.Request, held: Held | None, *values: Any) -> tuple:
    """(figure, curves, run button): some rounds on; the curves are drawn once a second or less."""
    now = Now(*values)
    if held is None or not held.running:  # cleared away, or the page has missed that it pauses
        return whole(ensure(held, now), now, request)[1:]
    language, config, alone = language_of(request), now.config(), held.alone > 0
    late = time.monotonic() - held.drawn > pace()

    def work() -> tuple[str, Any]:
        play(held, config, now.hold, SPEEDS.get(now.speed, 1))
        if time.monotonic() - held.touched > REST or (alone and not held.alone):
            held.running = False
        return seen(held, now.hold, now.shows, language, curves=late)

    sight = in_turn(work)
    if late:
        held.drawn = time.monotonic()
    return *sight, gr.skip() if held.running else button(held, language)


def choose(request: gr.Request, preset: str, held: Held | None, *values: Any) -> tuple:
    """(*whole, what to watch, pad, *what to try then, *controls) for a lesson; it begins at once."""
    lesson, language = PRESETS[preset], language_of(request)
    fields = {name: getattr(lesson, name) for name in SETTINGS}
    now = Now(*values)._replace(**fields, preset=preset, n_critic=1)
    fresh = fresh_of(now)
    fresh.running = True
    about = say(language, f"questions.q20.presets.{preset}.watch")
    then = [gr.Button(visible=name in lesson.tries) for name in TRIES]
    return *whole(fresh, now, request), about, gr.HTML(visible=False), *then, *fields.values(), 1


def attempt(name: str) -> Callable:
    """A handler for what a lesson suggests to try: (*whole, *controls); it runs."""

    def handler(request: gr.Request, held: Held | None, *values: Any) -> tuple:
        now = Now(*values)
        lesson = PRESETS[now.preset]
        if name not in lesson.tries:  # the lesson was changed under the pointer
            return (gr.skip(),) * (4 + len(SETTINGS) + 1)
        then = lesson.tries[name]
        settings = {"loss": then.loss, "descent": then.descent, "rate_g": then.rate_g, "rate_d": lesson.rate_d}
        now = now._replace(**settings, hold="none", n_critic=1)
        if then.anew:
            now = now._replace(data=lesson.data)
            held = fresh_of(now)
        else:
            held = ensure(held, now)
            held.gan.change(now.config())
        held.running, held.alone = True, 0
        return *whole(held, now, request), *(getattr(now, field) for field in SETTINGS), 1

    return handler


def choose_data(request: gr.Request, held: Held | None, *values: Any) -> tuple:
    """(*whole, pad): a new duel on other data; a drawing is waited for."""
    now, language = Now(*values), language_of(request)
    if now.data == "drawn":
        pad = gr.HTML(value=pads.canvas(language, 12, 4, colours=False), visible=True)
        if held is not None:
            held.running = False
        if not ink(now.drawing).any():
            held = ensure(held, now._replace(data="ring"))
            return *whole(held, now, request), pad
        return *begin(request, held, *values), pad
    return *begin(request, held, *values), gr.HTML(visible=False)


def build() -> Section:
    """The section."""

    def radio(name: str, values: Any, value: Any, **options: Any) -> gr.Radio:
        choices = [(t(f"questions.q20.{name}.{each}"), each) for each in values]
        return gr.Radio(choices, value=value, label=t(f"questions.q20.{name}_label"), elem_id=f"duel-{name}", **options)

    def rate(side: str, value: float) -> gr.Dropdown:
        choices = [(f"{each:g}", each) for each in RATES]
        label = t(f"questions.q20.rate_{side}")
        return gr.Dropdown(choices, value=value, label=label, min_width=140, elem_id=f"duel-rate-{side}")

    first = PRESETS["balanced"]
    with gr.Tab(t("questions.q20.tab"), id="q20") as tab:
        gr.Markdown(t("questions.q20.asked"))
        preset = radio("preset", PRESETS, "balanced")
        about = gr.Markdown(t("questions.q20.presets.balanced.watch"), elem_id="duel-about")
        with gr.Row(elem_id="duel-tries"):
            tries = {
                name: gr.Button(t(f"questions.q20.tries.{name}"), size="md", visible=False, elem_id=f"duel-try-{name}")
                for name in TRIES
            }
        held, drawing = gr.State(None, time_to_live=KEPT), gr.State("")
        with gr.Row():
            with gr.Column(scale=5, min_width=320):
                with gr.Row(elem_id="duel-buttons"):
                    go = gr.Button(t("questions.q20.run"), variant="primary", min_width=120, elem_id="duel-run")
                    buttons = {
                        name: gr.Button(t(f"questions.q20.{name}"), size="md", min_width=110, elem_id=f"duel-{name}")
                        for name in ("one", "only_d", "only_g", "best", "again")
                    }
                figure = gr.HTML(css_template=CSS, js_on_load=JS, elem_id="duel", min_height=420, padding=False)
                curves = svg_chart.html(CSS, elem_id="duel-curves")
            with gr.Column(scale=2, min_width=300):
                data = radio("data", DATA, first.data)
                pad = gr.HTML(visible=False, js_on_load=pads.JS, css_template=pads.CSS, elem_id="duel-pad")
                hold = radio("hold", HOLDS, first.hold)
                loss = radio("loss", LOSS_NAMES, first.loss)
                with gr.Row():
                    rate_g, rate_d = rate("g", first.rate_g), rate("d", first.rate_d)
                speed = radio("speed", SPEEDS, "normal")
                shows = gr.CheckboxGroup(
                    [(t(f"questions.q20.shows.{name}"), name) for name in q20_figures.SHOWS],
                    value=["real", "fake", "pull"],
                    label=t("questions.q20.shows_label"),
                    elem_id="duel-shows",
                )
                with gr.Accordion(t("questions.q20.more"), open=False):
                    descent = radio("descent", DESCENTS, first.descent, info=t("questions.q20.descent_info"))
                    n_critic = gr.Slider(1, 5, value=1, step=1, label=t("questions.q20.n_critic"))
                    seed = gr.Number(0, precision=0, minimum=0, label=t("questions.q20.seed"))
        gr.Markdown(t("questions.q20.text"))
        quiz_items.go_on(curves="held", train="digits")
        ending = quiz_items.build("q20")
        gr.api(catch_errors(q20_api.endpoint, is_page=False), api_name="duel")

    values = [preset, data, loss, descent, rate_g, rate_d, n_critic, seed, hold, speed, shows, drawing]
    asked, drawn = [held, *values], [held, figure, curves, go]
    past = QUIET | {"queue": False}  # past the queue: one answer is on its way at a time
    latest = LATEST | past
    figure.tick(catch_errors(tick), asked, [figure, curves, go], trigger_mode="once", **past)
    go.click(catch_errors(run), asked, drawn, **past)
    for name, which in (("one", "both"), ("only_d", "d"), ("only_g", "g")):
        buttons[name].click(catch_errors(step(which)), asked, drawn, **past)
    buttons["best"].click(catch_errors(to_best), asked, drawn, **past)
    buttons["again"].click(catch_errors(begin), asked, drawn, **past)
    controls = [data, loss, descent, rate_g, rate_d, hold, n_critic]
    for name, each in tries.items():
        each.click(catch_errors(attempt(name)), asked, [*drawn, *controls], **past)
    chosen = [*drawn, about, pad, *tries.values(), *controls]
    preset.input(catch_errors(choose), [preset, *asked], chosen, **latest)
    data.input(catch_errors(choose_data), asked, [*drawn, pad], **latest)
    gr.on([shows.input, hold.input, loss.input], catch_errors(redraw), asked, drawn, **latest)
    stroke = pad.input(catch_errors(pads.drawn), None, drawing, **(EACH | past))
    stroke.then(catch_errors(draw_anew), asked, drawn, **latest)
    return Section(tab, show, [held, ending, *values], [*drawn, ending], slow=False)


def redraw(request: gr.Request, held: Held | None, *values: Any) -> tuple:
    """`whole` as it stands, with what is to be shown now."""
    now = Now(*values)
    held = ensure(held, now)
    held.gan.change(now.config())
    return whole(held, now, request)


def draw_anew(request: gr.Request, held: Held | None, *values: Any) -> tuple:
    """`whole` with a duel on what was drawn; an empty pad changes nothing."""
    now = Now(*values)
    if now.data != "drawn" or not ink(now.drawing).any():
        return (gr.skip(),) * 4
    return begin(request, held, *values)
