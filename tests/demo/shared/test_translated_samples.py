"""A CycleGAN's samples as they are shown: the translated pictures stand beside what came of them, rows named."""

import io

import numpy as np
import pytest
from PIL import Image

from demo.shared import run_view, translated_samples
from demo.ui.i18n import LANGUAGES, words
from gan.data.datasets import load_pair
from gan.images import to_image
from gan.plots.history import tell
from gan.runs.run import Run

pytestmark = pytest.mark.usefixtures("shipped")


def row_of(sheet, number, side):
    return np.asarray(sheet.crop((0, number * (side + 2), sheet.width, number * (side + 2) + side)))


def test_each_translation_stands_under_its_picture():
    run = Run.open("herd")
    (_, sample), side = run.samples()[-1], run.config.size
    sheet, made = translated_samples.sheet(sample), Image.open(sample).convert("RGB")
    assert sheet.size == (made.width, 4 * side + 6)
    for number in (0, 1):
        assert np.array_equal(row_of(sheet, 2 * number + 1, side), row_of(made, number, side))
    pair = load_pair("herd", side, split="test")
    for number, pile in ((0, pair.a), (2, pair.b)):
        first = np.asarray(to_image(pile.images[0]))
        assert np.array_equal(row_of(sheet, number, side)[:, :side], first)


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_rows_are_named_in_the_page(language):
    html = run_view.picture(tell(Run.open("herd")), Run.open("herd").samples()[-1], language)
    a, b = (words(language)[f"translate.names.{name}"] for name in ("plain", "striped"))
    assert html.count("<li>") == 4
    for name in (a, b, f"{a} → {b}", f"{b} → {a}"):
        assert f"<li>{name}</li>" in html


def test_without_the_data_the_translations_are_shown_and_named():
    run = Run.open("apple2orange")  # its photos do not travel with the project
    assert translated_samples.sheet(run.samples()[-1][1]).size == Image.open(run.samples()[-1][1]).size
    assert run_view.picture(tell(run), run.samples()[-1], "en").count("<li>") == 2


def test_a_film_shows_them_too_and_a_run_made_anew_is_seen(tmp_path):
    film = Image.open(io.BytesIO(run_view.film([tell(Run.open("herd"))])))
    assert film.size == translated_samples.sheet(Run.open("herd").samples()[-1][1]).size
    _, sample = Run.open("herd").samples()[-1]
    (tmp_path / "new" / "samples").mkdir(parents=True)
    (tmp_path / "new" / "run.json").write_bytes((sample.parents[1] / "run.json").read_bytes())
    copy = tmp_path / "new" / "samples" / sample.name
    copy.write_bytes(sample.read_bytes())
    before = translated_samples.sheet(copy)
    Image.new("RGB", before.size, "red").crop((0, 0, before.width, before.height // 2)).save(copy, "webp")
    assert translated_samples.sheet(copy).tobytes() != before.tobytes()


def test_a_run_that_was_deleted_meanwhile_leaves_its_words(tmp_path):
    story = tell(Run.open("herd"))
    html = run_view.picture(story, (10, tmp_path / "gone" / "samples" / "000010.webp"), "en")
    assert "<img" not in html
    assert "Step 10" in html
