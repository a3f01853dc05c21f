"""Going on with a run: what may change on the way, what is refused, and that a refusal leaves no trace."""

import math
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from gan.__main__ import main
from gan.config import MOST_STEPS
from gan.core import trainer
from gan.core.checkpoint import fork, load_resume, reached
from gan.core.dcgan import DCGANConfig
from gan.core.trainer import train
from gan.errors import UserError
from gan.paths import SHIPPED_RUNS
from gan.runs.controls import runtime_of
from gan.runs.resume import plan
from gan.runs.run import Run
from tests.small_cyclegan import small_cyclegan

pytestmark = pytest.mark.usefixtures("own_runs")


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """A DCGAN of noise pictures that trains 12 steps in a moment."""
    folder = tmp_path_factory.mktemp("pictures") / "noise"
    folder.mkdir()
    for number in range(12):
        pixels = np.random.default_rng(number).integers(0, 256, (16, 16), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return DCGANConfig(
        **{"data": str(folder), "size": 16, "channels": 1, "ngf": 4, "latent": 8, "batch": 4, "steps": 12},
        **{"log_every": 1, "samples": 2, "precision": "fp32"},
    )


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """Where runs that several tests go on with are kept, trained once."""
    return tmp_path_factory.mktemp("stock")


@pytest.fixture
def trained(config, stock, own_runs):
    """`trained(stop_at=5)`: a run named "mine" that was trained to its 12 steps, or stopped at one of them."""

    def get(stop_at=12):
        kept = stock / str(stop_at) / "mine"
        if not kept.exists():
            run = Run.create("mine", config, kept.parent)
            for record in train(run, device="cpu"):
                if record["step"] == stop_at < 12 and "event" not in record:
                    run.control("stop")
        shutil.copytree(kept, own_runs / "mine")
        return Run.open("mine")

    return get


def contents(run):
    """Every file of a run's folder but the lock's, as it is on the disk."""
    return {
        str(path.relative_to(run.folder)): path.read_bytes()
        for path in sorted(run.folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def curve(run):
    timing = {"seconds", "speed"}
    return [{k: v for k, v in r.items() if k not in timing} for r in run.journal() if "event" not in r]


def events(run, kind):
    return [r for r in run.journal() if r.get("event") == kind]


# What is asked takes effect


def test_settings_that_may_change_do_so_from_there_on_and_are_written_down(trained, config, capsys):
    run = trained(stop_at=5)
    asked = ["--rate-g", "0.001", "--rate-d", "0.0005", "--n-critic", "2", "--label", "0.9"]
    assert main(["train", "--resume", "mine", "--device", "cpu", *asked]) == 0
    assert "finished after 12 steps" in capsys.readouterr().out
    lines = curve(run)
    assert [(r["rate_g"], r["rate_d"]) for r in lines[:5]] == [(2e-4, 2e-4)] * 5
    assert [(r["rate_g"], r["rate_d"]) for r in lines[5:]] == [(1e-3, 5e-4)] * 7
    (event,) = events(run, "control")
    assert event["step"] == 5
    assert {k: event[k] for k in ("rate_g", "rate_d", "n_critic", "label")} == {
        **{"rate_g": 1e-3, "rate_d": 5e-4, "n_critic": 2, "label": 0.9}
    }
    assert run.config == config  # as it began: the journal has what was changed
    now = runtime_of(run)
    assert (now.rate_g, now.rate_d, now.n_critic, now.label) == (1e-3, 5e-4, 2, 0.9)


def test_a_resume_with_the_values_it_has_anyway_is_the_same_training(trained, config):
    whole = Run.create("whole", config)
    list(train(whole, device="cpu"))
    run = trained(stop_at=5)
    names = ("rate_g", "label", "n_critic", "steps", "minutes", "ngf", "data")
    same = {name: getattr(config, name) for name in names}
    list(train(run, device="cpu", settings=same))
    assert curve(run) == curve(whole)
    assert not events(run, "control")
    assert torch.equal(*(load_resume(r)["average"]["g.stages.0.0.weight"] for r in (run, whole)))


def test_a_kill_after_the_change_does_not_lose_it(trained):
    run = trained(stop_at=5)
    records = train(run, device="cpu", settings={"rate_g": 1e-3})
    while next(records).get("event") != "control":
        pass
    kept = (run.folder / "resume.pt").read_bytes()  # what a kill -9 at this moment would leave
    records.close()
    (run.folder / "resume.pt").write_bytes(kept)
    list(train(run, device="cpu"))
    assert [r["rate_g"] for r in curve(run)] == [2e-4] * 5 + [1e-3] * 7


def test_what_if_goes_back_to_before_a_change_that_came_with_a_resume(trained):
    run = trained(stop_at=5)
    list(train(run, device="cpu", settings={"rate_g": 1e-3}))
    child = fork(run, "child")
    assert child.info["step"] == 5
    list(train(child, device="cpu"))
    assert {r["rate_g"] for r in curve(child)} == {2e-4}


def test_d_is_held_at_a_step_that_a_resume_names(trained):
    run = trained(stop_at=4)
    list(train(run, device="cpu", settings={"freeze_d_after": 8}))
    assert [(e["step"], e["freeze_d"]) for e in events(run, "control")] == [(8, True)]
    with pytest.raises(UserError, match="is past step 8"):
        plan(run, reached(run), {"freeze_d_after": 0, "steps": 30})


# Where it ends


@pytest.mark.parametrize(
    ("own", "asked", "end"),
    [
        ({"steps": 12}, {"steps": 20}, (20, 0.0)),
        ({"steps": 12}, {"minutes": 3.0}, (MOST_STEPS, 3.0)),
        ({"steps": MOST_STEPS, "minutes": 1.0}, {"steps": 20}, (20, 0.0)),
        ({"steps": MOST_STEPS, "minutes": 1.0}, {"minutes": 3.0}, (MOST_STEPS, 3.0)),
        ({"steps": 12, "minutes": 1.0}, {"steps": 20}, (20, 0.0)),
        ({"steps": 12, "minutes": 1.0}, {"minutes": 3.0}, (MOST_STEPS, 3.0)),
        ({"steps": 12}, {"steps": 20, "minutes": 3.0}, (20, 3.0)),
        ({"steps": 12, "minutes": 1.0}, {"minutes": 0.0}, (12, 0.0)),
        ({"steps": 12, "minutes": 1.0}, {"rate_g": 1e-3}, (12, 1.0)),
    ],
)
def test_steps_and_minutes_alone_replace_one_another_and_together_the_first_ends_it(config, own, asked, end):
    run = Run.create("mine", replace(config, **own))
    going = plan(run, reached(run), asked).config
    assert (going.steps, going.minutes) == end
    assert plan(run, reached(run), asked | {"steps": going.steps, "minutes": going.minutes}).config == going


def test_a_run_made_with_minutes_is_prolonged_with_steps_and_the_reverse(config, capsys):
    run = Run.create("mine", replace(config, steps=MOST_STEPS, minutes=0.002))
    list(train(run, device="cpu"))
    assert run.status == "finished"
    reached = run.info["step"]
    assert main(["train", "--resume", "mine", "--steps", str(reached + 5), "--device", "cpu"]) == 0
    assert (run.status, run.info["step"]) == ("finished", reached + 5)
    assert events(run, "resume")[-1]["steps"] == reached + 5
    longer = run.info["seconds"] + 0.2
    assert main(["train", "--resume", "mine", "--minutes", str(longer / 60), "--device", "cpu"]) == 0
    assert run.status == "finished"
    assert run.info["step"] > reached + 5
    assert run.info["seconds"] >= longer - 0.06  # rounded to a tenth


def test_a_finished_run_whose_end_stays_is_left_alone_and_says_what_moves_it(trained, capsys):
    run = trained()
    before = contents(run)
    for more in ([], ["--steps", "12"], ["--rate-g", "0.0002"]):
        assert main(["train", "--resume", "mine", "--device", "cpu", *more]) == 0
        told = capsys.readouterr().out
        assert "finished after 12 steps" in told
        assert "--steps or --minutes move its end" in told
    assert contents(run) == before


# What is refused leaves no trace


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (["--ngf", "8"], "--ngf (it is 4 here) cannot be changed on the way, being part of the networks"),
        (
            ["--size", "32", "--upsample", "nearest"],
            "--size (it is 16 here), --upsample (it is transposed here) cannot be changed",
        ),
        (["--seed", "3"], "--seed (it is 0 here) cannot be changed on the way, being part of what this run is"),
        (["--data", "mnist"], "--data (it is "),
        (["--blocks", "9"], "--blocks is no setting of the dcgan that 'mine' is"),
        (["--rate-g", "7"], "'rate_g' is 7.0, but must be at most 1"),
        (["--label", "nan"], "'label' is nan"),
        (["--steps", "3"], "at step 5 after"),
        (["--steps", "5"], "ask for more"),
        (["--minutes", "0.00001"], "ask for more"),
        (["--freeze-d-after", "2", "--steps", "60"], "--freeze-d-after 2 lies behind"),
        (["--name", "other"], "--name is for a new run"),
        (["--device", "cuda"], "no 'cuda' device"),
    ],
)
def test_a_refused_resume_writes_nothing(trained, capsys, monkeypatch, asked, sentence):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    run = trained(stop_at=5)
    before = contents(run)
    assert main(["train", "--resume", "mine", "--steps", "50", *asked]) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    assert sentence in told
    assert told.count("\n") == 1
    assert contents(run) == before


def test_a_refused_end_is_written_nowhere_in_a_run_that_came_with_the_program(capsys):
    run = Run(SHIPPED_RUNS / "mnist")
    before = contents(run)
    assert main(["train", "--resume", "mnist", "--steps", "9000"]) == 2
    assert "came with the program" in capsys.readouterr().err
    assert contents(run) == before


def test_a_run_without_its_checkpoint_keeps_its_end(own_runs, capsys):
    run = small_cyclegan(own_runs, "small")
    before = contents(run)
    assert main(["train", "--resume", "small", "--steps", "99"]) == 2
    assert "came without its resume.pt" in capsys.readouterr().err
    assert contents(run) == before


def test_a_wrong_number_of_processes_does_not_turn_a_finished_run_into_a_failed_one(trained, monkeypatch):
    run = trained()
    before = contents(run)
    monkeypatch.setattr(trainer, "Team", lambda: SimpleNamespace(size=3, rank=0, is_first=True))
    with pytest.raises(UserError, match="multiple of the 3 processes"):
        list(train(run, device="cpu", settings={"steps": 30}))
    assert contents(run) == before


def test_a_run_that_is_being_trained_keeps_its_end(config):
    run = Run.create("mine", config)
    records = train(run, device="cpu")
    next(records)
    before = (run.folder / "run.json").read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "RELEASE_SECONDS", 0.01)
        with pytest.raises(UserError, match="being trained by another process"):
            list(train(Run.open("mine"), device="cpu", settings={"steps": 50, "rate_g": 0.1}))
    assert (run.folder / "run.json").read_bytes() == before
    assert run.controls() == []
    records.close()


def test_data_that_is_gone_leaves_a_finished_run_finished(trained, tmp_path):
    run = trained()
    run.set_info(config=run.info["config"] | {"data": str(tmp_path / "noise")})
    before = contents(run)
    with pytest.raises(UserError, match="noise"):
        list(train(run, device="cpu", settings={"steps": 50}))
    assert contents(run) == before


@pytest.mark.parametrize("content", [b"", b"PK\3\4 torn", None])
def test_a_checkpoint_that_cannot_be_read_is_refused_with_a_sentence(trained, content):
    run = trained()
    if content is None:
        torch.save([1, 2], run.folder / "resume.pt")
    else:
        (run.folder / "resume.pt").write_bytes(content)
    before = contents(run)
    with pytest.raises(UserError, match=r"resume\.pt of the run 'mine' cannot be read \(.+\): train a new run"):
        list(train(run, device="cpu", settings={"steps": 50}))
    assert contents(run) == before


def test_a_checkpoint_of_other_networks_is_refused_and_the_journal_stays(trained, config):
    run = trained(stop_at=5)
    run.set_info(config=replace(config, ngf=8).as_dict())
    journal = run.journal()
    with pytest.raises(UserError, match="of other networks than its"):
        list(train(run, device="cpu"))
    assert run.journal() == journal


def test_a_finished_run_takes_new_rates_only_with_a_new_end(trained):
    run = trained()
    with pytest.raises(UserError, match="is finished: move its end as well"):
        plan(run, reached(run), {"rate_g": 1e-3})
    assert plan(run, reached(run), {"rate_g": 1e-3, "steps": 20}).runtime == {"rate_g": 1e-3}


# What is kept when a duel blows up


def blow_up(monkeypatch, at, kind="loss", then=lambda: None):
    """Let the duel come to numbers that are none, in its losses or silently in its weights, in round `at`."""
    played = trainer.MODELS["dcgan"].train_step

    def train_step(gan, draw, runtime):
        scalars = played(gan, draw, runtime)
        if gan.rounds == at:
            with torch.no_grad():
                next(iter(gan.generators.parameters())).fill_(math.nan)
            if kind == "loss":
                scalars["loss_g"] = scalars["loss_g"] * math.nan
            then()
        return scalars

    monkeypatch.setattr(trainer.MODELS["dcgan"], "train_step", train_step)


def test_a_duel_that_blows_up_at_once_has_a_checkpoint_from_before_and_says_which(config, monkeypatch, capsys):
    whole = Run.create("whole", config)
    list(train(whole, device="cpu"))
    with monkeypatch.context() as wild:
        blow_up(wild, 3)
        run = Run.create("mine", config)
        with pytest.raises(UserError, match=r"at step 3.*checkpoint of step 0 is kept.*--rate-g 0.0001"):
            list(train(run, device="cpu"))
    assert run.status == "failed"
    assert load_resume(run)["step"] == 0
    assert not (run.folder / "weights.safetensors").exists()  # an untrained network is nothing to show
    list(train(run, device="cpu"))
    assert curve(run) == curve(whole)


def test_the_advice_after_a_blow_up_is_a_command_that_works(config, monkeypatch, capsys):
    with monkeypatch.context() as wild:
        blow_up(wild, 3)
        assert main(["train", "dcgan", "--name", "mine", *typed(config)]) == 2
    told = capsys.readouterr().err.strip().splitlines()[-1]
    command = told.partition("get past it: ")[2].split()
    assert command[:3] == ["train", "--resume", "mine"]
    assert main([*command, "--device", "cpu"]) == 0
    assert [r["rate_g"] for r in curve(Run.open("mine"))] == [1e-4] * 12


def typed(config):
    """These settings as they are typed."""
    return [
        word
        for name, value in config.as_dict().items()
        if not isinstance(value, bool)
        for word in ("--" + name.replace("_", "-"), str(value))
    ]


@pytest.mark.parametrize("end", ["its last step", "stop", "pause"])
def test_weights_that_are_no_longer_numbers_never_replace_a_checkpoint(config, monkeypatch, end):
    """Between two lines of the journal nobody looks at the losses."""
    run = Run.create("mine", replace(config, log_every=100, steps=6 if end == "its last step" else 9))
    blow_up(monkeypatch, 6, "weights", lambda: end in ("stop", "pause") and run.control(end))
    with pytest.raises(UserError, match=r"A weight is no longer.*at step 6.*of step 0 is kept"):
        list(train(run, device="cpu"))
    assert run.status == "failed"
    assert load_resume(run)["step"] == 0


def test_what_a_full_disk_or_memory_left_is_said_as_it_is(config):
    from gan.device import explain

    run = Run.create("mine", config)
    full, cpu = OSError(28, "No space left on device"), torch.device("cpu")
    for error in (full, MemoryError()):
        told = str(explain(error, run, cpu))
        assert "begins again, since no checkpoint was reached" in told
    list(train(run, device="cpu"))
    for error in (full, MemoryError()):
        assert "train --resume mine goes on from its last checkpoint" in str(explain(error, run, cpu))


def test_memory_that_is_full_while_a_checkpoint_is_written_is_said(config, monkeypatch):
    def full(*_):
        raise RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 219287808 vs 219287704")

    run = Run.create("mine", config)
    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", full)
        with pytest.raises(UserError, match=r"memory of cpu .* is full.*begins again, since no checkpoint was reached"):
            list(train(run, device="cpu"))
    assert (run.status, (run.folder / "resume.pt").exists()) == ("failed", False)
    list(train(run, device="cpu"))
    assert run.status == "finished"
