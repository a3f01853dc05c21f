"""How pictures fade half-way between two vectors, of generators whose answer is known."""

import math

import pytest
import torch
from torch import nn

from gan.analysis.interpolation import contrasts, relative_contrast


class Louder(nn.Module):
    """A generator whose pictures have a contrast in proportion to the length of z: half black, half grey."""

    def forward(self, z):
        grey = (z.norm(dim=1) / 50).clamp(max=2) - 1
        picture = torch.full((len(z), 1, 4, 4), -1.0)
        picture[:, :, :2] = grey[:, None, None, None]
        return picture


def test_contrast_is_the_spread_of_the_pixels():
    halves = torch.zeros(2, 1, 4, 4, dtype=torch.uint8)
    halves[1, :, :2] = 255
    spread = math.sqrt(16 * 0.25 / 15)  # of 16 pixels, half 0 and half 1
    assert contrasts(halves) == pytest.approx([0, spread])


def test_half_way_on_a_straight_line_between_random_vectors_lie_shorter_ones():
    """Two of them stand at right angles, nearly: the middle of the line is 1 / sqrt(2) as far away, that of the arc as
    far as they are."""
    assert relative_contrast(Louder(), 400, 100) == pytest.approx(1 / math.sqrt(2), abs=0.03)
