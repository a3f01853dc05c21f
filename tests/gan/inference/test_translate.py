"""Pictures through generators: sizes, detail, files, refusals."""

import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from gan.core.checkpoint import load_networks, save_weights
from gan.core.cyclegan import CycleGAN, CycleGANConfig
from gan.core.dcgan import DCGANConfig
from gan.errors import UserError
from gan.inference.translate import as_seen, translate, translate_path, translate_through
from gan.runs.run import Run
from tests.small_cyclegan import small_cyclegan


def noise(width, height, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def difference(a, b):
    return np.abs(np.asarray(a, np.float32) - np.asarray(b, np.float32))


class Seen:
    """A generator that changes nothing and remembers the size of what it saw."""

    def __call__(self, x):
        self.shape = tuple(x.shape)
        assert -1 <= x.min() <= x.max() <= 1
        return x


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """An untrained run whose generators do change pictures."""
    config = CycleGANConfig(data="herd", size=32, ngf=4, ndf=4, blocks=1, n_layers_d=2)
    run = Run.create("tiny", config, tmp_path_factory.mktemp("runs"))
    torch.manual_seed(0)
    save_weights(run, *CycleGAN.networks(config))
    return run


@pytest.mark.parametrize(
    ("given", "expected", "seen"),
    [
        ((256, 256), (256, 256), (128, 128)),
        ((300, 200), (300, 200), (192, 128)),
        ((201, 303), (201, 303), (128, 196)),  # 193 is not a multiple of 4
        ((20, 20), (20, 20), (128, 128)),
        ((1, 1), (1, 1), (128, 128)),
        ((4000, 3000), (1024, 768), (172, 128)),
        ((3000, 3), (1024, 1), (512, 16)),
        ((2, 900), (2, 900), (16, 512)),
    ],
)
def test_any_size_and_shape_comes_back_in_its_own_size_up_to_the_limit(given, expected, seen):
    generator = Seen()
    result = translate(generator, Image.new("RGB", given, (200, 30, 90)), size=128)
    assert result.size == expected
    width, height = generator.shape[3], generator.shape[2]
    assert (width, height) == seen
    assert difference(result, Image.new("RGB", expected, (200, 30, 90))).max() <= 1


@pytest.mark.parametrize(
    ("sides", "layers", "shape"),
    [
        ({"size": 128}, 3, (128, 168)),  # 167 pixels wide
        ({"size": 160, "crop": 112}, 3, (128, 168)),
        ({"size": 128, "crop": 100}, 3, (132, 172)),  # trained with a last column that D loses
        ({"size": 128, "crop": 100}, 2, (128, 168)),
        ({"size": 128}, 4, (128, 176)),
        ({"size": 128}, 1, (128, 168)),
    ],
)
def test_halved_by_d_a_picture_leaves_what_those_of_the_training_left(sides, layers, shape):
    config = CycleGANConfig(n_layers_d=layers, **sides)
    x = as_seen(noise(300, 230), 128, config)
    assert x.shape == (1, 3, *shape)
    for length in shape:
        assert (length - (config.crop or config.size)) % max(4, 2**layers) == 0
    assert as_seen(noise(1, 900), 128, config).shape[3] >= 16


def test_a_generator_that_changes_nothing_leaves_every_detail():
    picture = noise(500, 300)
    assert difference(translate(Seen(), picture, size=64), picture).max() <= 1


def test_at_the_training_size_the_result_is_the_generators_own_output(run):
    generator = load_networks(run)[0]["a2b"]
    picture = noise(32, 32)
    x = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 127.5 - 1
    with torch.no_grad():
        own = ((generator(x)[0].permute(1, 2, 0) + 1) * 127.5).round().clamp(0, 255).numpy()
    assert difference(translate(generator, picture, size=32), own).max() <= 1
    assert difference(own, picture).mean() > 10  # the network does something


def test_a_change_reaches_a_larger_picture_where_it_was_made():
    def darken_left(x):
        x = x.clone()
        x[..., : x.shape[-1] // 2] = -1
        return x

    picture = Image.new("RGB", (400, 400), (180, 180, 180))
    result = np.asarray(translate(darken_left, picture, size=64))
    assert result[:, :180].max() < 12
    assert (result[:, 220:] > 170).all()


def test_fine_detail_stays_where_little_changed_and_goes_where_much_did():
    """Stripes one pixel wide, which no generator sees at half the size: gone only where it painted."""

    def paint_left(x):
        x = x.clone()
        x[..., : x.shape[-1] // 2] = 1
        return x

    pixels = np.zeros((256, 256, 3), np.uint8)
    pixels[:, ::2] = 120
    result = np.asarray(translate(paint_left, Image.fromarray(pixels), size=128)).astype(float)
    assert result[:, 10:110].std() < 2
    assert (result[:, 146:] == pixels[:, 146:]).all()


def test_an_image_of_any_mode_is_taken_as_rgb():
    assert translate(Seen(), Image.new("L", (40, 40), 99), size=32).mode == "RGB"


def test_the_way_back_starts_from_the_translation():
    def invert(x):
        return -x

    picture = noise(64, 48)
    fake, rec = translate_through([invert, invert], picture, size=48)
    assert difference(fake, 255 - np.asarray(picture, np.float32)).max() <= 1
    assert difference(rec, picture).max() <= 1


def test_a_file_is_translated_to_a_file_or_into_a_folder(run, tmp_path):
    noise(50, 40).save(tmp_path / "in.png")
    out = tmp_path / "deep" / "out.jpg"
    assert translate_path(run, tmp_path / "in.png", out) == [out]
    with Image.open(out) as image:
        assert (image.format, image.size) == ("JPEG", (50, 40))
    (tmp_path / "folder").mkdir()
    assert translate_path(run, tmp_path / "in.png", tmp_path / "folder", "BtoA") == [tmp_path / "folder" / "in.png"]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".gif", ".bmp", ".tif"])
def test_every_ending_that_can_be_read_can_be_written(run, tmp_path, suffix):
    noise(40, 40).save(tmp_path / "in.png")
    (out,) = translate_path(run, tmp_path / "in.png", tmp_path / f"out{suffix}")
    with Image.open(out) as image:
        assert image.size == (40, 40)


def test_the_directions_are_different_generators(run, tmp_path):
    noise(40, 40).save(tmp_path / "in.png")
    for direction in ("AtoB", "BtoA"):
        translate_path(run, tmp_path / "in.png", tmp_path / f"{direction}.png", direction)
    with Image.open(tmp_path / "AtoB.png") as there, Image.open(tmp_path / "BtoA.png") as back:
        assert difference(there, back).mean() > 5


def test_a_run_may_name_the_size_its_pictures_are_seen_at(run, tmp_path):
    from gan.inference.translate import seen_size

    noise(80, 80).save(tmp_path / "in.png")
    assert seen_size(run, "AtoB") == run.config.size == 32
    translate_path(run, tmp_path / "in.png", tmp_path / "before.png")
    run.set_info(seen={"AtoB": 48})
    assert (seen_size(run, "AtoB"), seen_size(run, "BtoA")) == (48, 32)
    translate_path(run, tmp_path / "in.png", tmp_path / "after.png")
    run.set_info(seen={})
    expected = translate(load_networks(run)[0]["a2b"], noise(80, 80), size=48)
    with Image.open(tmp_path / "before.png") as before, Image.open(tmp_path / "after.png") as after:
        assert difference(after, expected).max() == 0
        assert difference(before, expected).max() > 10


def test_a_folder_is_translated_picture_by_picture_and_what_is_no_picture_is_left_out(run, tmp_path):
    source, told = tmp_path / "in", []
    source.mkdir()
    for name in ("b.png", "a.jpg"):
        noise(40, 30).save(source / name)
    (source / "c.png").write_text("no picture")
    (source / "notes.txt").write_text("no picture either")
    written = translate_path(run, source, tmp_path / "out", progress=lambda *what: told.append(what))
    assert [path.name for path in written] == ["a.jpg", "b.png"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.jpg", "b.png"]
    assert told == [("translating", done, 3) for done in (1, 2, 3)]


def test_what_cannot_be_done_is_refused_in_a_sentence(run, tmp_path):
    noise(40, 40).save(tmp_path / "in.png")
    (tmp_path / "bad.png").write_bytes((tmp_path / "in.png").read_bytes()[:500])
    (tmp_path / "empty").mkdir()
    (tmp_path / "unreadable").mkdir()
    (tmp_path / "unreadable" / "x.png").write_text("no picture")
    dcgan = Run.create("other", DCGANConfig(), tmp_path / "runs")
    for arguments, sentence in (
        ((run, tmp_path / "none.png", tmp_path / "out.png"), "no picture none.png"),
        ((run, tmp_path / "bad.png", tmp_path / "out.png"), "damaged"),
        ((run, tmp_path / "in.png", tmp_path / "out.doc"), "end its name"),
        ((run, tmp_path / "in.png", tmp_path / "in.png"), "overwrite"),
        ((run, tmp_path, tmp_path), "overwrite"),
        ((run, tmp_path / "empty", tmp_path / "out"), "no pictures"),
        ((run, tmp_path / "unreadable", tmp_path / "out"), "None of the 1 files"),
        ((run, tmp_path, tmp_path / "in.png"), "is a file"),
        ((run, tmp_path / "in.png", tmp_path / "out.png", "there"), "AtoB, BtoA"),
        ((dcgan, tmp_path / "in.png", tmp_path / "out.png"), "needs a cyclegan"),
    ):
        with pytest.raises(UserError, match=sentence):
            translate_path(*arguments)
    assert not (tmp_path / "out.png").exists()


# Many at once, and what is left out


def test_the_command_says_which_files_it_left_out_and_why_and_ends_with_1(tmp_path, monkeypatch, capsys):
    from gan.__main__ import main

    monkeypatch.setenv("GAN_RUNS", str(tmp_path / "runs"))
    small_cyclegan(tmp_path / "runs", "fruit")
    source = tmp_path / "in"
    source.mkdir()
    Image.new("RGB", (40, 32), "red").save(source / "good.png")
    (source / "IMG_7.CR2").write_bytes(b"raw")
    (source / "torn.jpg").write_bytes(b"\xff\xd8\xff torn")
    (source / "notes.txt").write_text("nobody asked for this one")
    assert main(["translate", "fruit", str(source), str(tmp_path / "out")]) == 1
    told = capsys.readouterr()
    assert "1 picture written to" in told.out
    assert "Left out: 2 of 3 files." in told.err
    assert "  IMG_7.CR2: Cannot read IMG_7.CR2: it is a camera's raw file; export it as a JPEG." in told.err
    assert "  torn.jpg: Cannot read torn.jpg as a picture" in told.err
    for name in ("IMG_7.CR2", "torn.jpg"):
        (source / name).unlink()
    assert main(["translate", "fruit", str(source), str(tmp_path / "out")]) == 0
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.write(source / "good.png", "a/good.png")
        archive.writestr("b/bad.png", b"bad")
    assert main(["translate", "fruit", str(tmp_path / "some.zip"), str(tmp_path / "out")]) == 1
    assert "  b-bad.png: Cannot read bad.png as a picture" in capsys.readouterr().err
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("b/bad.png", b"bad")
    assert main(["translate", "fruit", str(tmp_path / "bad.zip"), str(tmp_path / "out")]) == 2
    assert "None of the 1 files" in capsys.readouterr().err


def test_results_of_formats_that_are_only_read_are_jpegs_and_none_is_lost(tmp_path):
    run = small_cyclegan(tmp_path / "runs", "fruit")
    source = tmp_path / "in"
    source.mkdir()
    for name in ("a.heic", "a.jpg", "a.JPEG", "scan"):
        Image.new("RGB", (40, 32), "red").save(source / name, "PNG")
    written = translate_path(run, source, tmp_path / "out")
    assert sorted(file.name for file in written) == ["a-2.jpg", "a.JPEG", "a.jpg", "scan.jpg"]
    assert {Image.open(file).format for file in written} == {"JPEG"}
