"""The Inside section: paints what the discriminators say, and names the numbers of the losses."""

import base64
import re
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from demo.shared import pairs
from demo.tabs.translate import inspect
from demo.tabs.translate.selection import Held
from gan.analysis.inspect_cyclegan import leanings, mean_verdicts
from gan.core.checkpoint import save_weights
from gan.core.cyclegan import CycleGAN, CycleGANConfig
from gan.images import to_image
from gan.runs.run import Run
from tests.small_cyclegan import small_cyclegan


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    return small_cyclegan(tmp_path, "fruit", "apple2orange")


@pytest.fixture
def now(run):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    return Held(run, "AtoB", Image.fromarray(pixels))


def with_settings(now, root, name, **settings):
    """The same picture with a run of other settings."""
    config = CycleGANConfig(data="apple2orange", size=32, ngf=4, ndf=4, n_layers_d=2, steps=10, **settings)
    run = Run.create(name, config, root)
    torch.manual_seed(0)
    save_weights(run, *CycleGAN.networks(config))
    run.set_info(status="finished", step=10)
    return now._replace(run=run)


def test_real_is_blue_and_fake_orange_over_a_grey_picture():
    picture = torch.zeros(1, 3, 2, 3)
    lean = torch.tensor([[-1.0, 0.0, 1.0], [float("nan"), -0.5, 5.0]])
    (fake, none, real), (unseen, weak, sure) = np.asarray(inspect.painted(picture, lean)).astype(int).tolist()
    assert none == unseen == [128] * 3
    assert fake[0] > fake[2] + 50
    assert real[2] > real[0] + 50
    assert real == sure  # a score may go beyond 1
    assert fake[0] > weak[0] > none[0]


def test_the_difference_is_measured_at_the_generators_size(now):
    look = inspect.seen(now)
    assert look.real.shape == (1, 3, 32, 48)
    image, mean = inspect.difference(look)
    apart = (look.fake - look.real).abs().mean().item() / 2
    assert mean == pytest.approx(apart, abs=1e-6)
    assert np.asarray(image).mean() / 255 == pytest.approx(min(1, 3 * apart), abs=0.05)


@pytest.mark.parametrize(("language", "words"), [("en", "Discriminator of orange"), ("ko", "오렌지 판별자")])
def test_the_page_shows_verdicts_losses_and_every_stage(now, language, words):
    html = inspect.page(now, language)
    look = inspect.seen(now)
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
    there = inspect.seen(now)
    back = inspect.seen(now._replace(direction="BtoA"))
    assert torch.equal(there.logits["real", "own"], back.logits["real", "other"])
    assert torch.equal(there.idt, back.fake)


def test_the_endpoint_tells_the_same(now, tmp_path):
    now.image.save(tmp_path / "picture.png")
    answer, sheet = inspect.endpoint("fruit", "AtoB", str(tmp_path / "picture.png"))
    look = inspect.seen(now)
    assert answer["patch"] == 34
    assert answer["losses"]["cycle"] == pytest.approx(look.losses.cycle)
    means = [answer["verdicts"][picture][judge] for picture in ("input", "output") for judge in ("own", "other")]
    with torch.no_grad():
        judged = [judge(picture).mean().item() for picture in (look.real, look.fake) for judge in now.networks[2:]]
    assert means == pytest.approx(judged, abs=1e-5)
    assert answer["stages"][-1] == {"shape": [3, 32, 48]}
    assert sheet.size == (2 * 48, 2 * 32)
    lean = leanings(look, now.networks[2], now.run.config)
    for row, kind in enumerate(("real", "fake")):
        for column, judge in enumerate(("own", "other")):
            cell = sheet.crop((48 * column, 32 * row, 48 * column + 48, 32 * row + 32))
            assert cell.tobytes() == inspect.painted(getattr(look, kind), lean[kind, judge]).tobytes()


@pytest.mark.parametrize(
    ("loss", "ends", "words"),
    [
        ("least-squares", (0, 1), "a score, not a probability"),
        ("bce", (0, 1), "the score is a probability"),
        ("hinge", (-1, 1), "a score, not a probability"),
        ("relativistic", (-1, 1), "only the difference between a real and a generated picture is trained"),
    ],
)
def test_the_scale_is_that_of_the_loss(now, tmp_path, loss, ends, words):
    now = with_settings(now, tmp_path, "own", loss=loss, blocks=1)
    look = inspect.seen(now)
    html = inspect.verdicts(now, look, "en")
    assert [float(v) for v in re.findall(r"looks (?:fake|real) \(([-\d.]+)\)", html)] == list(ends)
    assert words in html
    expected = look.logits["real", "own"].mean() if loss != "bce" else look.logits["real", "own"].sigmoid().mean()
    assert f"{expected:.2f}" == re.findall(r"mean score ([-\d.]+)</small>", html)[0]


def test_a_verdict_at_an_end_of_the_scale_has_the_colour_of_that_end(now, tmp_path):
    for loss, fake, none, real in (("least-squares", 0.0, 0.5, 1.0), ("bce", -99.0, 0.0, 99.0), ("hinge", -1, 0, 1)):
        held = with_settings(now, tmp_path, loss, loss=loss, blocks=1)
        look = inspect.seen(held)
        for logit, lean in ((fake, -1), (none, 0), (real, 1)):
            same = look._replace(logits={("real", "own"): torch.full_like(look.logits["real", "own"], logit)})
            found = leanings(same, held.networks[2], held.run.config)["real", "own"]
            assert torch.allclose(found, torch.full((32, 48), float(lean)), atol=1e-5), (loss, logit)


@pytest.mark.parametrize("change", [False, True])
def test_the_last_stage_is_the_translation_and_every_stage_has_its_name(now, tmp_path, change):
    now = with_settings(now, tmp_path, "own", residual=change, blocks=2)
    look = inspect.seen(now)
    html = inspect.stages(now, look, "en")
    kinds = ["edges", "down", "down", "residual block 1", "residual block 2", "up", "up", "the picture"]
    assert re.findall(r"<small>\d+: ([\w ]+),", html) == kinds
    source = re.findall(r'src="data:image/png;base64,([^"]+)"', html)[-1]
    last = Image.open(BytesIO(base64.b64decode(source))).convert("RGB")
    assert last.tobytes() == to_image(look.fake[0].clamp(-1, 1)).tobytes()


def test_a_hostile_name_of_a_pile_is_only_text_and_escaped_once(now, tmp_path):
    run = small_cyclegan(tmp_path, "evil", '<b>x & "y",z')
    html = inspect.page(now._replace(run=run), "en")
    assert "<b>x" not in html
    assert "&amp;amp;" not in html
    assert "&lt;b&gt;x &amp; &#34;y&#34;" in html


@pytest.mark.parametrize("name", ["horse2zebra", "herd", "emoji"])
def test_the_first_example_of_each_pile_shows_the_lesson(name, shipped):
    """A real picture pleases the discriminator of its own domain more than the other's."""
    run = Run.open(name)
    for direction, side in (("AtoB", "a"), ("BtoA", "b")):
        some = pairs.examples(run.config.data, run.config.size)
        now = Held(run, direction, some[pairs.first_of(some, side)].image)
        html = inspect.page(now, "en")
        mean = mean_verdicts(inspect.seen(now), run.config)
        assert mean["real", "own"] > mean["real", "other"]
        assert "here they err" not in html


def test_a_few_pixels_less_turn_no_verdict(shipped):
    run = Run.open("horse2zebra")
    photo = next(image for side, image in pairs.examples("horse2zebra", run.config.size) if image.size == (640, 360))
    found = []
    for less in (0, 8, 16, 24, 32):
        now = Held(run, "AtoB", photo.crop((0, 0, photo.width - less, photo.height)))
        found.append(mean_verdicts(inspect.seen(now), run.config))
    for key in found[0]:
        said = [mean[key] for mean in found]
        assert max(said) - min(said) < 0.3, (key, said)


def test_where_the_discriminators_err_the_page_says_so(shipped):
    run = Run.open("horse2zebra")
    said = {}
    for side, image in pairs.examples("horse2zebra", run.config.size):  # a zebra given for a horse is none
        now = Held(run, "AtoB", image)
        mean = mean_verdicts(inspect.seen(now), run.config)
        err = mean["real", "other"] > mean["real", "own"]
        assert ("here they err" in inspect.page(now, "en")) == err
        said.setdefault(err, set()).add(side)
    assert said[True] == {"b"}
    assert said[False] == {"a"}
