"""Looking inside: what a network's layers make of one input."""

import re
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor, nn

from gan.images import grid


class Stage(NamedTuple):
    """One stage of a network and what it made of an input: its lines of code, its weights, float maps [C, H, W]."""

    code: tuple[str, ...]
    weights: int
    maps: Tensor


@torch.inference_mode()
def stages(network: nn.Module, x: Tensor) -> list[Stage]:
    """Send one input through a network's `stages`, one after the other, and keep what each of them made.

    `x` is float [1, C, H, W]: a picture for a discriminator, z as [1, latent, 1, 1] for a generator. The line of code
    of a layer is that which makes this very layer.
    """
    seen = []
    for stage in network.stages:
        x = stage(x)
        layers = [each for each in stage.modules() if not isinstance(each, nn.Sequential)]
        seen.append(Stage(tuple(map(line_of, layers)), sum(w.numel() for w in stage.parameters()), x[0].cpu()))
    return seen


def mosaic(maps: Tensor, most: int, *, each: bool = False) -> Image.Image:
    """The first `most` feature maps, float [C, H, W], as one picture: black is the least value, white the greatest.

    Of all of them together, or of `each` map by itself.
    """
    shown = maps[:most].float()
    low, high = (shown.amin((1, 2), True), shown.amax((1, 2), True)) if each else (shown.min(), shown.max())
    shades = (255 * (shown - low) / (high - low).clamp(min=1e-6)).round().byte()
    return grid(shades[:, None], gap=1)


def line_of(layer: nn.Module) -> str:
    """The line of code that makes a layer, without what goes without saying: "nn.Conv2d(1, 8, kernel_size=3, ...)"."""
    text = re.sub(r"\((\d+), \1\)", r"\1", repr(layer))  # one number for both sides
    batch_norm = "affine=True(?:, bias=True)?, track_running_stats=True"  # instance norm has no weights unless told
    usual = rf"eps=1e-05|momentum=0\.1|inplace=True|bias=True|{batch_norm}|track_running_stats=False"
    text = re.sub(rf",? ?\b(?:{usual})\b", "", text)
    return f"nn.{text}" if text.split("(")[0] in vars(nn) else text
