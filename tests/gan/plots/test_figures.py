"""Thinning that hides nothing, smoothing, and the sheet with Hangul in it."""

import io

import numpy as np
import pytest
from PIL import Image

from gan.paths import FONT
from gan.plots.figures import Column, Line, Panel, downsample_minmax, save, sheet, smooth, window


@pytest.mark.parametrize("count", [500, 501, 5_000, 100_000])
def test_thinning_keeps_every_peak_and_both_ends(count):
    rng = np.random.default_rng(count)
    x, y = np.arange(count) * 10.0 + 1, rng.standard_normal(count)
    y[count // 3], y[count // 2] = 50, -50
    kept = downsample_minmax(x, y, 500)
    assert len(kept) <= 500
    assert (np.diff(x[kept]) > 0).all()
    assert {0, count // 3, count // 2, count - 1} <= set(kept.tolist())
    if count > 500:
        columns = ((x - x[0]) / (x[-1] - x[0]) * 249).astype(int).clip(0, 248)
        for column in range(249):
            inside = np.flatnonzero(columns == column)
            assert {inside[y[inside].argmin()], inside[y[inside].argmax()]} <= set(kept.tolist())


def test_a_short_line_is_kept_whole_and_in_order():
    assert downsample_minmax(np.array([3.0, 1.0, 2.0]), np.array([0.0, 5.0, 1.0])).tolist() == [1, 2, 0]
    assert downsample_minmax(np.array([]), np.array([])).tolist() == []


def test_points_at_one_place_survive_by_height():
    kept = downsample_minmax(np.ones(1000), np.arange(1000.0), 10)
    assert {0, 999} <= set(kept.tolist())
    assert len(kept) <= 10


def test_smoothing_is_the_mean_of_the_neighbours():
    y = np.random.default_rng(0).standard_normal(30)
    expected = [y[max(0, i - 3) : i + 4].mean() for i in range(30)]
    np.testing.assert_allclose(smooth(y, 7), expected, atol=1e-12)
    np.testing.assert_allclose(smooth(y, 1), y, atol=1e-12)
    assert len(smooth(np.array([]), 5)) == 0


def test_windows_are_odd_and_grow_with_the_journal():
    assert [window(n) for n in (0, 1, 39, 40, 400)] == [1, 1, 1, 3, 21]


def words() -> str:
    from demo.ui.i18n import words

    return "".join(words("ko").values()) + "".join(words("en").values())


def test_the_font_has_every_letter_that_could_be_asked_of_it():
    from matplotlib.ft2font import FT2Font

    known = set(FT2Font(str(FONT)).get_charmap())
    assert set(range(0xAC00, 0xD7A4)) | set(range(0x20, 0x7F)) | {ord("−"), ord("–"), ord("’")} <= known
    hangul = {ord(c) for c in words() if "가" <= c <= "힣"}
    assert hangul
    assert hangul <= known


def test_a_sheet_with_korean_words_has_no_missing_letters(recwarn, tmp_path):
    x = np.arange(100.0)
    line = Line("spear", "생성자", x, np.sin(x / 9), [(0.0, 0.5)])
    Image.new("RGB", (32, 32), "red").save(tmp_path / "sample.webp", lossless=True)
    column = Column("뷁 run", [[line]], tmp_path / "sample.webp", "스텝 3: D(진짜) −0.50")
    picture = Image.open(io.BytesIO(save(sheet([column] * 2, [Panel("손실", (-1, 1))], "스텝", (0, 99), "평형"))))
    assert picture.width > picture.height / 2 > 300
    assert not [w for w in recwarn if "Glyph" in str(w.message)]
    pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    assert (pixels == (255, 0, 0)).all(1).sum() > 10_000  # both samples are in it
    assert (np.abs(pixels.astype(int) - (0xD9, 0x62, 0x2B)).max(1) < 3).sum() > 500  # and the lines
