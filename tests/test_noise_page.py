"""The Noise to image tab in a real browser, and its endpoint."""

import pytest

from tests.browser import serve
from tests.small_runs import small_run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The app with a folder of runs of its own."""
    folder = tmp_path_factory.mktemp("runs")
    small_run(folder, "alpha")
    with serve(GAN_RUNS=str(folder)) as running:
        running.runs = folder
        yield running


def sources(page, count=16):
    """The pictures' data, when there are as many as expected."""
    images = page.locator("#pictures .made img")
    page.wait_for_function(f"document.querySelectorAll('#pictures .made img').length === {count}")
    return images.evaluate_all("images => images.map(image => image.src)")


def set_seed(page, seed):
    field = page.locator("#noise-seed input")
    field.fill(str(seed))
    field.press("Tab")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_opens_with_sixteen_pictures_and_a_verdict_under_each(visit, language):
    page = visit(language)
    assert len(set(sources(page))) > 1
    captions = page.locator("#pictures figcaption").all_inner_texts()
    assert len(captions) == 16
    assert all("%" in caption for caption in captions)
    assert page.locator("#pictures .best").count() == page.locator("#pictures .worst").count() == 1
    word = "판별자" if language == "ko" else "discriminator"
    assert word in page.locator("#pictures .legend").inner_text()
    assert page.locator("#pictures img").first.evaluate("x => getComputedStyle(x).imageRendering") == "pixelated"


def test_a_seed_names_its_pictures(visit):
    page = visit()
    first = sources(page)
    set_seed(page, 5)
    page.wait_for_function("src => document.querySelector('#pictures img').src !== src", arg=first[0])
    assert not set(first) & set(sources(page))
    set_seed(page, 0)
    page.wait_for_function("src => document.querySelector('#pictures img').src === src", arg=first[0])
    assert sources(page) == first
    assert sources(visit()) == first  # another visitor sees the same


def test_the_dice_give_a_new_seed_and_new_pictures(visit):
    page = visit()
    first = sources(page)
    page.locator("#dice").click()
    page.wait_for_function("src => document.querySelector('#pictures img').src !== src", arg=first[0])
    assert page.locator("#noise-seed input").input_value() != "0"


def test_a_hundred_pictures_fit_a_phone(visit):
    page = visit("ko", size=(390, 844))
    sources(page)
    number = page.locator("#noise-count input[type=number]")
    number.fill("100")
    number.press("Tab")
    sources(page, 100)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#pictures img").first.bounding_box()["width"] >= 50


def test_a_run_made_meanwhile_is_offered_when_the_tab_is_opened_again(visit, server):
    from tests.browser import open_tab

    page = visit()
    sources(page)
    small_run(server.runs, "newcomer")
    open_tab(page, "curves")
    open_tab(page, "noise")
    page.wait_for_timeout(1000)
    page.locator("#noise-run input").click()
    page.get_by_role("option", name="newcomer").click()
    page.wait_for_function("document.querySelector('#noise-run input').value === 'newcomer'")
    sources(page)


def test_the_endpoint_answers_with_verdicts_and_a_picture(server):
    from gradio_client import Client
    from PIL import Image

    client = Client(server.url, verbose=False)
    answer, path = client.predict(run="alpha", seed=3, count=9, api_name="/generate")
    again, _ = client.predict(run="alpha", seed=3, count=9, api_name="/generate")
    assert answer == again
    assert len(answer["verdicts"]) == 9
    assert all(0 <= value <= 1 for value in answer["verdicts"])
    with Image.open(path) as picture:
        assert picture.size == (3 * 16 + 4, 3 * 16 + 4)
    with pytest.raises(Exception, match="no run named"):
        client.predict(run="../alpha", seed=3, count=9, api_name="/generate")
    with pytest.raises(Exception, match="choose a whole number from 1 to 100"):
        client.predict(run="alpha", seed=3, count=101, api_name="/generate")
