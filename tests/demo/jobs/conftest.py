"""A laptop whose folder of runs is its own, for tests of trainings that an app starts."""

import pytest

from demo import jobs
from demo.jobs import presets
from demo.jobs import worker as launch
from demo.server.environment import Place, no_loan
from gan.runs.run import all_runs
from tests.stub_processes import Stubs

TINY = {"ngf": 4, "batch": 8, "latent": 8, "log_every": 1, "precision": "fp32"}


@pytest.fixture
def real_place(tmp_path, monkeypatch):
    """A laptop with a folder of runs of its own, and networks that train in no time."""
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    monkeypatch.setitem(presets.SETTINGS, "dcgan", TINY)
    monkeypatch.setattr(presets, "OF_DATA", {})
    monkeypatch.setattr(jobs.model_cache, "runs", lambda *_, **__: all_runs(tmp_path))
    monkeypatch.setattr(jobs, "_workers", {})
    yield Place("local", "on", tmp_path, no_loan)
    for worker in list(jobs._workers.values()):
        worker.stop.set()
        worker.kill()
        if worker.is_lent:
            worker.work.join(60)


@pytest.fixture
def place(real_place, monkeypatch):
    """The same, where the process that is started is a stub of a training."""
    monkeypatch.setattr(launch, "subprocess", Stubs)
    return real_place
