"""D against what people draw: it learns as its run did, and so quickly that a class sees it."""

import copy

import torch

from gan.analysis.drawn_fakes import DrawnFakes
from gan.config import DCGANConfig, RuntimeSettings
from gan.core.dcgan import DCGAN
from gan.images import to_unit

CONFIG = DCGANConfig(size=16, ngf=8, batch=8, norm_d="instance", label=0.9, rate_d=1e-3, precision="fp32")


def pictures(count, seed, *, rows):
    """Noise, uint8 [N, 1, 16, 16], light above or below: two sets that can be told apart."""
    images = torch.randint(0, 100, (count, 1, 16, 16), generator=torch.Generator().manual_seed(seed)).to(torch.uint8)
    images[:, :, rows] += 150
    return images


REAL, FAKE = pictures(64, 0, rows=slice(8)), pictures(6, 1, rows=slice(8, 16))


def made():
    torch.manual_seed(0)
    return DrawnFakes(CONFIG, DCGAN.networks(CONFIG)[1]["d"].eval().requires_grad_(False), REAL)


def test_it_lowers_what_it_learns_from_and_raises_the_real_ones_it_has_not_seen():
    drawn, unseen = made(), pictures(32, 2, rows=slice(8))
    before = drawn.scores(FAKE).mean(), drawn.scores(unseen).mean()
    times = list(drawn.learn(FAKE, 2.0))
    assert times[-1] == 2.0
    assert times == sorted(times)
    assert drawn.steps >= len(times)
    assert drawn.scores(FAKE).mean() < before[0] - 0.2
    assert drawn.scores(unseen).mean() > before[1] + 0.1


def test_the_network_that_it_was_given_stays_as_it_was():
    torch.manual_seed(0)
    d = DCGAN.networks(CONFIG)[1]["d"].eval().requires_grad_(False)
    before = copy.deepcopy(d.state_dict())
    drawn = DrawnFakes(CONFIG, d, REAL)
    drawn.step(FAKE)
    assert all(torch.equal(value, before[name]) for name, value in d.state_dict().items())
    assert not any(torch.equal(value, before[name]) for name, value in drawn.d.state_dict().items() if "weight" in name)


def test_a_step_is_the_discriminators_step_of_a_training():
    """With the drawings in the generator's place, DCGAN's own step comes to the same weights."""
    drawn, gan = made(), DCGAN(CONFIG, torch.device("cpu"))
    gan.discriminators["d"].load_state_dict(drawn.d.state_dict())
    stream = torch.Generator().manual_seed(0)  # that of DrawnFakes
    real, fake = (each[torch.randint(len(each), (8, 1), generator=stream)[:, 0]] for each in (REAL, FAKE))
    gan.g["g"] = lambda _: to_unit(fake).requires_grad_(False)
    drawn.step(FAKE)
    gan.train_step(lambda: to_unit(real), RuntimeSettings(rate_g=0.0, rate_d=1e-3, label=0.9, freeze_g=True))
    for name, value in gan.discriminators["d"].state_dict().items():
        torch.testing.assert_close(drawn.d.state_dict()[name], value, msg=name)
