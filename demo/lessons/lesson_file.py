"""A lesson as a file, which a teacher writes in any editor:

    # The title of the lesson

    ## The title of a scene
    stage: duel
    preset: perfect

    The sentence that stands above the picture.

    - [ ] an answer that the class may vote for
    - [x] the right one

    > Notes for the teacher, in a window of their own.

It is text and nothing else: nothing in it is run, and nothing but the names of stages leads anywhere.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from demo.lessons.stages import STAGES
from demo.ui.refusals import Refused
from gan.errors import reason

MOST_SCENES, MOST_ANSWERS = 99, 6
MOST_BYTES = 200_000
SHIPPED = Path(__file__).parent


@dataclass
class Scene:
    """One picture and one sentence; `choices` are made before it is shown, `line` is where it begins in the file.

    `answers` are what the class may vote for, if it is to vote; `right` are the right ones among them, from 0.
    """

    title: str
    line: int
    stage: str = ""
    choices: dict[str, str] = field(default_factory=dict)
    sentence: str = ""
    notes: str = ""
    answers: list[str] = field(default_factory=list)
    right: list[int] = field(default_factory=list)


@dataclass
class Lesson:
    """A title and scenes."""

    title: str
    scenes: list[Scene]


def shipped(language: str) -> Path:
    """The lesson that comes with the program, in a language."""
    return SHIPPED / f"gan.{language}.md"


def read(path: Path) -> Lesson:
    """The lesson in a file. Raises Refused with what is wrong, and in which line."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Refused("lesson.wrong.unread", file=path, why=reason(error)) from error
    return parse(decoded(content, path))


def decoded(content: bytes, name: Path | str) -> str:
    """The text of a lesson's file of this name. Raises Refused where it is too long, or no text in UTF-8."""
    if len(content) > MOST_BYTES:
        raise Refused("lesson.wrong.long", file=name, most=MOST_BYTES)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("lesson.wrong.encoding", file=name) from None
    if "\0" in text:  # UTF-16, or no text at all
        raise Refused("lesson.wrong.encoding", file=name)
    return text


@lru_cache(maxsize=8)  # every phone in a room asks for it at every change
def parse(text: str) -> Lesson:
    """The lesson that a text describes. Raises Refused with what is wrong, and in which line."""
    lesson, in_head = Lesson("", []), False
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        scene = lesson.scenes[-1] if lesson.scenes else None
        if line.startswith("## "):
            lesson.scenes.append(Scene(line[3:].strip(), number))
            in_head = True
        elif scene is None:
            if line.startswith("# ") and not lesson.title:
                lesson.title = line[2:].strip()
        elif not line:
            in_head = in_head and not scene.stage
        elif line.startswith("- "):
            _answer(scene, line)
            in_head = False
        elif in_head and (":" in line or not scene.stage):
            _set(scene, line, number)
        elif line.startswith(">"):
            scene.notes = f"{scene.notes} {line[1:].strip()}".strip()
        else:
            scene.sentence = f"{scene.sentence} {line}".strip()
            in_head = False
    if not lesson.scenes:
        raise Refused("lesson.wrong.empty")
    if len(lesson.scenes) > MOST_SCENES:
        raise Refused("lesson.wrong.many", most=MOST_SCENES)
    for scene in lesson.scenes:
        _check(scene)
    return lesson


def _set(scene: Scene, line: str, number: int) -> None:
    """Take a setting of a scene: the stage first, then what it offers to choose."""
    name, is_setting, value = (part.strip() for part in line.partition(":"))
    if not is_setting or (name != "stage" and not scene.stage):
        raise Refused("lesson.wrong.stage_first", line=number, found=line)
    if name == "stage":
        if value not in STAGES:
            raise Refused("lesson.wrong.stage", line=number, found=value, known=", ".join(STAGES))
        scene.stage = value
        return
    choices = STAGES[scene.stage].choices
    if name not in choices:
        known = ", ".join(choices) or "-"
        raise Refused("lesson.wrong.setting", line=number, found=name, stage=scene.stage, known=known)
    if value not in choices[name].values:
        known = ", ".join(choices[name].values)
        raise Refused("lesson.wrong.value", line=number, found=value, name=name, known=known)
    scene.choices[name] = value


def _answer(scene: Scene, line: str) -> None:
    """Take an answer: "- [ ] text", "- text", or "- [x] text" if it is right."""
    mark, text = re.fullmatch(r"- (?:\[(.?)\])?\s*(.*)", line).groups()
    if (mark or "").strip():
        scene.right.append(len(scene.answers))
    scene.answers.append(text)


def _check(scene: Scene) -> None:
    """Raise Refused for a scene that lacks something."""
    if not scene.stage:
        raise Refused("lesson.wrong.stage_first", line=scene.line, found=scene.title)
    if not scene.sentence:
        raise Refused("lesson.wrong.sentence", line=scene.line, found=scene.title)
    if len(scene.answers) == 1 or len(scene.answers) > MOST_ANSWERS or not all(scene.answers):
        raise Refused("lesson.wrong.answers", line=scene.line, found=scene.title, most=MOST_ANSWERS)
    missing = [name for name, choice in STAGES[scene.stage].choices.items() if choice.is_needed]
    if missing and missing[0] not in scene.choices:
        known = ", ".join(STAGES[scene.stage].choices[missing[0]].values)
        raise Refused("lesson.wrong.needed", line=scene.line, stage=scene.stage, name=missing[0], known=known)
