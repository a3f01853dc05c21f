"""What goes wrong is told in a sentence that is whole, true, and fit for where it is shown."""

import io
import re
import sys
from dataclasses import replace
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image

from demo import app, jobs
from demo.server import model_cache
from demo.server.environment import Place, decide, no_loan
from demo.tabs.train import api
from demo.ui.handlers import catch_errors
from gan.__main__ import main
from gan.cli.arguments import parser
from gan.config import make
from gan.core.checkpoint import load_networks
from gan.core.dcgan import DCGANConfig
from gan.errors import UserError, reason
from gan.paths import runs_root
from gan.runs.run import Run
from tests.small_runs import small_run

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (EOFError(), "EOFError"),
        (TimeoutError(""), "TimeoutError"),
        (ValueError("  \n "), "ValueError"),
        (KeyError("model"), "'model' is missing"),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
        (RuntimeError("Error(s) in loading:\n\tMissing key: a."), "Error(s) in loading: Missing key: a"),
    ],
)
def test_brackets_are_never_empty_nor_of_several_lines(error, said):
    assert str(reason(error)) == said


def test_a_page_of_an_error_is_cut_at_a_word():
    told = reason(RuntimeError("word " * 1000))
    assert len(told) < 220
    assert told.endswith("word …")


def test_no_sentence_quotes_an_error_as_it_comes():
    for path in [*(ROOT / "gan").rglob("*.py"), *(ROOT / "demo").rglob("*.py")]:
        assert not re.search(r"\(\{(str\()?err(or)?\)?\}\)", path.read_text(encoding="utf-8")), path


# Weights


def test_weights_that_are_not_there_are_not_there_yet_and_damaged_ones_are_damaged(runs):
    run = small_run(runs, "alpha", weights=False)
    for ask in (lambda: load_networks(run), lambda: model_cache.networks(run)):
        with pytest.raises(UserError, match="has no weights to show yet"):
            ask()
    whole = small_run(runs, "whole")
    file = (whole.folder / "weights.safetensors").read_bytes()
    for content in (b"", b"\x10\0\0\0", file[:-100], b"{}" * 50):
        (run.folder / "weights.safetensors").write_bytes(content)
        for ask in (lambda: load_networks(run), lambda: model_cache.networks(run)):
            with pytest.raises(UserError, match=r"weights of the run 'alpha' are damaged \(.+\): copy"):
                ask()


def test_weights_of_other_networks_are_told_so(runs):
    run = small_run(runs, "alpha")
    run.set_info(config=replace(run.config, ngf=8).as_dict())
    with pytest.raises(UserError, match=r"damaged \(they are not those that its run\.json describes: .+size mismatch"):
        load_networks(run)


# The folder of runs


@pytest.mark.parametrize("inside", ["", "deep/er"])
@pytest.mark.parametrize("command", [["runs"], ["train", "dcgan", "--data", "mnist"], ["sample", "mnist", "x.png"]])
def test_a_file_where_the_folder_of_runs_should_be_is_named(tmp_path, monkeypatch, capsys, command, inside):
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("GAN_RUNS", str(tmp_path / "file" / inside))
    assert main(command) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: GAN_RUNS is ")
    assert f"{tmp_path / 'file'} is a file" in told
    with pytest.raises(SystemExit) as ended:
        app.main(["--port", "0"])
    assert ended.value.code == 2
    assert "is a file" in capsys.readouterr().err


def test_a_folder_of_runs_that_is_not_there_yet_is_made(tmp_path):
    assert runs_root({"GAN_RUNS": str(tmp_path / "new" / "er")}) == tmp_path / "new" / "er"
    assert decide({"GAN_RUNS": str(tmp_path / "new")}).runs == tmp_path / "new"
    Run.create("mine", DCGANConfig(), tmp_path / "new" / "er")


def test_a_folder_of_runs_that_cannot_be_written_to_is_a_sentence(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(UserError, match=r"No run can be made in .*Permission denied.*GAN_RUNS"):
        Run.create("mine", DCGANConfig(), tmp_path / "new")


# Consoles


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp949"])
def test_what_a_console_cannot_show_is_printed_in_other_signs(runs, monkeypatch, encoding):
    for name in ("말", "cheval-é"):
        small_run(runs, name)
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    assert main(["runs"]) == 0
    assert main(["sample", "없음", "x.png"]) == 2
    with monkeypatch.context() as patch:
        patch.setenv("GAN_TRAINING", "때때로·é")
        with pytest.raises(SystemExit):
            app.main(["--port", "0"])
    monkeypatch.undo()
    out.flush(), err.flush()
    shown = out.buffer.getvalue().decode(encoding)
    assert ("말" if encoding == "cp949" else r"\ub9d0") in shown
    assert ("é" if encoding == "cp1252" else r"cheval-\xe9") in shown
    assert err.buffer.getvalue().count(b"\n") == 2


# The command line's options


@pytest.mark.parametrize(
    ("model", "typed", "sentence"),
    [
        ("dcgan", ["--blocks", "9"], "'blocks' is a setting of cyclegan only; this is a training of dcgan"),
        ("dcgan", ["--pool-size", "5", "--lambda-cycle", "3"], "are settings of cyclegan only"),
        ("dcgan", ["--no-residual"], "'residual' is a setting of cyclegan only"),
        ("cyclegan", ["--latent", "8"], "'latent' is a setting of dcgan only; this is a training of cyclegan"),
        ("cyclegan", ["--gauge", "0"], "'gauge' is a setting of dcgan only"),
    ],
)
def test_options_of_the_other_model_are_refused_by_name(runs, capsys, model, typed, sentence):
    assert main(["train", model, *typed]) == 2
    assert sentence in capsys.readouterr().err
    assert not [*runs.iterdir()]


def test_a_device_that_is_not_there_makes_no_run(runs, monkeypatch, capsys):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert main(["train", "dcgan", "--data", "mnist", "--device", "cuda"]) == 2
    assert "no 'cuda' device" in capsys.readouterr().err
    assert not [*runs.iterdir()]


def test_settings_that_there_are_not_are_named_with_those_that_there_are():
    with pytest.raises(UserError, match="no setting 'widht'; the settings are data, size"):
        make("dcgan", {"widht": 3})
    with pytest.raises(UserError, match="no model 'stylegan'; choose one of dcgan, cyclegan"):
        make("stylegan", {})


def test_every_option_of_train_but_the_one_that_help_warns_of_can_stand_behind_torchrun(capsys):
    from torch.distributed.run import get_args_parser

    def behind_torchrun(option):
        return get_args_parser().parse_args(["--nproc-per-node", "2", "-m", "gan", "train", "dcgan", option, "1"])

    with pytest.raises(SystemExit):
        main(["train", "--help"])
    told = capsys.readouterr().out
    options = set(re.findall(r"--[a-z][a-z0-9-]*", told.partition("options:")[2])) - {"--resume", "--run"}
    assert {"--name", "--steps", "--rate-g"} <= options
    for option in options:
        assert behind_torchrun(option).training_script_args[-2:] == [option, "1"]
    with pytest.raises(SystemExit):
        behind_torchrun("--run")
    assert "behind torchrun only --name" in " ".join(told.split())
    assert [parser({n: print for n in COMMANDS}).parse_args(["train", "dcgan", name, "x"]).run for name in
            ("--name", "--run")] == ["x", "x"]  # fmt: skip


COMMANDS = ["train", "sample", "translate", "evaluate", "control", "runs", "curves", "import", "export", "bench"]


@pytest.mark.parametrize(
    ("end", "unit"),
    [
        (["--steps", "7"], "7/7 steps"),  # logged at 1 and 6 only
        (["--minutes", "0.002"], "1/1 s"),
        (["--minutes", "9", "--steps", "7"], "100/100 %"),
        (["--minutes", "0.002", "--steps", "5000"], "100/100 %"),
    ],
)
def test_the_bar_ends_at_the_end(runs, tmp_path, capsys, end, unit):
    for number in range(12):
        pixels = np.random.default_rng(number).integers(0, 256, (16, 16), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    tiny = ["--data", str(tmp_path), "--size", "16", "--channels", "1", "--ngf", "4", "--latent", "8", "--batch", "4"]
    assert main(["train", "dcgan", "--name", "mine", *tiny, *end, "--log-every", "5", "--device", "cpu"]) == 0
    told = capsys.readouterr()
    assert "finished after" in told.out
    last = told.err.replace("\r", "\n").strip().splitlines()[-1]
    assert last.startswith("100%")
    assert unit in last


# Endpoints


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """`ask("train_start", ...)` as `gradio_client` would; whoever asks sits at the machine."""
    from gan.runs.run import all_runs

    monkeypatch.setattr(jobs.model_cache, "runs", lambda *_, **__: all_runs(tmp_path))
    monkeypatch.setattr(jobs, "advance", lambda place: None)  # nothing is trained
    with gr.Blocks() as blocks:
        api.add_endpoints(Place("local", "on", tmp_path, no_loan))
    by_name = {f.api_name: f.fn for f in blocks.fns.values()}
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    return lambda name, *given, **more: by_name[name](*given, **more)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"widht": 3}, "There is no setting 'widht'; the settings are data,"),
        ({"blocks": 3}, "'blocks' is a setting of cyclegan only"),
        ({"call": 3}, "no setting 'call'"),
        ({"request": 3}, "no setting 'request'"),
        ({"model": "cyclegan"}, "no setting 'model'"),
        ({"data": "herd"}, "The settings name 'data' as well"),
        ({"minutes": 9}, "The settings name 'minutes' as well"),
        ({"ngf": "wide"}, "'ngf' is 'wide', but must be of type int"),
        ({"ngf": None}, "'ngf' is None"),
        ({"rate_g": [1]}, r"'rate_g' is [1]"),
        ([1, 2], "settings are a dictionary"),
        ("width", "settings are a dictionary"),
    ],
)
def test_settings_that_cannot_be_are_said_by_name_at_the_endpoint(ask, tmp_path, settings, sentence, capsys):
    with pytest.raises(gr.Error) as raised:
        ask("train_start", "dcgan", "mnist", 1, "mine", settings)
    assert sentence in raised.value.message
    assert not capsys.readouterr().err  # no traceback
    assert not (tmp_path / "mine").exists()


def test_settings_at_the_endpoint_are_kept(ask):
    told = ask("train_start", "dcgan", "mnist", 1, None, {"ngf": 8, "steps": 40, "data": "mnist", "minutes": 1})
    assert (told["steps"], told["minutes"], told["status"]) == (40, 1, "queued")
    assert Run.open(told["run"]).config.ngf == 8
    assert ask("train_start", "dcgan", "mnist", 1, "", None)["steps"] == 10_000_000


def test_an_endpoint_says_names_as_they_are_and_the_page_as_html(ask):
    with pytest.raises(gr.Error) as raised:
        ask("train_status", "<b>'mine' & yours</b>")
    assert "'<b>'mine' & yours</b>'" in raised.value.message
    assert "&#x27;" not in raised.value.message
    with pytest.raises(gr.Error) as raised:
        catch_errors(lambda: model_cache.find("<b>"))()
    assert "&#x27;&lt;b&gt;&#x27;" in raised.value.message


@pytest.mark.parametrize(("run", "do"), [("mine", None), (None, "pause"), ("mine", ""), ("mine", "sing")])
def test_nothing_asked_of_a_run_is_a_sentence_at_the_endpoint(ask, tmp_path, run, do, capsys):
    small_run(tmp_path, "mine")
    with pytest.raises(gr.Error):
        ask("train_control", run, do)
    assert not capsys.readouterr().err


@pytest.mark.parametrize("status", ["stopped", "failed"])
def test_the_apps_go_on_refuses_what_cannot_go_on_before_anything_is_written(ask, tmp_path, status):
    run = small_run(tmp_path, "mine")
    run.set_info(status=status)
    before = (run.folder / "run.json").read_bytes()
    with pytest.raises(gr.Error, match=r"came without its resume\.pt"):
        ask("train_control", "mine", "go on")
    torch.save([1], run.folder / "resume.pt")
    with pytest.raises(gr.Error, match="cannot be read"):
        ask("train_control", "mine", "go on")
    assert (run.folder / "run.json").read_bytes() == before


def test_the_page_promises_a_checkpoint_only_where_there_is_one(runs):
    from demo.tabs.train.status_view import facts, stamp

    run = small_run(runs, "mine")
    for key in ("training.blown_up", "machine.disk_full", "machine.memory_full"):
        run.set_info(status="failed", why={"key": key, "values": {}})
        assert "No checkpoint was reached" in facts(run.folder, stamp(run) + key, "en")
    run.set_info(status="running", why="")  # and nobody holds its lock
    assert "처음부터 다시" in facts(run.folder, stamp(run), "ko")
    (run.folder / "resume.pt").write_bytes(b"")
    run.set_info(status="failed", why={"key": "machine.disk_full", "values": {}})
    assert "continues from the last checkpoint" in facts(run.folder, stamp(run), "en")
