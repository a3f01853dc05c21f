"""What is printed: always something, whatever the console can show, and in whose language."""

import locale
import os
import sys

from gan.words import Language, Words


def forgive() -> None:
    """Print what a console's encoding lacks (a Korean name on an English Windows) as \\ucb9f, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # there may be none at all, and a notebook's is of another kind
            stream.reconfigure(errors="backslashreplace")


def language() -> Language:
    """Korean where LC_ALL, LC_MESSAGES or LANG (on Windows also its settings) say so, English elsewhere."""
    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    if sys.platform == "win32":
        names.append(locale.getlocale()[0] or "")  # "Korean_Korea"
    return "ko" if next(filter(None, names), "").lower().startswith("ko") else "en"


def complain(words: Words) -> None:
    """Print a sentence to those who watch the console."""
    print(words.sentence(language()), file=sys.stderr)
