"""Pictures from strangers come out right or are refused; folders and grids."""

import importlib
import io
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan.data.image_io import TooLarge
from gan.errors import UserError
from gan.images import (
    MAX_PIXELS,
    find_pictures,
    grid,
    open_picture,
    read_pictures,
    square,
    to_image,
    to_tensor,
    to_uint8,
    to_unit,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def pillows_own_limit(monkeypatch):
    """The app lowers it for the whole process; here `open_picture` alone decides."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 89_478_485)


def saved(image: Image.Image, kind: str, **options) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, kind, **options)
    file.seek(0)
    return file


def halves(size=(60, 40), left=(255, 0, 0), right=(0, 0, 255)) -> Image.Image:
    image = Image.new("RGB", size, right)
    image.paste(left, (0, 0, size[0] // 2, size[1]))
    return image


def near(pixel, expected, tolerance=6) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, expected, strict=True))


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def blank_png(width: int, height: int) -> bytes:
    """A valid black PNG of any size, packed row by row."""
    packer = zlib.compressobj(1)
    rows = b"".join(packer.compress(bytes(width + 1)) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_promised_format_opens_from_a_path_and_from_a_file(kind, tmp_path):
    file = saved(halves(), kind)
    (tmp_path / "picture").write_bytes(file.getvalue())
    for source in (file, tmp_path / "picture", str(tmp_path / "picture")):
        image = open_picture(source)
        assert (image.mode, image.size) == ("RGB", (60, 40))
        assert near(image.getpixel((5, 20)), (255, 0, 0), 12)
        assert near(image.getpixel((55, 20)), (0, 0, 255), 12)


def test_formats_that_run_other_programs_or_are_rare_are_refused():
    for kind in ("EPS", "PPM", "PCX"):
        with pytest.raises(UserError, match="use a JPEG"):
            open_picture(saved(halves(), kind))


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(UserError):
        open_picture(io.BytesIO(content))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"horse\.jpg"):
        open_picture(tmp_path / "horse.jpg")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_picture_cut_short_is_refused(kind):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (80, 80, 3), np.uint8))
    whole = saved(noise, kind).getvalue()
    with pytest.raises(UserError):
        open_picture(io.BytesIO(whole[: len(whole) // 2]))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_bomb_is_refused_before_it_is_unpacked():
    resource = pytest.importorskip("resource", reason="memory is measured as Unix does")
    bomb = blank_png(12_000, 12_000)
    assert len(bomb) < 1_000_000
    memory, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(UserError, match="too large"):
        open_picture(io.BytesIO(bomb))
    assert time.process_time() - start < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 50_000  # KB; unpacked it has 144 MB


def test_the_limit_is_the_same_for_every_kind_and_a_phones_50_megapixels_pass():
    assert open_picture(io.BytesIO(blank_png(4000, 3000))).size == (4000, 3000)
    assert open_picture(io.BytesIO(blank_png(4032, 3024))).size == (2016, 1512)
    for kind in ("JPEG", "PNG"):
        with pytest.raises(TooLarge, match="at most 52 million"):
            open_picture(saved(Image.new("1", (8001, 6500)), kind))


@pytest.mark.parametrize(
    ("size", "expected"), [((4032, 3024), (2016, 1512)), ((8064, 6048), (2016, 1512)), ((8192, 6144), (2048, 1536))]
)
def test_a_phones_photo_comes_at_a_reduced_size(size, expected):
    photo = open_picture(saved(halves(size), "JPEG", quality=50))
    assert photo.size == expected
    assert near(photo.getpixel((9, 700)), (255, 0, 0))
    assert near(photo.getpixel((2000, 700)), (0, 0, 255))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_the_app_reads_what_the_command_line_reads():
    """It sets Pillow's own limit for the whole process."""
    import demo.app

    importlib.reload(demo.app)
    assert Image.MAX_IMAGE_PIXELS == MAX_PIXELS
    photo = saved(Image.new("L", (8192, 6144), 77), "JPEG")
    assert near(open_picture(photo).getpixel((5, 5)), (77, 77, 77))
    assert open_picture(saved(Image.new("L", (5000, 5000)), "JPEG", progressive=True)).size == (2500, 2500)


def test_a_picture_of_25_million_pixels_never_has_a_second_copy_in_memory():
    pytest.importorskip("resource", reason="memory is measured as Unix does")
    script = (
        "import io, resource, sys; from PIL import Image; from gan.data.image_io import open_picture\n"
        "file = io.BytesIO(); Image.new('RGBA', (5712, 4284), (255, 0, 0, 128)).save(file, 'PNG', compress_level=1)\n"
        "memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"  # it was there once to be saved: 98 MB
        "file.seek(0); image = open_picture(file)\n"
        "assert (image.size, image.getpixel((9, 9))) == ((2856, 2142), (255, 127, 127)), image\n"
        "assert 'torch' not in sys.modules\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert not run.stderr
    scale = 1024 if sys.platform == "darwin" else 1
    assert int(run.stdout) / scale < 70_000  # KB; a copy more has 98 MB


def test_a_camera_held_sideways_is_turned_back():
    # The scene is red left, blue right. Each orientation stores it as the camera's sensor had it.
    stored = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    scene = halves((64, 32))
    scene.paste((0, 255, 0), (0, 0, 16, 16))  # a green corner tells mirrored from turned
    for orientation, how in stored.items():
        sensor = scene if how is None else scene.transpose(how)
        exif = Image.Exif()
        exif[0x0112] = orientation
        image = open_picture(saved(sensor, "JPEG", exif=exif, quality=95, subsampling=0))
        assert image.size == (64, 32), orientation
        assert near(image.getpixel((5, 5)), (0, 255, 0), 40), orientation
        assert near(image.getpixel((10, 26)), (255, 0, 0), 40), orientation
        assert near(image.getpixel((58, 5)), (0, 0, 255), 40), orientation


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_broken_exif_block_does_not_lose_the_picture():
    image = open_picture(saved(halves(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff\xff\xff"))
    assert near(image.getpixel((5, 20)), (255, 0, 0), 12)


def test_transparent_pixels_are_laid_on_white():
    clear = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    clear.putpixel((1, 1), (255, 0, 0, 255))
    clear.putpixel((2, 2), (0, 0, 0, 128))
    image = open_picture(saved(clear, "PNG"))
    assert image.getpixel((0, 0)) == (255, 255, 255)
    assert image.getpixel((1, 1)) == (255, 0, 0)
    assert near(image.getpixel((2, 2)), (127, 127, 127), 1)
    grey = Image.new("LA", (2, 1), (0, 0))
    grey.putpixel((1, 0), (80, 255))
    assert [open_picture(saved(grey, "PNG")).getpixel((x, 0)) for x in (0, 1)] == [(255,) * 3, (80,) * 3]


def test_transparent_palettes_and_colours_are_laid_on_white():
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putpixel((1, 0), 1)
    for kind in ("PNG", "GIF"):
        image = open_picture(saved(palette, kind, transparency=0))
        assert image.getpixel((0, 0)) == (255, 255, 255)
        assert image.getpixel((1, 0)) == (200, 100, 50)
    keyed = Image.new("RGB", (2, 1), (1, 2, 3))
    keyed.putpixel((1, 0), (9, 9, 9))
    image = open_picture(saved(keyed, "PNG", transparency=(1, 2, 3)))
    assert [image.getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), (9, 9, 9)]


def test_cmyk_jpeg_has_its_colours():
    image = open_picture(saved(halves().convert("CMYK"), "JPEG", quality=95, subsampling=0))
    assert near(image.getpixel((5, 20)), (255, 0, 0), 12)
    assert near(image.getpixel((55, 20)), (0, 0, 255), 12)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_tones(kind):
    tones = Image.fromarray(np.array([[0, 257, 128 * 257, 65535]], np.uint16))
    image = open_picture(saved(tones, kind))
    assert [image.getpixel((x, 0))[0] for x in range(4)] == [0, 1, 128, 255]


@pytest.mark.parametrize(("values", "expected"), [([0.0, 0.5, 1.0], [0, 128, 255]), ([0.0, 51.0, 255.0], [0, 51, 255])])
def test_floats_are_scaled_by_their_range(values, expected):
    image = open_picture(saved(Image.fromarray(np.array([values], np.float32)), "TIFF"))
    assert [image.getpixel((x, 0))[0] for x in range(3)] == expected


def test_one_bit_and_grey_become_rgb():
    assert open_picture(saved(Image.new("1", (3, 3), 1), "PNG")).getpixel((0, 0)) == (255, 255, 255)
    assert open_picture(saved(Image.new("L", (3, 3), 77), "PNG")).getpixel((0, 0)) == (77, 77, 77)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_gives_its_first_frame(kind):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if kind == "WEBP" else {}
    file = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, **options)
    assert open_picture(file).getpixel((4, 4)) == (255, 0, 0)


def test_a_square_is_the_centre_at_the_shorter_sides_scale():
    wide = Image.new("RGB", (300, 100), "red")
    wide.paste("blue", (100, 0, 200, 100))
    image = square(wide, 50)
    assert image.size == (50, 50)
    assert all(near(image.getpixel(xy), (0, 0, 255)) for xy in ((3, 3), (46, 46), (25, 25)))
    tall = square(wide.rotate(90, expand=True), 50)
    assert all(near(tall.getpixel(xy), (0, 0, 255)) for xy in ((3, 3), (46, 46)))
    assert square(image, 50) is image


def test_reading_a_folder_skips_what_is_broken_and_keeps_the_order(tmp_path):
    for index, level in enumerate((10, 60, 110, 160)):
        Image.new("RGB", (40, 30), (level,) * 3).save(tmp_path / f"{index}.png")
    (tmp_path / "2.png").write_bytes(b"broken")
    (tmp_path / "._0.png").write_bytes(b"a Mac's shadow file")
    (tmp_path / "notes.txt").write_text("no picture")
    files = find_pictures(tmp_path)
    assert [file.name for file in files] == ["0.png", "1.png", "2.png", "3.png"]
    seen = []
    images, kept = read_pictures(files, 16, what="greys", progress=lambda *report: seen.append(report))
    assert images.shape == (3, 3, 16, 16)
    assert images.dtype == torch.uint8
    assert images.flatten(1).float().mean(1).tolist() == [10, 60, 160]
    assert [file.name for file in kept] == ["0.png", "1.png", "3.png"]
    assert seen == [("reading greys", done, 4) for done in (1, 2, 3, 4)]


def test_reading_large_jpegs_at_a_reduced_size_gives_the_same_picture():
    y, x = np.mgrid[0:1024, 0:1024] / 1024
    scene = np.stack([x, y, 0.5 + 0.5 * np.sin(9 * x) * np.cos(7 * y)], 2) * 255
    file = saved(Image.fromarray(scene.astype(np.uint8)), "JPEG", quality=95)
    reduced = open_picture(file, at_least=64)
    assert reduced.size == (128, 128)
    file.seek(0)
    difference = to_tensor(square(reduced, 64)).float() - to_tensor(square(open_picture(file), 64)).float()
    assert difference.abs().max() < 6


def test_tensors_and_images_turn_into_each_other():
    pixels = torch.randint(256, (3, 5, 7), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(to_tensor(to_image(pixels)), pixels)
    assert torch.equal(to_tensor(to_image(to_unit(pixels))), pixels)
    assert to_image(pixels).size == (7, 5)
    assert to_image(pixels[:1]).mode == "L"
    assert to_uint8(torch.tensor([-1.5, -1.0, 0.0, 1.0, 1.5])).tolist() == [0, 0, 128, 255, 255]
    assert torch.equal(to_uint8(to_unit(torch.arange(256, dtype=torch.uint8))), torch.arange(256, dtype=torch.uint8))
    with pytest.raises(ValueError, match="3, H, W"):
        to_image(torch.zeros(2, 4, 4))


def test_a_grid_puts_every_picture_in_its_place():
    images = torch.arange(5, dtype=torch.uint8)[:, None, None, None].mul(50).expand(5, 3, 4, 6)
    sheet = grid(images, columns=2, gap=1)
    assert sheet.size == (2 * 7 - 1, 3 * 5 - 1)
    for index in range(5):
        corner = (index % 2 * 7, index // 2 * 5)
        assert sheet.getpixel(corner) == sheet.getpixel((corner[0] + 5, corner[1] + 3)) == (index * 50,) * 3
    assert sheet.getpixel((6, 0)) == sheet.getpixel((0, 4)) == sheet.getpixel((8, 12)) == (255, 255, 255)
    assert grid(torch.zeros(9, 1, 4, 4)).size == (16, 16)
