"""torchvision's data sets, and the only module that imports torchvision.

Its ordinary wheel is linked against CUDA. Beside a CPU build of torch the import fails with "operator
torchvision::nms does not exist", although nothing here needs that operator; `datasets` cures it. Imported on
first use only, because the app starts faster without it.
"""

import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor

from gan.errors import UserError, reason

_operators: list[torch.library.Library] = []  # the schemas below live as long as their library does


@cache
def datasets() -> ModuleType:
    """Return `torchvision.datasets`, importable beside any build of torch.

    After the cure `torchvision.io` and `torchvision.ops` do not work; data sets and transforms do.
    """
    try:
        import torchvision.datasets
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        for module in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[module]
        library = torch.library.Library("torchvision", "FRAGMENT")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _operators.append(library)
        import torchvision.datasets
    return torchvision.datasets


@cache
def transforms() -> ModuleType:
    """Return `torchvision.transforms`, which `bench` times the tutorial's way of loading with."""
    datasets()
    import torchvision.transforms

    return torchvision.transforms


def fetch(kind: str, root: Path) -> None:
    """Download the set that torchvision calls `kind` ("MNIST", "CIFAR10", ...) into `root`, in its layout.

    torchvision checks the MD5 sum of every file. Raises `UserError` when the network or the disk refuses.
    """
    try:
        getattr(datasets(), kind)(root, download=True)
    except (OSError, RuntimeError) as error:
        raise UserError("vision.download", kind=kind, root=root, why=reason(error)) from error


def cifar10(root: Path, train: bool) -> tuple[Tensor, Tensor]:
    """Read CIFAR-10 from `root/cifar-10-batches-py`: uint8 [N, 3, 32, 32] and int64 labels [N].

    torchvision unpickles these files only when their MD5 sums are the official ones. Raises `UserError`.
    """
    try:
        found = datasets().CIFAR10(root, train=train)
    except RuntimeError as error:
        raise UserError("vision.damaged", root=root) from error
    return torch.from_numpy(found.data).permute(0, 3, 1, 2).contiguous(), torch.tensor(found.targets)
