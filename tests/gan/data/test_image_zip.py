"""Zip archives from strangers: read in place, named safely, refused in a sentence."""

import io
import zipfile

import pytest
from PIL import Image

from gan.data import image_zip
from gan.errors import UserError
from gan.images import open_picture
from gan.inference.translate import translate_path
from tests.small_cyclegan import small_cyclegan


def picture(colour="red", size=(40, 30)):
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def archive(path, members):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members:
            file.writestr(zipfile.ZipInfo(name), content)
    return path


def test_names_are_fit_for_a_folder_and_none_is_lost(tmp_path):
    colours = ["red", "lime", "blue", "white", "black", "cyan"]
    names = ["a.png", "deep/er/a.png", "../../a.png", "/etc/a.png", "C:\\Users\\b.PNG", "..\\A.png"]
    path = archive(
        tmp_path / "some.zip",
        [
            *zip(names, map(picture, colours), strict=True),
            *[(name, picture()) for name in ("__MACOSX/a.png", "x/.hidden.png", "folder.png/")],
            ("notes.txt", b"no picture"),
        ],
    )
    found = image_zip.pictures_in(path)
    assert list(found) == ["a.png", "deep-er-a.png", "a-2.png", "etc-a.png", "C-Users-b.PNG", "A-3.png"]
    shown = [open_picture(opened()).getpixel((0, 0)) for opened in found.values()]
    assert shown == [Image.new("RGB", (1, 1), colour).getpixel((0, 0)) for colour in colours]


def test_what_cannot_be_taken_is_refused_in_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "no.zip").write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(UserError, match="zip archive"):
        image_zip.pictures_in(tmp_path / "no.zip")
    with pytest.raises(UserError, match="zip archive"):
        image_zip.pictures_in(tmp_path / "nowhere.zip")
    path = archive(tmp_path / "some.zip", [(f"{n}.png", picture()) for n in range(3)])
    monkeypatch.setattr(image_zip, "MAX_PICTURES", 2)
    with pytest.raises(UserError, match="3 pictures"):
        image_zip.pictures_in(path)
    monkeypatch.setattr(image_zip, "MAX_PICTURES", 3)
    monkeypatch.setattr(image_zip, "LARGEST", 50)
    with pytest.raises(UserError, match="larger than"):
        image_zip.pictures_in(path)["0.png"]()


def test_a_damaged_or_locked_member_is_refused_alone(tmp_path):
    path = archive(tmp_path / "some.zip", [("a.png", picture()), ("b.png", picture())])
    data = bytearray(path.read_bytes())
    at = data.find(picture()) + 60
    data[at : at + 8] = b"\xff" * 8  # the checksum no longer fits
    path.write_bytes(data)
    found = image_zip.pictures_in(path)
    with pytest.raises(UserError, match="damaged"):
        found["a.png"]()
    assert open_picture(found["b.png"]()).size == (40, 30)


def test_a_zip_is_translated_into_a_folder_and_nowhere_else(tmp_path):
    run = small_cyclegan(tmp_path / "runs", "fruit", "apple2orange")
    members = [("../out.png", picture()), ("in/b.png", picture("blue")), ("bad.png", b"no picture"), ("x.txt", b"")]
    path = archive(tmp_path / "some.zip", members)
    before = set(tmp_path.rglob("*"))
    written = translate_path(run, path, tmp_path / "results")
    assert [file.name for file in written] == ["out.png", "in-b.png"]
    assert set(tmp_path.rglob("*")) - before == {tmp_path / "results", *written}
    with pytest.raises(UserError, match="no pictures"):
        translate_path(run, archive(tmp_path / "empty.zip", [("x.txt", b"")]), tmp_path / "results")
    with pytest.raises(UserError, match="is a file"):
        translate_path(run, path, written[0])


# Names as other systems write them


def unflagged(path, names, encoding):
    """A zip whose names are bytes of an encoding that the archive does not name."""
    stand_ins = [f"{number:02}.png".rjust(len(name.encode(encoding)), "_") for number, name in enumerate(names)]
    archive(path, [(stand_in, picture()) for stand_in in stand_ins])
    data = path.read_bytes()
    for stand_in, name in zip(stand_ins, names, strict=True):
        data = data.replace(stand_in.encode(), name.encode(encoding))
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("encoding", ["cp949", "utf-8"])
def test_names_from_korean_windows_are_read_as_they_were_written(tmp_path, encoding):
    names = ["한글 사진 가나다.png", "우리반/얼룩말.png", "뷁뚫샾.png", "plain ascii name.png"]
    found = image_zip.pictures_in(unflagged(tmp_path / "some.zip", names, encoding))
    assert list(found) == ["한글 사진 가나다.png", "우리반-얼룩말.png", "뷁뚫샾.png", "plain ascii name.png"]
    assert all(open_picture(opened()).size == (40, 30) for opened in found.values())


@pytest.mark.parametrize("names", [["Müller im café.png", "naïve Ñandú.png"], ["Größe.png"]])
def test_real_names_of_code_page_437_stay_what_they_are(tmp_path, names):
    assert list(image_zip.pictures_in(unflagged(tmp_path / "some.zip", names, "cp437"))) == names


def test_names_that_say_they_are_utf_8_are_left_alone_beside_others(tmp_path):
    path = archive(tmp_path / "some.zip", [("그림.png", picture()), ("a.png", picture())])
    assert list(image_zip.pictures_in(path)) == ["그림.png", "a.png"]


def test_an_over_long_name_is_cut_and_ends_nothing(tmp_path):
    long, deep = "가" * 150 + ".png", "/".join(["folder-of-some-length"] * 15) + "/a.png"
    path = archive(
        tmp_path / "some.zip", [(long, picture()), (long.replace(".png", "나.png"), picture()), (deep, picture())]
    )
    run = small_cyclegan(tmp_path / "runs", "fruit", "apple2orange")
    written = translate_path(run, path, tmp_path / "results")
    assert len(written) == len({file.name for file in written}) == 3
    assert all(file.suffix == ".png" and len(file.name.encode()) <= 255 for file in written)


def test_what_windows_cannot_name_and_what_has_no_suffix_is_taken(tmp_path):
    members = [
        ('what? "this" <is>.png', picture()),
        ("scan", picture()),
        ("x.jfif", picture()),
        ("notes", b"no picture"),
    ]
    assert list(image_zip.pictures_in(archive(tmp_path / "some.zip", members))) == [
        "what_ _this_ _is_.png", "scan", "x.jfif",
    ]  # fmt: skip


def test_a_zip_is_unpacked_in_its_folders_and_nowhere_else(tmp_path, monkeypatch):
    members = [("set/trainA/a.png", picture()), ("../../out.png", picture()), ("/etc/b.png", picture("blue"))]
    members += [("set/trainA/A.png", picture()), ("set/readme.txt", b"no picture"), ("__MACOSX/c.png", picture())]
    path = archive(tmp_path / "some.zip", members)
    before = set(tmp_path.rglob("*"))
    image_zip.unpack(path, tmp_path / "here")
    made = {str(file.relative_to(tmp_path / "here")) for file in tmp_path.rglob("*") if file.is_file()
            and file not in before}  # fmt: skip
    assert made == {"set/trainA/a.png", "out.png", "etc/b.png", "set/trainA/A-2.png"}
    monkeypatch.setattr(image_zip, "LARGEST_ALL", 100)
    with pytest.raises(UserError, match="unpacks to more than"):
        image_zip.unpack(path, tmp_path / "there")
