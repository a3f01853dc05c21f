"""The one exception whose message is meant for the person who uses the program, and how it quotes others."""

LONGEST = 200  # characters of another library's message that are quoted


class UserError(ValueError):
    """Something a person asked for cannot be done; the message is one sentence that says what to do instead.

    The command line prints it and exits with code 2, the app shows it as it is.
    """


def reason(error: BaseException) -> str:
    """What another library's exception says, on one line, for brackets in a sentence; its kind where it says nothing.

    Many do say nothing (`EOFError()` of an empty file), a `KeyError` only a name, and torch a page.
    """
    text = " ".join(str(error).split()).rstrip(".:")
    if isinstance(error, KeyError):
        text = f"{text} is missing"
    if len(text) > LONGEST:
        text = text[:LONGEST].rsplit(" ", 1)[0] + " …"
    return text or type(error).__name__
