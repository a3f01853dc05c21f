"""One's own pictures: what strangers send becomes pictures in a folder, or a name in a list."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from gan.data import uploads
from gan.data.datasets import load, load_pair
from gan.data.uploads import Taken, advice, preview, take
from gan.errors import UserError
from gan.images import to_image
from gan.words import Words


def photo(seed: int, size=(90, 70)) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def photos(folder: Path, count: int, first: int = 0) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        photo(number).save(folder / f"{number}.png")
    return [folder / f"{number}.png" for number in range(first, first + count)]


def test_pictures_and_zips_become_a_folder_to_train_on(tmp_path):
    files = photos(tmp_path / "in", 6)
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        for file in photos(tmp_path / "zipped", 6, first=6):
            archive.write(file, f"../../deep/{file.name}")
        archive.writestr("/etc/passwd.png", files[0].read_bytes())
        archive.writestr("readme.txt", "no picture")
    told, target = [], tmp_path / "out" / "mine"
    taken = take([*files, tmp_path / "more.zip"], target, size=32, progress=lambda *report: told.append(report))
    assert (taken.count, taken.left_out, taken.duplicates) == (12, (), ("etc-passwd.png",))
    assert told[-1] == ("reading your pictures", 13, 13)
    assert [path.name for path in sorted(taken.folder.iterdir())] == [f"{n:05}.png" for n in range(1, 13)]
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} >= {"more.zip", "00001.png"}
    assert not list(tmp_path.rglob("passwd*"))
    assert not list((tmp_path / "out").glob(".*"))
    with Image.open(taken.folder / "00001.png") as kept:
        assert kept.size == (51, 40)  # its own shape, the shorter side at 1.25 x 32
    assert load(str(taken.folder), 32).images.shape == (11, 3, 32, 32)
    take(photos(tmp_path / "b", 3, first=50), tmp_path / "pair" / "trainB", size=32)
    take(files, tmp_path / "pair" / "trainA", size=32)
    pair = load_pair(str(tmp_path / "pair"), 32)
    assert (len(pair.a.images), len(pair.b.images)) == (6, 3)


def test_what_is_hostile_or_broken_is_named_and_what_is_odd_is_taken_right(tmp_path):
    good = photos(tmp_path / "in", 2)
    put = tmp_path / "in"
    Image.new("1", (30_000, 30_000)).save(put / "bomb.png")
    photo(3, (300, 300)).save(put / "whole.jpg", quality=95)
    (put / "torn.jpg").write_bytes((put / "whole.jpg").read_bytes()[:900])
    (put / "letter.jpg").write_text("dear teacher")
    photo(4).convert("CMYK").save(put / "print.jpg")
    deep = (np.asarray(photo(5).convert("L"), np.uint16) * 257).astype(np.uint16)
    Image.fromarray(deep).save(put / "deep.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    photo(6, (90, 60)).save(put / "turned.jpg", exif=exif, quality=95)
    clear = photo(7).convert("RGBA")
    clear.putalpha(0)
    clear.save(put / "clear.png")
    photo(8).convert("P").save(put / "moving.gif", save_all=True, append_images=[photo(9).convert("P")])
    bad = ["bomb.png", "torn.jpg", "letter.jpg"]
    fine = ["print.jpg", "deep.png", "turned.jpg", "clear.png", "moving.gif"]
    taken = take([*good, *(put / name for name in bad + fine)], tmp_path / "mine", size=64)
    assert [name for name, _ in taken.left_out] == bad
    assert all(len(str(why)) > 20 for _, why in taken.left_out)
    assert taken.count == 7
    images = [Image.open(path) for path in sorted(taken.folder.iterdir())]
    assert all(image.mode == "RGB" for image in images)
    assert images[4].size == (60, 90)
    assert np.asarray(images[5]).min() == 255  # transparent is laid on white
    expected = np.asarray(photo(5).convert("L"), float)
    assert np.abs(np.asarray(images[3], float)[..., 0] - np.asarray(
        Image.fromarray(expected.astype(np.uint8)).resize(images[3].size), float)).mean() < 6  # fmt: skip


def test_a_picture_twice_is_kept_once_however_it_was_saved(tmp_path):
    files = photos(tmp_path / "in", 3)
    photo(1).save(tmp_path / "in" / "again.jpg", quality=90)
    taken = take([*files, files[0], tmp_path / "in" / "again.jpg"], tmp_path / "mine", size=64)
    assert taken.count == 3
    assert taken.duplicates == ("0.png", "again.jpg")
    assert take(files, tmp_path / "other", size=64).duplicates == ()


def test_limits_are_said_and_leave_nothing(tmp_path, monkeypatch):
    files = photos(tmp_path / "in", 4)
    with pytest.raises(UserError, match=r"At least two different pictures.*1 could be read"):
        take(files[:1] * 2, tmp_path / "mine", size=32)
    (tmp_path / "bad.png").write_text("no")
    with pytest.raises(UserError, match=r"0 could be read. bad.png: Cannot read"):
        take([tmp_path / "bad.png"], tmp_path / "mine", size=32)
    (tmp_path / "bad.zip").write_text("no")
    with pytest.raises(UserError, match="cannot be read as a zip"):
        take([tmp_path / "bad.zip"], tmp_path / "mine", size=32)
    monkeypatch.setattr(uploads, "MOST_BYTES", 9000)
    with pytest.raises(UserError, match="MB: give fewer"):
        take(files, tmp_path / "mine", size=64)
    monkeypatch.setattr(uploads, "MAX_PICTURES", 3)
    with pytest.raises(UserError, match="4 pictures; up to 3"):
        take(files, tmp_path / "mine", size=64)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.png", "bad.zip", "in"]
    monkeypatch.undo()
    take(files[:2], tmp_path / "mine", size=32)
    with pytest.raises(UserError, match="already is"):
        take(files[:2], tmp_path / "mine", size=32)


def test_a_crash_in_the_middle_leaves_no_folder_that_looks_finished(tmp_path, monkeypatch):
    files, original = photos(tmp_path / "in", 4), uploads._keep

    def crash(image, stem, size):
        if stem.name == "00003":
            raise OSError("no space")
        return original(image, stem, size)

    monkeypatch.setattr(uploads, "_keep", crash)
    with pytest.raises(OSError, match="no space"):
        take(files, tmp_path / "mine", size=32)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_advice_says_what_is_too_few_too_small_or_uneven():
    def pile(count, side=100, **more):
        values = {"left_out": (), "duplicates": ()} | more
        return Taken(Path("x"), count, (side,) * count, **values)

    assert advice([pile(500)], "dcgan", 64) == []
    assert advice([pile(499)], "dcgan", 64) == [Words("advice.few", count=499, wanted=500)]
    assert advice([pile(99)], "dcgan", 64) == [Words("advice.hopeless", count=99, wanted=500)]
    assert advice([pile(200), pile(200)], "cyclegan", 64) == []
    assert advice([pile(200), pile(49)], "cyclegan", 64) == [
        Words("advice.hopeless", count=49, wanted=200),
        Words("advice.uneven", less=49, more=200),
    ]
    assert advice([pile(600, 40)], "dcgan", 64) == [Words("advice.small", count=600, size=64, side=40)]
    assert advice([pile(600, left_out=(("a", "b"),), duplicates=("c", "d"))], "dcgan", 64) == [
        Words("advice.duplicates", count=2),
        Words("advice.left_out", count=1),
    ]


def test_a_preview_shows_pictures_from_first_to_last(tmp_path):
    taken = take(photos(tmp_path / "in", 20), tmp_path / "mine", size=64)
    assert preview(taken.folder).size == (6 * 66 - 2, 2 * 66 - 2)
    assert preview(taken.folder, count=3).size == (3 * 66 - 2, 64)


# Copies, and what only looks like one


def drawing(seed: int, width: int, size: int = 512) -> Image.Image:
    points = np.random.default_rng(seed).integers(40, size - 40, (4, 2))
    image = Image.new("RGB", (size, size), "white")
    ImageDraw.Draw(image).polygon([tuple(map(int, point)) for point in points], outline="black", width=width)
    return image


def put(folder: Path, pictures: list[Image.Image]) -> list[Path]:
    folder.mkdir()
    for number, picture in enumerate(pictures):
        picture.save(folder / f"{number}.png")
    return [folder / f"{number}.png" for number in range(len(pictures))]


@pytest.mark.parametrize(("width", "size"), [(1, 32), (1, 128), (3, 32), (3, 64)])
def test_different_drawings_in_thin_lines_are_all_kept(tmp_path, width, size):
    taken = take(put(tmp_path / "in", [drawing(seed, width) for seed in range(12)]), tmp_path / "mine", size=size)
    assert (taken.count, taken.duplicates) == (12, ())


def test_different_digits_of_the_same_class_are_all_kept(tmp_path):
    ones = load("mnist", 28)
    ones = ones.images[ones.labels == 1][:60]
    files = put(tmp_path / "in", [to_image(one).convert("RGB") for one in ones])
    assert take(files, tmp_path / "mine", size=32).count == len({one.numpy().tobytes() for one in ones})


def test_the_same_shape_in_another_colour_and_a_moved_one_are_different_pictures(tmp_path):
    shapes = []
    for colour, left in (("red", 100), ("green", 100), ("red", 112)):
        image = Image.new("RGB", (300, 300), "white")
        ImageDraw.Draw(image).ellipse((left, 100, left + 90, 190), fill=colour)
        shapes.append(image)
    assert take(put(tmp_path / "in", shapes), tmp_path / "mine", size=64).count == 3


def test_copies_are_known_resized_saved_anew_or_even_and_named_with_their_originals(tmp_path):
    files = put(tmp_path / "in", [drawing(1, 3), photo(2, (400, 300)), Image.new("RGB", (90, 90), "white")])
    folder = tmp_path / "in"
    photo(2, (400, 300)).resize((200, 150), Image.Resampling.LANCZOS).save(folder / "half.jpg", quality=80)
    drawing(1, 3).save(folder / "anew.jpg", quality=60)
    Image.new("RGB", (90, 90), "white").save(folder / "blank.bmp")
    copies = [folder / name for name in ("half.jpg", "anew.jpg", "blank.bmp")]
    taken = take([*files, *copies], tmp_path / "mine", size=64)
    assert taken.duplicates == ("half.jpg", "anew.jpg", "blank.bmp")
    assert taken.originals == ("1.png", "0.png", "2.png")
    with pytest.raises(UserError, match=r"and 1 could be read\. 6 more are copies of it: 0\.png, .*, \.\.\.\."):
        take(files[:1] * 7, tmp_path / "other", size=64)


def test_the_frames_of_a_film_are_compared_with_few_others(tmp_path, monkeypatch):
    frames, opened, original = [], [], uploads._difference
    for number in range(20):  # a still scene in which something small moves
        frame = photo(1, (200, 150))
        ImageDraw.Draw(frame).ellipse((9 * number, 60, 9 * number + 12, 72), fill="white", outline="black")
        frames.append(frame)
    monkeypatch.setattr(uploads, "COMPARED", 3)
    monkeypatch.setattr(uploads, "_difference", lambda *both: opened.append(both) or original(*both))
    files = put(tmp_path / "in", frames)
    frames[0].save(tmp_path / "in" / "again.jpg", quality=85)
    taken = take([*files, tmp_path / "in" / "again.jpg"], tmp_path / "mine", size=64)
    assert (taken.count, taken.originals) == (20, ("0.png",))
    assert 20 < len(opened) <= 3 * 20


def test_the_same_pictures_in_both_piles_are_told(tmp_path):
    files = photos(tmp_path / "in", 3)
    piles = [take(files, tmp_path / name, size=32) for name in "ab"]
    assert Words("advice.same") in advice(piles, "cyclegan", 32)
    other = take(photos(tmp_path / "more", 3, first=9), tmp_path / "c", size=32)
    assert Words("advice.same") not in advice([piles[0], other], "cyclegan", 32)
