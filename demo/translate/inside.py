"""Inside: where the discriminators see real and fake, what changed, what each loss says, and the generator's layers."""

from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image

from demo.handlers import publish
from demo.language import HERE, Language, language_of, t
from demo.translate.desk import Held, Now, Section, held, sentence
from demo.translate.ways import inline
from demo.uploads import unread

if TYPE_CHECKING:
    from torch import Tensor

    from gan.patches import Look

CSS = (HERE / "assets" / "inside.css").read_text(encoding="utf-8")
SPEAR, SHIELD = (217, 98, 43), (63, 124, 196)  # fake and real, as everywhere
MAPS = 16  # feature maps of a stage that are shown
LOUDER = 3  # times the difference is amplified
JUDGES = ("own", "other")


def seen(now: Held) -> "tuple[Look, Tensor]":
    """The picture's way through the four networks, and the picture as they see it, float [1, 3, H, W]."""
    from gan.patches import look
    from gan.translation import as_seen

    x = as_seen(now.image, now.size)
    return look(*now.networks, x, now.run.config), x


def shares(now: Held, look: "Look") -> "dict[tuple[str, str], Tensor]":
    """How real each pixel of ("real" or "fake", by the "own" or the "other" judge) looks: float [H, W], 1 for real."""
    from gan.losses import LOSSES
    from gan.patches import receptive_field, spread

    _, _, own, _ = now.networks
    loss, field = LOSSES[now.run.config.loss], receptive_field(own)
    shape = tuple(look.real.shape[-2:])
    found = {key: spread(loss.verdict(logits[0, 0]), field, shape) for key, logits in look.logits.items()}
    return {key: (v + 1) / 2 for key, v in found.items()} if now.run.config.loss == "hinge" else found


def painted(picture: "Tensor", share: "Tensor") -> Image.Image:
    """A picture in grey, float [1, 3, H, W], blue where it looks real and orange where it looks fake."""
    from gan.pictures import to_image

    grey = np.asarray(to_image(picture[0]).convert("L"), np.float32)[..., None]
    lean = (2 * np.nan_to_num(share.numpy(), nan=0.5) - 1).clip(-1, 1)[..., None]
    colour = np.where(lean > 0, np.float32(SHIELD), np.float32(SPEAR))
    strength = 0.7 * np.abs(lean)
    return Image.fromarray(((1 - strength) * grey + strength * colour).round().astype(np.uint8))


def difference(look: "Look") -> tuple[Image.Image, float]:
    """(|translation - picture|, LOUDER times as strong, on black; its mean as a share of full scale)."""
    apart = (look.fake.clamp(-1, 1) - look.real).abs()[0].mean(0) / 2
    shades = (255 * (LOUDER * apart).clamp(max=1)).round().byte().numpy()
    return Image.fromarray(shades), float(apart.mean())


def page(now: Held, language: Language) -> str:
    """All of it as HTML."""
    look, x = seen(now)
    return verdicts(now, look, language) + losses(now, look, language) + stages(now, x, language)


def verdicts(now: Held, look: "Look", language: Language) -> str:
    """The patches' verdicts over the picture and over its translation, by both discriminators, and what changed."""
    from gan.patches import receptive_field

    names = dict(zip(JUDGES, now.named(language), strict=True))
    kinds = dict(zip(("real", "fake"), now.named(language), strict=True))
    figures = []
    for (kind, judge), share in shares(now, look).items():
        title = sentence(language, "inside.judge", name=names[judge])
        what = sentence(language, kind, name=kinds[kind])
        picture = look.real if kind == "real" else look.fake.clamp(-1, 1)
        words = sentence(language, "inside.mean", value=f"{float(share.nanmean()):.2f}")
        figures.append(
            _figure(painted(picture, share), f"{title}: {what}", f"<b>{what}</b>{title}<small>{words}</small>")
        )
    changed, mean = difference(look)
    words = sentence(language, "inside.changed", times=LOUDER, percent=f"{100 * mean:.1f}")
    figures.append(_figure(changed, words, f"<b>{sentence(language, 'inside.difference')}</b><small>{words}</small>"))
    size = receptive_field(now.networks[2]).size
    height, width = look.real.shape[-2:]
    low, high = (sentence(language, f"inside.looks_{kind}") for kind in ("fake", "real"))
    return (
        f'<section class="patches"><h4>{sentence(language, "inside.patches")}</h4>'
        f"<p>{sentence(language, 'inside.patch', size=size, width=width, height=height)}</p>"
        f'<p class="scale"><span>{low}</span><i></i><span>{high}</span></p>'
        f'<div class="maps">{"".join(figures)}</div>'
        f'<p class="note">{sentence(language, "inside.unlearned")}</p></section>'
    )


def losses(now: Held, look: "Look", language: Language) -> str:
    """What each loss says of this one picture, as a table."""
    config, found = now.run.config, look.losses
    here, yonder = now.named(language)
    rows = [
        ("deceive", found.deceive, "1"),
        ("cycle", found.cycle, f"{config.cycle:g}"),
        ("identity", found.identity, f"{config.cycle * config.identity:g}"),
        ("total", found.total(config), ""),
        ("real", found.real, ""),
        ("fake", found.fake, ""),
    ]
    cells = "".join(
        f'<tr class="{name}"><th scope="row">{sentence(language, f"inside.losses.{name}", a=here, b=yonder)}</th>'
        f"<td>{value:.3f}</td><td>{weight and '× ' + weight}</td></tr>"
        for name, value, weight in rows
    )
    head = "".join(
        f'<th scope="col">{sentence(language, f"inside.{name}")}</th>' for name in ("loss", "value", "weight")
    )
    return (
        f'<section class="losses"><h4>{sentence(language, "inside.about_losses")}</h4>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table></section>"
    )


def stages(now: Held, x: "Tensor", language: Language) -> str:
    """What each stage of the generator makes of the picture: its first feature maps."""
    from gan.anatomy import mosaic
    from gan.anatomy import stages as through

    found, cards = through(now.networks[0], x), []
    for number, stage in enumerate(found, 1):
        maps, height, width = stage.maps.shape
        words = {"number": number, "maps": maps, "height": height, "width": width}
        key = "picture" if number == len(found) else "residual" if "Residual" in stage.code[0] else "stage"
        image = mosaic(stage.maps, MAPS, each=True)
        if key == "picture":
            from gan.pictures import to_image

            image = to_image(stage.maps.tanh() if not now.run.config.change else stage.maps.clamp(-1, 1))
        title = sentence(language, f"inside.{key}", **words)
        cards.append(_figure(image, title, f"<small>{title}</small>"))
    note = sentence(language, "inside.stages_note", count=MAPS)
    return (
        f'<section class="through"><h4>{sentence(language, "inside.stages")}</h4><p>{note}</p>'
        f'<div class="maps">{"".join(cards)}</div></section>'
    )


def _figure(image: Image.Image, alt: str, caption: str) -> str:
    return f'<figure><img src="{inline(image)}" alt="{escape(alt)}"><figcaption>{caption}</figcaption></figure>'


def show(now: Held, request: gr.Request) -> tuple[str]:
    """(page,) for the picture at hand."""
    return (page(now, language_of(request)),)


def endpoint(run: str, direction: str, picture: str | None, request: gr.Request) -> tuple[dict[str, Any], Image.Image]:
    """Where the discriminators see real and fake in a picture and in its translation, and what each loss says.

    {"patch": pixels, "verdicts": {"real" and "fake": {"own", "other": mean}}, "losses": {"deceive", "cycle",
    "identity", "total", "real", "fake"}, "stages": [[C, H, W], ...]}, and a sheet: the picture before its own and the
    other discriminator, under it its translation.
    """
    from gan.anatomy import stages as through
    from gan.patches import receptive_field

    now = held(run, direction, picture, None, request)
    look, x = seen(now)
    found = shares(now, look)
    means = {kind: {judge: float(found[kind, judge].nanmean()) for judge in JUDGES} for kind in ("real", "fake")}
    height, width = look.real.shape[-2:]
    sheet = Image.new("RGB", (2 * width, 2 * height))
    for row, kind in enumerate(means):
        for column, judge in enumerate(JUDGES):
            painting = painted(look.real if kind == "real" else look.fake.clamp(-1, 1), found[kind, judge])
            sheet.paste(painting, (column * width, row * height))
    answer = {
        "patch": receptive_field(now.networks[2]).size,
        "verdicts": means,
        "losses": {**look.losses._asdict(), "total": look.losses.total(now.run.config)},
        "stages": [list(stage.maps.shape) for stage in through(now.networks[0], x)],
    }
    return answer, sheet


def build(now: Now) -> Section:
    """The section."""
    with gr.Tab(t("translate.inside.tab"), id="inside") as tab:
        gr.Markdown(t("translate.inside.intro"))
        view = gr.HTML(css_template=CSS, elem_id="inside", min_height=300)
        publish(
            endpoint,
            [
                gr.Textbox("horse2zebra", visible=False, label="run"),
                gr.Textbox("AtoB", visible=False, label="direction"),
                unread(gr.Image(type="filepath", visible=False, label="picture")),
            ],
            [gr.JSON(visible=False), gr.Image(format="png", visible=False)],
            "inside",
        )
    return Section(tab, show, [], [view])
