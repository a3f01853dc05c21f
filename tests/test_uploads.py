"""What may be sent here: said beforehand, made small enough in the page, refused in the page's language."""

import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from demo.language import HERE, LANGUAGES, say, words
from demo.place import decide
from demo.uploads import limits
from gan.image_io import MAX_PIXELS, SUFFIXES
from tests.browser import expect


@pytest.mark.parametrize(("environ", "most"), [({}, 200), ({"SPACE_ID": "a/b"}, 5)])
def test_the_limits_are_said_beforehand_in_both_languages(environ, most):
    shown = limits(decide(environ)).value
    for language in LANGUAGES:
        told = say(language, "uploads.limits", pixels=MAX_PIXELS // 10**6, most=most)
        assert f'<span lang="{language}">{told}</span>' in shown
        assert re.search(rf"\b{most} ?MB", told)


def test_the_page_knows_every_kind_of_picture_that_is_read():
    script = (HERE / "assets" / "uploads.js").read_text(encoding="utf-8")
    known = re.compile(re.search(r"PICTURE = /(.*)/i;", script)[1])
    assert [suffix for suffix in SUFFIXES if not known.search(suffix)] == []
    assert not known.search(".txt")


def photo(width, height):
    """A JPEG that was taken with the camera held upright, red on the left before it is turned."""
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    pixels[:, : width // 2] = (200, 30, 30)
    exif = Image.Exif()
    exif[0x112] = 6
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95, exif=exif)
    return buffer.getvalue()


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phones_photo_is_made_smaller_and_what_is_no_picture_refused(visit, language):
    page = visit(language, path="#translate")
    page.wait_for_selector("#ways img.real")
    page.evaluate("gradio_config.max_file_size = 5 * 2 ** 20")  # as on a Space
    sent = []
    page.on("request", lambda request: sent.append(request.post_data_buffer) if "/upload" in request.url else None)
    field, told = page.locator("#translate-picture input[type=file]"), page.locator("#told")

    for name, kind, key in (
        ("note.txt", "text/plain", "uploads.kind"),
        ("film.mp4", "video/mp4", "uploads.kind"),
        ("broken.png", "image/png", "uploads.large"),
    ):
        field.set_input_files([{"name": name, "mimeType": kind, "buffer": bytes(6 * 2**20)}])
        expect(told).to_have_text(words(language)[key].format(name=name, size=6, most=5))
    assert sent == []

    large = photo(3000, 2400)
    assert len(large) > 5 * 2**20
    field.set_input_files([{"name": "IMG_1.JPG", "mimeType": "image/jpeg", "buffer": large}])
    page.wait_for_function("document.querySelector('#ways img.real').naturalHeight === 1024")
    body = sent[0]
    start = body.index(b"\xff\xd8")
    picture = Image.open(BytesIO(body[start : body.rindex(b"\xff\xd9") + 2]))
    assert picture.size == (1280, 1600)
    top = picture.convert("RGB").resize((1, 2), Image.Resampling.BOX).getpixel((0, 0))
    assert top[0] > 150
    assert top[1] < 80
    assert not told.inner_text()
