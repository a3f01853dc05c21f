"""Runs made of the CycleGAN authors' PyTorch files.

Their code (github.com/junyanz/pytorch-CycleGAN-and-pix2pix, `models/networks.py`) names layers by their place in one
long `model`; it pads, normalises and biases in layers of their own. The arithmetic is that of `cyclegan.py`: a bias
before an instance norm is taken away again by the norm, so it is left out here.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from gan.core.checkpoint import save_weights
from gan.core.cyclegan import CycleGAN, CycleGANConfig
from gan.data.registry import PAIRS, last_names
from gan.errors import UserError
from gan.runs.run import Run
from gan.words import Words, stored

NETS = {  # by its name in a run: the kind of network, and what it does
    "a2b": ("generator", "A to B"),
    "b2a": ("generator", "B to A"),
    "a": ("discriminator", "pictures of A"),
    "b": ("discriminator", "pictures of B"),
}
WAYS = {"AtoB": "a2b", "BtoA": "b2a"}
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")  # of norms, that old files still carry


def import_official(
    files: Sequence[Path],
    name: str,
    *,
    data: str = "",
    size: int = 256,
    way: str = "",
    named: Mapping[str, Path] | None = None,
) -> Run:
    """Make a run of the CycleGAN authors' files, their state dicts of generators and, if given, discriminators.

    Which network a file is, its name says: `..._G_A...` translates A to B and `..._G_B...` back, as do `A2B` and `B2A`;
    `..._D_A...` judges what G_A makes, so pictures of B; `zebra2horse` goes by the names of the piles, also where it is
    the folder's. A generator whose name says nothing, `latest_net_G.pth` say, is that of `way`, "AtoB" (also where it
    is "") or "BtoA". Those in `named`, by "a2b", "b2a", "a" and "b", need no such name.

    `data` names the two piles, "horse2zebra" or "horse,zebra"; where it is "" the files' names may tell, or else they
    are A and B. `size` is the side the networks were trained at. `run.json` keeps which network each file became, under
    "made_of". Raises `UserError` for a file that is no such network, whose structure says that it would give other
    pictures here, whose name leaves open what it is, and where the files do not belong together.
    """
    given = [(Path(path), "") for path in files] + [(Path(path), net) for net, path in (named or {}).items()]
    data = data or _told_by([path for path, _ in given])
    nets: dict[str, tuple[str, dict[str, Tensor]]] = {}
    for path, net in given:
        state = _convolutions(_read(path), path.name)
        kind = "generator" if any("conv_block" in layer for layer in state) else "discriminator"
        net = net or _place(path, kind, data, way)
        if kind != NETS[net][0]:
            raise UserError(
                "official.other_kind", file=path.name, kind=KINDS[kind], wanted=KINDS[NETS[net][0]], net=net
            )
        if net in nets:
            raise UserError("official.twice", first=nets[net][0], second=path.name, net=net, say=SAY)
        nets[net] = path.name, state
    if not {"a2b", "b2a"} & nets.keys():
        raise UserError("official.no_generator")
    if way and WAYS[way] not in nets:
        (other,) = {"a2b", "b2a"} & nets.keys()
        raise UserError("official.other_way", file=nets[other][0], found=AS_WAY[other], way=way, say=SAY)
    for net, (file, state) in nets.items():
        _verify(NETS[net][0], file, state)
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
    save_weights(run, *both, precision=torch.float32)
    missing = [net for net in NETS if net not in nets]
    made_of = {net: file for net, (file, _) in nets.items()}
    note = Words("official.made_of", files=[Words(MADE_OF[net], file=file) for net, file in made_of.items()])
    run.set_info(status="finished", note=stored([note]), missing=missing, made_of=made_of)
    return run


def told(run: Run) -> list[str]:
    """Which network each file became, a line each: "latest_net_G_A.pth: the generator A to B (horse to zebra)"."""
    a, b = _piles(run.config.data)
    of = {"a2b": f"{a} to {b}", "b2a": f"{b} to {a}", "a": a, "b": b}
    return [
        f"{file}: the {NETS[net][0]} {'of ' * (len(net) == 1)}{NETS[net][1]} ({of[net]})"
        for net, file in run.info["made_of"].items()
    ]


SAY = Words("official.say")
KINDS = {"generator": Words("official.generator"), "discriminator": Words("official.discriminator")}
AS_WAY = {"a2b": Words("official.a_to_b"), "b2a": Words("official.b_to_a")}
MADE_OF = {"a2b": "official.file.a2b", "b2a": "official.file.b2a", "a": "official.file.a", "b": "official.file.b"}
SIGNS = {
    "generator": {
        "a2b": r"(?<![A-Z])G_A(?![A-Za-z0-9])|(?<![A-Za-z])A_?(?:2|to)_?B(?![A-Za-z])",
        "b2a": r"(?<![A-Z])G_B(?![A-Za-z0-9])|(?<![A-Za-z])B_?(?:2|to)_?A(?![A-Za-z])",
    },
    "discriminator": {"b": r"(?<![A-Z])D_A(?![A-Za-z0-9])", "a": r"(?<![A-Z])D_B(?![A-Za-z0-9])"},
}


def _place(path: Path, kind: str, data: str, way: str) -> str:
    """Which of the four networks a file is, by its name, its folder's or, of a generator, by `way`."""
    found = {net for net, sign in SIGNS[kind].items() if re.search(sign, path.stem)}
    a, b = (re.escape(pile.lower()) for pile in _piles(data))
    for text in (path.stem, path.absolute().parent.name):
        if kind == "generator" and not found:
            both = {"a2b": f"{a}2{b}", "b2a": f"{b}2{a}"}
            found = {net for net, sign in both.items() if re.search(f"(?<![a-z]){sign}(?![a-z])", text.lower())}
    if len(found) > 1 or (kind == "discriminator" and not found):
        raise UserError("official.nameless", file=path.name, kind=KINDS[kind], say=SAY)
    return found.pop() if found else WAYS[way or "AtoB"]


def _told_by(paths: Sequence[Path]) -> str:
    """The data that the files' names or their folders' tell of, as `zebra2horse` does; "A,B" where none does."""
    known = {frozenset((pair.a.lower(), pair.b.lower())): name for name, pair in PAIRS.items()}
    for text in [path.stem for path in paths] + [path.absolute().parent.name for path in paths]:
        if match := re.search(r"(?<![a-z])([a-z]{2,})2([a-z]{2,})(?![a-z])", text.lower()):
            return known.get(frozenset(match.groups()), ",".join(match.groups()))
    return "A,B"


def _piles(data: str) -> tuple[str, str]:
    """What the two piles are called."""
    if data in PAIRS:
        return PAIRS[data].a, PAIRS[data].b
    sides = last_names(data)
    return (sides[0], sides[1]) if len(sides) == 2 else ("A", "B")


def _read(path: Path) -> dict[str, Tensor]:
    """A state dict from a file, without pickle's power to run code."""
    try:
        if path.suffix == ".safetensors":
            state = safetensors.torch.load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise UserError("official.missing", path=path) from None
    except Exception:  # an unpickler fails in every way there is
        raise UserError("official.unreadable", file=path.name) from None
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise UserError("official.no_state", file=path.name)
    return {name.removeprefix("module."): value for name, value in state.items()}


def _convolutions(state: dict[str, Tensor], file: str) -> dict[str, Tensor]:
    """The state's tensors in the order of the layers; raises `UserError` for layers a residual network has not."""
    kept = {name: value for name, value in state.items() if not name.endswith(STATISTICS)}
    unknown = [
        name
        for name, value in kept.items()
        if not (re.fullmatch(LAYER, name) and value.dim() == (4 if name.endswith(".weight") else 1))
    ]
    if unknown or not kept:
        why = Words("official.nothing")
        if unknown:
            is_norm = re.fullmatch(LAYER, unknown[0]) and kept[unknown[0]].dim() == 1
            why = Words("official.has_batch_norm" if is_norm else "official.has", layer=unknown[0])
        raise UserError("official.unknown", file=file, read=READ, why=why)
    return dict(sorted(kept.items(), key=lambda item: [int(part) for part in item[0].split(".") if part.isdecimal()]))


LAYER = r"model\.\d+(\.conv_block\.\d+)?\.(weight|bias)"
READ = Words("official.read")


def _verify(kind: str, file: str, state: dict[str, Tensor]) -> None:
    """Raises `UserError` for a network whose tensors would fit but that is another function here.

    The places of the convolutions tell of the layers between them, which have no tensors: reflection padding, instance
    norm, dropout (which does nothing here, as in the authors' own tests). Before an instance norm, and only there, the
    authors' convolutions have a bias: where it is missing, no norm followed, or one that left nothing else behind.
    """
    layers = [name.removesuffix(".weight") for name in state if name.endswith(".weight")]
    if kind == "generator":
        blocks = len({layer.split(".")[1] for layer in layers if "conv_block" in layer})
        head, tail = [1, 4, 7], [blocks + place for place in (10, 13, 17)]
        known = [
            [
                *(f"model.{place}" for place in head),
                *(f"model.{10 + block}.conv_block.{place}" for block in range(blocks) for place in places),
                *(f"model.{place}" for place in tail),
            ]
            for places in ((1, 5), (1, 6))  # without and with dropout
        ]
    else:
        between = [f"model.{place}" for place in range(2, 3 * len(layers) - 3, 3)]
        known = [["model.0", *between]]
    if layers not in known:
        raise UserError("official.other_layout", file=file, read=READ)
    if bare := [layer for layer in layers if f"{layer}.bias" not in state]:
        raise UserError("official.no_norm", file=file, layer=bare[0])


def _config(nets: dict[str, tuple[str, dict[str, Tensor]]], data: str, size: int) -> CycleGANConfig:
    """The settings that the shapes of the tensors tell of, the same for all that are of a kind."""
    told: dict[str, tuple[Any, str]] = {}
    for net, (file, state) in nets.items():
        weights = [value for value in state.values() if value.dim() == 4]
        width, channels = weights[0].shape[:2]
        if net in ("a2b", "b2a"):
            blocks = len({name.split(".")[1] for name in state if "conv_block" in name})
            found = {"ngf": width, "channels": channels, "blocks": blocks}
        else:
            found = {"ndf": width, "channels": channels, "n_layers_d": len(weights) - 2}
        for setting, value in found.items():
            if told.setdefault(setting, (value, file))[0] != value:
                raise UserError(
                    "official.not_together",
                    file=file,
                    other=told[setting][1],
                    setting=setting,
                    value=value,
                    others=told[setting][0],
                )
    try:
        return CycleGANConfig(data=data, size=size, **{name: value for name, (value, _) in told.items()})
    except UserError as error:
        raise UserError("official.impossible", why=error) from None


def _fill(network: nn.Module, file: str, state: dict[str, Tensor]) -> None:
    """Copy a state's convolutions into a network's, one after the other."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    weights = {name: value for name, value in state.items() if value.dim() == 4}
    shapes = [tuple(layer.weight.shape) for layer in layers]
    if shapes != [tuple(value.shape) for value in weights.values()]:
        raise UserError("official.other_shapes", file=file)
    with torch.no_grad():
        for layer, (name, weight) in zip(layers, weights.items(), strict=True):
            layer.weight.copy_(weight)
            if layer.bias is not None:
                layer.bias.copy_(state[name.replace(".weight", ".bias")])
