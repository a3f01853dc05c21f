"""A vector for what somebody draws: the newest drawing of the phones comes to the search in front."""

from io import BytesIO

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from demo.lessons import lesson_file, room_routes, routes, shown
from demo.lessons.rooms import Rooms
from demo.server.environment import decide
from demo.ui.i18n import words
from tests.browser import Visitors, expect, lead_a_room, serve, settle
from tests.demo.lessons.test_drawing import ME, ONE, SEVEN, drawn, strokes
from tests.demo.lessons.test_lesson_page import taken_home

SCENES = lesson_file.read(lesson_file.shipped("en")).scenes
NUMBER = [scene.stage for scene in SCENES].index("find") + 1


@pytest.fixture
def client(monkeypatch, tmp_path):
    for name, value in {"file": None, "room": "", "place": decide({}), "rooms": Rooms(tmp_path)}.items():
        monkeypatch.setattr(shown.shown, name, value)
    return TestClient(Starlette(routes=routes.ROUTES), base_url="http://127.0.0.1", client=("127.0.0.1", 5000))


def test_the_newest_drawing_is_kept_alone_and_in_memory(client):
    code = client.post("/room").json()["code"]
    room = shown.shown.rooms.named(code)

    def send(drawing):
        return client.post(f"/room/{code}/find", json={"voter": ME, "drawing": drawing}).status_code

    assert send(ONE) == 204
    first = room_routes.state(room, True)["find"]
    assert send(SEVEN) == 204
    second = room_routes.state(room, True)["find"]
    assert (first["count"], second["count"]) == (1, 2)
    assert client.get(f"/room/{code}/find/{first['id']}.png").status_code == 404
    picture = Image.open(BytesIO(client.get(f"/room/{code}/find/{second['id']}.png").content))
    assert (picture.size, picture.mode) == ((280, 280), "L")
    assert room_routes.state(room, False)["find"] == {}
    for wrong, status in (
        ("", 400),
        (None, 400),
        ("data:image/png;base64,AAAA", 400),
        (drawn(), 422),
        ("x" * 500_000, 413),
    ):
        assert send(wrong) == status, str(wrong)[:30]
    assert room_routes.state(room, True)["find"] == second
    assert b"find" not in b"".join(path.read_bytes() for path in shown.shown.rooms.folder.iterdir())


@pytest.mark.browser
def test_a_drawing_from_a_phone_is_searched_for_when_the_teacher_presses(chromium, tmp_path):
    with serve("--lan", GAN_RUNS=str(tmp_path), GAN_DATA="", XDG_CACHE_HOME=str(tmp_path)) as server:
        visitors = Visitors(chromium, server.url)
        teacher = visitors("en", path=f"?lesson=gan&scene={NUMBER}")
        teacher.wait_for_function("document.querySelector('#lesson:not([hidden]) .told')?.textContent === ''")
        settle(teacher)
        code = lead_a_room(teacher)
        teacher.keyboard.press("q")
        assert teacher.locator("#lesson-find").is_hidden()
        expect(teacher.locator("#find-which")).to_be_visible()
        phone = visitors.phone(f"room/{code}", "ko")
        phone.locator("canvas").wait_for()
        strokes(phone, [(0.5, 0.15), (0.5, 0.85)])
        phone.locator(".send").click()
        expect(phone.locator("#act > [role=status]")).to_have_text(words("ko")["room.find.sent"])
        expect(teacher.locator("#lesson-find figcaption")).to_contain_text("1")
        assert taken_home(phone).count('src="data:image/png') == 1
        settle(teacher)
        expect(teacher.locator("#find-which")).to_be_hidden()
        assert teacher.locator("#search .wanted, #search img").count() == 0, "it waits for the teacher"
        teacher.locator("#find-go").click()
        expect(teacher.locator("#search img").first).to_be_visible()
        teacher.locator("#find-go:enabled").wait_for(timeout=60_000)
        settle(teacher)
        store = "import(new URL('portfolio/store.js', document.baseURI)).then(({ everything }) => everything())"
        assert teacher.evaluate(store) == [], "it is not the teacher's"
        teacher.locator("#lesson-find button").click()
        expect(teacher.locator("#find-which")).to_be_visible()
        expect(teacher.locator("#lesson-find")).to_be_hidden()
        for each in (teacher, phone):
            settle(each)
        visitors.leave()
