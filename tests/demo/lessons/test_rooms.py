"""Rooms: who may lead and vote, what each page is told, and that a killed server loses nothing."""

import json
import re
import threading
import time
from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from demo.lessons import lesson_file, room_routes, rooms, routes, shown
from demo.lessons.rooms import Rooms
from demo.server.environment import decide

ME = "0123456789abcdef"


@pytest.fixture
def place(monkeypatch, tmp_path):
    """What the server shows, on a machine of one's own, with rooms on a disk of this test's."""
    for name, value in {"file": None, "text": "", "room": "", "place": decide({}), "rooms": Rooms(tmp_path)}.items():
        monkeypatch.setattr(shown.shown, name, value)
    return shown.shown


@pytest.fixture
def teacher(place):
    return TestClient(Starlette(routes=routes.ROUTES), base_url="http://127.0.0.1", client=("127.0.0.1", 5000))


@pytest.fixture
def pupil(place):
    return TestClient(Starlette(routes=routes.ROUTES), base_url="http://192.0.2.2", client=("192.0.2.9", 5000))


def scene_of(text):
    """The number of the shipped lesson's scene whose settings say this."""
    titles = re.split(r"^## ", lesson_file.shipped("en").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return next(number for number, scene in enumerate(titles) if text in scene)


def opened(teacher, **led):
    room = teacher.post("/room").json()
    if led:
        assert teacher.post(f"/room/{room['code']}/lead", json={"key": room["key"], **led}).status_code == 204
    return room


def told(client, code, key="", *, until=0.6, monkeypatch=None):
    """The states that a page is told of within so many seconds."""
    monkeypatch.setattr(room_routes, "LIFE", until)
    answer = client.get(f"/room/{code}/follow", params={"key": key} if key else {})
    assert answer.headers["content-type"].startswith("text/event-stream")
    return [json.loads(state) for state in re.findall(r"data: (.+)", answer.text)]


def test_what_is_asked_again_because_its_answer_was_lost_is_done_once(teacher, pupil, place, tmp_path):
    room = opened(teacher, scene=scene_of("preset: perfect"), once="a")
    ask = {"key": room["key"]}
    lead = f"/room/{room['code']}/lead"
    teacher.post(lead, json=ask | {"phase": "first", "once": "b"})
    here = place.rooms.named(room["code"])
    for once in ("c", "c", "d", "d"):
        teacher.post(lead, json=ask | {"hand": 0, "once": once})
    assert len(here.poll.first) == 2, "two hands, each told twice"
    place.rooms = Rooms(tmp_path)  # the program was killed before it answered
    teacher.post(lead, json=ask | {"hand": 0, "once": "d"})
    here = place.rooms.named(room["code"])
    assert len(here.poll.first) == 2
    teacher.post(lead, json=ask | {"clear": True, "once": "e"})
    teacher.post(lead, json=ask | {"phase": "first", "once": "f"})
    teacher.post(lead, json=ask | {"hand": 0, "once": "g"})
    group = here.group
    teacher.post(lead, json=ask | {"hand": 0, "once": "g"})
    assert (here.group, len(here.poll.first)) == (group, 1)
    for once in (None, None, 5, 5, ""):  # another program's requests, which have no such name
        teacher.post(lead, json=ask | {"hand": 0, "once": once})
    assert len(here.poll.first) == 6


def test_who_sits_at_the_machine_opens_the_room_and_only_its_key_leads(teacher, pupil, place):
    assert pupil.post("/room").status_code == 403
    assert not pupil.get("/lesson/en.json").json()["leads"]
    assert teacher.get("/lesson/en.json").json()["leads"]
    room = opened(teacher)
    assert re.fullmatch("[A-Z]{4}", room["code"])
    assert opened(teacher) == room, "there is one room on a machine of one's own"
    lead = f"/room/{room['code']}/lead"
    for key in ("", "wrong", None, 3, room["code"]):
        assert pupil.post(lead, json={"key": key, "scene": 3}).status_code == 403
    assert pupil.post(lead, json={"key": room["key"], "scene": 3}).status_code == 204
    assert place.rooms.named(room["code"].lower()).scene == 3
    assert pupil.get("/room/ZZZZ/follow").status_code == 404


def test_on_a_space_everyone_may_have_a_room_of_their_own(pupil, place, monkeypatch):
    monkeypatch.setattr(place, "place", replace(decide({}), kind="space"))
    first, second = pupil.post("/room").json(), pupil.post("/room").json()
    assert first["code"] != second["code"]
    wrong = {"key": first["key"], "scene": 2}
    assert pupil.post(f"/room/{second['code']}/lead", json=wrong).status_code == 403
    monkeypatch.setattr(rooms, "MOST_ROOMS", 2)
    assert pupil.post("/room").status_code == 429
    place.rooms.named(first["code"]).touched -= rooms.LIFE + 1
    assert pupil.post("/room").status_code == 200, "what nobody leads any more makes room"
    assert place.rooms.named(first["code"]) is None


def test_a_vote_counts_while_it_is_open_and_for_the_scene_that_is_shown(teacher, pupil, place):
    number = scene_of("preset: perfect")
    room = opened(teacher, scene=number)
    ballot, vote = {"voter": ME, "scene": number, "choice": 2}, f"/room/{room['code']}/vote"
    assert pupil.post(vote, json=ballot).status_code == 409
    opened(teacher, phase="first")
    assert pupil.post(vote, json=ballot).status_code == 204
    assert pupil.post(vote, json=ballot | {"scene": number + 1}).status_code == 409
    assert pupil.post(vote, json=ballot | {"opening": "another"}).status_code == 409
    for wrong in ({"choice": 3}, {"choice": -1}, {"choice": "2"}, {"voter": "me"}, {"voter": "../" + ME}):
        assert pupil.post(vote, json=ballot | wrong).status_code == 400, wrong
    assert pupil.post(vote, content=b"[" * 3000).status_code == 400
    assert pupil.post(vote, json=[1]).status_code == 400
    assert pupil.post(vote, content=b"{" + b" " * 5000).status_code == 413
    opened(teacher, hand=1)
    opened(teacher, hand=9)
    assert sorted(place.rooms.named(room["code"]).poll.first.values()) == [1, 2]


def test_nobody_sees_the_bars_before_the_vote_is_closed(teacher, pupil, monkeypatch):
    number = scene_of("preset: perfect")
    room = opened(teacher, scene=number, phase="first")
    pupil.post(f"/room/{room['code']}/vote", json={"voter": ME, "scene": number, "choice": 2})
    (state,) = told(pupil, room["code"], monkeypatch=monkeypatch)
    openings = state["poll"].pop("openings")
    assert openings.keys() == {"first"}
    assert state == {"scene": number, "group": state["group"], "poll": {"phase": "first", "bars": []}}
    states = told(teacher, room["code"], room["key"], monkeypatch=monkeypatch)
    assert states[-1]["poll"] == {"phase": "first", "openings": openings, "count": 1, "bars": []}
    opened(teacher, phase="truth")
    (state,) = told(pupil, room["code"], monkeypatch=monkeypatch)
    assert (state["poll"]["bars"], state["poll"]["right"]) == ([[0, 0, 1]], [2])


def test_a_page_is_told_of_each_change_once_and_of_the_end(teacher, pupil, place, monkeypatch):
    room = opened(teacher, scene=2)
    threading.Timer(0.5, lambda: opened(teacher, scene=5)).start()
    threading.Timer(1.0, lambda: opened(teacher, end=True)).start()
    states = told(pupil, room["code"], until=5, monkeypatch=monkeypatch)
    assert [state.get("scene") for state in states] == [2, 5, None]
    assert states[-1] == {"over": True}
    assert place.rooms.named(room["code"]) is None
    assert not list(place.rooms.folder.iterdir()), "nothing of a room is kept"


def test_a_killed_server_loses_no_vote_no_scene_and_no_room(teacher, pupil, place, tmp_path, monkeypatch):
    number = scene_of("preset: perfect")
    room = opened(teacher, scene=number, phase="first")
    for at in range(30):
        ballot = {"voter": f"{at:016x}", "scene": number, "choice": at % 3}
        assert pupil.post(f"/room/{room['code']}/vote", json=ballot).status_code == 204
    pupil.post(f"/room/{room['code']}/quiz", json={"voter": ME, "when": "before", "answers": [0] * 8})
    before = place.rooms.named(room["code"])
    monkeypatch.setattr(place, "rooms", Rooms(tmp_path))  # as after kill -9: nothing was told to end
    again = place.rooms.named(room["code"])
    assert (again.scene, again.poll.phase, again.key) == (number, "first", room["key"])
    assert (again.poll.openings, again.group) == (before.poll.openings, before.group), "phones know their votes by them"
    opened(teacher, phase="bars")
    (state,) = told(pupil, room["code"], monkeypatch=monkeypatch)
    assert state["poll"]["bars"] == [[10, 10, 10]]
    assert again.quiz == {"before": {ME: [0] * 8}}
    (tmp_path / "TORN.json").write_text('{"code": "TO')
    (tmp_path / "ODD.json").write_text('{"code": "ODDS", "key": 3}')
    assert list(Rooms(tmp_path).rooms) == [room["code"]], "what is torn or foreign is left out"


def test_a_new_class_begins_with_nothing(teacher, pupil, place):
    number = scene_of("preset: perfect")
    room = opened(teacher, scene=number, phase="first")
    pupil.post(f"/room/{room['code']}/vote", json={"voter": ME, "scene": number, "choice": 2})
    pupil.post(f"/room/{room['code']}/quiz", json={"voter": ME, "when": "before", "answers": [0] * 8})
    found = place.rooms.named(room["code"])
    group = found.group
    opened(teacher, clear=True, scene=1)
    assert found.group != group, "a machine that both classes sit at forgets the first"
    assert (found.scene, found.quiz, found.polls.get(str(number))) == (1, {}, None)


def test_answers_to_the_statements_are_taken_whole_or_not(teacher, pupil, place):
    room = opened(teacher)
    address, given = f"/room/{room['code']}/quiz", {"voter": ME, "when": "after", "answers": [1] * 8}
    assert pupil.post(address, json=given).status_code == 204
    for wrong in ({"when": "later"}, {"answers": [1] * 7}, {"answers": "1" * 8}, {"voter": ""}):
        assert pupil.post(address, json=given | wrong).status_code == 400, wrong
    assert place.rooms.named(room["code"]).quiz == {"after": {ME: [1] * 8}}


def test_the_way_in_is_a_code_to_scan_or_four_letters(teacher, pupil, place):
    room = opened(teacher)
    code = room["code"]
    assert pupil.get("/room").status_code == 200
    found = pupil.get(f"/room?code={code.lower()}", follow_redirects=False)
    assert (found.status_code, found.headers["location"]) == (303, f"room/{code}")
    page = pupil.get(f"/room/{code}")
    assert code in page.text
    assert room["key"] not in page.text
    for typed in ("ZZZZ", "<script>", "..%2F"):
        answer = pupil.get(f"/room/{typed}")
        assert answer.status_code == 404
        assert "<script>" not in answer.text
    picture = f"/room/{code}/code.svg"
    assert pupil.get(picture).status_code == 404
    assert pupil.get(picture, params={"at": "https://elsewhere/"}).status_code == 404
    assert "<svg" in pupil.get(picture, params={"at": f"https://a.hf.space/room/{code}"}).text
    place.room = "https://192.0.2.2:7860/"
    assert 'xmlns="http://www.w3.org/2000/svg"' in pupil.get(picture).text  # or no img would show it


def test_who_comes_to_the_lesson_itself_is_told_of_the_one_room_of_a_machine(teacher, pupil, place, monkeypatch):
    def is_open():
        return pupil.get("/room/open.json").json()["code"]

    assert is_open() == ""
    room = opened(teacher)
    assert is_open() == room["code"]
    place.rooms.named(room["code"]).touched -= rooms.LIFE + 1
    assert is_open() == "", "it is of yesterday's class"
    room = opened(teacher, scene=1)
    monkeypatch.setattr(place, "place", replace(decide({}), kind="space"))
    assert is_open() == "", "on a Space rooms are other people's"
    monkeypatch.setattr(place, "place", decide({}))
    opened(teacher, end=True)
    assert is_open() == ""


def test_a_hundred_followers_cost_little(teacher, place):
    """What a follower costs between two changes is one look at a number: a hundred look four times a second."""
    room = place.rooms.named(opened(teacher, scene=2)["code"])
    began = time.process_time()
    for _ in range(400 * 60):  # a minute of a hundred
        assert room.version != -1
    assert time.process_time() - began < 0.5


def test_the_teacher_takes_the_votes_home_and_nobody_else(teacher, pupil, place):
    number = scene_of("preset: perfect")
    room = opened(teacher, scene=number, phase="first")
    for at in range(4):
        ballot = {"voter": f"{at:016x}", "scene": number, "choice": 2 if at else 0}
        pupil.post(f"/room/{room['code']}/vote", json=ballot)
    pupil.post(f"/room/{room['code']}/quiz", json={"voter": ME, "when": "after", "answers": [0] * 8})
    report = f"/room/{room['code']}/report"
    assert pupil.get(report).status_code == 403
    found = teacher.get(report, params={"key": room["key"]}, headers={"accept-language": "ko"})
    assert "attachment" in found.headers["content-disposition"]
    page = found.text
    assert re.search(r"제자리에 멈춥니다 ✓.*?width: 75%.*?<td>3</td>", page, re.DOTALL)
    assert page.count("<tr><td>") == 8
    assert "http" not in page, "it opens without the app"
    assert ME not in page
    assert f"{0:016x}" not in page


def test_what_a_lesson_says_is_escaped_in_what_is_taken_home(teacher, place):
    place.text = "# <b>T</b>\n\n## <i>A</i>\nstage: walk\n\n<script>alert(1)</script>\n- <u>x</u>\n- y\n"
    room = opened(teacher, scene=1, phase="first")
    opened(teacher, hand=0)
    page = teacher.get(f"/room/{room['code']}/report", params={"key": room["key"]}).text
    assert "&lt;script&gt;" in page
    assert not re.search("<script|<b>|<u>|<i>", page)
