"""Question 20's Dirac-GAN: its JavaScript against gan/toy/dirac_gan.py, and its fold on the page."""

import math

import numpy as np
import pytest

from demo.tabs.questions.q20_dirac import MATHEMATICS
from demo.ui.i18n import say, words
from gan.toy import dirac_gan as dirac
from gan.toy.dirac_gan import LOSSES, ORDERS, Point
from tests.browser import expect, open_section, open_tab, settle

pytestmark = pytest.mark.browser

GAMMAS = (0.0, 0.3, 1.0, 2.0)
EQUAL = 1e-12
NUMBERS = """([start, count, loss, gamma, order]) => {
  const path = [start];
  while (path.length <= count) path.push(step(path.at(-1), loss, gamma, order));
  return { path, field: field(start, loss, gamma), values: eigenvalues(loss, gamma), critical: criticalGamma(loss),
    steps: stepEigenvalues(loss, gamma, order), measured: measure(path), seen: seen(measure(path)) };
}"""


@pytest.fixture(scope="module")
def numbers(chromium):
    """`numbers(start, count, loss, gamma, order)`: what the page computes, in an empty page."""
    page = chromium.browser.new_page()
    page.add_script_tag(content=MATHEMATICS)
    yield lambda *asked: page.evaluate(NUMBERS, [list(asked[0]), *asked[1:]])
    page.close()


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("loss", LOSSES)
def test_the_page_and_python_come_to_the_same_numbers(numbers, loss, order):
    start = Point(1.5, -0.4)
    for gamma in GAMMAS:
        found = numbers(start, 200, loss, gamma, order)
        expected = dirac.path(start, 200, loss, gamma, order=order)
        assert np.allclose(found["path"], expected, rtol=0, atol=EQUAL)
        assert found["field"] == pytest.approx(dirac.field(start, loss, gamma), abs=EQUAL)
        assert found["critical"] == dirac.critical_gamma(loss)
        for mine, theirs in (
            (found["values"], dirac.eigenvalues(loss, gamma)),
            (found["steps"], dirac.step_eigenvalues(loss, gamma, dirac.H, order)),
        ):
            assert np.allclose([complex(*each) for each in mine], theirs, rtol=0, atol=EQUAL)


def test_turns_and_growth_are_what_they_are(numbers):
    found = numbers((1.5, 0.0), 400, "wasserstein", 0.0, "simultaneous")
    at = np.array(found["path"])
    swept = np.unwrap(np.arctan2(at[:, 1], at[:, 0]))
    measured = found["measured"]
    assert measured["turns"] == pytest.approx(abs(swept[-1]) / (2 * math.pi))
    assert measured["first"] == 1.5
    assert measured["distance"] == pytest.approx(np.hypot(*at[-1]))
    per_step, per_turn = math.hypot(1, dirac.H), 2 * math.pi / math.atan(dirac.H)
    assert measured["growth"] == pytest.approx(per_step**per_turn, rel=1e-4)
    assert numbers((1.5, 0.0), 20, "wasserstein", 0.0, "simultaneous")["measured"]["growth"] is None


@pytest.mark.parametrize(
    ("loss", "gamma", "order", "steps", "seen"),
    [
        ("saturating", 0.0, "alternating", 0, "start"),
        ("saturating", 0.0, "alternating", 50, "on_its_way"),
        ("saturating", 0.0, "alternating", 400, "circles"),
        ("wasserstein", 0.0, "alternating", 400, "circles"),
        ("saturating", 0.0, "simultaneous", 200, "leaves"),
        ("bce", 0.0, "alternating", 400, "spirals"),
        ("saturating", 0.05, "alternating", 400, "spirals"),
        ("saturating", 0.3, "alternating", 400, "arrived"),
        ("wasserstein", 0.3, "simultaneous", 400, "arrived"),
        ("saturating", 1.0, "alternating", 400, "straight"),
        ("wasserstein", 2.0, "alternating", 400, "straight"),
    ],
)
def test_what_is_said_follows_from_the_path(numbers, loss, gamma, order, steps, seen):
    assert numbers((1.5, 0.0), steps, loss, gamma, order)["seen"] == seen


def test_whoever_begins_at_the_equilibrium_stays_there(numbers):
    assert numbers((0.0, 0.0), 100, "bce", 0.0, "simultaneous")["seen"] == "rests"


# The page


def begin(look, language="en", **options):
    """The fold, open, with its first settings; from here on nothing is asked of the server."""
    page = look(language, tab="questions", **options)
    page.emulate_media(reduced_motion="no-preference")
    open_tab(page, "questions")
    open_section(page, "questions", "q20")
    fold = page.locator("#q20-dirac-fold")
    fold.locator("button.label-wrap").wait_for()
    if not page.locator("#q20-dirac .dirac").is_visible():
        fold.locator("button.label-wrap").click()
    root = page.locator("#q20-dirac .dirac[data-seen]")
    root.wait_for()
    settle(page)
    page.traffic.asked.clear()
    if root.get_attribute("data-running") is not None:
        button(page, "run").click()
    for name, value in (("order", "alternating"), ("loss", "saturating")):
        field(page, name).select_option(value)
    for name, value in (("theta", "1.5"), ("psi", "0"), ("gamma", "0")):
        field(page, name).fill(value)
    expect(root).to_have_attribute("data-seen", "start")
    return page


def field(page, name):
    return page.locator(f"#q20-dirac [name={name}]")


def button(page, name):
    return page.locator(f"#q20-dirac [data-act={name}]")


def path(page):
    return page.evaluate("document.querySelector('#q20-dirac .dirac').dirac.path")


def seen(page, key):
    expect(page.locator("#q20-dirac .dirac")).to_have_attribute("data-seen", key)


@pytest.mark.parametrize(("language", "size"), [("ko", (390, 844)), ("en", (1366, 768))])
def test_the_duel_circles_until_gamma_is_raised_and_fits_a_phone(look, language, size):
    page = begin(look, language, size=size)
    button(page, "run").click()
    expect(button(page, "run")).to_have_text(words(language)["questions.q20.pause"])
    seen(page, "on_its_way")
    expect(page.locator("#dirac-says")).to_have_attribute("aria-live", "off")
    seen(page, "circles")
    field(page, "gamma").press("End")
    expect(page.locator("#q20-dirac output")).to_have_text("2.00")
    assert page.locator("#q20-dirac [data-number=eigenvalues]").inner_text() == "−0.13, −1.87"
    field(page, "gamma").fill("1")  # the critical one is the quickest
    seen(page, "straight")
    expect(button(page, "run")).to_have_text(words(language)["questions.q20.run"])  # it has come to rest
    expect(page.locator("#dirac-says")).to_have_attribute("aria-live", "polite")
    assert math.hypot(*path(page)[-1]) < 0.005
    assert "{" not in page.locator("#q20-dirac-fold").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not page.traffic.asked


def test_the_plane_can_be_seen_whole_on_a_laptop_with_what_moves_it(look):
    page = begin(look, size=(1366, 768))
    page.locator("#q20-dirac-fold").evaluate("each => scrollBy(0, each.getBoundingClientRect().top)")
    for part in (".plane svg", ".points svg", "[data-act=again]", "[name=gamma]", "#dirac-says"):
        box = page.locator(f"#q20-dirac {part}").bounding_box()
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= 768, part


def test_single_steps_are_those_of_python_and_start_over_leads_back(look):
    page = begin(look)
    field(page, "loss").select_option("bce")
    field(page, "order").select_option("simultaneous")
    field(page, "gamma").fill("0.5")
    for _ in range(3):
        button(page, "one").press("Enter")
    assert np.allclose(path(page), dirac.path(Point(1.5, 0.0), 3, "bce", 0.5, order="simultaneous"), atol=EQUAL)
    assert page.locator("#q20-dirac [data-number=step]").inner_text() == "3"
    button(page, "again").press("Enter")
    assert path(page) == [[1.5, 0]]
    seen(page, "start")


def test_a_start_is_pressed_dragged_or_typed(look):
    page = begin(look)
    plane = page.locator("#q20-dirac .plane svg")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - box["width"] / 4, middle[1] - box["height"] / 4)
    page.mouse.up()
    quarter = 2.7 / 2  # left, and up
    assert path(page) == [pytest.approx([-quarter, quarter], abs=0.03)]
    assert float(field(page, "theta").input_value()) == path(page)[0][0]
    plane.click(position={"x": 0.75 * box["width"], "y": 0.5 * box["height"]})
    assert path(page) == [pytest.approx([quarter, 0], abs=0.03)]
    field(page, "psi").fill("0.4")
    field(page, "psi").press("ArrowUp")
    assert path(page) == [pytest.approx([quarter, 0.5], abs=0.03)]
    theta, psi = (f"{float(each):.2f}" for each in path(page)[0])
    assert page.locator("#dirac-says").inner_text() == say("en", "questions.q20.dirac.says.start", theta=theta, psi=psi)
    for typed, taken in (("99", 2.5), ("", 0)):
        field(page, "theta").fill(typed)
        assert path(page)[0][0] == taken


def test_whoever_wants_little_motion_sees_two_turns_at_once(look):
    page = begin(look)
    page.emulate_media(reduced_motion="reduce")
    button(page, "run").click()
    assert len(path(page)) == 251
    seen(page, "circles")
    assert page.locator("#q20-dirac [data-running]").count() == 0
    page.emulate_media(reduced_motion="no-preference")


def test_it_rests_where_it_leaves_the_picture_or_nobody_sees_it(look):
    page = begin(look)
    field(page, "loss").select_option("wasserstein")
    field(page, "order").select_option("simultaneous")
    button(page, "run").click()
    seen(page, "left")
    expect(page.locator("#q20-dirac [data-running]")).to_have_count(0)
    button(page, "run").click()  # from the start again
    seen(page, "on_its_way")
    open_section(page, "questions", "q1")
    page.wait_for_function("!document.querySelector('#q20-dirac .dirac').dirac.asked")
    assert not page.evaluate("document.querySelector('#q20-dirac .dirac').dirac.running")
