"""The measures against closed forms and independent arithmetic; whole evaluations on small runs of known quality."""

import json
from math import log2

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gan.__main__ import main
from gan.core.checkpoint import load_networks, save_weights
from gan.core.cyclegan import CycleGAN, CycleGANConfig
from gan.core.dcgan import DCGAN, DCGANConfig
from gan.core.latent import noise
from gan.data.datasets import load, load_pair
from gan.errors import UserError
from gan.images import to_uint8, to_unit
from gan.metrics import evaluate
from gan.metrics import functional as measures
from gan.metrics.classifier import (
    accuracy,
    as_seen,
    augment,
    load_classifier,
    save_classifier,
    train_classifier,
    trained_names,
)
from gan.metrics.functional import classes_covered, frechet, nearest, texture, texture_distances
from gan.runs.run import Run
from gan.words import sentence

pytestmark = pytest.mark.usefixtures("away")


# The Frechet distance


def normal(count: int, dimensions: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, dimensions, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def standard(count: int, dimensions: int) -> torch.Tensor:
    """Points whose mean is exactly 0 and whose covariance is exactly the identity."""
    x = normal(count, dimensions)
    x = x - x.mean(0)
    return x @ torch.linalg.inv(torch.linalg.cholesky(x.T @ x / (count - 1))).T


def test_frechet_in_one_dimension_is_that_of_means_and_deviations():
    x = standard(500, 1)
    assert frechet(3 * x + 1, 5 * x - 2) == pytest.approx((1 + 2) ** 2 + (3 - 5) ** 2, rel=1e-9)


def test_frechet_of_diagonal_covariances_adds_up_by_axis():
    x, a, b = standard(500, 4), torch.tensor([1.0, 2, 3, 0]), torch.tensor([4.0, 2, 1, 2])
    expected = sum((p - q) ** 2 for p, q in zip(a.tolist(), b.tolist(), strict=True))
    assert frechet(x * a, x * b) == pytest.approx(expected, rel=1e-6)  # one axis is singular in a


def test_frechet_of_a_set_with_itself_is_zero_and_of_a_shifted_copy_the_shift():
    x = normal(300, 20)
    shift = torch.linspace(-1, 1, 20, dtype=torch.float64)
    assert frechet(x, x) == pytest.approx(0, abs=1e-9)
    assert frechet(x, x.flip(0) + shift) == pytest.approx(shift.square().sum().item(), rel=1e-9)


def test_frechet_is_the_papers_formula_and_symmetric():
    a, b = normal(200, 6, 1) @ normal(6, 6, 2), normal(150, 6, 3) @ normal(6, 6, 4) + 0.5
    cov_a, cov_b = (np.cov(x.numpy(), rowvar=False) for x in (a, b))
    roots = np.sqrt(np.linalg.eigvals(cov_a @ cov_b).astype(complex)).real  # the eigenvalues of (A B)^1/2
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum().item() + np.trace(cov_a + cov_b) - 2 * roots.sum()
    assert frechet(a, b) == pytest.approx(expected, rel=1e-9)
    assert frechet(a, b) == pytest.approx(frechet(b, a), rel=1e-9)


def test_frechet_stays_stable_with_fewer_pictures_than_features():
    x = normal(10, 96).float()
    assert frechet(x, x) == pytest.approx(0, abs=1e-4)
    assert frechet(x, 1 + x) == pytest.approx(96, rel=1e-5)


def test_frechet_of_a_single_picture_is_refused():
    with pytest.raises(UserError, match="at least 2"):
        frechet(normal(1, 3), normal(5, 3))


# Classes, neighbours, texture


def test_classes_are_counted_with_their_entropy():
    labels = torch.tensor([0] * 50 + [1] * 25 + [2] * 21 + [3] * 4)
    found = classes_covered(nn.functional.one_hot(labels, 5).float())
    assert found["counts"] == [50, 25, 21, 4, 0]
    assert found["shares"] == pytest.approx([0.5, 0.25, 0.21, 0.04, 0])
    assert (found["covered"], found["smallest"]) == (3, 0)
    assert found["entropy"] == pytest.approx(-sum(p * log2(p) for p in (0.5, 0.25, 0.21, 0.04)))


def test_the_classifier_is_sure_from_a_probability_of_nine_tenths_on():
    logits = torch.log(torch.tensor([[0.91, 0.05, 0.04], [0.05, 0.89, 0.06], [0.02, 0.03, 0.95], [0.4, 0.3, 0.3]]))
    assert classes_covered(logits)["sure"] == 0.5


def test_equal_classes_have_the_largest_entropy():
    found = classes_covered(torch.eye(10).repeat(3, 1))
    assert (found["covered"], found["smallest"]) == (10, pytest.approx(0.1))
    assert found["entropy"] == pytest.approx(log2(10))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_nearest_is_what_comparing_with_every_picture_finds(dtype, monkeypatch):
    monkeypatch.setattr(measures, "VALUES", 7 * 3 * 6 * 6)  # 40 is no multiple of 7
    generator = torch.Generator().manual_seed(0)
    pool = torch.randint(256, (40, 3, 6, 6), generator=generator, dtype=torch.uint8)
    images = torch.randint(256, (5, 3, 6, 6), generator=generator, dtype=torch.uint8)
    difference = images[:, None].double() / 255 - pool[None].double() / 255
    expected = difference.square().mean((2, 3, 4)).sqrt().sort(1)
    if dtype.is_floating_point:
        images, pool = to_unit(images), to_unit(pool)
    seen = []
    distances, indices = nearest(images, pool, 3, progress=lambda done, total: seen.append((done, total)))
    assert torch.equal(indices, expected.indices[:, :3])
    torch.testing.assert_close(distances.double(), expected.values[:, :3], rtol=1e-5, atol=1e-6)
    assert seen[-1] == (40, 40)


def test_a_copy_is_at_distance_zero_and_black_from_white_at_one():
    pool = torch.stack([torch.full((1, 32, 32), value, dtype=torch.uint8) for value in (0, 200, 201, 255)])
    distances, indices = nearest(pool[[1, 3]], pool, 4)
    assert indices.tolist() == [[1, 2, 3, 0], [3, 2, 1, 0]]
    assert distances[0].tolist() == pytest.approx([0, 1 / 255, 55 / 255, 200 / 255], abs=1e-7)
    assert distances[1, -1] == 1


def test_neighbours_that_differ_by_a_shade_come_in_order():
    pool = torch.full((20, 3, 32, 32), 255, dtype=torch.uint8)
    order = torch.randperm(20, generator=torch.Generator().manual_seed(0))
    for picture, pixels in zip(pool, order.tolist(), strict=True):
        picture.view(-1)[:pixels] -= 1
    _, indices = nearest(torch.full((1, 3, 32, 32), 255, dtype=torch.uint8), pool, 20)
    assert order[indices[0]].tolist() == list(range(20))


def test_a_pool_smaller_than_k_gives_all_it_has():
    pool = torch.zeros(2, 1, 4, 4)
    assert [x.shape for x in nearest(pool, pool, 5)] == [(2, 2), (2, 2)]


def test_pictures_of_different_shape_are_not_compared():
    with pytest.raises(ValueError, match="cannot compare"):
        nearest(torch.zeros(1, 3, 4, 4), torch.zeros(1, 1, 4, 4))


def stripes(count: int, period: int, seed: int) -> torch.Tensor:
    """uint8 [count, 3, 32, 32]: vertical stripes of a period, at a phase and in colours of their own."""
    generator = np.random.default_rng(seed)
    phase = (np.arange(32)[None] + generator.integers(0, period, (count, 1))) // (period // 2) % 2
    low, high = generator.integers(0, 90, (2, count, 3, 1, 1)) + np.array([0, 160]).reshape(2, 1, 1, 1, 1)
    pictures = np.where(phase[:, None, None, :], high, low).repeat(32, 2)
    return torch.from_numpy(pictures.astype(np.uint8))


def test_texture_of_a_known_picture():
    picture = torch.full((1, 3, 16, 16), 255, dtype=torch.uint8)
    picture[:, :, :, ::2] = 0  # columns black and white: no change down, the greatest across
    patches = texture(picture)
    assert patches.shape == (16, 12)
    expected = [0, 0, 0, 1, 1, 1, 0, 2, 0, 0, 0, 0]  # halved in size the columns are an even grey
    torch.testing.assert_close(patches, torch.tensor(expected).float().expand(16, -1), atol=1e-6, rtol=0)


def test_texture_tells_stripes_apart_whatever_their_place():
    same, other = texture_distances(stripes(64, 4, 1), [stripes(64, 4, 2), stripes(64, 16, 3)])
    assert same < other / 20


# The classifiers


@pytest.mark.parametrize(("name", "right"), [("mnist", 0.985), ("fashion-mnist", 0.88)])
def test_a_shipped_classifier_knows_the_shipped_test_pictures(name, right):
    test = load(name, 32, split="test")
    assert len(test.images) == 1000
    assert accuracy(load_classifier(name), test.images, test.labels) > right
    colour = test.images.repeat_interleave(2, 2).repeat_interleave(2, 3).expand(-1, 3, -1, -1)  # 64x64
    assert accuracy(load_classifier(name), colour[:200], test.labels[:200]) > right - 0.03


def test_a_set_without_a_classifier_is_told_which_have_one():
    with pytest.raises(UserError, match="fashion-mnist, mnist"):
        load_classifier("../mnist")
    assert trained_names() == ["fashion-mnist", "mnist"]


def test_other_sizes_and_colour_are_brought_to_32_and_grey():
    x = torch.linspace(-1, 1, 32).expand(2, 1, 32, 32)
    assert as_seen(x) is x
    colour = torch.stack([x[:, 0], -x[:, 0], torch.zeros_like(x[:, 0])], 1)
    torch.testing.assert_close(as_seen(colour), (0.299 - 0.587) * x)
    large = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(as_seen(large)[..., 1:-1], x[..., 1:-1], atol=1e-5, rtol=0)


def test_augmentation_bends_a_little_and_fills_with_black():
    torch.manual_seed(0)
    x = torch.full((200, 1, 32, 32), -1.0)
    x[:, :, 12:20, 12:20] = 1
    bent = augment(x)
    assert bent.min() >= -1 - 1e-5
    assert bent.max() <= 1 + 1e-5
    mass = (bent + 1).clamp(min=0)[:, 0]
    total = mass.sum((1, 2))
    places = torch.arange(32.0) - 15.5
    centres = torch.stack([(mass.sum(dim) * places).sum(1) / total for dim in (1, 2)])
    assert 1.5 < centres.abs().max() < 2.6  # 2 pixels, times a scale of up to 1.1, turned a little
    area = total / 2 / 64
    assert 1 / 1.25 < area.min() < 0.9 < 1.1 < area.max() < 1.25  # the scale's square


@pytest.mark.slow
def test_training_the_classifier_learns_and_its_file_reads_back(tmp_path, monkeypatch):
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(10, (512,), generator=generator)
    images = torch.zeros(512, 1, 32, 32, dtype=torch.uint8)
    for image, label in zip(images, labels.tolist(), strict=True):  # a bar whose height tells its class
        image[:, 2 : 5 + 2 * label, 10:22] = 255
    runs = list(train_classifier(images, labels, epochs=12, batch=64, rate=1e-2))
    assert runs[-1][1] < runs[0][1] / 2
    network = runs[-1][0]
    assert accuracy(network, images, labels) > 0.6
    save_classifier(network, tmp_path / "classifier-bars.safetensors", data="bars")
    monkeypatch.setattr("gan.metrics.classifier.SHIPPED_DATA", tmp_path)
    read = load_classifier("bars")
    torch.testing.assert_close(read(to_unit(images[:50])), network(to_unit(images[:50])), atol=0.05, rtol=0.01)


# Whole evaluations


@pytest.fixture(autouse=True)
def few_neighbours(monkeypatch):
    """Nearest pictures are looked for of a hundred: whose they are is asked above."""
    monkeypatch.setattr(evaluate, "NEIGHBOURS", 100)


class Fixed(nn.Module):
    """A generator that gives the same uint8 pictures, whatever the noise."""

    def __init__(self, images: torch.Tensor) -> None:
        super().__init__()
        self.images, self.given = images, 0

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        self.given += len(z)
        return to_unit(self.images[self.given - len(z) : self.given])


def dcgan_run(**settings) -> Run:
    config = DCGANConfig(**({"ngf": 4, "latent": 8} | settings))
    run = Run.create("duel", config)
    torch.manual_seed(0)
    generators, discriminators = DCGAN.networks(config)
    discriminators["d"].stages[-1].weight.data.mul_(100)  # verdicts that differ from picture to picture
    save_weights(run, generators, discriminators)
    run.set_info(status="finished", step=40)
    return run


def with_generators(monkeypatch, run: Run, **generators: nn.Module) -> None:
    """Give a run these generators instead of its own."""
    discriminators = load_networks(run)[1]
    networks = nn.ModuleDict(generators).eval(), discriminators
    monkeypatch.setattr("gan.metrics.evaluate.load_networks", lambda run, device="cpu": networks)


def test_training_pictures_as_samples_come_out_perfect_and_as_copies(monkeypatch):
    run, train = dcgan_run(), load("mnist", 32)
    with_generators(monkeypatch, run, g=Fixed(train.images))
    seen = set()
    found = evaluate.evaluate_dcgan(run, 1500, progress=lambda what, done, total: seen.add((what, done == total)))
    assert json.loads(json.dumps(found)) == found
    assert (found["count"], found["reference_count"], found["floor_count"]) == (1500, 1000, 1500)
    assert found["frechet"] == pytest.approx(found["frechet_floor"], abs=0.3)
    assert found["classes"]["covered"] == 10
    assert found["nearest"]["sample"] == 0
    assert found["nearest"]["test"] > 0.05
    assert "stand in" in sentence(found["note"], "en")
    assert ("sampling", True) in seen
    assert ("measuring", True) in seen


def test_samples_of_one_class_show_as_collapse(monkeypatch):
    run, train = dcgan_run(), load("mnist", 32)
    with_generators(monkeypatch, run, g=Fixed(train.images[train.labels == 1]))
    found = evaluate.evaluate_dcgan(run, 500)
    assert found["classes"]["covered"] == 1
    assert found["classes"]["shares"][1] > 0.98
    assert found["frechet"] > 20 * found["frechet_floor"]
    report = evaluate.text_report(found)
    assert "1 of 10 have 5 %" in report
    assert f"{found['frechet']:.4g}" in report


@pytest.mark.slow
def test_the_verdict_and_samples_are_those_of_the_runs_networks():
    run = dcgan_run()
    found = evaluate.evaluate_dcgan(run, 300, seed=5)
    generators, discriminators = load_networks(run)
    with torch.no_grad():
        fake = to_unit(to_uint8(generators["g"](noise(300, 8, 5))))  # nearly flat: rounding matters to instance norm
        d_fake = torch.sigmoid(discriminators["d"](fake)).mean()
        d_real = torch.sigmoid(discriminators["d"](to_unit(load("mnist", 32, split="test").images))).mean()
    assert found["d"] == {
        "real": pytest.approx(d_real.item(), abs=1e-4),
        "fake": pytest.approx(d_fake.item(), abs=1e-3),
    }
    assert found == evaluate.evaluate_dcgan(run, 300, seed=5)
    assert found["frechet"] != evaluate.evaluate_dcgan(run, 300, seed=6)["frechet"]


def folder_of(path, images: torch.Tensor, first: int = 0) -> None:
    path.mkdir(parents=True, exist_ok=True)
    for index, image in enumerate(images, start=first):
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(path / f"{index:03}.png")


def test_a_set_without_a_classifier_is_measured_in_texture(tmp_path, monkeypatch):
    folder_of(tmp_path / "mine", stripes(60, 4, 1))
    run = dcgan_run(data=str(tmp_path / "mine"), channels=3)
    with_generators(monkeypatch, run, g=Fixed(stripes(50, 4, 2)))
    good = evaluate.evaluate_dcgan(run, 50)
    assert good["features"] == "texture"
    assert "classes" not in good
    with_generators(monkeypatch, run, g=Fixed(stripes(50, 16, 2)))
    bad = evaluate.evaluate_dcgan(run, 50)
    assert good["frechet"] < bad["frechet"] / 10
    assert "local colour" in evaluate.text_report(good)


def cyclegan_run(data: str, size: int = 32) -> Run:
    config = CycleGANConfig(data=data, size=size, ngf=4, blocks=1, ndf=4, n_layers_d=2)
    run = Run.create("double-duel", config)
    torch.manual_seed(0)
    save_weights(run, *CycleGAN.networks(config))
    return run


class Shift(nn.Module):
    """Brightens by a share of full scale."""

    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = 2 * by

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.by


@pytest.fixture
def brighter(monkeypatch):
    """A small `emoji` whose second hand draws everything brighter by 51 of 255, with room to both sides."""
    drawn = torch.randint(60, 140, (60, 3, 32, 32), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    hands = {"noto": drawn, "twemoji": drawn + 51}
    monkeypatch.setattr("gan.data.emoji.COUNT", len(drawn))
    monkeypatch.setattr("gan.data.emoji.draw", lambda hand, size, only: hands[hand][only])


def test_a_perfect_translation_has_no_error_to_its_partner_and_none_of_the_cycle(brighter, monkeypatch):
    run = cyclegan_run("emoji")
    with_generators(monkeypatch, run, a2b=Shift(0.2), b2a=Shift(-0.2))
    found = evaluate.evaluate_cyclegan(run)
    assert json.loads(json.dumps(found)) == found
    for way in found["directions"].values():
        assert way["count"] == 6
        assert way["cycle"] == pytest.approx(0, abs=1e-6)
        assert way["identity"] == pytest.approx(0.2, abs=1e-5)
        assert way["change"] == pytest.approx(0.2, abs=1e-5)
        assert way["partner"]["output"] == pytest.approx(0, abs=1e-6)
        assert way["partner"]["nothing"] == pytest.approx(0.2, abs=1e-6)
        assert way["texture"]["output"] < way["texture"]["nothing"] / 100
        assert "herd" not in way
    report = evaluate.text_report(found)
    assert "AtoB, Noto to Twemoji, 6 test pictures" in report
    assert "(0.2000)" in report


def test_each_direction_uses_its_own_generators(brighter, monkeypatch):
    run = cyclegan_run("emoji")
    with_generators(monkeypatch, run, a2b=Shift(0.1), b2a=Shift(-0.15))
    there, back = evaluate.evaluate_cyclegan(run, count=5)["directions"].values()
    assert [there["identity"], back["identity"]] == pytest.approx([0.1, 0.15], abs=1e-5)
    assert [there["partner"]["output"], back["partner"]["output"]] == pytest.approx([0.1, 0.05], abs=3e-3)
    assert [there["cycle"], back["cycle"]] == pytest.approx([0.05, 0.05], abs=1e-5)
    assert there["count"] == 5


def test_the_herd_is_measured_with_its_own_measure():
    run = cyclegan_run("herd")
    for way in evaluate.evaluate_cyclegan(run, count=12)["directions"].values():
        assert {"coat", "ground", "colour"} <= way["herd"].keys()
        assert way["partner"]["nothing"] > 0


def test_doing_nothing_to_the_herd_leaves_the_ground_and_the_coat(monkeypatch):
    run = cyclegan_run("herd")
    with_generators(monkeypatch, run, a2b=nn.Identity(), b2a=nn.Identity())
    for way in evaluate.evaluate_cyclegan(run, count=24)["directions"].values():
        assert way["herd"]["coat"] < 0.2
        assert way["herd"]["ground"] == pytest.approx(0, abs=1e-6)
        assert way["herd"]["colour"] == pytest.approx(1, abs=1e-3)
        assert way["partner"]["output"] == way["partner"]["nothing"]
        assert way["cycle"] == way["identity"] == way["change"] == 0


def test_the_contact_sheet_shows_input_output_and_the_way_back_in_each_row(brighter, monkeypatch):
    run = cyclegan_run("emoji")
    with_generators(monkeypatch, run, a2b=Shift(0.2), b2a=Shift(-0.1))
    sheet = np.asarray(evaluate.contact_sheet(run, count=2)).astype(float)
    assert sheet.shape == (2 * 34 - 2, 6 * 34 - 2, 3)
    means = [sheet[:32, 34 * column : 34 * column + 32].mean() / 255 for column in range(6)]
    real_a, fake_b, rec_a, real_b, fake_a, rec_b = means
    steps = [fake_b - real_a, rec_a - real_a, real_b - real_a, fake_a - real_b, rec_b - real_b]
    assert steps == pytest.approx([0.2, 0.1, 0.2, -0.1, 0.1], abs=5e-3)


def test_the_wrong_model_and_a_single_picture_are_refused(tmp_path):
    run = dcgan_run()
    with pytest.raises(UserError, match="is a dcgan"):
        evaluate.evaluate_cyclegan(run)
    with pytest.raises(UserError, match="2 or more"):
        evaluate.evaluate_dcgan(run, 1)


def test_the_command_line_reports_for_people_and_for_machines(brighter, tmp_path, capsys):
    run = cyclegan_run("emoji")
    sheet = tmp_path / "sheet.png"
    assert main(["evaluate", run.name, "--sheet", str(sheet)]) == 0
    assert "cycle error" in capsys.readouterr().out
    assert Image.open(sheet).size == (6 * 34 - 2, 6 * 34 - 2)
    assert main(["evaluate", run.name, "--count", "4", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["directions"]["BtoA"]["count"] == 4
    # The plain mean over pictures, computed here from the run's own networks.
    generators, _ = load_networks(run)
    x = to_unit(load_pair("emoji", 32, split="test").a.images[:4])
    with torch.no_grad():
        rec = generators["b2a"](generators["a2b"](x).clamp(-1, 1)).clamp(-1, 1)
    assert found["directions"]["AtoB"]["cycle"] == pytest.approx(((rec - x).abs().mean() / 2).item(), rel=1e-4)


def test_a_result_is_recorded_in_the_journal_where_that_is_asked(brighter, capsys):
    run = cyclegan_run("emoji")
    asked = ["evaluate", run.name, "--count", "4", "--json"]
    assert main(asked) == 0
    assert not run.journal()
    assert main([*asked, "--record"]) == 0
    (event,) = run.journal()
    assert event["event"] == "evaluation"
    assert event["step"] == run.info["step"]
    assert event["directions"] == json.loads(capsys.readouterr().out.split("\n}\n")[0] + "}")["directions"]
    with run.lock().acquire(timeout=0):  # as a training holds it
        assert main([*asked, "--record"]) == 2
    assert len(run.journal()) == 1
