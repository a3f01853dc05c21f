"""What is kept of a training: the weights to show, and everything needed to go on."""

import io
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import nn

from gan.config import RuntimeSettings, by_new_names
from gan.core.base import GAN
from gan.core.cyclegan import CycleGAN
from gan.core.dcgan import DCGAN
from gan.errors import UserError, reason
from gan.optim import Average
from gan.runs.files import write_whole
from gan.runs.run import Run
from gan.words import Words

MODELS = {"dcgan": DCGAN, "cyclegan": CycleGAN}


def save_weights(
    run: Run, generators: nn.ModuleDict, discriminators: nn.ModuleDict, *, precision: torch.dtype = torch.float16
) -> None:
    """Write `weights.safetensors`: weights in half precision, batch norm's statistics in full."""
    tensors = {}
    for side, networks in (("g", generators), ("d", discriminators)):
        weights = {name for name, _ in networks.named_parameters()}
        for name, value in networks.state_dict().items():
            value = value.detach().to(precision) if name in weights else value.detach()
            tensors[f"{side}.{name}"] = value.contiguous().cpu()
    write_whole(run.folder / "weights.safetensors", safetensors.torch.save(tensors))


def load_networks(run: Run, device: str | torch.device = "cpu") -> tuple[nn.ModuleDict, nn.ModuleDict]:
    """(generators, discriminators) of `weights.safetensors`, float32 in eval mode, with no gradients.

    Those that `missing` names, which were not among imported weights, are left out.
    """
    config = run.config
    try:
        tensors = safetensors.torch.load_file(run.folder / "weights.safetensors")
    except FileNotFoundError:
        raise UserError("run.no_weights", run=run.name) from None
    except (OSError, safetensors.SafetensorError) as error:
        raise _damaged(run, reason(error)) from error
    both, missing = MODELS[config.model].networks(config), run.missing
    for side, networks in zip(("g", "d"), both, strict=True):
        for name in missing & networks.keys():
            del networks[name]
        state = {k[2:]: v.float() if v.is_floating_point() else v for k, v in tensors.items() if k[:2] == f"{side}."}
        try:
            networks.load_state_dict(state)
        except RuntimeError as error:  # of another width, or some are missing
            raise _damaged(run, Words("run.not_described", why=reason(error))) from error
        networks.eval().requires_grad_(False).to(device)
    return both


def _damaged(run: Run, why: str | Words) -> UserError:
    return UserError("run.damaged", run=run.name, why=why)


def save_resume(run: Run, state: dict[str, Any]) -> None:
    """Write `resume.pt`."""
    buffer = io.BytesIO()
    try:
        torch.save(state, buffer)
    except RuntimeError as error:
        if "inline_container" in str(error):  # torch's word for a write that failed, here for lack of memory
            raise MemoryError from error
        raise
    write_whole(run.folder / "resume.pt", buffer.getbuffer())


def keep_before(run: Run) -> None:
    """Keep `resume.pt` as it is now as `before.pt`, which later saves leave alone."""
    with tempfile.TemporaryDirectory(dir=run.folder, prefix=".before.") as aside:
        link = Path(aside) / "before.pt"
        try:
            os.link(run.folder / "resume.pt", link)  # a second name costs no room: saves replace the first
        except OSError:  # a file system without links
            shutil.copyfile(run.folder / "resume.pt", link)
        os.replace(link, run.folder / "before.pt")


def load_resume(run: Run, file: str = "resume.pt") -> dict[str, Any] | None:
    """The content of `resume.pt` (or `before.pt`), read without pickle's full power; None where there is none."""
    path = run.folder / file
    if not path.is_file():
        return None
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise UserError("run.unreadable", file=file, run=run.name, why=reason(error)) from error


def reached(run: Run) -> tuple[int, float] | None:
    """(step, seconds of training) of `resume.pt`, whose tensors stay on the disk; None where there is none."""
    path = run.folder / "resume.pt"
    if not path.is_file():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        return int(state["step"]), float(state["seconds"])
    except Exception as error:
        raise UserError("run.unreadable", file="resume.pt", run=run.name, why=reason(error)) from error


@dataclass
class TrainState:
    """Where a training stands, beside its networks, optimisers and random streams."""

    runtime: RuntimeSettings
    step: int = 0
    seconds: float = 0.0
    samples_made: int = 0
    controls_read: int = 0
    lines: int = 0  # of the journal


def pack(state: TrainState, gan: GAN, average: Average, stream: torch.Generator) -> dict[str, Any]:
    """All that the next step depends on, as `save_resume` takes it. `stream` is what the pictures are drawn by.

    The keys are those that the files of runs have had since the first of them, "conduct" for the runtime settings.
    """
    cuda = torch.cuda.get_rng_state(stream.device) if stream.device.type == "cuda" else None
    saved = asdict(state)
    saved["conduct"] = saved.pop("runtime")
    saved["duel"] = gan.state()
    saved["average"] = average.networks.state_dict()
    saved["random"] = [stream.get_state(), torch.get_rng_state(), cuda]
    return saved


def unpack(
    saved: dict[str, Any], state: TrainState, run: Run, gan: GAN, average: Average, stream: torch.Generator, rank: int
) -> None:
    """Take over what `pack` gave, in the process `rank` of those that train. Raises `UserError` for other networks."""
    try:
        gan.load_state(saved["duel"])
        average.networks.load_state_dict(saved["average"])
    except (KeyError, RuntimeError, ValueError) as error:
        raise UserError("training.other_networks", run=run.name, why=reason(error)) from error
    for name, value in saved.items():
        if hasattr(state, name):
            setattr(state, name, value)
    state.runtime = RuntimeSettings(**by_new_names(saved["conduct"]))
    drawn, cpu, cuda = saved["random"]
    if rank or drawn.shape != stream.get_state().shape:  # other processes' and other devices' streams are made anew
        seed = gan.config.seed + rank + 1_000_003 * state.step
        stream.manual_seed(seed)
        torch.manual_seed(seed)
        return
    stream.set_state(drawn)
    torch.set_rng_state(cpu)
    if cuda is not None and stream.device.type == "cuda":
        torch.cuda.set_rng_state(cuda, stream.device)


def fork(run: Run, name: str, root: Path | None = None) -> Run:
    """What if: a new run from before the last change by hand (a rate changed, a side frozen).

    Without one, from the last checkpoint. It is "stopped" there, with its parent's journal and samples up to that step,
    and `run.json` names the parent under "parent": {"run", "step"}. Raises `UserError` where there is nothing to go
    back to, and for an unfit or taken name.
    """
    kept = next((file for file in ("before.pt", "resume.pt") if (run.folder / file).is_file()), None)
    state = load_resume(run, kept) if kept else None
    if state is None:
        raise UserError("branches.no_checkpoint", run=run.name)
    step, child = state["step"], Run.create(name, run.config, root)
    try:
        shutil.copyfile(run.folder / kept, child.folder / "resume.pt")
        for number, sample in run.samples():
            if number <= step:
                write_whole(child.folder / "samples" / sample.name, sample.read_bytes())
        child.rewrite(run.journal_until(step, state.get("lines")))
        for control in run.controls()[: state["controls_read"]]:
            child.control(**control)
        generators, discriminators = MODELS[run.config.model].networks(run.config)
        generators.load_state_dict(state["average"])
        discriminators.load_state_dict(state["duel"]["discriminators"])
        save_weights(child, generators, discriminators)
        parent = {"run": run.name, "step": step}
        child.set_info(status="stopped", step=step, seconds=round(state["seconds"], 1), parent=parent)
    except BaseException:
        shutil.rmtree(child.folder, ignore_errors=True)
        raise
    return child
