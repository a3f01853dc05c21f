"""Sentences for people, in Korean and English: a key with its values, until it is known who reads them.

The sentences of a language are in `<language>.json` beside this file; an app has a folder of its own.
"""

import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from string import Formatter
from typing import Any, ClassVar, Literal

from gan.words.particles import settled

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = ("en", "ko")
HERE = Path(__file__).resolve().parent


@cache
def read(folder: Path, language: Language) -> dict[str, str]:
    """All sentences of `<language>.json` in a folder by dotted key ("run.unknown")."""

    def flat(tree: dict[str, Any], prefix: str) -> dict[str, str]:
        leaves = {}
        for key, value in tree.items():
            leaves |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
        return leaves

    return flat(json.loads((folder / f"{language}.json").read_text(encoding="utf-8")), "")


class Words:
    """A sentence, or a part of one, as its key and its values, which may be `Words` as well or lists of them.

    `str` of it is English. Two are equal whose keys and values are.
    """

    folder: ClassVar[Path] = HERE

    def __init__(self, key: str, /, **values: Any) -> None:
        self.key, self.values = key, values

    def sentence(self, language: Language) -> str:
        """The sentence in a language, with its values in their places. Raises KeyError if there is no such key."""
        text = _Places(language).vformat(read(self.folder, language)[self.key], (), self.values).strip()
        return settled(text) if language == "ko" else text

    def __str__(self) -> str:
        return self.sentence("en")

    def __repr__(self) -> str:
        return "".join([f"{type(self).__name__}({self.key!r}", *(f", {k}={v!r}" for k, v in self.values.items()), ")"])

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and (self.key, self.values) == (other.key, other.values)

    def __hash__(self) -> int:
        return hash((self.key, repr(self.values)))

    def __reduce__(self) -> tuple[Callable, tuple]:
        return partial(type(self), self.key, **self.values), ()


class _Places(Formatter):
    """Fills `{name}`: words in the sentence's own language, `{names:; }` a list with "; " between, and `{why:clause}` a
    sentence without its full stop, for brackets."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def format_field(self, value: Any, form: str) -> str:
        """What stands in a place."""
        if form == "clause":
            return sentence(value, self.language).rstrip(".")
        if isinstance(value, Words | dict | list | tuple):
            return sentence(value, self.language, form or " ")
        return super().format_field(value, form)


def sentence(said: Any, language: Language, joint: str = " ") -> str:
    """Words, several of them, what `stored` made of them, or a text as it is, in a language."""
    if isinstance(said, dict):
        try:
            return Words(said["key"], **said["values"]).sentence(language)
        except (LookupError, TypeError, ValueError):  # written by a later version, or changed by hand
            return str(said.get("key", ""))
    if isinstance(said, list | tuple):
        return joint.join(sentence(each, language) for each in said)
    return said.sentence(language) if isinstance(said, Words) else str(said)


def stored(said: Any) -> Any:
    """The same for JSON: Words as {"key", "values"}, lists of what is in them, anything else as a number or a text."""
    if isinstance(said, Words):
        return {"key": said.key, "values": {name: stored(value) for name, value in said.values.items()}}
    if isinstance(said, list | tuple):
        return [stored(each) for each in said]
    return said if said is None or isinstance(said, bool | int | float) else str(said)


def mapped(said: Any, change: Callable[[str], str]) -> Any:
    """Words (or what `stored` made of them) with every text in their values changed."""
    if isinstance(said, Words):
        return type(said)(said.key, **{name: mapped(value, change) for name, value in said.values.items()})
    if isinstance(said, dict):
        return {name: value if name == "key" else mapped(value, change) for name, value in said.items()}
    if isinstance(said, list | tuple):
        return type(said)(mapped(each, change) for each in said)
    return change(str(said)) if isinstance(said, str | Path) else said
