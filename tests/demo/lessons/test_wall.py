"""A wall of zebras: what phones send hangs there, whatever it is that they send; it is gone with the room."""

import base64
from io import BytesIO

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from demo.lessons import routes, shown
from demo.lessons.activities import wall
from demo.lessons.rooms import Rooms
from demo.server.environment import decide
from demo.ui.data_urls import data_url
from demo.ui.i18n import words

ME, YOU = "0123456789abcdef", "fedcba9876543210"


@pytest.fixture
def room(monkeypatch):
    """(client, address of the room, the room)."""
    monkeypatch.setattr(shown.shown, "place", decide({}))
    monkeypatch.setattr(shown.shown, "rooms", Rooms())
    client = TestClient(Starlette(routes=routes.ROUTES), base_url="http://127.0.0.1", client=("127.0.0.1", 5000))
    code = client.post("/room").json()["code"]
    return client, f"/room/{code}", shown.shown.rooms.named(code)


def sent(colour="red", size=(300, 200), **more):
    return {"voter": ME, "picture": data_url(Image.new("RGB", size, colour), "jpeg")} | more


def test_each_phone_has_one_picture_there_and_the_teacher_takes_it_down(room):
    client, address, found = room
    for colour, voter in (("red", ME), ("blue", YOU), ("green", ME)):
        assert client.post(f"{address}/wall", json=sent(colour, voter=voter)).status_code == 200
    assert wall.state(found, True) == [2, 3]
    assert wall.state(found, False) == []
    hung = Image.open(BytesIO(client.get(f"{address}/wall/3.jpg").content))
    assert hung.size == (wall.SIDE, wall.SIDE)
    assert hung.getpixel((9, 9))[1] > 100 > hung.getpixel((9, 9))[0]
    assert client.get(f"{address}/wall/1.jpg").status_code == 404
    assert client.post(f"{address}/wall/remove", json={"key": "guess", "number": 3}).status_code == 403
    assert client.post(f"{address}/wall/remove", json={"key": found.key, "number": 3}).status_code == 204
    assert wall.state(found, True) == [2]
    found.clear()
    assert client.get(f"{address}/wall/2.jpg").status_code == 404


def test_a_wall_has_an_end(room, monkeypatch):
    client, address, _ = room
    monkeypatch.setattr(wall, "MOST_PICTURES", 1)
    assert client.post(f"{address}/wall", json=sent()).status_code == 200
    assert client.post(f"{address}/wall", json=sent(voter=YOU)).status_code == 409
    assert client.post(f"{address}/wall", json=sent("blue")).status_code == 200, "one's own may be changed"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_whatever_else_is_sent_gets_a_sentence(room, language):
    client, address, found = room
    torn = data_url(Image.new("RGB", (300, 200)), "jpeg")[:600]
    bomb = f"data:image/png;base64,{base64.b64encode(png_header(30_000)).decode()}"
    html = f"data:image/png;base64,{base64.b64encode(b'<script>').decode()}"
    for picture in ("", None, 7, "data:text/html;base64,AAAA", "data:image/png;base64,%%%", torn, bomb, html):
        answer = client.post(f"{address}/wall", json=sent(picture=picture), headers={"accept-language": language})
        assert answer.status_code == 400, picture
        assert answer.json()["error"], picture
    assert answer.json()["error"] != words("en")["translate.unreadable"] or language == "en"
    assert client.post(f"{address}/wall", json=sent(picture="x" * 500_000)).status_code == 413
    assert wall.NAME not in found.memory


def png_header(side):
    """The beginning of a PNG of so many pixels a side."""
    file = BytesIO()
    Image.new("1", (side, side)).save(file, "PNG")
    return file.getvalue()[:200]


def test_where_a_phone_cannot_compute_the_server_translates(room):
    client, address, found = room
    about = client.get(f"{address}/wall").json()
    assert about["channels"] == 3
    assert about["file"].startswith("horse2zebra/")
    answer = client.post(f"{address}/wall", json=sent("brown", size=(512, 512), is_photo=True))
    assert answer.status_code == 200
    made = Image.open(BytesIO(answer.content)).convert("RGB")
    plain = Image.open(BytesIO(client.post(f"{address}/wall", json=sent("brown")).content))
    assert made.size == plain.size == (wall.SIDE, wall.SIDE)
    assert made.tobytes() != plain.tobytes()
    with wall._turn:  # another photo is under way and does not end
        wall.WAIT, usual = 0.05, wall.WAIT
        try:
            assert client.post(f"{address}/wall", json=sent(is_photo=True)).status_code == 503
        finally:
            wall.WAIT = usual
    assert client.post(f"{address}/wall", json=sent(is_photo=True)).status_code == 200
    assert len(wall.state(found, True)) == 1
