"""The guess before the second half of a recorded experiment: what will happen, and whose pictures are whose."""

import random
from dataclasses import dataclass
from math import inf
from typing import Any

import gradio as gr

from demo.shared import experiments
from demo.tabs.curves.events import MAX_RUNS, Asked, Guess, RunsView, stories, there_now
from demo.ui.address import asked_for
from demo.ui.assets import beside
from demo.ui.data_urls import file_url
from demo.ui.handlers import Shown
from demo.ui.i18n import Language, language_of, say
from demo.ui.templates import macros

ABOUT = """p { margin: 0 0 0.5rem; }
.answer { font-weight: 600; font-size: 1.1em; }
.ends { display: flex; flex-wrap: wrap; gap: 1rem; margin: 0 0 0.5rem; }
.ends figure { margin: 0; flex: 0 1 22rem; }
.ends figcaption { font-weight: 600; font-size: 1.1em; }
.ends img { width: 100%; height: auto; image-rendering: pixelated; border-radius: 4px; }"""
JS, HTML = beside(__file__, "predictions.js"), macros(__file__)
LETTERS = "ABCD"


@dataclass(frozen=True, eq=False)
class Predictions:
    """The components of an experiment: its methods are handlers with `outputs`, and those of the `view` of its runs.

    `lead` is where a button in another tab leads to.
    """

    view: RunsView
    lead: gr.State
    experiment: gr.Dropdown
    about: gr.HTML
    option: gr.Radio
    ends: gr.Radio
    clock: gr.Timer

    @property
    def asked(self) -> list[Any]:
        """All that tells of an experiment, and what is guessed."""
        return [self.view.guess, self.about, self.option, self.ends]

    @property
    def outputs(self) -> list[Any]:
        """All that changes with the experiment."""
        return [*self.asked, self.experiment, self.view.runs, self.view.panels, *self.view.outputs]

    def leave(self) -> Shown:
        """No experiment any more: runs were chosen by hand."""
        return {self.experiment: None} | self._none()

    def _none(self) -> Shown:
        hidden = {radio: gr.Radio(visible=False) for radio in (self.option, self.ends)}
        return {self.view.guess: {}, self.about: "", **hidden}

    def opened(self, request: gr.Request, lead: str, *values: Any) -> Shown:
        """What there is now, for the runs that were chosen; or an experiment that a button in another tab leads to.

        At first what the page's address asks for: runs or an experiment, as far as it was guessed, and the moment.
        """
        asked, language = Asked(*values), language_of(request)
        is_first = not asked.names
        if is_first:
            asked = asked._replace(names=asked_for(request, "runs").split(",")[:MAX_RUNS])
        known, there, names = there_now(asked.names, language)
        led = lead or (asked_for(request, "experiment") if is_first else "")
        is_led = led in {key for _, key in known}
        moment = asked_for(request, "step") if is_first and not lead else ""
        if moment.isdecimal():
            asked = asked._replace(step=int(moment), last=inf)
        if is_led:
            guess = ("" if lead else asked_for(request, "guess")).split(",")
            shown = self._begin(led, asked if moment.isdecimal() else asked._replace(step=0, last=0), language, *guess)
            names = shown[self.view.runs]
        else:
            shown = self.view.show(asked._replace(names=names), language)
        return shown | {
            self.lead: "",
            self.experiment: gr.Dropdown(choices=known, **({"value": led} if is_led else {})),
            self.view.runs: gr.Dropdown(choices=there, value=names),
        }

    def choose(self, request: gr.Request, key: str | None, *values: Any) -> Shown:
        """An experiment: the first half of its runs, and a question. Nothing new where the list was only looked at."""
        asked = Asked(*values)
        if not key:
            return self._none()
        at_its_end = asked._replace(step=0, last=0)
        return {} if key == asked.guess.get("experiment") else self._begin(key, at_its_end, language_of(request))

    def _begin(self, key: str, asked: Asked, language: Language, answer: str = "", pick: str = "", *_: str) -> Shown:
        """An experiment, as far as it was guessed before."""
        experiment = experiments.find(key)
        names, panels = list(experiment.runs), list(experiment.panels)
        answer = answer if answer in experiments.ANSWERS else ""
        pick = pick if answer and pick in names else ""
        guess = {"experiment": key, "answer": answer, "order": random.sample(names, len(names)), "pick": pick}
        options = [(experiments.text(key, f"options.{each}", language), each) for each in experiments.ANSWERS]
        letters = list(zip(LETTERS, guess["order"], strict=False))
        return self.view.show(asked._replace(names=names, panels=panels, guess=guess), language) | {
            self.view.guess: guess,
            self.about: about(guess, language),
            self.option: gr.Radio(choices=options, value=answer or None, visible=bool(pick) or not answer),
            self.ends: gr.Radio(choices=letters, value=None, visible=bool(answer) and not pick),
            self.view.runs: names,
            self.view.panels: panels,
        }

    def answer(self, request: gr.Request, option: str | None, guess: Guess) -> Shown:
        """One thing more to guess, from the pictures of the end.

        Once all has been told, what is to be said of the other options.
        """
        guess = guess | {"answer": option or ""}
        told = bool(guess["pick"])
        letters = list(zip(LETTERS, guess["order"], strict=False))
        return {
            self.view.guess: guess,
            self.about: about(guess, language_of(request)),
            self.option: gr.Radio(visible=told),
            self.ends: gr.Radio(choices=letters, value=None, visible=not told),
        }

    def pick(self, request: gr.Request, name: str | None, speed: float, *values: Any) -> Shown:
        """What is to be said of both guesses; the runs play on from their half."""
        asked, language = Asked(*values), language_of(request)
        guess = asked.guess | {"pick": name or ""}
        half = asked._replace(guess=guess, step=int(experiments.HALF * asked.last))
        return self.view.show(half, language) | {
            self.view.guess: guess,
            self.about: about(guess, language),
            self.option: gr.Radio(visible=True),
            self.ends: gr.Radio(visible=False),
            self.clock: gr.Timer(1 / speed, active=True),
        }


def about(guess: Guess, language: Language) -> str:
    """An experiment in words as HTML: its question, what to look for; after the guesses what happened."""
    if not guess:
        return ""
    key, given = guess["experiment"], guess["answer"]

    def part(name: str) -> str:
        return experiments.text(key, name, language)

    if not given:
        return HTML.asked(part("question"), part("look"))
    asked = experiments.EXPERIMENTS[key].asked
    if not guess["pick"]:
        return HTML.whose(say(language, "curves.guess.whose", run=asked), _ends(guess, language))
    is_right = given == experiments.EXPERIMENTS[key].right
    letter = dict(zip(guess["order"], LETTERS, strict=False))
    found = "found" if guess["pick"] == asked else "missed"
    whose = {"run": asked, "letter": letter[asked], "other": guess["pick"], "choice": letter[guess["pick"]]}
    return HTML.told(
        part("question"),
        key,
        part(f"options.{given}"),
        is_right,
        verdict=say(language, "curves.guess.right" if is_right else "curves.guess.wrong"),
        answer=part(f"answers.{given}"),
        found=say(language, f"curves.guess.{found}", **whose),
        happened=part("happened"),
    )


def _ends(guess: Guess, language: Language) -> list[dict[str, str]]:
    """The last pictures of the runs, each with its letter."""
    return [
        {
            "letter": letter,
            "alt": say(language, "curves.guess.pictures", letter=letter),
            "source": file_url(story.samples[-1][1].read_bytes(), "webp"),
        }
        for letter, story in zip(LETTERS, stories(guess["order"]), strict=False)
    ]
