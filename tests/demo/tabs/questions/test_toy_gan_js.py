"""The small duel's JavaScript against gan/toy: from the same weights, points and noise both come to the same numbers."""

import base64
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from demo.tabs.questions.q20_equilibrium import MATHEMATICS
from gan.core.losses import LOSSES
from gan.toy import densities, toy_gan
from gan.toy.toy_gan import BATCH, DESCENTS, ToyConfig, ToyGAN

pytestmark = pytest.mark.browser

ROUNDS, CLOSE = 200, 1e-4
SETS = {1: "hills", 2: "ring"}
# "arrays" are sent once; a test's arguments name them
READ = """
window.arrays = {};
window.receive = (name, text) => {
  const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  window.arrays[name] = new Float32Array(bytes.buffer);
};
"""


def text(array):
    """An array [N, features] of points as the page takes it: feature by feature."""
    return base64.b64encode(np.ascontiguousarray(np.asarray(array, np.float32).T)).decode()


@pytest.fixture(scope="module")
def page(chromium):
    """A page with nothing but the mathematics."""
    context = chromium.lend("en-US")
    page = context.new_page()
    page.add_script_tag(content=MATHEMATICS + READ)
    yield page
    chromium.take_back("en-US", context, set())


class Handed:
    """Points and noise that both sides are handed, in their order, instead of drawing them."""

    def __init__(self, dims, page):
        stream = torch.Generator().manual_seed(7)
        self.points = densities.SETS[SETS[dims]]()
        count = 3 * ROUNDS * BATCH
        self.dims, self.density = dims, self.points.density
        self.real = self.points.draw(count, stream)
        self.z = 2 * torch.rand(count, dims, generator=stream) - 1
        for name, array in (("real", self.real), ("z", self.z)):
            page.evaluate(
                "([name, all]) => all.forEach((text, k) => receive(`${name} ${k}`, text))",
                [f"{name}{dims}", [text(each) for each in array.split(BATCH)]],
            )

    def draw(self, count, generator):
        if count != BATCH:
            return self.points.draw(count, generator)
        self.at = getattr(self, "at", -1) + 1
        return self.real[self.at * BATCH :][:BATCH]

    def noise(self, count, stream=None):
        return self.z[self.at * BATCH :][:BATCH]


@pytest.fixture(scope="module")
def handed(page):
    return {dims: Handed(dims, page) for dims in SETS}


def weights(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


PLAY = """({dims, set, config, options, rounds, g, d}) => {
  const gan = new ToyGAN(SETS[set](), config);
  receive("g", g), receive("d", d);
  gan.g.weights.set(arrays.g), gan.d.weights.set(arrays.d);
  let at = -1;
  gan.points.draw = (out) => (out.set(arrays[`real${dims} ${++at}`]), out);
  gan.noise = (out) => (out.set(arrays[`z${dims} ${at}`]), out);
  const turns = [];
  for (let k = 0; k < rounds; k++) {
    const turn = gan.trainStep(options);
    turns.push([turn.number, turn.lossD, turn.lossG, turn.dReal, turn.dFake, turn.gradG]);
  }
  return { turns, g: [...gan.g.weights], d: [...gan.d.weights] };
}"""


def played(page, handed, dims, freeze=(), double=False, **settings):
    """(what Python came to, what the page came to): the rounds as an array, then both networks' weights."""
    one = handed[dims]
    gan = ToyGAN(one.points, ToyConfig(seed=3, **settings))
    gan.points, gan.noise, one.at = one, one.noise, -1
    begun = {name: text(weights(each)) for name, each in (("g", gan.g), ("d", gan.d))}
    if double:
        for each in (gan.g, gan.d):
            each.double()
        gan.opt_g, gan.opt_d = gan._descent(gan.config), torch.optim.Adam(gan.d.parameters(), lr=gan.config.rate_d, betas=toy_gan.BETAS)
        gan.points = type("Double", (), {"dims": dims, "draw": lambda _, *all: one.draw(*all).double()})()
        gan.noise = lambda count: one.noise(count).double()
    turns = [gan.train_step(**dict.fromkeys(freeze, True)) for _ in range(ROUNDS)]
    names = {"loss": "loss", "descent": "descent", "rate_g": "rateG", "rate_d": "rateD", "n_critic": "nCritic"}
    answer = page.evaluate(
        PLAY,
        {
            **{"dims": dims, "set": SETS[dims], "rounds": ROUNDS, **begun},
            "config": {js: getattr(gan.config, python) for python, js in names.items()},
            "options": {{"freeze_d": "freezeD", "freeze_g": "freezeG"}[each]: True for each in freeze},
        },
    )
    mine = np.array(turns), weights(gan.g).numpy(), weights(gan.d).numpy()
    return mine, tuple(np.array(answer[name]) for name in ("turns", "g", "d"))


@pytest.mark.parametrize("loss,descent,dims", itertools.product(LOSSES, DESCENTS, SETS))
def test_two_hundred_rounds_agree(page, handed, loss, descent, dims):
    for python, browser in zip(*played(page, handed, dims, loss=loss, descent=descent), strict=True):
        assert np.abs(python - browser).max() < CLOSE
