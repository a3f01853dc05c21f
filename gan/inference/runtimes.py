"""What computes a generator's pictures: PyTorch, or on a CPU onnxruntime, which says the same in about half the time.

PyTorch in bf16 is the faster of the two where the processor multiplies in it and its cores are idle (measured on two
such cores, 128x128: 26 ms, onnxruntime 37, PyTorch in fp32 89), and the slower one where they are busy (136 ms and
more, onnxruntime 59 and more). A browser is always open, and a picture should be the same on every machine: so it is
onnxruntime, everywhere. `python -m gan bench --only translate` shows them beside each other.
"""

import copy
from collections.abc import Callable
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from gan.core.base import autocast, wants_bf16
from gan.export import onnx
from gan.lazy import lazy

onnxruntime = lazy("onnxruntime")

Generator = Callable[[Tensor], Tensor]

_sessions: WeakKeyDictionary[nn.Module, tuple[tuple, Generator]] = WeakKeyDictionary()  # each as long as its network


def in_bf16(network: nn.Module) -> Generator:
    """A copy of the network with its convolutions in bf16; float32 in and out."""
    network = copy.deepcopy(network).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def run(x: Tensor) -> Tensor:
        with autocast(x.device, True):
            return network(x.contiguous(memory_format=torch.channels_last)).float()

    return run


def in_onnxruntime(network: nn.Module) -> Generator:
    """The network as it is now, computed by onnxruntime with as many threads as PyTorch has here.

    Raises ImportError where the packages are missing, TypeError for what is no network of this project.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # a thread that waits leaves its core
    written = onnx.to_onnx(network).SerializeToString()
    session = onnxruntime.InferenceSession(written, options, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    return lambda x: torch.from_numpy(session.run(None, {given.name: x.detach().numpy()})[0])


def fast(network: Generator) -> Generator:
    """A generator as it is best computed here, whose weights may change.

    What is no network on a CPU stays as it is, and so does one that someone listens to by hooks.
    """
    if not isinstance(network, nn.Module) or next(network.parameters()).device.type != "cpu":
        return network
    if any(layer._forward_hooks or layer._forward_pre_hooks for layer in network.modules()):
        return network
    now = tuple((weight.data_ptr(), weight._version) for weight in network.state_dict(keep_vars=True).values())
    if network not in _sessions or _sessions[network][0] != now:
        try:
            _sessions[network] = now, in_onnxruntime(network)
        except (ImportError, TypeError):
            return network
    return _sessions[network][1]


def runtimes(network: nn.Module) -> dict[str, Generator]:
    """All that can compute a network on this CPU, by name: "fp32" and perhaps "bf16" in PyTorch, "onnxruntime"."""
    found: dict[str, Generator] = {"fp32": torch.inference_mode()(network.forward)}
    if wants_bf16("auto", torch.device("cpu")):
        found["bf16"] = in_bf16(network)
    return found | {"onnxruntime": in_onnxruntime(network)}
