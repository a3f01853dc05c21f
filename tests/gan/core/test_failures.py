"""Misfortunes: each ends in a run that says in a sentence what happened and goes on where it can. None is simulated
where it can be had for real."""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.core.checkpoint import load_resume
from gan.core.dcgan import DCGANConfig
from gan.core.trainer import train
from gan.errors import UserError
from gan.runs.run import Run
from gan.words import sentence

pytestmark = pytest.mark.usefixtures("own_runs")

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def config():
    return DCGANConfig(data="mnist", size=16, channels=1, ngf=4, latent=8, batch=8, steps=60, log_every=1)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own with room for 6 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("this user may not mount a small disk")
    yield disk
    subprocess.run(["umount", disk], check=True)


def in_process(*arguments: str, limit: int | None = None) -> subprocess.CompletedProcess:
    """`python -m gan ...` in a process of its own, with so much more address space than it needs to start."""
    code = "import sys; from gan.__main__ import main; import torch, gan.core.trainer\n"
    if limit is not None:
        code += (
            "import resource\nnow = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
            f"resource.setrlimit(resource.RLIMIT_AS, (now + {limit}, now + {limit}))\n"
        )
    code += "sys.exit(main(sys.argv[1:]))"
    return subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.slow
def test_a_full_disk_is_said_and_the_training_goes_on_when_there_is_room(small_disk, config):
    run = Run.create("mine", replace(config, ngf=16, steps=40), small_disk)
    filler = small_disk / "filler"
    saved = []

    def until_the_disk_is_full():
        for record in train(run, device="cpu"):
            if record["step"] == 5 and "event" not in record:
                run.control("set", label=0.9)  # which saves
            if record.get("event") == "control":
                saved.append(load_resume(run)["step"])
            if record["step"] == 20 and "event" not in record:
                filler.write_bytes(b"0" * (shutil.disk_usage(small_disk).free - 8192))
                run.control("set", label=0.8)

    with pytest.raises(UserError, match=r"disk is full.*make room"):
        until_the_disk_is_full()
    assert run.status == "failed"
    assert run.info["why"]["key"] == "machine.disk_full"
    assert load_resume(run)["step"] == saved[-1]
    assert not list(run.folder.glob(".*.tmp"))
    filler.unlink()
    list(train(run, device="cpu"))
    assert run.status == "finished"
    assert run.info["why"] == ""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux to limit memory")
def test_a_full_memory_is_said(config, own_runs):
    run = Run.create("mine", replace(config, size=32, ngf=64, batch=4096))
    ended = in_process("train", "--resume", str(run.folder), "--device", "cpu", limit=1 << 29)
    assert ended.returncode == 2
    assert ended.stderr.strip().splitlines()[-1].startswith("error: The memory of cpu")
    assert run.status == "failed"
    assert "smaller batch" in sentence(run.info["why"], "en")


def test_data_that_was_removed_is_missed_only_when_it_is_needed_again(config, tmp_path):
    folder = tmp_path / "cats"
    folder.mkdir()
    for number in range(12):
        pixels = np.random.default_rng(number).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    run = Run.create("mine", replace(config, data=str(folder), channels=3))
    records = train(run, device="cpu")
    next(records)
    shutil.move(folder, tmp_path / "aside")
    for _ in range(10):
        next(records)
    records.close()
    assert run.status == "stopped"
    with pytest.raises(UserError, match="cats"):
        list(train(run, device="cpu"))
    assert run.status == "stopped"  # it is as good as it was
    shutil.move(tmp_path / "aside", folder)
    list(train(run, device="cpu"))
    assert (run.status, run.info["step"]) == ("finished", 60)


def test_a_clock_that_jumps_changes_neither_the_time_trained_nor_the_end(config, monkeypatch):
    run = Run.create("mine", replace(config, minutes=0.02, steps=100_000))
    real, began = time.time, time.perf_counter()
    for record in train(run, device="cpu"):
        if record["step"] == 5:
            monkeypatch.setattr(time, "time", lambda: real() - 10 * 365 * 24 * 3600)
        if record["step"] == 10:
            monkeypatch.setattr(time, "time", lambda: real() + 10 * 365 * 24 * 3600)
    assert run.status == "finished"
    assert 1.2 <= run.info["seconds"] < time.perf_counter() - began
    seconds = [r["seconds"] for r in run.journal()]
    assert seconds == sorted(seconds)


@pytest.mark.slow
def test_two_apps_that_start_at_once_start_one(config, own_runs):
    """Of two processes that go on with one run at the same moment, one trains and the other says so."""
    run = Run.create("mine", replace(config, steps=100_000))
    command = [sys.executable, "-m", "gan", "train", "--resume", "mine", "--device", "cpu"]
    both = [
        subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    with ThreadPoolExecutor(2) as pool:  # the one that trains has much to say, which is read at once
        told = [pool.submit(process.communicate) for process in both]
        wait(told, return_when=FIRST_COMPLETED)
        while not any("loss_g" in record for record in run.journal()):
            assert sum(each.done() for each in told) == 1
            time.sleep(0.05)
        run.control("stop")
    assert sorted(process.returncode for process in both) == [0, 2]
    assert sum("being trained by another process" in each.result()[1] for each in told) == 1
    steps = [r["step"] for r in run.journal() if "event" not in r]
    assert steps == sorted(set(steps))
    assert run.status == "stopped"
