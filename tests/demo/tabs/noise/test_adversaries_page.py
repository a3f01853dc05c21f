"""The duel in one picture, in a browser: it moves by itself, asks the server for nothing, and follows the knob."""

import pytest

from tests.browser import expect, settle, word

pytestmark = pytest.mark.browser

SCENE = "#adversaries .scene[data-given]"
# {kind, at: the picture on the shield, score: what is said of it, angle: of the needle, aim: where its score stands}
STATE = """() => {
    const scene = document.querySelector("#adversaries .scene[data-given]");
    const [kind, at] = scene.dataset.shown.split(" ");
    const { low, high, scores } = JSON.parse(scene.dataset.given);
    const angle = Number(scene.querySelector(".needle").getAttribute("transform").match(/-?[\\d.]+/)[0]);
    const score = scene.querySelector(".score").textContent;
    const box = scene.querySelector(`.flying.${kind} svg`).getAttribute("viewBox");
    return { kind, at: Number(at), angle, score, box, said: scores[kind][at][1],
             aim: 130 * (2 * (scores[kind][at][0] - low) / (high - low) - 1) };
}"""


def opened(visit, *, calm=False, **how):
    page = visit("en", **how)
    if calm:
        page.emulate_media(reduced_motion="reduce")
        page.reload()
    page.wait_for_selector(SCENE)
    page.wait_for_selector(f"{SCENE}[data-shown]")
    settle(page)
    return page


def test_fakes_and_real_pictures_come_in_turn_and_the_needle_follows_without_the_server(visit):
    page = opened(visit, path="?lesson=gan&scene=1")
    asked = len(page.traffic.asked)
    seen = []
    for kind in ("real", "fake", "real"):
        page.wait_for_function(f"document.querySelector('{SCENE}').dataset.shown.startsWith('{kind}')", timeout=15_000)
        page.wait_for_timeout(1200)
        state = page.evaluate(STATE)
        assert state["score"] == state["said"]
        assert abs(state["angle"] - state["aim"]) < 40  # it swings
        seen.append((kind, state["at"]))
    assert seen[0] != seen[2]
    assert len(page.traffic.asked) == asked
    page.locator("#adversaries .moves").click()
    before = page.evaluate(STATE)
    page.wait_for_timeout(1500)
    assert page.evaluate(STATE) == before


def test_the_knob_turns_by_keys_and_by_hand_and_its_path_is_closed(visit):
    page = opened(visit, path="?lesson=gan&scene=1", calm=True)
    knob = page.get_by_role("slider", name=word(page, "noise.adversaries.turn"))
    last = int(knob.get_attribute("max"))
    knob.focus()
    page.keyboard.press("ArrowLeft")  # from the first
    state = page.evaluate(STATE)
    assert (state["kind"], state["at"], round(state["angle"])) == ("fake", last, round(state["aim"]))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    state = page.evaluate(STATE)
    assert (state["at"], state["score"]) == (1, state["said"])
    assert state["score"] in knob.get_attribute("aria-valuetext")
    expect(page.locator("#lesson output")).to_contain_text("1 /")  # the arrows were the knob's
    box = page.locator("#adversaries .dial .body").bounding_box()
    x, y, reach = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, 0.4 * box["width"]
    page.mouse.move(x, y - reach)
    page.mouse.down()
    page.mouse.move(x + reach, y, steps=5)  # a quarter of the path
    page.mouse.up()
    turned = page.evaluate(STATE)
    assert abs(turned["at"] - 1 - (last + 1) / 4) <= 1
    assert turned["box"] != state["box"]
    page.locator("#lesson header").click()
    page.keyboard.press("r")
    assert page.evaluate(STATE)["at"] == 0


def test_nothing_moves_where_motion_is_not_wanted_and_everything_is_named(visit):
    page = opened(visit, path="?lesson=gan&scene=1", calm=True, size=(390, 844))
    before = page.evaluate(STATE)
    page.wait_for_timeout(2000)
    assert page.evaluate(STATE) == before
    assert round(before["angle"]) == round(before["aim"])
    assert page.get_by_role("img", name=word(page, "noise.adversaries.alt")).count() == 1
    for key in ("moves", "again"):
        expect(page.get_by_role("button", name=word(page, f"noise.adversaries.{key}"))).to_be_visible()
    scene = page.locator(SCENE).bounding_box()
    assert scene["height"] > 1.4 * scene["width"]  # on a phone the parts stand above each other
    assert scene["x"] >= 0
    assert scene["x"] + scene["width"] <= 390


def test_it_stands_in_the_workshop_and_rests_while_it_is_not_seen(visit):
    page = opened(visit, path="#noise/adversaries")
    page.locator("#noise-sections").get_by_role("tab", name=word(page, "noise.grid.tab"), exact=True).click()
    page.wait_for_selector("#pictures .made img")
    settle(page)
    turned = f"document.querySelector('{SCENE} .turned').getAttribute('transform')"
    before = page.evaluate(turned)
    page.wait_for_timeout(1000)
    assert page.evaluate(turned) == before
    page.locator("#noise-sections").get_by_role("tab", name=word(page, "noise.adversaries.tab"), exact=True).click()
    page.wait_for_function(f"{turned} !== '{before}'")
    settle(page)


def test_nothing_of_it_is_seen_in_a_scene_that_shows_something_else(visit):
    page = opened(visit, path="?lesson=gan&scene=1")
    page.wait_for_function(f"document.querySelector('{SCENE}').dataset.shown.startsWith('real')")
    seen = """[...document.querySelectorAll("#adversaries svg *")].some(
        (each) => getComputedStyle(each).visibility === "visible")"""
    assert page.evaluate(seen)
    page.keyboard.press("PageDown")
    page.wait_for_function(f"!({seen})")
    page.wait_for_timeout(1000)
    turned = f"document.querySelector('{SCENE} .turned').getAttribute('transform')"
    before = page.evaluate(turned)
    page.wait_for_timeout(1000)
    assert page.evaluate(turned) == before  # and nothing moves
    assert not page.evaluate(seen)
    page.keyboard.press("PageUp")
    page.wait_for_function(f"{turned} !== '{before}'")
    settle(page)
