"""Fixtures that several files share; those that drive the page are made of browser.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests run from anywhere

import pytest

from tests import browser as machinery
from tests.small_runs import small_run


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """An empty folder of runs, for this test alone."""
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    return tmp_path


@pytest.fixture
def away(tmp_path, monkeypatch):
    """Nothing of this machine's data or runs is seen."""
    for name in ("GAN_RUNS", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.delenv("GAN_DATA", raising=False)
    monkeypatch.setattr("gan.catalog.SYSTEM", tmp_path / "system")


@pytest.fixture
def run(runs):
    """A small finished DCGAN run in it, named "alpha"."""
    return small_run(runs, "alpha")


@pytest.fixture(scope="session")
def chromium():
    """One Chromium for all tests; skipped with a reason where there is none, failed in CI."""
    with machinery.chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def server():
    """The app, started once for all tests: `server.url`. A file may have one of its own, with runs of its own."""
    with machinery.serve() as running:
        yield running


@pytest.fixture
def visit(chromium, server):
    """`page = visit("ko", tab="questions")`; afterwards no page may have asked another host or raised an error."""
    visitors = machinery.Visitors(chromium, server.url)
    yield visitors
    visitors.leave()
