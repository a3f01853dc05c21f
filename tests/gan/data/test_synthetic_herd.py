"""The drawn herd: partners that differ in the coat alone, and a measure that tells good translations from bad."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gan.data import synthetic_herd
from gan.errors import UserError
from gan.images import to_unit
from gan.metrics import herd as coats

N, SIZE = 24, 64


@pytest.fixture(scope="module")
def drawn():
    return synthetic_herd.draw(N, SIZE, 5)


def test_partners_differ_in_the_coat_alone(drawn):
    assert drawn.plain.shape == drawn.striped.shape == (N, 3, SIZE, SIZE)
    assert drawn.plain.dtype == drawn.striped.dtype == torch.uint8
    differs = (drawn.plain != drawn.striped).any(1, keepdim=True)
    assert not (differs & ~drawn.mask).any()
    covered = (differs & drawn.mask).flatten(1).sum(1) / drawn.mask.flatten(1).sum(1)
    assert covered.min() > 0.9
    share = drawn.mask.float().mean((1, 2, 3))
    assert share.min() > 0.05
    assert share.max() < 0.5


def test_a_seed_draws_the_same_herd_and_more_of_it_at_any_size(drawn):
    fewer = synthetic_herd.draw(4, SIZE, 5)
    assert torch.equal(fewer.plain, drawn.plain[:4])
    assert torch.equal(fewer.striped, drawn.striped[:4])
    assert not torch.equal(synthetic_herd.draw(4, SIZE, 6).plain, fewer.plain)
    some = synthetic_herd.draw(N, SIZE, 5, [17, 3])
    for one, all_of_them in ((some.plain, drawn.plain), (some.striped, drawn.striped), (some.mask, drawn.mask)):
        assert torch.equal(one, all_of_them[[3, 17]])
    large = F.avg_pool2d(synthetic_herd.draw(4, 2 * SIZE, 5).striped.float(), 2)
    assert (large - fewer.striped.float()).abs().mean() < 6  # the same scenes, drawn finer


def test_no_two_animals_are_alike(drawn):
    flat = drawn.plain.flatten(1).float()
    distance = torch.cdist(flat, flat).fill_diagonal_(torch.inf)
    assert distance.min() > 1000
    # both ways of facing occur: the head's side is where the mask reaches farther from its middle
    columns = torch.arange(SIZE, dtype=torch.float)
    means = (drawn.mask.float().sum((1, 2)) * columns).sum(1) / drawn.mask.flatten(1).sum(1)
    assert means.std() > 2


def test_stripes_are_a_few_pixels_wide(drawn):
    """Stripes make the light change along the body far more than plain coats do."""
    both = drawn.mask[..., 1:] & drawn.mask[..., :-1]
    change = [to_unit(x).mean(1, keepdim=True).diff(dim=-1).abs()[both].mean() for x in (drawn.plain, drawn.striped)]
    assert change[1] > 3 * change[0]


@pytest.mark.parametrize("size", [30, 28, 260])
def test_an_impossible_size_is_refused_in_a_sentence(size):
    with pytest.raises(UserError, match="multiple of 4 from 32 to 256"):
        synthetic_herd.draw(1, size, 0)


def measured(drawn, output):
    return coats.measure(to_unit(drawn.plain), output, to_unit(drawn.striped), drawn.mask)


def test_the_partner_itself_measures_perfect_and_doing_nothing_does_not(drawn):
    assert measured(drawn, to_unit(drawn.striped)) == {"coat": 1.0, "ground": 0.0, "colour": 0.0}
    nothing = measured(drawn, to_unit(drawn.plain))
    assert nothing["coat"] == 0
    assert nothing["ground"] == 0
    assert nothing["colour"] == pytest.approx(1, abs=1e-6)


def test_stripes_out_of_phase_are_still_the_right_coat_and_colour(drawn):
    """Half a period along, where the raw error is as large as that of no stripes at all."""
    striped, plain = to_unit(drawn.striped), to_unit(drawn.plain)
    shifted = torch.where(drawn.mask, striped.roll(3, dims=-1), plain)
    result = measured(drawn, shifted)
    assert result["coat"] > 0.9
    assert result["ground"] == 0
    assert result["colour"] < 0.5
    raw = [(x - striped).abs()[drawn.mask.expand_as(striped)].mean() for x in (shifted, plain)]
    assert raw[0] > 0.6 * raw[1]


def test_a_grey_coat_without_stripes_is_the_wrong_coat(drawn):
    mean = to_unit(drawn.striped).mean((2, 3), keepdim=True)
    result = measured(drawn, torch.where(drawn.mask, mean, to_unit(drawn.plain)))
    assert result["coat"] < 0.5


def test_a_changed_ground_is_measured_as_a_share_of_full_scale(drawn):
    plain = to_unit(drawn.plain) * 0.5
    output = torch.where(drawn.mask, plain, plain + 0.2)
    result = coats.measure(plain, output, to_unit(drawn.striped), drawn.mask)
    assert result["ground"] == pytest.approx(0.1, abs=1e-5)


def test_the_colours_are_the_stated_ones(drawn):
    """Where the coat is lit fully, plain is chestnut: more red than green, more green than blue."""
    coat = to_unit(drawn.plain).movedim(1, -1)[drawn.mask[:, 0]].numpy()
    red, green, blue = np.median((coat + 1) / 2, 0)
    assert red > 1.5 * green > 2.2 * blue
    striped = to_unit(drawn.striped).movedim(1, -1)[drawn.mask[:, 0]]
    assert (striped.amax(1) - striped.amin(1)).median() < 0.15  # black and white have no colour
