"""A CycleGAN run made in a moment: a real folder with untrained networks that do change pictures."""

from pathlib import Path

import torch

from gan.core.checkpoint import save_weights
from gan.core.cyclegan import CycleGAN, CycleGANConfig
from gan.runs.run import Run


def small_cyclegan(
    root: Path,
    name: str,
    data: str = "apple2orange",
    *,
    seed: int = 0,
    missing: tuple[str, ...] = (),
    channels: int = 3,
) -> Run:
    """A finished run at 32x32 without journal and samples; `missing` networks are left out, as an import may."""
    config = CycleGANConfig(data=data, size=32, channels=channels, ngf=4, ndf=4, blocks=1, n_layers_d=2, steps=10)
    run = Run.create(name, config, root)
    torch.manual_seed(seed)
    both = CycleGAN.networks(config)
    for networks in both:
        for net in networks.keys() & set(missing):
            del networks[net]
    save_weights(run, *both)
    run.set_info(status="finished", step=10, missing=list(missing))
    return run
