"""What the Train tab says of a visitor's own pictures: what was left out, and what is too little to learn from."""

from types import SimpleNamespace

import gradio as gr
import pytest
from PIL import Image

from demo import jobs
from demo.server.environment import Place, no_loan
from demo.tabs.train import api, form
from gan.runs.run import Run
from tests.gan.data.test_datasets import pictures
from tests.gan.data.test_uploads import drawing, put


def asked_by(language: str) -> SimpleNamespace:
    """A request from this machine."""
    headers, scope = {"host": "127.0.0.1:7860", "accept-language": language}, {"server": ("127.0.0.1", 7860)}
    client, request = SimpleNamespace(host="127.0.0.1"), SimpleNamespace(scope=scope)
    return SimpleNamespace(client=client, headers=headers, request=request, session_hash=None)


HERE, KOREAN = asked_by("en"), asked_by("ko")


@pytest.fixture
def place(tmp_path, monkeypatch, away):
    """A place where trainings wait and never start."""
    monkeypatch.setenv("GAN_RUNS", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jobs, "advance", lambda place: None)
    return Place("local", "on", tmp_path / "runs", no_loan)


@pytest.fixture
def start(place):
    with gr.Blocks() as app:
        api.add_endpoints(place)
    return next(each.fn for each in app.fns.values() if each.api_name == "train_start")


def test_the_endpoint_takes_the_pictures_colours_their_absolute_place_and_warns(start, tmp_path):
    pictures(tmp_path / "photos", 20)
    told = start("dcgan", "photos", 1, "mine", {"ngf": 8}, "", "", HERE)
    config = Run.open("mine").config
    assert (config.data, config.channels, config.ngf) == (str(tmp_path / "photos"), 3, 8)
    assert told["data"] == "photos"
    assert told["advice"] == ["Too few pictures to learn from (18): the networks will memorise them. Give 500 or more."]
    told = start("dcgan", "photos", 1, "grey", {"channels": 1}, "", "", KOREAN)
    assert Run.open("grey").config.channels == 1
    assert "그림 18장으로는" in told["advice"][0]
    assert start("dcgan", "mnist", 1, "digits", None, "", "", HERE)["advice"] == []
    assert Run.open("digits").config.channels == 1


def test_the_endpoint_warns_of_uneven_piles_and_of_one_folder_for_both(start, tmp_path):
    pictures(tmp_path / "a", 60)
    pictures(tmp_path / "b", 1)
    told = start("cyclegan", "a,b", 1, "uneven", None, "", "", HERE)["advice"]
    assert told[1] == "The two domains are uneven: 1 and 54 pictures. Both sides learn best from about as many."
    told = start("cyclegan", "a,a", 1, "same", None, "", "", HERE)["advice"]
    assert told[1] == "Domains A and B are the same folder, so there is nothing to translate between."


def test_the_panel_names_copies_with_their_originals_and_what_cannot_be_read(place, tmp_path):
    files = put(tmp_path / "in", [drawing(seed, 3) for seed in range(3)])
    drawing(1, 3).save(tmp_path / "in" / "again.jpg", quality=80)
    (tmp_path / "in" / "IMG_9.DNG").write_bytes(b"raw")
    Image.new("RGB", (90, 90), "red").save(tmp_path / "in" / "camera.JFIF", "JPEG")
    given = [*files, *(tmp_path / "in" / name for name in ("again.jpg", "IMG_9.DNG", "camera.JFIF"))]
    staged = form.stage(place, "dcgan", 64, [[str(file) for file in given]])
    assert staged.piles[0].count == 4
    told = form.told(staged, "dcgan", 64, "en")
    assert "<li><b>again.jpg</b>: a copy of 1.png</li>" in told
    assert "<li><b>IMG_9.DNG</b>: Cannot read IMG_9.DNG: it is a camera&#39;s raw file" in told
    assert "Copies of other pictures: 1. They are left out and listed below." in told
    assert "1.png 파일과 같은 그림입니다" in form.told(staged, "dcgan", 64, "ko")


def test_the_start_button_warns_of_a_folder_that_is_too_little(place, tmp_path, monkeypatch):
    from demo.tabs import train

    pictures(tmp_path / "photos", 20)
    monkeypatch.setattr(jobs.model_cache, "runs", lambda *_, **__: [])
    said = []
    monkeypatch.setattr(gr, "Warning", said.append)
    with gr.Blocks() as app, gr.Tabs(), gr.Tab("train"):
        train.build(place)
    (go,) = (block for block in app.blocks.values() if getattr(block, "elem_id", None) == "train-start")
    (start,) = (each for each in app.fns.values() if (go._id, "click") in each.targets)
    named = {getattr(block, "elem_id", None): getattr(block, "value", None) for block in start.inputs}
    given = named | {"train-preset": "own", "train-data": "own", "train-folder": str(tmp_path / "photos")}
    given |= {"train-name": "mine"}
    start.fn(HERE, *(given[getattr(block, "elem_id", None)] for block in start.inputs))
    assert Run.open("mine").config.data == str(tmp_path / "photos")
    assert said == ["Too few pictures to learn from (18): the networks will memorise them. Give 500 or more."]


@pytest.mark.parametrize(
    ("model", "count", "is_ticked"), [("dcgan", 12, True), ("dcgan", 500, False), ("cyclegan", 12, False)]
)
def test_few_pictures_of_ones_own_take_diff_augment_and_the_page_says_so(
    place, tmp_path, monkeypatch, model, count, is_ticked
):
    """For a DCGAN, where it was measured to help; whoever wants none unticks it."""
    from demo.tabs import train

    with gr.Blocks() as app, gr.Tabs(), gr.Tab("train"):
        train.build(place)
    by_id = {getattr(block, "elem_id", None): block for block in app.blocks.values()}
    (taken,) = (each for each in app.fns.values() if (by_id["train-pile-a"]._id, "upload") in each.targets)
    assert [block.elem_id for block in taken.outputs][1:] == ["train-taken", "train-setting-diff-augment"]
    files = [str(path) for path in put(tmp_path / "in", [drawing(seed, 3) for seed in range(12)])]
    if count > 12:
        many = form.uploads.take([tmp_path / "in" / f"{n}.png" for n in (0, 1)], tmp_path / "many", size=32)._replace(
            count=count
        )
        monkeypatch.setattr(form.uploads, "take", lambda *_, **__: many)
    for who, words in ((HERE, "is now ticked"), (KOREAN, "켜 두었습니다")):
        staged, told, ticked = taken.fn(model, 32, files, files if model == "cyclegan" else None, "", who)
        assert staged.piles[0].count == count
        assert (words in told) == is_ticked
        assert getattr(ticked, "value", None) == (True if is_ticked else None)
