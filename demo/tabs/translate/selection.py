"""What the parts of the Translate tab share: the picture that is being translated."""

from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr
from PIL import Image

from demo.server import model_cache
from demo.shared.pairs import examples, names
from demo.tabs.translate.translation import DIRECTIONS, is_made
from demo.ui.assets import beside
from demo.ui.gradio_workarounds import unread
from demo.ui.i18n import Language, language_of
from demo.ui.refusals import Refused
from demo.ui.uploads import read
from gan.lazy import lazy
from gan.runs.run import Run

if TYPE_CHECKING:
    from torch import nn

    from gan.inference.runtimes import Generator

runtimes = lazy("gan.inference.runtimes")
translate = lazy("gan.inference.translate")


TABLE = beside(__file__, "selection.css")


class Held(NamedTuple):
    """The picture that is being translated, RGB, by a run, in a direction; none for what looks at the pair alone."""

    run: Run
    direction: str
    image: Image.Image | None
    made: bool = False  # the picture is a translation that was fed back in

    @property
    def networks(self) -> "tuple[nn.Module, nn.Module, nn.Module, nn.Module]":
        """(there, back, own, other): both generators, and the discriminators of both domains. Raises Refused."""
        discriminators = model_cache.networks(self.run).discriminators
        if len(discriminators) < 2:
            raise Refused("translate.lacking.judges")
        own, other = (discriminators[side] for side in ("ab" if self.direction == "AtoB" else "ba"))
        return *self._generators, own, other

    @property
    def generators(self) -> "tuple[Generator, Generator]":
        """(there, back): what both generators make of pictures. Raises Refused where an import brought one only."""
        there, back = self._generators
        return runtimes.fast(there), runtimes.fast(back)

    @property
    def _generators(self) -> "tuple[nn.Module, nn.Module]":
        generators = model_cache.networks(self.run).generators
        if len(generators) < 2:
            raise Refused("translate.lacking.back")
        return translate.pick(generators, self.direction)

    @property
    def size(self) -> int:
        """The shorter side at which the generators see it, in pixels."""
        return translate.seen_size(self.run, self.direction)

    def named(self, language: Language) -> tuple[str, str]:
        """What the pictures of its pile and of the other are called: ("horse", "zebra")."""
        a, b = names(self.run, language)
        return (a, b) if self.direction == "AtoB" else (b, a)


def held(
    run: str | None,
    direction: str,
    picture: str | None,
    example: int | None,
    *,
    lacking: bool = False,
) -> Held:
    """The picture the controls name; raises UserError with a sentence where there is no such run, or no picture.

    `lacking` says that it will do without one.
    """
    if direction not in DIRECTIONS:
        raise Refused("refused.direction", direction=direction, known=", ".join(DIRECTIONS))
    found = model_cache.find(run or "", "cyclegan")
    image = examples(found.config.data, found.config.size)[example].image if example is not None else None
    image = image or read(picture)
    if image is None and not lacking:
        raise Refused("translate.no_file")
    return Held(found, direction, image, example is None and is_made(picture))


Now = list[Any]  # the components that `held` is read from: run, direction, picture, example


def asked(run: str = "horse2zebra") -> list[Any]:
    """Components of an endpoint's own for the first things it takes: run, direction, picture."""
    return [
        gr.Textbox(run, visible=False, label="run"),
        gr.Textbox("AtoB", visible=False, label="direction"),
        unread(gr.Image(type="filepath", visible=False, label="picture")),
    ]


def language_and_held(request: gr.Request, *now: Any) -> tuple[Language, Held]:
    """For a section's own controls: the reader's language and the picture as it stands."""
    return language_of(request), held(*now)
