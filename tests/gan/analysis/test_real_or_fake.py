"""Real or fake? Rounds are fair, fakes are cut where the sample has them, and everybody is scored alike."""

import math
from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image

from gan.analysis.real_or_fake import Round, cut, draw, fakes, score, stages
from gan.core.checkpoint import load_networks, save_weights
from gan.core.cyclegan import CycleGANConfig
from gan.core.dcgan import DCGAN, DCGANConfig
from gan.data.datasets import load
from gan.errors import UserError
from gan.images import grid, open_picture, to_unit
from gan.metrics.classifier import features_of, load_classifier
from gan.runs.files import encode_sample
from gan.runs.run import Run

pytestmark = pytest.mark.usefixtures("away")


def pictures(count: int, low: int, high: int, channels: int = 1, seed: int = 0, size: int = 16) -> torch.Tensor:
    """uint8 [count, channels, size, size]: coarse random pictures, which WebP keeps well, of shades between two."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randint(low, high, (count, 1, 2, 2), generator=generator, dtype=torch.uint8)
    return coarse.repeat_interleave(size // 2, 2).repeat_interleave(size // 2, 3).repeat(1, channels, 1, 1)


def quiz_run(*steps: int, rest: float = 0, **settings) -> Run:
    """A run at 16x16 with dark samples at `steps`, and logits that differ from picture to picture, to both sides."""
    config = DCGANConfig(**({"size": 16, "ngf": 4, "latent": 8} | settings))
    run = Run.create("duel", config)
    for step in steps:
        run.save_sample(step, grid(pictures(64, 0, 100, config.channels, step, config.size), columns=8))
    torch.manual_seed(0)
    generators, discriminators = DCGAN.networks(config)
    last = discriminators["d"].stages[-1]
    last.weight.data.mul_(1000)
    with torch.no_grad():
        usual = discriminators["d"].eval()(to_unit(pictures(64, 0, 256, config.channels, size=config.size))).median()
    last.bias.data.fill_(rest - usual)
    save_weights(run, generators, discriminators)
    return run


# Cutting


@pytest.mark.parametrize(("channels", "count"), [(1, 64), (3, 16)])
def test_cutting_gives_back_what_the_grid_laid_out(channels, count):
    images = torch.randint(256, (count, channels, 16, 16), dtype=torch.uint8)
    assert torch.equal(cut(grid(images, columns=8), channels, 16), images)


@pytest.mark.parametrize("channels", [1, 3])
def test_fakes_are_the_samples_pictures_but_for_what_webp_loses(channels):
    run, laid = quiz_run(7, 40, channels=channels), pictures(64, 0, 100, channels, seed=40)
    found = fakes(run, 40)
    assert (found.shape, found.dtype) == (laid.shape, torch.uint8)
    assert (found.float() - laid.float())[..., 3:-3, 3:-3].abs().mean() < 6  # the white gap shines in at the rim
    apart = (found[:, None].float() - laid[None].float()).abs().mean((2, 3, 4))
    assert apart.argmin(1).tolist() == list(range(64))


def test_a_damaged_a_foreign_and_a_missing_sample_are_refused():
    run = quiz_run(0)
    run.save_sample(1, Image.new("L", (32, 32)))
    path = run.folder / "samples" / "000002.webp"
    path.write_bytes(run.samples()[0][1].read_bytes()[:200])
    with pytest.raises(UserError, match=r"step 1 of the run 'duel' is 32x32 pixels.*142x142"):
        fakes(run, 1)
    with pytest.raises(UserError, match="step 2 of the run 'duel' is damaged"):
        fakes(run, 2)
    with pytest.raises(UserError, match="no sample of step 3"):
        fakes(run, 3)


def test_the_shipped_runs_can_be_cut_at_every_step():
    for name in ("mnist", "fashion-mnist"):
        run = Run.open(name)
        assert {tuple(fakes(run, step).shape) for step, _ in run.samples()} == {(64, 1, 32, 32)}


# Stages


def test_stages_begin_where_there_is_something_to_see_and_end_at_the_end():
    run = quiz_run(*range(100, 4001, 100))
    for step in (0, 5, 20):
        run.save_sample(step, grid(torch.full((64, 1, 16, 16), 128, dtype=torch.uint8), columns=8))
    found = stages(run)
    assert (len(found), found[0], found[-1]) == (5, 100, 4000)
    assert all(1.8 < after / before < 3.2 for before, after in pairwise(found))  # 40 ** (1 / 4) = 2.5
    assert stages(run, 3) == [100, 600, 4000]
    assert stages(run, 1) == [4000]


@pytest.mark.parametrize("steps", [(0,), (0, 3), (10, 11, 12, 13), (1, 2, 3, 4, 5000)])
def test_few_samples_are_all_stages(steps):
    assert stages(quiz_run(*steps)) == list(steps)


def test_crowded_samples_are_never_taken_twice():
    found = stages(quiz_run(1000, 1001, 1002, 1003, 1004, 1005, 9000))
    assert len(set(found)) == 5
    assert (found[0], found[-1]) == (1000, 9000)


def test_a_run_without_samples_and_another_model_are_refused():
    with pytest.raises(UserError, match="no samples yet"):
        stages(quiz_run())
    other = Run.create("double", CycleGANConfig(data="herd", size=32))
    for ask in (stages, lambda run: fakes(run, 0), lambda run: draw(run, 0, 0)):
        with pytest.raises(UserError, match="is a cyclegan"):
            ask(other)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_the_shipped_runs_rounds_grow_harder(name):
    run = Run.open(name)
    found, pictures = stages(run), load(name, 32, split="test").images
    real, network = pictures.float().flatten(1), load_classifier(name)
    assert len(found) == 5
    assert found[-1] == run.info["step"]
    contrast = [fakes(run, step).float().flatten(1).std(1).mean() / real.std(1).mean() for step in found]
    assert all(0.6 < each < 1.2 for each in contrast)  # no grey, no fog
    # How far from any real picture a stage's fakes are, as the classifier sees them. (Pixel by pixel a blur is near.)
    seen = features_of(network, pictures)
    apart = [torch.cdist(features_of(network, fakes(run, step)), seen).min(1).values.mean() for step in found]
    assert apart[0] > 1.3 * apart[-1]


# Rounds


def test_every_round_is_half_real_and_says_which():
    run = quiz_run(40)
    networks, real, orders = load_networks(run), pictures(70, 150, 256), set()
    for seed in range(50):
        drawn = draw(run, 40, seed, networks=networks, real=real)
        assert drawn.images.shape == (10, 1, 16, 16)
        assert sum(drawn.is_real) == 5
        assert drawn.is_real == tuple((drawn.images.float().mean((1, 2, 3)) > 125).tolist())
        assert len(torch.unique(drawn.images.flatten(1), dim=0)) == 10
        orders.add(drawn.is_real)
    assert len(orders) > 30


def test_the_same_seed_gives_the_same_round_and_another_step_other_pictures():
    run = quiz_run(40, 80)
    real = pictures(70, 150, 256)
    first, again, other, later = (
        draw(run, step, seed, real=real) for step, seed in ((40, 3), (40, 3), (40, 4), (80, 3))
    )
    assert torch.equal(first.images, again.images)
    assert (first.is_real, first.verdicts, first.step) == (again.is_real, again.verdicts, 40)
    assert not torch.equal(first.images, other.images)
    reals = [{each.numpy().tobytes() for each in r.images[list(r.is_real)]} for r in (first, later)]
    assert reals[0] != reals[1]


def test_real_pictures_are_test_pictures_that_went_the_samples_way():
    run = quiz_run(40, size=32)
    drawn, test, train = draw(run, 40, 0), load("mnist", 32, split="test").images, load("mnist", 32).images
    shown = drawn.images[list(drawn.is_real)].float().flatten(1)
    apart = torch.cdist(shown, test.float().flatten(1)) / 32  # the root of the mean squared difference, in shades
    assert (apart.min(1).values > 0.1).all()  # not as they were
    assert (apart.min(1).values < 4).all()
    assert len(set(apart.argmin(1).tolist())) == 5
    assert (torch.cdist(shown, train.float().flatten(1)).min(1).values / 32 > 4).all()
    # A picture that comes again from encoding the same sheet: what is shown is what the encoder makes, no more.
    sheet = grid(test[:1].expand(64, -1, -1, -1), columns=8)
    one = draw(run, 40, 0, real=test[:1].expand(64, -1, -1, -1))
    cells = cut(open_picture(BytesIO(encode_sample(sheet))), 1, 32)
    kept = {each.numpy().tobytes() for each in cells}
    assert all(each.numpy().tobytes() in kept for each in one.images[list(one.is_real)])


@pytest.mark.parametrize("channels", [1, 3])
def test_a_small_test_set_shows_no_picture_twice(channels):
    run = quiz_run(40, channels=channels)
    real = torch.tensor([150, 175, 200, 225, 250], dtype=torch.uint8).view(5, 1, 1, 1).expand(5, channels, 16, 16)
    drawn = draw(run, 40, 1, real=real)
    found = sorted(drawn.images[list(drawn.is_real)].float()[..., 4:-4, 4:-4].mean((1, 2, 3)).tolist())
    assert found == pytest.approx([150, 175, 200, 225, 250], abs=6)
    with pytest.raises(UserError, match="takes 5 test pictures"):
        draw(run, 40, 1, real=real[:4])


@pytest.mark.parametrize(
    ("loss", "rest"),  # of the logits
    [("bce", 0), ("hinge", 0), ("relativistic", 0), ("least-squares", 0.5)],
)
def test_the_discriminators_verdicts_and_guesses_are_its_own(loss, rest):
    run = quiz_run(40, loss=loss, rest=rest)
    drawn = draw(run, 40, 2, real=pictures(70, 150, 256))
    with torch.no_grad():
        logits = load_networks(run)[1]["d"](to_unit(drawn.images)).tolist()
    expected = [1 / (1 + math.exp(-logit)) for logit in logits] if loss == "bce" else logits
    assert drawn.verdicts == pytest.approx(expected, rel=1e-4)
    assert drawn.guesses == tuple(logit > rest for logit in logits)
    assert len(set(drawn.guesses)) == 2


def test_missing_data_is_told_as_loading_tells_it():
    with pytest.raises(UserError, match="kmnist is not on this machine"):
        draw(quiz_run(40, data="kmnist"), 40, 0)


# Scores


def a_round(is_real: str, guesses: str) -> Round:
    images, verdicts = torch.zeros(10, 1, 16, 16, dtype=torch.uint8), tuple(float(g == "r") for g in guesses)
    return Round(images, tuple(r == "r" for r in is_real), 40, verdicts, tuple(g == "r" for g in guesses))


def test_a_score_counts_both_kinds_of_mistake():
    drawn = a_round("rfrfrfrfrf", "rfrfrfrfff")
    assert score(drawn, [True, False] * 5) == (10, 9, [], [8])
    assert score(drawn, [True] * 10) == (5, 9, [1, 3, 5, 7, 9], [8])
    found = score(drawn, np.array([False, True] * 5))
    assert (found.person, found.mistakes) == (0, list(range(10)))


def test_unanswered_pictures_are_asked_for():
    with pytest.raises(UserError, match="10 pictures and 9 answers"):
        score(a_round("rfrfrfrfrf", "rfrfrfrfff"), [True] * 9)
