"""Live controls of a training: change it, play a step in slow motion, and ask "what if"."""

from dataclasses import replace

import pytest
import torch

from gan.config import RuntimeSettings
from gan.core.checkpoint import fork, load_networks, load_resume
from gan.core.dcgan import DCGANConfig
from gan.core.trainer import train
from gan.errors import UserError
from gan.runs.run import Run
from gan.words import sentence

pytestmark = pytest.mark.usefixtures("own_runs")


@pytest.fixture
def config():
    return DCGANConfig(
        data="mnist", size=16, channels=1, ngf=4, latent=8, batch=8, steps=60, log_every=1, precision="fp32"
    )


def curve(run, first=1):
    kept = ("loss_g", "loss_d", "d_real", "d_fake", "rate_g", "rate_d")
    return [{k: r[k] for k in kept} for r in run.journal() if "event" not in r and r["step"] >= first]


def act(run, **at):
    """Train a run to its end; `at` are functions by the step at which they are called, once it is logged."""
    for record in train(run, device="cpu"):
        if "event" not in record and f"_{record['step']}" in at:
            at[f"_{record['step']}"]()
    return run


def events(run):
    return [r for r in run.journal() if "event" in r]


@pytest.mark.parametrize(("asked", "sentence"), [
    ({"rate_g": 2.0}, "'rate_g' is 2.0"),
    ({"rate_d": float("nan")}, "'rate_d' is nan"),
    ({"rate_d": "fast"}, "'rate_d' is 'fast'"),
    ({"n_critic": 0}, "from 1 to 100"),
    ({"label": 0.2}, "from 0.5 to 1.0"),
    ({"freeze_g": 1}, "true or false"),
    ({"rate_g": 1e-3, "freeze_d": "yes"}, "true or false"),
])  # fmt: skip
def test_what_is_impossible_is_refused_whole(asked, sentence):
    runtime = RuntimeSettings(rate_g=1e-4, rate_d=2e-4)
    with pytest.raises(UserError, match=sentence):
        runtime.change(asked)
    assert runtime == RuntimeSettings(rate_g=1e-4, rate_d=2e-4)


def test_only_what_is_a_conductors_to_choose_is_taken():
    runtime = RuntimeSettings(rate_g=1e-4, rate_d=2e-4)
    assert runtime.change({"do": "set", "time": 3.0, "measure": False, "n_critic": 3.0, "freeze_g": True}) == {
        "n_critic": 3,
        "freeze_g": True,
    }
    assert runtime == RuntimeSettings(rate_g=1e-4, rate_d=2e-4, n_critic=3, freeze_g=True)


def test_an_impossible_wish_is_an_event_and_the_training_goes_on(config):
    run = Run.create("mine", config)
    act(run, _5=lambda: run.control("set", rate_g=-1))
    assert run.status == "finished"
    (refused,) = [e for e in events(run) if e["event"] == "refused"]
    assert "'rate_g' is -1" in sentence(refused["why"], "en")


@pytest.mark.slow
def test_what_if_goes_on_from_before_the_act_as_if_it_had_never_been(config):
    plain = act(Run.create("plain", config))
    changed = Run.create("changed", config)
    act(changed, _10=lambda: changed.control("set", rate_g=0.02, label=0.8), _30=lambda: changed.control("stop"))
    (event,) = [e for e in events(changed) if e["event"] == "control"]
    assert (event["rate_g"], event["label"]) == (0.02, 0.8)
    at = event["step"]
    assert curve(changed) != curve(plain)[: len(curve(changed))]

    child = fork(changed, "child")
    assert child.status == "stopped"
    assert child.info["parent"] == {"run": "changed", "step": at}
    assert child.info["step"] == at == child.journal()[-1]["step"]
    assert all(step <= at for step, _ in child.samples())
    assert child.samples()
    load_networks(child)  # it has weights to show
    act(child)
    assert child.status == "finished"
    assert curve(child) == curve(plain)
    assert changed.status == "stopped"


def test_a_killed_act_is_done_when_the_run_goes_on(config):
    """The checkpoint from before an act does not know of it, so that going on from it does it again."""
    run = Run.create("mine", config)
    records = train(run, device="cpu")
    for record in records:
        if record["step"] == 10 and "event" not in record:
            run.control("set", freeze_d=True)
        if record.get("event") == "control":
            break
    kept = (run.folder / "resume.pt").read_bytes()  # what a kill -9 at this moment would leave
    records.close()
    (run.folder / "resume.pt").write_bytes(kept)
    act(run)
    (event,) = [e for e in events(run) if e["event"] == "control"]
    assert event["freeze_d"] is True
    later = [r["loss_d"] for r in run.journal() if "event" not in r]
    assert len(later) == 60
    assert load_resume(run)["conduct"]["freeze_d"] is True


def test_a_branch_needs_something_to_go_back_to_and_leaves_nothing_half_done(config, own_runs, monkeypatch):
    run = Run.create("mine", config)
    with pytest.raises(UserError, match="no checkpoint"):
        fork(run, "child")
    act(run, _5=lambda: run.control("stop"))
    monkeypatch.setattr("gan.core.checkpoint.save_weights", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        fork(run, "child")
    assert not (own_runs / "child").exists()


@pytest.mark.parametrize("who", ["d", "g", "both"])
def test_a_round_in_slow_motion_teaches_only_those_it_names(config, who):
    run = Run.create("mine", replace(config, steps=20))
    before = {}

    def weights():
        state = load_resume(run)["duel"]
        return {side: [v.clone() for k, v in state[side].items() if k.endswith("weight")] for side in
                ("generators", "discriminators")}  # fmt: skip

    step_at = None
    for record in train(run, device="cpu"):
        if record["step"] == 6 and "event" not in record:
            run.control("pause")
        if record.get("event") == "pause":
            if step_at is None:
                run.control("step", who=who)
            step_at = record["step"]
        if record.get("event") == "round":
            assert record["who"] == who
            assert record["step"] == step_at + 1
            assert ("grad_g" in record, "grad_d" in record) == (who != "d", who != "g")
            assert {"loss_g", "loss_d", "d_real", "d_fake"} <= record.keys()
            assert run.samples()[-1][0] == record["step"]
            if not before:
                before = weights()  # saved when it paused
                run.control("pause")  # has no effect in a pause
                run.control("set", rate_g=1e-5)  # saves what is now
            after = None
        if record.get("event") == "control":
            after = weights()
            moved = {
                side: any(not torch.equal(a, b) for a, b in zip(before[side], after[side], strict=True))
                for side in before
            }
            assert moved == {"generators": who != "d", "discriminators": who != "g"}
            run.control("go on")
    assert run.status == "finished"
    assert after is not None


def test_twelve_quick_clicks_are_twelve_factors(config):
    """All were asked for before the first was done: each multiplies what the one before it has asked for."""
    run = Run.create("mine", replace(config, rate_g=1e-6))

    def click():
        for factor in (2, 2, 2, 2, 2, 2, 0.5, 2, 2, 2, 2, 2):
            run.control("scale", rate_g=factor)

    act(run, _5=click)
    rates = [event["rate_g"] for event in events(run) if event["event"] == "control"]
    assert len(rates) == 12
    assert rates[-1] == pytest.approx(1e-6 * 2**10)
    assert run.journal()[-1]["rate_g"] == rates[-1]


def test_a_factor_never_leads_past_the_largest_rate_and_an_impossible_one_is_refused():
    runtime = RuntimeSettings(rate_g=0.5, rate_d=2e-4)
    assert runtime.scaled({"do": "scale", "rate_g": 3, "rate_d": 1 / 3, "time": 4.0}) == {
        "rate_g": 1.0,
        "rate_d": 6.66667e-05,
    }
    for factor in (0, -1, float("nan"), float("inf"), "3", True):
        with pytest.raises(UserError, match="a factor is a number above 0"):
            runtime.scaled({"rate_g": factor})
    assert runtime == RuntimeSettings(rate_g=0.5, rate_d=2e-4)
