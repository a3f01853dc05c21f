"""Directions in latent space that mean something, found without a single label.

    closed form   the directions in which the first layer stretches z most: eigenvectors of A'A, A its weights
                  (SeFa: Shen and Zhou 2021, arXiv:2007.06600)
    PCA           the directions of z that move the activations of a later layer along their principal components
                  (GANSpace: Haerkoenen et al. 2020, arXiv:2004.02546)

What each of them does is then measured on pictures, so that a slider can bear a name.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.core.dcgan import Generator
from gan.core.latent import noise
from gan.errors import UserError
from gan.images import as_grey
from gan.metrics.classifier import Classifier

METHODS = ("sefa", "ganspace")
SAMPLES = 1000  # pictures whose activations are analysed
SIDE = 8  # at most so many pixels a side of the layer that GANSpace looks at
TRIED = 128  # pictures on which a direction is measured
FAR = 3.0  # how far each way: three standard deviations of z along any direction


def directions(generator: Generator, latent: int, count: int, method: str = "sefa") -> Tensor:
    """The `count` strongest directions, float [count, latent] of length 1, the strongest first.

    Each points so that its largest number is positive: the sign is free. Raises `UserError` for another method or
    more directions than z has numbers.
    """
    if method not in METHODS:
        raise UserError("directions.method", method=method, known=", ".join(METHODS))
    if not 1 <= count <= latent:
        raise UserError("directions.count", most=latent, count=count)
    found = {"sefa": _closed_form, "ganspace": _principal}[method](generator, latent, count)
    largest = found.gather(1, found.abs().argmax(1, keepdim=True))
    return found * largest.sign()


def _closed_form(generator: Generator, latent: int, count: int) -> Tensor:
    """Unit n that maximise |A n|: eigenvectors of A'A, eq. 5 of the paper. A: [maps * 4 * 4, latent]."""
    weight = generator.stages[0][0].weight.detach()  # [latent, maps, 4, 4]
    a = weight.flatten(1).T.double()
    vectors = torch.linalg.eigh(a.T @ a).eigenvectors  # in ascending order
    return vectors.T.flip(0)[:count].float()


@torch.inference_mode()
def _principal(generator: Generator, latent: int, count: int) -> Tensor:
    """Principal components of activations, carried back to z by least squares (section 2.1 of the paper)."""
    z = noise(SAMPLES, latent, seed=0).to(next(generator.parameters()).device)
    x = z[:, :, None, None]
    for stage in generator.stages:
        x = stage(x)
        if x.shape[-1] >= SIDE:
            break
    y = x.flatten(1).double().cpu()
    y, z = y - y.mean(0), z.double().cpu()
    values, vectors = torch.linalg.eigh(y @ y.T)  # the Gram matrix has the same components, and is smaller
    coordinates = (vectors * values.clamp(min=1e-30).sqrt()).flip(1)[:, :count]  # [SAMPLES, count]
    back = (coordinates.T @ (z - z.mean(0))) / coordinates.square().sum(0)[:, None]  # they are orthogonal
    return F.normalize(back, dim=1).float()


class Effect(NamedTuple):
    """What a direction does to pictures from `-FAR` to `FAR`.

    `changes`: by measure, the mean change in standard deviations of that measure over pictures. `turns`: the share of
    pictures that the classifier takes for another class afterwards, None without a classifier.
    """

    changes: dict[str, float]
    turns: float | None


@torch.inference_mode()
def effects(generator: Generator, found: Tensor, classifier: Classifier | None = None) -> list[Effect]:
    """The effect of each direction, float [count, latent], on the same pictures."""
    device = next(generator.parameters()).device
    z = noise(TRIED, found.shape[1], seed=1).to(device)
    spread = {name: values.std().clamp(min=1e-6) for name, values in measure(generator(z)).items()}
    told = []
    for direction in found.to(device):
        # along the direction all start from the middle: what z had of it is taken away first
        base = z - (z @ direction)[:, None] * direction
        low, high = (generator(base + sign * FAR * direction) for sign in (-1, 1))
        before, after = measure(low), measure(high)
        changes = {name: ((after[name] - before[name]).mean() / spread[name]).item() for name in spread}
        turns = None
        if classifier is not None:
            turns = (classifier(low).argmax(1) != classifier(high).argmax(1)).float().mean().item()
        told.append(Effect(changes, turns))
    return told


def measure(images: Tensor) -> dict[str, Tensor]:
    """Simple measures of float [N, C, S, S] in [-1, 1], float [N] each.

    brightness: the mean. width, height: how far light spreads about its centre, as a share of the side. slant: the
    correlation of light's place across and upward: positive leans right. warmth (colour only): red less blue.
    """
    light = (as_grey(images)[:, 0] + 1).clamp(min=0) / 2
    mass = light.sum((1, 2)).clamp(min=1e-6)
    place = torch.linspace(-0.5, 0.5, images.shape[-1], device=images.device)
    x, y = place.expand_as(light), -place[:, None].expand_as(light)

    def mean(values: Tensor) -> Tensor:
        return (light * values).sum((1, 2)) / mass

    dx, dy = x - mean(x)[:, None, None], y - mean(y)[:, None, None]
    width, height = mean(dx.square()).sqrt(), mean(dy.square()).sqrt()
    measures = {
        "brightness": light.mean((1, 2)),
        "width": width,
        "height": height,
        "slant": mean(dx * dy) / (width * height).clamp(min=1e-6),
    }
    if images.shape[1] == 3:
        measures["warmth"] = (images[:, 0] - images[:, 2]).mean((1, 2))
    return measures
