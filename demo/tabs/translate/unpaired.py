"""Two piles, no pairs: training pictures of both, of which none matches another, and what each is to the networks."""

import random
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demo.server import model_cache
from demo.shared.pairs import COUNT_SEEDS, names, pictures
from demo.tabs.translate.selection import TABLE, Held, Now
from demo.tabs.translate.translation import THUMBNAIL, framed, inline
from demo.ui.assets import beside
from demo.ui.handlers import EACH, add_endpoint, catch_errors
from demo.ui.i18n import Language, language_of, saying, t
from demo.ui.numbers import require_int
from demo.ui.refusals import Refused
from demo.ui.results import shows_result
from demo.ui.sections import LATEST, Section
from demo.ui.templates import macros
from gan.lazy import lazy
from gan.runs.run import Run

if TYPE_CHECKING:
    from torch import Tensor

    from gan.analysis.inspect_cyclegan import Look
    from gan.core.cyclegan import CycleGANConfig

inspect_cyclegan = lazy("gan.analysis.inspect_cyclegan")
training_roles = lazy("gan.analysis.training_roles")
images = lazy("gan.images")
translate = lazy("gan.inference.translate")

CSS, JS = TABLE + beside(__file__, "unpaired.css"), beside(__file__, "unpaired.js")
HTML = macros(__file__)
ROLES = ("input", "real", "label")
DRAWN = 64  # piles of pictures up to this size are sent as they are, larger ones as light photos

Piles = dict[str, int]  # of one visitor: {"seed": of the shuffle, "a" and "b": which picture of each pile is picked}


@lru_cache(maxsize=32)
def _look(folder: Path, stamp: Any, direction: str, shape: tuple[int, int], pixels: bytes) -> "Look":

    run, image = Run(folder), Image.frombytes("RGB", shape, pixels)
    x = translate.as_seen(image, run.config.size, run.config)
    return inspect_cyclegan.look(*Held(run, direction, image).networks, x, run.config)


def looks(run: Run, piles: Piles) -> "tuple[Look, Look]":
    """The ways of the picked pictures through the four networks: that of pile a, that of pile b."""
    laid, stamp = pictures(run, piles["seed"]), model_cache.stamp(run)
    a, b = laid.a[piles["a"]], laid.b[piles["b"]]
    there = _look(run.folder, stamp, "AtoB", a.size, a.tobytes())
    return there, _look(run.folder, stamp, "BtoA", b.size, b.tobytes())


def numbers(run: Run, piles: Piles) -> dict[str, dict[str, float]]:
    """What the picked picture of each pile, "a" and "b", is to the networks, by the names of `training_roles.Roles`."""
    a, b = looks(run, piles)
    return {
        "a": training_roles.roles(a, b.real, run.config)._asdict(),
        "b": training_roles.roles(b, a.real, run.config)._asdict(),
    }


def page(run: Run, piles: Piles, language: Language) -> str:
    """Both piles as HTML, the pictures as buttons, and under them the picked two, side by side."""
    counts = run.info.get("pictures") or []
    laid, shown, say = pictures(run, piles["seed"]), [], saying(language, "translate.")
    for at, (side, name, pile) in enumerate(zip("ab", names(run, language), laid[:2], strict=True)):
        alts = [say("piles.picture", name=name, index=index) for index in range(1, len(pile) + 1)]
        buttons = [
            {"source": small(image), "alt": alt, "pressed": index == piles[side]}
            for index, (image, alt) in enumerate(zip(pile, alts, strict=True))
        ]
        known = len(counts) == 2 and isinstance(counts[at], int)
        values = {"pile": side.upper(), "name": name, "count": f"{counts[at]:,}" if known else ""}
        if name == values["pile"]:
            key = "unnamed" if known else "unknown"
        else:
            key = "pile" if known else "uncounted"
        picked = {"source": inline(pile[piles[side]]), "alt": alts[piles[side]]}
        told = {"side": side, "title": say(f"piles.{key}", **values)}
        shown.append(told | {"pictures": buttons, "picked": picked})
    return HTML.page(say, shown, away=not laid.trained)


def small(image: Image.Image) -> str:
    """A picture of a pile as an address of its own, light, for each click sends all of them."""
    return inline(image.resize((THUMBNAIL, THUMBNAIL)) if image.width > THUMBNAIL else image, exact=DRAWN)


def targets(config: "CycleGANConfig") -> dict[str, str]:
    """The verdicts that mean real to a generator ("goal"), and those a discriminator is to give real and fake."""
    if config.loss == "hinge":
        return {"goal": "≥ 1", "target": f"≥ {config.label:g}", "fake": "≤ −1"}
    if config.loss == "relativistic":
        return {"goal": "> 0", "target": "> 0", "fake": "< 0"}
    return {"goal": "1", "target": f"{config.label:g}", "fake": "0"}


def answer(run: Run, piles: Piles, role: str | None, language: Language) -> str:
    """What the picked pictures are to the networks in one of the roles, as HTML: a card each, and a sentence.

    Empty before a role is chosen.
    """
    if not role:
        return ""
    (a, b), say = names(run, language), saying(language, "translate.")
    found, told, cards = looks(run, piles), numbers(run, piles), []
    for side, mine, other, (source, target) in zip("ab", found, reversed(found), ((a, b), (b, a)), strict=True):
        values = targets(run.config) | {name: f"{value:.2f}" for name, value in told[side].items()}
        values |= {name: f"{100 * told[side][name]:.0f}" for name in ("apart", "cycle")}
        shown = {
            "input": [("real", mine.real, source), ("fake", mine.fake, target)],
            "real": [("real", mine.real, source)],
            "label": [("fake", mine.fake, target), ("real", other.real, target)],
        }[role]
        figures = [_figure(x, say(kind, name=name)) for kind, x, name in shown]
        words = say(f"piles.{role}", a=source, b=target, **values)
        if role == "label" and run.config.lambda_cycle:
            words += f" {say('piles.compared', **values)}"
        cards.append({"figures": figures, "words": words})
    return HTML.answer(cards, say(f"piles.lesson.{role}"))


def _figure(x: "Tensor", caption: str) -> str:

    return framed(images.to_image(x[0].clamp(-1, 1)), caption, caption)


def learners(run: Run, language: Language) -> str:
    """The four networks as an HTML table: as what each sees a picture of either pile, and what its weights learn from.

    As in `CycleGAN.round`, and without the losses that this run left out.
    """
    (a, b), say = names(run, language), saying(language, "translate.")
    taught, rows = training_roles.teachers(run.config), []
    heads = [
        say("piles.table.network"),
        *(say("piles.table.picture", name=name) for name in (a, b)),
        say("piles.table.learns"),
    ]
    for network, kind, source, target in (
        ("a2b", "generator", a, b),
        ("b2a", "generator", b, a),
        ("a", "discriminator", a, b),
        ("b", "discriminator", b, a),
    ):
        values = targets(run.config) | {"a": source, "b": target}
        losses = dict.fromkeys(name.rpartition("_")[0] for name in taught[network])  # the two of the cycle are one
        as_what = "other"
        if kind == "generator" and "idt" not in losses:
            as_what = "other_idle" if "cycle" in losses else "other_measured"
        own, other = (say(f"piles.table.{kind}.{key}") for key in ("own", as_what))
        cells = [
            *((own, other) if source == a else (other, own)),
            ", ".join(say(f"piles.table.from.{name}", **values) for name in losses),
        ]
        rows.append({"name": say(f"piles.table.{kind}.name", **values), "cells": cells})
    return HTML.learners(say, heads, rows)


def within(run: Run, piles: Piles) -> Piles:
    """These piles with picks that are there: another run may have fewer pictures."""
    a, b, _ = pictures(run, piles["seed"])
    if not a or not b:
        raise Refused("refused.no_piles")
    return piles | {"a": min(piles["a"], len(a) - 1), "b": min(piles["b"], len(b) - 1)}


def drawn(run: Run, piles: Piles, role: str | None, language: Language) -> tuple[Piles, str, str, str]:
    """(piles, page, answer, table); answer and table are empty before a role is chosen: they answer the question."""
    piles = within(run, piles)
    table = learners(run, language) if role else ""
    return piles, page(run, piles, language), answer(run, piles, role, language), table


def show(now: Held, piles: Piles, role: str | None, request: gr.Request) -> tuple:
    """`drawn` for the run at hand."""
    return drawn(now.run, piles, role, language_of(request))


def shuffle(run: str, role: str | None, request: gr.Request) -> tuple:
    """`drawn` for other pictures."""
    piles = {"seed": random.randrange(COUNT_SEEDS), "a": 0, "b": 0}
    return drawn(model_cache.find(run, "cyclegan"), piles, role, language_of(request))


def pick(event: gr.EventData, run: str, piles: Piles, role: str | None, request: gr.Request) -> tuple:
    """`drawn` with the picture that was clicked picked."""
    side = {"a": "a", "b": "b"}[event.side]
    picked = piles | {side: max(0, int(event.index))}
    return drawn(model_cache.find(run, "cyclegan"), picked, role, language_of(request))


def choose(run: str, piles: Piles, role: str | None, request: gr.Request) -> tuple[str, str]:
    """(answer, table) for another role."""
    found = model_cache.find(run, "cyclegan")
    return drawn(found, piles, role, language_of(request))[2:]


def endpoint(run: str, seed: float = 0) -> tuple[dict[str, Any], Image.Image]:
    """Some training pictures of both piles of a run, and what the first of each is to the networks.

    {"names": [a, b], "counts": [how many were trained on] or null, "trained": whether the sheet shows some of them,
    "numbers": {"a" and "b": {"passes", "deceive", "verdict", "real", "apart", "cycle"}}}, and a sheet: pile a above
    pile b. `seed` is from 0 to 999,999.
    """
    found = model_cache.find(run, "cyclegan")
    piles = within(found, {"seed": require_int("seed", seed, 0, COUNT_SEEDS - 1), "a": 0, "b": 0})
    size, (*shown, trained) = found.config.size, pictures(found, piles["seed"])
    sheet = Image.new("RGB", (size * max(map(len, shown)), 2 * size), "white")
    for row, pile in enumerate(shown):
        for column, image in enumerate(pile):
            sheet.paste(image, (column * size, row * size))
    told = {
        "names": list(names(found, "en")),
        "counts": found.info.get("pictures"),
        "trained": trained,
        "numbers": numbers(found, piles),
    }
    return told, sheet


def build(now: Now) -> Section:
    """The section."""
    with gr.Tab(t("translate.piles.tab"), id="piles") as tab:
        run, piles = now[0], gr.State({"seed": 0, "a": 0, "b": 0})
        with gr.Row():
            again = gr.Button(t("translate.piles.shuffle"), size="md", scale=0, min_width=160, elem_id="piles-shuffle")
        view = gr.HTML(css_template=CSS, js_on_load=JS, elem_id="piles", **shows_result(410, min_height=300))
        gr.Markdown(t("translate.piles.intro"))
        role = gr.Radio(
            [(t(f"translate.piles.roles.{name}"), name) for name in ROLES],
            value=None,  # the question stands unanswered until someone answers
            label=t("translate.piles.role"),
            elem_id="piles-role",
        )
        answered = gr.HTML(css_template=CSS, elem_id="piles-answer", **shows_result(100))
        table = gr.HTML(css_template=CSS, elem_id="piles-table")
        outputs = [piles, view, answered, table]
        again.click(catch_errors(shuffle), [run, role], outputs, **LATEST)
        view.select(catch_errors(pick), [run, piles, role], outputs, **EACH)
        role.input(catch_errors(choose), [run, piles, role], [answered, table], **LATEST)
        add_endpoint(
            endpoint,
            [gr.Textbox("horse2zebra", visible=False, label="run"), gr.Number(0, visible=False, label="seed")],
            [gr.JSON(visible=False), gr.Image(format="png", visible=False)],
            "piles",
        )
    return Section(tab, show, [piles, role], outputs)
