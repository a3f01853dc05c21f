"""What would have come of it, beside the run: two processes from the same step, each of which ends alone."""

import json
import os
import signal
import time
from dataclasses import replace

import pytest

from demo import jobs
from demo.jobs import branches, permissions
from gan.errors import UserError
from gan.runs.run import Run
from tests.demo.jobs.test_jobs import start, steps, wait


def stub_fork(run, name, root):
    """A branch of a stub: what it kept before the last act is no file of torch."""
    child = Run.create(name, run.config, root)
    saved = json.loads((run.folder / "before.pt").read_bytes()) | {"controls_read": 0}
    (child.folder / "resume.pt").write_text(json.dumps(saved))
    child.rewrite(run.journal()[: saved["lines"]])
    child.set_info(status="stopped", step=saved["step"], parent={"run": run.name, "step": saved["step"]})
    return child


@pytest.fixture
def run(place, monkeypatch):
    """A stub that trains, whose discriminator is frozen."""
    monkeypatch.setattr(permissions, "cores", lambda: 2)
    monkeypatch.setattr(branches.checkpoint, "fork", stub_fork)
    return frozen(place)


def frozen(place, word="hold-d"):
    run = start(place, "dcgan", "mnist", 5)
    wait(lambda: len(steps(run)) > 3)
    jobs.control(place, run.name, word)
    return run


def both_advance(*runs):
    """Whether each of the runs makes further steps in the same second."""
    known = [len(steps(run)) for run in runs]
    end = time.monotonic() + 1
    while time.monotonic() < end and any(len(steps(run)) <= was for run, was in zip(runs, known, strict=True)):
        time.sleep(0.02)
    return all(len(steps(run)) > was for run, was in zip(runs, known, strict=True))


def event(run, name):
    return next((line for line in run.journal() if line.get("event") == name), None)


def test_both_go_on_from_the_same_step_and_advance_at_the_same_time(place, run):
    child = branches.beside(place, run.name)
    wait(lambda: jobs.status(run) == jobs.status(child) == "running")
    act = event(run, "control")
    assert act["freeze_d"]
    assert child.info["parent"] == {"run": run.name, "step": act["step"]}
    assert event(child, "resume")["step"] == act["step"]
    assert event(run, "pause")["step"] - act["step"] < 20, "it has waited for the branch"
    assert event(child, "control") is None
    assert both_advance(run, child)
    assert abs(steps(run)[-1] - steps(child)[-1]) < 100  # a second: neither began long before the other
    assert [each.name for each in jobs.recent()[:2]] == [run.name, child.name], "whichever was written last"
    assert jobs.beside(run).name == child.name
    for each in (run, child):
        jobs.control(place, each.name, "stop")
        wait(lambda each=each: jobs.status(each) == "stopped")
    assert jobs.active() is None


@pytest.mark.parametrize("killed", [0, 1])
def test_one_that_is_killed_leaves_the_other_and_what_waits_begins_after_both(place, run, killed):
    child = branches.beside(place, run.name)
    third = start(place, "dcgan", "mnist", 5)
    wait(lambda: jobs.status(run) == jobs.status(child) == "running")
    pair = [run, child]
    gone, left = pair[killed], pair[1 - killed]
    process = jobs._workers[gone.folder].work
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)
    assert jobs.status(gone) == "interrupted"
    assert both_advance(left)
    jobs.advance(place)
    assert jobs.status(third) == "queued"
    jobs.control(place, left.name, "stop")
    wait(lambda: jobs.status(left) == "stopped")
    jobs.advance(place)
    wait(lambda: jobs.status(third) == "running")


def test_there_is_no_third_beside_two(place, run):
    child = branches.beside(place, run.name)
    wait(lambda: jobs.status(child) == "running")
    for name in (run.name, child.name):
        with pytest.raises(jobs.Refused, match="side by side already"):
            branches.beside(place, name)
    assert jobs.status(start(place, "dcgan", "mnist", 5)) == "queued"
    assert len(jobs._workers) == 2


def test_who_may_not_and_a_machine_for_one_begin_nothing(place, run, monkeypatch):
    taught = replace(place, key="geheim")
    for key, sentence in (("", "only someone with the teacher's key"), ("guess", "not the teacher's key")):
        with pytest.raises(jobs.Refused, match=sentence):
            branches.beside(taught, run.name, key=key)
    with pytest.raises(jobs.Refused, match="switched off"):
        branches.beside(replace(place, training="off"), run.name)
    run.set_info(visitor=True)
    for kind, training in (("space", "limited"), ("space", "on"), ("zerogpu", "limited"), ("local", "limited")):
        with pytest.raises(jobs.Refused, match="one training runs at a time"):
            branches.beside(replace(place, kind=kind, training=training), run.name)
    monkeypatch.setattr(permissions, "cores", lambda: 1)
    with pytest.raises(jobs.Refused, match="one training runs at a time"):
        branches.beside(place, run.name)
    assert [each.name for each in jobs.model_cache.runs()] == [run.name]
    assert event(run, "pause") is None
    monkeypatch.setattr(permissions, "cores", lambda: 2)
    assert jobs.status(branches.beside(taught, run.name, key="geheim")) in ("starting", "running")


def test_a_branch_that_cannot_be_made_stops_nobody(place, run, monkeypatch):
    def full(*_):
        raise UserError("run.unfit_name", name="?")

    monkeypatch.setattr(branches.checkpoint, "fork", full)
    with pytest.raises(UserError, match="cannot be named"):
        branches.beside(place, run.name)
    wait(lambda: jobs.status(run) == "running")
    jobs.control(place, run.name, "stop")
    wait(lambda: jobs.status(run) == "stopped")
    with pytest.raises(jobs.Refused, match="not training now"):
        branches.beside(place, run.name)


def test_an_app_that_was_killed_meanwhile_leaves_no_run_waiting_and_a_pause_of_a_persons_stays(place, run):
    jobs.control(place, run.name, "pause")
    wait(lambda: jobs.status(run) == "paused")
    jobs.advance(place)
    time.sleep(0.2)
    assert jobs.status(run) == "paused"
    run.control("pause", beside=True)  # the app is killed before, or after, it has made the branch
    child = stub_fork(run, "branch", place.runs)
    child.set_info(beside=run.name, status="starting")
    jobs.advance(place)
    time.sleep(0.2)
    assert jobs.status(run) == "paused", "its branch may yet begin"
    child.set_info(status="failed")
    jobs.advance(place)
    wait(lambda: jobs.status(run) == "running")
    assert len([each for each in run.controls() if each["do"] == "go on"]) == 1


@pytest.mark.slow
def test_a_real_branch_repeats_its_run_where_nothing_was_changed(real_place, monkeypatch):
    """The act is a factor of one: all that comes after it is the same, while both train at once."""
    monkeypatch.setattr(permissions, "cores", lambda: 2)
    run = frozen(real_place, "lr-d=x1")
    child = branches.beside(real_place, run.name)
    since = child.info["parent"]["step"]
    wait(lambda: all(steps(each)[-1] > since + 20 for each in (run, child)))
    for each in (run, child):
        jobs.control(real_place, each.name, "stop")
    wait(lambda: jobs.status(run) == jobs.status(child) == "stopped")
    lines = [
        {line["step"]: (line["loss_g"], line["loss_d"], line["d_fake"]) for line in each.journal() if "loss_g" in line}
        for each in (run, child)
    ]
    common = lines[0].keys() & lines[1].keys()
    assert max(common) > since + 20
    assert {step: lines[0][step] for step in common} == {step: lines[1][step] for step in common}
