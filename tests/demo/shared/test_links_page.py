"""Buttons that lead from a question to another tab: there stands what they promised, at its top and ready."""

import pytest

from demo.shared import experiments
from demo.ui.i18n import words
from tests.browser import expect, open_section, open_tab, settle

pytestmark = pytest.mark.browser

WANTED = {"q1": ("upward", None), "q15": ("pooling", "pooling"), "q20": ("held", "digits")}


@pytest.mark.parametrize(("language", "size"), [("ko", (390, 844)), ("en", (1366, 768))])
def test_a_question_leads_to_its_own_experiment_and_training(look, language, size):
    said = words(language)
    page = look(language, tab="curves", size=size)  # it was used before, for something else
    page.wait_for_selector("#stories section")
    for question, (experiment, preset) in WANTED.items():
        for tab, wanted in (("curves", experiment), ("train", preset)):
            if wanted is None:
                continue
            open_tab(page, "questions")
            open_section(page, "questions", question)
            settle(page)
            page.evaluate("scrollTo(0, document.body.scrollHeight)")
            page.locator("button:visible", has_text=said[f"questions.go.{tab}"]).click()
            page.get_by_role("tab", name=said[f"{tab}.tab"], exact=True, selected=True).wait_for()
            if tab == "curves":
                expect(page.locator("#experiment")).to_contain_text(experiments.text(wanted, "question", language))
                expect(page.locator("#curves-experiment input")).to_have_value(
                    experiments.text(wanted, "title", language)
                )
                expect(page.locator("#curves-guess")).to_be_visible()
                settle(page)
                assert page.evaluate("scrollY") == 0
            else:
                expect(page.locator(f"#train-preset input[value={wanted}]")).to_be_checked()
                settle(page)
                assert page.evaluate("scrollY") == 0
                if not page.locator("#train-setting-downsample").count():
                    page.locator("#train-settings > button").click()
                down = page.locator("#train-setting-downsample input")
                expect(down).to_have_value(
                    said[f"train.settings.downsample.choices.{'max' if wanted == 'pooling' else 'stride'}"]
                )
    open_tab(page, "noise")
    open_tab(page, "train")
    settle(page)
    expect(page.locator("#train-preset input[value=digits]")).to_be_checked()  # nobody asked for anything else
