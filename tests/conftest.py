"""Fixtures for the tests that drive the page; see browser.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests run from anywhere

import pytest

from tests import browser as machinery


@pytest.fixture(scope="session")
def chromium():
    """One Chromium for all tests; skipped with a reason where there is none, failed in CI."""
    with machinery.chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def server():
    """The app, started once for all tests: `server.url`."""
    with machinery.serve() as running:
        yield running


@pytest.fixture
def visit(chromium, server):
    """`page = visit("ko", tab="questions")`; afterwards no page may have asked another host or raised an error."""
    visitors = machinery.Visitors(chromium, server.url)
    yield visitors
    visitors.leave()
