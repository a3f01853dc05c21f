"""Many visitors one after the other: the app keeps the latest ones' sessions and gives back what the others took."""

import asyncio
import os
import sys

import httpx
import pytest

from demo import app as shell
from demo.server.environment import decide
from tests import browser as machinery

CLIENTS = 24  # at once
KEPT = 12  # sessions, here


def resident() -> float:
    """This process's memory, in MB."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.fixture
def running(monkeypatch, tmp_path):
    """The app in this process, which keeps fewer sessions than it would."""
    monkeypatch.setattr(shell, "VISITORS", KEPT)
    place = decide({"GAN_RUNS": str(tmp_path)})
    app = shell.build_app(place)
    shell.serve(app, "127.0.0.1", shell.free_port("127.0.0.1", [0]), **shell.launch_options(place=place))
    yield app
    app.close()


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
def test_memory_stays_where_it_is_once_the_latest_sessions_are_kept(running):
    """A session takes about a megabyte: 48 more visitors take some 75 MB without a cap."""

    async def visitor(client, number):
        asked = {"data": ["digit", "nearest", "ones", 3, 2, 0], "session_hash": f"visitor{number}"}
        answer = (await client.post("gradio_api/call/upsample", json=asked)).json()
        done = await client.get(f"gradio_api/call/upsample/{answer['event_id']}")
        assert "event: complete" in done.text, done.text

    async def visitors(first, last):  # each with a session; a client for each would cost as much as what it asks
        client = httpx.AsyncClient(base_url=running.local_url, timeout=120, trust_env=False, verify=False)
        async with client:
            for at in range(first, last, CLIENTS):
                await asyncio.gather(*(visitor(client, number) for number in range(at, min(at + CLIENTS, last))))

    machinery.in_a_thread(visitors(0, 4 * KEPT))
    sessions, before = running.app.state_holder.session_data, resident()
    assert len(sessions) == KEPT
    machinery.in_a_thread(visitors(4 * KEPT, 8 * KEPT))
    assert len(sessions) == KEPT
    grown = resident() - before
    assert grown < 50, f"{grown:.0f} MB more"
