"""Two piles, no pairs: training pictures of both, of which none matches another, and what each is to the networks."""

import random
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demo import models
from demo.handlers import polite, publish
from demo.language import HERE, Language, language_of, t
from demo.translate.desk import LATEST, Held, Now, Section, language_and_held, sentence
from demo.translate.ways import examples, inline, names
from gan.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from gan.patches import Look
    from gan.run import Run

CSS, JS = ((HERE / "assets" / f"piles.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
COUNT = 12  # pictures of each pile that are shown
ROLES = ("input", "real", "label")
SEEDS = 10**6

Piles = dict[str, int]  # of one visitor: {"seed": of the shuffle, "a" and "b": which picture of each pile is picked}


def pictures(run: "Run", seed: int) -> tuple[list[Image.Image], list[Image.Image]]:
    """Random training pictures of both piles, squares of the size trained at; without the data the run's examples."""
    return _pictures(run.config.data, run.config.size, seed)


@lru_cache(maxsize=16)
def _pictures(data: str, size: int, seed: int) -> tuple[list[Image.Image], list[Image.Image]]:
    from gan.catalog import state
    from gan.data import glimpse
    from gan.pictures import square, to_image

    if state(data) == "here":
        try:
            a, b = glimpse(data, size, COUNT, seed)
            return [to_image(image) for image in a], [to_image(image) for image in b]
        except UserError:  # a folder that has changed since the training
            pass
    some = examples(data, size)
    a, b = ([square(each.image, size) for each in some if each.side == side] for side in "ab")
    return a, b


@lru_cache(maxsize=64)
def _look(folder: Path, stamp: Any, direction: str, seed: int, at: int) -> "Look":
    from gan.patches import look
    from gan.run import Run
    from gan.translation import as_seen

    run = Run(folder)
    image = pictures(run, seed)[direction == "BtoA"][at]
    return look(*Held(run, direction, image).networks, as_seen(image, run.config.size), run.config)


def looks(run: "Run", piles: Piles) -> "tuple[Look, Look]":
    """The ways of the picked pictures through the four networks: that of pile a, that of pile b."""
    stamp = models.stamp(run)
    a = _look(run.folder, stamp, "AtoB", piles["seed"], piles["a"])
    return a, _look(run.folder, stamp, "BtoA", piles["seed"], piles["b"])


def numbers(run: "Run", piles: Piles) -> dict[str, dict[str, float]]:
    """For the picked picture of each pile, "a" and "b", what it is to the networks, in the three roles.

    "passes": the other discriminator's mean verdict on its translation; "deceive": the generator's adversarial loss;
    "verdict" and "real": its own discriminator's mean verdict on it, and what being wrong about it costs; "apart": the
    mean absolute difference between its translation and the picked picture of the other pile, as a share of full
    scale, which CycleGAN never computes.
    """
    from gan.losses import LOSSES

    verdict, found = LOSSES[run.config.loss].verdict, looks(run, piles)
    return {
        side: {
            "passes": verdict(mine.logits["fake", "other"]).mean().item(),
            "deceive": mine.losses.deceive,
            "verdict": verdict(mine.logits["real", "own"]).mean().item(),
            "real": mine.losses.real,
            "apart": ((mine.fake.clamp(-1, 1) - other.real).abs().mean() / 2).item(),
        }
        for side, mine, other in zip("ab", found, reversed(found), strict=True)
    }


def page(run: "Run", piles: Piles, language: Language) -> str:
    """Both piles as HTML: a heading with how many there are, and the pictures as buttons; under them the picked two."""
    from gan.catalog import state

    counts = run.info.get("pictures") or []
    columns = []
    for at, (side, name, pile) in enumerate(zip("ab", names(run, language), pictures(run, piles["seed"]), strict=True)):
        total = f"{counts[at]:,}" if len(counts) == 2 and isinstance(counts[at], int) else str(len(pile))
        buttons = "".join(
            f'<button type="button" data-side="{side}" data-index="{index}" '
            f'aria-pressed="{str(index == piles[side]).lower()}"><img src="{inline(image)}" '
            f'alt="{sentence(language, "piles.picture", name=name, index=index + 1)}"></button>'
            for index, image in enumerate(pile)
        )
        title = sentence(language, "piles.pile", name=name, count=total)
        columns.append(f'<div><h4>{title}</h4><div class="pile">{buttons}</div></div>')
    away = "" if state(run.config.data) == "here" else f"<p>{sentence(language, 'piles.away')}</p>"
    return f'{away}<div class="both">{"".join(columns)}</div><p class="match">{sentence(language, "piles.match")}</p>'


def answer(run: "Run", piles: Piles, role: str, language: Language) -> str:
    """What the picked pictures are to the networks in one of the roles, as HTML: a card each, and a sentence."""
    a, b = names(run, language)
    found, told = looks(run, piles), numbers(run, piles)
    cards = []
    for side, mine, other, (here, yonder) in zip("ab", found, reversed(found), ((a, b), (b, a)), strict=True):
        values = {name: f"{value:.2f}" for name, value in told[side].items()}
        values["apart"] = f"{100 * told[side]['apart']:.0f}"
        shown = {
            "input": [("real", mine.real, here), ("fake", mine.fake, yonder)],
            "real": [("real", mine.real, here)],
            "label": [("fake", mine.fake, yonder), ("real", other.real, yonder)],
        }[role]
        figures = "".join(_figure(x, sentence(language, kind, name=name)) for kind, x, name in shown)
        words = sentence(language, f"piles.{role}", a=here, b=yonder, **values)
        cards.append(f'<div class="card"><div class="figures">{figures}</div><p>{words}</p></div>')
    return f'<div class="both">{"".join(cards)}</div><p class="lesson">{sentence(language, f"piles.lesson.{role}")}</p>'


def _figure(x: "Tensor", caption: str) -> str:
    from gan.pictures import to_image

    source = inline(to_image(x[0].clamp(-1, 1)))
    return f'<figure><img src="{source}" alt="{caption}"><figcaption>{caption}</figcaption></figure>'


def learners(run: "Run", language: Language) -> str:
    """The four networks as an HTML table: what each is given, and what its weights learn from (CycleGAN.round)."""
    a, b = names(run, language)
    rows = []
    for kind in ("generator", "discriminator"):
        for here, yonder in ((a, b), (b, a)):
            cells = [sentence(language, f"piles.table.{kind}.{part}", a=here, b=yonder) for part in ("given", "learns")]
            name = sentence(language, f"piles.table.{kind}.name", a=here, b=yonder)
            rows.append(f'<tr><th scope="row">{name}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>')
    head = "".join(
        f'<th scope="col">{sentence(language, f"piles.table.{key}")}</th>' for key in ("network", "given", "learns")
    )
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        f'<p class="lesson">{sentence(language, "piles.lesson.all")}</p>'
    )


def within(run: "Run", piles: Piles) -> Piles:
    """These piles with picks that are there: another run may have fewer pictures."""
    a, b = pictures(run, piles["seed"])
    if not a or not b:
        raise UserError("Neither training pictures nor examples of this run are here to be laid out.")
    return piles | {"a": min(piles["a"], len(a) - 1), "b": min(piles["b"], len(b) - 1)}


def drawn(run: "Run", piles: Piles, role: str, language: Language) -> tuple[Piles, str, str, str]:
    """(piles, page, answer, table)."""
    piles = within(run, piles)
    return piles, page(run, piles, language), answer(run, piles, role, language), learners(run, language)


def show(now: Held, piles: Piles, role: str, request: gr.Request) -> tuple:
    """`drawn` for the run at hand."""
    return drawn(now.run, piles, role, language_of(request))


def shuffle(run: str, direction: str, picture: Any, example: Any, role: str, request: gr.Request) -> tuple:
    """`drawn` for other pictures."""
    language, now = language_and_held(request, run, direction, picture, example)
    return drawn(now.run, {"seed": random.randrange(SEEDS), "a": 0, "b": 0}, role, language)


def pick(
    event: gr.EventData,
    run: str,
    direction: str,
    picture: Any,
    example: Any,
    piles: Piles,
    role: str,
    request: gr.Request,
) -> tuple:
    """`drawn` with the picture that was clicked picked."""
    language, now = language_and_held(request, run, direction, picture, example)
    side = {"a": "a", "b": "b"}[event.side]
    return drawn(now.run, piles | {side: max(0, int(event.index))}, role, language)


def choose(run: str, direction: str, picture: Any, example: Any, piles: Piles, role: str, request: gr.Request) -> str:
    """The answer for another role."""
    language, now = language_and_held(request, run, direction, picture, example)
    return answer(now.run, within(now.run, piles), role, language)


def endpoint(run: str, seed: float = 0) -> tuple[dict[str, Any], Image.Image]:
    """Some training pictures of both piles of a run, and what the first of each is to the networks.

    {"names": [a, b], "counts": [how many were trained on], "numbers": {"a" and "b": {"passes", "deceive", "verdict",
    "real", "apart"}}}, and a sheet: pile a above pile b.
    """
    found = models.find(run, "cyclegan")
    piles = within(found, {"seed": int(seed or 0) % SEEDS, "a": 0, "b": 0})
    size, shown = found.config.size, pictures(found, piles["seed"])
    sheet = Image.new("RGB", (size * max(map(len, shown)), 2 * size), "white")
    for row, pile in enumerate(shown):
        for column, image in enumerate(pile):
            sheet.paste(image, (column * size, row * size))
    told = {"names": list(names(found, "en")), "counts": found.info.get("pictures"), "numbers": numbers(found, piles)}
    return told, sheet


def build(now: Now) -> Section:
    """The section."""
    with gr.Tab(t("translate.piles.tab"), id="piles") as tab:
        gr.Markdown(t("translate.piles.intro"))
        piles = gr.State({"seed": 0, "a": 0, "b": 0})
        with gr.Row():
            again = gr.Button(t("translate.piles.shuffle"), size="md", scale=0, min_width=160, elem_id="piles-shuffle")
        view = gr.HTML(css_template=CSS, js_on_load=JS, elem_id="piles", min_height=300)
        role = gr.Radio(
            [(t(f"translate.piles.roles.{name}"), name) for name in ROLES],
            value="input",
            label=t("translate.piles.role"),
            elem_id="piles-role",
        )
        answered = gr.HTML(css_template=CSS, elem_id="piles-answer", min_height=120)
        table = gr.HTML(css_template=CSS, elem_id="piles-table")
        outputs = [piles, view, answered, table]
        again.click(polite(shuffle), [*now, role], outputs, **LATEST)
        view.select(polite(pick), [*now, piles, role], outputs, **LATEST)
        role.input(polite(choose), [*now, piles, role], answered, **LATEST)
        publish(
            endpoint,
            [gr.Textbox("horse2zebra", visible=False, label="run"), gr.Number(0, visible=False, label="seed")],
            [gr.JSON(visible=False), gr.Image(format="png", visible=False)],
            "piles",
        )
    return Section(tab, show, [piles, role], outputs)
