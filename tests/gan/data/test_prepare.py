"""What a training is given: found from anywhere, unpacked, in its own colours, and warned about."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.__main__ import main
from gan.config import CycleGANConfig
from gan.core.dcgan import DCGANConfig
from gan.data.datasets import load, load_pair
from gan.data.prepare import advice, channels_in
from gan.data.registry import absolute, last_names, state
from gan.runs.run import Run
from gan.words import Words
from tests.gan.data.test_datasets import numbers, pictures

ONCE = ["--steps", "1", "--samples", "2", "--device", "cpu", "--run", "mine"]
FAST = ["--size", "16", "--ngf", "4", "--batch", "2", "--latent", "4", *ONCE]
FAST_PAIR = ["--size", "32", "--ngf", "4", "--ndf", "4", "--blocks", "1", "--n-layers-d", "2", *ONCE]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, away):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


# Places


def test_folders_are_stored_by_their_absolute_places_and_sets_by_their_names(here):
    pictures(here / "photos", 2)
    pictures(here / "root/more", 2)
    assert absolute("photos", None) == absolute("./photos/", None) == absolute(" photos ", None) == str(here / "photos")
    assert absolute("more", here / "root") == str(here / "root/more")
    assert absolute("photos, more", here / "root") == f"{here}/photos,{here}/root/more"
    assert [absolute(name, None) for name in ("mnist", "herd", "horse2zebra")] == ["mnist", "herd", "horse2zebra"]


def test_a_run_on_a_relative_folder_goes_on_from_anywhere(here, monkeypatch):
    pictures(here / "photos", 12)
    assert main(["train", "dcgan", "--data", "photos", *FAST]) == 0
    assert Run.open("mine").config.data == str(here / "photos")
    (here / "else").mkdir()
    monkeypatch.chdir(here / "else")
    assert main(["train", "--resume", "mine", "--steps", "2", "--device", "cpu"]) == 0
    assert Run.open("mine").info["step"] == 2


def test_a_comma_may_be_part_of_a_folders_name(here):
    pictures(here / "cats, dogs", 3)
    pictures(here / "a,b", 4, first=50)
    pictures(here / "c", 5, first=100)
    assert numbers(load("cats, dogs", 20).images) == [0, 1, 2]
    pair = load_pair("a,b,c", 20)
    assert (len(pair.a.images), len(pair.b.images), pair.a.name, pair.b.name) == (4, 5, "a,b", "c")
    assert state("cats, dogs") == state("a,b,cats, dogs") == "here"
    stored = absolute("a,b,cats, dogs", None)
    assert stored == f"{here}/a,b,{here}/cats, dogs"
    assert len(load_pair(stored, 20).b.images) == 3
    assert last_names(stored) == ["a,b", "cats, dogs"]
    assert last_names(absolute("cats, dogs", None)) == ["cats, dogs"]
    assert last_names("/gone/x,/gone/y,z") == ["x", "y,z"]
    assert [last_names(name) for name in ("horse,zebra", "mnist", "A,B")] == [["horse", "zebra"], ["mnist"], ["A", "B"]]


def test_a_run_gets_a_fit_name_from_whatever_its_folder_is_called(here):
    pictures(here / "내 사진, (2024)", 12)
    assert main(["train", "dcgan", "--data", "내 사진, (2024)", *FAST[:-2]]) == 0
    (run,) = (here / "runs").iterdir()
    assert run.name.startswith("내-사진-2024-")


# Zips


def zipped(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.png")):
            archive.write(file, file.relative_to(folder))
    return path


def test_a_zip_trains_as_the_folder_in_it_would(here, monkeypatch):
    for name in ("cat", "dog"):
        pictures(here / "in" / "set" / name, 6)
    zipped(here / "pictures.zip", here / "in")
    assert main(["train", "dcgan", "--data", "pictures.zip", *FAST]) == 0
    run = Run.open("mine")
    assert run.config.data == str(run.folder / "pictures")
    assert load(run.config.data, 16).classes == ("cat", "dog")
    assert [path.name for path in (here / "runs").iterdir()] == ["mine"]
    (here / "pictures.zip").unlink()
    assert main(["train", "--resume", "mine", "--steps", "2", "--device", "cpu"]) == 0


def test_a_zip_of_a_pair_and_a_pair_of_zips_train(here):
    for side in "AB":
        pictures(here / "in" / "Pair" / f"train{side}", 3, size=(32, 32))
        zipped(here / f"{side}.zip", here / "in" / "Pair" / f"train{side}")
    zipped(here / "pair.zip", here / "in")
    for number, data in enumerate(("pair.zip", "A.zip,B.zip")):
        assert main(["train", "cyclegan", "--data", data, *FAST_PAIR[:-1], f"run-{number}"]) == 0
        assert Run.open(f"run-{number}").info["pictures"] == [3, 3]


def test_a_zip_that_cannot_be_trained_on_is_a_sentence_and_leaves_nothing(here, capsys):
    (here / "no.zip").write_bytes(b"no zip")
    with zipfile.ZipFile(here / "empty.zip", "w") as archive:
        archive.writestr("notes.txt", "no picture")
    for data, sentence in (
        ("gone.zip", "There is no file gone.zip"), ("no.zip", "cannot be read as a zip"),
        ("empty.zip", "There are no pictures in empty.zip;"), ("a.zip,b.zip,c.zip", "two with one comma"),
    ):  # fmt: skip
        assert main(["train", "dcgan", "--data", data, *FAST]) == 2
        assert sentence in capsys.readouterr().err
    pictures(here / "in", 3)
    zipped(here / "good.zip", here / "in")
    assert main(["train", "dcgan", "--data", "good.zip", *FAST[:-1], "../out"]) == 2
    assert not (here / "runs").exists() or not list((here / "runs").iterdir())
    assert not list(here.glob(".unpacked*"))


# Colours


def grey(folder: Path, kind: str) -> None:
    folder.mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 40), np.uint8)
        Image.fromarray(pixels).convert("RGB").save(folder / f"{number}.{kind}")


def test_a_dcgan_takes_the_colours_that_the_pictures_have_and_says_so(here, capsys):
    pictures(here / "colour", 12)
    grey(here / "grey", "jpg")
    assert (channels_in("colour", None), channels_in("grey", None)) == (3, 1)
    assert [channels_in(name, None) for name in ("mnist", "cifar10", "herd")] == [1, 3, 3]
    for data, more, channels, told in (
        ("colour", [], 3, True), ("colour", ["--channels", "1"], 1, False), ("grey", [], 1, False),
        ("grey", ["--channels", "3"], 3, False),
    ):  # fmt: skip
        name = f"run-{data}-{len(more)}"
        assert main(["train", "dcgan", "--data", data, *FAST[:-1], name, *more]) == 0
        assert Run.open(name).config.channels == channels
        assert ("The pictures are in colour" in capsys.readouterr().out) == told


def test_a_single_coloured_picture_among_grey_ones_counts(here):
    grey(here / "mixed", "png")
    Image.new("RGB", (40, 40), (90, 120, 90)).save(here / "mixed" / "z.png")
    assert channels_in("mixed", None) == 3
    pictures(here / "classes" / "one", 2)
    assert channels_in("classes", None) == 3


# Advice


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((1,), [Words("advice.hopeless", count=1, wanted=500)]),
        ((60, 1), [Words("advice.hopeless", count=1, wanted=200), Words("advice.uneven", less=1, more=54)]),
    ],
)
def test_hopeless_data_is_told(counts, expected, here):
    for pile, count in zip("ab", counts, strict=False):
        pictures(here / pile, count)
    config = CycleGANConfig(data="a,b") if len(counts) == 2 else DCGANConfig(data="a")
    assert advice(config, None) == expected


def test_one_folder_for_both_piles_is_told_however_it_is_named(here):
    pictures(here / "a", 250)
    for data in ("a,a", f"a,{here}/a/../a"):
        assert Words("advice.same") in advice(CycleGANConfig(data=data), None)
    assert advice(DCGANConfig(data="mnist"), None) == advice(CycleGANConfig(), None) == []


def test_the_command_line_warns_and_trains_all_the_same(here, capsys):
    pictures(here / "a", 60, size=(32, 32))
    pictures(here / "b", 1, size=(32, 32))
    assert main(["train", "cyclegan", "--data", "a,b", *FAST_PAIR]) == 0
    told = capsys.readouterr().err
    assert "warning: Too few pictures to learn from (1): the networks" in told
    assert "warning: The two domains are uneven: 1 and 54 pictures." in told
