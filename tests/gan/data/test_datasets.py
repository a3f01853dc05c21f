"""Sets by name: where they are looked for, what comes out, and the batches drawn from them."""

import gzip
import hashlib
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan.data import datasets as data
from gan.data import emoji, official_sets, registry, torchvision_compat
from gan.data.datasets import PAIRS, SETS, load, load_pair, state
from gan.errors import UserError
from gan.paths import SHIPPED_DATA
from gan.words import sentence

REAL = os.environ.get("GAN_DATA")
needs_real_data = pytest.mark.skipif(not REAL, reason="GAN_DATA does not name a folder with the real sets")


@pytest.fixture(autouse=True)
def bare(drawings, tmp_path, monkeypatch):
    """A machine without any data: what is found below was put there by the test."""
    monkeypatch.delenv("GAN_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(registry, "SYSTEM", tmp_path / "system")


def write_idx(path: Path, values: np.ndarray, pack=gzip.compress) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    header = b"\0\0\x08" + bytes([values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    path.write_bytes(pack(header + values.astype(np.uint8).tobytes()))


def digits(folder: Path, train: int, test: int, *, end: str = ".gz") -> None:
    """Write a set like MNIST whose pictures are full of their own number; test ones start at 100."""
    pack = gzip.compress if end else bytes
    for stem, first, count in (("train", 0, train), ("t10k", 100, test)):
        numbers = np.arange(first, first + count)
        write_idx(folder / f"{stem}-images-idx3-ubyte{end}", np.ones((count, 28, 28)) * numbers[:, None, None], pack)
        write_idx(folder / f"{stem}-labels-idx1-ubyte{end}", numbers % 10, pack)


def pictures(folder: Path, count: int, *, first: int = 0, size=(20, 20), names="{:03}.png") -> None:
    """Write pictures whose red is their number, whose green is left of blue."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(first, first + count):
        Image.new("RGB", size, (index, 100, 200)).save(folder / names.format(index))


def numbers(images: torch.Tensor) -> list[int]:
    return images[:, 0, 0, 0].tolist()


# where sets are found


@pytest.mark.parametrize("layout", ["mnist", "MNIST/raw", "MNIST"])
@pytest.mark.parametrize("end", ["", ".gz"])
def test_idx_sets_are_found_in_every_layout(layout, end, tmp_path):
    digits(tmp_path / layout, 12, 5, end=end)
    train, test = (load("mnist", 28, split=split, root=tmp_path) for split in ("train", "test"))
    assert numbers(train.images) == list(range(12))
    assert numbers(test.images) == list(range(100, 105))
    assert test.labels.tolist() == [0, 1, 2, 3, 4]
    assert train.images.dtype == torch.uint8
    assert train.labels.dtype == torch.int64
    assert (train.note, train.classes) == ((), tuple("0123456789"))


def test_the_given_root_comes_before_the_environment_before_the_cache_before_the_system(tmp_path, monkeypatch):
    digits(tmp_path / "system/kmnist", 4, 1)
    assert len(load("kmnist", 28).images) == 4
    digits(tmp_path / "cache/spear-and-shield/KMNIST/raw", 3, 1)
    assert len(load("kmnist", 28).images) == 3
    monkeypatch.setenv("GAN_DATA", str(tmp_path / "named"))
    digits(tmp_path / "named/kmnist", 2, 1)
    assert len(load("kmnist", 28).images) == 2
    digits(tmp_path / "given/kmnist", 1, 1)
    assert len(load("kmnist", 28, root=tmp_path / "given").images) == 1


def test_state_tells_what_would_happen(tmp_path):
    assert {name: state(name) for name in SETS} == {
        "mnist": "shipped",
        "fashion-mnist": "shipped",
        "kmnist": "download",
        "cifar10": "download",
    }
    assert state("herd") == "here"
    assert state("horse2zebra") == "download"
    assert state("emoji") == "here"
    assert state("/nowhere") == state("/nowhere,/else") == "missing"
    digits(tmp_path / "mnist", 1, 1)
    pictures(tmp_path / "apple2orange-small/trainA", 1)
    pictures(tmp_path / "apple2orange-small/trainB", 1)
    assert state("mnist", tmp_path) == state("apple2orange", tmp_path) == state(str(tmp_path)) == "here"
    assert state("apple2orange-small/trainA, apple2orange-small/trainB", tmp_path) == "here"


def test_without_data_or_network_the_shipped_pictures_stand_in_and_say_so():
    for name in ("mnist", "fashion-mnist"):
        train, test = load(name, 32), load(name, 32, split="test")
        assert train.images.shape == (9000, 1, 32, 32)
        assert test.images.shape == (1000, 1, 32, 32)
        assert "9,000 pictures that travel with the project" in sentence(train.note, "en")
        assert train.labels.bincount().min() > 700
        assert test.labels.bincount().min() > 70
        seen = {image.numpy().tobytes() for image in train.images}
        assert sum(image.numpy().tobytes() in seen for image in test.images) <= 2  # a few trousers are twins
        assert len(SETS[name].classes) == 10


@needs_real_data
@pytest.mark.slow
def test_the_shipped_pictures_are_the_real_ones(monkeypatch):
    clothes = official_sets._read_idx(SHIPPED_DATA / "fashion-mnist/t10k-images-idx3-ubyte.xz")
    assert torch.equal(clothes[:, None], load("fashion-mnist", 28, split="test", root=REAL).images)
    known = {
        (image.numpy().tobytes(), int(label))
        for real in [load("mnist", 28, root=REAL)]
        for image, label in zip(real.images, real.labels, strict=True)
    }
    shipped = load("mnist", 28)
    assert all((i.numpy().tobytes(), int(n)) in known for i, n in zip(shipped.images, shipped.labels, strict=True))


def test_what_is_not_here_is_one_sentence_that_says_what_to_put_where():
    for name, layout in (("kmnist", "torchvision"), ("monet2photo", "monet2photo/trainA")):
        with pytest.raises(UserError, match=layout) as caught:
            load(name, 32)
        assert "GAN_DATA" in str(caught.value)
    with pytest.raises(UserError, match="herd, horse2zebra"):
        load("hoofs", 32)


@pytest.mark.parametrize(("arguments", "word"), [
    ({"split": "val"}, "split"), ({"size": 0}, "size"), ({"size": 5000}, "size"), ({"channels": 2}, "channel"),
])  # fmt: skip
def test_impossible_arguments_are_refused(arguments, word):
    with pytest.raises(UserError, match=word):
        load("mnist", **{"size": 32, **arguments})


@pytest.mark.parametrize("damage", [b"", b"not gzip", gzip.compress(b"\0\0\x08\x03short", mtime=0)])
def test_a_damaged_idx_file_is_named(damage, tmp_path):
    digits(tmp_path / "mnist", 3, 3)
    (tmp_path / "mnist/train-images-idx3-ubyte.gz").write_bytes(damage)
    with pytest.raises(UserError, match="train-images-idx3-ubyte"):
        load("mnist", 32, root=tmp_path)


def test_pictures_and_labels_that_do_not_fit_are_refused(tmp_path):
    digits(tmp_path / "mnist", 3, 3)
    write_idx(tmp_path / "mnist/train-labels-idx1-ubyte.gz", np.zeros(4))
    with pytest.raises(UserError, match="fit"):
        load("mnist", 32, root=tmp_path)


# sizes and channels


def test_digits_get_a_margin_at_32_and_are_interpolated_at_64(tmp_path):
    digits(tmp_path / "mnist", 200, 1)
    original = load("mnist", 28, root=tmp_path).images
    padded = load("mnist", 32, root=tmp_path).images
    assert torch.equal(padded[:, :, 2:30, 2:30], original)
    margin = padded.clone()
    margin[:, :, 2:30, 2:30] = 0
    assert margin.sum() == 0
    large = load("mnist", 64, root=tmp_path).images
    assert large.shape == (200, 1, 64, 64)
    assert torch.equal(large[:, 0, 32, 32], original[:, 0, 14, 14])
    assert large[:, :, 0].max() == 0


def test_grey_becomes_colour_and_colour_grey(tmp_path):
    digits(tmp_path / "mnist", 5, 1)
    colour = load("mnist", 32, channels=3, root=tmp_path).images
    grey = load("mnist", 32, channels=1, root=tmp_path).images
    assert torch.equal(colour, grey.repeat(1, 3, 1, 1))
    pictures(tmp_path / "folder", 3)
    assert load("folder", 16, root=tmp_path).images.shape == (3, 3, 16, 16)
    grey = load("folder", 16, channels=1, root=tmp_path).images
    expected = [round(0.299 * index + 0.587 * 100 + 0.114 * 200) for index in range(3)]
    assert numbers(grey) == expected


# torchvision


@pytest.mark.slow
def test_torchvision_is_imported_when_it_is_needed_and_beside_any_build_of_torch():
    code = (
        "import sys; from gan.data.datasets import load; load('mnist', 32); print('torchvision' in sys.modules);"
        "from gan.data.torchvision_compat import datasets; sets = datasets();"
        "print(sets.MNIST.__name__, sets.CIFAR10.__name__);"
        "from torchvision import transforms; print(transforms.Resize(2).size)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).resolve().parents[3]
    )
    assert done.stdout == "False\nMNIST CIFAR10\n2\n", done.stderr


def cifar(folder: Path, monkeypatch) -> None:
    """Write a tiny CIFAR-10 and tell torchvision its checksums."""
    kind = torchvision_compat.datasets().CIFAR10
    folder.mkdir(parents=True)

    def write(name: str, content: dict) -> list[str]:
        (folder / name).write_bytes(pickle.dumps(content))
        return [name, hashlib.md5((folder / name).read_bytes()).hexdigest()]

    def part(first: int) -> dict:
        pixels = np.zeros((4, 3, 32, 32), np.uint8)
        pixels[:, 0], pixels[:, 1], pixels[:, 2] = np.arange(first, first + 4)[:, None, None], 100, 200
        return {"data": pixels.reshape(4, -1), "labels": [0, 1, 2, 3]}

    monkeypatch.setattr(kind, "train_list", [write("data_batch_1", part(0)), write("data_batch_2", part(4))])
    monkeypatch.setattr(kind, "test_list", [write("test_batch", part(50))])
    name, md5 = write("batches.meta", {"label_names": list("0123456789")})
    monkeypatch.setattr(kind, "meta", {"filename": name, "key": "label_names", "md5": md5})


@pytest.mark.parametrize("layout", ["cifar-10-batches-py", "cifar10/cifar-10-batches-py"])
def test_cifar_is_read_where_it_lies(layout, tmp_path, monkeypatch):
    cifar(tmp_path / layout, monkeypatch)
    train, test = (load("cifar10", 32, split=split, root=tmp_path) for split in ("train", "test"))
    assert numbers(train.images) == list(range(8))
    assert train.images[0, :, 31, 31].tolist() == [0, 100, 200]
    assert train.labels.tolist() == [0, 1, 2, 3] * 2
    assert numbers(test.images) == [50, 51, 52, 53]
    assert load("cifar10", 64, channels=1, root=tmp_path).images.shape == (8, 1, 64, 64)


def test_cifar_files_with_other_contents_are_never_unpickled(tmp_path, monkeypatch):
    cifar(tmp_path / "cifar-10-batches-py", monkeypatch)

    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "sprung"),))

    (tmp_path / "cifar-10-batches-py/data_batch_1").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(UserError, match="official"):
        load("cifar10", 32, root=tmp_path)
    assert not (tmp_path / "sprung").exists()


def test_a_download_goes_to_the_root_and_is_read_from_there(tmp_path, monkeypatch):
    asked = []

    def fetch(kind, root):
        asked.append((kind, root))
        digits(root / kind / "raw", 7, 2)

    monkeypatch.setattr(torchvision_compat, "fetch", fetch)
    found = load("mnist", 32, root=tmp_path / "new", download=True)
    assert asked == [("MNIST", tmp_path / "new")]
    assert (len(found.images), found.note) == (7, ())
    load("mnist", 32, root=tmp_path / "new", download=True)
    assert len(asked) == 1


def test_a_download_that_fails_falls_back_on_the_shipped_pictures(monkeypatch):
    def fetch(kind, root):
        raise UserError("vision.download", kind=kind, root="here", why="offline")

    monkeypatch.setattr(torchvision_compat, "fetch", fetch)
    found = load("mnist", 32, download=True)
    assert len(found.images) == 9000
    assert sentence(found.note, "en").startswith(
        "Could not download MNIST into here (offline); check the network. 9,000 pictures"
    )
    with pytest.raises(UserError, match="check the network"):
        load("kmnist", 32, download=True)


def test_torchvisions_refusal_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(torchvision_compat.datasets().KMNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(UserError, match="Could not download KMNIST"):
        torchvision_compat.fetch("KMNIST", tmp_path)


# folders


def test_every_tenth_picture_of_a_folder_is_held_out(tmp_path):
    pictures(tmp_path, 25)
    train, test = (load(str(tmp_path), 20, split=split) for split in ("train", "test"))
    assert numbers(test.images) == [9, 19]
    assert numbers(train.images) == [index for index in range(25) if index not in (9, 19)]
    assert train.labels is None
    assert train.note == ()


def test_a_folder_too_small_to_hold_any_out_says_so(tmp_path):
    pictures(tmp_path, 9)
    assert len(load(str(tmp_path), 20).images) == 9
    test = load(str(tmp_path), 20, split="test")
    assert len(test.images) == 9
    assert "too few" in sentence(test.note, "en")


def test_folders_inside_a_folder_are_its_classes(tmp_path):
    pictures(tmp_path / "cat", 3)
    pictures(tmp_path / "dog", 2, first=50)
    (tmp_path / "empty").mkdir()
    found = load(str(tmp_path), 20)
    assert found.classes == ("cat", "dog")
    assert found.labels.tolist() == [0, 0, 0, 1, 1]
    assert numbers(found.images) == [0, 1, 2, 50, 51]


def test_unreadable_files_are_left_out_and_counted(tmp_path):
    pictures(tmp_path, 4)
    (tmp_path / "001.png").write_bytes(b"broken")
    found = load(str(tmp_path), 20)
    assert numbers(found.images) == [0, 2, 3]
    assert "1 of 4 files" in sentence(found.note, "en")
    for index in (0, 2, 3):
        (tmp_path / f"{index:03}.png").write_bytes(b"")
    with pytest.raises(UserError, match="None of the 4"):
        load(str(tmp_path), 20)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(UserError, match="no pictures"):
        load(str(tmp_path), 20)


# pairs


def standard(folder: Path) -> Path:
    for index, (side, count) in enumerate((("trainA", 30), ("trainB", 12), ("testA", 3), ("testB", 2))):
        pictures(folder / side, count, first=50 * index)
    return folder


@pytest.mark.parametrize("by", ["name", "folder", "folder under the root"])
def test_the_standard_layout_has_its_own_test_pictures(by, tmp_path):
    standard(tmp_path / "horse2zebra").rename(tmp_path / "horse2zebra" if by == "name" else tmp_path / "mine")
    name = {"name": "horse2zebra", "folder": str(tmp_path / "mine"), "folder under the root": "mine"}[by]
    train, test = (load_pair(name, 20, split=split, root=tmp_path) for split in ("train", "test"))
    assert numbers(train.a.images) == list(range(30))
    assert numbers(train.b.images) == list(range(50, 62))
    assert numbers(test.a.images) == [100, 101, 102]
    assert numbers(test.b.images) == [150, 151]
    assert not train.partners
    assert not test.partners
    assert test.masks is None
    assert (train.a.name, train.b.name) == (("horse", "zebra") if by == "name" else ("A", "B"))


def test_a_small_set_stands_in_with_a_hold_out_and_says_so(tmp_path):
    pictures(tmp_path / "apple2orange-small/trainA", 20)
    pictures(tmp_path / "apple2orange-small/trainB", 10)
    train, test = (load_pair("apple2orange", 20, split=split, root=tmp_path) for split in ("train", "test"))
    assert (len(train.a.images), len(train.b.images)) == (18, 9)
    assert (numbers(test.a.images), numbers(test.b.images)) == ([9, 19], [9])
    assert sentence(train.a.note, "en") == "apple2orange-small stands in for the full apple2orange."


def test_any_two_folders_make_a_pair(tmp_path):
    pictures(tmp_path / "summer", 4, size=(40, 20))
    pictures(tmp_path / "winter", 3, first=60, size=(20, 33))
    pair = load_pair(f"{tmp_path}/summer, winter", 20, root=tmp_path)
    assert (pair.a.name, pair.b.name) == ("summer", "winter")
    assert numbers(pair.b.images) == [60, 61, 62]
    assert pair.a.images.shape == (4, 3, 20, 20)
    for wrong in (f"{tmp_path}/summer,", f"{tmp_path}/summer,winter,winter", str(tmp_path)):
        with pytest.raises(UserError):
            load_pair(wrong, 20, root=tmp_path)


def test_a_pair_is_also_a_set_of_two_classes(tmp_path):
    standard(tmp_path / "horse2zebra")
    for name in ("horse2zebra", str(tmp_path / "horse2zebra")):
        found = load(name, 20, root=tmp_path, channels=1)
        assert found.images.shape == (42, 1, 20, 20)
        assert found.labels.tolist() == [0] * 30 + [1] * 12
    assert load("horse2zebra", 20, root=tmp_path, split="test").classes == ("horse", "zebra")


@pytest.mark.slow
def test_emoji_train_unpaired_and_are_tested_against_their_partners():
    noto, twemoji = (emoji.draw(hand, 32) for hand in ("noto", "twemoji"))
    assert noto.shape == twemoji.shape == (1906, 3, 32, 32)
    train, test = (load_pair("emoji", 32, split=split) for split in ("train", "test"))
    assert test.partners
    assert torch.equal(test.a.images, noto[9::10])
    assert torch.equal(test.b.images, twemoji[9::10])
    assert not train.partners
    numbers = [i for i in range(1906) if i % 10 != 9]
    places = {image.numpy().tobytes(): i for i, image in enumerate(noto)}
    found = [places[image.numpy().tobytes()] for image in train.a.images]
    assert {image.numpy().tobytes() for image in train.a.images} == {noto[i].numpy().tobytes() for i in numbers}
    assert found != sorted(found)
    same = [torch.equal(image, twemoji[i]) for image, i in zip(train.b.images, found, strict=True)]
    assert sum(same) < 8
    assert torch.equal(load_pair("emoji", 32).b.images, train.b.images)
    for side, some in zip((train.a, train.b), data.glimpse("emoji", 32, 12, seed=4), strict=True):
        assert len({image.numpy().tobytes() for image in some} & {i.numpy().tobytes() for i in side.images}) == 12


@needs_real_data
def test_the_shipped_emoji_are_the_real_ones_pixel_by_pixel():
    for hand in ("noto", "twemoji"):
        files = sorted(Path(REAL, "emoji", hand).glob("*.png"))
        pixels = [np.asarray(Image.open(file).convert("RGB")).transpose(2, 0, 1) for file in files]
        assert np.array_equal(emoji.draw(hand, 64).numpy(), np.stack(pixels))


def test_the_herd_is_drawn_unpaired_for_training_and_with_partners_and_masks_for_testing():
    train, test = load_pair("herd", 32), load_pair("herd", 32, split="test")
    assert train.a.images.shape == train.b.images.shape == (data.HERD, 3, 32, 32)
    assert not train.partners
    assert train.masks is None
    assert test.a.images.shape == test.b.images.shape == (200, 3, 32, 32)
    assert test.partners
    assert (test.masks.shape, test.masks.dtype) == ((200, 1, 32, 32), torch.bool)
    difference = (test.a.images.int() - test.b.images.int()).abs().amax(1, keepdim=True)
    assert difference[~test.masks].max() <= 8  # partners share the ground
    assert difference[test.masks].float().mean() > 20
    seen = {image.numpy().tobytes() for image in train.a.images}
    assert not any(image.numpy().tobytes() in seen for image in test.a.images)
    glimpsed = data.glimpse("herd", 32, 12, seed=4)
    for side, some in zip((train.a, train.b), glimpsed, strict=True):
        pile = {image.numpy().tobytes() for image in side.images}
        assert len({image.numpy().tobytes() for image in some} & pile) == 12  # those trained on, none twice
    assert not torch.equal(data.glimpse("herd", 32, 12, seed=5)[0], glimpsed[0])


def test_an_official_pair_is_downloaded_only_when_allowed(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "official_pair", lambda name, root, progress: standard(root / name))
    with pytest.raises(UserError, match="download"):
        load_pair("maps", 20)
    assert len(load_pair("maps", 20, download=True).a.images) == 30
    assert state("maps") == "here"
    assert (tmp_path / "cache/spear-and-shield/maps/trainA").is_dir()


@needs_real_data
def test_the_real_sets_load():
    assert load("mnist", 32, root=REAL).images.shape == (60000, 1, 32, 32)
    assert load("fashion-mnist", 32, split="test", root=REAL).images.shape == (10000, 1, 32, 32)
    assert state("horse2zebra", REAL) == "here"
    test = load_pair("horse2zebra", 128, split="test", root=REAL)
    assert test.a.images.shape == test.b.images.shape == (20, 3, 128, 128)
    assert load_pair("apple2orange", 64, root=REAL).b.images.shape == (540, 3, 64, 64)


def test_every_record_names_what_it_is():
    assert all(record.title and record.channels in (1, 3) and len(record.classes) == 10 for record in SETS.values())
    assert all(record.title and record.a and record.b for record in PAIRS.values())


@pytest.mark.parametrize("count", [1, 100, 900])
def test_a_subset_is_always_the_same_pictures_with_their_labels(count):
    whole, some, again = (load("mnist", 28, **how) for how in ({}, {"subset": count}, {"subset": count}))
    assert len(some.images) == min(count, len(whole.images))
    assert torch.equal(some.images, again.images)
    known = {image.numpy().tobytes(): label for image, label in zip(whole.images, whole.labels.tolist(), strict=True)}
    assert [known[image.numpy().tobytes()] for image in some.images[:100]] == some.labels[:100].tolist()
    fewer = load("mnist", 28, subset=50).images
    assert torch.equal(some.images[:50], fewer[: len(some.images)])  # the fewer are among the more


def test_a_subset_of_a_pair_is_so_many_of_each_pile_and_more_than_there_are_is_all():
    some = load_pair("emoji", 16, subset=20)
    assert (len(some.a.images), len(some.b.images)) == (20, 20)
    whole, more = load_pair("emoji", 16), load_pair("emoji", 16, subset=10**6)
    assert torch.equal(whole.a.images, more.a.images)
