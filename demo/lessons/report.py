"""What a teacher takes home: the scenes with the room's votes, as one HTML file that opens without the app."""

from typing import Any

from markupsafe import Markup

from demo.lessons import quiz
from demo.lessons.lesson_file import Lesson, Scene
from demo.lessons.polls import Poll, tally
from demo.lessons.rooms import Room
from demo.ui.assets import beside
from demo.ui.i18n import Language, saying
from demo.ui.templates import macros

HTML = macros(__file__)
LETTERS = "ABCDEF"


def page(room: Room, lesson: Lesson, language: Language) -> str:
    """The file. What phones drew or photographed is not in it, and no voter's number."""
    say = saying(language, "room.report.")
    with room.lock:
        scenes = [
            (number, scene, _votes(scene, room.polls.get(str(number))))
            for number, scene in enumerate(lesson.scenes, 1)
            if scene.stage != "quiz"
        ]
        result = quiz.result(room.quiz)
    statements = [
        {"say": each["say"], "shares": _shares(result, at)} for at, each in enumerate(quiz.statements(language))
    ]
    learned = None if result["gain"] is None else round(100 * result["gain"])
    style = Markup(beside(__file__, "report.css"))
    html = HTML.page(language, say, style, lesson.title, scenes, statements if any(result["asked"]) else [], learned)
    return "<!doctype html>" + str(html)


def _votes(scene: Scene, poll: Poll | None) -> list[dict[str, Any]]:
    """For each answer of a scene: its letter, its text, whether it is right, how many chose it first and last."""
    if poll is None or not (poll.first or poll.second):
        return []
    both = [tally(votes, len(scene.answers)) for votes in (poll.first, poll.second) if votes]
    most = max(1, *(sum(each) for each in both))
    return [
        {
            "letter": LETTERS[at],
            "text": text,
            "is_right": at in scene.right,
            "counts": [each[at] for each in both],
            "shares": [round(100 * each[at] / most) for each in both],
        }
        for at, text in enumerate(scene.answers)
    ]


def _shares(result: dict[str, Any], at: int) -> list[str]:
    """The share of right answers to a statement, before and after, in percent."""
    both = zip(quiz.WHEN, result["asked"], strict=True)
    return [f"{round(100 * result[when][at] / asked)}" if asked else "–" for when, asked in both]
