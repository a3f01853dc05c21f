"""Fixtures that several files share; those that drive the page are made of browser.py."""

import os
import shutil
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests run from anywhere
# before torch is imported, and for every process that a test starts: networks as small as here gain nothing from a
# second thread, and threads that wait for one another are many times slower than one where the cores are busy
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["GAN_FETCH"] = "off"  # no app that a test starts fetches anything by itself
os.environ["LC_ALL"] = "C.UTF-8"  # the command line is English, whatever language this machine speaks

import pytest

from gan.data.registry import cache_root
from tests import browser as machinery
from tests.small_cyclegan import small_cyclegan
from tests.small_runs import small_run

FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items):
    """The files that take longest come first: several processes then end at about the same time."""
    weight = Counter()
    for item in items:
        weight[item.path] += 40 if item.get_closest_marker("slow") else 20 if item.get_closest_marker("browser") else 1
    items.sort(key=lambda item: -weight[item.path])  # stable: a file's tests keep their order


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """An empty folder of runs, for this test alone."""
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    return tmp_path


@pytest.fixture
def drawings(monkeypatch):
    """A small herd, drawn once for this machine, also for a test that sees nothing else of it: drawing takes long."""
    usual = cache_root()
    monkeypatch.setattr("gan.data.herd_cache.cache_root", lambda: usual)
    monkeypatch.setattr("gan.data.datasets.HERD", 300)


@pytest.fixture
def shipped(drawings, tmp_path, monkeypatch):
    """Of all data only what travels with the project is seen: 9,000 digits, not this machine's 60,000."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "XDG_CACHE_HOME"))
    monkeypatch.delenv("GAN_DATA", raising=False)
    monkeypatch.setattr("gan.data.registry.SYSTEM", tmp_path / "system")


@pytest.fixture
def own_runs(tmp_path, monkeypatch):
    """A folder of runs that is not there yet, and no folder of data, for this test alone."""
    monkeypatch.setenv("GAN_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("GAN_DATA", raising=False)
    return tmp_path / "runs"


@pytest.fixture
def away(shipped, tmp_path, monkeypatch):
    """Nothing of this machine's data or runs is seen."""
    monkeypatch.setenv("GAN_RUNS", str(tmp_path / "GAN_RUNS"))


@pytest.fixture
def run(runs):
    """A small finished DCGAN run in it, named "alpha"."""
    return small_run(runs, "alpha")


@pytest.fixture(scope="session")
def monitor():
    """The components of the Train tab that show a run, and what they show when."""
    import gradio as gr

    from demo.server.environment import decide
    from demo.tabs.train.layout import watching_panel

    with gr.Blocks():
        return watching_panel(decide({}))[0]


@pytest.fixture(scope="session")
def curves_panel():
    """(view, predictions, player): the components of the Curves tab, and what they show when."""
    import gradio as gr

    from demo.tabs.curves.layout import panel

    with gr.Blocks():
        return panel()


@pytest.fixture(scope="session")
def chromium():
    """One Chromium for all tests; skipped with a reason where there is none, failed in CI."""
    with machinery.chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The app, started once for all tests: `server.url`, its folder of runs in `server.runs`.

    There are two small DCGANs, "alpha" and "beta", a CycleGAN, "fruit", and no data but what travels with the project.
    """
    runs = tmp_path_factory.mktemp("runs")
    small_run(runs, "alpha")
    small_run(runs, "beta", lines=90)
    small_cyclegan(runs, "fruit")
    cache = tmp_path_factory.mktemp("cache")
    with machinery.serve(GAN_RUNS=str(runs), GAN_DATA="", XDG_CACHE_HOME=str(cache)) as running:
        yield running


@pytest.fixture
def added(server):
    """The app's folder of runs, for runs that a test adds: afterwards they are gone."""
    before = set(server.runs.iterdir())
    yield server.runs
    for folder in set(server.runs.iterdir()) - before:
        shutil.rmtree(folder)


@pytest.fixture
def visit(chromium, server):
    """`page = visit("ko", tab="questions")`; afterwards no page may have asked another host or raised an error."""
    visitors = machinery.Visitors(chromium, server.url)
    yield visitors
    visitors.leave()


@pytest.fixture(scope="session")
def guests(chromium, server):
    """Those whose pages all tests look at."""
    visitors = machinery.Visitors(chromium, server.url)
    yield visitors
    visitors.leave()


@pytest.fixture(scope="module")
def resting(guests):
    """The same; after a file's tests their pages ask for nothing more."""
    yield guests
    guests.rest()


@pytest.fixture
def look(resting, request):
    """`page = look("ko", tab="questions")` is `visit` for tests that take a page as others left it.

    Those others may be in other files: opening a page is most of what a test of it costs. A test that needs a tab
    untouched says so; one that closes its page or needs a script of its own takes `visit`. After a test that failed
    its pages are given to no other.
    """
    yield resting.again
    try:
        resting.check()
    except AssertionError:
        resting.leave()
        raise
    if request.node.stash.get(FAILED, False):
        resting.leave()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Let fixtures know whether their test failed."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report
