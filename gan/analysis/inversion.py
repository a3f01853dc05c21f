"""Find the latent vector: the z whose picture is nearest to a given picture, or is of a class.

A generator has no way back from picture to z. But the picture's error can be differentiated by z, so gradient descent
finds one (Creswell and Bharath 2016, arXiv:1611.05644; Zhu et al. 2016, arXiv:1609.03552), and with a classifier's loss
in the error's place a z of a class (Nguyen et al. 2017, arXiv:1612.00005). A search is as long as its number of steps,
on every machine. One that finds nothing shows little; where searches from many other starts all find nothing, the
generator probably cannot make it: dropped modes become visible.
"""

from collections.abc import Callable, Iterator
from math import cos, pi, sqrt
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.core.latent import noise, typical_length
from gan.errors import UserError
from gan.images import to_uint8, to_unit
from gan.metrics.classifier import sureness
from gan.optim import Adam

POOL, BATCH = 512, 64  # random pictures that are looked at first, so many at a time
LOOKS = 25  # how often a search shows where it stands, more often while much changes
FEATURES, PLAUSIBLE, PRIOR = 0.1, 0.3, 0.1  # weights of the losses beside the main one
BETAS = (0.9, 0.99)

Losses = Callable[[Tensor, Tensor], Tensor]  # z [N, latent] and its pictures [N, C, S, S] to a loss each [N]


class Found(NamedTuple):
    """Where a search stands: its best z so far, and how that start came there.

    `score` is the pixels' RMS error as a share of full scale (a picture was given), or the probability of
    `classifier.sureness` (a class was). `verdict` is "found", "nearly" or "not yet", by `verdict_of_picture` or
    `verdict_of_class`.
    """

    step: int
    steps: int
    curve: list[float]  # the lowest loss of any start so far, one a step: never rises
    z: Tensor  # float [latent]
    image: Tensor  # uint8 [C, S, S]
    score: float
    verdict: str
    path: Tensor  # uint8 [K, C, S, S]: this start's pictures from its random z, path[0], to `image`, path[-1]
    better_than: float | None = None  # the share of random pictures that D finds less real (a class was given)


def search_picture(
    generator: nn.Module,
    discriminator: nn.Module,
    target: Tensor,
    *,
    latent: int,
    starts: int = 16,
    steps: int = 240,
    seed: int = 0,
) -> Iterator[Found]:
    """Search the z whose picture is nearest to `target`, float [1, C, S, S] in [-1, 1]; yields some 25 times.

    The loss is the pixels' mean squared error, the same of the maps of the discriminator's middle stage (as a share of
    the target's own; the shipped classifiers' maps do no better), and `prior`. Both networks are as `Run.networks`
    gives them.
    """
    stages = discriminator.stages[: max(1, len(discriminator.stages) // 2)]

    def maps(x: Tensor) -> Tensor:
        for stage in stages:
            x = stage(x)
        return x

    with torch.no_grad():
        known = maps(target)
        power = known.square().mean().clamp(min=1e-8)

    def losses(z: Tensor, x: Tensor) -> Tensor:
        if x.shape[1:] != target.shape[1:]:
            raise ValueError(f"cannot compare {list(x.shape)} with {list(target.shape)}")
        pixels, features = _mean((x - target).square()), _mean((maps(x) - known).square()) / power
        return pixels + FEATURES * features + PRIOR * prior(z)

    pool = _pool(generator, latent, seed)
    with torch.no_grad():
        first = torch.cat([losses(z, generator(z)) for z in pool.split(BATCH)])
    nearest = pool[first.topk(min(starts, POOL), largest=False).indices]
    for at in _descend(generator, losses, nearest, steps, rate=0.3, enough=1e-4):
        error = (to_unit(at.image) - target[0].cpu()).square().mean().sqrt().item() / 2
        yield at._replace(score=error, verdict=verdict_of_picture(error, target))


def search_class(
    generator: nn.Module,
    discriminator: nn.Module,
    classifier: nn.Module,
    which: int,
    *,
    latent: int,
    starts: int = 16,
    steps: int = 120,
    seed: int = 0,
) -> Iterator[Found]:
    """Search a z whose picture `classifier` takes for class `which`, and the discriminator for real.

    The loss is the classifier's cross-entropy, what the logit lacks of the best twentieth of random pictures (in
    their standard deviations), and `prior`. A logit beyond that counts no more: whatever the adversarial loss, driving
    it up without end finds pictures that please the discriminator and nobody else.

    A search can also find what pleases the classifier and no eye. So the result's probability is that of
    `classifier.sureness`, over slightly distorted copies: a true digit bears that, a fooled classifier does not.
    """
    pool = _pool(generator, latent, seed)
    with torch.no_grad():
        pictures = torch.cat([generator(z) for z in pool.split(BATCH)])
        usual = torch.cat([discriminator(x) for x in pictures.split(BATCH)])
        already = torch.cat([classifier(x).softmax(1)[:, which] for x in pictures.split(BATCH)]) > 0.5
    others_first = already.float().sort(stable=True).indices
    level, spread = usual.quantile(0.95), usual.std().clamp(min=1e-6)

    def losses(z: Tensor, x: Tensor) -> Tensor:
        wanted = torch.full((len(x),), which, device=x.device)
        lack = F.relu(level - discriminator(x)) / spread
        return F.cross_entropy(classifier(x), wanted, reduction="none") + PLAUSIBLE * lack + PRIOR * prior(z)

    for at in _descend(generator, losses, pool[others_first[:starts]], steps, rate=0.05, enough=0.004):
        with torch.no_grad():
            x = to_unit(at.image)[None].to(usual.device)
            probability = sureness(classifier, x)[0, which].item()
            better_than = (usual < discriminator(x)).float().mean().item()
        verdict = verdict_of_class(probability, better_than)
        yield at._replace(score=probability, verdict=verdict, better_than=better_than)


def prior(z: Tensor) -> Tensor:
    """How untypical float [N, latent] is of N(0, 1), [N]: its length lies close to sqrt(latent), not at 0."""
    return (z.norm(dim=1) / typical_length(z.shape[1]) - 1).square()


def _descend(
    generator: nn.Module,
    losses: Losses,
    z: Tensor,
    steps: int,
    *,
    rate: float,
    enough: float,
) -> Iterator[Found]:
    """Descend from all starts z, float [N, latent], at once, with a rate that rises and falls; the worse half leaves
    twice.

    Gradients are switched on for each step alone: a generator function may be resumed by another thread, and what it
    leaves switched on where it yields would be its caller's.
    """
    seen, curve, step = [], [], 0
    z = z.detach().requires_grad_()
    low, best, optimiser = z.new_full((len(z),), torch.inf), z.detach(), Adam([z], betas=BETAS)
    halvings = [0.15, 0.35]
    while True:
        done = step / steps
        if halvings and done >= halvings[0]:
            halvings.pop(0)
            keep = low.topk((len(z) + 1) // 2, largest=False).indices
            z, optimiser = _kept(z, optimiser, keep)
            low, best = low[keep], best[keep]
            seen = [pictures[keep.cpu()] for pictures in seen]
        with torch.enable_grad():
            loss = losses(z, generator(z))
            (z.grad,) = torch.autograd.grad(loss.sum(), z)
        loss = loss.detach()
        better = loss < low
        low, best = torch.where(better, loss, low), torch.where(better[:, None], z.detach(), best)
        curve.append(low.min().item())
        over = done >= 1 or curve[-1] < enough
        if over or LOOKS * sqrt(done) >= len(seen):
            with torch.no_grad():
                seen.append(to_uint8(generator(best)).cpu())
            index = int(low.argmin())
            path = torch.stack([pictures[index] for pictures in seen])
            yield Found(step, steps, list(curve), best[index].cpu(), path[-1], 0.0, "", path)
        if over:
            return
        step += 1
        optimiser.param_groups[0]["lr"] = rate * min(1, step / (0.05 * steps)) * 0.5 * (1 + cos(pi * done))
        optimiser.step()


def _kept(z: Tensor, optimiser: Adam, keep: Tensor) -> tuple[Tensor, Adam]:
    """The starts at the indices `keep`, with an optimiser that remembers their slopes."""
    kept, state = z.detach()[keep].requires_grad_(), optimiser.state[z]
    chosen = Adam([kept], betas=BETAS)
    chosen.state[kept] = state | {name: state[name][keep] for name in ("exp_avg", "exp_avg_sq")}
    return kept, chosen


def _mean(x: Tensor) -> Tensor:
    return x.flatten(1).mean(1)


def _pool(generator: nn.Module, latent: int, seed: int) -> Tensor:
    return noise(POOL, latent, seed).to(next(generator.parameters()).device)


def verdict_of_picture(error: float, target: Tensor) -> str:
    """What a picture's search came to: "found", "nearly" or "not yet", from its RMS error as a share of full scale.

    The error counts relative to the contrast of `target`, its RMS about its mean: even grey misses by just 1. Measured
    on the shipped runs, median (least to most) of the relative error:

        target                       mnist               fashion-mnist
        generated pictures           0.05 (0.03-0.09)    0.07 (0.02-0.25)
        the set's test pictures      0.14 (0.11-0.29)    0.20 (0.12-0.50)
        the other set's              0.72 (0.36-1.18)    0.44 (0.21-0.60)
        test pictures, inverted      2.9 (2.6-3.5)       1.8 (1.6-2.4)
        checkerboards                1.2 (1.1-1.3)       1.1 (1.0-1.1)
        noise                        1.8 (1.7-1.8)       1.2 (1.2-1.3)

    Kin of what was learned can be found too: mnist draws a square at 0.09, but a cross in a circle only at 0.49.
    """
    relative = error / max(target.std(correction=0).item() / 2, 1e-3)
    return "found" if relative < 0.25 else "nearly" if relative < 0.4 else "not yet"


def verdict_of_class(probability: float, better_than: float) -> str:
    """What a class's search came to: by the classifier's probability (`sureness`), and the discriminator.

    `better_than` is the share of random pictures with a lower logit. The healthy shipped runs reach 0.94 in both for
    every class. The collapsed one reaches 0.19 to 0.60 for five digits that it lost, where the picture unbent has up to
    0.98; it is 0.97 or more for those it makes.
    """
    if probability < 0.65 or better_than < 0.05:
        return "not yet"
    return "found" if probability > 0.9 and better_than > 0.25 else "nearly"


def as_digit(image: Tensor, size: int) -> Tensor:
    """Bring a drawn or photographed digit to the form of MNIST's: uint8 [1, H, W] to uint8 [1, size, size].

    As MNIST's page says (LeCun, Cortes and Burges): white on black, its longer side 20 of 28 pixels, its centre of
    mass in the middle; and then as `datasets` resizes, with 2 more pixels of margin for `size` 32 and up. Light paper
    is told by a margin brighter than what is inside it. Raises `UserError` for a blank picture.
    """
    x = image[None].float() / 255
    shrink = 256 / max(x.shape[-2:])
    if shrink < 1:  # which also averages a camera's noise
        shape = [max(1, round(side * shrink)) for side in x.shape[-2:]]
        x = F.interpolate(x, size=shape, mode="bilinear", antialias=True, align_corners=False)
    edge = max(1, min(x.shape[-2:]) // 16)
    inside = torch.zeros_like(x, dtype=torch.bool)
    inside[..., edge:-edge, edge:-edge] = True
    paper = x[~inside].median()
    ink = (paper - x if paper > x[inside].mean() else x - paper).clamp(min=0)
    peak = ink.max()
    if peak < 0.15:
        raise UserError("search.no_digit")
    floor = min(ink[~inside].quantile(0.95) / peak, 0.5) + 0.1  # what the margin has of shadows and noise is no ink
    ink = ((ink / peak - floor) / (0.9 - floor)).clamp(0, 1)
    rows, columns = (ink[0, 0].amax(dim).nonzero().flatten() for dim in (1, 0))
    ink = ink[..., rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = 20 / (32 if size >= 32 else 28) * size / max(ink.shape[-2:])
    shape = [max(1, round(side * scale)) for side in ink.shape[-2:]]
    ink = F.interpolate(ink, size=shape, mode="bilinear", antialias=True, align_corners=False)[0, 0]
    ink = ink / ink.max()
    canvas = torch.zeros(size, size)
    top, left = (_offset(ink.sum(dim), size) for dim in (1, 0))
    canvas[top : top + shape[0], left : left + shape[1]] = ink
    return (canvas * 255).round().to(torch.uint8)[None]


def _offset(mass: Tensor, size: int) -> int:
    """Where a line of masses must begin to have its centre at pixel size / 2, as MNIST's have, without leaving it."""
    centre = (mass * torch.arange(len(mass))).sum() / mass.sum()
    return min(max(0, round(size / 2 - centre.item())), size - len(mass))
