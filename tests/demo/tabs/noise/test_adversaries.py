"""The duel in one picture: what is drawn and what is said of it is the generator's and the discriminator's own."""

import base64
import io
import json
import re
from html import unescape

import pytest
import torch
from PIL import Image

from demo.tabs.noise import adversaries, samples
from gan.images import to_tensor
from tests.small_runs import small_run

pytestmark = pytest.mark.usefixtures("runs", "shipped")


def cell(sheet, at):
    """A picture of a sheet, uint8 [S, S] of its first channel."""
    image = Image.open(io.BytesIO(base64.b64decode(sheet.source.split(",")[1])))
    left, top = at % adversaries.COLUMNS * sheet.side, at // adversaries.COLUMNS * sheet.side
    return to_tensor(image.convert("RGB"))[0, top : top + sheet.side, left : left + sheet.side]


def test_the_path_is_closed_and_its_pictures_and_scores_are_the_runs_own(run):
    z, found = adversaries.vectors(run), adversaries.loop(run)
    steps = (z - z.roll(-1, 0)).norm(dim=1)
    assert steps.max() < 0.5 * z.norm(dim=1).mean()  # no jump, also from the last to the first
    assert found.fakes.count == found.noise.count == len(z) == len(found.fake_verdicts)
    for at in (0, 21, len(z) - 1):
        alone = samples.draw(run, z[at : at + 1])
        assert found.fake_verdicts[at] == pytest.approx(alone.verdicts[0], abs=1e-4)
        assert torch.allclose(cell(found.fakes, at).float(), alone.images[0, 0].float(), atol=1)
    numbers = cell(found.noise, 21).flatten()[: z.shape[1]]
    assert torch.allclose(numbers.float(), (128 + 42 * z[21]).clamp(0, 255), atol=1)
    reals = samples.real_pictures(run.config.data, run.config.size, run.config.channels)
    assert torch.equal(cell(found.reals, 3).long(), reals[3, 0].long())
    assert len(found.real_verdicts) == found.reals.count == adversaries.REAL


def test_the_needles_scale_holds_every_score(runs):
    for loss in ("bce", "least-squares"):
        found = adversaries.loop(small_run(runs, loss, loss=loss))
        html = adversaries.page(found, "ko")
        given = json.loads(unescape(re.search(r'data-given="([^"]*)"', html)[1]))
        scores = [value for kind in ("fake", "real") for value, _ in given["scores"][kind]]
        assert given["low"] - 1e-4 <= min(scores) <= max(scores) <= given["high"] + 1e-4
        assert ((given["low"], given["high"]) == (0, 1)) == (loss == "bce")
        assert html.count("<image") == 3  # each sheet is sent once


def test_without_the_data_only_fakes_come(runs, monkeypatch):
    run = small_run(runs, "alpha", data="horse2zebra", channels=1)
    found = adversaries.loop(run)
    assert (found.reals, found.real_verdicts) == (None, [])
    assert "flying real" not in adversaries.page(found, "en")
