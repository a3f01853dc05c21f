"""One discriminator, one verdict: what the shipped runs' D says of single pictures is what their journals say."""

from functools import cache

import pytest
import torch

from demo.shared.experiments import numbers
from gan.analysis.real_or_fake import draw, stages
from gan.core.checkpoint import load_networks
from gan.core.latent import noise
from gan.core.losses import LOSSES
from gan.data.datasets import load
from gan.images import to_uint8, to_unit
from gan.paths import SHIPPED_RUNS
from gan.plots.history import tell
from gan.runs.run import Run, all_runs

pytestmark = pytest.mark.usefixtures("shipped")

DCGANS = [run for run in all_runs() if run.is_shipped and run.config.model == "dcgan"]
ALONE = [run.name for run in DCGANS if run.config.norm_d == "instance"]  # D looks at each picture on its own
LEFT_BEHIND = ("mnist-collapse",)  # its G is so fast that D knows the pictures of some steps ago, on purpose
FAIR = [name for name in ALONE if name not in LEFT_BEHIND]


@cache
def pictures(data: str, size: int, channels: int, split: str) -> torch.Tensor:
    """Those that travel with the project, read once for all runs: uint8 [N, C, S, S]."""
    return load(data, size, channels=channels, split=split).images


def said_alone(run: Run, count: int = 1000) -> tuple[float, float]:
    """D's mean verdict on training pictures and on generated ones, each asked of with no other beside it."""
    generators, discriminators = load_networks(run)
    config, d = run.config, discriminators["d"]
    real = pictures(config.data, config.size, config.channels, "train")[:count]
    fake = to_uint8(torch.cat([generators["g"](part) for part in noise(count, config.latent, 3).split(100)]))
    verdict = LOSSES[config.loss].verdict
    return tuple(
        verdict(torch.cat([d(to_unit(image[None])) for image in images])).mean().item() for images in (real, fake)
    )


def test_all_discriminators_judge_each_picture_on_its_own_but_those_that_show_the_difference():
    assert {run.name for run in DCGANS} - {*ALONE} == {"batch-d", "no-norm"}
    assert len(ALONE) > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", FAIR)
def test_what_is_said_of_single_pictures_is_what_the_journal_says(name):
    run = Run(SHIPPED_RUNS / name)
    late = numbers(tell(run))  # the means over its last tenth, which the page quotes
    assert said_alone(run) == pytest.approx((late["d_real"], late["d_fake"]), abs=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAIR)
def test_the_discriminator_is_right_in_the_game_clearly_more_often_than_a_coin(name):
    """In every stage of the game, early ones as well; a frozen one, while it learned."""
    run = Run(SHIPPED_RUNS / name)
    config, networks = run.config, load_networks(run)
    real = pictures(config.data, config.size, config.channels, "test")
    for step in stages(run):
        if 0 < config.freeze_d_after < step:
            break
        rounds = [draw(run, step, seed, networks=networks, real=real) for seed in range(20)]
        right = [guess == is_real for each in rounds for guess, is_real in zip(each.guesses, each.is_real, strict=True)]
        assert sum(right) / len(right) > 0.6, step
