"""The Questions tab: what it computes, and that a visitor can play with it."""

import numpy as np
import pytest
import torch

from demo.tabs.questions import q01_compute, q01_upsampling, q15_pooling, quiz_items
from demo.tabs.questions import q01_kernels as kernels
from demo.ui.heatmap import blues, greys, squares, swatches
from demo.ui.i18n import say, words
from gan.core.checkpoint import load_networks
from gan.errors import UserError
from gan.metrics.classifier import load_classifier, sureness
from tests.browser import expect, open_section, settle


@pytest.mark.parametrize("pattern", q01_compute.PATTERNS)
def test_patterns_are_the_same_picture_at_every_size(pattern):
    small, large = q01_compute.draw(pattern, 8)[0, 0].numpy(), q01_compute.draw(pattern, 32)[0, 0].numpy()
    assert small.min() >= 0
    assert small.max() <= 1
    assert small.std() > 0.1
    means = large.reshape(8, 4, 8, 4).mean((1, 3))
    assert np.abs(means - small).mean() < 0.05


def keys(**settings):
    defaults = {"pattern": "digit", "way": "transposed", "weights": "ones", "kernel": 3, "stride": 2, "padding": 0}
    result = q01_compute.upsample(**(defaults | settings))
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


def test_two_percent_are_nearly_flat_and_no_ripple():
    says, _ = keys(weights="learned", kernel=4, stride=2)
    assert set(says) == {"even", "nearly_flat"}
    assert says["nearly_flat"] == {"low": "1.03", "high": "1.05", "share": "2"}
    says, _ = keys(weights="learned", kernel=5, stride=3)  # 1.01 to 1.07
    assert "rippled" in says


def test_random_weights_ripple_although_the_overlap_is_even():
    says, _ = keys(kernel=4, stride=2, weights="random")
    assert {"even", "rippled", "weights_ripple"} == set(says)


def test_learned_weights_make_up_for_an_uneven_overlap():
    says, result = keys(kernel=3, stride=2, weights="learned")
    assert "compensates" in says
    assert float(says["nearly_flat"]["high"]) - float(says["nearly_flat"]["low"]) < 0.05  # of 3 with all ones
    assert result["kernel"][1, 1] > result["kernel"][0, 0]


def test_rules_without_a_kernel():
    says, result = keys(way="nearest", stride=3)
    assert np.array_equal(result["output"], result["input"].repeat(3, 0).repeat(3, 1))
    assert set(says) == {"nearest"}
    says, result = keys(way="unpool", stride=2)
    assert says["unpool"]["share"] == 25
    assert result["output"].sum() == pytest.approx(result["input"].sum())
    windows = result["pooled"].reshape(8, 2, 8, 2)  # the earlier layer that the positions come from is shown, too
    assert np.array_equal(result["input"], windows.max((1, 3)))
    there = result["output"] > 0
    assert np.array_equal(result["output"][there], result["pooled"][there])
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
@pytest.mark.parametrize("way", q01_compute.WAYS)
def test_every_setting_has_its_sentences_in_both_languages(way, language):
    for kernel in (2, 3, 4, 5) if way == "transposed" else (3,):
        for stride in (1, 2, 3, 4):
            for weights in q01_compute.WEIGHTS if way == "transposed" else ("ones",):
                _, result = keys(
                    way=way, kernel=kernel, stride=stride, weights=weights, painted=[[1.0] * kernel] * kernel
                )
                html = q01_upsampling.figure(result, language)
                assert html.count("<figure") == (5 if way in ("transposed", "unpool") else 4)
                assert q01_upsampling.matrices(result, language).count("<figure") == (2 if way == "transposed" else 0)
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


def test_a_painted_kernel_is_what_is_laid_down():
    cells = [[0.0, 0.0], [0.0, 2.0]]
    _, result = keys(pattern="dot", kernel=2, weights="painted", painted=cells)
    assert result["kernel"].tolist() == cells
    assert np.array_equal(result["output"][1::2, 1::2], 2 * result["input"])
    assert result["output"][::2].max() == 0


@pytest.mark.parametrize(
    "cells",
    [None, [], "x", [[1, 2], [3]], [[1, 2]], [[1, float("nan")], [0, 0]], [[1, 2], [3, 10]], [["a", 1], [1, 1]]],
)
def test_what_is_no_kernel_of_that_size_is_refused(cells):
    assert kernels.checked(cells, 2) is None
    with pytest.raises(UserError, match="painted"):
        keys(kernel=2, weights="painted", painted=cells)


@pytest.mark.slow
def test_a_kernel_learns_real_digits_near_the_bilinear_one_but_not_to_it():
    said = list(kernels.learn(4, None))
    page, taught, _ = said[-1]
    assert len(said) == kernels.STEPS // kernels.EVERY + 1
    assert [each[2].interactive for each in said[-2:]] == [False, True]
    assert "come near the bilinear kernel" in page
    apart = np.abs(np.array(taught) - np.outer([0.25, 0.75, 0.75, 0.25], [0.25, 0.75, 0.75, 0.25])).mean()
    assert 0.02 < apart < kernels.NEAR
    *_, (page, _, _) = kernels.learn(3, None)
    assert "has not come near" in page
    with pytest.raises(UserError, match="from 2 to 5"):
        next(kernels.learn(9, None))


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("question", quiz_items.RIGHT)
def test_every_answer_has_its_explanation_and_one_is_right(question, language):
    html = quiz_items.html(question, language)
    count = len(quiz_items.RIGHT[question])
    assert html.count('type="radio"') == 3 * count == html.count('role="status"')
    assert html.count('class="right"') == count
    assert 2 <= count <= 3
    assert "Fkqf3dS9Cqw" in html  # the author's lecture in Korean
    for number, right in enumerate(quiz_items.RIGHT[question], 1):
        assert f'<p class="right" id="{question}-{number}-{right}"' in html


@pytest.mark.parametrize(("experiment", "low"), [("upward", "3.20"), ("pooling", "3.82")])
def test_what_was_measured_is_quoted_with_its_numbers(experiment, low):
    assert low in quiz_items.evidence(experiment, "en")
    assert "{" not in quiz_items.evidence(experiment, "ko")


browser = pytest.mark.browser


def pictures(page):
    """The data of every picture in the answer to question 1."""
    return page.locator("#upsample image").evaluate_all("them => them.map(it => it.getAttribute('href'))")


def begin(look, language="en", **options):
    """Question 1 as it stands at first: a digit enlarged by a kernel of ones, 3 wide, with stride 2."""
    page = look(language, tab="questions", **options)
    page.wait_for_selector("#upsample image", state="attached")
    open_section(page, "questions", "q1")
    for field, value in (("pattern", "digit"), ("way", "transposed"), ("weights", "ones")):
        page.locator(f"#q1-{field} input[value={value}]").check()
    for field, value in (("stride", "2"), ("kernel", "3"), ("padding", "0")):
        number = page.get_by_role("spinbutton", name=words(language)[f"questions.q1.{field}"], exact=False).first
        if number.input_value() != value:
            number.fill(value)
            page.keyboard.press("Enter")
    expected = say(language, "questions.q1.says.uneven", kernel=3, stride=2, low=1, high=4)
    expect(page.locator("#upsample")).to_contain_text(expected, use_inner_text=True)
    settle(page)
    return page


@browser
@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_tab_opens_with_a_computed_answer_and_everything_is_reached_and_changed_by_keyboard(look, language):
    page = look(language, tab="questions", untouched=True)
    page.wait_for_selector("#upsample image")
    before = pictures(page)
    assert len(before) == 5
    expected = say(language, "questions.q1.says.uneven", kernel=3, stride=2, low=1, high=4)
    assert expected in page.inner_text("#upsample")
    for question in ("q1", "q15", "q17", "q20"):
        expect(page.get_by_role("tab", name=words(language)[f"questions.{question}.tab"])).to_be_visible()
    page.locator("#upsample").scroll_into_view_if_needed()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type === 'range'"):
            break
    else:
        pytest.fail("no slider was reached with the Tab key")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "old => document.querySelectorAll('#upsample image')[3].getAttribute('href') !== old", arg=before[3]
    )
    assert expected not in page.inner_text("#upsample")  # stride 3 divides kernel 3
    assert "not a multiple" not in page.inner_text("#upsample")


@browser
def test_another_way_and_another_stride_change_the_picture(look):
    page = begin(look)
    before = pictures(page)
    page.get_by_label(words("en")["questions.q1.ways.bilinear"], exact=True).first.check()
    page.wait_for_function("document.querySelectorAll('#upsample image').length === 4")
    page.get_by_label(words("en")["questions.q1.padding"]).first.wait_for(state="hidden")
    bilinear = pictures(page)
    assert bilinear[0] == before[0]
    assert bilinear[2] != before[3]
    page.get_by_role("spinbutton", name=words("en")["questions.q1.stride"]).fill("4")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "old => document.querySelectorAll('#upsample image')[2].getAttribute('href') !== old", arg=bilinear[2]
    )
    assert "32" in page.locator("#upsample .output svg").get_attribute("aria-label")


@browser
def test_the_endpoint_gives_the_numbers(server):
    client = server.client
    result = client.predict("dot", "transposed", "ones", 3, 2, 0, api_name="/upsample")
    assert np.array(result["touches"]).shape == (17, 17)
    assert "varies from 1 to 4" in result["explanation"]
    with pytest.raises(Exception, match="kernel"):
        client.predict("dot", "transposed", "ones", 99, 2, 0, api_name="/upsample")


@browser
def test_a_kernel_is_painted_with_a_pen_and_typed_in(look):
    page = begin(look)
    page.locator("#q1-weights input[value=painted]").check()
    cells = page.locator("#q1-painter .kernel input")
    cells.first.wait_for()
    assert cells.count() == 9

    def middle_now(expected):
        page.wait_for_function(
            "it => document.querySelectorAll('#upsample .kernel text')[4]?.textContent === it", arg=expected
        )

    middle_now("1.00")
    page.locator("#q1-painter [data-pen='-1']").click()
    cells.nth(4).click()
    middle_now("-1.00")
    page.locator("#q1-painter [data-pen='-1']").click()  # the pen is put away: now one types
    cells.nth(4).fill("2.5")
    page.keyboard.press("Tab")
    middle_now("2.50")


@browser
def test_a_kernel_learns_live_and_is_put_to_use(look):
    page = begin(look, "ko", size=(390, 844))
    page.locator("#q1-learn").click()
    page.wait_for_selector("#q1-learned .chart")
    page.wait_for_function("!document.querySelector('#q1-use').disabled", timeout=60_000)
    page.locator("#q1-use").click()
    page.wait_for_function("document.querySelectorAll('#upsample .kernel text').length === 16")
    taught = page.locator("#q1-learned .three text").first.text_content()
    expect(page.locator("#upsample .kernel text").first).to_have_text(taught)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("pattern", q15_pooling.PATTERNS)
@pytest.mark.parametrize("kernel", q15_pooling.KERNELS)
@pytest.mark.parametrize("layer", q15_pooling.LAYERS)
def test_a_picture_goes_down_in_four_ways(pattern, kernel, layer, language):
    result = q15_pooling.compare(pattern, 1, kernel, 3, layer)
    assert list(result["ways"]) == list(q15_pooling.WAYS)
    for way in result["ways"].values():
        assert way["output"].shape == (16, 16)
        assert way["back"].shape == (32, 32)
    assert result["ways"]["average"]["hear"] == 1
    if layer == "pooling":
        assert result["ways"]["max"]["hear"] == 0.25
    elif kernel != "one":  # the text: a winner passes its gradient on to nine pixels, so that nearly all get some
        assert result["ways"]["max"]["hear"] > 0.95
    html = q15_pooling.figure(result, language)
    kernels = sum(way["kernel"] is not None for way in result["ways"].values())
    assert kernels == (len(q15_pooling.WAYS) if layer == "network" else 1)
    assert html.count("<figure") == 1 + 2 * len(q15_pooling.WAYS) + kernels
    assert "{" not in html
    still = q15_pooling.compare(pattern, 0, kernel, 3, layer)
    assert np.array_equal(np.roll(still["input"], 1, 1), result["input"])


def test_the_learned_kernel_is_the_discriminators_own_and_what_is_not_offered_is_refused():
    ways = q15_pooling.compare("dot", 0, "learned", 5)["ways"]
    for name, down in (("stride", "stride"), ("max", "max"), ("average", "average"), ("blur", "max")):
        run = q15_pooling.taught(down)
        assert run.config.downsample == down
        weight = load_networks(run)[1]["d"].stages[0][0].weight[4, 0].detach().numpy()
        assert np.array_equal(ways[name]["kernel"], weight)
    by_hand = convolve(q15_pooling.compare("line", 1, "learned", 5)["input"], ways["max"]["kernel"])
    pooled = q15_pooling.compare("line", 1, "learned", 5)["ways"]["max"]["output"]
    assert np.allclose(pooled, by_hand.reshape(16, 2, 16, 2).max((1, 3)), atol=1e-5)
    for bad in (("x", 0, "one"), ("dot", 9, "one"), ("dot", 0.5, "one"), ("dot", 0, "x"), ("dot", 0, "learned", 99)):
        with pytest.raises(UserError):
            q15_pooling.compare(*bad)
    assert set(q15_pooling.endpoint("line")["ways"]) == set(q15_pooling.WAYS)


def test_the_digit_is_the_five_of_the_lecture():
    """Whichever run is shipped: an example's number must not come to mean another picture."""
    with torch.no_grad():
        sure = sureness(load_classifier("mnist"), q15_pooling.picture("digit", 0) * 2 - 1)[0]
    assert sure.argmax() == 5
    assert sure[5] > 0.7


@pytest.mark.parametrize("layer", q15_pooling.LAYERS)
def test_what_is_said_of_a_shift_by_one_pixel_holds_for_nearly_every_kernel(layer):
    """The text: the strided convolution is about as far off as pooling or farther; a blur helps nearly always."""
    off = []
    for number in range(1, q15_pooling.MAPS + 1):
        ways = q15_pooling.compare("digit", 0, "learned", number, layer)["ways"]
        off.append({name: way["off"] for name, way in ways.items()})
    assert sum(each["blur"] < each["max"] for each in off) >= 15
    assert sum(each["stride"] > 0.9 * min(each["max"], each["average"]) for each in off) >= 12


def convolve(picture, kernel):
    """A 3x3 convolution with a border of zeros, number by number."""
    padded = np.pad(picture, 1)
    shifted = [kernel[i, j] * padded[i : i + 32, j : j + 32] for i in range(3) for j in range(3)]
    return sum(shifted)


@browser
@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_line_that_moves_by_a_pixel_changes_the_outputs(look, language):
    page = look(language, tab="questions", size=(390, 844) if language == "ko" else (1366, 768))
    open_section(page, "questions", "q15")
    page.wait_for_selector("#downward figure")
    assert page.locator("#downward figure").count() == 13
    page.locator("#q15-layer input[value=pooling]").check()
    page.locator("#q15-pattern input[value=line]").check()
    page.wait_for_function("/100\\s?%/.test(document.querySelector('#downward [aria-live]').textContent)")
    images = "them => them.map(it => it.getAttribute('href'))"
    before = page.locator("#downward image").evaluate_all(images)
    page.get_by_role("spinbutton", name=words(language)["questions.q15.shift"]).fill("1")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "old => document.querySelector('#downward image').getAttribute('href') !== old", arg=before[0]
    )
    after = page.locator("#downward image").evaluate_all(images)
    assert after[4] == before[4]  # max pooling: still the same window
    assert after[8] != before[8]  # blurred pooling sees it
    assert "3.39" in page.inner_text("#q15-evidence")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@browser
def test_a_patch_is_drawn_by_dragging_a_pen(look):
    page = begin(look, "ko")
    before = pictures(page)[0]
    page.locator("#q1-pattern input[value=drawn]").check()
    cells = page.locator("#q1-patch .kernel input")
    cells.first.wait_for()
    assert cells.count() == 64
    page.locator("#q1-patch [data-pen='1']").click()
    start, end = (cells.nth(at).bounding_box() for at in (0, 7))
    page.mouse.move(start["x"] + 5, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(end["x"] + 5, end["y"] + 10, steps=20)
    page.mouse.up()
    page.wait_for_function("old => document.querySelector('#upsample image').getAttribute('href') !== old", arg=before)
    for at in range(8):
        expect(cells.nth(at)).to_have_value("1")
