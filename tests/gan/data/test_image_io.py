"""What phones, cameras and instruments save: every suffix, colour spaces, few bits in large files."""

import base64
import io
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from gan.data import image_io, srgb
from gan.data.image_io import find_pictures, open_picture
from gan.errors import UserError
from tests.gan.test_images import chunk, halves, near, saved


def test_pictures_are_found_by_suffix_in_any_case_and_else_by_their_content(tmp_path):
    for name, kind in (("a.jfif", "JPEG"), ("b.JPG", "JPEG"), ("c.jpg", "PNG"), ("d", "PNG"), ("e.jpg_large", "JPEG")):
        halves().save(tmp_path / name, kind)
    for name, kind in (("f.old", "BMP"), ("g.x", "WEBP"), ("h.y", "GIF"), ("i.z", "TIFF"), ("j.Png", "PNG")):
        halves().save(tmp_path / name, kind)
    (tmp_path / "notes.txt").write_text("BMW II* GIF")
    (tmp_path / "k.png.d").mkdir()
    halves().save(tmp_path / ".hidden.png")
    found = find_pictures(tmp_path)
    assert [path.name[0] for path in found] == [*"abcdefghij"]
    for path in found:
        assert near(open_picture(path).getpixel((5, 20)), (255, 0, 0), 12), path.name


def test_kinds_that_are_not_read_are_found_and_refused_with_what_to_do(tmp_path):
    halves().save(tmp_path / "a.NEF", "TIFF")  # Pillow would take its thumbnail
    (tmp_path / "b.svg").write_text("<svg/>")
    assert [path.name for path in find_pictures(tmp_path)] == ["a.NEF", "b.svg"]
    with pytest.raises(UserError, match=r"a\.NEF: it is a camera's raw file; export it as a JPEG"):
        open_picture(tmp_path / "a.NEF")
    with pytest.raises(UserError, match=r"b\.svg as a picture; use a JPEG"):
        open_picture(tmp_path / "b.svg")


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


def test_heic_without_its_reader_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    image_io._reads_heif.cache_clear()
    (tmp_path / "IMG_1.HEIC").write_bytes(HEIC)
    (tmp_path / "IMG_2.jpg").write_bytes(HEIC)  # renamed, as people do
    assert len(find_pictures(tmp_path)) == 2
    for name in ("IMG_1.HEIC", "IMG_2.jpg"):
        with pytest.raises(UserError, match=rf"{name} \(HEIC\) needs 'pip install pi-heif'; or save it as a JPEG"):
            open_picture(tmp_path / name)
    image_io._reads_heif.cache_clear()


# 64x48, the left half (220, 30, 30), the right half (30, 30, 220), as pillow-heif writes it
SMALL_HEIC = """
AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAX1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA
ACJpbG9jAAAAAERAAAEAAQAAAAABoQABAAAAAAAAAI0AAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRt
AAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMA
AAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5j
bHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBp
eGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAAAJVtZGF0AAAAiSgBrwngOSMkv//5BH//+MRuQ/gUZcF//jBeff43
IP/+6witcNaUEUqiGXyM6T1lCZfV45ditsH6c+2pMp9S6+xr5pggTori3GbeBwRZzFnBufe/fIQtwRg7lVPHisWG1ijUyz83uz/+
uqxZShnKGthKbN4ARNbOYrFQsePznOyuH0o9ALmN+Q4e
"""


def test_heic_is_read():
    image = open_picture(io.BytesIO(base64.b64decode(SMALL_HEIC)))
    assert image.size == (64, 48)
    assert near(image.getpixel((5, 20)), (220, 30, 30), 3)
    assert near(image.getpixel((60, 20)), (30, 30, 220), 3)


# Colour profiles


def profile(red=(0.68, 0.32), green=(0.265, 0.69), blue=(0.15, 0.06)) -> bytes:
    """A matrix profile: sRGB's with its primaries exchanged, by default for those of Display P3."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    primaries = np.array([[x / y, 1, (1 - x - y) / y] for x, y in (red, green, blue)]).T
    white = np.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
    columns = primaries * np.linalg.solve(primaries, white)
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    d50 = np.array([0.96422, 1, 0.82521])
    adapt = np.linalg.inv(bradford) @ np.diag((bradford @ d50) / (bradford @ white)) @ bradford
    columns = adapt @ columns
    count = int.from_bytes(data[128:132], "big")
    for entry in range(132, 132 + 12 * count, 12):
        tag, at = bytes(data[entry : entry + 4]), int.from_bytes(data[entry + 4 : entry + 8], "big")
        if tag in (b"rXYZ", b"gXYZ", b"bXYZ"):
            values = np.round(columns[:, b"rgb".index(tag[:1])] * 65536).astype(">i4")
            data[at + 8 : at + 20] = values.tobytes()
        if tag == b"desc":
            size = int.from_bytes(data[entry + 8 : entry + 12], "big")
            data[at : at + size] = data[at : at + size].replace("sRGB".encode("utf-16-be"), "P3__".encode("utf-16-be"))
    return bytes(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_display_p3_becomes_srgb(kind):
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    image = open_picture(saved(Image.new("RGB", (8, 8), (200, 80, 80)), kind, icc_profile=profile(), **options))
    # by hand: linear P3 -> XYZ -> linear sRGB
    assert near(image.getpixel((3, 3)), (217, 70, 75), 3)
    grey = open_picture(saved(Image.new("RGB", (8, 8), (90, 90, 90)), kind, icc_profile=profile(), **options))
    assert near(grey.getpixel((3, 3)), (90, 90, 90), 2)


def test_transparent_pictures_with_a_profile_are_laid_on_white_and_srgb_is_left_as_it_is():
    clear = Image.new("RGBA", (8, 8), (200, 80, 80, 255))
    clear.putpixel((0, 0), (0, 0, 0, 0))
    image = open_picture(saved(clear, "PNG", icc_profile=profile()))
    assert near(image.getpixel((0, 0)), (255, 255, 255), 1)
    assert near(image.getpixel((3, 3)), (217, 70, 75), 3)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8))
    assert open_picture(saved(noise, "PNG", icc_profile=srgb)).tobytes() == noise.tobytes()


@pytest.mark.parametrize("broken", [b"no profile", profile()[:200], b"\0" * 500])
def test_a_broken_profile_is_no_reason_to_refuse_the_picture(broken):
    image = open_picture(saved(halves(), "PNG", icc_profile=broken))
    assert image.getpixel((5, 20)) == (255, 0, 0)


def test_a_profile_of_another_kind_of_picture_is_passed_over():
    assert open_picture(saved(Image.new("L", (8, 8), 77), "PNG", icc_profile=profile())).getpixel((1, 1)) == (77,) * 3


# Few bits in files that have room for more


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize(("bits", "told"), [(8, 255), (10, 1023), (12, 4095), (14, 16383), (16, None)])
def test_few_bits_in_sixteen_are_seen_at_their_own_range_and_said(kind, bits, told):
    white = 2**bits - 1
    image = open_picture(saved(Image.fromarray(np.array([[0, white // 2, white]], np.uint16)), kind))
    assert [image.getpixel((x, 0))[0] for x in range(3)] == pytest.approx([0, 127, 255], abs=1)
    assert image.info.get("white") == told


def png_of_16_bits(values: np.ndarray) -> io.BytesIO:
    """[H, W, 3 or 4] as a PNG, which Pillow cannot write itself."""
    height, width, channels = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + parts)


def tiff_of_16_bits(values: np.ndarray) -> io.BytesIO:
    """[H, W, 3] as an uncompressed TIFF."""
    height, width, channels = values.shape
    data, at = values.astype("<u2").tobytes(), 10 + 12 * 9 + 4
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, channels, at), (259, 3, 1, 1), (262, 3, 1, 2)]
    entries += [(273, 4, 1, at + 2 * channels), (277, 3, 1, channels), (278, 4, 1, height), (279, 4, 1, len(data))]
    content = b"II*\0" + struct.pack("<IH", 8, 9) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return io.BytesIO(content + bytes(4) + struct.pack("<3H", 16, 16, 16) + data)


@pytest.mark.parametrize("file", [png_of_16_bits, tiff_of_16_bits])
@pytest.mark.parametrize(("bits", "told"), [(10, 1023), (12, 4095), (14, 16383), (16, None)])
def test_colours_of_few_bits_in_sixteen_keep_their_shades(file, bits, told):
    white = 2**bits - 1
    ramp = np.linspace(0, white, 64).round().astype(np.uint16)
    values = np.stack([ramp, ramp[::-1], np.full(64, white // 2, np.uint16)], 1)[None]
    image = open_picture(file(values))
    assert np.abs(np.asarray(image, float)[0] - values[0] * (255 / white)).max() <= 1
    assert image.info.get("white") == told


def test_transparency_of_few_bits_is_scaled_by_itself():
    values = np.zeros((1, 3, 4), np.uint16)
    values[0, :, 0], values[0, :, 3] = 4095, (4095, 0, 2048)
    image = open_picture(png_of_16_bits(values))
    assert near(image.getpixel((0, 0)), (255, 0, 0), 1)
    assert near(image.getpixel((1, 0)), (255, 255, 255), 1)
    assert near(image.getpixel((2, 0)), (255, 127, 127), 2)


def test_values_of_32_bits_and_below_zero_keep_their_order():
    for values in (np.array([[-1000, 0, 3000]], np.int32), np.array([[-1.0, -0.5, 1.0]], np.float32)):
        tones = [open_picture(saved(Image.fromarray(values), "TIFF")).getpixel((x, 0))[0] for x in range(3)]
        assert tones[0] == 0 < tones[1] < tones[2]
    image = open_picture(saved(Image.fromarray(np.array([[0.0, np.nan, np.inf, 1.0]], np.float32)), "TIFF"))
    assert [image.getpixel((x, 0))[0] for x in range(4)] == [0, 0, 255, 255]
    black = open_picture(saved(Image.fromarray(np.zeros((2, 2), np.uint16)), "PNG"))
    assert black.getpixel((0, 0)) == (0, 0, 0)


def test_strips_are_joined_without_a_seam(monkeypatch):
    y, x = np.mgrid[0:500, 0:300]
    for mode in (np.uint16, np.uint8):
        scene = Image.fromarray(((x + y) * (65535 / 798 if mode == np.uint16 else 255 / 798)).astype(mode))
        whole = open_picture(saved(scene, "PNG"))
        with monkeypatch.context() as patch:
            patch.setattr(srgb, "STRIP", 7 * 300)
            assert open_picture(saved(scene, "PNG")).tobytes() == whole.tobytes()
            patch.setattr(image_io, "KEPT_PIXELS", 50_000)
            small = open_picture(saved(scene, "PNG"))
        assert small.size == (150, 250)
        expected = np.asarray(whole, float).reshape(250, 2, 150, 2, 3).mean((1, 3))
        assert np.abs(np.asarray(small, float) - expected).max() < 1
    palette = Image.new("P", (30, 40))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.paste(1, (0, 20, 30, 40))
    monkeypatch.setattr(srgb, "STRIP", 7 * 30)
    image = open_picture(saved(palette, "GIF", transparency=0))
    assert (image.getpixel((3, 19)), image.getpixel((3, 20))) == ((255, 255, 255), (200, 100, 50))
