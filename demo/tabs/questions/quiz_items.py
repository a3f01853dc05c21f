"""What ends a question: items to answer, each answer with its explanation, and what to read on.

Plain radio buttons and CSS: the page itself turns over the explanation, nothing is sent and nothing is stored.
"""

from html import escape
from typing import Any

import gradio as gr

from demo.shared import experiments
from demo.shared.links import leads
from demo.ui.assets import beside
from demo.ui.i18n import Language, language_of, say, t

CSS = beside(__file__, "quiz_items.css")
CHOICES = ("a", "b", "c")
# the right answers, in the order of the items; their words are under questions.<question>.items.<number>
RIGHT = {"q1": "cba", "q15": "bca", "q17": "bac", "q20": "cab"}
READ = {"q1": 4, "q15": 4, "q17": 3, "q20": 5}  # how much there is to read on


def html(question: str, language: Language) -> str:
    """A question's items and its reading list."""

    def word(key: str) -> str:
        return say(language, f"questions.{question}.{key}")

    pieces = [f"<h4>{escape(say(language, 'questions.items.title'))}</h4>"]
    for number, right in enumerate(RIGHT[question], 1):
        name = f"{question}-{number}"
        rows = []
        for choice in CHOICES:
            verdict = "right" if choice == right else "wrong"
            mark = escape(say(language, f"questions.items.{verdict}"))
            rows.append(
                f'<label><input type="radio" name="{name}" aria-describedby="{name}-{choice}"> '
                f"{escape(word(f'items.{number}.{choice}'))}</label>"
                f'<p class="{verdict}" id="{name}-{choice}" role="status"><b>{mark}</b> '
                f"{escape(word(f'items.{number}.why_{choice}'))}</p>"
            )
        pieces.append(
            f"<fieldset><legend>{number}. {escape(word(f'items.{number}.ask'))}</legend>{''.join(rows)}</fieldset>"
        )
    lines = "".join(f"<li>{word(f'read.{number}')}</li>" for number in range(1, READ[question] + 1))
    pieces.append(f"<h4>{escape(say(language, 'questions.read_on'))}</h4><ul>{lines}</ul>")
    return f'<div class="items">{"".join(pieces)}</div>'


def build(question: str) -> gr.HTML:
    """The component that shows them."""
    return gr.HTML(css_template=CSS, elem_id=f"{question}-items", padding=False)


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
    head, text = say(language, "questions.evidence"), experiments.text(experiment, "happened", language)
    return f"<p><b>{escape(head)}</b> {escape(text)}</p>"
