"""The plain tutorial loops of DCGAN and CycleGAN, with which the speed of this code is compared.

They are what tutorials print: pictures through a DataLoader with transforms, fp32, the default memory layout, unfused
Adam, the discriminator's gradients computed in the generator's step and thrown away, each picture sent through a
generator on its own.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss, mse_loss

from gan.core import cyclegan, dcgan
from gan.core.cyclegan import CycleGANConfig
from gan.core.dcgan import DCGANConfig
from gan.data.datasets import load, load_pair
from gan.layers import InstanceNorm


class _Images(torch.utils.data.Dataset):
    """Pictures in memory as Pillow images, each transformed when asked for, as torchvision's sets do it."""

    def __init__(self, images: Tensor, transform: Callable) -> None:
        from gan.images import to_image

        self.images = [to_image(image) for image in images]
        self.transform = transform

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, at: int) -> Tensor:
        return self.transform(self.images[at])


def _endless(images: Tensor, steps: list, count: int) -> Iterator[Tensor]:
    from gan.data.torchvision_compat import transforms

    loader = torch.utils.data.DataLoader(
        _Images(images, transforms().Compose(steps)), batch_size=count, shuffle=True, drop_last=True
    )
    while True:
        yield from loader


def plain_dcgan(config: DCGANConfig, device: torch.device) -> Iterator[float]:
    """The DCGAN tutorial's loop: one step a `next`, which gives the generator's loss as it is printed."""
    from gan.data.torchvision_compat import transforms

    t = transforms()
    steps = [t.Resize(config.size), t.CenterCrop(config.size), t.ToTensor(), t.Normalize((0.5,), (0.5,))]
    batches = _endless(load(config.data, 28).images, steps, config.batch)
    g, d = dcgan.Generator(config).to(device), dcgan.Discriminator(config).to(device)
    opt_g = torch.optim.Adam(g.parameters(), lr=config.rate_g, betas=(0.5, 0.999))
    opt_d = torch.optim.Adam(d.parameters(), lr=config.rate_d, betas=(0.5, 0.999))
    for real in batches:
        real = real.to(device)
        ones, zeros = torch.ones(len(real), device=device), torch.zeros(len(real), device=device)
        d.zero_grad()
        loss_real = binary_cross_entropy_with_logits(d(real), ones)
        loss_real.backward()
        fake = g(torch.randn(len(real), config.latent, device=device))
        loss_fake = binary_cross_entropy_with_logits(d(fake.detach()), zeros)
        loss_fake.backward()
        opt_d.step()
        g.zero_grad()
        loss_g = binary_cross_entropy_with_logits(d(fake), ones)
        loss_g.backward()
        opt_g.step()
        yield loss_g.item()


def plain_cyclegan(config: CycleGANConfig, device: torch.device) -> Iterator[float]:
    """A CycleGAN tutorial's loop: one round a `next`, which gives the generators' loss as it is printed."""
    from gan.data.torchvision_compat import transforms

    t = transforms()
    steps = [t.Resize(int(config.size * 1.12)), t.RandomCrop(config.size), t.RandomHorizontalFlip(), t.ToTensor()]
    steps.append(t.Normalize((0.5,) * 3, (0.5,) * 3))
    pair = load_pair(config.data, config.size)
    batches = zip(*(_endless(side.images, steps, config.batch) for side in (pair.a, pair.b)), strict=True)
    a2b, b2a = (_plain_norm(cyclegan.Generator(config)).to(device) for _ in "ab")
    d_a, d_b = (_plain_norm(cyclegan.Discriminator(config)).to(device) for _ in "ab")
    opt_g = torch.optim.Adam([*a2b.parameters(), *b2a.parameters()], lr=config.rate_g, betas=(0.5, 0.999))
    opt_a, opt_b = (torch.optim.Adam(d.parameters(), lr=config.rate_d, betas=(0.5, 0.999)) for d in (d_a, d_b))
    pools = [cyclegan.ImagePool(config.pool_size) for _ in "ab"]
    for real_a, real_b in batches:
        real_a, real_b = real_a.to(device), real_b.to(device)
        opt_g.zero_grad()
        identity = l1_loss(b2a(real_a), real_a) + l1_loss(a2b(real_b), real_b)
        fake_b, fake_a = a2b(real_a), b2a(real_b)
        verdict_a, verdict_b = d_a(fake_a), d_b(fake_b)
        adversarial = mse_loss(verdict_a, torch.ones_like(verdict_a)) + mse_loss(verdict_b, torch.ones_like(verdict_b))
        cycle = l1_loss(b2a(fake_b), real_a) + l1_loss(a2b(fake_a), real_b)
        loss_g = adversarial + config.lambda_cycle * cycle + config.lambda_cycle * config.lambda_identity * identity
        loss_g.backward()
        opt_g.step()
        turns = ((d_a, opt_a, real_a, fake_a, pools[0]), (d_b, opt_b, real_b, fake_b, pools[1]))
        for d, opt, real, fake, pool in turns:
            opt.zero_grad()
            verdict, old = d(real), d(pool.query(fake.detach()))
            (0.5 * (mse_loss(verdict, torch.ones_like(verdict)) + mse_loss(old, torch.zeros_like(old)))).backward()
            opt.step()
        yield loss_g.item()


def _plain_norm(network: nn.Module) -> nn.Module:
    """The same network with torch's own instance normalisation, as a tutorial would write it."""
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, InstanceNorm):
                setattr(module, name, nn.InstanceNorm2d(child.num_features))
    return network
