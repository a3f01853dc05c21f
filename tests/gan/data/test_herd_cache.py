"""The drawn herd is drawn once; a cache that is damaged, old or forbidden changes nothing of what comes out."""

import pytest
import torch

from gan.data import herd_cache, synthetic_herd
from gan.data.herd_cache import drawn
from gan.errors import UserError

ASKED = (6, 32, 5)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where drawings are kept; `draws` in it counts how often the herd was drawn."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "spear-and-shield" / "herd"


@pytest.fixture
def draws(monkeypatch):
    """One entry for each time that the herd is drawn."""
    counted, draw = [], synthetic_herd.draw
    monkeypatch.setattr(synthetic_herd, "draw", lambda *asked: counted.append(asked) or draw(*asked))
    return counted


def same(parts, names=herd_cache.NAMES):
    scenes = synthetic_herd.draw(*ASKED)
    assert len(parts) == len(names)
    for part, name in zip(parts, names, strict=True):
        assert part.dtype == getattr(scenes, name).dtype
        assert torch.equal(part, getattr(scenes, name))


def test_the_second_time_is_read_and_is_the_same_to_the_bit(folder, draws):
    first, second = drawn(*ASKED), drawn(*ASKED)
    assert draws == [ASKED]
    same(first)
    same(second)
    assert len(list(folder.iterdir())) == 1
    same(drawn(*ASKED, ("striped",)), ("striped",))
    drawn(6, 32, 6)
    drawn(6, 36, 5)
    drawn(7, 32, 5)
    assert len(list(folder.iterdir())) == 5


def test_other_drawing_code_draws_anew_and_clears_what_the_old_one_left(folder, draws, monkeypatch):
    drawn(*ASKED)
    drawn(6, 32, 55)
    monkeypatch.setattr(herd_cache, "version", lambda: "another")
    same(drawn(*ASKED))
    assert len(draws) == 4  # twice before, once now, and once to compare with
    assert sorted(file.name.split("-")[2] for file in folder.iterdir()) == ["5", "55"]


@pytest.mark.parametrize(
    "damage",
    [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"PK" + b[2:99], lambda b: b[:200] + b"\0" * 99 + b[299:]],
)
def test_a_damaged_file_is_drawn_and_written_again(folder, damage):
    drawn(*ASKED)
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    same(drawn(*ASKED))
    assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_written_to_is_done_without(folder):
    folder.parent.parent.mkdir(exist_ok=True)
    folder.parent.write_text("a file where the cache would be")
    same(drawn(*ASKED))


def test_an_impossible_size_is_refused_and_leaves_nothing(folder):
    with pytest.raises(UserError, match="multiple of 4"):
        drawn(6, 33, 5)
    assert not folder.exists()


def test_trainings_read_it(folder, draws, monkeypatch):
    from gan.data import datasets

    monkeypatch.setattr(datasets, "HERD", 4)
    first, again = datasets.load_pair("herd", 32), datasets.load_pair("herd", 32)
    assert [asked[2] for asked in draws] == [1, 2]
    assert torch.equal(first.a.images, again.a.images)
    assert torch.equal(first.b.images, synthetic_herd.draw(4, 32, 2).striped)
