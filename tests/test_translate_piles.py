"""The two piles: what is laid out, what is picked, and what a picture is to the networks, in numbers."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

from demo.translate import piles
from demo.translate.desk import Held
from gan.errors import UserError
from tests.small_cyclegan import small_cyclegan

FIRST = {"seed": 0, "a": 0, "b": 0}


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("GAN_DATA", raising=False)
    for number, side in enumerate("AB"):
        folder = tmp_path / "pets" / f"train{side}"
        folder.mkdir(parents=True)
        for index in range(30):
            Image.new("RGB", (40, 40), (8 * index, 255 * number, 60)).save(folder / f"{index:02}.png")
    piles._pictures.cache_clear()
    return small_cyclegan(tmp_path / "runs", "pets", str(tmp_path / "pets"))


def shades(pile):
    return [image.getpixel((20, 20))[0] // 8 for image in pile]


def test_only_the_pictures_that_are_shown_are_read(run, monkeypatch):
    from gan import data

    read = []
    original = data.read_pictures

    def counted(files, *rest, **more):
        read.extend(files)
        return original(files, *rest, **more)

    monkeypatch.setattr(data, "read_pictures", counted)
    a, b = piles.pictures(run, 0)
    assert len(a) == len(b) == piles.COUNT
    assert len(read) == 2 * piles.COUNT
    assert {image.getpixel((0, 0))[1] for image in a} == {0}
    assert {image.getpixel((0, 0))[1] for image in b} == {255}
    assert len(set(shades(a))) == piles.COUNT  # none twice
    assert shades(a) != sorted(shades(a))
    assert shades(a) != shades(b)
    assert shades(piles.pictures(run, 1)[0]) != shades(a)
    assert piles.pictures(run, 0)[0] is a  # remembered


def test_where_the_data_is_gone_the_examples_are_shown_and_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    monkeypatch.setenv("GAN_DATA", str(tmp_path / "nowhere"))
    piles._pictures.cache_clear()
    fruit = small_cyclegan(tmp_path, "fruit", "apple2orange")
    assert [len(pile) for pile in piles.pictures(fruit, 0)] == [1, 3]
    assert "not on this machine" in piles.page(fruit, FIRST, "en")
    own = small_cyclegan(tmp_path, "own", str(tmp_path / "gone"))
    with pytest.raises(UserError, match="laid out"):
        piles.drawn(own, FIRST, "input", "en")


def test_the_herd_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    piles._pictures.cache_clear()
    a, b = piles.pictures(small_cyclegan(tmp_path, "animals", "herd"), 3)
    assert len(a) == len(b) == piles.COUNT
    assert a[0].size == (32, 32)


def test_the_numbers_are_those_of_the_networks(run):
    picked = {"seed": 0, "a": 2, "b": 5}
    told = piles.numbers(run, picked)
    g, d = run.networks()
    a, b = (
        torch.from_numpy(np.array(pile[at])).permute(2, 0, 1)[None].float() / 127.5 - 1
        for pile, at in zip(piles.pictures(run, 0), (2, 5), strict=True)
    )
    with torch.no_grad():
        fake_b, fake_a = g["a2b"](a), g["b2a"](b)
        for side, x, fake, own, other, pick in (
            ("a", a, fake_b, d["a"], d["b"], b),
            ("b", b, fake_a, d["b"], d["a"], a),
        ):
            assert told[side]["passes"] == pytest.approx(other(fake).mean().item(), abs=1e-5)
            assert told[side]["deceive"] == pytest.approx(((other(fake) - 1) ** 2).mean().item(), abs=1e-5)
            assert told[side]["verdict"] == pytest.approx(own(x).mean().item(), abs=1e-5)
            assert told[side]["real"] == pytest.approx(((own(x) - 1) ** 2).mean().item() / 2, abs=1e-5)
            assert told[side]["apart"] == pytest.approx((fake - pick).abs().mean().item() / 2, abs=1e-5)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_lays_out_both_piles_and_answers_in_three_roles(run, language):
    run.set_info(pictures=[1067, 30])
    html = piles.page(run, {"seed": 0, "a": 1, "b": 3}, language)
    assert html.count("<button") == 2 * piles.COUNT
    assert re.findall(r'data-side="(\w)" data-index="(\d+)" aria-pressed="true"', html) == [("a", "1"), ("b", "3")]
    assert "1,067" in html
    for role, figures in (("input", 4), ("real", 2), ("label", 4)):
        told = piles.answer(run, FIRST, role, language)
        assert told.count("<figure") == figures
        assert "{" not in re.sub(r'src="[^"]*"', "", told)
    assert piles.learners(run, language).count("<tr>") == 5


def test_clicks_pick_and_shuffling_lays_out_others(run, tmp_path):
    class Click:
        side, index = "b", 7

    Image.new("RGB", (40, 40)).save(tmp_path / "mine.png")
    now = ("pets", "AtoB", str(tmp_path / "mine.png"), None)
    picked, html, *_ = piles.pick(Click, *now, FIRST, "input", None)
    assert picked == {"seed": 0, "a": 0, "b": 7}
    assert 'data-side="b" data-index="7" aria-pressed="true"' in html
    other, *_ = piles.shuffle(*now, "input", None)
    assert (other["a"], other["b"]) == (0, 0)
    Click.index = 999
    assert piles.pick(Click, *now, FIRST, "label", None)[0]["b"] == piles.COUNT - 1
    held = Held(run, "AtoB", Image.new("RGB", (32, 32)))
    assert piles.show(held, FIRST, "real", None)[0] == FIRST


def test_the_endpoint_tells_the_same(run):
    told, sheet = piles.endpoint("pets", 0)
    assert told["numbers"] == piles.numbers(run, FIRST)
    assert sheet.size == (12 * 32, 2 * 32)
