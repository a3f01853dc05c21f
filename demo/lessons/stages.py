"""What a scene can show: parts of the workshop, by the names that a lesson's file uses."""

from dataclasses import dataclass, field

from demo.lessons import quiz
from demo.tabs.questions.q20_presets import PRESETS


@dataclass(frozen=True)
class Choice:
    """Something that a scene may choose, or must: the element of the page that offers it, if any, and the values."""

    element: str
    values: tuple[str, ...]
    is_needed: bool = False


@dataclass(frozen=True)
class Stage:
    """A part of the workshop: its address in the page, the picture that fills the screen, and at most three controls.

    All but the address are CSS selectors. `width` is that of the picture before it is enlarged, in pixels. `reset` is
    what is clicked to begin anew; so is `pause` before it, where there is what `running` names: a class is asked first.
    Where a stage has keys of its own, the lesson leaves letters to it. One that `is_whole` is seen whole on a phone,
    however small; others are scrolled. A stage without a place is the lesson's own.
    `phone` is what phones do meanwhile: the script phone_NAME.js.
    """

    place: str
    picture: str
    controls: tuple[str, ...] = ()
    choices: dict[str, Choice] = field(default_factory=dict)
    reset: str = ""
    running: str = ""
    pause: str = ""
    width: int = 900
    has_keys: bool = False
    is_whole: bool = False
    phone: str = ""


STAGES = {
    "intro": Stage("noise/adversaries", "#adversaries", reset="#adversaries .again", width=1240, is_whole=True),
    "pictures": Stage("noise/grid", "#pictures", ("#noise-count", "#dice")),
    "sliders": Stage(
        "noise/sliders", "#moved", ("#slider-1", "#slider-2", "#slider-3"), reset="#sliders-reset", width=620
    ),
    "walk": Stage("noise/between", "#walk .on-the-way", width=560),
    "arithmetic": Stage("noise/between", "#equation", ("#side-a", "#side-b", "#side-c"), width=760),
    "find": Stage("noise/find", "#search", ("#find-which", "#lesson-find", "#find-go"), phone="find"),
    "copied": Stage("noise/copied", "#neighbours", ("#copied-another",)),
    "game": Stage("noise/game", "#game", ("#says-real", "#says-fake", "#next-round"), reset="#new-game", has_keys=True),
    "modes": Stage("noise/modes", "#modes", ("#noise-run",), width=1100),
    "layers": Stage("noise/layers", "#layers", width=850),
    "curves": Stage("curves", "#stories", ("#curves-experiment", "#curves-play", "#curves-pause"), width=1200),
    "reading": Stage("curves", "#reading", reset="#reading .reveal[aria-expanded=true]", width=1200),
    "translation": Stage("translate", "#ways", ("#translate-direction",), width=1000),
    "piles": Stage("translate/piles", "#piles", ("#piles-shuffle",)),
    "camera": Stage("translate/camera", "#camera", width=620),
    "upsampling": Stage("questions/q1", "#upsample", ("#q1-way",), width=1000),
    "pooling": Stage("questions/q15", "#downward", ("#q15-shift",)),
    "round": Stage("questions/q17", "#rounds-of", ("#q17-back", "#q17-play", "#q17-on"), width=1000),
    "duel": Stage(
        "questions/q20",
        "#duel",
        ("#duel-run", "#duel-best", "#duel-again"),
        {"preset": Choice("#duel-preset", tuple(PRESETS))},
        reset="#duel-again",
        running="#duel .duel[data-running]",
        pause="#duel-run",
        width=1000,
    ),
    "training": Stage("train", "#film", ("#train-start", "#train-moment"), width=480),
    "drawing": Stage("", "#lesson-drawing", reset="#lesson-drawing .anew", width=1240, phone="drawing"),
    "versus": Stage("", "#lesson-versus", width=1200, phone="versus"),
    "wall": Stage("", "#lesson-wall", width=1240, phone="wall"),
    "quiz": Stage("", "#lesson-quiz", choices={"ask": Choice("", quiz.WHEN, is_needed=True)}, width=1200),
}


def listed() -> list[str]:
    """A line for each stage: its name, and what a scene may choose there."""
    lines = []
    for name, stage in STAGES.items():
        choices = "; ".join(f"{key}: {', '.join(choice.values)}" for key, choice in stage.choices.items())
        lines.append(f"{name:12} {choices}".rstrip())
    return lines
