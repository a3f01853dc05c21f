"""The class is the generator: what phones draw is scored by D, which learns from it; nothing outlives the room."""

import base64
import json
import re
import threading
import time
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image, ImageDraw
from starlette.applications import Starlette
from starlette.testclient import TestClient

from demo.lessons import lesson_file, room_routes, routes, shown
from demo.lessons.activities import drawing
from demo.lessons.rooms import Rooms
from demo.server.environment import decide
from demo.ui.i18n import words
from tests.browser import Visitors, expect, lead_a_room, serve, settle
from tests.demo.lessons.test_lesson_page import taken_home

ME, YOU = "0123456789abcdef", "fedcba9876543210"
SCENES = lesson_file.read(lesson_file.shipped("en")).scenes
NUMBER = [scene.stage for scene in SCENES].index("drawing") + 1


def drawn(*lines, size=280):
    """White lines as the app's pad sends them."""
    image = Image.new("RGB", (size, size))
    for line in lines:
        ImageDraw.Draw(image).line(line, "white", 24, "curve")
    file = BytesIO()
    image.save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


SEVEN, ONE = drawn([(70, 50), (210, 50), (120, 240)]), drawn([(140, 40), (135, 240)])


@pytest.fixture
def place(monkeypatch, tmp_path, shipped):
    """A server with rooms on a disk of this test's, whose D learns for a short while from the shipped digits."""
    for name, value in {"file": None, "room": "", "place": decide({}), "rooms": Rooms(tmp_path / "rooms")}.items():
        monkeypatch.setattr(shown.shown, name, value)
    monkeypatch.setattr(drawing, "SECONDS", 1.5)
    drawing._pictures.cache_clear()
    yield shown.shown
    drawing._pictures.cache_clear()


@pytest.fixture
def client(place):
    return TestClient(Starlette(routes=routes.ROUTES), base_url="http://127.0.0.1", client=("127.0.0.1", 5000))


@pytest.fixture
def room(client):
    return client.post("/room").json()


def sends(client, room, voter, picture):
    return client.post(f"/room/{room['code']}/drawing", json={"voter": voter, "drawing": picture})


def asks(client, room, what, key=None):
    body = {"key": room["key"] if key is None else key, "do": what}
    return client.post(f"/room/{room['code']}/drawing/do", json=body).status_code


def state(place, room, leads=True):
    return room_routes.state(place.rooms.named(room["code"]), leads).get("drawing")


def learned(place, room, patience=60):
    """The room's state once D has learned."""
    until = time.monotonic() + patience
    while state(place, room)["phase"]:
        assert time.monotonic() < until
        time.sleep(0.05)
    return state(place, room)


def test_d_scores_a_drawing_learns_from_it_and_the_phone_is_told(client, place, room):
    assert state(place, room) is None, "nothing is kept before something was drawn"
    first = sends(client, room, ME, ONE).json()
    other = sends(client, room, YOU, SEVEN).json()
    assert sends(client, room, ME, ONE).json()["scores"] == first["scores"], (
        "D has learned nothing, and the newest counts"
    )
    before = state(place, room)
    assert [each["now"] for each in before["wall"]] == sorted(
        (first["scores"][0][1], other["scores"][0][1]), reverse=True
    )
    assert asks(client, room, "learn") == 204
    assert asks(client, room, "learn") == 409, "it learns already"
    assert sends(client, room, ME, ONE).status_code == 409
    after = learned(place, room)
    assert after["round"] == 2
    (one,) = after["rounds"]
    assert (one["count"], one["curve"][0][0], one["curve"][-1][0]) == (2, 0.0, 1.5)
    assert one["steps"] >= len(one["curve"]) - 1
    now = client.post(f"/room/{room['code']}/drawing/mine", json={"voter": ME}).json()
    ((number, score, learned_score),) = now["scores"]
    assert (number, score) == (1, first["scores"][0][1])
    assert learned_score < score
    assert learned_score == next(each["now"] for each in after["wall"] if each["first"] == score)
    assert asks(client, room, "learn") == 409, "nobody has drawn anew"
    again = sends(client, room, ME, ONE).json()["scores"]
    assert [each[:2] for each in again] == [[1, score], [2, pytest.approx(learned_score, abs=2e-4)]]


def test_ten_seconds_lower_the_drawings_and_real_digits_keep_theirs(client, place, room):
    """What the page says of it, in fewer seconds: drawings fall far, and real digits do not."""
    shapes = [SEVEN, ONE, drawn([(60, 60), (220, 60)], [(140, 60), (140, 230)]), drawn([(60, 140), (220, 140)])]
    for at, shape in enumerate(shapes):
        assert sends(client, room, f"{at:016x}", shape).status_code == 200
    asks(client, room, "learn")
    curve = learned(place, room)["rounds"][0]["curve"]
    assert curve[-1][1] < 0.5 * curve[0][1]
    assert curve[-1][2] > curve[0][2] - 0.05


def test_a_drawing_is_brought_to_the_form_of_the_digits_that_d_has_learned(client, place, room):
    small = sends(client, room, ME, drawn([(20, 20), (60, 20), (35, 70)])).json()
    assert small["picture"].startswith("data:image/png;base64,")
    pixels = Image.open(BytesIO(base64.b64decode(small["picture"].split(",")[1])))
    assert pixels.size == (32, 32)
    left, top, right, bottom = pixels.getbbox()
    assert max(right - left, bottom - top) == 20, "as MNIST has them"
    (each,) = state(place, room)["wall"]
    answer = client.get(f"/room/{room['code']}/drawing/{each['id']}.png")
    assert Image.open(BytesIO(answer.content)).tobytes() == pixels.tobytes()
    assert client.get(f"/room/{room['code']}/drawing/{ME}.png").status_code == 404


def test_what_is_no_drawing_is_refused(client, place, room):
    for wrong, status in (
        ("", 400),
        ("data:image/png;base64,AAAA", 400),
        ("data:image/svg+xml;base64,AAAA", 400),
        (None, 400),
        (drawn([(0, 0), (1500, 1500)], size=2000), 400),
        (drawn(), 422),
        ("x" * drawing.MOST_BYTES, 413),
    ):
        assert sends(client, room, ME, wrong).status_code == status, str(wrong)[:30]
    assert sends(client, room, "../" + ME, ONE).status_code == 400
    assert client.post("/room/ZZZZ/drawing", json={"voter": ME, "drawing": ONE}).status_code == 404


def test_only_who_leads_lets_d_learn_and_sees_the_wall(client, place, room):
    sends(client, room, ME, ONE)
    assert asks(client, room, "learn", "wrong") == 403
    assert asks(client, room, "anew", "") == 403
    assert asks(client, room, "forget") == 400
    assert state(place, room, leads=False) == {"round": 1, "phase": "", "is_full": False}


def test_nothing_of_it_is_written_down_and_all_is_gone_with_a_new_class(client, place, room):
    sends(client, room, ME, ONE)
    kept = b"".join(path.read_bytes() for path in place.rooms.folder.iterdir())
    assert b"drawing" not in kept
    learner = place.rooms.named(room["code"]).memory["drawing"].learner
    asks(client, room, "learn")
    learned(place, room)
    assert learner.steps
    assert asks(client, room, "anew") == 204
    assert state(place, room) is None
    fresh = sends(client, room, ME, ONE).json()
    assert len(fresh["scores"]) == 1
    assert place.rooms.named(room["code"]).memory["drawing"].learner.steps == 0
    client.post(f"/room/{room['code']}/lead", json={"key": room["key"], "clear": True})
    assert state(place, room) is None


def test_a_killed_server_loses_the_drawings_and_keeps_the_curves(client, place, room, monkeypatch):
    def killed():
        monkeypatch.setattr(place, "rooms", Rooms(place.rooms.folder))  # nothing was told to end

    first = sends(client, room, ME, ONE).json()["scores"][0][1]
    asks(client, room, "learn")
    before = learned(place, room)
    killed()
    (file,) = place.rooms.folder.iterdir()
    kept = json.loads(file.read_bytes())["kept"]
    assert kept == {"drawing": {"rounds": before["rounds"], "restarts": []}}
    assert ME not in file.read_text(), "numbers alone"
    now = state(place, room)
    assert (now["rounds"], now["restarts"], now["round"]) == (before["rounds"], [2], 2)
    assert (now["wall"], now["curve"], now["phase"]) == ([], [], "")
    assert "rounds" not in state(place, room, leads=False)
    assert asks(client, room, "learn") == 409, "there is nothing to learn from"
    assert sends(client, room, ME, ONE).json()["scores"] == [[2, first, None]], "D is as it was shipped"
    asks(client, room, "learn")
    assert learned(place, room)["restarts"] == [2]
    killed()
    assert (len(state(place, room)["rounds"]), state(place, room)["restarts"]) == (2, [2, 3])
    assert asks(client, room, "anew") == 204
    killed()
    assert state(place, room) is None


def test_the_memory_of_a_room_is_bounded(client, place, room, monkeypatch):
    monkeypatch.setattr(drawing, "MOST_VOTERS", 1)
    assert sends(client, room, ME, ONE).status_code == 200
    assert sends(client, room, YOU, ONE).status_code == 429
    assert sends(client, room, ME, SEVEN).status_code == 200
    monkeypatch.setattr(drawing, "MOST_ROUNDS", 0)
    assert asks(client, room, "learn") == 409
    assert state(place, room, leads=False)["is_full"]


def test_one_room_learns_at_a_time_and_an_ended_one_stops(client, place, room, monkeypatch):
    monkeypatch.setattr(place, "place", replace(decide({}), kind="space"))
    other = client.post("/room").json()
    for each in (room, other):
        sends(client, each, ME, ONE)
    with drawing._turn:
        asks(client, room, "learn")
        time.sleep(0.2)
        assert state(place, room)["phase"] == "waiting"
    assert learned(place, room)["round"] == 2
    monkeypatch.setattr(drawing, "SECONDS", 600.0)
    asks(client, other, "learn")
    client.post(f"/room/{other['code']}/lead", json={"key": other["key"], "end": True})
    (learning,) = [each for each in threading.enumerate() if each.name == drawing.NAME]
    learning.join(60)
    assert not learning.is_alive()


def test_phones_get_the_pad_of_the_app_in_their_language(client):
    for language in ("en", "ko"):
        script = client.get(f"/room/drawing/pad.{language}.js")
        assert script.headers["content-type"].startswith("text/javascript")
        (html,) = re.findall("^export const html = (.+);$", script.text, re.MULTILINE)
        assert words(language)["noise.find.pad.clear"] in json.loads(html)
        assert not re.search("https?://", script.text)
    assert client.get("/room/drawing/pad.fr.js").status_code == 404


def strokes(page, *lines):
    """Draw on the pad of a page, in shares of its side."""
    box = page.locator("canvas[data-ready]").bounding_box()
    for line in lines:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in line]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=4)
        page.mouse.up()


@pytest.mark.browser
def test_a_class_draws_d_learns_and_the_class_draws_again(chromium, tmp_path):
    with serve("--lan", GAN_RUNS=str(tmp_path), GAN_DATA="", XDG_CACHE_HOME=str(tmp_path)) as server:
        visitors = Visitors(chromium, server.url)
        teacher = visitors("en", path=f"?lesson=gan&scene={NUMBER}")
        teacher.wait_for_function("document.querySelector('#lesson:not([hidden]) .told')?.textContent === ''")
        stage = teacher.locator("#lesson-drawing")
        expect(stage.locator("li").first).to_contain_text(words("en")["lesson.lead"])
        code = lead_a_room(teacher)
        teacher.keyboard.press("q")
        expect(stage.locator("li").first).to_contain_text(code)
        phones = [visitors.phone(f"room/{code}", language) for language in ("ko", "en")]
        for phone in phones:
            phone.locator("canvas").wait_for()
            assert phone.locator(".send").is_disabled()
        strokes(phones[0], [(0.5, 0.15), (0.5, 0.85)])
        phones[0].locator(".send").click()
        expect(phones[0].locator(".answer li")).to_have_count(1)
        strokes(phones[1], [(0.25, 0.2), (0.75, 0.2), (0.45, 0.85)])
        phones[1].locator(".send").click()
        expect(stage.locator(".wall figure")).to_have_count(2)
        teacher.wait_for_function(
            "[...document.querySelectorAll('.wall img')].every((each) => each.naturalWidth === 32)"
        )
        shares = [int(text.removesuffix(" %")) for text in stage.locator("figcaption").all_inner_texts()]
        assert shares == sorted(shares, reverse=True)
        score = phones[0].locator(".answer b").inner_text()
        teacher.keyboard.press("v")
        expect(phones[0].locator("#act > [role=status]")).to_have_text(words("ko")["room.drawing.learning"])
        expect(stage.locator("progress")).to_be_visible()
        expect(phones[0].locator("#act > [role=status]")).to_have_text(
            words("ko")["room.drawing.again"], timeout=90_000
        )
        expect(stage.locator("[role=status]")).to_contain_text("D has learned")
        expect(stage.locator("svg polyline")).to_have_count(2)
        assert int(phones[0].locator(".answer b").inner_text().removesuffix("%")) < int(score.removesuffix("%"))
        strokes(phones[0], [(0.3, 0.15), (0.5, 0.5), (0.5, 0.85)])
        phones[0].locator(".send").click()
        expect(phones[0].locator(".answer li")).to_have_count(2)
        expect(stage.locator("[role=status]")).to_contain_text("Round 2, drawings: 1")
        assert taken_home(phones[0]).count('src="data:image/png') == 2
        phones[0].reload()
        expect(phones[0].locator(".answer li")).to_have_count(2)
        teacher.once("dialog", lambda dialog: dialog.accept())
        teacher.keyboard.press("r")
        expect(stage.locator("li").first).to_contain_text(code)
        expect(phones[0].locator(".answer li")).to_have_count(0)
        for each in (teacher, *phones):
            settle(each)
        visitors.leave()


@pytest.mark.browser
def test_the_stage_shows_the_curves_of_before_the_program_was_started_again(chromium, tmp_path):
    rounds = [{"count": 9, "curve": [[0.0, 0.6, 0.9], [5.0, 0.2, 0.88], [10.0, 0.1, 0.9]], "steps": 90}] * 2
    kept = {"drawing": {"rounds": rounds, "restarts": []}}
    room = {"code": "ABCD", "key": "k", "scene": NUMBER, "quiz": {}, "polls": {}, "touched": time.time(), "kept": kept}
    (tmp_path / ".rooms").mkdir()
    (tmp_path / ".rooms" / "ABCD.json").write_text(json.dumps(room))
    with serve(GAN_RUNS=str(tmp_path)) as server:
        visitors = Visitors(chromium, server.url)
        teacher = visitors("en", path=f"?lesson=gan&scene={NUMBER}")
        teacher.wait_for_function("document.querySelector('#lesson:not([hidden]) .told')?.textContent === ''")
        teacher.locator("#lesson button[data-key=lead]").click()
        stage = teacher.locator("#lesson-drawing")
        expect(stage.locator(".wall")).to_have_text(words("en")["room.drawing.restarted"])
        expect(stage.locator("svg polyline")).to_have_count(4)
        expect(stage.locator("svg")).to_contain_text(words("en")["room.drawing.fresh"])
        assert stage.locator(".learn").is_disabled()
        phone = visitors.phone("room/ABCD", "ko")
        phone.locator("canvas").wait_for()
        strokes(phone, [(0.5, 0.15), (0.5, 0.85)])
        phone.locator(".send").click()
        expect(stage.locator(".wall figure")).to_have_count(1)
        expect(stage.locator("[role=status]")).to_contain_text("Round 3, drawings: 1")
        expect(stage.locator("svg polyline")).to_have_count(6)
        for each in (teacher, phone):
            settle(each)
        visitors.leave()
