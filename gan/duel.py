"""What both duels share: two sides, each with its networks and one optimiser, and how the duel is conducted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from gan.adam import Adam
from gan.config import Config
from gan.errors import UserError


@dataclass
class Conduct:
    """What may be changed while a duel is fought; it starts from the settings and is saved with the run."""

    rate_g: float
    rate_d: float
    rounds_d: int = 1
    label: float = 1.0
    hold_g: bool = False
    hold_d: bool = False
    measure: bool = True  # whether this round also measures the gradients

    def change(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Apply the settings that may change during training, and return those that were applied.

        Raises `UserError` for an impossible one; then nothing has changed.
        """
        limits = {f.name: f.metadata for f in fields(Config)} | {"label": {"low": 0.5, "high": 1.0}}
        taken = {}
        for name, value in asked.items():
            if name in ("hold_g", "hold_d") and isinstance(value, bool):
                taken[name] = value
            elif name in ("rate_g", "rate_d", "rounds_d", "label"):
                low, high = limits[name]["low"], limits[name]["high"]
                if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                    raise UserError("duel.number", name=name, value=value, low=low, high=high)
                if name == "rounds_d" and value != int(value):
                    raise UserError("duel.whole", name=name, value=value, low=low, high=high)
                taken[name] = type(getattr(self, name))(value)
            elif name in ("hold_g", "hold_d"):
                raise UserError("duel.truth", name=name, value=value)
        for name, value in taken.items():
            setattr(self, name, value)
        return taken

    def scaled(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The learning rates times the factors asked for, at most 1; raises `UserError` for an impossible factor."""
        rates = {}
        for name in ("rate_g", "rate_d"):
            if name in asked:
                factor = asked[name]
                if isinstance(factor, bool) or not isinstance(factor, int | float) or not 0 < factor < float("inf"):
                    raise UserError("duel.factor", name=name, factor=factor)
                rates[name] = float(f"{min(1.0, getattr(self, name) * factor):.6g}")
        return rates

    @classmethod
    def of(cls, config: Config) -> "Conduct":
        """The conduct a run's settings ask for at its first step."""
        label = getattr(config, "label", 1.0)
        return cls(rate_g=config.rate_g, rate_d=config.rate_d, rounds_d=config.rounds_d, label=label)


def wants_bf16(precision: str, device: torch.device) -> bool:
    """Whether `precision` ("auto", "fp32" or "bf16") means bf16 on `device`.

    "auto" takes it only where the hardware multiplies in it: processors that merely emulate it are far slower.
    """
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def autocast(device: torch.device, bf16: bool) -> torch.autocast:
    """The autocast context of a forward pass."""
    return torch.autocast(device.type, torch.bfloat16, enabled=bf16, cache_enabled=False)


@contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """Spare the gradients of these networks' weights, which the other side's step would compute and throw away."""
    weights = [p for network in networks for p in network.parameters() if p.requires_grad]
    for p in weights:
        p.requires_grad_(False)
    try:
        yield
    finally:
        for p in weights:
            p.requires_grad_(True)


def grad_norm(network: nn.Module) -> Tensor:
    """The 2-norm of all gradients of `network`, a scalar tensor; 0 where nothing has moved."""
    grads = [p.grad for p in network.parameters() if p.grad is not None]
    return torch.nn.utils.get_total_norm(grads) if grads else torch.zeros(())


class Duel:
    """Generators against discriminators on one device.

    `generators` and `discriminators` are the plain networks (what is saved), `g` and `d` the same by name, wrapped in
    DistributedDataParallel where several processes train together (what is called in the forward pass).

    A subclass names its `config_class` and has
        networks(config)         the two sides, freshly initialised
        round(draw, conduct)     one round on fresh real pictures: a dict of scalar tensors, nobody waits for the device
        open_data(config, root)  the training pictures and what to show: (data, fixed inputs)
        drawer(data, generator)  the function `draw` that gives a round its real pictures
        show(generators, fixed)  what the generators make of the fixed inputs, a Pillow image
    """

    betas = (0.5, 0.999)

    def __init__(self, config: Config, device: torch.device) -> None:
        self.config, self.device = config, device
        self.bf16 = wants_bf16(config.precision, device)
        layout = torch.channels_last if use_channels_last(device, self.bf16) else torch.contiguous_format
        generators, discriminators = self.networks(config)
        self.generators = generators.to(device, memory_format=layout)
        self.discriminators = discriminators.to(device, memory_format=layout)
        self.opt_g = self._adam(self.generators, config.rate_g)
        self.opt_d = self._adam(self.discriminators, config.rate_d)
        self.g = {name: self._parallel(net) for name, net in self.generators.items()}
        self.d = {name: self._parallel(net) for name, net in self.discriminators.items()}

    def _adam(self, networks: nn.Module, rate: float) -> Adam:
        fused = self.device.type in ("cpu", "cuda")
        return Adam(networks.parameters(), lr=rate, betas=self.betas, fused=fused)

    def _parallel(self, network: nn.Module) -> nn.Module:
        if not torch.distributed.is_available() or not torch.distributed.is_initialized():
            return network
        where = [self.device.index or 0] if self.device.type == "cuda" else None
        # Buffers (batch norm's statistics) stay each process's own: a network is called twice before a backward.
        return DistributedDataParallel(network, device_ids=where, broadcast_buffers=False)

    def set_rates(self, rate_g: float, rate_d: float) -> None:
        """Set both learning rates for the next round."""
        for optimiser, rate in ((self.opt_g, rate_g), (self.opt_d, rate_d)):
            for group in optimiser.param_groups:
                group["lr"] = rate

    def state(self) -> dict:
        """All that the next round depends on, beside the random streams."""
        return {
            "generators": self.generators.state_dict(),
            "discriminators": self.discriminators.state_dict(),
            "opt_g": self.opt_g.state_dict(),
            "opt_d": self.opt_d.state_dict(),
        }

    def load_state(self, state: dict) -> None:
        """The inverse of `state`."""
        self.generators.load_state_dict(state["generators"])
        self.discriminators.load_state_dict(state["discriminators"])
        self.opt_g.load_state_dict(state["opt_g"])
        self.opt_d.load_state_dict(state["opt_d"])


def use_channels_last(device: torch.device, bf16: bool) -> bool:
    """channels_last pays on GPUs, and on CPUs with bf16; in fp32 on plain AVX2 it was measured to cost a tenth."""
    return device.type == "cuda" or bf16
