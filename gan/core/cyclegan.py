"""CycleGAN: two piles of pictures, translated both ways (Zhu, Park, Isola and Efros 2017, arXiv:1703.10593).

Top to bottom: the residual generator, the patch discriminator, the pool of past fakes, and one training step. `a` and
`b` are the two domains; `a2b` translates a picture of a into one that could be of b. The settings are in
`gan/config.py`.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, l1_loss

from gan.config import CycleGANConfig, RuntimeSettings
from gan.core.base import GAN, autocast, descend, frozen, grad_norm
from gan.data.datasets import Pair, load_pair
from gan.data.sampling import batch
from gan.images import grid, to_unit
from gan.layers import InstanceNorm, ReflectConv2d, limit_spectra

DIRECTIONS = {"AtoB": ("a2b", "b2a"), "BtoA": ("b2a", "a2b")}  # the generators of the way there and of the way back
SHOWN = 6  # test pictures of each pile that a run's samples are made of


class Residual(nn.Module):
    """x + f(x), two 3x3 convolutions with reflection padding: float [N, maps, H, W] in and out."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            ReflectConv2d(maps, maps, 3, bias=False),
            InstanceNorm(maps),
            nn.ReLU(True),
            ReflectConv2d(maps, maps, 3, bias=False),
            InstanceNorm(maps),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def upward(way: str, maps_in: int, maps_out: int) -> list[nn.Module]:
    """Layers that double height and width, 3x3 as in the paper."""
    if way == "transposed":
        return [nn.ConvTranspose2d(maps_in, maps_out, 3, 2, padding=1, output_padding=1, bias=False)]
    corners = {"align_corners": False} if way == "bilinear" else {}
    step = nn.Upsample(scale_factor=2, mode=way, **corners)
    return [step, ReflectConv2d(maps_in, maps_out, 3, bias=False)]


class Generator(nn.Module):
    """Pictures, float [N, channels, H, W] in [-1, 1] with H and W multiples of 4, to pictures of the same shape.

    c7s1-w, d2w, d4w, R4w x blocks, u2w, uw, c7s1-c in the paper's notation (appendix 7.2). With `residual` the last
    layer has no tanh and its output is added to the input; its weights start at zero, so the training starts from doing
    nothing instead of from noise. Such an output may leave [-1, 1] a little: clamp it to show it.
    """

    def __init__(self, config: CycleGANConfig) -> None:
        super().__init__()
        w, c = config.ngf, config.channels
        self.residual = config.residual
        self.stages = nn.ModuleList(
            [
                nn.Sequential(ReflectConv2d(c, w, 7, bias=False), InstanceNorm(w), nn.ReLU(True)),  # [N, w, H, W]
                nn.Sequential(nn.Conv2d(w, 2 * w, 3, 2, padding=1, bias=False), InstanceNorm(2 * w), nn.ReLU(True)),
                nn.Sequential(nn.Conv2d(2 * w, 4 * w, 3, 2, padding=1, bias=False), InstanceNorm(4 * w), nn.ReLU(True)),
                *(Residual(4 * w) for _ in range(config.blocks)),  # [N, 4w, H/4, W/4]
                nn.Sequential(*upward(config.upsample, 4 * w, 2 * w), InstanceNorm(2 * w), nn.ReLU(True)),
                nn.Sequential(*upward(config.upsample, 2 * w, w), InstanceNorm(w), nn.ReLU(True)),  # [N, w, H, W]
                ReflectConv2d(w, c, 7),
            ]
        )
        self.apply(initialise)
        if config.residual:
            nn.init.zeros_(self.stages[-1].weight)

    def forward(self, x: Tensor) -> Tensor:
        h = x
        for stage in self.stages:
            h = stage(h)
        return x + h if self.residual else torch.tanh(h)


class Discriminator(nn.Module):
    """Pictures, float [N, channels, H, W], to a map of logits, float [N, 1, h, w]: one verdict a patch.

    C64-C128-C256-C512 in the paper's notation: with 3 strided layers each logit sees 70x70 pixels. A coarse one first
    halves height and width, so that each logit sees as much again (Wang et al. 2018, arXiv:1711.11585, section 3.2).
    """

    def __init__(self, config: CycleGANConfig, *, is_coarse: bool = False) -> None:
        super().__init__()
        self.is_coarse = is_coarse
        maps = config.ndf
        stages = [nn.Sequential(nn.Conv2d(config.channels, maps, 4, 2, padding=1), nn.LeakyReLU(0.2, True))]
        for layer in range(1, config.n_layers_d + 1):
            stride = 2 if layer < config.n_layers_d else 1
            more = min(config.ndf * 2**layer, config.ndf * 8)
            conv = nn.Conv2d(maps, more, 4, stride, padding=1, bias=False)
            stages.append(nn.Sequential(conv, InstanceNorm(more), nn.LeakyReLU(0.2, True)))
            maps = more
        stages.append(nn.Conv2d(maps, 1, 4, padding=1))
        self.stages = nn.ModuleList(stages)
        self.apply(initialise)
        if config.spectral_norm:
            limit_spectra(self)

    def forward(self, x: Tensor) -> Tensor:
        if self.is_coarse:
            x = avg_pool2d(x, 2)
        for stage in self.stages:
            x = stage(x)
        return x


def initialise(module: nn.Module) -> None:
    """Weights from N(0, 0.02), appendix 7.1."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class ImagePool:
    """The last fakes, so that a discriminator does not forget old tricks (Shrivastava et al. 2017; section 4).

    Until it is full it keeps what it is given and hands it back; then, for each picture, it hands back the new one or,
    with probability 1/2, an old one in whose place the new one is kept.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.pictures: list[Tensor] = []

    def query(self, fake: Tensor) -> Tensor:
        """`fake`, float [N, C, H, W] without gradient, some of its pictures exchanged for older ones."""
        if not self.size:
            return fake
        out = []
        for new in fake:
            if len(self.pictures) < self.size:
                self.pictures.append(new.clone())
                out.append(new)
            elif torch.rand(()) < 0.5:
                at = int(torch.randint(self.size, ()))
                out.append(self.pictures[at])
                self.pictures[at] = new.clone()
            else:
                out.append(new)
        return torch.stack(out)


class CycleGAN(GAN):
    """Two generators, two discriminators, their optimisers and pools."""

    def __init__(self, config: CycleGANConfig, device: torch.device) -> None:
        super().__init__(config, device)
        self.pools = {"a": ImagePool(config.pool_size), "b": ImagePool(config.pool_size)}

    @staticmethod
    def networks(config: CycleGANConfig) -> tuple[nn.ModuleDict, nn.ModuleDict]:
        """({"a2b", "b2a"}: generators, {"a", "b"}: discriminators), initialised from torch's random stream.

        With two scales "a_coarse" and "b_coarse" as well.
        """
        generators = {"a2b": Generator(config), "b2a": Generator(config)}
        discriminators = {"a": Discriminator(config), "b": Discriminator(config)}
        if config.scales_d > 1:
            discriminators |= {f"{name}_coarse": Discriminator(config, is_coarse=True) for name in "ab"}
        return nn.ModuleDict(generators), nn.ModuleDict(discriminators)

    def train_step(self, draw: Callable[[], tuple[Tensor, Tensor]], runtime: RuntimeSettings) -> dict[str, Tensor]:
        """One training step: both generators learn, then each discriminator from real pictures and pooled fakes.

        `draw()` gives two unpaired batches, float [N, channels, H, W] each. Returns scalar tensors by name.
        """
        real_a, real_b = draw()
        record, fake_a, fake_b = self._train_generators(real_a, real_b, runtime)
        for turn in range(runtime.n_critic):
            if turn:
                real_a, real_b = draw()
                with torch.no_grad(), autocast(self.device, self.bf16):
                    fake_b, fake_a = self.g["a2b"](real_a), self.g["b2a"](real_b)
            verdicts = self._train_discriminators((real_a, fake_a), (real_b, fake_b), runtime)
        record |= verdicts
        self.rounds += 1
        if runtime.measure:
            record |= {"grad_g": grad_norm(self.generators), "grad_d": grad_norm(self.discriminators)}
        return record

    def _train_generators(
        self, real_a: Tensor, real_b: Tensor, runtime: RuntimeSettings
    ) -> tuple[dict, Tensor, Tensor]:
        """Minimise L_GAN(a2b) + L_GAN(b2a) + cycle * (L_cyc + identity * L_idt): sections 3 and 5.2 of the paper.

        Returns the losses by name, and the generated pictures of both domains.
        """
        a2b, b2a, n, config = self.g["a2b"], self.g["b2a"], len(real_a), self.config
        takes_identity = config.lambda_identity > 0 and self.rounds % config.identity_every == 0
        with torch.set_grad_enabled(not runtime.freeze_g), frozen(self.discriminators):
            with autocast(self.device, self.bf16):
                # generate: a2b(a) should pass for a picture of b, b2a(b) for one of a, and each is brought back again;
                # what b2a is to translate goes through it at once: instance norm keeps the pictures apart
                if takes_identity:
                    fake_b, idt_b = a2b(torch.cat([real_a, real_b])).split(n)
                    fake_a, idt_a, rec_a = b2a(torch.cat([real_b, real_a, fake_b])).split(n)
                else:
                    fake_b = a2b(real_a)  # [N, channels, H, W] all
                    fake_a, rec_a = b2a(torch.cat([real_b, fake_b])).split(n)
                rec_b = a2b(fake_a)
                # what the discriminators say of the generated pictures, patch by patch
                deceive_a, deceive_b = self._deceive("a", fake_a, real_a), self._deceive("b", fake_b, real_b)
            losses = {
                "loss_g_a2b": deceive_b,  # (D_B(a2b(a)) - 1)^2
                "loss_g_b2a": deceive_a,
                "cycle_a": l1_loss(rec_a.float(), real_a),  # |b2a(a2b(a)) - a|
                "cycle_b": l1_loss(rec_b.float(), real_b),
            }
            if takes_identity:  # |b2a(a) - a|: a picture of the target domain should stay as it is
                losses |= {"idt_a": l1_loss(idt_a.float(), real_a), "idt_b": l1_loss(idt_b.float(), real_b)}
            loss_g = losses["loss_g_a2b"] + losses["loss_g_b2a"]
            total = loss_g + config.lambda_cycle * (losses["cycle_a"] + losses["cycle_b"])
            if takes_identity:
                total = total + config.lambda_cycle * config.lambda_identity * (losses["idt_a"] + losses["idt_b"])
        if not runtime.freeze_g:
            descend(self.opt_g, total)
        record = {name: value.detach() for name, value in losses.items()}
        return {"loss_g": loss_g.detach(), **record}, fake_a.detach(), fake_b.detach()

    def _deceive(self, domain: str, fake: Tensor, real: Tensor) -> Tensor:
        """G's loss before the discriminators of a domain: the mean of those at each scale."""
        found = [self.loss.g(*self.logits_for_g(name, fake, real)) for name in self.d if name[0] == domain]
        return sum(found) / len(found)

    def _train_discriminators(self, a: tuple, b: tuple, runtime: RuntimeSettings) -> dict[str, Tensor]:
        """Minimise (D(real) - 1)^2 + D(fake)^2 for each discriminator, the fakes by way of its pool (section 4)."""
        losses, penalties, d_real, d_fake = {"loss_d_a": 0.0, "loss_d_b": 0.0}, [], [], []
        scales = self.config.scales_d  # each discriminator's share of its domain's loss
        with torch.set_grad_enabled(not runtime.freeze_d):
            shown = {
                domain: (self.shown(real), self.shown(self.pools[domain].query(fake)))
                for domain, (real, fake) in (("a", a), ("b", b))
            }
            for name, d in self.d.items():
                real, fake = shown[name[0]]
                with autocast(self.device, self.bf16):
                    logits_real, logits_fake = d(torch.cat([real, fake])).float().split(len(real))
                losses[f"loss_d_{name[0]}"] += self.loss.d(logits_real, logits_fake, runtime.label) / scales
                if not runtime.freeze_d:
                    penalties.append(self.penalty(name, real, fake) / scales)
                    self.centre(name, logits_real, logits_fake)
                d_real.append(self.loss.verdict(logits_real.detach()).mean())
                d_fake.append(self.loss.verdict(logits_fake.detach()).mean())
            loss_d = losses["loss_d_a"] + losses["loss_d_b"]
        if not runtime.freeze_d:
            descend(self.opt_d, loss_d + sum(penalties))
        verdicts = {"d_real": sum(d_real) / len(d_real), "d_fake": sum(d_fake) / len(d_fake)}
        return {"loss_d": loss_d.detach(), **{k: v.detach() for k, v in losses.items()}, **verdicts}

    def state(self) -> dict:
        pools = {name: pool.pictures for name, pool in self.pools.items()}
        return super().state() | {"pools": pools}

    def load_state(self, state: dict) -> None:
        super().load_state(state)
        for name, pictures in state["pools"].items():
            self.pools[name].pictures = [p.to(self.device) for p in pictures]

    @staticmethod
    def open_data(
        config: CycleGANConfig, root: Path | None, device: torch.device
    ) -> tuple[Pair, tuple[Tensor, Tensor]]:
        """The two piles, on the device, and a few test pictures of each to show the whole run through."""
        how = {"channels": config.channels, "root": root}
        pair = load_pair(config.data, config.size, subset=config.subset, **how)
        a, b = (replace(side, images=side.images.to(device)) for side in (pair.a, pair.b))
        test = load_pair(config.data, config.size, split="test", **how)
        fixed = tuple(to_unit(side.images[:SHOWN].to(device)) for side in (test.a, test.b))
        return replace(pair, a=a, b=b), fixed

    def drawer(self, data: Pair, generator: torch.Generator, count: int) -> Callable[[], tuple[Tensor, Tensor]]:
        """Draws `count` pictures of each pile a call, independently: float [count, channels, crop, crop] twice."""
        config = self.config
        how = {"crop": config.crop or None, "scale": config.crop_scale, "hflip": config.hflip, "generator": generator}
        return lambda: (batch(data.a.images, count, **how), batch(data.b.images, count, **how))

    @staticmethod
    def show(generators: nn.ModuleDict, fixed: tuple[Tensor, Tensor]) -> Image.Image:
        """Two rows: the test pictures of a translated, and those of b. Only generated pictures."""
        a, b = fixed
        return grid(torch.cat([generators["a2b"](a), generators["b2a"](b)]), columns=len(a))
