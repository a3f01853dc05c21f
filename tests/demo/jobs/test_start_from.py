"""A training that the page starts from another run's weights: what it takes over, and that it trains on from there."""

from contextlib import suppress

import pytest
import torch

from demo import jobs
from demo.jobs import fine_tuning
from demo.server.environment import Place, no_loan
from demo.ui.refusals import Refused
from gan.core.checkpoint import load_networks, load_resume, save_resume
from gan.core.trainer import train
from gan.errors import UserError
from gan.runs.run import Run
from tests.gan.data.test_datasets import pictures
from tests.small_runs import small_run


@pytest.fixture
def place(tmp_path, monkeypatch, runs):
    """A place where trainings wait and never start."""
    monkeypatch.setattr(jobs, "advance", lambda place: None)
    return Place("local", "on", runs, no_loan)


def test_it_has_the_other_runs_weights_and_settings_and_trains_on_its_own_pictures(place, runs, tmp_path):
    source = small_run(runs, "teacher", rate_g=3e-4, seed=5)
    pictures(tmp_path / "photos", 30)
    config = fine_tuning.settings("teacher", "dcgan", str(tmp_path / "photos"), 2, steps=3)
    assert (config.rate_g, config.seed, config.minutes, config.steps) == (3e-4, 5, 2.0, 3)
    run = jobs.start(place, config, "mine", paths=True, prepare=fine_tuning.beginning("teacher"))
    assert run.info["source"] == {"run": "teacher", "step": source.info["step"]}
    assert jobs.status(run) == "queued"
    begun = load_resume(run)["duel"]["generators"]
    for name, weight in load_networks(source)[0].state_dict().items():
        torch.testing.assert_close(begun[name], weight, rtol=0, atol=0)
    run.set_info(status="stopped")
    *_, last = train(run)
    assert last["step"] <= run.info["step"] == 3
    assert run.status == "finished"
    now, before = (load_networks(each)[0].parameters() for each in (run, source))
    moved = [not torch.equal(*both) for both in zip(now, before, strict=True)]
    assert all(moved)


def test_it_trains_on_where_the_random_stream_of_its_start_is_another_devices(runs):
    """Begun by the app on its processor, trained by a process that takes a GPU, whose streams have other states."""
    small_run(runs, "teacher", data="mnist")
    run = Run.create("mine", fine_tuning.settings("teacher", "dcgan", "mnist", 2, steps=2), runs, status="stopped")
    fine_tuning.beginning("teacher")(run)
    saved = load_resume(run)
    saved["random"][0] = torch.zeros(16, dtype=torch.uint8)
    save_resume(run, saved)
    assert [*train(run)]
    assert (run.status, run.info["step"]) == ("finished", 2)


def test_pictures_that_were_given_are_moved_in_first(place, runs):
    small_run(runs, "teacher")
    order = []
    begin = fine_tuning.beginning("teacher", lambda run: order.append((run.name, (run.folder / "resume.pt").exists())))
    run = Run.create("mine", Run.open("teacher").config, runs, status="stopped")
    begin(run)
    assert order == [("mine", False)]
    assert (run.folder / "resume.pt").exists()
    assert fine_tuning.beginning("") is None


def test_what_cannot_be_started_from_is_refused_with_a_sentence(runs):
    small_run(runs, "teacher")
    with pytest.raises(Refused, match="choose the model dcgan instead of cyclegan"):
        fine_tuning.settings("teacher", "cyclegan", "herd", 1)
    with pytest.raises(UserError, match="ngf"):
        fine_tuning.settings("teacher", "dcgan", "mnist", 1, ngf=128)
    with pytest.raises(Refused, match="nobody"):
        fine_tuning.settings("nobody", "dcgan", "mnist", 1)
    for minutes in (0, -1, float("inf"), float("nan"), True, None, "five"):
        with pytest.raises(Refused, match="must be a number of minutes above 0"):
            fine_tuning.settings("teacher", "dcgan", "mnist", minutes)
    with pytest.raises(Refused, match="minutes"):
        fine_tuning.settings("teacher", "dcgan", "mnist", 1, minutes=600)
    with suppress(UserError):
        fine_tuning.settings("../teacher", "dcgan", "mnist", 1)
        pytest.fail("a visitor's word became a path")
