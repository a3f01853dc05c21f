"""What ends a question: items to answer, each answer with its explanation, and what to read on.

Plain radio buttons and CSS: the page itself turns over the explanation, and nothing is sent. What was answered is kept
in the visitor's browser alone.
"""

from typing import Any

import gradio as gr
from markupsafe import Markup

from demo.shared import experiments
from demo.shared.links import leads
from demo.ui.assets import beside
from demo.ui.i18n import Language, language_of, saying, t
from demo.ui.templates import macros

CSS, JS = beside(__file__, "quiz_items.css"), beside(__file__, "quiz_items.js")
HTML = macros(__file__)
CHOICES = ("a", "b", "c")
# the right answers, in the order of the items; their words are under questions.<question>.items.<number>
RIGHT = {"q1": "cba", "q15": "bca", "q17": "bac", "q20": "cab"}
READ = {"q1": 4, "q15": 4, "q17": 3, "q20": 5}  # how much there is to read on


def html(question: str, language: Language) -> str:
    """A question's items and its reading list."""
    say, word = saying(language), saying(language, f"questions.{question}.")
    items = []
    for number, right in enumerate(RIGHT[question], 1):
        name, answers = f"{question}-{number}", []
        for choice in CHOICES:
            verdict = "right" if choice == right else "wrong"
            answers.append(
                {
                    "name": f"{name}-{choice}",
                    "text": word(f"items.{number}.{choice}"),
                    "verdict": verdict,
                    "mark": say(f"questions.items.{verdict}"),
                    "why": word(f"items.{number}.why_{choice}"),
                }
            )
        items.append({"name": name, "question": word(f"items.{number}.ask"), "answers": answers})
    reading = [Markup(word(f"read.{number}")) for number in range(1, READ[question] + 1)]  # they have links
    return HTML.page(say, items, reading)


def build(question: str) -> gr.HTML:
    """The component that shows them."""
    return gr.HTML(css_template=CSS, js_on_load=JS, elem_id=f"{question}-items", padding=False)


def once(question: str, shown: str | None, request: gr.Request) -> Any:
    """The items for the component, unless it already shows them: an answer given stays."""
    return gr.skip() if shown else html(question, language_of(request))


def go_on(**wanted: str) -> None:
    """Buttons that lead to other tabs of the app, by name, and to what is wanted there."""
    with gr.Row():
        for tab, what in wanted.items():
            leads(gr.Button(t(f"questions.go.{tab}"), size="md", scale=0, min_width=200), tab, what)


def evidence(experiment: str, language: Language) -> str:
    """What Curves' recorded experiment says to a question, as HTML; empty where its runs are not here."""
    if experiment not in experiments.there():
        return ""
    return HTML.evidence(saying(language), experiments.text(experiment, "happened", language))
