"""Inside: where the discriminators see real and fake, what changed, what each loss says, and the generator's layers."""

from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image, ImageColor

from demo.tabs.translate.selection import TABLE, Held, Now, asked, held, sentence
from demo.tabs.translate.translation import framed
from demo.ui.assets import beside
from demo.ui.handlers import publish
from demo.ui.i18n import Language, language_of, t
from demo.ui.sections import Section
from gan.plots.figures import SHIELD, SPEAR

if TYPE_CHECKING:
    from torch import Tensor

    from gan.analysis.inspect_cyclegan import Look

CSS = TABLE + beside(__file__, "inspect.css")
FAKE, REAL = (ImageColor.getrgb(colour) for colour in (SPEAR, SHIELD))
MAPS = 16  # feature maps of a stage that are shown
LOUDER = 3  # times the difference is amplified
JUDGES = ("own", "other")


def seen(now: Held) -> "Look":
    """The picture's way through the four networks, at the size at which they see it."""
    from gan.analysis.inspect_cyclegan import look
    from gan.inference.translate import as_seen

    return look(*now.networks, as_seen(now.image, now.size, now.run.config.channels), now.run.config)


def leanings(now: Held, look: "Look") -> "dict[tuple[str, str], Tensor]":
    """Where each picture looks real and fake: float [H, W], 1 for real, -1 for fake, 0 where the judge is undecided.

    By the keys of `Look.logits`; a score can lie beyond both ends.
    """
    from gan.analysis.inspect_cyclegan import receptive_field, spread
    from gan.core.losses import LOSSES

    loss, field = LOSSES[now.run.config.loss], receptive_field(now.networks[2])
    shape = tuple(look.real.shape[-2:])
    verdicts = {key: spread(loss.verdict(logits[0, 0]), field, shape) for key, logits in look.logits.items()}
    label = now.run.config.label
    middle = loss.equilibrium(label).verdict
    return {key: (verdict - middle) / (label - middle) for key, verdict in verdicts.items()}


def painted(picture: "Tensor", lean: "Tensor") -> Image.Image:
    """A picture in grey, float [1, 3, H, W], blue where it looks real (1) and orange where it looks fake (-1)."""
    from gan.images import to_image

    grey = np.asarray(to_image(picture[0].clamp(-1, 1)).convert("L"), np.float32)[..., None]
    side = np.nan_to_num(lean.numpy()).clip(-1, 1)[..., None]
    colour = np.where(side > 0, np.float32(REAL), np.float32(FAKE))
    strength = 0.7 * np.abs(side)
    return Image.fromarray(((1 - strength) * grey + strength * colour).round().astype(np.uint8))


def difference(look: "Look") -> tuple[Image.Image, float]:
    """(|translation - picture|, LOUDER times as strong, on black; its mean as a share of full scale)."""
    apart = (look.fake.clamp(-1, 1) - look.real).abs()[0].mean(0) / 2
    shades = (255 * (LOUDER * apart).clamp(max=1)).round().byte().numpy()
    return Image.fromarray(shades), float(apart.mean())


def page(now: Held, language: Language) -> str:
    """All of it as HTML."""
    look = seen(now)
    return verdicts(now, look, language) + losses(now, look, language) + stages(now, look, language)


def verdicts(now: Held, look: "Look", language: Language) -> str:
    """The patches' verdicts over the picture and over its translation, by both discriminators, and what changed."""
    from gan.analysis.inspect_cyclegan import mean_verdicts, receptive_field
    from gan.core.losses import LOSSES

    judges = dict(zip(JUDGES, now.named(language), strict=True))
    kinds = dict(zip(("real", "fake"), now.named(language), strict=True))
    mean, figures = mean_verdicts(look, now.run.config), []
    for (kind, judge), lean in leanings(now, look).items():
        title = sentence(language, "inside.judge", name=judges[judge])
        what = sentence(language, "generated" if now.made and kind == "real" else kind, name=kinds[kind])
        words = sentence(language, "inside.mean", value=f"{mean[kind, judge]:.2f}")
        caption = f"<b>{what}</b>{title}<small>{words}</small>"
        figures.append(framed(painted(getattr(look, kind), lean), f"{title}: {what}; {words}", caption))
    changed, percent = difference(look)
    title = sentence(language, "inside.difference")
    words = sentence(language, "inside.changed", times=LOUDER, percent=f"{100 * percent:.1f}")
    figures.append(framed(changed, f"{title}: {words}", f"<b>{title}</b><small>{words}</small>"))
    size = receptive_field(now.networks[2]).size
    height, width = look.real.shape[-2:]
    most = now.run.config.label
    least = 2 * LOSSES[now.run.config.loss].equilibrium(most).verdict - most
    low, high = (
        sentence(language, f"inside.looks_{kind}", value=f"{v:g}") for kind, v in (("fake", least), ("real", most))
    )
    errs = mean["real", "other"] > mean["real", "own"]
    a, b = now.named(language)
    erring = f'<p class="answer">{sentence(language, "inside.errs", a=a, b=b)}</p>' if errs else ""
    return (
        f'<section class="patches"><h4>{sentence(language, "inside.patches")}</h4>'
        f"<p>{sentence(language, 'inside.patch', size=size, width=width, height=height)}</p>"
        f'<p class="scale"><span>{low}</span><i></i><span>{high}</span></p>'
        f"<p>{sentence(language, f'inside.scale.{now.run.config.loss}')}</p>"
        f'<div class="maps verdicts">{"".join(figures)}</div>{erring}'
        f'<p class="note">{sentence(language, "inside.unlearned")}</p></section>'
    )


def losses(now: Held, look: "Look", language: Language) -> str:
    """What each loss says of this one picture, as a table."""
    config, found = now.run.config, look.losses
    a, b = now.named(language)
    rows = [
        ("deceive", found.deceive, "1"),
        ("cycle", found.cycle, f"{config.lambda_cycle:g}"),
        ("identity", found.identity, f"{config.lambda_cycle * config.lambda_identity:g}"),
        ("total", found.total(config), ""),
        ("real", found.real, ""),
        ("fake", found.fake, ""),
    ]
    cells = "".join(
        f'<tr class="{name}"><th scope="row">{sentence(language, f"inside.losses.{name}", a=a, b=b)}</th>'
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


def stages(now: Held, look: "Look", language: Language) -> str:
    """What each stage of the generator makes of the picture: its first feature maps, and at last the translation."""
    from gan.analysis.activations import mosaic
    from gan.analysis.activations import stages as through
    from gan.images import to_image

    found, cards = through(now.networks[0], look.real), []
    keys = ("edges", "down", "down", *["residual"] * (len(found) - 6), "up", "up", "picture")
    for number, (key, stage) in enumerate(zip(keys, found, strict=True), 1):
        maps, height, width = stage.maps.shape
        words = {"number": number, "maps": maps, "height": height, "width": width, "block": number - 3}
        image = to_image(look.fake[0].clamp(-1, 1)) if key == "picture" else mosaic(stage.maps, MAPS, each=True)
        title = sentence(language, f"inside.stage.{key}", **words)
        cards.append(framed(image, title, f"<small>{title}</small>"))
    note = sentence(language, "inside.stages_note", count=MAPS)
    return (
        f'<section class="through"><h4>{sentence(language, "inside.stages")}</h4><p>{note}</p>'
        f'<div class="maps">{"".join(cards)}</div></section>'
    )


def show(now: Held, request: gr.Request) -> tuple[str]:
    """(page,) for the picture at hand."""
    return (page(now, language_of(request)),)


def endpoint(run: str, direction: str, picture: str | None) -> tuple[dict[str, Any], Image.Image]:
    """Where the discriminators see real and fake in a picture and in its translation, and what each loss says.

    {"patch": pixels, "verdicts": {"input" and "output": {"own", "other": mean}}, "losses": {"deceive", "cycle",
    "identity", "total", "real", "fake"}, "stages": [{"shape": [C, H, W]}, ...]}, and a sheet: the picture before its
    own and the other discriminator, under it its translation.
    """
    from gan.analysis.activations import stages as through
    from gan.analysis.inspect_cyclegan import mean_verdicts, receptive_field

    now = held(run, direction, picture, None)
    look = seen(now)
    lean, mean = leanings(now, look), mean_verdicts(look, now.run.config)
    height, width = look.real.shape[-2:]
    sheet, verdicts = Image.new("RGB", (2 * width, 2 * height)), {}
    for row, (name, kind) in enumerate((("input", "real"), ("output", "fake"))):
        verdicts[name] = {judge: mean[kind, judge] for judge in JUDGES}
        for column, judge in enumerate(JUDGES):
            sheet.paste(painted(getattr(look, kind), lean[kind, judge]), (column * width, row * height))
    answer = {
        "patch": receptive_field(now.networks[2]).size,
        "verdicts": verdicts,
        "losses": {**look.losses._asdict(), "total": look.losses.total(now.run.config)},
        "stages": [{"shape": list(stage.maps.shape)} for stage in through(now.networks[0], look.real)],
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
                *asked(),
            ],
            [gr.JSON(visible=False), gr.Image(format="png", visible=False)],
            "inside",
        )
    return Section(tab, show, [], [view])
