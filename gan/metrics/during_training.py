"""How good a DCGAN's samples are while it trains: a quick look at every sample, so that quality can be read as a curve.

The same measures as `evaluate.py`'s at the end, of fewer pictures: compare points of such a curve with one another,
and with the floor that stands beside them, not with the number at the end.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from gan.config import Config, DCGANConfig
from gan.core.latent import noise
from gan.core.losses import LOSSES
from gan.data.datasets import load
from gan.images import to_uint8, to_unit
from gan.metrics.classifier import features_of, has_classifier, load_classifier
from gan.metrics.functional import classes_covered, frechet, texture

BATCH = 250  # pictures at a time through a network
SEED = 1  # of the latent vectors: always the same, and none of those that the samples show


class Gauge:
    """Measures generators against the test pictures of their set; what is known of those is computed once."""

    def __init__(self, config: DCGANConfig, root: Path | None, device: torch.device) -> None:
        self.device, self.count = device, config.gauge
        self.network = load_classifier(config.data, device) if has_classifier(config.data) else None
        how = {"channels": config.channels, "root": root}
        self.reference = self.features(load(config.data, config.size, split="test", **how).images)
        train = load(config.data, config.size, **how).images
        some = torch.randperm(len(train), generator=torch.Generator().manual_seed(SEED))[: self.count]
        self.real = train[some]
        self.floor = frechet(self.features(self.real), self.reference)
        self.loss = LOSSES[config.loss]
        self.z = noise(self.count, config.latent, SEED)

    @torch.inference_mode()
    def features(self, images: Tensor) -> Tensor:
        """Of uint8 [N, C, S, S]: the classifier's, float [N, 96], or local colour and contrast where there is none."""
        if self.network is None:
            return texture(images)
        return features_of(self.network, images)

    def verdict(self, discriminator: nn.Module, images: Tensor) -> float:
        """The mean of D's verdicts on uint8 [N, C, S, S], in eval mode: what the app asks of one picture."""
        was_training = discriminator.training
        discriminator.eval()
        logits = torch.cat([discriminator(to_unit(part.to(self.device))).float() for part in images.split(BATCH)])
        discriminator.train(was_training)
        return self.loss.verdict(logits).mean().item()

    @torch.inference_mode()
    def read(self, generators: nn.ModuleDict, discriminators: nn.ModuleDict) -> dict[str, float]:
        """{"frechet", "frechet_floor"} of the generator's samples and of as many real ones; with a classifier also
        "covered", how many classes have 5 % of the samples, and "entropy" of the classes in bits; "d_real_single" and
        "d_fake_single", D's mean verdict on the real ones and on the samples, each asked of by itself.
        """
        make = generators["g"]
        images = torch.cat([to_uint8(make(part.to(self.device))).cpu() for part in self.z.split(BATCH)])
        seen = self.features(images)
        result = {"frechet": frechet(seen, self.reference), "frechet_floor": self.floor}
        if self.network is not None:
            found = classes_covered(self.network.head(seen.to(self.device)).cpu())
            result |= {name: found[name] for name in ("covered", "entropy")}
        result |= {"d_real_single": self.verdict(discriminators["d"], self.real)}
        result |= {"d_fake_single": self.verdict(discriminators["d"], images)}
        return {name: float(f"{value:.5g}") for name, value in result.items()}


def gauge(
    config: Config, root: Path | None, device: torch.device
) -> Callable[[nn.ModuleDict, nn.ModuleDict], dict[str, float]] | None:
    """What measures the networks of a training while it goes on, for `train`; None where its settings ask for none."""
    return Gauge(config, root, device).read if getattr(config, "gauge", 0) else None
