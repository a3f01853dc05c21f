"""Curves: the duel of up to four runs side by side, and what each could draw at any moment of it."""

import gradio as gr

from demo.server.environment import Place
from demo.tabs.curves import reading
from demo.tabs.curves.downloads import save_csv, save_film, save_png, save_svg
from demo.tabs.curves.events import PLAYBACK, RunsView, endpoint
from demo.tabs.curves.layout import panel
from demo.tabs.curves.predictions import Predictions
from demo.ui.address import keeps
from demo.ui.handlers import EACH, LATEST, QUIET, catch_errors, on_open
from demo.ui.i18n import t


def build(place: Place) -> None:
    """The Curves tab."""
    view, predictions, player = panel()
    with gr.Row():
        downloads = {
            kind: gr.Button(t(f"curves.{kind}"), size="md", scale=0, min_width=210, elem_id=f"save-{kind}")
            for kind in ("png", "svg", "csv", "gif")
        }
        ready = {kind: gr.DownloadButton("", visible="hidden", elem_id=f"ready-{kind}") for kind in downloads}
    reading.build()
    for words in ("curves.step_info", "curves.intro"):
        gr.Markdown(t(words))

    slider, clock = view.slider, predictions.clock
    shown, experimental = view.outputs, predictions.outputs

    on_open(predictions.opened, [predictions.lead, *view.inputs], [predictions.lead, *experimental])
    predictions.experiment.input(
        catch_errors(predictions.choose), [predictions.experiment, *view.inputs], experimental, **LATEST
    )
    predictions.option.input(
        catch_errors(predictions.answer), [predictions.option, view.guess], predictions.asked, **LATEST
    )
    predictions.ends.input(
        catch_errors(predictions.pick),
        [predictions.ends, player.speed, *view.inputs],
        [*predictions.asked, clock, *shown],
        **LATEST,
    )
    view.runs.input(catch_errors(predictions.leave), None, [predictions.experiment, *predictions.asked], **LATEST)
    gr.on([view.runs.input, view.axis.input], catch_errors(view.choose), view.inputs, shown, **LATEST)
    # moved by hand, by playing or to an event: one handler draws for all, so that no answer overtakes a later one
    slider.change(catch_errors(view.slide), [slider, *view.inputs], shown, **LATEST)
    gr.on(
        [view.panels.input, view.smoothing.input, view.log.input], catch_errors(view.look), view.inputs, shown, **LATEST
    )
    keep_in_address(view, predictions)
    view.drawing.tick(
        catch_errors(view.follow), [view.seen, *view.inputs], shown, trigger_mode="once", queue=False, **QUIET
    )
    view.drawing.select(catch_errors(view.jump), view.last, slider, **EACH)
    play, advance = (f"(...given) => {PLAYBACK}.{name}(...given)" for name in ("play", "advance"))
    player.start.click(None, [slider, player.speed], [slider, clock], js=play, **QUIET)
    clock.tick(None, slider, [slider, clock], js=advance, **QUIET)
    gr.on([player.pause.click, slider.input], None, None, clock, js=f"() => {PLAYBACK}.pause()", **QUIET)
    saves = {
        "png": (save_png, view.inputs),
        "svg": (save_svg, view.inputs),
        "csv": (save_csv, [view.runs]),
        "gif": (save_film, [view.runs]),
    }
    for kind, (function, inputs) in saves.items():
        # the file is made when it is asked for, then fetched by the button that knows how
        file = ready[kind]
        downloads[kind].click(
            catch_errors(function), inputs, file, show_progress="minimal", api_visibility="private"
        ).success(
            None, None, None, js=f"() => document.querySelector('#{file.elem_id}')?.click()", api_visibility="private"
        )
    gr.api(catch_errors(endpoint, is_page=False), api_name="curves")


def keep_in_address(view: RunsView, predictions: Predictions) -> None:
    """What is shown, in the page's address."""
    for event, component, name in (
        (view.runs.input, view.runs, "runs"),
        (predictions.experiment.change, predictions.experiment, "experiment"),
        (predictions.option.input, predictions.option, "answer"),
        (predictions.ends.input, predictions.ends, "pick"),
        (view.slider.change, view.slider, "step"),
    ):
        keeps(event, component, name)
