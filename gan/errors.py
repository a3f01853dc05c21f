"""The one exception whose message is meant for the person who uses the program, and how it quotes others."""

from typing import Any

from gan.words import Words, stored

LONGEST = 200  # characters of another library's message that are quoted


class UserError(Words, ValueError):
    """Something a person asked for cannot be done; its sentence says what to do instead.

    It is raised with a key of `words/en.json` and `words/ko.json` and the values of that sentence. The command line
    prints `sentence(language)` and exits with code 2, the app shows it to a visitor in her language; `str` is English.
    """

    # one error is not another that says the same: tracebacks and contexts tell them apart
    __eq__, __hash__ = ValueError.__eq__, ValueError.__hash__


def reason(error: BaseException) -> str | Words:
    """What another library's exception says, on one line, for brackets in a sentence; its kind where it says nothing.

    Many do say nothing (`EOFError()` of an empty file), a `KeyError` only a name, and torch a page. A `UserError` stays
    what it is, to be said in the language of the sentence.
    """
    if isinstance(error, UserError):
        return error
    text = " ".join(str(error).split()).rstrip(".:")
    if isinstance(error, KeyError):
        return Words("errors.missing", name=text)
    if len(text) > LONGEST:
        text = text[:LONGEST].rsplit(" ", 1)[0] + " …"
    return text or type(error).__name__


def cause(error: BaseException) -> Any:
    """Why something failed, as `run.json` keeps it: key and values of a `UserError`, of others what they say."""
    return stored(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}".rstrip(": ")
