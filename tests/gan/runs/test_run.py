"""The run folder: whole files, torn lines, honest states, safe loading."""

import inspect
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch

from gan.config import RuntimeSettings
from gan.core.checkpoint import load_networks, load_resume, save_weights
from gan.core.cyclegan import CycleGANConfig
from gan.core.dcgan import DCGAN, DCGANConfig
from gan.errors import UserError
from gan.paths import SHIPPED_RUNS
from gan.runs.files import read_lines, write_whole
from gan.runs.run import Run, all_runs

TINY = DCGANConfig(ngf=4, latent=6)


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def test_what_was_asked_round_trips():
    config = CycleGANConfig(size=64, residual=True, rate_g=3e-4)
    Run.create("mine", config)
    assert Run.open("mine").config == config
    assert [run.name for run in all_runs() if not run.is_shipped] == ["mine"]


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "a" * 65, "a b", "-rf"])
def test_a_name_that_leads_elsewhere_is_refused(name, runs):
    with pytest.raises(UserError, match="cannot be named"):
        Run.create(name, TINY)
    assert not list(runs.glob("**/run.json"))


def test_a_taken_name_is_refused():
    Run.create("mine", TINY)
    with pytest.raises(UserError, match="already"):
        Run.create("mine", TINY)


def test_opening_what_is_not_there_names_what_is():
    Run.create("mine", TINY)
    with pytest.raises(UserError, match=r"no run named 'other'.*mine"):
        Run.open("other")


def test_a_torn_last_line_is_left_out_and_does_not_spoil_the_next():
    run = Run.create("mine", TINY)
    run.log({"step": 1})
    with open(run.folder / "journal.jsonl", "ab") as file:
        file.write(b'{"step": 2, "loss_')
    assert run.journal() == [{"step": 1}]
    run.log({"step": 3})
    assert run.journal() == [{"step": 1}, {"step": 3}]


def test_foreign_lines_are_left_out(tmp_path):
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'\xff\xfe\n[1, 2]\n{"step": 1}\nnot json\n\n')
    assert read_lines(path) == [{"step": 1}]
    assert read_lines(tmp_path / "missing.jsonl") == []


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["file"]


def test_a_kill_in_the_middle_of_writing_never_leaves_half_a_file(tmp_path):
    path = tmp_path / "file"
    code = (
        f"import os, sys, tempfile\nfrom pathlib import Path\n{inspect.getsource(write_whole)}\n"  # without torch
        "while True:\n"
        "    for letter in b'ab': write_whole(Path(sys.argv[1]), bytes([letter]) * 3_000_000)"
    )
    for delay in (0.02, 0.05, 0.09):
        process = subprocess.Popen([sys.executable, "-c", code, str(path)])
        deadline = time.monotonic() + 60
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        content = path.read_bytes()
        assert len(content) == 3_000_000
        assert len(set(content)) == 1


def test_weights_come_back_as_they_were_to_half_precision():
    run, gan = Run.create("mine", TINY), DCGAN(TINY, torch.device("cpu"))
    gan.train_step(lambda: torch.rand(4, 1, 32, 32), RuntimeSettings.of(TINY))
    save_weights(run, gan.generators, gan.discriminators)
    generators, discriminators = load_networks(run)
    for live, loaded in ((gan.generators, generators), (gan.discriminators, discriminators)):
        assert not any(m.training for m in loaded.modules())
        for p, q in zip(live.state_dict().values(), loaded.state_dict().values(), strict=True):
            torch.testing.assert_close(p, q, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
def test_a_run_from_before_the_discriminator_had_a_norm_of_its_own_is_read_as_it_was(norm):
    config = replace(TINY, norm=norm, norm_d=norm)
    run, (generators, discriminators) = Run.create("old", config), DCGAN.networks(config)
    save_weights(run, generators, discriminators)
    told = json.loads((run.folder / "run.json").read_text())
    del told["config"]["norm_d"]
    (run.folder / "run.json").write_text(json.dumps(told))
    old = Run.open("old")
    assert old.config == config
    picture = torch.rand(1, 1, 32, 32)
    expected = discriminators["d"].half().float().eval()(picture)
    torch.testing.assert_close(load_networks(old)[1]["d"](picture), expected, rtol=1e-2, atol=1e-3)


def test_a_run_without_weights_or_with_torn_ones_says_so():
    run = Run.create("mine", TINY)
    with pytest.raises(UserError, match="no weights"):
        load_networks(run)
    (run.folder / "weights.safetensors").write_bytes(b"\x10\0\0\0")
    with pytest.raises(UserError, match="are damaged"):
        load_networks(run)


def test_resume_files_are_not_loaded_with_pickles_full_power(tmp_path):
    class Evil:
        def __reduce__(self):
            return (os.system, (f"touch {tmp_path}/owned",))

    run = Run.create("mine", TINY)
    (run.folder / "resume.pt").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(UserError, match="cannot be read"):
        load_resume(run)
    assert not (tmp_path / "owned").exists()


@pytest.mark.slow
def test_a_run_whose_process_died_is_interrupted_not_running():
    run = Run.create("mine", TINY)
    assert run.info["status"] == "running"
    assert run.status == "interrupted"
    code = (
        "import sys, time; from filelock import FileLock; lock = FileLock(sys.argv[1]); lock.acquire()\n"
        "print(1, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, run.lock().lock_file], stdout=subprocess.PIPE)
    process.stdout.readline()
    try:
        assert run.status == "running"
        with pytest.raises(UserError, match="stop it first"):
            run.delete()
    finally:
        process.kill()
        process.wait()
    assert run.status == "interrupted"
    run.delete()
    assert not run.folder.exists()


def test_a_broken_run_json_hides_only_that_run():
    Run.create("good", TINY)
    bad = Run.create("bad", TINY)
    (bad.folder / "run.json").write_text("{")
    assert [run.name for run in all_runs() if not run.is_shipped] == ["good"]
    with pytest.raises(UserError, match=r"no readable run\.json"):
        _ = bad.config


def test_the_app_opens_with_the_digits_whatever_was_trained_last(runs):
    shipped = [run for run in all_runs() if run.is_shipped]
    assert shipped[0].name == "mnist"
    assert "mnist" not in [run.name for run in shipped[1:]]
    Run.create("mine", TINY)
    assert all_runs()[-1].name == "mine"
    dates = [run.info["created"] for run in shipped[1:]]
    assert dates == sorted(dates)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "herd", "apple2orange", "horse2zebra"])
def test_every_shipped_run_is_complete_finished_and_small(name):
    run = Run(SHIPPED_RUNS / name)
    assert run.is_shipped
    assert run.status == "finished"
    assert run.journal()
    assert len(run.samples()) >= 5
    load_networks(run)
    assert run.info["name"] == name
    kept = [path for path in run.folder.rglob("*") if path.name != "resume.pt"]  # which git ignores
    assert all(path.stat().st_size < 10_000_000 for path in kept)
    with pytest.raises(UserError, match="stays"):
        run.delete()


def test_a_run_that_ends_between_two_looks_is_not_called_interrupted(run, monkeypatch):
    run.set_info(status="running")

    def released(self):
        self.set_info(status="finished")
        return False

    monkeypatch.setattr(Run, "is_training", released)
    assert run.status == "finished"


def test_another_look_at_the_lock_is_no_training(run, monkeypatch):
    look = run.lock()
    look.acquire()
    monkeypatch.setattr("gan.runs.run.time.sleep", lambda _: look.release())  # as soon as this one has found it held
    assert not run.is_training()
    with run.lock():
        monkeypatch.setattr("gan.runs.run.time.sleep", lambda _: None)
        assert run.is_training()
