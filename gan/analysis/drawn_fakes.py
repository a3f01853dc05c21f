"""D against people: digits that somebody drew take the place of what a generator makes.

The discriminator is a copy of a run's and learns as it did there: by the run's loss, at its learning rate, from as many
pictures a step. There is no generator.

Measured on drawings made of jittered strokes as wide as the app's pen, ten seconds a round on busy cores (34 to 180
steps): D says 0.64 to the first 30 of them, and 0.54 to 0.57 to real digits that it has not seen, for it has learned
what a generator gets wrong, not people. They come to 0.03 to 0.06, real digits to 0.75 to 0.86: these are learned
by heart. New ones of the same kind begin at 0.36 to 0.52 in later rounds (eight a round: 0.6 to 0.7), and end at 0.01
to 0.04, while real digits stay at 0.86 to 0.9.
"""

import copy
import time
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from gan.config import DCGANConfig
from gan.core.base import GAN, autocast, descend, wants_bf16
from gan.core.losses import LOSSES
from gan.data.sampling import batch
from gan.images import to_unit
from gan.optim import Adam

AT_ONCE = 64  # pictures that D looks at together
LOOK = 0.5  # seconds of learning between two looks


class DrawnFakes:
    """A run's discriminator, which learns to tell `real`, uint8 [N, C, S, S], from what people draw."""

    def __init__(self, config: DCGANConfig, discriminator: nn.Module, real: Tensor, seed: int = 0) -> None:
        self.config, self.loss, self.real = config, LOSSES[config.loss], real
        self.d = copy.deepcopy(discriminator).requires_grad_(True)
        self.optimiser = Adam(self.d.parameters(), lr=config.rate_d, betas=GAN.betas, fused=True)
        self.random = torch.Generator().manual_seed(seed)
        self.bf16 = wants_bf16(config.precision, torch.device("cpu"))
        self.steps = 0

    @torch.no_grad()
    def scores(self, pictures: Tensor) -> Tensor:
        """What D says of pictures, uint8 [N, C, S, S], on the scale of the loss (a probability for cross-entropy)."""
        return self.loss.verdict(torch.cat([self.d(to_unit(some)) for some in pictures.split(AT_ONCE)]))

    def step(self, fakes: Tensor) -> None:
        """One step of D on a batch of real pictures and one of `fakes`, uint8 [N, C, S, S]."""
        images = [batch(each, self.config.batch, generator=self.random) for each in (self.real, fakes)]
        with torch.enable_grad():
            with autocast(torch.device("cpu"), self.bf16):
                logits = [self.d(each).float() for each in images]
            descend(self.optimiser, self.loss.d(*logits, self.config.label))
        self.steps += 1

    def learn(self, fakes: Tensor, seconds: float) -> Iterator[float]:
        """Learn for so many seconds; yields those that have passed, twice a second, not counting what is done then."""
        passed, looked = 0.0, 0.0
        while passed < seconds:
            began = time.perf_counter()
            self.step(fakes)
            passed += time.perf_counter() - began
            if passed - looked >= LOOK or passed >= seconds:
                looked = passed
                yield min(passed, seconds)
