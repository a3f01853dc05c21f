"""The optimiser of both sides, and the average of what the generators learned."""

import copy
import inspect

import torch
from torch import nn


class Adam(torch.optim.Adam):
    """`torch.optim.Adam` (Kingma and Ba 2014, arXiv:1412.6980) without torch's compiler, which nothing here needs.

    torch's optimisers are wrapped so that `torch.compile` leaves them alone, and the wrappers import that compiler
    (`torch._dynamo`) at the first call: two to three seconds of a processor core at the start of every training. These
    are the methods inside the wrappers.
    """

    step = torch.no_grad()(inspect.unwrap(torch.optim.Adam.step))
    zero_grad = inspect.unwrap(torch.optim.Adam.zero_grad)
    add_param_group = inspect.unwrap(torch.optim.Adam.add_param_group)
    state_dict = inspect.unwrap(torch.optim.Adam.state_dict)
    load_state_dict = inspect.unwrap(torch.optim.Adam.load_state_dict)


class Average:
    """The exponential moving average of the generators' weights: what is shown and shipped.

    The decay grows from 0.1 to `decay` over the first steps, min(decay, (1 + t) / (10 + t)), so that an early look is
    not a look at the initialisation.
    """

    def __init__(self, networks: nn.ModuleDict, decay: float) -> None:
        self.networks = copy.deepcopy(networks).eval().requires_grad_(False)
        self.decay = decay
        pairs = list(zip(self.networks.state_dict().values(), networks.state_dict().values(), strict=True))
        self.pairs = [(mean, live) for mean, live in pairs if mean.is_floating_point()]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take the live weights in after training step `step`."""
        decay = min(self.decay, (1 + step) / (10 + step))
        means, lives = zip(*self.pairs, strict=True)
        torch._foreach_lerp_(list(means), list(lives), 1 - decay)
