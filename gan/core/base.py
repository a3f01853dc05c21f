"""What both models share: two sides, each with its networks and one optimiser."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from gan.config import Config
from gan.core.losses import LOSSES
from gan.optim import Adam
from gan.regularization import diff_augment, gradient_penalty


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
    """The autocast context of a forward pass: in it each weight is cast once, however often its network is called."""
    return torch.autocast(device.type, torch.bfloat16, enabled=bf16)


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


def descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    """One step of an optimiser down the gradient of a loss, a scalar tensor."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()


class GAN:
    """Generators against discriminators on one device, each side with one optimiser.

    `generators` and `discriminators` are the plain networks (what is saved), `g` and `d` the same by name, wrapped in
    DistributedDataParallel where several processes train together (what is called in the forward pass).

    A subclass has
        networks(config)           the two sides, freshly initialised
        train_step(draw, runtime)  one step on fresh real pictures: scalar tensors by name, no wait for the device
        open_data(config, root)    the training pictures and what to show: (data, fixed inputs)
        drawer(data, generator)    the function `draw` that gives a step its real pictures
        show(generators, fixed)    what the generators make of the fixed inputs, a Pillow image
    """

    betas = (0.5, 0.999)

    def __init__(self, config: Config, device: torch.device) -> None:
        self.config, self.device, self.loss = config, device, LOSSES[config.loss]
        self.bf16 = wants_bf16(config.precision, device)
        layout = torch.channels_last if use_channels_last(device, self.bf16) else torch.contiguous_format
        generators, discriminators = self.networks(config)
        self.generators = generators.to(device, memory_format=layout)
        self.discriminators = discriminators.to(device, memory_format=layout)
        self.opt_g = self._adam(self.generators, config.rate_g)
        self.opt_d = self._adam(self.discriminators, config.rate_d)
        self.g = {name: self._parallel(net) for name, net in self.generators.items()}
        self.d = {name: self._parallel(net) for name, net in self.discriminators.items()}
        self.rounds = 0  # training steps made

    def _adam(self, networks: nn.Module, rate: float) -> Adam:
        fused = self.device.type in ("cpu", "cuda")
        return Adam(networks.parameters(), lr=rate, betas=self.betas, fused=fused)

    def _parallel(self, network: nn.Module) -> nn.Module:
        if not torch.distributed.is_available() or not torch.distributed.is_initialized():
            return network
        where = [self.device.index or 0] if self.device.type == "cuda" else None
        # Buffers (batch norm's statistics) stay each process's own: a network is called twice before a backward.
        return DistributedDataParallel(network, device_ids=where, broadcast_buffers=False)

    def shown(self, pictures: Tensor) -> Tensor:
        """Real or generated pictures as a discriminator is shown them."""
        return diff_augment(pictures) if self.config.diff_augment else pictures

    def logits_for_g(self, name: str, fake: Tensor, real: Tensor) -> list[Tensor]:
        """What G's loss is of: the logits of the discriminator `name` for `fake` and, if it is relative, for `real`."""
        pictures = (fake, real) if self.loss.is_relative else (fake,)
        return [self.discriminators[name](self.shown(each)).float() for each in pictures]

    def centre(self, name: str, *logits: Tensor) -> None:
        """Keep 0 half-way between the logits of real and fake, of which a relative loss knows only the difference."""
        if self.loss.is_relative:
            self.discriminators[name].stages[-1].bias.data -= 0.05 * sum(each.detach().mean() for each in logits)

    def penalty(self, name: str, real: Tensor, fake: Tensor) -> Tensor | float:
        """(R1 gamma E|grad D(real)|^2 + R2 gamma E|grad D(fake)|^2) / 2 of the discriminator `name`, lazily.

        At every n-th step n times of it (Karras et al. 2020, arXiv:1912.04958, appendix B), else 0.
        """
        config, d = self.config, self.discriminators[name].forward  # not compiled: it is differentiated twice
        if self.rounds % config.penalty_every:
            return 0.0
        both = [(gamma, x) for gamma, x in ((config.r1, real), (config.r2, fake)) if gamma]
        return sum(0.5 * config.penalty_every * gamma * gradient_penalty(d, x) for gamma, x in both)

    def set_rates(self, rate_g: float, rate_d: float) -> None:
        """Set both learning rates for the next step."""
        for optimiser, rate in ((self.opt_g, rate_g), (self.opt_d, rate_d)):
            for group in optimiser.param_groups:
                group["lr"] = rate

    def state(self) -> dict:
        """All that the next step depends on, beside the random streams."""
        return {
            "rounds": self.rounds,
            "generators": self.generators.state_dict(),
            "discriminators": self.discriminators.state_dict(),
            "opt_g": self.opt_g.state_dict(),
            "opt_d": self.opt_d.state_dict(),
        }

    def load_state(self, state: dict) -> None:
        """The inverse of `state`."""
        self.rounds = state.get("rounds", 0)  # older ones of a DCGAN have none
        self.generators.load_state_dict(state["generators"])
        self.discriminators.load_state_dict(state["discriminators"])
        self.opt_g.load_state_dict(state["opt_g"])
        self.opt_d.load_state_dict(state["opt_d"])


def use_channels_last(device: torch.device, bf16: bool) -> bool:
    """channels_last pays on GPUs, and on CPUs with bf16; in fp32 on plain AVX2 it was measured to cost a tenth."""
    return device.type == "cuda" or bf16
