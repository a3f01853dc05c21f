"""The Inside section: paints what the discriminators say, and names the numbers of the losses."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

from demo.translate import inside
from demo.translate.desk import Held
from tests.small_cyclegan import small_cyclegan


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    return small_cyclegan(tmp_path, "fruit", "apple2orange")


@pytest.fixture
def now(run):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    return Held(run, "AtoB", Image.fromarray(pixels))


def test_real_is_blue_and_fake_orange_over_a_grey_picture():
    picture = torch.zeros(1, 3, 2, 3)
    share = torch.tensor([[0.0, 0.5, 1.0], [float("nan"), 0.25, 5.0]])
    (fake, none, real), (unseen, weak, sure) = np.asarray(inside.painted(picture, share)).astype(int).tolist()
    assert none == unseen == [128] * 3
    assert fake[0] > fake[2] + 50
    assert real[2] > real[0] + 50
    assert real == sure  # a score may go beyond 1
    assert fake[0] > weak[0] > none[0]


def test_the_difference_is_measured_at_the_generators_size(now):
    look, x = inside.seen(now)
    assert x.shape == (1, 3, 32, 48)
    image, mean = inside.difference(look)
    apart = (look.fake - look.real).abs().mean().item() / 2
    assert mean == pytest.approx(apart, abs=1e-6)
    assert np.asarray(image).mean() / 255 == pytest.approx(min(1, 3 * apart), abs=0.05)


@pytest.mark.parametrize(("language", "words"), [("en", "Discriminator of orange"), ("ko", "오렌지 판별자")])
def test_the_page_shows_verdicts_losses_and_every_stage(now, language, words):
    html = inside.page(now, language)
    look, _ = inside.seen(now)
    there = now.networks[0]
    assert html.count("<img") == 5 + len(there.stages)
    assert html.count(words) >= 4
    values = [float(v) for v in re.findall(r"<td>([-\d.]+)</td>", html)]
    expected = look.losses
    total = expected.total(now.run.config)
    assert values == pytest.approx(
        [expected.deceive, expected.cycle, expected.identity, total, expected.real, expected.fake], abs=6e-4
    )
    assert "{" not in re.sub(r'src="[^"]*"', "", html)


def test_the_other_direction_has_the_other_judges(now):
    there = inside.seen(now)[0]
    back = inside.seen(now._replace(direction="BtoA"))[0]
    assert torch.equal(there.logits["real", "own"], back.logits["real", "other"])
    assert torch.equal(there.idt, back.fake)


def test_the_endpoint_tells_the_same(now, tmp_path):
    now.image.save(tmp_path / "picture.png")
    answer, sheet = inside.endpoint("fruit", "AtoB", str(tmp_path / "picture.png"), None)
    look, _ = inside.seen(now)
    assert answer["patch"] == 34
    assert answer["losses"]["cycle"] == pytest.approx(look.losses.cycle)
    assert answer["verdicts"]["fake"]["other"] == pytest.approx(
        inside.shares(now, look)["fake", "other"].nanmean().item(), abs=1e-6
    )
    assert answer["stages"][-1] == [3, 32, 48]
    assert sheet.size == (2 * 48, 2 * 32)
