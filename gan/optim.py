"""The optimiser of both sides."""

import inspect

import torch


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
