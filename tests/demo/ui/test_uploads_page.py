"""What may be sent here: said beforehand, made small enough in the page, refused in the page's language."""

import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from demo.server.environment import decide
from demo.ui.i18n import HERE, LANGUAGES, say, words
from demo.ui.uploads import limits
from gan.data.image_io import MAX_PIXELS, SUFFIXES
from tests.browser import expect, open_section
from tests.demo.tabs.translate.test_translate_page import fruit


@pytest.mark.parametrize(("environ", "most"), [({}, 200), ({"SPACE_ID": "a/b"}, 5)])
def test_the_limits_are_said_beforehand_in_both_languages(environ, most):
    shown = limits(decide(environ)).value
    for language in LANGUAGES:
        told = say(language, "uploads.limits", pixels=MAX_PIXELS // 10**6, most=most)
        assert f'<span lang="{language}">{told}</span>' in shown
        assert re.search(rf"\b{most} ?MB", told)


def test_the_page_knows_every_kind_of_picture_that_is_read():
    script = (HERE / "ui" / "uploads.js").read_text(encoding="utf-8")
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
    Image.fromarray(pixels).save(buffer, "JPEG", quality=100, exif=exif)
    return buffer.getvalue()


WATCH = """() => {
  window.usual = [gradio_config.max_file_size, fetch];
  const ask = fetch;
  gradio_config.max_file_size = 5 * 2 ** 20; // as on a Space
  window.sent = [];
  window.fetch = (address, options) => {
    if (options?.body instanceof FormData) sent.push(...options.body.values());
    return ask(address, options);
  };
}"""
LOOK = """async () => {
  const bitmap = await createImageBitmap(sent[0]);
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  return [bitmap.width, bitmap.height, ...context.getImageData(bitmap.width / 2, 10, 1, 1).data];
}"""


@pytest.mark.browser
def test_a_phones_photo_is_made_smaller_and_what_is_no_picture_refused(look):
    page = fruit(look, "ko")
    open_section(page, "translate", "camera")  # which does nothing with so large a picture
    page.evaluate(WATCH)
    field, told = page.locator("#translate-picture input[type=file]"), page.locator("#told")
    for name, kind, key in (
        ("note.txt", "text/plain", "uploads.kind"),
        ("film.mp4", "video/mp4", "uploads.kind"),
        ("broken.png", "image/png", "uploads.large"),
    ):
        field.set_input_files([{"name": name, "mimeType": kind, "buffer": bytes(6 * 2**20)}])
        expect(told).to_have_text(words("ko")[key].format(name=name, size=6, most=5))
    assert page.evaluate("sent.length") == 0

    large = photo(3000, 2400)
    assert len(large) > 5 * 2**20
    field.set_input_files([{"name": "IMG_1.JPG", "mimeType": "image/jpeg", "buffer": large}])
    page.wait_for_function("document.querySelector('#ways img.real').naturalHeight === 1024")
    width, height, red, green, *_ = page.evaluate(LOOK)
    assert (width, height) == (1280, 1600)
    assert (red > 150, green < 80) == (True, True)
    assert not told.inner_text()
    page.evaluate("[gradio_config.max_file_size, window.fetch] = usual")
