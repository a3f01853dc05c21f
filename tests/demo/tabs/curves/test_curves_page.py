"""The Curves tab in a real browser, and its endpoint."""

import csv

import pytest
from PIL import Image

from demo.ui.i18n import words
from tests.browser import expect, open_list, open_tab, settle, word
from tests.small_runs import record, sample, small_run

pytestmark = pytest.mark.browser


def names(page):
    return [text.split()[0] for text in page.locator("#stories h3").all_inner_texts()]


def choose(look, *chosen, language="en"):
    """(page, the sections): these runs alone, at their end, whatever was shown before."""
    page = look(language, tab="curves")
    page.wait_for_selector("#stories section")
    if names(page) != list(chosen):
        tokens = page.locator("#curves-runs .token-remove")
        while tokens.count():
            tokens.last.click()  # the last one removes them all
        for name in chosen:
            open_list(page, "curves-runs")
            page.get_by_role("option", name=name, exact=True).click()
        page.keyboard.press("Escape")
        page.wait_for_function(
            """chosen => {
                const heads = [...document.querySelectorAll('#stories h3')].map((each) => each.innerText);
                return heads.length === chosen.length && chosen.every((name, at) => heads[at].startsWith(name));
            }""",
            arg=list(chosen),
        )
    last = page.locator("#curves-step input[type=range]").get_attribute("max")
    if page.locator("#curves-step input[type=number]").input_value() != last:
        move(page, last)
    settle(page)
    return page, page.locator("#stories section")


def choose_new(look, name):
    """`choose` for a run that was made since the tab was opened."""
    page = look("en", tab="curves")
    open_tab(page, "noise")
    open_tab(page, "curves")
    settle(page)
    return choose(look, name)


def move(page, step):
    number = page.locator("#curves-step input[type=number]")
    number.fill(str(step))
    number.press("Tab")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_curves_and_samples_are_there_when_the_tab_opens(look, language):
    page = look(language, tab="curves", untouched=True)
    page.wait_for_selector("#stories section")
    sections = page.locator("#stories section")
    expect(sections).to_have_count(2)
    assert sections.first.locator("polyline.mean").count() == 4
    assert sections.first.locator(".rest").count() >= 3
    assert sections.first.locator(".sample img").evaluate("image => image.naturalWidth") > 0
    dashes = {
        kind: sections.first.locator(f"polyline.{kind}.mean").first.evaluate("x => getComputedStyle(x).strokeDasharray")
        for kind in ("spear", "shield")
    }
    assert dashes["spear"] == "none" != dashes["shield"]  # told apart without colour
    word = "평형" if language == "ko" else "equilibrium"
    assert word in page.locator("#stories .explanation").inner_text()


def test_the_slider_changes_samples(look):
    page, section = choose(look, "alpha")
    picture = section.locator(".sample img")
    last = picture.get_attribute("src")
    move(page, 210)
    page.wait_for_function(
        "document.querySelector('#stories').innerText.includes('Step 200:')",
    )
    middle = picture.get_attribute("src")
    assert middle != last
    move(page, 0)
    page.wait_for_function("document.querySelector('#stories').innerText.includes('Step 0:')")
    assert picture.get_attribute("src") not in (middle, last)


def test_a_run_that_grows_is_followed(look, added):
    run = small_run(added, "growing", lines=30)
    page, section = choose_new(look, "growing")
    before = section.locator("polyline.raw").first.get_attribute("points").count(",")
    last = section.locator(".sample figcaption").inner_text()
    assert last.startswith("Step 200:")
    for step in range(301, 20_000, 100):
        run.log(record(step))
    sample(run, 20_000)
    page.wait_for_function("document.querySelector('#stories').innerText.includes('Step 20,000:')", timeout=15_000)
    assert section.locator("polyline.raw").first.get_attribute("points").count(",") > before
    choose(look, "alpha")  # or the page would go on asking for what is gone


def test_the_pointer_reads_the_lines(look):
    page, section = choose(look, "alpha")
    plot = section.locator(".plot", has=page.locator("[data-label='D(real)']"))
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + 1, box["y"] + box["height"] / 2)
    output = plot.locator("output")
    output.wait_for(state="visible")
    words = output.inner_text().split("\n")
    unit, step = words[0].rsplit(" ", 1)
    assert unit == word(page, "curves.axes.step")
    assert int(step) in (1, 11, 21, 31)  # a pixel is some steps wide where longer runs share the axis
    assert words[1].rsplit(" ", 1)[0] == "D(real)"
    assert float(words[1].split()[-1]) == pytest.approx(record(int(step))["d_real"], abs=0.02)  # the moving average
    assert float(words[2].split()[-1]) == pytest.approx(record(int(step))["d_fake"], abs=0.02)


def test_downloads(look, tmp_path):
    page, _ = choose(look, "mnist", "alpha", language="ko")
    for kind, file in (("png", "curves.png"), ("svg", "curves.svg"), ("csv", "curves.csv"), ("gif", "samples.gif")):
        with page.expect_download(timeout=30_000) as download:
            page.locator(f"#save-{kind}").click()
        assert download.value.suggested_filename == file
        download.value.save_as(tmp_path / file)
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.width > 1000
    assert (tmp_path / "curves.svg").read_text().startswith("<?xml")
    with open(tmp_path / "curves.csv", newline="") as file:
        assert sum(row["run"] == "alpha" for row in csv.DictReader(file)) == 60


def test_the_endpoint_answers_with_series_rests_and_samples(server):
    client = server.client
    answer = client.predict(runs=["alpha", "beta"], axis="images", api_name="/curves")
    assert [run["run"] for run in answer["runs"]] == ["alpha", "beta"]
    assert answer["runs"][0]["series"]["d_real"]["y"][0] == pytest.approx(record(1)["d_real"])
    assert answer["runs"][0]["series"]["d_real"]["x"][0] == 8
    assert answer["runs"][0]["rest"]["d_fake"] == 0.5
    assert answer["runs"][0]["samples"] == [0, 200, 400]
    assert len(client.predict(api_name="/curves")["runs"]) == 2
    with pytest.raises(Exception, match="no run named"):
        client.predict(runs=["../alpha"], axis="step", api_name="/curves")


@pytest.mark.parametrize(("language", "size"), [("ko", (390, 844)), ("en", (1366, 768))])
def test_an_experiment_shows_half_asks_and_tells(look, language, size):
    page = look(language, tab="curves", size=size)
    page.wait_for_selector("#stories section")
    open_list(page, "curves-experiment")
    page.get_by_role("option", name=words(language)["curves.experiments.held.title"]).click()
    page.wait_for_function("document.querySelector('#stories h3').innerText.startsWith('balanced')")
    assert names(page) == ["balanced", "held-d"]

    def reach():
        """How far the longest line goes, of 1000."""
        points = page.locator("#stories polyline.raw").first.get_attribute("points")
        return max(float(point.split(",")[0]) for point in points.split())

    page.wait_for_function(
        "document.querySelector('#stories polyline.raw').getAttribute('points').split(' ').pop().split(',')[0] <= 500"
    )
    guess = page.locator("#curves-guess input")
    expect(guess).to_have_count(3)
    settle(page)  # the rest of that answer may still unset what is chosen
    guess.nth(0).click()
    page.wait_for_selector("#experiment .ends img >> nth=1")
    assert reach() <= 500  # still nothing of the end but its pictures, without names
    assert "held-d" not in page.locator("#experiment .ends").inner_html()
    step = "document.querySelector('#curves-step input[type=number]').value"
    page.evaluate(f"window.moments = []; window.watch = setInterval(() => moments.push(Number({step})), 50)")
    page.locator("#curves-ends input").nth(1).click()
    page.wait_for_selector("#experiment .answer")
    assert words(language)["curves.guess.wrong"] in page.locator("#experiment .answer").inner_text()
    page.wait_for_function(f"{step} > 2900", timeout=30_000)
    moments = page.evaluate("clearInterval(window.watch), [...new Set(window.moments)]")
    assert any(1499 <= moment < 2900 for moment in moments), moments  # it played on from there
    guess.nth(2).click()
    right = words(language)["curves.guess.right"]
    page.wait_for_function("word => document.querySelector('#experiment .answer').innerText.includes(word)", arg=right)
    points = "document.querySelector('#stories polyline.raw').getAttribute('points')"
    page.wait_for_function(f"{points}.split(' ').some(point => point.split(',')[0] > 950)")
    assert "{" not in page.locator("#experiment").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


STEP = "Number(document.querySelector('#curves-step input[type=number]').value)"


def shows(page, step):
    """Wait until the slider stands at this step and its sample is drawn."""
    page.wait_for_function(f"{STEP} === {step}")
    page.wait_for_function("word => document.querySelector('#stories').innerText.includes(word)", arg=f"Step {step:,}:")


def test_play_goes_through_the_moments_and_an_event_leads_to_its_own(look, added):
    run = small_run(added, "marked", lines=600)
    run.log({"step": 300, "seconds": 75.0, "event": "control", "freeze_d": True})
    page, _ = choose_new(look, "marked")
    page.locator("#stories button[data-step='300']").first.click()
    page.wait_for_function(f"{STEP} === 300")
    page.wait_for_function("document.querySelector('#stories').innerText.includes('Step 200:')")
    page.locator("#curves-play").click()
    page.wait_for_function(f"{STEP} > 399", timeout=15_000)
    page.locator("#curves-pause").click()
    paused = page.evaluate(STEP)
    shows(page, paused)
    settle(page, 1.0)  # two moments
    assert page.evaluate(STEP) == paused < 5000
    move(page, 0)
    shows(page, 0)
    page.locator("#curves-play").click()
    page.wait_for_function(f"{STEP} >= 200")
    move(page, 5200)  # the slider's own move is a Pause
    shows(page, 5200)
    settle(page, 1.0)
    assert page.evaluate(STEP) == 5200
    page.locator("#curves-play").click()
    shows(page, 5800)  # its last sample: there it ends
    page.locator("#curves-play").click()  # from the beginning again
    page.wait_for_function(f"0 < {STEP} && {STEP} < 5000")
    page.locator("#curves-pause").click()
    choose(look, "alpha")  # or the page would go on asking for what is gone


def test_no_late_answer_moves_the_slider_back(look, added):
    small_run(added, "slow", lines=600)
    page, _ = choose_new(look, "slow")
    page.evaluate("""() => {  // whatever is asked now is answered a second later
        window.whole = window.fetch;
        window.fetch = async (...given) => {
            if (String(given[0]).includes("/queue/join")) await new Promise((done) => setTimeout(done, 1000));
            return window.whole(...given);
        };
    }""")
    try:
        page.locator("#curves-play").click()
        page.wait_for_function(f"0 < {STEP} && {STEP} < 5000")
        move(page, 200)
        page.wait_for_timeout(2500)
        shows(page, 200)
        assert page.evaluate(STEP) == 200
    finally:
        page.evaluate("window.fetch = window.whole")
    choose(look, "alpha")


def test_the_axis_and_its_scale_change(look):
    page, section = choose(look, "alpha")
    page.get_by_role("button", name="Display options").click()
    page.locator("#curves-axis input[value=seconds]").check()
    page.wait_for_function("document.querySelector('#stories .chart').dataset.unit === 'seconds'")
    before = section.locator(".chart").count()
    page.locator("#curves-log input").check()
    page.wait_for_function("document.querySelector('#stories .chart').hasAttribute('data-log')")
    assert section.locator(".chart").count() == before
    page.locator("#curves-log input").uncheck()
    page.locator("#curves-axis input[value=step]").check()
    page.wait_for_function("document.querySelector('#stories .chart').dataset.unit !== 'seconds'")
    page.wait_for_function("!document.querySelector('#stories .chart').hasAttribute('data-log')")
