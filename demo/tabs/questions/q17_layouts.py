"""Where things stand in question 17's diagram: side by side on a wide page, from top to bottom on a phone."""

from typing import NamedTuple

HALF = 62  # of a picture's side


class Layout(NamedTuple):
    """The middles of pictures and networks by name, every arrow as an SVG path, and how large the words are.

    `box` is half the width and height of a network, `room` what a line of its label may take, `line` the height of one.
    """

    name: str
    view: tuple[int, int, int, int]
    pictures: dict[str, tuple[int, int]]
    networks: dict[str, tuple[int, int]]
    edges: dict[str, str]
    box: tuple[int, int]
    room: int
    letter: int
    line: int


WIDE = Layout(
    name="wide",
    view=(-45, -44, 1120, 628),
    pictures={
        **{"real_a": (80, 90), "fake_b": (500, 90), "rec_a": (920, 90)},
        **{"real_b": (80, 450), "fake_a": (500, 450), "rec_b": (920, 450)},
        "idt": (920, 270),
    },
    networks={
        **{"a2b": (290, 90), "b2a back": (710, 90), "b2a": (290, 450), "a2b back": (710, 450)},
        **{"a": (290, 270), "b": (710, 270)},
    },
    edges={
        **{"a-1": "M142 90H214", "a-2": "M366 90H438", "a-3": "M562 90H634", "a-4": "M786 90H858"},
        **{"b-1": "M142 450H214", "b-2": "M366 450H438", "b-3": "M562 450H634", "b-4": "M786 450H858"},
        **{"fake-b": "M562 128L660 230", "real-b": "M142 420L634 284"},
        **{"fake-a": "M438 412L340 310", "real-a": "M130 152L234 230"},
        "same-a": "M920 28C760 -34 240 -34 80 28",
        "same-b": "M920 512C760 574 240 574 80 512",
        "idt-b": "M110 512C250 556 600 546 690 490",
        "idt-b-out": "M746 410L858 312",
        "idt-a": "M110 28C250 -16 600 -6 690 50",
        "idt-a-out": "M746 130L858 228",
    },
    box=(76, 40),
    room=130,
    letter=17,
    line=20,
)
NARROW = Layout(
    name="narrow",
    view=(-50, 10, 640, 1050),
    pictures={
        **{"real_a": (85, 90), "fake_b": (85, 500), "rec_a": (85, 920)},
        **{"real_b": (455, 90), "fake_a": (455, 500), "rec_b": (455, 920)},
        "idt": (270, 920),
    },
    networks={
        **{"a2b": (85, 290), "b2a back": (85, 710), "b2a": (455, 290), "a2b back": (455, 710)},
        **{"a": (270, 290), "b": (270, 710)},
    },
    edges={
        **{"a-1": "M85 152V238", "a-2": "M85 342V438", "a-3": "M85 562V658", "a-4": "M85 762V858"},
        **{"b-1": "M455 152V238", "b-2": "M455 342V438", "b-3": "M455 562V658", "b-4": "M455 762V858"},
        **{"fake-b": "M140 562L222 658", "real-b": "M397 148C352 250 352 420 288 658"},
        **{"fake-a": "M400 438L318 342", "real-a": "M147 130L228 238"},
        "same-a": "M23 920C-40 760 -40 250 23 90",
        "same-b": "M517 920C580 760 580 250 517 90",
        "idt-b": "M517 120C580 250 580 560 535 690",
        "idt-b-out": "M420 762L332 860",
        "idt-a": "M23 120C-40 250 -40 560 5 690",
        "idt-a-out": "M120 762L208 860",
    },
    box=(80, 56),
    room=150,
    letter=27,
    line=30,
)
