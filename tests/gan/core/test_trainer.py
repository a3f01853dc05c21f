"""The loop: it repeats, it resumes, it obeys, and it loses nothing."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan.core import latent, trainer
from gan.core.checkpoint import load_networks, load_resume
from gan.core.cyclegan import CycleGANConfig
from gan.core.dcgan import DCGAN, DCGANConfig
from gan.core.trainer import train
from gan.errors import UserError
from gan.optim import Average
from gan.runs.run import Run

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture
def piles(tmp_path):
    """Two folders of little pictures."""
    rng = np.random.default_rng(0)
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        for i in range(12):
            pixels = rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{i}.png")
    return tmp_path


@pytest.fixture
def dcgan(piles):
    return DCGANConfig(
        **{"data": str(piles / "x"), "size": 16, "ngf": 4, "latent": 8, "batch": 4},
        **{"steps": 24, "log_every": 1, "samples": 4, "precision": "fp32"},
    )


@pytest.fixture
def cyclegan(piles):
    return CycleGANConfig(
        data=f"{piles / 'x'},{piles / 'y'}",
        **{"size": 32, "ngf": 4, "ndf": 4, "blocks": 1, "n_layers_d": 2, "batch": 2, "pool_size": 3},
        **{"steps": 16, "log_every": 1, "samples": 4, "precision": "fp32"},
    )


@pytest.fixture
def torchrun(monkeypatch):
    """The function that is the command `torchrun`, in this process, which has torch already; it raises what failed."""
    from torch.distributed.run import main

    monkeypatch.chdir(ROOT)
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    yield main
    for each, handler in handlers.items():
        signal.signal(each, handler)


def run_of(name, config):
    return Run.create(name, config)


def curve(run):
    """The journal's losses by step, without what depends on the clock."""
    timing = {"seconds", "speed"}
    return [{k: v for k, v in r.items() if k not in timing} for r in run.journal() if "event" not in r]


@pytest.mark.parametrize("kind", ["dcgan", "cyclegan"])
def test_a_seed_repeats_a_run(kind, request):
    config = request.getfixturevalue(kind)
    curves = []
    for name in ("one", "two"):
        run = run_of(name, config)
        list(train(run, device="cpu"))
        curves.append(curve(run))
    assert curves[0] == curves[1]
    other = run_of("other", replace(config, seed=1))
    list(train(other, device="cpu"))
    assert curve(other) != curves[0]


@pytest.mark.parametrize("kind", ["dcgan", "cyclegan"])
def test_resume_continues_the_same_curve(kind, request):
    config = request.getfixturevalue(kind)
    whole = run_of("whole", config)
    list(train(whole, device="cpu"))
    parts = run_of("parts", config)
    records = train(parts, device="cpu")
    for _ in range(7):
        next(records)
    records.close()
    assert parts.status == "stopped"
    list(train(parts, device="cpu"))
    assert parts.status == "finished"
    assert curve(parts) == curve(whole)
    a, b = (load_resume(run) for run in (whole, parts))
    for p, q in zip(a["average"].values(), b["average"].values(), strict=True):
        assert torch.equal(p, q)


# Trains the run that is named in a line of its input, in a process of its own, and prints that one's number, then
# "over". Forked: torch, which takes seconds to import, is imported once.
FORKING = """if True:
    import os, sys
    import gan.core.trainer as trainer
    from gan.runs.run import Run
    trainer.SAVE_SECONDS = 0.05
    for line in sys.stdin:
        if not (child := os.fork()):
            list(trainer.train(Run.open(line.strip()), device="cpu"))
            os._exit(0)
        print(child, flush=True)
        os.waitpid(child, 0)
        print("over", flush=True)"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no kill -9")
def test_kill_9_at_any_moment_continues_the_same_curve(dcgan):
    config = replace(dcgan, steps=240, batch=8)
    whole = run_of("whole", config)
    list(train(whole, device="cpu"))
    killed = run_of("killed", config)
    kills = 0
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    with subprocess.Popen([sys.executable, "-c", FORKING], cwd=ROOT, **pipes) as forking:
        for patience in (30, 60, 40):
            seen = len(killed.journal())
            print(killed.folder, file=forking.stdin)
            child = int(forking.stdout.readline())
            deadline = time.monotonic() + 120
            while killed.info["status"] != "finished" and time.monotonic() < deadline:
                if len(killed.journal()) >= seen + patience:
                    os.kill(child, signal.SIGKILL)
                    kills += 1
                    break
                time.sleep(0.005)
            assert forking.stdout.readline() == "over\n"
            if killed.info["status"] == "finished":
                break
        forking.stdin.close()
    assert kills >= 2
    list(train(killed, device="cpu"))
    assert killed.status == "finished"
    assert curve(killed) == curve(whole)


def test_samples_come_often_at_first_and_are_there_at_the_end(dcgan):
    run = run_of("mine", replace(dcgan, samples=8, steps=60))
    list(train(run, device="cpu"))
    steps = [step for step, _ in run.samples()]
    assert steps[0] == 0
    assert steps[-1] == 60
    gaps = np.diff(steps)
    assert gaps[0] < gaps[-1]
    sheet = Image.open(run.samples()[-1][1])
    assert sheet.size == (8 * 18 - 2, 8 * 18 - 2)


def test_the_weights_to_show_are_those_that_drew_the_newest_picture(dcgan, monkeypatch):
    """Whoever looks at a training sees its generator of now, not that of the last checkpoint, half a minute ago."""
    drawn, seen = {}, set()
    monkeypatch.setattr(Run, "save_sample", lambda run, step, image: drawn.update({step: np.asarray(image, float)}))
    run = Run.create("fresh", dcgan)
    fixed = latent.noise(64, dcgan.latent, dcgan.seed)
    for _ in train(run, device="cpu"):
        step = max(drawn)
        if step == 0 or load_resume(run)["step"]:
            continue
        sheet = DCGAN.show(load_networks(run)[0], fixed)
        assert np.abs(np.asarray(sheet, float) - drawn[step]).max() <= 3  # half precision
        seen.add(step)
    assert len(seen) >= 2


def test_asked_controls_are_obeyed_and_written_down(dcgan):
    run = run_of("mine", replace(dcgan, steps=60))
    for record in train(run, device="cpu"):
        if record["step"] == 10 and "event" not in record:
            run.control("set", freeze_d=True, rate_g=1e-3)
        if record["step"] == 20 and "event" not in record:
            run.control("set", freeze_d=False)
        if record["step"] == 30 and "event" not in record:
            run.control("stop")
    steps = {r["step"]: r for r in curve(run)}
    assert run.status == "stopped"
    assert max(steps) <= 31
    assert steps[9]["rate_g"] == 2e-4
    assert steps[15]["rate_g"] == 1e-3
    assert steps[15]["grad_d"] == steps[12]["grad_d"]  # held: the old gradient is left lying
    assert steps[25]["grad_d"] != steps[22]["grad_d"]
    events = [(r["event"], r["step"]) for r in run.journal() if "event" in r]
    assert events == [("control", 10), ("control", 20), ("stop", 30)]


def test_pause_waits_and_goes_on(dcgan):
    run = run_of("mine", replace(dcgan, steps=30))
    run_again = []
    for record in train(run, device="cpu"):
        if record["step"] == 10 and not run_again:
            run.control("pause")
            run_again.append(record)
        if record.get("event") == "pause":
            run.control("go on")
    assert run.status == "finished"
    assert [r["event"] for r in run.journal() if "event" in r] == ["pause", "go on"]


def test_a_stop_asked_of_a_run_at_rest_does_not_stop_its_resumption(dcgan):
    run = run_of("mine", dcgan)
    records = train(run, device="cpu")
    next(records)
    records.close()
    run.control("stop")
    list(train(run, device="cpu"))
    assert run.status == "finished"


def test_d_is_held_after_the_step_that_was_asked(dcgan):
    run = run_of("mine", replace(dcgan, freeze_d_after=10))
    list(train(run, device="cpu"))
    grads = {r["step"]: r["grad_d"] for r in curve(run)}
    assert grads[9] != grads[10]
    assert grads[10] == grads[11] == grads[24]


def test_rates_fall_linearly_at_the_end(cyclegan):
    run = run_of("mine", replace(cyclegan, lr_decay=0.5))
    list(train(run, device="cpu"))
    rates = [r["rate_g"] for r in curve(run)]
    assert rates[:9] == [2e-4] * 9
    np.testing.assert_allclose(rates[9:], [2e-4 * (8 - i) / 8 for i in range(1, 8)])


@pytest.mark.slow
def test_a_piece_at_a_time_is_the_same_training(dcgan):
    whole = run_of("whole", replace(dcgan, steps=60))
    list(train(whole, device="cpu"))
    pieces = run_of("pieces", replace(dcgan, steps=60))
    calls = 0
    while pieces.info["status"] != "finished":
        list(train(pieces, device="cpu", seconds=0.05))
        calls += 1
        assert calls < 200
    assert calls > 2
    assert curve(pieces) == curve(whole)


def test_two_processes_cannot_train_one_run(dcgan, monkeypatch):
    run = run_of("mine", dcgan)
    code = (
        "import sys; from filelock import FileLock; lock = FileLock(sys.argv[1]); lock.acquire()\n"
        "print(1, flush=True); sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, run.lock().lock_file], **pipes) as other:
        other.stdout.readline()
        monkeypatch.setattr("gan.core.trainer.RELEASE_SECONDS", 0.1)
        with pytest.raises(UserError, match="being trained by another process"):
            list(train(run, device="cpu"))
        other.stdin.close()
    list(train(run, device="cpu"))
    assert run.status == "finished"


def test_a_duel_that_blows_up_fails_with_a_sentence_and_keeps_the_checkpoint(dcgan, monkeypatch):
    def wild(runtime, asked):
        runtime.rate_g = runtime.rate_d = 1e30  # far beyond what may be asked for
        return {}

    monkeypatch.setattr("gan.config.RuntimeSettings.change", wild)
    run = run_of("mine", replace(dcgan, loss="least-squares", norm="none", steps=2000))

    def blow_up():
        for record in train(run, device="cpu"):
            if record["step"] == 5 and "event" not in record:
                run.control("pause")
            if record.get("event") == "pause":
                run.control("set")
                run.control("go on")

    with pytest.raises(UserError, match="no longer a number"):
        blow_up()
    assert run.status == "failed"
    assert run.info["why"]["key"] == "training.blown_up"
    assert load_resume(run)["step"] >= 5


def test_the_average_follows_the_weights_by_the_stated_rule():
    live = torch.nn.ModuleDict({"g": torch.nn.Linear(1, 1, bias=False)})
    with torch.no_grad():
        live["g"].weight.fill_(0.0)
    average = Average(live, 0.9)
    expected = 0.0
    for step in range(1, 200):
        with torch.no_grad():
            live["g"].weight.fill_(float(step))
        average.update(step)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * step
    assert average.networks["g"].weight.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_two_machines_train_one_run_together_and_two_processes_go_on_with_it(dcgan, torchrun):
    """As the README says it for several machines, here two of one process each with the runs' folder in common; then
    with `torchrun` on one. Both sides see half of each batch, and hold the same weights.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    meeting = ["--rdzv-backend", "c10d", "--rdzv-endpoint", f"127.0.0.1:{port}", "--rdzv-id", "duel"]
    arguments = ["-m", "gan", "train", "dcgan", "--name", "pair", "--device", "cpu", "--precision", "fp32"]
    settings = ["--data", dcgan.data, "--ngf", "4", "--batch", "4", "--steps", "20", "--log-every", "5"]
    machine = ["--nnodes", "2", "--nproc-per-node", "1", *meeting, *arguments, *settings]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-m", "torch.distributed.run", *machine], cwd=ROOT, **pipes) as other:
        torchrun(machine)
        told = other.communicate(timeout=300)[1]
    assert other.returncode == 0, told
    run = Run.open("pair")
    assert (run.status, run.info["processes"]) == ("finished", 2)
    assert [r["step"] for r in curve(run)] == [1, 6, 11, 16]
    load_networks(run)
    resumed = ["-m", "gan", "train", "--resume", "pair", "--steps", "30", "--device", "cpu"]
    torchrun(["--nproc-per-node", "2", "--master-port", str(port), *resumed])
    assert (run.info["step"], run.info["processes"]) == (30, 2)


def test_run_json_says_on_what_it_was_trained(dcgan):
    run = run_of("mine", dcgan)
    list(train(run, device="cpu"))
    info = json.loads((run.folder / "run.json").read_text())
    assert info["pictures"] == [11]  # every tenth is held out
    assert info["step"] == 24
    assert info["device"].startswith("cpu")
    assert info["seconds"] > 0


@pytest.mark.parametrize("moment", ["starting", "loading", "running", "asked"])
def test_a_stop_that_comes_while_a_training_begins_stops_it(dcgan, monkeypatch, moment):
    """A stop is heard from the moment on that a training is started, whatever has not been read by then."""
    run = run_of("mine", dcgan)
    run.control("stop")  # asked of the run at rest, which stops nothing
    run.control("set", label=0.8)
    if moment == "starting":  # by the app, whose process comes later
        run.set_info(status="starting", controls_before=len(run.controls()))
        run.control("stop")
    stand, asked = trainer.Recorder.stand, []

    def and_stop(self, status, why=""):
        stand(self, status, why)
        if status == "running" and not asked:
            asked.append(run.control("stop"))

    if moment == "running":
        monkeypatch.setattr(trainer.Recorder, "stand", and_stop)
    records = []
    settings = {"label": 0.9} if moment == "running" else None
    loading = (lambda *_: run.control("stop")) if moment == "loading" else (lambda *_: None)
    for record in train(run, device="cpu", settings=settings, gauge=loading):
        records.append(record)
        if moment == "asked" and record.get("event") == "control":
            run.control("stop")
    assert run.status == "stopped"
    assert records[0]["event"] == "control"
    assert run.info["step"] <= 1
