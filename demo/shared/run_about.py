"""A line under the choice of a run that says what it is: of a shipped one in words of its own, else by its settings."""

import re

import gradio as gr

from demo.server import model_cache
from demo.ui.handlers import LATEST, catch_errors
from demo.ui.i18n import Language, language_of, say, words
from demo.ui.results import skeleton
from demo.ui.templates import macros
from gan.data.registry import last_names
from gan.runs import journal
from gan.runs.run import Run

HTML = macros(__file__)
LINE = 26  # pixels
KINDS = {"dcgan": "DCGAN", "cyclegan": "CycleGAN"}


def build(runs: gr.Dropdown, lines: int) -> gr.HTML:
    """The component, usually so many lines high, which follows the choice."""
    told = gr.HTML(skeleton(lines * LINE), elem_id=f"{runs.elem_id}-about", elem_classes="run-about", padding=False)
    runs.change(catch_errors(about), runs, told, queue=False, **LATEST)
    return told


def about(chosen: str | list[str] | None, request: gr.Request) -> str:
    """What the chosen run is, or each of them, as HTML; nothing of one that is not there any more."""
    names = [chosen] if isinstance(chosen, str) else chosen or []
    known = {run.name: run for run in model_cache.runs()}
    language = language_of(request)
    told = [(name, sentence(known[name], language)) for name in names if name in known]
    return HTML.lines(told, isinstance(chosen, list))


def sentence(run: Run, language: Language) -> str:
    """One plain sentence: what it was trained on, how, and what it is good for."""
    step = int(max([run.info.get("step", 0), *journal.columns(run.folder)["step"][-1:]]))
    group, number = re.fullmatch(r"(.*?)(?:-(\d))?", run.name).groups()
    for name in (run.name, group):
        if run.is_shipped and f"runs.shipped.{name}" in words(language):
            return say(language, f"runs.shipped.{name}", steps=f"{step:,}", seed=number)
    config = run.config
    sizes = {"size": config.size, "batch": config.batch, "steps": f"{step:,}"}
    rates = {"rate_g": f"{config.rate_g:g}", "rate_d": f"{config.rate_d:g}"}
    if not step and run.status == "finished":  # imported
        kind = KINDS[run.info["model"]]
        return say(language, "runs.brought", kind=kind, data=_data(config.data, language), size=config.size)
    loss = say(language, f"train.settings.loss.choices.{config.loss}")
    return say(
        language, f"runs.made.{run.info['model']}", data=_data(config.data, language), loss=loss, **sizes, **rates
    )


def _data(data: str, language: Language) -> str:
    """What the data is called: a set's own name, or that of the folders, without their place on this machine."""
    return words(language).get(f"train.sets.{data}", ", ".join(last_names(data)))
