"""What people ask of a training in words, and the command that asks it of one that runs elsewhere."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gan.__main__ import main
from gan.core.checkpoint import load_resume
from gan.core.dcgan import DCGANConfig
from gan.errors import UserError
from gan.runs.controls import ask, parse
from gan.runs.run import Run

pytestmark = pytest.mark.usefixtures("own_runs")

ROOT = Path(__file__).resolve().parents[3]


def test_words_stand_for_controls():
    assert parse("pause") == {"do": "pause"}
    assert parse("resume") == {"do": "go on"}
    assert parse("step-g") == {"do": "step", "who": "g"}
    assert parse("hold-d") == {"do": "set", "freeze_d": True}
    assert parse("free-g") == {"do": "set", "freeze_g": False}
    assert parse("lr-g=0.0006") == {"do": "set", "rate_g": 0.0006}
    assert parse("lr-g=x3") == {"do": "scale", "rate_g": 3}
    assert parse("lr-d=/4") == {"do": "scale", "rate_d": 0.25}
    assert parse("rounds-d=3") == {"do": "set", "n_critic": 3}


@pytest.mark.parametrize(("word", "sentence"), [
    ("sing", "not known; ask for pause, resume"), ("lr-g", "not known"), ("pause=1", "not known"),
    ("lr-g=fast", "'fast' in 'lr-g=fast' is not a number"), ("lr-d=2", "from 0 to 1"), ("label=nan", "'label' is nan"),
    ("lr-g=x", "'x' in 'lr-g=x' is not a number"), ("lr-g=x0", "a number above 0"), ("lr-g=/0", "a number above 0"),
    ("lr-g=x-3", "a number above 0"), ("label=x2", "not a number"), ("rounds-d=2.5", "a whole number from 1 to 100"),
])  # fmt: skip
def test_words_that_mean_nothing_are_refused(word, sentence):
    with pytest.raises(UserError, match=sentence):
        parse(word)


def test_nothing_is_asked_of_a_run_that_does_not_train():
    run = Run.create("mine", DCGANConfig())
    with pytest.raises(UserError, match=r"not training now .interrupted.*--resume mine"):
        ask(run, "hold-d")
    with run.lock().acquire(timeout=0):  # as a training holds it
        with pytest.raises(UserError, match="ask for pause first"):
            ask(run, "hold-d", "step-d")
        assert run.controls() == []
        assert ask(run, "pause", "step-d") == "paused"
    assert [control["do"] for control in run.controls()] == ["pause", "step"]


@pytest.mark.slow
def test_the_shell_conducts_a_run_that_another_process_trains(tmp_path, capsys):
    settings = ["--ngf", "4", "--latent", "8", "--batch", "8", "--size", "16", "--channels", "1", "--log-every", "5"]
    command = [sys.executable, "-m", "gan", "train", "dcgan", "--run", "mine", "--steps", "1000000", *settings]
    with open(tmp_path / "bar", "wb") as bar:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.DEVNULL, stderr=bar)
    try:
        deadline = time.monotonic() + 60
        while not (Path(os.environ["GAN_RUNS"]) / "mine" / "journal.jsonl").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert main(["control", "mine", "hold-d", "lr-g=0.0006"]) == 0
        told = capsys.readouterr().out
        assert "control freeze_d=True" in told
        assert "control rate_g=0.0006" in told
        assert told.endswith("mine: running\n")
        assert main(["control", "mine", "pause"]) == 0
        assert capsys.readouterr().out.endswith("pause\nmine: paused\n")
        assert main(["control", "mine", "resume"]) == 0
        assert capsys.readouterr().out.endswith("go on\nmine: running\n")
        assert main(["control", "mine", "pause", "step-g", "resume"]) == 0
        told = capsys.readouterr().out
        assert "round who=g" in told
        assert main(["control", "mine", "lr-g=7"]) == 2
        assert "from 0 to 1" in capsys.readouterr().err
        assert main(["control", "mine", "stop"]) == 0
        assert capsys.readouterr().out.endswith("stop\nmine: stopped\n")
        assert process.wait(30) == 0
    finally:
        process.kill()
    run = Run.open("mine")
    assert run.status == "stopped"
    assert b"samples=" in (tmp_path / "bar").read_bytes()
    assert load_resume(run)["conduct"]["freeze_d"] is True
    assert main(["control", "mine", "pause"]) == 2
    assert "not training now" in capsys.readouterr().err
