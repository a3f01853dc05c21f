"""What was chosen stands in the page's address: F5 and a link that is sent lead back to what was seen."""

import re

import pytest

from tests.browser import FIRST, expect, open_list, open_tab, settle, word
from tests.demo.tabs.curves.test_curves_page import move, names
from tests.demo.tabs.translate.test_translate_page import captions

pytestmark = pytest.mark.browser


def choose(page, element, option):
    open_list(page, element)
    page.get_by_role("option", name=option, exact=True).click()


def says(page, address):
    """Wait until the address says this after "/"."""
    expect(page).to_have_url("/".join(page.url.split("/")[:3]) + f"/{address}")


def test_the_run_of_noise_comes_back(visit):
    page = visit("en", path="?picture=mnist:0:7")
    page.wait_for_selector(FIRST["noise"])
    settle(page)
    says(page, "?picture=mnist:0:7")  # what the page shows by itself is not written
    choose(page, "noise-run", "fashion-mnist")
    says(page, "?noise=fashion-mnist")
    open_tab(page, "translate")
    page.wait_for_selector(FIRST["translate"])
    says(page, "?noise=fashion-mnist#translate")
    page.go_back()
    says(page, "?noise=fashion-mnist")  # and not the picture of before, which is not held any more
    settle(page)
    page.reload()
    page.wait_for_selector("#held img")
    expect(page.locator("#noise-run input")).to_have_value("fashion-mnist")
    expect(page.locator("#held-code input, #held-code textarea")).to_have_value("fashion-mnist:0:0")
    says(page, "?noise=fashion-mnist")
    settle(page)


def test_the_runs_and_the_moment_of_curves_come_back(visit):
    page = visit("en", path="?runs=alpha,beta,gone&step=200#curves")  # as it is sent; a run of it is not there
    page.wait_for_selector("#stories section")
    expect(page.locator("#curves-step input[type=number]")).to_have_value("200")
    assert names(page) == ["alpha", "beta"]
    settle(page)
    move(page, 400)
    says(page, "?runs=alpha,beta,gone&step=400#curves")
    page.reload()
    page.wait_for_selector("#stories section")
    expect(page.locator("#curves-step input[type=number]")).to_have_value("400")
    assert names(page) == ["alpha", "beta"]
    settle(page)
    choose(page, "curves-runs", "mnist")
    says(page, "?runs=alpha,beta,mnist#curves")


def test_an_experiment_comes_back_as_far_as_it_was_guessed(visit):
    page = visit("en", path="?experiment=held#curves")
    question = page.locator("#curves-guess label").first
    question.wait_for()
    settle(page)
    says(page, "?experiment=held#curves")
    question.click()
    says(page, "?experiment=held&guess=a#curves")
    page.locator("#curves-ends label").first.wait_for()
    settle(page)
    page.reload()
    page.locator("#curves-ends label").first.wait_for()
    settle(page)
    page.locator("#curves-ends label").first.click()
    page.locator("#experiment .answer").wait_for()
    page.locator("#curves-pause").click()
    settle(page)
    told = page.locator("#experiment").inner_text()
    assert "guess=a," in page.url
    page.reload()
    page.locator("#experiment .answer").wait_for()
    happened = told.splitlines()[-1]
    assert page.locator("#experiment").inner_text().splitlines()[-1] == happened
    expect(page.locator("#curves-guess input").first).to_be_checked()
    settle(page)
    choose(page, "curves-experiment", word(page, "curves.experiments.smooth.title"))
    says(page, "?experiment=smooth#curves")
    settle(page)


def test_run_and_direction_of_translate_come_back_beside_a_lesson(visit):
    page = visit("en", path="#translate")
    page.wait_for_selector(FIRST["translate"])
    settle(page)
    choose(page, "translate-run", "emoji")
    expect(page.locator("#ways figcaption").first).to_contain_text("Noto")
    says(page, "?translate=emoji#translate")
    settle(page)
    page.locator("#translate-direction label").nth(1).click()
    says(page, "?translate=emoji&direction=BtoA#translate")
    settle(page)
    before = captions(page)
    page.reload()
    page.wait_for_selector(FIRST["translate"])
    settle(page)
    assert captions(page) == before
    expect(page.locator("#translate-direction input").nth(1)).to_be_checked()
    open_tab(page, "lesson")
    page.locator(".cover .begin").click()
    expect(page).to_have_url(re.compile(r"lesson=gan&scene=1\b"))
    assert "translate=emoji&direction=BtoA" in page.url
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"/\?translate=emoji&direction=BtoA(#|$)"))
    settle(page)
    open_tab(page, "translate")
    choose(page, "translate-run", "fruit")
    expect(page.locator("#ways figcaption").first).to_contain_text("apple")  # its first example, in its own direction
    says(page, "?translate=fruit#translate")
    settle(page)
