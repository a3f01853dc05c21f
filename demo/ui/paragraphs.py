"""Sentences that stand alone where a page or a part of it would be."""

from demo.ui.templates import macros

HTML = macros(__file__)


def paragraphs(*sentences: str, kind: str = "") -> str:
    """Sentences as HTML, a paragraph each; `kind` is their class."""
    return HTML.paragraphs(sentences, kind)
