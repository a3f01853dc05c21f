"""Small runs made in a moment, for tests of what shows runs: real folders, untrained networks."""

import json
import math
from pathlib import Path

import torch
from PIL import Image

from gan.core.checkpoint import save_weights
from gan.core.dcgan import DCGAN, DCGANConfig
from gan.images import grid
from gan.runs.run import Run


def small_run(root: Path, name: str, *, lines: int = 60, every: int = 10, weights: bool = True, **settings) -> Run:
    """A finished DCGAN run with `lines` journal lines, a sample every 200 steps (grey level = step / 10), weights."""
    config = DCGANConfig(**({"size": 16, "ngf": 4, "latent": 8, "batch": 8, "log_every": every} | settings))
    run = Run.create(name, config, root)
    records = [record(1 + every * index, batch=config.batch) for index in range(lines)]
    text = "".join(json.dumps(each) + "\n" for each in records)
    (run.folder / "journal.jsonl").write_text(text)
    last = records[-1]["step"] if records else 0
    for step in range(0, last + 1, 200):
        sample(run, step)
    if weights:
        torch.manual_seed(0)
        save_weights(run, *DCGAN.networks(config))
    run.set_info(status="finished", step=last)
    return run


def quiz_run(root: Path, name: str, steps: tuple[int, ...] = (10, 100, 1000)) -> Run:
    """A run whose samples are sheets of 64 pictures of noise, as those of a training are, at these steps."""
    run = small_run(root, name, lines=0)
    for _, path in run.samples():
        path.unlink()
    for step in steps:
        pictures = torch.rand(64, 1, 16, 16, generator=torch.Generator().manual_seed(step))
        run.save_sample(step, grid(pictures * 2 - 1, columns=8))
    return run


def record(step: int, batch: int = 8) -> dict:
    """A journal's line: losses that fall, D(real) and D(fake) that approach one another."""
    fall = math.exp(-step / 1000)
    return {
        "step": step,
        "images": step * batch,
        "seconds": step / 4,
        "loss_g": 0.7 + fall,
        "loss_d": 1.3 - fall / 2,
        "d_real": 0.5 + 0.4 * fall,
        "d_fake": 0.5 - 0.4 * fall,
    }


def sample(run: Run, step: int) -> None:
    """Keep a sample that shows its step as a shade of grey."""
    run.save_sample(step, Image.new("L", (32, 32), min(255, step // 10)))
