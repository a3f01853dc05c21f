"""The two piles: what is laid out, what is picked, and what a picture is to the networks, in numbers."""

import re
from html import unescape

import numpy as np
import pytest
import torch
from PIL import Image

from demo.shared import pairs
from demo.tabs.translate import unpaired
from demo.tabs.translate.selection import Held
from gan.core.checkpoint import load_networks
from gan.errors import UserError
from gan.runs.run import Run
from tests.small_cyclegan import small_cyclegan

FIRST = {"seed": 0, "a": 0, "b": 0}


@pytest.fixture(autouse=True)
def fresh():
    """What is remembered of pictures depends on which data is here."""
    for remembered in (pairs.examples, pairs._pictures):
        remembered.cache_clear()
    yield
    for remembered in (pairs.examples, pairs._pictures):
        remembered.cache_clear()


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("GAN_DATA", raising=False)
    for number, side in enumerate("AB"):
        folder = tmp_path / "pets" / f"train{side}"
        folder.mkdir(parents=True)
        for index in range(30):
            Image.new("RGB", (40, 40), (8 * index, 255 * number, 60)).save(folder / f"{index:02}.png")
    return small_cyclegan(tmp_path / "runs", "pets", str(tmp_path / "pets"))


def shades(pile):
    return [image.getpixel((20, 20))[0] // 8 for image in pile]


def test_only_the_pictures_that_are_shown_are_read(run, monkeypatch):
    from gan.data import datasets

    read = []
    original = datasets.read_pictures

    def counted(files, *rest, **more):
        read.extend(files)
        return original(files, *rest, **more)

    monkeypatch.setattr(datasets, "read_pictures", counted)
    a, b, trained = pairs.pictures(run, 0)
    assert trained
    assert len(a) == len(b) == pairs.COUNT
    assert len(read) == 2 * pairs.COUNT
    assert {image.getpixel((0, 0))[1] for image in a} == {0}
    assert {image.getpixel((0, 0))[1] for image in b} == {255}
    assert len(set(shades(a))) == pairs.COUNT  # none twice
    assert shades(a) != sorted(shades(a))
    assert shades(a) != shades(b)
    assert shades(pairs.pictures(run, 1)[0]) != shades(a)
    assert pairs.pictures(run, 0)[0] is a  # remembered


def test_where_the_data_is_gone_the_examples_are_shown_and_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    monkeypatch.setenv("GAN_DATA", str(tmp_path / "nowhere"))
    fruit = small_cyclegan(tmp_path, "fruit", "apple2orange")
    a, b, trained = pairs.pictures(fruit, 0)
    assert (len(a), len(b), trained) == (1, 3, False)
    assert "not on this machine" in unpaired.page(fruit, FIRST, "en")
    assert not unpaired.endpoint("fruit", 0)[0]["trained"]
    own = small_cyclegan(tmp_path, "own", str(tmp_path / "gone"))
    with pytest.raises(UserError, match="laid out"):
        unpaired.drawn(own, FIRST, "input", "en")
    before = unpaired.numbers(fruit, FIRST)
    for side in ("trainA", "trainB"):  # the data comes while the app runs
        folder = tmp_path / "nowhere" / "apple2orange" / side
        folder.mkdir(parents=True)
        Image.new("RGB", (40, 40)).save(folder / "one.png")
    assert "not on this machine" not in unpaired.page(fruit, FIRST, "en")
    assert unpaired.numbers(fruit, FIRST) != before


def test_the_herd_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    a, b, trained = pairs.pictures(small_cyclegan(tmp_path, "animals", "herd"), 3)
    assert len(a) == len(b) == pairs.COUNT
    assert a[0].size == (32, 32)
    assert trained


def test_the_numbers_are_those_of_the_networks(run):
    picked = {"seed": 0, "a": 2, "b": 5}
    told = unpaired.numbers(run, picked)
    g, d = load_networks(run)
    a, b = (
        torch.from_numpy(np.array(pile[at])).permute(2, 0, 1)[None].float() / 127.5 - 1
        for pile, at in zip(pairs.pictures(run, 0)[:2], (2, 5), strict=True)
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
            back = g["b2a" if side == "a" else "a2b"](fake)
            assert told[side]["cycle"] == pytest.approx((back - x).abs().mean().item() / 2, abs=1e-5)
            assert told[side]["apart"] == pytest.approx((fake - pick).abs().mean().item() / 2, abs=1e-5)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_lays_out_both_piles_and_answers_in_three_roles(run, language):
    run.set_info(pictures=[1067, 30])
    html = unpaired.page(run, {"seed": 0, "a": 1, "b": 3}, language)
    assert html.count("<button") == 2 * pairs.COUNT
    assert re.findall(r'data-side="(\w)" data-index="(\d+)" aria-pressed="true"', html) == [("a", "1"), ("b", "3")]
    assert "1,067" in html
    assert re.findall(r'<img src="([^"]+)"', html.split('class="picked"')[1]) == [
        unpaired.inline(pile[at]) for pile, at in zip(pairs.pictures(run, 0)[:2], (1, 3), strict=True)
    ]
    for role, figures in (("input", 4), ("real", 2), ("label", 4)):
        told = unpaired.answer(run, FIRST, role, language)
        assert told.count("<figure") == figures
        assert "{" not in re.sub(r'src="[^"]*"', "", told)
    assert "{" not in unpaired.learners(run, language)


def test_no_count_is_told_where_none_is_known(run):
    headings = re.findall("<h4>([^<]+)", unpaired.page(run, FIRST, "en"))
    assert headings == ["Domain A", "Domain B"]


def test_the_pictures_of_a_click_are_light(run, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    address = unpaired.small(Image.fromarray(noise).resize((256, 256)))
    assert len(address) < 20_000
    assert unpaired.small(Image.new("RGB", (32, 32))).startswith("data:image/png")  # drawn ones as they are


def table(html):
    """The cells of each row, by the row's heading."""
    rows = [re.findall("<t[hd][^>]*>([^<]*)<", row) for row in html.split("<tr>")[2:]]
    return {head: cells for head, *cells in rows}


def test_the_table_tells_who_sees_a_picture_as_what_and_who_learns_from_it(run):
    told = table(unpaired.learners(run, "en"))
    keep = "translates its translation back; leaves the picture itself unchanged"
    verdict, cycle = "the score of the {} discriminator", "both cycle-consistency losses"
    mistakes = "its own mistakes: real should be 1, fake 0"
    assert told == {
        "Generator A → B": ["translates it", keep, f"{verdict.format('B')}, {cycle}, the identity loss of B pictures"],
        "Generator B → A": [keep, "translates it", f"{verdict.format('A')}, {cycle}, the identity loss of A pictures"],
        "Discriminator A": ["sees it, as real", "sees only its translation, as fake", mistakes],
        "Discriminator B": ["sees only its translation, as fake", "sees it, as real", mistakes],
    }


def changed(run, **settings):
    """The run's folder with other settings."""
    run.set_info(config=run.info["config"] | settings)
    return Run(run.folder)


def test_the_table_leaves_out_what_a_run_left_out(run):
    without = table(unpaired.learners(changed(run, identity=0), "en"))["Generator A → B"]
    assert without[1:] == [
        "translates its translation back",
        "the score of the B discriminator, both cycle-consistency losses",
    ]
    alone = table(unpaired.learners(changed(run, cycle=0, identity=0.5), "en"))["Generator A → B"]
    assert alone[1:] == ["translates its translation back, only to be measured", "the score of the B discriminator"]


def test_only_a_run_with_cycle_loss_is_said_to_compare_a_picture_with_itself(run):
    assert "the picture itself" in unpaired.answer(run, FIRST, "label", "en")
    alone = changed(run, cycle=0, identity=0)
    told = unpaired.answer(alone, FIRST, "label", "en")
    assert "never does" in told
    assert "itself" not in told


def test_the_numbers_that_mean_real_are_those_of_the_runs_loss(run):
    smooth = changed(run, label=0.9)
    assert "should answer 0.9" in unpaired.answer(smooth, FIRST, "real", "en")
    assert "where 1 means real" in unpaired.answer(smooth, FIRST, "input", "en")
    hinge = changed(run, loss="hinge", label=1.0)
    assert "real should be ≥ 1, fake ≤ −1" in unpaired.learners(hinge, "en")
    relativistic = changed(run, loss="relativistic", label=1.0)
    assert "real should be > 0, fake < 0" in unescape(unpaired.learners(relativistic, "en"))


def test_nothing_is_answered_before_someone_answers(run):
    _, html, answer, table = unpaired.drawn(run, FIRST, None, "en")
    assert "<button" in html
    assert (answer, table) == ("", "")
    answer, table = unpaired.choose("pets", FIRST, "label", None)
    assert "pix2pix" in answer
    assert "<table" in table


def test_clicks_pick_and_shuffling_lays_out_others(run):
    class Click:
        side, index = "b", 7

    picked, html, *_ = unpaired.pick(Click, "pets", FIRST, "input", None)
    assert picked == {"seed": 0, "a": 0, "b": 7}
    assert 'data-side="b" data-index="7" aria-pressed="true"' in html
    other, *_ = unpaired.shuffle("pets", "input", None)
    assert (other["a"], other["b"]) == (0, 0)
    Click.index = 999
    assert unpaired.pick(Click, "pets", FIRST, "label", None)[0]["b"] == pairs.COUNT - 1
    held = Held(run, "AtoB", Image.new("RGB", (32, 32)))
    assert unpaired.show(held, FIRST, "real", None)[0] == FIRST


def test_the_endpoint_tells_the_same(run):
    told, sheet = unpaired.endpoint("pets", 0)
    assert told["numbers"] == unpaired.numbers(run, FIRST)
    assert sheet.size == (12 * 32, 2 * 32)
    assert (told["names"], told["trained"]) == (["A", "B"], True)
    other, _ = unpaired.endpoint("pets", 1)
    assert other["numbers"] != told["numbers"]
    for seed in (-1, 1.5, float("nan"), 10**6):
        with pytest.raises(UserError, match="seed"):
            unpaired.endpoint("pets", seed)
