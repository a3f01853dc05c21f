"""The guess before the second half of a recorded experiment: what will happen, and whose pictures are whose."""

import random
from html import escape
from typing import Any

import gradio as gr

from demo.shared import experiments
from demo.tabs.curves.events import Guess, show, stories, there_now
from demo.ui.data_urls import file_url
from demo.ui.i18n import Language, language_of, say

ABOUT = """p { margin: 0 0 0.5rem; }
.answer { font-weight: 600; font-size: 1.1em; }
.ends { display: flex; flex-wrap: wrap; gap: 1rem; margin: 0 0 0.5rem; }
.ends figure { margin: 0; flex: 0 1 22rem; }
.ends figcaption { font-weight: 600; font-size: 1.1em; }
.ends img { width: 100%; height: auto; image-rendering: pixelated; border-radius: 4px; }"""
LETTERS = "ABCD"


def leave() -> tuple:
    """(experiment, guess, about, options, ends): none, when runs were chosen by hand."""
    return None, {}, "", gr.Radio(visible=False), gr.Radio(visible=False)


def opened(request: gr.Request, lead: str, names: list[str] | None, *rest: Any) -> tuple:
    """(lead, guess, about, options, ends, experiment, runs, panels, *show) when the tab is opened.

    What there is now, for the runs that were chosen; or an experiment that a button in another tab leads to.
    """
    experiment, runs, names = there_now(names, language_of(request))
    if lead not in experiments.there():
        return "", *(gr.skip(),) * 4, experiment, runs, gr.skip(), *show(request, names, *rest)
    axis, panels, smoothing, log, *_ = rest
    *asked, names, panels, slider, step, page, seen, last = choose(request, lead, axis, panels, smoothing, log, {})
    chosen = gr.Dropdown(choices=experiment.choices, value=lead), gr.Dropdown(choices=runs.choices, value=names)
    return "", *asked, *chosen, panels, slider, step, page, seen, last


def choose(
    request: gr.Request, key: str | None, axis: str, panels: Any, smoothing: Any, log: Any, guess: Guess
) -> tuple:
    """(guess, about, options, ends, runs, panels, *show) for an experiment: its first half, and a question.

    Nothing new where the list was only looked at.
    """
    if not key:
        return *leave()[1:], *[gr.skip()] * 7
    if key == guess.get("experiment"):
        return (gr.skip(),) * 11
    language, experiment = language_of(request), experiments.find(key)
    names, chosen = list(experiment.runs), list(experiment.panels)
    guess = {"experiment": key, "answer": "", "order": random.sample(names, len(names)), "pick": ""}
    options = [(experiments.text(key, f"options.{each}", language), each) for each in experiments.ANSWERS]
    radio = gr.Radio(choices=options, value=None, visible=True)
    shown = show(request, names, axis, chosen, smoothing, log, guess, 0, 0)
    return guess, about(guess, language), radio, gr.Radio(visible=False), names, chosen, *shown


def answer(request: gr.Request, option: str | None, guess: Guess) -> tuple:
    """(guess, about, options, ends): one thing more to guess, from the pictures of the end.

    Once all has been told, what is to be said of the other options.
    """
    guess = guess | {"answer": option or ""}
    told = bool(guess["pick"])
    ends = gr.Radio(choices=list(zip(LETTERS, guess["order"], strict=False)), value=None, visible=not told)
    return guess, about(guess, language_of(request)), gr.Radio(visible=told), ends


def pick(request: gr.Request, name: str | None, speed: float, names: list[str] | None, *rest: Any) -> tuple:
    """(guess, about, options, ends, clock, *show): what is to be said of both guesses; it plays on from its half."""
    *looks, guess, _, last = rest
    guess = guess | {"pick": name or ""}
    shown = show(request, names, *looks, guess, int(experiments.HALF * last), last)
    clock = gr.Timer(1 / speed, active=True)
    return guess, about(guess, language_of(request)), gr.Radio(visible=True), gr.Radio(visible=False), clock, *shown


def about(guess: Guess, language: Language) -> str:
    """An experiment in words as HTML: its question, what to look for; after the guesses what happened."""
    if not guess:
        return ""
    key, given = guess["experiment"], guess["answer"]

    def part(name: str) -> str:
        return escape(experiments.text(key, name, language))

    question = f"<p><b>{part('question')}</b>"
    if not given:
        return f"{question} {part('look')}</p>"
    asked = experiments.EXPERIMENTS[key].asked
    if not guess["pick"]:
        return f"<p><b>{escape(say(language, 'curves.guess.whose', run=asked))}</b></p>{_ends(guess, language)}"
    verdict = escape(
        say(language, f"curves.guess.{'right' if given == experiments.EXPERIMENTS[key].right else 'wrong'}")
    )
    letter = dict(zip(guess["order"], LETTERS, strict=False))
    found = "found" if guess["pick"] == asked else "missed"
    whose = {"run": asked, "letter": letter[asked], "other": guess["pick"], "choice": letter[guess["pick"]]}
    return (
        f"{question}</p><p class='answer'>{verdict} {part(f'answers.{given}')}</p>"
        f"<p>{escape(say(language, f'curves.guess.{found}', **whose))}</p><p>{part('happened')}</p>"
    )


def _ends(guess: Guess, language: Language) -> str:
    """The last pictures of the runs as HTML, each under its letter."""
    figures = []
    for letter, story in zip(LETTERS, stories(guess["order"]), strict=False):
        source = file_url(story.samples[-1][1].read_bytes(), "webp")
        alt = escape(say(language, "curves.guess.pictures", letter=letter))
        figures.append(f"<figure><figcaption>{letter}</figcaption><img alt='{alt}' src='{source}'></figure>")
    return f"<div class='ends'>{''.join(figures)}</div>"
