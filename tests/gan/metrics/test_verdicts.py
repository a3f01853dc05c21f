"""One discriminator, one verdict: what the shipped runs' D says of single pictures is what their journals say."""

from functools import cache

import pytest
import torch

from demo.shared.experiments import numbers
from gan.analysis import real_or_fake
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

DCGANS = [
    run
    for run in all_runs()
    if run.is_shipped and run.config.model == "dcgan" and (run.folder / "weights.safetensors").is_file()
]
ALONE = [run.name for run in DCGANS if run.config.norm_d == "instance"]  # D looks at each picture on its own
LEFT_BEHIND = ("mnist-collapse",)  # its G is so fast that D knows the pictures of some steps ago, on purpose
FEW = ("few-0", "few-augment-0")  # a hundred digits of MNIST's own, which do not travel: little is learned of others
FAIR = [name for name in ALONE if name not in (*LEFT_BEHIND, *FEW)]


@cache
def pictures(data: str, size: int, channels: int, split: str) -> torch.Tensor:
    """Those that travel with the project, read once for all runs: uint8 [N, C, S, S]."""
    return load(data, size, channels=channels, split=split).images


@cache
def networks_of(name: str) -> tuple[torch.nn.ModuleDict, torch.nn.ModuleDict]:
    """A shipped run's networks, loaded once for both tests of it."""
    return load_networks(Run(SHIPPED_RUNS / name))


def said(name: str, count: int = 500) -> tuple[float, float]:
    """D's mean verdict on training pictures and on generated ones.

    It is asked of many at a time, and of some with no other beside them: that must be the same.
    """
    config, (generators, discriminators) = Run(SHIPPED_RUNS / name).config, networks_of(name)
    d = discriminators["d"]
    real = pictures(config.data, config.size, config.channels, "train")[:count]
    fake = to_uint8(torch.cat([generators["g"](part) for part in noise(count, config.latent, 3).split(100)]))
    means = []
    for images in (real, fake):
        verdicts = torch.cat([LOSSES[config.loss].verdict(d(to_unit(part))) for part in images.split(100)])
        alone = torch.cat([LOSSES[config.loss].verdict(d(to_unit(image[None]))) for image in images[::50]])
        torch.testing.assert_close(alone, verdicts[::50], atol=1e-3, rtol=1e-3)
        means.append(verdicts.mean().item())
    return tuple(means)


@pytest.fixture(scope="module")
def once():
    """`once(function)` computes anew only for what it has not been asked before: runs share steps and test pictures."""
    known = {}

    def remembering(function):
        def remembered(*asked):
            key = tuple(hash(each.numpy().tobytes()) if isinstance(each, torch.Tensor) else str(each) for each in asked)
            if (function, key) not in known:
                known[function, key] = function(*asked)
            return known[function, key]

        return remembered

    return remembering


def test_all_discriminators_judge_each_picture_on_its_own_but_those_that_show_the_difference():
    assert {run.name for run in DCGANS} - {*ALONE} == {"batch-d", "no-norm", "spectral-0"}
    assert len(ALONE) > 12


@pytest.mark.slow
@pytest.mark.parametrize("name", FAIR)
def test_what_is_said_of_single_pictures_is_what_the_journal_says(name):
    run = Run(SHIPPED_RUNS / name)
    late = numbers(tell(run))  # the means over its last tenth, which the page quotes
    near = 0.05 if LOSSES[run.config.loss].is_probability else 0.15  # a score may be any number
    assert said(name) == pytest.approx((late["d_real"], late["d_fake"]), abs=near)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAIR)
def test_the_discriminator_is_right_in_the_game_clearly_more_often_than_a_coin(name, once, monkeypatch):
    """In every stage of the game, early ones as well; a frozen one, while it learned."""
    for slow in ("fakes", "kept"):  # the same sheets, written and read once
        monkeypatch.setattr(real_or_fake, slow, once(getattr(real_or_fake, slow)))
    run = Run(SHIPPED_RUNS / name)
    config, networks = run.config, networks_of(name)
    real = pictures(config.data, config.size, config.channels, "test")
    for step in stages(run):
        if 0 < config.freeze_d_after < step:
            break
        rounds = [draw(run, step, seed, networks=networks, real=real) for seed in range(20)]
        right = [guess == is_real for each in rounds for guess, is_real in zip(each.guesses, each.is_real, strict=True)]
        assert sum(right) / len(right) > 0.6, step
