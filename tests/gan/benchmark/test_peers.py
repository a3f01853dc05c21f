"""Speed beside a script that somebody else has written: it is found, runs as it is, and is timed by what it prints."""

import json
from dataclasses import replace

import pytest

from gan.__main__ import main
from gan.benchmark import peers
from gan.errors import UserError

SCRIPT = """
import argparse, pathlib, sys, time
import torchvision.datasets
from helper import PAUSE  # a file beside it
parser = argparse.ArgumentParser()
{options}
asked = parser.parse_args()
pictures = torchvision.datasets.ImageFolder("../../data/herd/train")
assert pictures[0][0].size == ({size}, {size}), pictures[0][0].size
assert sorted(each.name for each in pathlib.Path("../../data/herd/test").iterdir()) == ["A", "B"]
for i in range(10**6):
    time.sleep(PAUSE)
    {say}
"""
SAYS = {
    "dcgan": "print('[%d/%d][%d/%d] Loss_D: %.4f Loss_G: %.4f' % (0, 25, i, 7, 1.4, 0.7))",
    "cyclegan": "sys.stdout.write('\\\\r[Epoch 0/200] [Batch %d/7] [D loss: 1.4]' % i)",
}


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A folder to put scripts into, and turns of a moment."""
    monkeypatch.setattr(peers, "SECONDS", 0.2)
    monkeypatch.setattr(peers, "TURNS", 1)
    monkeypatch.setattr(peers, "COUNT", 8)
    for name, peer in peers.PEERS.items():
        small = {"size": 32, "ngf": 4, "batch": 1}
        small |= {"channels": 3} if name == "dcgan" else {"ndf": 4, "blocks": 1}
        monkeypatch.setitem(peers.PEERS, name, replace(peer, settings=small))
    return tmp_path


def put(copy, name, pause=0.03, say=None):
    peer = peers.PEERS[name]
    script = copy / peer.places[0]
    script.parent.mkdir(parents=True)
    flags = [word for word in peer.options.split() if word.startswith("--")]
    options = "\n".join(f"parser.add_argument({flag!r})" for flag in flags)
    script.write_text(SCRIPT.format(options=options, size=peers.SIZE, say=say or SAYS[name].replace("\\\\", "\\")))
    (script.parent / "helper.py").write_text(f"PAUSE = {pause}")


def test_scripts_are_timed_by_the_lines_that_they_print(copy, capsys):
    for name in peers.PEERS:
        put(copy, name, pause=0.1)
    main(["bench", "--peer", str(copy), "--device", "cpu", "--json"])
    results = json.loads(capsys.readouterr().out)
    assert results.keys() == {"device", "torch", "dcgan", "cyclegan"}
    for name in peers.PEERS:
        found = results[name]
        assert 100 <= found["peer_ms"] < 190
        assert found["ours_ms"] > 0
        assert found["ratio"] == pytest.approx(found["peer_ms"] / found["ours_ms"], rel=1e-2)
        assert min(found["steps"]) >= peers.LEAST


def test_what_was_measured_is_told_as_a_sentence(copy, capsys):
    put(copy, "cyclegan", pause=0.01)
    main(["bench", "--peer", str(copy), "--device", "cpu"])
    said = capsys.readouterr().out
    assert f"cyclegan   {peers.PEERS['cyclegan'].what}: " in said
    assert "ms a step, cyclegan.py " in said
    assert "dcgan" not in said


@pytest.mark.parametrize(
    ("say", "why"), [("raise SystemExit('no more memory')", "no more memory"), ("raise OSError(i)", "OSError: 0")]
)
def test_a_script_that_ends_early_is_told_with_its_last_words(copy, say, why):
    put(copy, "dcgan", say=say)
    with pytest.raises(UserError, match=f"main.py ended after 0 training steps: .*{why}"):
        peers.bench(copy, device="cpu")


def test_a_script_that_says_nothing_is_given_up(copy, monkeypatch):
    monkeypatch.setattr(peers, "FIRST", 5.0)
    put(copy, "dcgan", say="pass")
    with pytest.raises(UserError, match="ended after 0 training steps"):
        peers.bench(copy, device="cpu")


def test_a_folder_without_a_known_script_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"dcgan/main\.py, implementations/cyclegan/cyclegan\.py"):
        peers.bench(tmp_path)


def test_each_known_place_is_looked_at(tmp_path):
    for peer in peers.PEERS.values():
        assert peer.find(tmp_path) is None
        for place in reversed(peer.places):
            (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / place).touch()
            assert peer.find(tmp_path) == tmp_path / place
