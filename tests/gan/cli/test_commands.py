"""The command line: what a stranger types, reads and gets."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import pytest
from PIL import Image

import gan.benchmark.bench
from gan.__main__ import main
from gan.core.checkpoint import load_resume
from gan.core.cyclegan import CycleGANConfig
from gan.core.dcgan import DCGANConfig
from gan.runs.run import Run
from tests.small_cyclegan import small_cyclegan
from tests.small_runs import small_run

ROOT = Path(__file__).resolve().parents[3]
TINY = ["--ngf", "4", "--batch", "4", "--latent", "8", "--device", "cpu", "--log-every", "5"]


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("GAN_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "runs"


@pytest.fixture
def offline(monkeypatch):
    """Digits of this machine's packages would be as good; the test wants those that travel with the project."""
    monkeypatch.setattr("gan.data.registry.SYSTEM", Path("/nowhere"))


def test_help_names_every_command_and_every_setting_with_its_default(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert all(command in told for command in ("train", "sample", "translate", "evaluate", "runs", "bench"))
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    for config in (DCGANConfig, CycleGANConfig):
        for f in fields(config):
            assert "--" + f.name.replace("_", "-") in told
            assert f.metadata["help"] in told
            assert all(str(choice) in told for choice in f.metadata["choices"])


def test_a_run_is_trained_listed_sampled_and_gone_on_with(runs, tmp_path, capsys, offline):
    assert main(["train", "dcgan", "--data", "mnist", "--run", "mine", "--steps", "20", *TINY]) == 0
    told = capsys.readouterr().out
    assert "finished after 20 steps" in told
    assert "9,000 pictures that travel with the project stand in" in told  # the data says what it is
    assert main(["runs", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["mine"]["status"] == "finished"
    assert rows["mine"]["step"] == 20

    out = tmp_path / "deep" / "sheet.png"
    assert main(["sample", "mine", str(out), "--count", "6", "--seed", "3"]) == 0
    assert Image.open(out).size == (3 * 34 - 2, 2 * 34 - 2)
    again, other = tmp_path / "again.png", tmp_path / "other.png"
    main(["sample", str(runs / "mine"), str(again), "--count", "6", "--seed", "3"])
    main(["sample", "mine", str(other), "--count", "6", "--seed", "4"])
    assert out.read_bytes() == again.read_bytes() != other.read_bytes()

    assert main(["train", "--resume", "mine", "--steps", "30", "--device", "cpu"]) == 0
    assert Run.open("mine").info["step"] == 30
    capsys.readouterr()
    assert main(["runs"]) == 0
    assert "mine" in capsys.readouterr().out


def test_a_picture_is_translated_into_its_own_size(runs, tmp_path):
    small_cyclegan(runs, "fruit")
    Image.new("RGB", (70, 41), "red").save(tmp_path / "in.png")
    assert main(["translate", "fruit", str(tmp_path / "in.png"), str(tmp_path / "out.png"), "--direction", "BtoA"]) == 0
    assert Image.open(tmp_path / "out.png").size == (70, 41)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train"], "Say what to train"),
        (["train", "dcgan", "--data", "no-such-thing"], "no data set or folder 'no-such-thing'"),
        (["train", "dcgan", "--size", "33"], "must be a multiple of 4"),
        (["train", "dcgan", "--size", "48"], "doubles from 4x4"),
        (["train", "dcgan", "--upsample", "sideways"], "'upsample' is 'sideways'"),
        (["train", "dcgan", "--rate-g", "nan"], "must be at least 0"),
        (["train", "cyclegan", "--data", "mnist"], "a CycleGAN translates between two"),
        (["train", "cyclegan", "--data", "horse2zebra"], "let it download (--download) or put its pictures into"),
        (["train", "dcgan", "--run", "../out"], "cannot be named '../out'"),
        (["train", "--resume", "nobody"], "There is no run named 'nobody'"),
        (["train", "dcgan", "--resume", "digits"], "not both"),
        (["sample", "nobody", "x.png"], "There is no run named 'nobody'"),
        (["sample", "fruit", "x.png"], "is a cyclegan; this needs a dcgan"),
        (["translate", "digits", "in.png", "out.png"], "is a dcgan; this needs a cyclegan"),
        (["translate", "fruit", "nothing.png", "out.png"], "no picture nothing.png"),
        (["sample", "digits", "sheet.xyz"], "cannot be written to sheet.xyz"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_code_2(runs, tmp_path, monkeypatch, capsys, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    small_cyclegan(runs, "fruit")
    small_run(runs, "digits")
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.err.startswith("error: ")
    assert sentence in told.err
    assert told.err.count("\n") == 1
    assert {path.name for path in runs.iterdir()} == {"fruit", "digits"}


@pytest.mark.parametrize("count", ["0", "-3", "many", "1000000"])
def test_an_impossible_count_is_refused_when_it_is_typed(capsys, count):
    with pytest.raises(SystemExit) as ended:
        main(["sample", "mnist", "x.png", "--count", count])
    assert ended.value.code == 2
    assert "--count" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT to send on Windows")
def test_ctrl_c_saves_the_run_and_says_how_to_go_on(runs, capsys):
    command = [sys.executable, "-m", "gan", "train", "dcgan", "--run", "mine", "--steps", "1000000", *TINY]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    journal, deadline = runs / "mine" / "journal.jsonl", time.monotonic() + 120
    while not (journal.is_file() and journal.stat().st_size > 2000) and time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    run = Run.open("mine")
    assert run.status == "stopped"
    step = run.info["step"]
    assert f"Saved at step {step}. Go on with: python -m gan train --resume mine" in out
    assert load_resume(run)["step"] == step
    assert main(["train", "--resume", "mine", "--steps", str(step + 10), "--device", "cpu"]) == 0
    assert run.info["step"] == step + 10


@pytest.fixture
def quick(monkeypatch, offline):
    """Benchmarks of a moment, on smaller networks and the digits that travel with the project: that they measure."""
    small = {"ngf": 16, "batch": 32}
    monkeypatch.setattr("gan.benchmark.bench.DCGANConfig", lambda **how: DCGANConfig(**how | small))
    monkeypatch.setattr("gan.benchmark.bench.SECONDS", 0.3)
    return small


@pytest.mark.slow
def test_bench_measures_both_loops_in_turns(capsys, quick):
    """That it measures, not what; the plain loop must be doing the same work."""
    assert main(["bench", "--only", "dcgan", "--device", "cpu", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)["dcgan"]
    assert result["turns"] >= 3
    assert result["ratio"] == pytest.approx(result["plain_ms"] / result["ours_ms"], rel=0.01)
    assert result["ours_ms"] > 1


@pytest.mark.slow
def test_bench_follows_a_training_by_way_of_the_app(capsys, monkeypatch, quick):
    quick["ngf"], quick["batch"] = 4, 8
    monkeypatch.setattr("gan.benchmark.bench.TURN", 0.5)
    monkeypatch.setattr("gan.benchmark.bench.LOOK", 0.2)
    looks = []
    look = gan.benchmark.bench._look
    monkeypatch.setattr("gan.benchmark.bench._look", lambda *asked: looks.append(look(*asked)))
    assert main(["bench", "--only", "follow", "--device", "cpu", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)["follow"]
    assert result["ratio"] == pytest.approx(result["followed"] / result["alone"], rel=0.01)
    assert len(looks) >= 3 + result["turns"]
    assert 0.1 < result["ratio"] < 10  # a busy machine says anything; what a quiet one says stands in the README


@pytest.mark.slow
def test_bench_compares_numbers_of_threads_beside_busy_cores(capsys, quick):
    assert main(["bench", "--only", "threads", "--device", "cpu"]) == 0
    told = capsys.readouterr().out
    assert [f"{busy} cores busy: " in told for busy in (0, 1, 2)] == [True] * 3
    assert all(float(speed) > 0 for speed in re.findall(r"([\d.]+) (?:with|measured)", told))
    assert len(re.findall(r"([\d.]+) (?:with|measured)", told)) == 9


def test_curves_are_drawn_to_a_file(runs, tmp_path, capsys):
    from PIL import Image

    from tests.small_runs import small_run

    for name in ("alpha", "말"):
        small_run(runs, name)
    assert main(["curves", "alpha", "말", "--out", str(tmp_path / "new" / "curves.png"), "--axis", "seconds"]) == 0
    with Image.open(tmp_path / "new" / "curves.png") as picture:
        assert picture.width > 1000
    assert main(["curves", "mnist", "--panels", "loss", "gradients", "--log", "--out", str(tmp_path / "c.svg")]) == 0
    assert "<svg" in (tmp_path / "c.svg").read_text()
    assert main(["curves", "beta", "--out", str(tmp_path / "c.svg")]) == 2
    assert main(["curves", "alpha", "--out", str(tmp_path / "c.pdf")]) == 2
    assert "end its name in .png or .svg" in capsys.readouterr().err
