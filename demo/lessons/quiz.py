"""Eight statements about what learners often get wrong: a class says of each whether it is so, before and after.

Their words are lesson.quiz.<number>.say and .why. Only sums are shown, and nothing about a person.
"""

from collections.abc import Iterable
from typing import Any

from demo.lessons.polls import gain
from demo.ui.i18n import Language, say

TRUE = (False, False, True, True, False, True, True, False)  # of each statement, in their order
ANSWERS = ("agree", "disagree", "unsure")  # 0, 1, 2
WHEN = ("before", "after")


def statements(language: Language) -> list[dict[str, str]]:
    """[{"say", "why"}] in a language."""
    return [
        {each: say(language, f"lesson.quiz.{number}.{each}") for each in ("say", "why")}
        for number in range(1, len(TRUE) + 1)
    ]


def is_answered(answers: Any) -> bool:
    """Whether these are an answer to each statement."""
    return isinstance(answers, list) and len(answers) == len(TRUE) and all(each in (0, 1, 2) for each in answers)


def right(answers: Iterable[list[int]]) -> list[int]:
    """How many answered each statement rightly."""
    given = list(answers)
    return [sum(each[at] == (0 if is_true else 1) for each in given) for at, is_true in enumerate(TRUE)]


def result(quiz: dict[str, dict[str, list[int]]]) -> dict[str, Any]:
    """{"before", "after": how many right of each, "asked": how many answered, "true", "gain": or None} of a room."""
    sums = {when: right(quiz.get(when, {}).values()) for when in WHEN}
    asked = tuple(len(quiz.get(when, {})) for when in WHEN)
    return sums | {"asked": asked, "true": TRUE, "gain": gain(sums["before"], sums["after"], asked)}
