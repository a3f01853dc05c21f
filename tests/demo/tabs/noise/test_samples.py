"""The Noise to image tab: what it makes, what it says of it, and what it refuses."""

import re
from statistics import mean

import pytest
import torch

from demo.server import model_cache
from demo.tabs.noise import grid, samples, selection
from demo.ui.numbers import percent
from gan.core.checkpoint import load_networks, save_weights
from gan.core.latent import noise as latent
from gan.core.losses import LOSSES
from gan.data.datasets import load
from gan.errors import UserError
from gan.images import to_uint8, to_unit
from gan.runs.run import Run
from tests.small_runs import small_run

pytestmark = pytest.mark.usefixtures("runs")


def page(images, verdicts, loss, language="en"):
    """The grid's HTML for pictures of seed 0."""
    addresses = [f"alpha:0:{index}" for index in range(len(verdicts))]
    return grid.page(samples.Made(images, verdicts, loss), addresses, {"held": "", "shelf": []}, language)


@pytest.mark.parametrize("loss", LOSSES)
def test_pictures_and_verdicts_are_those_of_the_networks(runs, loss):
    run = small_run(runs, "alpha", loss=loss)
    made = samples.make(run, 7, 5)
    generators, discriminators = load_networks(run)
    fakes = generators["g"](latent(5, 8, 7))
    assert torch.equal(made.images, to_uint8(fakes))
    expected = LOSSES[loss].verdict(discriminators["d"](fakes))
    assert made.verdicts == pytest.approx(expected.tolist(), abs=1e-5)


def test_the_same_seed_gives_the_same_pictures_and_another_seed_others(run):
    first, again = samples.make(run, 3, 16), samples.make(Run(run.folder), 3, 16)
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.images, samples.make(run, 4, 16).images)
    assert torch.equal(first.images[:4], samples.make(run, 3, 4).images)


@pytest.mark.parametrize(("seed", "count"), [(-1, 4), (2**31, 4), (0.5, 4), (None, 4), (0, 0), (0, 101), (0, 2.5)])
def test_numbers_outside_are_refused(run, seed, count):
    with pytest.raises(UserError, match="choose a whole number from"):
        samples.make(run, seed, count)


def test_new_weights_are_seen_without_a_restart(runs, run):
    before = samples.make(run, 0, 4)
    generators, discriminators = load_networks(run)
    for weight in generators.parameters():
        weight.mul_(0.5)
    save_weights(run, generators, discriminators)
    assert not torch.equal(before.images, samples.make(run, 0, 4).images)


def test_every_picture_bears_its_verdict_and_two_are_marked():
    images = torch.zeros(3, 1, 16, 16, dtype=torch.uint8)
    html = page(images, [0.204, 0.999, 0.001], "bce")
    assert re.findall(r"<figcaption[^>]*>([^<]*)<", html.replace("\u00a0", " ")) == ["20 %", "&gt; 99 %", "&lt; 1 %"]
    assert re.findall(r'<figure class="(\w*)"', html) == ["", "best", "worst"]
    assert "&amp;" not in html  # the pictures' titles say the verdicts too, escaped once
    assert html.count("data:image/png;base64,") == len(re.findall(r'alt="[^"]+"', html)) == 3


def test_the_mean_verdict_on_real_pictures_stands_beside_that_on_the_generated_ones(run):
    """Both are of single pictures, by the same D: independent arithmetic."""
    found = model_cache.find(run.name, "dcgan")
    (html,) = grid.show({"held": "", "shelf": []}, run.name, 0, 4, None)
    discriminator = load_networks(run)[1]["d"]
    real = load(run.config.data, run.config.size, channels=run.config.channels, split="test").images[:100]
    alone = [discriminator(to_unit(image[None])).sigmoid().item() for image in real]
    made = samples.make(found, 0, 4).verdicts
    said = re.findall(r"<th>D\((real|fake)\)</th><td><b>([^<]*)</b>", html)
    assert said == [("real", percent(mean(alone), "en")), ("fake", percent(mean(made), "en"))]
    assert "mean of 100 real" in html


@pytest.mark.parametrize(("norm_d", "is_said"), [("batch", True), ("instance", False)])
def test_that_batch_norm_says_another_thing_of_one_picture_is_said(runs, norm_d, is_said):
    small_run(runs, "other", norm_d=norm_d)
    (html,) = grid.show({"held": "", "shelf": []}, "other", 0, 4, None)
    assert ("not what its curves show" in html) == is_said


def test_where_the_real_pictures_are_not_here_the_generated_ones_are_shown_all_the_same(runs):
    small_run(runs, "own", data="gone")
    (html,) = grid.show({"held": "", "shelf": []}, "own", 0, 4, None)
    assert "versus" not in html
    assert html.count("<figcaption") == 4


def test_a_score_is_not_called_a_probability():
    images = torch.zeros(2, 1, 16, 16, dtype=torch.uint8)
    html = page(images, [0.9, -0.3], "hinge")
    assert "+0.90" in html
    assert "-0.30" in html
    assert "%" not in re.sub(r"<[^>]*>", "", html)
    assert "score" in html
    assert "is real." not in html


def test_one_picture_alone_is_neither_best_nor_worst():
    html = page(torch.zeros(1, 3, 16, 16, dtype=torch.uint8), [0.5], "bce", "ko")
    assert "best" not in html


def test_the_endpoint_gives_verdicts_and_the_grid(run):
    answer, picture = grid.endpoint("alpha", 5, 4)
    assert answer["kind"] == "probability"
    assert answer["verdicts"] == samples.make(run, 5, 4).verdicts
    assert answer["pictures"] == ["alpha:5:0", "alpha:5:1", "alpha:5:2", "alpha:5:3"]
    assert picture.size == (2 * 16 + 2, 2 * 16 + 2)


@pytest.mark.parametrize("name", ["beta", "../alpha", "", "/etc"])
def test_a_name_is_a_name_and_never_a_path(run, name):
    with pytest.raises(UserError, match="no run named"):
        grid.endpoint(name, 0, 4)
    with pytest.raises(UserError, match="no run named"):
        grid.endpoint(str(run.folder), 0, 4)


def test_a_run_without_weights_says_so_and_is_not_offered(runs):
    small_run(runs, "fresh", weights=False)
    with pytest.raises(UserError, match="no weights to show yet"):
        grid.endpoint("fresh", 0, 4)
    assert "fresh" not in [run.name for run in model_cache.runs("dcgan", with_weights=True)]
    assert "fresh" in [run.name for run in model_cache.runs("dcgan")]


def test_only_a_few_networks_are_kept_and_each_is_loaded_once(runs, monkeypatch):
    made = [small_run(runs, f"run{index}") for index in range(model_cache.KEPT + 1)]
    loads = []
    monkeypatch.setattr(
        "gan.core.checkpoint.load_networks", lambda run, device: loads.append(run.name) or load_networks(run, device)
    )
    for _ in range(3):
        model_cache.networks(made[0])
    assert loads == ["run0"]
    for run in made:
        model_cache.networks(run)
    model_cache.networks(made[0])
    assert loads == ["run0", *[f"run{i}" for i in range(1, model_cache.KEPT + 1)], "run0"]


def test_an_address_brings_back_the_picture_of_the_grid(run):
    made = samples.make(run, 5, 4)
    shown = samples.picture_of("alpha:5:2")
    assert torch.equal(shown.image, made.images[2])
    assert shown.verdict == pytest.approx(made.verdicts[2], abs=1e-5)
    assert shown.guess[0] in "0123456789"
    with pytest.raises(UserError, match="no run named"):
        samples.picture_of("beta:5:2")
    with pytest.raises(UserError, match="no picture's code"):
        samples.picture_of("alpha:5")


def test_what_is_held_goes_to_the_end_of_a_short_shelf(run):
    now = selection.clear("alpha")
    assert len(now["shelf"]) == selection.FIRST
    assert now["held"] == now["shelf"][0]
    for index in range(20, 30):
        now = selection.hold(now, f"alpha:1:{index}")
    assert now["shelf"] == [f"alpha:1:{index}" for index in range(22, 30)]
    again = selection.hold(now, "alpha:1:25")
    assert again["shelf"] == now["shelf"]
    away = selection.put_away(again, "alpha:1:25")
    assert away["held"] == "alpha:1:25"
    assert "alpha:1:25" not in away["shelf"]
    with pytest.raises(UserError, match="no longer on the shelf"):
        selection.numbered(away, 8)


def test_a_shelf_outlives_a_run_that_was_deleted(runs, run):
    now = selection.hold(selection.clear("alpha"), "alpha:1:1")
    run.delete()
    assert selection.shelf(now, "en").count("<li>") == 0
    with pytest.raises(UserError, match="no run named"):
        selection.panel(now, "en")


def test_the_panel_takes_the_picture_along(run):
    import json
    from urllib.parse import unquote

    html = selection.panel({"held": "alpha:3:1", "shelf": []}, "en")
    assert 'href="?picture=alpha:3:1"' in html
    (data,) = re.findall(r'data:application/json,([^"]*)"', html)
    told = json.loads(unquote(data))
    assert told["z"] == pytest.approx(latent(1, 8, 3, 1)[0].tolist(), abs=1e-5)
    assert told["picture"] == "alpha:3:1"


def test_the_first_shelf_shows_several_classes_where_there_are_several():
    run = Run.open("mnist")
    guesses = [samples.picture_of(address).guess[0] for address in selection.clear("mnist")["shelf"]]
    assert len(set(guesses)) == selection.FIRST
    assert run.is_shipped
