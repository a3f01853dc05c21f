"""Directions in latent space, against numpy in float64 and against generators that are painted by hand."""

import math
from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from gan.analysis.directions import FAR, METHODS, directions, effects, measure
from gan.config import NORMS
from gan.core.dcgan import DCGANConfig, Generator
from gan.core.latent import noise
from gan.errors import UserError


def untrained(seed=0, **settings):
    torch.manual_seed(seed)
    return Generator(DCGANConfig(**({"size": 16, "ngf": 4, "latent": 8} | settings))).eval()


@pytest.fixture
def few_samples(monkeypatch):
    """For what holds of whatever was found: the components of 1,000 pictures take most of a test."""
    monkeypatch.setattr("gan.analysis.directions.SAMPLES", 200)


def first_layer(generator):
    """A, float64 [maps * 4 * 4, latent]: column by column the layer's reply to a unit vector."""
    layer = generator.stages[0][0]
    with torch.no_grad():
        unit = torch.eye(layer.in_channels)[:, :, None, None]
        replies = layer(unit) - layer(torch.zeros_like(unit))
    return replies.flatten(1).double().numpy().T


@pytest.mark.parametrize(
    "settings",
    [{"upsample": up} for up in ("transposed", "nearest", "bilinear", "unpool")]
    + [{"norm": norm} for norm in NORMS]
    + [{"size": size, "channels": channels} for size, channels in product((16, 32, 64), (1, 3))],
)
@pytest.mark.usefixtures("few_samples")
@pytest.mark.parametrize("method", METHODS)
def test_every_kind_of_generator_has_directions_of_length_1_and_their_effects(method, settings):
    generator = untrained(**settings)
    found = directions(generator, 8, 3, method)
    assert found.shape == (3, 8)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found.double().norm(dim=1), 1, atol=1e-6)
    assert abs(found @ found.T - torch.eye(3)).max() < 0.9  # three different ones
    names = {"brightness", "width", "height", "slant"} | ({"warmth"} if settings.get("channels") == 3 else set())
    for effect in effects(generator, found):
        assert set(effect.changes) == names
        assert all(math.isfinite(change) for change in effect.changes.values())
        assert effect.turns is None


@pytest.mark.usefixtures("few_samples")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("latent", [1, 8, 20])
def test_the_largest_number_of_each_is_positive(method, latent):
    for seed in range(3):
        found = directions(untrained(seed, latent=latent), latent, latent, method).numpy()
        assert (found.max(1) >= np.abs(found).max(1)).all()


@pytest.mark.usefixtures("few_samples")
@pytest.mark.parametrize("method", METHODS)
def test_the_same_weights_have_the_same_directions_and_others_have_others(method):
    found = directions(untrained(), 8, 4, method)
    torch.manual_seed(99)
    assert torch.equal(directions(untrained(), 8, 4, method), found)
    torch.testing.assert_close(directions(untrained(), 8, 2, method), found[:2], atol=1e-5, rtol=1e-5)
    assert abs(directions(untrained(1), 8, 4, method) - found).max() > 0.1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("count", [0, -1, 9])
def test_more_directions_than_there_are_numbers_are_refused(method, count):
    with pytest.raises(UserError, match=f"There are 1 to 8 directions, not {count}"):
        directions(untrained(), 8, count, method)


def test_another_method_is_refused():
    with pytest.raises(UserError, match="'magic'; choose one of sefa, ganspace"):
        directions(untrained(), 8, 2, "magic")


@pytest.mark.parametrize("norm", ["batch", "none"])
@pytest.mark.parametrize("latent", [8, 100])
def test_the_closed_form_stretches_as_the_singular_values_say(norm, latent):
    generator = untrained(latent=latent, norm=norm)
    a = first_layer(generator)
    found = directions(generator, latent, latent).double().numpy()
    gains = np.sqrt(((a @ found.T) ** 2).sum(0))
    np.testing.assert_allclose(gains, np.linalg.svd(a, compute_uv=False), rtol=1e-4)
    np.testing.assert_allclose(found @ found.T, np.eye(latent), atol=1e-5)


def test_no_direction_stretches_more_than_the_first():
    generator = untrained(latent=20)
    a = first_layer(generator)
    unit = np.random.default_rng(0).standard_normal((1000, 20))
    unit /= np.sqrt((unit**2).sum(1))[:, None]
    first, second = directions(generator, 20, 2).double().numpy()
    gains = np.sqrt(((a @ unit.T) ** 2).sum(0))
    assert np.sqrt(((a @ first) ** 2).sum()) > gains.max()
    unit -= (unit @ first)[:, None] * first  # nor, across the first, more than the second
    unit /= np.sqrt((unit**2).sum(1))[:, None]
    assert np.sqrt(((a @ second) ** 2).sum()) > np.sqrt(((a @ unit.T) ** 2).sum(0)).max()


@pytest.mark.parametrize("size", [16, 32])
def test_the_closed_form_finds_a_hidden_direction(size):
    generator = untrained(size=size)
    hidden = torch.tensor([3.0, -1, 2, 0, 0, 1, -4, 1])
    hidden /= hidden.norm()
    with torch.no_grad():  # louder along it, tenfold
        weight = generator.stages[0][0].weight
        weight += 9 * torch.einsum("l,k,kmij->lmij", hidden, hidden, weight)
    torch.testing.assert_close(directions(generator, 8, 1)[0], -hidden, atol=0.05, rtol=0)  # -4 is its largest


def activations(generator, z):
    """What GANSpace looks at: the 8x8 layer, the second stage in every size, float64 [N, maps * 8 * 8]."""
    with torch.no_grad():
        y = generator.stages[1](generator.stages[0](z[:, :, None, None]))
    assert y.shape[-1] == 8
    return y.flatten(1).double().numpy()


def regressed(generator, latent, count):
    """Directions by the paper's recipe in other hands: SVD of the activations, then least squares from them to z."""
    z = noise(1000, latent, 0)
    y, z = activations(generator, z), z.double().numpy()
    u, s, _ = np.linalg.svd(y - y.mean(0), full_matrices=False)
    back = np.linalg.lstsq((u * s)[:, :count], z - z.mean(0), rcond=None)[0]
    return back / np.sqrt((back**2).sum(1))[:, None]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"size": 32},
        {"size": 64},
        {"upsample": "nearest"},
        {"upsample": "bilinear"},
        {"upsample": "unpool"},
        {"norm": "none"},
    ],
)
def test_ganspace_is_principal_components_carried_back_by_least_squares(settings):
    generator = untrained(**settings)
    with torch.no_grad():  # coordinates of unlike strength keep the components apart
        generator.stages[0][0].weight *= torch.tensor([5, 1, 3, 1, 1, 1, 2, 1.0]).view(-1, 1, 1, 1)
    found = directions(generator, 8, 3, "ganspace").double().numpy()
    cosine = (found * regressed(generator, 8, 3)).sum(1)
    np.testing.assert_allclose(np.abs(cosine), 1, atol=1e-4)


@pytest.mark.parametrize("loudest", [0, 5])
def test_ganspace_finds_the_coordinate_that_moves_a_later_layer_most(loudest):
    generator = untrained(norm="none")
    with torch.no_grad():  # so far above zero that the ReLUs let everything through: the layers are linear
        generator.stages[0][0].bias.fill_(50)
        generator.stages[1][0].bias.fill_(500)
        strengths = torch.full((8,), 0.1)
        strengths[loudest], strengths[3] = 2, 0.6
        generator.stages[0][0].weight *= strengths.view(-1, 1, 1, 1)
    for vector, place in zip(directions(generator, 8, 2, "ganspace"), (loudest, 3), strict=True):
        assert vector.argmax() == place
        assert vector[place] > 0.97


def test_ganspace_looks_at_the_later_layer_and_the_closed_form_at_the_first():
    generator = untrained(norm="none")
    with torch.no_grad():
        first, second = generator.stages[0][0], generator.stages[1][0]
        first.bias.fill_(50)
        second.bias.fill_(500)
        first.weight.zero_()
        first.weight[2, 0], first.weight[6, 1] = 3, 1  # coordinate 2 is loud here, but on a map nobody listens to
        second.weight[0] = 0
    assert directions(generator, 8, 1)[0].argmax() == 2
    assert directions(generator, 8, 1, "ganspace")[0].argmax() == 6


@pytest.mark.usefixtures("few_samples")
@pytest.mark.parametrize("method", METHODS)
def test_a_generator_that_died_still_has_directions_and_they_change_nothing(method):
    generator = untrained(norm="none")
    with torch.no_grad():
        generator.stages[0][0].bias.fill_(-100)  # behind the ReLU all is zero
    found = directions(generator, 8, 4, method)
    np.testing.assert_allclose(found.double().norm(dim=1), 1, atol=1e-6)
    for effect in effects(generator, found, lambda images: images.flatten(1)):
        assert effect.turns == 0
        assert set(effect.changes.values()) == {0}


class Painter(nn.Module):
    """A blot of light whose looks are coordinates of z: 0 brightness, 1 width, 2 height, 3 slant, 4 warmth.

    5 lights a pixel in the corner where it is positive; the rest does nothing.
    """

    def __init__(self, channels=1):
        super().__init__()
        self.channels = channels
        self.nothing = nn.Parameter(torch.zeros(1))  # a generator's parameters say where it lives

    def forward(self, z):
        level, wide, high, lean, warm, mark = z[:, :6].T[:, :, None, None]
        place = torch.linspace(-0.5, 0.5, 24)
        x, y = place[None, None, :], -place[None, :, None]  # y goes up
        x = x - 0.2 * lean * y
        light = torch.exp(-((x / (0.15 * 1.1**wide)) ** 2 + (y / (0.15 * 1.1**high)) ** 2) / 2)
        light = (0.5 + 0.05 * level) * light
        light[:, :1, :1] += 0.01 * (mark > 0)
        if self.channels == 1:
            return 2 * light[:, None] - 1
        return 2 * torch.stack([light * (1 + 0.1 * warm), light, light * (1 - 0.1 * warm)], 1) - 1


UNIT = torch.eye(8)
LOOKS = {"brightness": 0, "width": 1, "height": 2, "slant": 3, "warmth": 4}


@pytest.mark.parametrize("look", LOOKS)
def test_an_effect_has_the_sign_of_what_is_seen(look):
    painter = Painter(3 if look == "warmth" else 1)
    towards, back, nothing = effects(painter, torch.stack([UNIT[LOOKS[look]], -UNIT[LOOKS[look]], UNIT[7]]))
    assert towards.changes[look] > 3
    assert back.changes[look] == pytest.approx(-towards.changes[look], rel=1e-4)
    assert all(abs(change) < 1e-3 for change in nothing.changes.values())


@pytest.mark.parametrize("look", ["brightness", "slant"])
def test_a_look_that_a_direction_leaves_alone_does_not_change(look):
    (effect,) = effects(Painter(), UNIT[LOOKS[look]][None])
    for other, change in effect.changes.items():
        assert other == look or abs(change) < 0.15, other


def test_a_change_counts_standard_deviations_over_pictures():
    class Plain(Painter):
        def forward(self, z):  # an even grey: its mean is coordinate 0
            return (0.1 * z[:, 0]).view(-1, 1, 1, 1).expand(-1, 1, 16, 16)

    half, whole = effects(Plain(), torch.stack([UNIT[0] * 0.6 + UNIT[1] * 0.8, UNIT[0]]))
    assert whole.changes["brightness"] == pytest.approx(2 * FAR, rel=0.2)  # z itself has a standard deviation near 1
    assert half.changes["brightness"] == pytest.approx(0.6 * whole.changes["brightness"], rel=1e-4)


def two_classes(question):
    """A classifier that answers yes (1) or no (0) to a question about float [N, C, S, S]."""
    return lambda images: torch.stack([torch.full((len(images),), 0.5), question(images).float()], 1)


def test_turns_is_the_share_of_pictures_that_end_in_another_class():
    painter = Painter()
    bright = two_classes(lambda images: images[:, 0, 12, 12] > 0)  # level 0 or more
    marked = two_classes(lambda images: (images[:, 0, 12, 12] > 0) & (images[:, 0, 0, 0] > -0.985))
    assert [effect.turns for effect in effects(painter, UNIT[[0, 7]], bright)] == [1, 0]
    (effect,) = effects(painter, UNIT[:1], marked)  # only those with the mark can turn
    assert 0.35 < effect.turns < 0.65
    assert [effect.turns for effect in effects(painter, UNIT[[0, 7]])] == [None, None]


@pytest.mark.parametrize(("threshold", "turns"), [(FAR - 0.1, 1), (0.1 - FAR, 1), (FAR + 0.1, 0), (-FAR - 0.1, 0)])
def test_all_pictures_start_from_the_middle_of_a_direction_and_go_as_far_each_way(threshold, turns):
    class Plain(Painter):
        def forward(self, z):
            return z[:, :1, None, None].expand(-1, 1, 16, 16)

    beyond = two_classes(lambda images: images.mean((1, 2, 3)) > threshold)
    (effect,) = effects(Plain(), UNIT[:1], beyond)
    assert effect.turns == turns


def drawn(lit):
    """White where `lit`, bool [S, S], and black elsewhere: float [1, 1, S, S] in [-1, 1]."""
    return 2 * lit[None, None].float() - 1


def test_brightness_is_0_for_black_and_1_for_white():
    shades = torch.stack([torch.full((1, 16, 16), shade) for shade in (-1.0, -0.5, 0.0, 1.0)])
    assert measure(shades)["brightness"].tolist() == pytest.approx([0, 0.25, 0.5, 1])
    assert all(values.isfinite().all() for values in measure(shades).values())


@pytest.mark.parametrize(("left", "right"), [(7, 9), (2, 14), (0, 3), (0, 16)])
def test_width_and_height_are_how_far_light_spreads(left, right):
    lit = torch.zeros(16, 16, dtype=torch.bool)
    lit[:, left:right] = True
    places = np.linspace(-0.5, 0.5, 16)
    upright, lying = measure(drawn(lit)), measure(drawn(lit.T))
    for narrow, full in [(upright["width"], upright["height"]), (lying["height"], lying["width"])]:
        assert narrow.item() == pytest.approx(places[left:right].std(), abs=1e-6)
        assert full.item() == pytest.approx(places.std(), abs=1e-6)
    assert upright["slant"].item() == pytest.approx(0, abs=1e-5)


def test_slant_is_positive_for_what_leans_right():
    backslash = torch.eye(16, dtype=torch.bool)
    slash = backslash.flip(1)
    assert measure(drawn(slash))["slant"].item() == pytest.approx(1, abs=1e-4)
    assert measure(drawn(backslash))["slant"].item() == pytest.approx(-1, abs=1e-4)
    thick = slash | slash.roll(3, 1) | slash.roll(-3, 1)
    assert 0.1 < measure(drawn(thick))["slant"].item() < 0.95
    assert measure(drawn(slash | backslash))["slant"].item() == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [16, 33])
def test_measures_of_any_picture_are_moments_of_its_light(channels, size):
    images = torch.rand(5, channels, size, size, generator=torch.Generator().manual_seed(1)) * 2 - 1
    images[:, :, :5, size // 2 :] = -1  # not the same all over
    found = measure(images)
    assert set(found) == {"brightness", "width", "height", "slant"} | ({"warmth"} if channels == 3 else set())
    across, down = np.meshgrid(np.linspace(-0.5, 0.5, size), np.linspace(-0.5, 0.5, size))
    for number, image in enumerate(images.double().numpy()):
        grey = image[0] if channels == 1 else 0.299 * image[0] + 0.587 * image[1] + 0.114 * image[2]
        light = (grey + 1) / 2
        spread = np.cov(across.ravel(), -down.ravel(), aweights=light.ravel(), ddof=0)
        expected = {
            "brightness": light.mean(),
            "width": math.sqrt(spread[0, 0]),
            "height": math.sqrt(spread[1, 1]),
            "slant": spread[0, 1] / math.sqrt(spread[0, 0] * spread[1, 1]),
        }
        if channels == 3:
            expected["warmth"] = image[0].mean() - image[2].mean()
        for name, value in expected.items():
            assert found[name][number].item() == pytest.approx(value, abs=1e-5), name


def test_warmth_is_red_less_blue():
    colours = torch.tensor([[1, -1, -1], [-1, -1, 1], [0.3, 0.3, 0.3]])
    assert measure(colours[:, :, None, None].expand(-1, -1, 16, 16))["warmth"].tolist() == pytest.approx([2, -2, 0])
