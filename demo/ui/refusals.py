"""What this app refuses, in the words of `words/<language>.json`. Nothing here needs Gradio."""

from pathlib import Path

from gan.errors import UserError
from gan.words import Words

WORDS = Path(__file__).resolve().parents[1] / "words"


class Said(Words):
    """Words of the app's, for a place in another sentence."""

    folder = WORDS


class Refused(UserError):
    """Something that a visitor asked for cannot be done; its sentence is one of the app's words."""

    folder = WORDS
