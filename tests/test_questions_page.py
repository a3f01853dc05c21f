"""The Questions tab: what it computes, and that a visitor can play with it."""

import numpy as np
import pytest

from demo.language import say, words
from demo.questions import upward
from demo.squares import blues, greys, squares, swatches
from gan.errors import UserError


@pytest.mark.parametrize("pattern", upward.PATTERNS)
def test_patterns_are_the_same_picture_at_every_size(pattern):
    small, large = upward.draw(pattern, 8)[0, 0].numpy(), upward.draw(pattern, 32)[0, 0].numpy()
    assert small.min() >= 0
    assert small.max() <= 1
    assert small.std() > 0.1
    means = large.reshape(8, 4, 8, 4).mean((1, 3))
    assert np.abs(means - small).mean() < 0.05


def keys(**settings):
    defaults = {"pattern": "digit", "way": "transposed", "weights": "ones", "kernel": 3, "stride": 2, "padding": 0}
    result = upward.upsample(**(defaults | settings))
    return dict(result["says"]), result


def test_a_kernel_that_the_stride_does_not_divide_is_called_uneven_with_the_counts_in_the_picture():
    says, result = keys(kernel=3, stride=2)
    assert set(says) == {"uneven", "rippled"}
    assert (says["uneven"]["low"], says["uneven"]["high"]) == (1, 4)
    assert sorted(np.unique(result["touches"])) == [1, 2, 4]


def test_a_kernel_that_is_a_multiple_of_the_stride_is_called_even():
    says, result = keys(kernel=4, stride=2)
    assert says["even"]["low"] == 4
    assert says["flat"]["low"] == "4"
    assert result["output"].shape == (18, 18)


def test_a_kernel_smaller_than_the_stride_leaves_gaps():
    says, _ = keys(kernel=2, stride=4)
    assert says["gaps"]["share"] == pytest.approx(75, abs=3)


def test_random_weights_ripple_although_the_overlap_is_even():
    says, _ = keys(kernel=4, stride=2, weights="random")
    assert {"even", "rippled", "weights_ripple"} == set(says)


def test_learned_weights_make_up_for_an_uneven_overlap():
    says, result = keys(kernel=3, stride=2, weights="learned")
    assert "compensates" in says
    assert float(says["rippled"]["high"]) - float(says["rippled"]["low"]) < 1.5  # of 3 with all ones
    assert result["kernel"][1, 1] > result["kernel"][0, 0]


def test_rules_without_a_kernel():
    says, result = keys(way="nearest", stride=3)
    assert np.array_equal(result["output"], result["input"].repeat(3, 0).repeat(3, 1))
    assert set(says) == {"nearest"}
    says, result = keys(way="unpool", stride=2)
    assert says["unpool"]["share"] == 25
    assert result["output"].sum() == pytest.approx(result["input"].sum())
    says, result = keys(way="bilinear", stride=2)
    assert (says["bilinear"]["low"], says["bilinear"]["high"]) == (1, 4)
    assert result["kernel"] is None


@pytest.mark.parametrize(
    "settings", [{"kernel": 6}, {"stride": 0}, {"padding": 1.5}, {"way": "magic"}, {"pattern": "../etc"}]
)
def test_values_that_are_not_offered_are_refused_by_name(settings):
    with pytest.raises(UserError, match=next(iter(settings))):
        keys(**settings)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("way", upward.WAYS)
def test_every_setting_has_its_sentences_in_both_languages(way, language):
    for kernel in (2, 3, 4, 5) if way == "transposed" else (3,):
        for stride in (1, 2, 3, 4):
            for weights in upward.WEIGHTS if way == "transposed" else ("ones",):
                _, result = keys(way=way, kernel=kernel, stride=stride, weights=weights)
                html = upward.figure(result, language)
                assert html.count("<figure") == (4 if way == "transposed" else 3)
                assert "{" not in html


def test_squares_show_every_number_in_a_colour_that_tells_it_from_its_ground():
    counts = np.array([[0, 1], [2, 4]])
    html = squares(counts, blues, title="<T>", alt="alt", form="d", legend=swatches(counts, "{} x".format))
    assert "<T>" not in html
    assert html.count("<text") == 4
    assert 'fill="#fff">4<' in html
    assert 'fill="#000">0<' in html
    assert [f"{n} x" in html for n in (0, 1, 2, 3, 4)] == [True, True, True, False, True]
    assert greys(np.array([[0.0, 5.0]]))[0, :, 0].tolist() == [0, 255]
    assert greys(np.array([[3.0, 3.0]]))[0, :, 0].tolist() == [128, 128]


browser = pytest.mark.browser


def pictures(page):
    """The data of every picture in the answer to question 1."""
    return page.locator("#upsample image").evaluate_all("them => them.map(it => it.getAttribute('href'))")


@browser
@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_tab_opens_with_a_computed_answer(visit, language):
    page = visit(language, tab="questions")
    page.wait_for_selector("#upsample image")
    assert len(pictures(page)) == 4
    expected = say(language, "questions.q1.says.uneven", kernel=3, stride=2, low=1, high=4)
    assert expected in page.inner_text("#upsample")
    for question in ("q1", "q15", "q17", "q20"):
        assert page.get_by_role("tab", name=words(language)[f"questions.{question}.tab"]).is_visible()


@browser
def test_another_way_and_another_stride_change_the_picture(visit):
    page = visit("en", tab="questions")
    page.wait_for_selector("#upsample image")
    before = pictures(page)
    page.get_by_label(words("en")["questions.q1.ways.bilinear"], exact=True).first.check()
    page.wait_for_function("document.querySelectorAll('#upsample image').length === 3")
    page.get_by_label(words("en")["questions.q1.padding"]).first.wait_for(state="hidden")
    bilinear = pictures(page)
    assert bilinear[0] == before[0]
    assert bilinear[1] != before[2]
    page.get_by_role("spinbutton", name=words("en")["questions.q1.stride"]).fill("4")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "old => document.querySelectorAll('#upsample image')[1].getAttribute('href') !== old", arg=bilinear[1]
    )
    assert "32" in page.locator("#upsample svg").nth(1).get_attribute("aria-label")


@browser
def test_everything_is_reached_and_changed_by_keyboard(visit):
    page = visit("en", tab="questions")
    page.wait_for_selector("#upsample image")
    before = pictures(page)
    page.locator("#upsample").scroll_into_view_if_needed()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type === 'range'"):
            break
    else:
        pytest.fail("no slider was reached with the Tab key")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "old => document.querySelectorAll('#upsample image')[2].getAttribute('href') !== old", arg=before[2]
    )
    assert "not a multiple" not in page.inner_text("#upsample")  # stride 3 divides kernel 3


@browser
def test_the_endpoint_gives_the_numbers(server):
    from gradio_client import Client

    client = Client(server.url, verbose=False)
    result = client.predict("dot", "transposed", "ones", 3, 2, 0, api_name="/upsample")
    assert np.array(result["touches"]).shape == (17, 17)
    assert "varies from 1 to 4" in result["explanation"]
    with pytest.raises(Exception, match="kernel"):
        client.predict("dot", "transposed", "ones", 99, 2, 0, api_name="/upsample")
