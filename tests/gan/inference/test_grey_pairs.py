"""A CycleGAN of one channel trains, translates, is measured and shown as one of three."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from demo.tabs import translate
from demo.tabs.questions import q17_labels
from demo.tabs.translate import inspect, repeated_cycle, steganography, unpaired
from gan.__main__ import main
from gan.data.datasets import load_pair
from gan.export import hub
from gan.export.junyanz import import_official
from gan.runs.run import Run
from tests.gan.export.test_junyanz import ResnetGenerator
from tests.small_cyclegan import small_cyclegan

NOBODY = SimpleNamespace(session_hash=None, headers={}, query_params={}, cookies={}, client=None)
SMALL = "--size 32 --ngf 4 --ndf 4 --blocks 1 --n-layers-d 2 --batch 1 --steps 2 --samples 2 --precision fp32"


@pytest.fixture
def pair(tmp_path):
    """Two piles of colour pictures."""
    noise = np.random.default_rng(0)
    for side, colour in (("trainA", (200, 40, 40)), ("trainB", (40, 200, 40))):
        (tmp_path / "pair" / side).mkdir(parents=True)
        for number in range(20):
            pixels = noise.integers(0, 40, (32, 32, 3), np.uint8) + np.array(colour, np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pair" / side / f"{number}.png")
    return tmp_path / "pair"


@pytest.fixture
def grey(runs, pair):
    return small_cyclegan(runs, "grey", str(pair), channels=1)


def test_grey_pairs_are_loaded_as_asked(pair):
    found = load_pair(str(pair), 32, channels=1)
    assert found.a.images.shape == (18, 1, 32, 32)
    expected = 0.299 * 220 + 0.587 * 60 + 0.114 * 60
    assert abs(found.a.images.float().mean() - expected) < 3
    assert load_pair(str(pair), 32).b.images.shape == (18, 3, 32, 32)


def test_a_grey_pair_trains_is_measured_and_translates_on_the_command_line(runs, pair, tmp_path, capsys):
    how = [*SMALL.split(), "--channels", "1", "--run", "mine", "--device", "cpu"]
    assert main(["train", "cyclegan", "--data", str(pair), *how]) == 0
    run = Run.open("mine")
    assert run.status == "finished"
    assert run.samples()
    capsys.readouterr()
    assert main(["evaluate", "mine", "--json", "--sheet", str(tmp_path / "sheet.png")]) == 0
    assert 0 < json.loads(capsys.readouterr().out.split("\n", 1)[1])["directions"]["AtoB"]["cycle"] < 1
    photo = pair / "trainA" / "0.png"
    assert main(["translate", "mine", str(photo), str(tmp_path / "out.png")]) == 0
    out = np.asarray(Image.open(tmp_path / "out.png").convert("RGB"), int)
    assert out.shape == (32, 32, 3)
    assert np.ptp(out, 2).max() == 0


def test_the_app_shows_a_grey_run_everywhere(grey, pair):
    photo = str(pair / "trainA" / "0.png")
    fake, rec = translate.endpoint("grey", "AtoB", photo)
    assert (fake.mode, rec.mode) == ("RGB", "RGB")
    told, sheet = inspect.endpoint("grey", "BtoA", photo)
    assert told["stages"][-1]["shape"] == [1, 32, 32]
    assert sheet.size == (64, 64)
    for kind, amount in (("noise", 0.1), ("jpeg", 0.5), ("blur", 1.0)):
        assert steganography.endpoint("grey", "AtoB", photo, kind, amount)[1].height == 32
    assert repeated_cycle.endpoint("grey", "AtoB", photo, 2)[0]
    assert unpaired.endpoint("grey", 3)[0]["trained"] is True
    assert q17_labels.endpoint("grey", 0)["losses"]
    now = translate.selection.held("grey", "AtoB", photo, None)
    for page in (inspect.page(now, "en"), repeated_cycle.page(now, 2, "en"), steganography.page(now, "jpeg", 50, "ko")):
        assert "<img" in page or "data:image" in page
    assert "<img" in unpaired.drawn(grey, {"seed": 1, "a": 0, "b": 0}, "label", "en")[1]


def test_the_error_shown_of_a_grey_run_is_that_of_what_it_sees(grey, pair):
    from demo.tabs.translate import translation

    way = translation.go(grey, "AtoB", Image.open(pair / "trainA" / "0.png"))
    assert np.ptp(np.asarray(way.real, int), 2).max() == 0


def test_an_official_generator_of_grey_pictures_is_imported_and_translates(runs, tmp_path):
    official = ResnetGenerator(8, 6)
    official.model[1], official.model[-2] = nn.Conv2d(1, 8, 7), nn.Conv2d(8, 1, 7)
    torch.save(official.state_dict(), tmp_path / "latest_net_G_A.pth")
    run = import_official([tmp_path / "latest_net_G_A.pth"], "theirs", size=32)
    assert run.config.channels == 1
    Image.new("RGB", (48, 32), (200, 40, 40)).save(tmp_path / "in.png")
    assert main(["translate", "theirs", str(tmp_path / "in.png"), str(tmp_path / "out.png")]) == 0
    assert Image.open(tmp_path / "out.png").size == (48, 32)
    assert translate.endpoint("theirs", "AtoB", str(tmp_path / "in.png"))[0].size == (48, 32)


def test_the_card_of_a_grey_run_names_its_one_channel(grey):
    assert "float32 [N, 1, H, W]" in hub._card(grey, "", {}, False, ["a2b.onnx"])
