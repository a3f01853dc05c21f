"""Inside: where the discriminators see real and fake, what changed, what each loss says, and the generator's layers."""

from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image, ImageColor

from demo.tabs.translate.selection import TABLE, Held, Now, asked, held
from demo.tabs.translate.translation import framed
from demo.ui.assets import beside
from demo.ui.handlers import add_endpoint
from demo.ui.i18n import Language, language_of, saying, t
from demo.ui.results import shows_result
from demo.ui.sections import Section
from demo.ui.templates import macros
from gan.lazy import lazy
from gan.plots.figures import SHIELD, SPEAR

if TYPE_CHECKING:
    from torch import Tensor

    from gan.analysis.inspect_cyclegan import Look

activations = lazy("gan.analysis.activations")
inspect_cyclegan = lazy("gan.analysis.inspect_cyclegan")
core_losses = lazy("gan.core.losses")
images = lazy("gan.images")
translate = lazy("gan.inference.translate")

CSS, HTML = TABLE + beside(__file__, "inspect.css"), macros(__file__)
FAKE, REAL = (ImageColor.getrgb(colour) for colour in (SPEAR, SHIELD))
MAPS = 16  # feature maps of a stage that are shown
LOUDER = 3  # times the difference is amplified
JUDGES = ("own", "other")


def seen(now: Held) -> "Look":
    """The picture's way through the four networks, at the size at which they see it."""
    config = now.run.config
    return inspect_cyclegan.look(*now.networks, translate.as_seen(now.image, now.size, config), config)


def painted(picture: "Tensor", lean: "Tensor") -> Image.Image:
    """A picture in grey, float [1, 3, H, W], blue where it looks real (1) and orange where it looks fake (-1)."""
    grey = np.asarray(images.to_image(picture[0].clamp(-1, 1)).convert("L"), np.float32)[..., None]
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
    say = saying(language, "translate.")
    judges = dict(zip(JUDGES, now.named(language), strict=True))
    kinds = dict(zip(("real", "fake"), now.named(language), strict=True))
    mean, figures = inspect_cyclegan.mean_verdicts(look, now.run.config), []
    for (kind, judge), lean in inspect_cyclegan.leanings(look, now.networks[2], now.run.config).items():
        title = say("inside.judge", name=judges[judge])
        what = say("generated" if now.made and kind == "real" else kind, name=kinds[kind])
        words = say("inside.mean", value=f"{mean[kind, judge]:.2f}")
        caption = HTML.caption(strong=what, plain=title, small=words)
        figures.append(framed(painted(getattr(look, kind), lean), f"{title}: {what}; {words}", caption))
    changed, percent = difference(look)
    title = say("inside.difference")
    words = say("inside.changed", times=LOUDER, percent=f"{100 * percent:.1f}")
    figures.append(framed(changed, f"{title}: {words}", HTML.caption(strong=title, small=words)))
    height, width = look.real.shape[-2:]
    most = now.run.config.label
    least = 2 * core_losses.LOSSES[now.run.config.loss].equilibrium(most).verdict - most
    errs = mean["real", "other"] > mean["real", "own"]
    a, b = now.named(language)
    return HTML.verdicts(
        say,
        figures,
        patch=say(
            "inside.patch", size=inspect_cyclegan.receptive_field(now.networks[2]).size, width=width, height=height
        ),
        low=say("inside.looks_fake", value=f"{least:g}"),
        high=say("inside.looks_real", value=f"{most:g}"),
        scale=say(f"inside.scale.{now.run.config.loss}"),
        erring=say("inside.errs", a=a, b=b) if errs else "",
    )


def losses(now: Held, look: "Look", language: Language) -> str:
    """What each loss says of this one picture, as a table."""
    config, found, say = now.run.config, look.losses, saying(language, "translate.")
    a, b = now.named(language)
    values = [
        ("deceive", found.deceive, "1"),
        ("cycle", found.cycle, f"{config.lambda_cycle:g}"),
        ("identity", found.identity, f"{config.lambda_cycle * config.lambda_identity:g}"),
        ("total", found.total(config), ""),
        ("real", found.real, ""),
        ("fake", found.fake, ""),
    ]
    rows = [
        {"key": key, "name": say(f"inside.losses.{key}", a=a, b=b), "value": value, "weight": weight}
        for key, value, weight in values
    ]
    return HTML.losses(say, rows)


def stages(now: Held, look: "Look", language: Language) -> str:
    """What each stage of the generator makes of the picture: its first feature maps, and at last the translation."""
    found, cards, say = activations.stages(now.networks[0], look.real), [], saying(language, "translate.")
    keys = ("edges", "down", "down", *["residual"] * (len(found) - 6), "up", "up", "picture")
    for number, (key, stage) in enumerate(zip(keys, found, strict=True), 1):
        maps, height, width = stage.maps.shape
        words = {"number": number, "maps": maps, "height": height, "width": width, "block": number - 3}
        image = (
            images.to_image(look.fake[0].clamp(-1, 1))
            if key == "picture"
            else activations.mosaic(stage.maps, MAPS, each=True)
        )
        title = say(f"inside.stage.{key}", **words)
        cards.append(framed(image, title, HTML.caption(small=title)))
    return HTML.stages(say, cards, MAPS)


def show(now: Held, request: gr.Request) -> tuple[str]:
    """(page,) for the picture at hand."""
    return (page(now, language_of(request)),)


def endpoint(run: str, direction: str, picture: str | None) -> tuple[dict[str, Any], Image.Image]:
    """Where the discriminators see real and fake in a picture and in its translation, and what each loss says.

    {"patch": pixels, "verdicts": {"input" and "output": {"own", "other": mean}}, "losses": {"deceive", "cycle",
    "identity", "total", "real", "fake"}, "stages": [{"shape": [C, H, W]}, ...]}, and a sheet: the picture before its
    own and the other discriminator, under it its translation.
    """
    now = held(run, direction, picture, None)
    look = seen(now)
    lean, mean = (
        inspect_cyclegan.leanings(look, now.networks[2], now.run.config),
        inspect_cyclegan.mean_verdicts(look, now.run.config),
    )
    height, width = look.real.shape[-2:]
    sheet, verdicts = Image.new("RGB", (2 * width, 2 * height)), {}
    for row, (name, kind) in enumerate((("input", "real"), ("output", "fake"))):
        verdicts[name] = {judge: mean[kind, judge] for judge in JUDGES}
        for column, judge in enumerate(JUDGES):
            sheet.paste(painted(getattr(look, kind), lean[kind, judge]), (column * width, row * height))
    answer = {
        "patch": inspect_cyclegan.receptive_field(now.networks[2]).size,
        "verdicts": verdicts,
        "losses": {**look.losses._asdict(), "total": look.losses.total(now.run.config)},
        "stages": [{"shape": list(stage.maps.shape)} for stage in activations.stages(now.networks[0], look.real)],
    }
    return answer, sheet


def build(now: Now) -> Section:
    """The section."""
    with gr.Tab(t("translate.inside.tab"), id="inside") as tab:
        view = gr.HTML(css_template=CSS, elem_id="inside", **shows_result(880, min_height=300))
        gr.Markdown(t("translate.inside.intro"))
        add_endpoint(
            endpoint,
            [
                *asked(),
            ],
            [gr.JSON(visible=False), gr.Image(format="png", visible=False)],
            "inside",
        )
    return Section(tab, show, [], [view])
