"""Which of these runs is well? They have letters until the answer is asked for; what is said is their own."""

import re

import pytest

from demo.lessons import lesson_file
from demo.server import model_cache
from demo.shared import experiments
from demo.tabs.curves import reading
from gan.plots.history import tell
from tests.browser import expect, settle, word

NAMES = tuple(reading.RUNS)


def test_each_run_has_a_letter_curves_pictures_and_numbers_of_its_own():
    html = reading.page("en")
    assert re.findall(r"<h3>(\w)</h3>", html) == list("ABCD")
    assert html.count('class="chart"') == 2 * len(NAMES)
    assert len(set(re.findall(r'class="last" src="([^"]+)"', html))) == len(NAMES)
    for name in NAMES:
        found = experiments.numbers(tell(model_cache.find(name)))
        assert experiments.readable("frechet", found["frechet"]) in html
    assert reading.page("ko") != html
    well = min(NAMES, key=lambda name: experiments.numbers(tell(model_cache.find(name)))["frechet"])
    assert well == reading.WELL


def test_without_one_of_the_runs_nothing_is_asked(monkeypatch):
    few = [run for run in model_cache.runs() if run.name != "held-d"]
    monkeypatch.setattr(model_cache, "runs", lambda *args, **options: few)
    assert reading.page("en") == ""


@pytest.mark.browser
def test_the_answer_comes_when_it_is_asked_for_and_goes_when_the_scene_begins_anew(visit):
    scenes = [scene.stage for scene in lesson_file.read(lesson_file.shipped("en")).scenes]
    page = visit("en", path=f"?lesson=gan&scene={scenes.index('reading') + 1}")
    page.wait_for_selector("#reading section", state="visible")
    settle(page)
    for name in NAMES:
        assert name not in page.locator("#reading").inner_text()
    page.get_by_role("button", name=word(page, "curves.reading.reveal")).click()
    expect(page.locator("#reading .well .answer")).to_contain_text(reading.WELL)
    page.keyboard.press("r")
    expect(page.locator("#reading .answer").first).to_be_hidden()
    page.set_viewport_size({"width": 390, "height": 844})
    tops = "() => [...document.querySelectorAll('#reading section')].map((each) => each.getBoundingClientRect().top)"
    page.wait_for_function(f"new Set(({tops})().map(Math.round)).size === 2")  # two beside each other on a phone
    settle(page)
