"""The machine that trains: its device, the processes that train together, and readable messages for common failures."""

import errno
import os
import platform
import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from gan.errors import UserError
from gan.threads import cores
from gan.words import Words

if TYPE_CHECKING:
    from gan.runs.run import Run


def pick_device(name: str = "auto") -> torch.device:
    """The device by name; "auto" is a GPU where there is one. Raises `UserError` if it is not there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, is_there in there.items() if is_there)
    if name not in there:
        raise UserError("machine.unknown", name=name)
    if not there[name]:
        raise UserError("machine.absent", name=name)
    if name == "cuda" and "LOCAL_RANK" in os.environ:
        return torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    return torch.device(name)


def describe(device: torch.device) -> str:
    """The device in words, for `run.json`: "NVIDIA H200", "cpu (x86_64)"."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} ({platform.machine()})"


def has_compiler(device: torch.device) -> bool:
    """Whether torch finds here what it compiles with: triton for a GPU, else a C++ compiler."""
    if device.type == "cuda":
        return find_spec("triton") is not None
    return any(map(shutil.which, (os.environ.get("CXX", ""), "g++", "c++", "clang++", "cl")))


def compile_networks(device: torch.device, *sides: nn.ModuleDict) -> None:
    """Have the networks of these sides compiled in place when they are first called: up to a minute, once a training.

    A call of a network's `forward` takes it as it is written, as a gradient penalty must: what is compiled cannot be
    differentiated twice. Raises `UserError` where this machine has nothing to compile with.
    """
    if not has_compiler(device):
        raise UserError("machine.no_compiler")
    for side in sides:
        for network in side.values():
            network.compile()


def explain(error: BaseException, run: "Run", device: torch.device) -> BaseException:
    """What ended a training, as a `UserError` that says what to do, where it is a common failure."""
    kept, text = (run.folder / "resume.pt").is_file(), str(error)
    then = Words("machine.goes_on" if kept else "machine.begins_again", run=run.name)
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in text:
        return UserError("machine.memory_full", device=describe(device), then=then)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError("machine.disk_full", then=then)
    return error


def is_distributed() -> bool:
    return dist.is_available() and dist.is_initialized()


def is_first() -> bool:
    """Whether this is the only process, or the first of those that `torchrun` started."""
    return int(os.environ.get("RANK", 0)) == 0


def wait_for_all() -> None:
    """Wait until every process of this training has come here."""
    if is_distributed():
        dist.barrier()


class Team:
    """The processes that train one run together, each on its share of every batch; usually this one alone."""

    def __init__(self) -> None:
        self.size = dist.get_world_size() if is_distributed() else 1
        self.rank = dist.get_rank() if is_distributed() else 0
        self.is_first = self.rank == 0

    def agree(self, decision: Any) -> Any:
        """The first process's decision, in every process."""
        if self.size == 1:
            return decision
        told = [decision]
        dist.broadcast_object_list(told)
        return told[0]

    def mean(self, values: Tensor) -> Tensor:
        """The mean over the processes, in every process; changes `values`."""
        if self.size > 1:
            dist.all_reduce(values)
            values /= self.size
        return values


def start_processes() -> Callable[[], None]:
    """Join the other processes when started by `torchrun`; returns what to call at the end."""
    if "WORLD_SIZE" not in os.environ or int(os.environ["WORLD_SIZE"]) == 1:
        return lambda: None
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")

    def end() -> None:
        if sys.exc_info()[0] is None:  # no error: wait for the other processes
            dist.barrier()
        dist.destroy_process_group()

    return end


def inside() -> tuple[str, dict[str, str]]:
    """What trains on this machine, for the page to say: ("gpu", {"name", "memory"}) or ("cpu", {"cores", "memory"}).

    Memory is in GiB.
    """
    device = pick_device()
    if device.type == "cuda":
        gib = torch.cuda.get_device_properties(device).total_memory / 2**30
        return "gpu", {"name": describe(device), "memory": f"{gib:.0f}"}
    if device.type == "mps":
        return "mps", {}
    try:
        gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, ValueError, OSError):  # Windows
        return "cpu", {"cores": str(cores()), "memory": "?"}
    return "cpu", {"cores": str(cores()), "memory": f"{gib:.0f}"}
