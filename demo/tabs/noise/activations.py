"""The way through the network: what every layer makes of the held picture's vector, and of the picture."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demo.server import model_cache
from demo.tabs.noise.samples import CSS, Picture, data_url, inline, is_probability, picture_of, verdict
from demo.tabs.noise.selection import Desk, Room, bars, held
from demo.ui.handlers import add_endpoint
from demo.ui.i18n import Language, language_of, saying, t
from demo.ui.results import shows_result
from demo.ui.sections import Section
from demo.ui.templates import macros
from gan.lazy import lazy

if TYPE_CHECKING:
    from gan.analysis.activations import Stage

activations = lazy("gan.analysis.activations")

HTML = macros(__file__)
MAPS = 64  # feature maps of a layer that are shown


def ways(shown: Picture) -> tuple[list["Stage"], list["Stage"]]:
    """The stages of the generator from the picture's vector, and those of the discriminator from the picture."""
    return _ways(shown.address, shown.run.folder, model_cache.stamp(shown.run))


@lru_cache(maxsize=32)
def _ways(address: str, folder: Path, stamp: Any) -> tuple[list["Stage"], list["Stage"]]:

    shown = picture_of(address)
    _, generators, discriminators = model_cache.networks(shown.run)
    up = activations.stages(generators["g"], shown.z[None, :, None, None])
    return up, activations.stages(discriminators["d"], up[-1].maps[None])


def page(shown: Picture, language: Language) -> str:
    """Both ways as HTML: a card a layer, with its size, its maps and its lines of code."""
    (up, down), say = ways(shown), saying(language, "noise.")
    generator = [card(say("layers.z", length=len(shown.z)), bars(shown.z, language))]
    for number, stage in enumerate(up, 1):
        is_picture = number == len(up)
        generator.append(stage_card(stage, number, shown if is_picture else None, language))
    discriminator = [stage_card(stage, number, None, language) for number, stage in enumerate(down[:-1], 1)]
    kind = "probability" if is_probability(shown.loss) else "score"
    meaning = say(f"layers.{kind}", verdict=verdict(shown.verdict, shown.loss, language))
    body = HTML.logit(down[-1].maps.item(), meaning)
    discriminator.append(card(say("layers.logit"), body, down[-1].code, down[-1].weights, language))
    return HTML.page(say, generator, discriminator)


def stage_card(stage: "Stage", number: int, finished: Picture | None, language: Language) -> str:
    """A layer's card; `finished` is the picture where the layer's maps are the picture itself."""
    say, (maps, height, width) = saying(language, "noise."), stage.maps.shape
    key = "layers.picture" if finished else "layers.maps"
    title = say(key, number=number, maps=maps, height=height, width=width)
    source = inline(finished.image) if finished else data_url(activations.mosaic(stage.maps, MAPS), "PNG")
    note = say("layers.first", shown=MAPS, maps=maps) if maps > MAPS else ""
    return card(title, HTML.maps(source, title, note), stage.code, stage.weights, language)


def card(title: str, body: str, code: tuple[str, ...] = (), weights: int = 0, language: Language = "en") -> str:
    """A card as HTML; `body` is HTML."""
    return HTML.card(saying(language, "noise."), title, body, code, f"{weights:,}")


def show(desk: Desk, request: gr.Request) -> tuple[str]:
    """(page,) for the held picture."""
    return (page(held(desk), language_of(request)),)


def endpoint(picture: str) -> tuple[dict[str, Any], Image.Image]:
    """What each layer makes of a picture, by its code ("mnist:0:7").

    {"picture", "logit", "verdict", "layers": [{"network", "code", "weights", "shape": [C, H, W]}]}, and the feature
    maps of all layers but the last of either network, a layer below the other, as a PNG file.
    """
    shown = picture_of(picture)
    up, down = ways(shown)
    layers = [
        {"network": network, "code": list(stage.code), "weights": stage.weights, "shape": list(stage.maps.shape)}
        for network, stages in (("generator", up), ("discriminator", down))
        for stage in stages
    ]
    sheets = [activations.mosaic(stage.maps, MAPS) for stage in (*up[:-1], *down[:-1])]
    sheet = Image.new("L", (max(s.width for s in sheets), sum(s.height + 4 for s in sheets) - 4), 255)
    top = 0
    for each in sheets:
        sheet.paste(each, (0, top))
        top += each.height + 4
    answer = {"picture": shown.address, "logit": down[-1].maps.item(), "verdict": shown.verdict, "layers": layers}
    return answer, sheet


def build(room: Room) -> Section:
    """The section."""
    with gr.Tab(t("noise.layers.tab"), id="layers") as tab:
        ways_shown = gr.HTML(css_template=CSS, elem_id="layers", **shows_result(1017, min_height=300))
        gr.Markdown(t("noise.layers.intro"))
        add_endpoint(
            endpoint,
            [gr.Textbox("mnist:0:0", visible=False, label="picture")],
            [gr.JSON(visible=False), gr.Image(format="png", visible=False)],
            "layers",
        )
    return Section(tab, show, [], [ways_shown])
