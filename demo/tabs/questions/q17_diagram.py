"""CycleGAN as a diagram: two pictures on their way through four networks, one stop after the other, as SVG.

One row (on a phone: one column) is the way of a picture of pile a, the other that of one of pile b; between them stand
the discriminators. Each generator stands twice, because it is called twice; it is the same network, the same weights.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any, NamedTuple

from demo.tabs.questions.q17_layouts import HALF, NARROW, WIDE, Layout
from demo.ui.templates import macros

HTML = macros(__file__)


class Stop(NamedTuple):
    """A stop of the round: its words, the pile it is about, what lights up, and what is compared.

    `edges` are the arrows drawn, by their names in a layout; `compared` are two pictures by name; `loss` is a name in
    `CycleGAN.round`'s record.
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


def travels(stop: Stop, layout: Layout = WIDE) -> list[tuple[str, str]]:
    """The pictures that move at a stop: (name, path)."""
    one, other = stop.side, stop.other

    def way(start: str, end: str) -> str:
        return "M{} {}L{} {}".format(*layout.pictures[start], *layout.pictures[end])

    return {
        "translate": [(f"real_{one}", way(f"real_{one}", f"fake_{other}"))],
        "deceive": [(f"fake_{other}", layout.edges[f"fake-{other}"])],
        "cycle": [(f"fake_{other}", way(f"fake_{other}", f"rec_{one}"))],
        "identity": [(f"real_{one}", layout.edges[f"idt-{one}"])],
        "judge": [(f"real_{one}", layout.edges[f"real-{one}"]), (f"fake_{one}", layout.edges[f"fake-{one}"])],
    }.get(stop.key, [])


def _fitted(label: str, y: int, layout: Layout) -> list[dict[str, Any]]:
    """A network's label within its box: on two lines where it is long, and narrowed where that is not enough."""

    def is_long(line: str) -> bool:
        wide = sum(1 if unicodedata.east_asian_width(c) in "WF" else 0.55 for c in line)
        return layout.letter * wide > layout.room

    lines = label.replace(" → ", " →\n").split("\n") if is_long(label) else [label]
    top = y + round(0.55 * layout.line) - layout.line * (len(lines) - 1) // 2
    return [{"y": top + layout.line * at, "text": line, "is_long": is_long(line)} for at, line in enumerate(lines)]


def draw(
    stop: Stop,
    learn: tuple[str, ...],
    seen: set[str],
    images: Mapping[str, str],
    labels: Mapping[str, str],
    alt: str,
    layout: Layout = WIDE,
) -> str:
    """The diagram at a stop, as SVG; its pictures stand once in the page, in `shelf`.

    `learn` are the networks that learn here, `seen` the pictures that exist by now, `images` what there is in the
    shelf, `labels` the words on the networks and under the pictures, by the names in a layout; those under a picture
    may have two lines.
    """
    edges = [
        (" on" if name in stop.edges else "", path)
        for name, path in layout.edges.items()
        if name in stop.edges or name[:4] not in ("same", "idt-")  # these are there only while they are walked
    ]
    return HTML.draw(
        alt,
        layout,
        edges,
        networks=_networks(stop, learn, labels, layout),
        pictures=_pictures(stop, seen & images.keys(), labels, layout),
        side=2 * HALF,
        travels=travels(stop, layout),
    )


def shelf(images: Mapping[str, str]) -> str:
    """The pictures of both layouts' diagrams by name, as SVG that is not seen; `images` are their addresses."""
    return HTML.shelf(images, 2 * HALF)


def _networks(stop: Stop, learn: tuple[str, ...], labels: Mapping[str, str], layout: Layout) -> list[dict[str, Any]]:
    """What is drawn of each network."""
    drawn, (half, high) = [], layout.box
    for name, (x, y) in layout.networks.items():
        network = name.split()[0]
        drawn.append(
            {
                "kind": "g" if "2" in network else "d",
                "state": (" on" if name in stop.networks else "") + (" learns" if network in learn else ""),
                "left": x - half,
                "top": y - high,
                "x": x,
                "y": y - layout.line,
                "lines": _fitted(labels[network], y, layout),
            }
        )
    return drawn


def _pictures(stop: Stop, seen: set[str], labels: Mapping[str, str], layout: Layout) -> list[dict[str, Any]]:
    """What is drawn of each picture; one that does not exist yet has no source."""
    drawn = []
    for name, (x, y) in layout.pictures.items():
        picture = f"idt_{stop.side}" if name == "idt" else name
        if name == "idt" and stop.key != "identity":
            continue
        lines = labels[name].split("\n")
        lines = lines if layout is NARROW else [" ".join(lines)]
        drawn.append(
            {
                "source": picture if picture in seen else "",
                "state": " on" if name in stop.pictures else "",
                "left": x - HALF,
                "top": y - HALF,
                "x": x,
                "lines": [(y + HALF + layout.line * (0.85 + at), line) for at, line in enumerate(lines)],
            }
        )
    return drawn
