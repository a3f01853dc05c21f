"""CycleGAN as a diagram: two pictures on their way through four networks, one stop after the other, as SVG.

The upper row is the way of a picture of pile a, the lower row that of one of pile b; between them the discriminators.
Each generator stands twice, because it is called twice; it is the same network with the same weights.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any, NamedTuple

from demo.ui.templates import macros

HTML = macros(__file__)
# where things stand: pictures and networks by name, their middles
PICTURES = {
    **{"real_a": (80, 90), "fake_b": (500, 90), "rec_a": (920, 90)},
    **{"real_b": (80, 450), "fake_a": (500, 450), "rec_b": (920, 450)},
    "idt": (920, 270),
}
NETWORKS = {
    **{"a2b": (290, 90), "b2a back": (710, 90), "b2a": (290, 450), "a2b back": (710, 450)},
    **{"a": (290, 270), "b": (710, 270)},
}
HALF = 62  # of a picture's side
BOX = (66, 34)  # half the width and height of a network
ROOM = 112  # for a line of its label
LETTER = 15  # the size of its letters


class Stop(NamedTuple):
    """A stop of the round: its words, the pile it is about, what lights up, and what is compared.

    `edges` are the arrows drawn; `compared` are two pictures by name; `loss` is a name in `CycleGAN.round`'s record.
    """

    key: str
    side: str
    pictures: tuple[str, ...]
    networks: tuple[str, ...]
    edges: tuple[str, ...]
    compared: tuple[str, str] | None = None
    loss: str = ""

    @property
    def other(self) -> str:
        """The other pile."""
        return "b" if self.side == "a" else "a"


# every arrow, from the edge of one thing to that of another
EDGES = {
    **{"a-1": "M142 90H224", "a-2": "M356 90H438", "a-3": "M562 90H644", "a-4": "M776 90H858"},
    **{"b-1": "M142 450H224", "b-2": "M356 450H438", "b-3": "M562 450H644", "b-4": "M776 450H858"},
    **{"fake-b": "M562 128L664 236", "real-b": "M142 420L644 284"},
    **{"fake-a": "M438 412L336 304", "real-a": "M130 152L238 236"},
    "same-a": "M920 28C760 -34 240 -34 80 28",
    "same-b": "M920 512C760 574 240 574 80 512",
    "idt-b": "M110 512C250 556 600 546 690 484",
    "idt-b-out": "M740 416L858 312",
    "idt-a": "M110 28C250 -16 600 -6 690 56",
    "idt-a-out": "M740 124L858 228",
}


def stops(*, cycle: bool, identity: bool) -> list[Stop]:
    """The stops of a round, in the order of `CycleGAN.round`; those of the cycle and identity losses if they count."""
    found = [Stop("draw", "a", ("real_a", "real_b"), (), ())]
    for a, b in ("ab", "ba"):
        there, back = f"{a}2{b}", f"{b}2{a} back"
        found += [
            Stop("translate", a, (f"real_{a}", f"fake_{b}"), (there,), (f"{a}-1", f"{a}-2")),
            Stop("deceive", a, (f"fake_{b}",), (there, b), (f"fake-{b}",), None, f"loss_g_{there}"),
        ]
        if cycle:
            found.append(
                Stop(
                    *("cycle", a, (f"real_{a}", f"fake_{b}", f"rec_{a}"), (there, back)),
                    *((f"{a}-3", f"{a}-4", f"same-{a}"), (f"real_{a}", f"rec_{a}"), f"cycle_{a}"),
                )
            )
        if identity:
            found.append(
                Stop(
                    *("identity", b, (f"real_{b}", "idt"), (f"{a}2{b} back",)),
                    *((f"idt-{b}", f"idt-{b}-out"), (f"real_{b}", f"idt_{b}"), f"idt_{b}"),
                )
            )
    for side in "ab":
        pictures, edges = (f"real_{side}", f"fake_{side}"), (f"real-{side}", f"fake-{side}")
        found.append(Stop("judge", side, pictures, (side,), edges, pictures, f"loss_d_{side}"))
    return [*found, Stop("sum", "a", (), ("a2b", "b2a", "a2b back", "b2a back", "a", "b"), ())]


def learners(stop: Stop, taught: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The networks that learn from a stop's loss, at the last all; `taught` is what `training_roles.teachers` says."""
    return tuple(name for name, losses in taught.items() if stop.key == "sum" or stop.loss in losses)


def travels(stop: Stop) -> list[tuple[str, str]]:
    """The pictures that move at a stop: (name, path)."""
    one, other = stop.side, stop.other
    y = 90 if one == "a" else 450
    return {
        "translate": [(f"real_{one}", f"M80 {y}H500")],
        "deceive": [(f"fake_{other}", EDGES[f"fake-{other}"])],
        "cycle": [(f"fake_{other}", f"M500 {y}H920")],
        "identity": [(f"real_{one}", EDGES[f"idt-{one}"])],
        "judge": [(f"real_{one}", EDGES[f"real-{one}"]), (f"fake_{one}", EDGES[f"fake-{one}"])],
    }.get(stop.key, [])


def _fitted(label: str, y: int) -> list[dict[str, Any]]:
    """A network's label within its box: on two lines where it is long, and narrowed where that is not enough."""

    def is_long(line: str) -> bool:
        return LETTER * sum(1 if unicodedata.east_asian_width(c) in "WF" else 0.55 for c in line) > ROOM

    lines = label.replace(" → ", " →\n").split("\n") if is_long(label) else [label]
    top = y + 13 - 10 * (len(lines) - 1)
    return [{"y": top + 16 * at, "text": line, "is_long": is_long(line)} for at, line in enumerate(lines)]


def draw(
    stop: Stop,
    learn: tuple[str, ...],
    seen: set[str],
    images: Mapping[str, str],
    labels: Mapping[str, str],
    alt: str,
) -> str:
    """The diagram at a stop, as SVG. `learn` are the networks that learn here, `seen` the pictures that exist by now.

    `images` are the pictures' addresses, `labels` the words on the networks and under the pictures, by the names in
    NETWORKS and PICTURES; those under a picture may have two lines.
    """
    edges = [
        (" on" if name in stop.edges else "", path)
        for name, path in EDGES.items()
        if name in stop.edges or name[:4] not in ("same", "idt-")  # these are there only while they are walked
    ]
    return HTML.draw(
        alt,
        edges,
        networks=_networks(stop, learn, labels),
        box=(2 * BOX[0], 2 * BOX[1]),
        room=ROOM,
        pictures=_pictures(stop, seen, images, labels),
        side=2 * HALF,
        travels=[(images[name], path) for name, path in travels(stop)],
    )


def _networks(stop: Stop, learn: tuple[str, ...], labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """What is drawn of each network."""
    drawn = []
    for name, (x, y) in NETWORKS.items():
        network = name.split()[0]
        drawn.append(
            {
                "kind": "g" if "2" in network else "d",
                "state": (" on" if name in stop.networks else "") + (" learns" if network in learn else ""),
                "left": x - BOX[0],
                "top": y - BOX[1],
                "x": x,
                "y": y - 15,
                "lines": _fitted(labels[network], y),
            }
        )
    return drawn


def _pictures(stop: Stop, seen: set[str], images: Mapping[str, str], labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """What is drawn of each picture; one that does not exist yet has no source."""
    drawn = []
    for name, (x, y) in PICTURES.items():
        picture = f"idt_{stop.side}" if name == "idt" else name
        if name == "idt" and stop.key != "identity":
            continue
        lines = labels[name].split("\n")  # two on a phone
        drawn.append(
            {
                "source": images[picture] if picture in seen else "",
                "state": " on" if name in stop.pictures else "",
                "left": x - HALF,
                "top": y - HALF,
                "x": x,
                "y": y + HALF + 20,
                "label": " ".join(lines),
                "lines": [(y + HALF + 20 + 34 * at, line) for at, line in enumerate(lines)],
            }
        )
    return drawn
