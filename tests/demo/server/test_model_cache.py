"""The runs that a visitor may look into: found by name, without reading those that nobody asked for."""

import pytest

from demo.server import model_cache
from gan.errors import UserError
from gan.runs.run import Run, all_runs


@pytest.fixture
def read(monkeypatch):
    """The names of the runs whose `run.json` is read, in that order."""
    names, usual = [], Run.info.fget
    monkeypatch.setattr(Run, "info", property(lambda run: names.append(run.name) or usual(run)))
    return names


def test_a_run_is_found_without_reading_the_others(run, read):
    assert len(all_runs()) > 50
    read.clear()
    assert model_cache.find("alpha").folder == run.folder
    assert model_cache.find("mnist", "dcgan").name == "mnist"
    assert set(read) <= {"alpha", "mnist"}


@pytest.mark.parametrize("name", ["beta", "", ".", "..", "../alpha", "alpha/../alpha", "/etc"])
def test_a_visitors_word_never_becomes_a_path(run, name):
    with pytest.raises(UserError, match="alpha"):
        model_cache.find(name)


def test_a_run_of_another_model_or_one_that_cannot_be_read_is_none(run, read):
    with pytest.raises(UserError, match="horse2zebra"):
        model_cache.find("alpha", "cyclegan")
    (run.folder / "run.json").write_text("{")
    with pytest.raises(UserError, match="mnist"):
        model_cache.find("alpha")
