"""Speed beside other people's training scripts: a copy runs as it is, in turns with this code, on the same pictures.

A copy is named by its folder; nothing of it belongs to this project. Two are known:

- `dcgan/main.py` of https://github.com/pytorch/examples
- `implementations/cyclegan/cyclegan.py` of https://github.com/eriklindernoren/PyTorch-GAN

Each prints a line a training step: what counts is the median time from one to the next, after the first few.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from gan.benchmark import bench as benchmark
from gan.benchmark.throughput import timed
from gan.config import make
from gan.core.checkpoint import MODELS
from gan.data.datasets import load_pair
from gan.errors import UserError
from gan.images import to_image
from gan.paths import ROOT

TURNS, SECONDS = 2, 30.0  # of each side, and how long a turn of it takes
FIRST = 300.0  # seconds in which a script has taken its first steps, or is given up
WARM, LEAST = 3, 5  # steps that are not counted, and those that are at least
COUNT, SIZE = 200, 128  # pictures on each side, and how large they are drawn, in pixels
# torchvision may need a cure before a script imports it
LAUNCH = """import os, runpy, sys
from gan.data.torchvision_compat import datasets
datasets()
del sys.argv[0]
sys.path.insert(0, os.path.dirname(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name="__main__")"""


@dataclass(frozen=True)
class Peer:
    """A script: the places where it may lie in a folder, its options, what it prints at each step (a pattern), and the
    same training here. It finds pictures in train/A, train/B, test/A and test/B of ../../data/herd."""

    what: str
    places: tuple[str, ...]
    options: str
    step: str
    settings: dict[str, Any]

    def find(self, folder: Path) -> Path | None:
        """The script in this folder, if it is there."""
        return next((folder / place for place in self.places if (folder / place).is_file()), None)


PEERS = {  # by the name of the model
    "dcgan": Peer(
        "DCGAN 64x64, width 64, batch 64",
        ("dcgan/main.py", "main.py"),
        "--dataset folder --dataroot ../../data/herd/train --imageSize 64 --batchSize 64 --niter 100000",
        r"\]\[\d+/\d+\] Loss_D",
        {"size": 64, "channels": 3, "ngf": 64, "batch": 64},
    ),
    "cyclegan": Peer(
        "CycleGAN 128x128, width 64, 9 blocks, batch 1, identity",
        ("implementations/cyclegan/cyclegan.py", "cyclegan.py"),
        "--dataset_name herd --img_height 128 --img_width 128 --n_cpu 2 --sample_interval 1000000 --n_epochs 100000",
        r"\[Batch \d+/\d+\]",
        {"size": 144, "crop": 128, "ngf": 64, "ndf": 64, "blocks": 9, "batch": 1, "upsample": "nearest"},
    ),
}


def bench(folder: Path, *, device: str = "auto", is_json: bool = False) -> dict:
    """Measure this code beside each known script in a folder; print and return the results by name.

    Raises UserError where none is there, or where one ends before it has taken its steps.
    """
    found = {name: script for name, peer in PEERS.items() if (script := peer.find(folder.resolve()))}
    if not found:
        raise UserError("bench.no_peer", folder=folder, scripts=", ".join(peer.places[0] for peer in PEERS.values()))
    measures = {
        name: lambda where, _, name=name, script=script: beside(name, script, where) for name, script in found.items()
    }
    return benchmark.bench(device=device, is_json=is_json, measures=measures)


def beside(name: str, script: Path, device: torch.device) -> dict:
    """A training step of this code and of a known script, in turns: medians in ms, and the script's over ours."""
    peer, theirs, ours = PEERS[name], [], []
    with tempfile.TemporaryDirectory() as folder:
        place, data = Path(folder, "implementations", name), Path(folder, "data", "herd")
        place.mkdir(parents=True)
        write_herd(data)
        sides = [str(data / "train" / side) for side in "AB"]
        config = make(name, peer.settings | {"data": sides[0] if name == "dcgan" else ",".join(sides)})
        step = benchmark.training_step(MODELS[name], config, device)
        for _ in range(TURNS):
            theirs += script_steps(name, script, place, device)
            ours += own_steps(step, device)
    a, b = statistics.median(ours), statistics.median(theirs)
    result = {"what": peer.what, "script": script.name, "ours_ms": round(a, 2), "peer_ms": round(b, 2)}
    return result | {"ratio": round(b / a, 3), "turns": TURNS, "steps": [len(ours), len(theirs)]}


def write_herd(folder: Path) -> None:
    """Write pictures of the drawn herd where scripts look for theirs: train/A/0.png and so on, a few in test/A."""
    for split in ("train", "test"):
        pair = load_pair("herd", SIZE, split=split)
        for side, pictures in zip("AB", (pair.a, pair.b), strict=True):
            (folder / split / side).mkdir(parents=True)
            for at, image in enumerate(pictures.images[: COUNT if split == "train" else 5]):
                to_image(image).save(folder / split / side / f"{at}.png")


def own_steps(step: Callable[[], Any], device: torch.device) -> list[float]:
    """How long each training step of a turn takes, in ms."""
    times, began = [], time.perf_counter()
    while len(times) < WARM + LEAST or time.perf_counter() - began < SECONDS:
        times.append(timed(step, device))
    return times[WARM:]


def script_steps(name: str, script: Path, place: Path, device: torch.device) -> list[float]:
    """How long each training step of a script takes in a turn, in ms. Raises UserError where it takes too few."""
    peer = PEERS[name]
    options = peer.options.split()
    if device.type != "cpu" and name == "dcgan":  # the other takes a GPU that is there
        options.append("--accel" if "--accel" in script.read_text(encoding="utf-8") else f"--{device.type}")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    if device.type == "cpu":
        environment["CUDA_VISIBLE_DEVICES"] = ""
    command = [sys.executable, "-u", "-c", LAUNCH, str(script), *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
    times, said, last, began = [], b"", time.perf_counter(), 0.0
    with subprocess.Popen(command, cwd=place, env=environment, **pipes) as process:
        late = threading.Timer(FIRST + SECONDS, process.kill)
        late.start()
        try:
            while chunk := process.stdout.read1(65536):
                *done, said = re.split(peer.step.encode(), said + chunk)
                if not done:
                    continue
                now = time.perf_counter()
                times += [1000 * (now - last) / len(done)] * len(done)
                last = now
                began = began if len(times) > WARM else now
                if len(times) >= WARM + LEAST and now - began > SECONDS:
                    return times[WARM:]
        finally:
            late.cancel()
            process.kill()
    why = said.decode(errors="replace").strip().split("\n")[-1]
    raise UserError("bench.peer_ended", script=script, count=len(times), why=why)
