"""The Translate tab's parts: ways, examples, names, pages, refusals."""

import re

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from demo.server import model_cache
from demo.shared import pairs
from demo.tabs import translate
from demo.tabs.translate import inspect, selection, translation
from demo.tabs.translate.selection import Held
from demo.ui import uploads
from demo.ui.i18n import HERE, LANGUAGES, say, words
from demo.ui.refusals import Refused
from gan.data.datasets import load_pair
from gan.data.registry import PAIRS
from gan.errors import UserError
from gan.images import MAX_PIXELS, to_image
from tests.small_cyclegan import small_cyclegan


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("GAN_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    pairs.examples.cache_clear()
    yield small_cyclegan(tmp_path / "runs", "fruit")
    pairs.examples.cache_clear()


def picture(width=80, height=50):
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def pictures(html):
    """The pictures that are shown; the one behind the divider comes later, in the page."""
    return re.findall(r'<img [^>]*src="', html)


def test_a_way_leads_there_and_back_and_is_timed(run):
    there, back = translation.go(run, "AtoB", picture()), translation.go(run, "BtoA", picture())
    for way in (there, back):
        assert way.real.size == way.fake.size == way.rec.size == (80, 50)
        assert way.seconds > 0
    assert np.abs(np.asarray(there.fake, int) - np.asarray(back.fake, int)).mean() > 5
    expected = np.abs(np.asarray(there.real, float) - np.asarray(there.rec, float)).mean() / 255
    assert there.error == pytest.approx(expected)
    assert 0 < there.error < 1
    with pytest.raises(UserError, match="AtoB, BtoA"):
        translation.go(run, "up", picture())


def test_a_large_picture_is_shown_at_the_limit(run):
    way = translation.go(run, "AtoB", picture(2000, 1000))
    assert way.real.size == way.fake.size == way.rec.size == (translation.LONGEST, translation.LONGEST // 2)


def test_the_shipped_examples_are_there_pile_a_first(run):
    assert [example.side for example in pairs.examples("apple2orange", 32)] == ["a", "b", "b", "b"]
    assert [example.side for example in pairs.examples("horse2zebra", 128)] == ["a"] * 4 + ["b"]
    assert pairs.examples("nothing/at/all", 32) == ()
    for data in pairs.SHIPPED_PICTURES:
        for example in pairs.examples(data, 64):
            assert example.image.mode == "RGB"
            assert 100 <= max(example.image.size) <= 640


def test_every_shipped_example_is_named_in_the_licences_and_the_other_way_round():
    folder = HERE / "examples"
    named = set(re.findall(r"`([\w-]+\.webp)`", (folder / "LICENSES.md").read_text(encoding="utf-8")))
    there = {path.name for path in folder.iterdir()} - {"LICENSES.md"}
    used = {f"{name}.webp" for sides in pairs.SHIPPED_PICTURES.values() for names in sides for name in names}
    assert there == used
    assert there <= named


def test_test_photos_are_offered_where_the_data_is(run, tmp_path, monkeypatch):
    for side in ("trainA", "trainB", "testA", "testB"):
        folder = tmp_path / "data" / "apple2orange" / side
        folder.mkdir(parents=True)
        for index in range(5):
            picture(70, 60).save(folder / f"{index}.png")
    monkeypatch.setenv("GAN_DATA", str(tmp_path / "data"))
    pairs.examples.cache_clear()
    found = pairs.examples("apple2orange", 32)
    assert [example.side for example in found].count("a") == 1 + pairs.TEST_PICTURES
    assert [example.side for example in found].count("b") == 3 + pairs.TEST_PICTURES
    assert found[1].image.size == (32, 32)


def test_the_herds_examples_are_drawn(run):
    pytest.importorskip("gan.data.synthetic_herd", reason="the herd is not there yet")
    found = pairs.examples("herd", 64)
    assert [example.side for example in found] == ["a"] * 4 + ["b"] * 4
    assert len({example.image.tobytes() for example in found}) == 8


def test_the_emojis_examples_are_test_pictures_of_their_own_hand():
    test = load_pair("emoji", 64, split="test")
    for side, images in (("a", test.a.images), ("b", test.b.images)):
        known = {to_image(image).tobytes() for image in images}
        some = [each.image.tobytes() for each in pairs.examples("emoji", 64) if each.side == side]
        assert len(set(some)) == 4
        assert set(some) < known


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_known_pair_has_names_in_both_languages(run, language):
    for record in PAIRS.values():
        assert f"translate.names.{record.a}" in words(language)
        assert f"translate.names.{record.b}" in words(language)
    assert translation.names(run, "ko") == ("사과", "오렌지")


def test_a_folders_piles_are_named_without_its_place(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    cats = small_cyclegan(tmp_path, "cats", "/home/someone/cats,/home/someone/dogs")
    own = small_cyclegan(tmp_path, "own", "/home/someone/mine")
    assert translation.names(cats, "en") == ("cats", "dogs")
    assert translation.names(own, "en") == ("A", "B")


def test_the_page_shows_both_directions_at_once(run):
    html = translation.page(run, "AtoB", None, 0, "en")
    assert len(pictures(html)) == 8
    assert re.findall(r"<figcaption>([^<]+)", html) == [
        *("real: apple", "translated: orange", "the way back: apple", "identity: apple"),
        *("real: orange", "translated: apple", "the way back: orange", "identity: orange"),
    ]
    mine = translation.page(run, "BtoA", picture(), None, "ko")
    assert re.findall(r"<figcaption>([^<]+)", mine)[:2] == ["진짜: 오렌지", "변환한 그림: 사과"]
    assert len(pictures(mine)) == 8
    assert (
        len(pictures(translation.page(run, "AtoB", None, None, "en"))) == 4
    )  # nothing chosen: the other direction alone


def test_without_examples_only_the_visitors_picture_is_shown(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    own = small_cyclegan(tmp_path, "own", "/nowhere/mine")
    assert len(pictures(translation.page(own, "AtoB", picture(), None, "en"))) == 4
    assert "<img" not in translation.thumbnails(own, None, "en")


def test_a_hostile_name_of_a_pile_is_only_text(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    evil = small_cyclegan(tmp_path, "evil", "<script>x,<b>y")
    assert "<script" not in translation.page(evil, "AtoB", picture(), None, "en")


def test_a_new_checkpoint_is_seen_in_a_remembered_example(run, tmp_path):
    before = translation.page(run, "AtoB", None, 0, "en")
    other = small_cyclegan(tmp_path / "elsewhere", "other", seed=1)
    (run.folder / "weights.safetensors").write_bytes((other.folder / "weights.safetensors").read_bytes())
    images = [re.findall(r'src="([^"]+)"', html) for html in (before, translation.page(run, "AtoB", None, 0, "en"))]
    assert images[0][0] == images[1][0]
    assert images[0][1] != images[1][1]


def test_a_file_that_is_no_picture_is_refused_in_the_visitors_language(tmp_path):
    Image.new("1", (MAX_PIXELS // 3000, 3001)).save(tmp_path / "bomb.png")
    picture().save(tmp_path / "cut.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:400])
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(UserError, match=r"more than 52 million pixels\. Make it smaller"):
        uploads.read(str(tmp_path / "bomb.png"))
    for name in ("cut.png", "text.png", "gone.png"):
        with pytest.raises(UserError, match="52 million pixels"):
            uploads.read(str(tmp_path / name))
    assert words("ko")["translate.too_large"].startswith("그림이 {most}00만 화소")  # millions, as Koreans count
    assert f"{MAX_PIXELS // 10**6} million" in words("en")["translate.unreadable"]
    assert f"{MAX_PIXELS // 10**4:,}만" in words("ko")["translate.unreadable"]
    assert uploads.read(None) is None


def test_the_endpoint_wants_a_known_run_and_a_picture(run, tmp_path):
    picture().save(tmp_path / "in.png")
    fake, rec = translate.endpoint("fruit", "AtoB", str(tmp_path / "in.png"))
    assert fake.size == rec.size == (80, 50)
    for arguments, sentence in (
        (("../fruit", "AtoB", str(tmp_path / "in.png")), "no run named"),
        (("fruit", "AtoZ", str(tmp_path / "in.png")), "AtoB, BtoA"),
        (("fruit", "AtoB", None), "First choose a picture"),
    ):
        with pytest.raises(UserError, match=sentence):
            translate.endpoint(*arguments)


def test_the_other_direction_takes_an_example_of_the_other_pile_but_keeps_a_visitors_picture(run, tmp_path):
    image, _, example, _, html = translate.turn("fruit", "BtoA", None, 0, None)
    assert (example, isinstance(image, Image.Image)) == (1, True)
    assert html.index("real: orange") < html.index("real: apple")
    picture().save(tmp_path / "in.png")
    image, _, example, _, html = translate.turn("fruit", "BtoA", str(tmp_path / "in.png"), None, None)
    assert image == gr.skip()
    assert example is None
    assert html.index("real: orange") < html.index("real: apple")


@pytest.mark.parametrize(("way", "net"), [("AtoB", "b2a"), ("BtoA", "a2b")])
def test_imported_weights_of_one_direction_are_shown_without_the_way_back(run, tmp_path, way, net):
    small_cyclegan(tmp_path / "runs", "one", missing=(net, "a", "b"))
    _, direction, example, _, html = translate.show_example("one", 0, "en")
    assert (direction.value, [value for _, value in direction.choices]) == (way, [way])
    assert pairs.examples("apple2orange", 32)[example].side == ("a" if way == "AtoB" else "b")
    assert len(pictures(html)) == 2  # the picture and its translation, and no second row
    assert translation.go(model_cache.find("one"), way, picture()).rec is None
    with pytest.raises(UserError, match=f"translate {way} only"):
        translation.go(model_cache.find("one"), translation.opposite(way), picture())


def test_a_section_says_what_imported_weights_lack(run, tmp_path):
    one = Held(small_cyclegan(tmp_path / "runs", "one", missing=("b2a", "a", "b")), "AtoB", picture())
    both = Held(small_cyclegan(tmp_path / "runs", "both", missing=("a", "b")), "AtoB", picture())
    assert len(both.generators) == 2
    for now, wanted, key in ((one, "generators", "back"), (one, "networks", "judges"), (both, "networks", "judges")):
        with pytest.raises(Refused) as lacking:
            getattr(now, wanted)
        assert lacking.value.key == f"translate.lacking.{key}"


def test_feeding_the_result_back_turns_the_direction(run):
    file, direction, example, _, html = translate.again("fruit", "AtoB", None, 0, None)
    assert direction.value == "BtoA"
    assert example is None
    expected = translation.go(run, "AtoB", pairs.examples("apple2orange", 32)[0].image).fake
    with Image.open(file) as fake:
        assert fake.convert("RGB").tobytes() == expected.tobytes()
    assert html.index("generated: orange") < html.index("real: apple")  # what was fed back is no real orange
    assert "real: orange" not in html
    now = selection.held("fruit", "BtoA", file, None)
    assert now.made
    assert "generated: orange" in inspect.page(now, "en")
    assert not selection.held("fruit", "AtoB", None, 0).made


@pytest.mark.parametrize(
    ("seconds", "english", "korean"),
    [(0.4804, "there and back in 480 ms", "왕복 480ms"), (1.127, "there and back in 1.1 s", "왕복 1.1초")],
)
def test_a_way_that_takes_a_second_or_more_is_told_in_seconds(seconds, english, korean):
    for language, told in (("en", english), ("ko", korean)):
        assert (
            say(language, "translate.took", time=translation.duration(seconds, language)).replace("\u00a0", " ") == told
        )


@pytest.mark.parametrize(
    ("data", "given", "told"),
    [
        ("/photos/horse,/photos/zebra", None, ("말", "얼룩말")),
        ("/photos/horse2zebra", None, ("말", "얼룩말")),
        ("/runs/mine/pictures", ["Horses", "zebra"], ("말", "얼룩말")),
        ("/runs/mine/pictures", ["고양이", "강아지"], ("고양이", "강아지")),
        ("/runs/mine/pictures", None, ("A", "B")),
    ],
)
def test_domains_have_the_names_that_their_folders_or_files_tell(tmp_path, data, given, told):
    run = small_cyclegan(tmp_path, "own", data)
    if given:
        run.set_info(names=given)
    assert translation.names(run, "ko") == told


def test_without_any_run_the_tab_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(translate.model_cache, "runs", lambda *_, **__: [])
    dropdown, name = translate.opened(None, None)
    assert dropdown.value is name is None
    assert "Train tab" in translate.choose_run(name, "AtoB", None, None, None)[-1]


@pytest.mark.parametrize(("run", "direction"), [("apple2orange", "BtoA"), ("herd", "AtoB")])
def test_another_pair_translates_the_visitors_own_picture(tmp_path, run, direction):
    """What she gave stays, the other way round too; an example makes way for the other pair's own."""
    Image.new("RGB", (40, 30), (200, 60, 40)).save(tmp_path / "mine.png")
    given = str(tmp_path / "mine.png")
    picture, radio, example, _, page = translate.choose_run(run, direction, given, None, None)
    assert picture == gr.skip()
    assert (radio.value, example) == (direction, None)
    assert "data:image/png" in page
    picture, _, example, *_ = translate.choose_run(run, direction, given, 3, None)
    assert isinstance(picture, Image.Image)
    assert example == 0
