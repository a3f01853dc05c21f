"""DCGAN: noise in, picture out (Radford, Metz and Chintala 2015, arXiv:1511.06434).

Top to bottom as the lecture tells it: the generator, the discriminator, and one training step. The settings are in
`gan/config.py`.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn

from gan.config import DCGANConfig, RuntimeSettings
from gan.core.base import GAN, autocast, descend, frozen, grad_norm
from gan.core.latent import noise
from gan.data.datasets import Pictures, load
from gan.data.sampling import batch
from gan.images import grid
from gan.layers import InstanceNorm, limit_spectra
from gan.strided_convolution import DoublingConv2d, HalvingConv2d


def norm_layer(name: str, maps: int) -> nn.Module:
    """Normalisation by name for `maps` feature maps."""
    return {
        "batch": lambda: nn.BatchNorm2d(maps),
        "instance": lambda: InstanceNorm(maps, affine=True),
        "none": nn.Identity,
    }[name]()


class Unpool(nn.Module):
    """Doubles the size with no kernel: each value goes to the upper left of its 2x2 cell, the rest is zero."""

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        out = x.new_zeros(n, c, 2 * h, 2 * w)
        out[:, :, ::2, ::2] = x
        return out


def upward(way: str, maps_in: int, maps_out: int, bias: bool) -> list[nn.Module]:
    """Layers that double height and width: one learned transposed convolution, or a fixed step and a convolution."""
    if way == "transposed":
        return [DoublingConv2d(maps_in, maps_out, bias=bias)]
    step = {
        "nearest": lambda: nn.Upsample(scale_factor=2, mode="nearest"),
        "bilinear": lambda: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
        "unpool": Unpool,
    }[way]()
    return [step, nn.Conv2d(maps_in, maps_out, 3, padding=1, bias=bias)]


def downward(way: str, maps_in: int, maps_out: int, bias: bool) -> list[nn.Module]:
    """Layers that halve height and width: a strided convolution, or a convolution and a pooling."""
    if way == "stride":
        return [HalvingConv2d(maps_in, maps_out, bias=bias)]
    pool = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}[way]
    return [nn.Conv2d(maps_in, maps_out, 3, padding=1, bias=bias), pool(2)]


class Generator(nn.Module):
    """z, float [N, latent] from N(0, 1), to pictures, float [N, channels, size, size] in [-1, 1].

    `stages` is one module a size: 1x1 -> 4x4 -> 8x8 -> ... -> size.
    """

    def __init__(self, config: DCGANConfig) -> None:
        super().__init__()
        bias = config.norm == "none"
        maps = config.ngf * config.size // 8  # 32x32: 4 * ngf
        first = [nn.ConvTranspose2d(config.latent, maps, 4, bias=bias), norm_layer(config.norm, maps), nn.ReLU(True)]
        self.stages = nn.ModuleList([nn.Sequential(*first)])  # [N, maps, 4, 4]
        while maps > config.ngf:
            layers = upward(config.upsample, maps, maps // 2, bias)
            self.stages.append(nn.Sequential(*layers, norm_layer(config.norm, maps // 2), nn.ReLU(True)))
            maps //= 2  # half the maps, twice the side
        self.stages.append(nn.Sequential(*upward(config.upsample, maps, config.channels, True), nn.Tanh()))
        self.apply(initialise)

    def forward(self, z: Tensor) -> Tensor:
        x = z[:, :, None, None]
        for stage in self.stages:
            x = stage(x)
        return x


class Discriminator(nn.Module):
    """Pictures, float [N, channels, size, size] in [-1, 1], to one logit each, float [N]: high says real.

    The paper has batch norm here. With it, D's answer about a picture depends on the other pictures of the batch, and D
    is shown whole batches of real or of fake ones: asked of one picture alone, by running averages, it gives another
    answer than in training. Instance norm looks at each picture alone, always (see `norm_d`).
    """

    def __init__(self, config: DCGANConfig) -> None:
        super().__init__()
        bias = config.norm_d == "none"
        maps, side = config.ngf, config.size // 2
        first = downward(config.downsample, config.channels, maps, True)  # no norm here: section 3 of the paper
        self.stages = nn.ModuleList([nn.Sequential(*first, nn.LeakyReLU(0.2, True))])
        while side > 4:
            layers = downward(config.downsample, maps, 2 * maps, bias)
            self.stages.append(nn.Sequential(*layers, norm_layer(config.norm_d, 2 * maps), nn.LeakyReLU(0.2, True)))
            maps, side = 2 * maps, side // 2
        self.stages.append(nn.Conv2d(maps, 1, 4))  # 4x4 -> 1x1
        self.apply(initialise)
        if config.spectral_norm:
            limit_spectra(self)

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.stages:
            x = stage(x)
        return x.flatten()


def initialise(module: nn.Module) -> None:
    """Weights from N(0, 0.02), batch norm's scale from N(1, 0.02); section 4 of the paper."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d | nn.InstanceNorm2d) and module.weight is not None:
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


class DCGAN(GAN):
    """The two networks with their optimisers."""

    @staticmethod
    def networks(config: DCGANConfig) -> tuple[nn.ModuleDict, nn.ModuleDict]:
        """({"g": generator}, {"d": discriminator}), initialised from torch's random stream."""
        return nn.ModuleDict({"g": Generator(config)}), nn.ModuleDict({"d": Discriminator(config)})

    def noise(self, count: int) -> Tensor:
        """Fresh latent vectors, float [count, latent], from the device's own random stream."""
        return torch.randn(count, self.config.latent, device=self.device)

    def train_step(self, draw: Callable[[], Tensor], runtime: RuntimeSettings) -> dict[str, Tensor]:
        """One training step: D learns from real and generated pictures, then G from what D says now.

        `draw()` gives real pictures, float [N, channels, size, size]. Returns scalar tensors by name. Algorithm 1 of
        Goodfellow et al. 2014 (arXiv:1406.2661), except that G learns from the pictures that D has just learned from,
        so G runs forward once.
        """
        g, d = self.g["g"], self.d["d"]
        for turn in range(runtime.n_critic):
            is_last = turn == runtime.n_critic - 1

            # generate: x from the data, G(z) from noise z ~ N(0, 1)
            real = draw()  # [N, channels, size, size]
            with autocast(self.device, self.bf16), torch.set_grad_enabled(is_last and not runtime.freeze_g):
                fake = g(self.noise(len(real)))  # [N, channels, size, size]

            # train D: maximise log D(x) + log(1 - D(G(z))); detached, so that nothing of it reaches G
            with autocast(self.device, self.bf16), torch.set_grad_enabled(not runtime.freeze_d):
                seen = self.shown(real), self.shown(fake.detach())
                logits_real, logits_fake = (d(x).float() for x in seen)  # [N] each
            loss_d = self.loss.d(logits_real, logits_fake, runtime.label)
            if not runtime.freeze_d:
                descend(self.opt_d, loss_d + self.penalty("d", *seen))
                self.centre("d", logits_real, logits_fake)

        # train G: maximise log D(G(z)), with the D that has just learned; its own weights stay as they are
        with frozen(self.discriminators), autocast(self.device, self.bf16):
            loss_g = self.loss.g(*self.logits_for_g("d", fake, real))
        if not runtime.freeze_g:
            descend(self.opt_g, loss_g)
        self.rounds += 1

        record = {
            "loss_g": loss_g.detach(),
            "loss_d": loss_d.detach(),
            "d_real": self.loss.verdict(logits_real.detach()).mean(),
            "d_fake": self.loss.verdict(logits_fake.detach()).mean(),
        }
        if runtime.measure:
            record |= {"grad_g": grad_norm(self.generators), "grad_d": grad_norm(self.discriminators)}
        return record

    @staticmethod
    def open_data(config: DCGANConfig, root: Path | None, device: torch.device) -> tuple[Pictures, Tensor]:
        """The pictures, on the device, and 64 latent vectors to show the whole run through."""
        pictures = load(config.data, config.size, channels=config.channels, subset=config.subset, root=root)
        pictures = replace(pictures, images=pictures.images.to(device))
        return pictures, noise(64, config.latent, config.seed).to(device)

    def drawer(self, data: Pictures, generator: torch.Generator, count: int) -> Callable[[], Tensor]:
        """Draws `count` pictures a call, float [count, channels, size, size]."""
        return lambda: batch(data.images, count, generator=generator, hflip=self.config.hflip)

    @staticmethod
    def show(generators: nn.ModuleDict, fixed: Tensor) -> Image.Image:
        """The pictures of the fixed noise, 8 a row."""
        return grid(generators["g"](fixed), columns=8)
