"""The class plays the duel in a browser: a training that the teacher starts, two phones, and what is done to D."""

import time

import pytest

from demo.ui.i18n import words
from gan.runs.run import ACTIVE, Run
from tests.browser import Visitors, expect, lead_a_room, serve, settle
from tests.demo.lessons.test_lesson_page import SMALL, arrived, scene_number

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCENE = scene_number(stage="versus")
FITS = """() => {
  const box = (what) => document.querySelector(what).getBoundingClientRect();
  const [vote, footer] = [box("#lesson-vote"), box("#lesson footer")];
  return [...document.querySelectorAll("#lesson-versus *")].map((each) => each.getBoundingClientRect())
    .every(({ right, bottom }) => right <= vote.left + 1 && bottom <= footer.top + 1);
}"""


@pytest.fixture
def app(tmp_path):
    """The app with an empty folder of runs; whatever trains there is stopped after the test."""
    with serve(GAN_RUNS=str(tmp_path)) as server:
        yield server
    for run in map(Run, (file.parent for file in tmp_path.glob("*/run.json"))):
        if run.status in ACTIVE:
            run.control("stop")
        deadline = time.monotonic() + 60
        while run.status in ACTIVE and time.monotonic() < deadline:
            time.sleep(0.2)


def requested(page, address):
    return page.evaluate("async (address) => [...new Uint8Array(await (await fetch(address)).arrayBuffer())]", address)


def test_two_phones_play_while_the_teacher_starts_a_training_and_freezes_d(chromium, app):
    visitors, say = Visitors(chromium, app.url), words("en")
    teacher = visitors("en", path=f"?lesson=gan&scene={SCENE}")
    arrived(teacher)
    stage = teacher.locator("#lesson-versus")
    expect(stage).to_contain_text(say["room.versus.how"])  # nobody leads yet: what it is, and how it is begun
    code = lead_a_room(teacher)
    teacher.keyboard.press("q")
    expect(stage.locator(".empty")).to_have_text(say["room.versus.none"])
    phones = [visitors.phone(f"room/{code}", language) for language in ("en", "ko")]
    for phone, language in zip(phones, ("en", "ko"), strict=True):
        expect(phone.locator(".verdict")).to_have_text(words(language)["room.versus.wait"])

    stage.locator("[data-act=start]").click()
    expect(stage.locator("[data-act=hold-d]")).to_be_visible(timeout=90_000)
    expect(stage.locator("[data-act=start]")).to_have_count(0)  # one at a time
    teacher.wait_for_function(
        "document.querySelector('#lesson-versus .newest img')?.naturalWidth > 100", timeout=60_000
    )
    for phone in phones:
        expect(phone.locator(".says button")).to_have_count(2)
        for answered in range(1, 4):
            phone.locator(".versus img").wait_for()
            assert phone.evaluate("document.querySelector('.versus img').src").startswith("data:image/png;base64,")
            phone.locator(".says button").nth(answered % 2).click()
            expect(phone.locator(".tally")).to_contain_text(str(answered))
            assert phone.locator(".verdict").inner_text().strip()
            phone.locator(".versus .send").click()
            expect(phone.locator(".says button").first).to_be_visible()
    expect(stage.locator(".story li").first).to_contain_text("Answers: 6", timeout=5000)
    expect(stage.locator(".numbers td.class")).not_to_have_text("–")
    assert stage.locator("svg circle.class").count() >= 1
    assert not teacher.evaluate(SMALL, 13.9), "legible from the back row"
    box = stage.bounding_box()
    assert box["y"] + box["height"] <= 768 - teacher.locator("#lesson footer").bounding_box()["height"]

    teacher.keyboard.press("v")  # the vote takes the phones until its answer is shown
    expect(phones[0].locator(".answers button")).to_have_count(3)
    expect(phones[0].locator(".versus")).to_have_count(0)
    for phase in ("vote_again", "vote_truth", "vote_anew"):
        teacher.keyboard.press("v")
        expect(teacher.locator("#lesson-vote .act")).to_have_text(say[f"lesson.{phase}"])
    expect(phones[0].locator(".says button").first).to_be_visible()
    expect(phones[0].locator(".tally")).to_contain_text("3")  # what it had is kept

    held = stage.locator("[data-act=hold-d]")
    held.focus()
    teacher.wait_for_timeout(2500)  # curves grow meanwhile
    assert teacher.evaluate("document.activeElement.dataset.act") == "hold-d", "a button stays under the hand"
    held.press("Enter")
    panes = [stage.locator(f"figure.{name}") for name in ("main", "branch")]  # at once, though the vote is still there
    for pane, title in zip(panes, ("with", "without"), strict=True):
        expect(pane.locator("figcaption b")).to_have_text(say[f"room.versus.{title}.frozen"])
    expect(stage.locator("[data-act=free-d]")).to_be_focused()
    expect(stage.locator("[data-act]")).to_have_count(2)
    expect(stage.locator(".story")).to_contain_text("discriminator frozen")
    expect(stage.locator("svg .mark")).to_have_count(1)
    expect(stage.locator(".meaning")).to_contain_text("the two are one training", timeout=90_000)  # it has begun
    expect(stage.locator("svg path.beside")).to_have_count(2)
    before = [pane.locator("img").get_attribute("src") for pane in panes]
    for pane, address in zip(panes, before, strict=True):
        expect(pane.locator("img")).not_to_have_attribute("src", address, timeout=60_000)
    content = [requested(teacher, pane.locator("img").get_attribute("src")) for pane in panes]
    assert content[0] != content[1], "frozen and not frozen draw differently"
    assert teacher.evaluate(FITS), "nothing scrolls, and nothing lies over the vote"
    assert not teacher.evaluate(SMALL, 13.9)
    stage.locator("[data-act=stop]").click()
    for pane in panes:
        expect(pane.locator("figcaption")).to_contain_text("stopped", timeout=60_000)
    expect(stage.locator("[data-act=start]")).to_be_visible()
    for each in phones:
        settle(each)
    teacher.keyboard.press("PageDown")  # leaving the scene ends the questions
    arrived(teacher)
    settle(teacher, seconds=1.5)
    visitors.leave()
