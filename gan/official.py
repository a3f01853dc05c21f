"""Runs made of the CycleGAN authors' PyTorch files.

Their code (github.com/junyanz/pytorch-CycleGAN-and-pix2pix, `models/networks.py`) names layers by their place in one
long `model`; it pads, normalises and biases in layers of their own. The arithmetic is that of `cyclegan.py`: a bias
before an instance norm is taken away again by the norm, so it is left out here.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from gan.cyclegan import CycleGAN, CycleGANConfig
from gan.errors import UserError
from gan.run import Run

STATISTICS = ("running_mean", "running_var", "num_batches_tracked")  # of norms, that old files still carry


def import_official(files: Sequence[Path], name: str, *, data: str = "A,B", size: int = 256, way: str = "AtoB") -> Run:
    """Make a run of the CycleGAN authors' files, their state dicts of generators and, if given, discriminators.

    `..._G_A.pth` translates A to B and `..._G_B.pth` back; `..._D_A.pth` judges what G_A makes, so pictures of B. A
    file of any other name, `latest_net_G.pth` say, is the generator of `way`, "AtoB" or "BtoA". `data` names the two
    piles, "horse2zebra" or "horse,zebra", and `size` is the side the networks were trained at. Raises `UserError`
    for a file that is no such network, and where the files do not belong together.
    """
    nets: dict[str, tuple[str, dict[str, Tensor]]] = {}
    for path in map(Path, files):
        net = _place(path, way)
        if net in nets:
            raise UserError(f"{nets[net][0]} and {path.name} are both the network '{net}': give one of them.")
        nets[net] = path.name, _convolutions(_read(path), path.name)
    if not {"a2b", "b2a"} & nets.keys():
        raise UserError("Give at least one generator, a file such as latest_net_G_A.pth.")
    config = _config(nets, data, size)
    both = CycleGAN.networks(config)
    for networks in both:
        for net in [*networks]:
            if net in nets:
                _fill(networks[net], *nets[net])
            else:
                del networks[net]
    run = Run.create(name, config)
    # In full precision: these weights are compared with the originals.
    run.save_weights(*both, precision=torch.float32)
    missing = [net for net in ("a2b", "b2a", "a", "b") if net not in nets]
    note = f"Made of {', '.join(name for name, _ in nets.values())}; not trained here."
    run.set_info(status="finished", note=note, missing=missing)
    return run


def _place(path: Path, way: str) -> str:
    """Which of the four networks a file is, by its name."""
    for end, net in (("_G_A", "a2b"), ("_G_B", "b2a"), ("_D_A", "b"), ("_D_B", "a")):
        if path.stem.endswith(end):
            return net
    return {"AtoB": "a2b", "BtoA": "b2a"}[way]


def _read(path: Path) -> dict[str, Tensor]:
    """A state dict from a file, without pickle's power to run code."""
    try:
        if path.suffix == ".safetensors":
            state = safetensors.torch.load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.") from None
    except Exception:  # an unpickler fails in every way there is
        raise UserError(
            f"{path.name} cannot be read as weights: only plain tensors are read, no other objects."
        ) from None
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise UserError(f"{path.name} holds no state dict, that is, tensors by the names of their layers.")
    return {name.removeprefix("module."): value for name, value in state.items()}


def _convolutions(state: dict[str, Tensor], file: str) -> dict[str, Tensor]:
    """The state's tensors in the order of the layers; raises `UserError` for layers a residual network has not."""
    kept = {name: value for name, value in state.items() if not name.endswith(STATISTICS)}
    unknown = [
        name
        for name, value in kept.items()
        if not (
            name.startswith("model.")
            and name.replace("conv_block.", "").split(".")[1].isdecimal()
            and (value.dim() == 4 if name.endswith(".weight") else name.endswith(".bias") and value.dim() == 1)
        )
    ]
    if unknown or not kept:
        raise UserError(
            f"{file} is none of the networks that can be read, a resnet_6blocks or resnet_9blocks generator or a basic "
            f"discriminator, with instance norm: {f'it has {unknown[0]!r}' if unknown else 'it is empty'}."
        )
    return dict(sorted(kept.items(), key=lambda item: [int(part) for part in item[0].split(".") if part.isdecimal()]))


def _config(nets: dict[str, tuple[str, dict[str, Tensor]]], data: str, size: int) -> CycleGANConfig:
    """The settings that the shapes of the tensors tell of, the same for all that are of a kind."""
    told: dict[str, tuple[Any, str]] = {}
    for net, (file, state) in nets.items():
        weights = [value for value in state.values() if value.dim() == 4]
        width, channels = weights[0].shape[:2]
        if net in ("a2b", "b2a"):
            blocks = len({name.split(".")[1] for name in state if "conv_block" in name})
            found = {"width": width, "channels": channels, "blocks": blocks}
        else:
            found = {"width_d": width, "channels": channels, "layers_d": len(weights) - 2}
        for setting, value in found.items():
            if told.setdefault(setting, (value, file))[0] != value:
                raise UserError(
                    f"{file} and {told[setting][1]} do not belong together: "
                    f"their '{setting}' is {value} and {told[setting][0]}."
                )
    try:
        return CycleGANConfig(data=data, size=size, **{name: value for name, (value, _) in told.items()})
    except UserError as error:
        raise UserError(f"These files are of no network that can be built here. {error}") from None


def _fill(network: nn.Module, file: str, state: dict[str, Tensor]) -> None:
    """Copy a state's convolutions into a network's, one after the other."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    weights = {name: value for name, value in state.items() if value.dim() == 4}
    shapes = [tuple(layer.weight.shape) for layer in layers]
    if shapes != [tuple(value.shape) for value in weights.values()]:
        raise UserError(f"{file} is laid out unlike the networks of the CycleGAN authors; it cannot be read.")
    with torch.no_grad():
        for layer, (name, weight) in zip(layers, weights.items(), strict=True):
            layer.weight.copy_(weight)
            if layer.bias is not None:
                bias = state.get(name.replace(".weight", ".bias"))
                layer.bias.copy_(torch.zeros_like(layer.bias) if bias is None else bias)
