"""The class plays the duel: nothing but the picture tells, each is counted once, and only who may trains."""

import base64
import io
import json
import time

import numpy as np
import pytest
import torch
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from demo.jobs import permissions, presets
from demo.lessons import room_routes, routes, shown
from demo.lessons.activities import versus
from demo.lessons.activities import versus_training as training
from demo.lessons.rooms import Rooms
from demo.server.environment import decide
from gan.analysis import real_or_fake
from gan.images import grid
from gan.runs.controls import runtime_of
from tests.small_cyclegan import small_cyclegan
from tests.small_runs import quiz_run, record, small_run

PHONES = [f"{at:016x}" for at in range(30)]


@pytest.fixture
def place(monkeypatch, runs, shipped):
    """A room's server with an empty folder of runs; what it looks up is looked up anew each time."""
    monkeypatch.setenv("GAN_RUNS", str(runs))
    monkeypatch.setattr(training, "FRESH", 0.0)
    about = {"file": None, "text": "", "room": "", "place": decide({"GAN_RUNS": str(runs)}), "rooms": Rooms()}
    for name, value in about.items():
        monkeypatch.setattr(shown.shown, name, value)
    training.forget()
    yield shown.shown
    training.forget()


@pytest.fixture
def teacher(place):
    return TestClient(Starlette(routes=routes.ROUTES), base_url="http://127.0.0.1", client=("127.0.0.1", 5000))


@pytest.fixture
def pupil(place):
    return TestClient(Starlette(routes=routes.ROUTES), base_url="http://192.0.2.2", client=("192.0.2.9", 5000))


@pytest.fixture
def room(teacher, place):
    """A room that is open."""
    return place.rooms.named(teacher.post("/room").json()["code"])


@pytest.fixture
def ask(pupil, room):
    """`ask(phone)` gives a phone its picture, `ask(phone, id, real)` says what it is: the server's answer."""

    def send(phone, picture=None, says=None):
        if picture is None:
            return pupil.post(f"/room/{room.code}/versus/picture", json={"voter": phone})
        return pupil.post(f"/room/{room.code}/versus", json={"voter": phone, "id": picture, "real": says})

    return send


def stage(client, room):
    return client.get(f"/room/{room.code}/versus").json()


def do(client, room, act, **more):
    return client.post(f"/room/{room.code}/versus/do", json={"key": room.key, "do": act, **more})


def pixels(address):
    content = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    return np.array(Image.open(io.BytesIO(content)))


def test_nothing_but_the_picture_tells_what_it_is(ask, room, runs):
    quiz_run(runs, "quiz")
    said, bodies, truths = [], [], []
    for phone in PHONES:
        for _ in range(4):
            given = ask(phone)
            assert given.json().keys() == {"id", "picture"}
            bodies.append((len(given.content), sorted(given.headers.items())))
            said.append(given.json())
            truths.append(room.memory["versus"].players[phone].is_real)
            ask(phone, given.json()["id"], True)
    assert len({each["id"] for each in said}) == len(said)
    assert len({len(each["id"]) for each in said}) == 1
    assert all(body == bodies[0] for body in bodies), "as many bytes, the same headers, real or fake"
    assert 30 < sum(truths) < 90  # a coin's odds against that are less than one in a million
    kinds = {
        kind: {each["picture"] for each, is_real in zip(said, truths, strict=True) if is_real is kind}
        for kind in (0, 1)
    }
    for kind in kinds.values():
        for picture in kind:
            content = base64.b64decode(picture.removeprefix("data:image/png;base64,"))
            assert [content[at : at + 4] for at in (12, 37)] == [b"IHDR", b"IDAT"], "no other chunk before the pixels"
            image = Image.open(io.BytesIO(content))
            assert (image.format, image.mode, image.size, image.info) == ("PNG", "L", (16, 16), {})


def test_phones_are_given_only_what_the_stage_does_not_show_and_real_ones_go_the_same_way(
    ask, pupil, room, runs, monkeypatch
):
    run = quiz_run(runs, "quiz", steps=(10, 100))
    fakes = real_or_fake.fakes(run, 100)[:, 0].numpy()
    monkeypatch.setattr(real_or_fake, "kept", lambda images: torch.zeros_like(images))
    seen = pupil.get(f"/room/{room.code}/versus/shown.png")
    sheet = np.array(Image.open(io.BytesIO(seen.content)))
    square = [at for at in range(64) if at // 8 < 5 and at % 8 < 5]
    assert np.array_equal(sheet, np.array(grid(torch.from_numpy(fakes[square])[:, None], 5)))
    given = set()
    for _ in range(120):
        picture = ask(PHONES[0]).json()
        mine = room.memory["versus"].players[PHONES[0]]
        image = pixels(picture["picture"])
        if mine.is_real:
            assert not image.any(), "a real one goes the way of a sample"
        else:
            (place,) = (at for at in range(64) if np.array_equal(image, fakes[at]))
            assert place not in square
            given.add(place)
        ask(PHONES[0], picture["id"], True)
    assert len(given) == 39, "one after the other, none again before all were there"


def test_a_picture_is_counted_once_and_for_the_phone_that_was_given_it(ask, pupil, room, runs):
    run = quiz_run(runs, "quiz", steps=(10,))
    first = ask(PHONES[0]).json()
    assert ask(PHONES[0]).json() == first, "the same one until it is answered"
    ask(PHONES[1])
    is_real = room.memory["versus"].players[PHONES[0]].is_real
    assert ask(PHONES[1], first["id"], is_real).status_code == 409
    assert ask(PHONES[2], first["id"], is_real).status_code == 409
    for says in (None, 1, "true"):
        assert ask(PHONES[0], first["id"], says).status_code == 400
    assert ask(PHONES[0], first["id"], is_real).json() == {"right": True, "real": is_real, "step": 10}
    assert ask(PHONES[0], first["id"], is_real).status_code == 409
    wrong = ask(PHONES[0]).json()
    is_real = room.memory["versus"].players[PHONES[0]].is_real
    run.save_sample(200, grid(torch.rand(64, 1, 16, 16), columns=8))
    assert ask(PHONES[0], wrong["id"], not is_real).json() == {"right": False, "real": is_real, "step": 10}
    old = ask(PHONES[1]).json()  # newer pictures have come meanwhile
    assert ask(PHONES[1], old["id"], True).json()["step"] == 200
    assert {step: count for step, (_, count) in room.memory["versus"].hits.items()} == {10: 2, 200: 1}
    assert room.memory["versus"].hits[10] == [1, 2]
    told = stage(pupil, room)
    assert (told["answers"], told["right"]) == (3, 1 + room.memory["versus"].hits[200][0])
    assert [at for at, *_ in told["class"]] == [round((2 * 10 + 200) / 3)]
    for wrong in ({"voter": "me"}, {"voter": "../" + PHONES[0]}):
        assert pupil.post(f"/room/{room.code}/versus/picture", json=wrong).status_code == 400


def test_a_killed_server_goes_on_with_the_sums_of_the_class(ask, pupil, place, room, runs, tmp_path, monkeypatch):
    quiz_run(runs, "quiz", steps=(10,))
    monkeypatch.setattr(versus, "EVERY", 0.0)
    room.file = tmp_path / f"{room.code}.json"
    for phone in PHONES[:20]:
        ask(phone, ask(phone).json()["id"], True)
    before = stage(pupil, room)
    written = room.file.read_text()
    assert not any(phone in written for phone in PHONES), "sums, and nobody's answers"
    monkeypatch.setattr(place, "rooms", Rooms(tmp_path))
    again = place.rooms.named(room.code)
    assert room_routes.state(again, True)["versus"] == {"run": "quiz"}
    after = stage(pupil, again)
    assert (after["answers"], after["right"], after["class"]) == (20, before["right"], before["class"])
    ask(PHONES[0], ask(PHONES[0]).json()["id"], True)
    assert stage(pupil, again)["answers"] == 21
    time.sleep(0.02)
    quiz_run(runs, "other", steps=(10,))
    assert stage(pupil, again)["answers"] == 0, "another training is another game"
    assert json.loads(room.file.read_bytes())["kept"]["versus"] == {"run": "other", "hits": []}
    again.clear()
    assert json.loads(room.file.read_bytes())["kept"] == {}


def test_the_sums_are_written_once_a_second_at_most(ask, pupil, room, runs, monkeypatch):
    quiz_run(runs, "quiz", steps=(10,))
    written = []
    monkeypatch.setattr(type(room), "write", lambda room: written.append(room.kept["versus"]["hits"]))
    for phone in PHONES:
        ask(phone, ask(phone).json()["id"], True)
    assert len(written) < 5
    room.memory["versus"].written -= versus.EVERY
    stage(pupil, room)
    assert written[-1][0][2] == len(PHONES), "the stage's next look writes what is left"
    writes = len(written)
    room.memory["versus"].written -= versus.EVERY
    stage(pupil, room)
    assert len(written) == writes, "nothing is new"


def test_the_classs_line_has_points_of_enough_answers_each(monkeypatch):
    monkeypatch.setattr(versus, "LEAST", 8)
    hits = {300: [1, 2], 0: [8, 8], 100: [2, 4], 200: [1, 4]}
    assert versus.points(hits) == [[0, 1.0, 8], [150, 0.375, 8], [300, 0.5, 2]]
    assert versus.points({}) == []


def test_the_stage_shows_the_dcgan_that_trains_or_was_trained_here_last(ask, pupil, room, runs, drawings):
    assert stage(pupil, room)["run"] is None
    assert ask(PHONES[0]).status_code == 204
    small_cyclegan(runs, "fruit")
    small_run(runs, "scores", loss="hinge")
    assert stage(pupil, room)["run"] is None, "neither another model nor scores beyond 0 and 1"
    early = quiz_run(runs, "early")
    time.sleep(0.02)
    late = small_run(runs, "late", lines=0)
    for _, sample in late.samples():
        sample.unlink()
    assert stage(pupil, room)["run"]["name"] == "early", "there is nothing to show of the later one"
    assert ask(PHONES[0]).status_code == 200
    late.set_info(status="running")
    with late.lock():
        told = stage(pupil, room)
        assert (told["run"]["name"], told["sample"], told["busy"]) == ("late", None, True)
        assert ask(PHONES[0]).status_code == 204
        late.save_sample(0, Image.new("L", (20, 20)))
        assert "20" in stage(pupil, room)["why"], "a sheet of another size is told of, not cut"
        assert ask(PHONES[0]).status_code == 204
    assert early.name in [run.name for run in training.jobs.recent()]


def test_the_lines_are_the_journals_and_what_was_done_is_marked(pupil, room, runs):
    run = small_run(runs, "alpha", label=0.9)
    run.log({"step": 400, "seconds": 100.0, "event": "control", "freeze_d": True})
    told = stage(pupil, room)
    assert told["lines"]["step"][0] == 1
    assert told["lines"]["step"][-1] == 591
    assert told["lines"]["d_real"][-1] == pytest.approx(record(591)["d_real"], abs=0.02)
    assert told["lines"]["d_fake"][0] == pytest.approx(record(1)["d_fake"], abs=0.02)
    assert told["marks"] == [[400, "Step 400: discriminator frozen"]]
    about = told["run"]
    assert (about["frozen"], about["half"], about["status"], about["step"]) == (True, 0.45, "finished", 591)
    assert len(json.dumps(told)) < 20_000
    quick = small_run(runs, "long", lines=5000)
    assert len(stage(pupil, room)["lines"]["step"]) == training.POINTS
    assert runtime_of(quick).freeze_d is False


def test_after_what_if_the_run_that_it_goes_back_to_stands_beside_it(ask, pupil, room, runs):
    quiz_run(runs, "before", steps=(10,))
    for lines in range(60):
        training.Run(runs / "before").log(record(1 + 10 * lines))
    picture = ask(PHONES[0]).json()["id"]
    ask(PHONES[0], picture, True)
    room.memory["versus"].hits[500] = [1, 1]
    time.sleep(0.02)
    child = quiz_run(runs, "before-if-1", steps=(10,))
    child.set_info(parent={"run": "before", "step": 300})
    told = stage(pupil, room)
    assert told["run"]["name"] == "before-if-1"
    assert (told["before"]["name"], told["before"]["step"][0]) == ("before", 301)
    assert list(room.memory["versus"].hits) == [10], "the class's answers until there are the child's too"
    child.set_info(parent={"run": "gone", "step": 300})
    assert stage(pupil, room)["before"] is None


@pytest.fixture
def pair(runs):
    """A run whose D was frozen at step 300, and what began beside it there; the two agree until then."""
    run, branch = (quiz_run(runs, name, steps=steps) for name, steps in (("main", (10, 500)), ("main-if-1", (10, 400))))
    branch.set_info(beside="main", parent={"run": "main", "step": 300})
    for at in range(60):
        line = record(1 + 10 * at)
        run.log(line | {"d_fake": 0.9} if at >= 30 else line)
        if at < 50:
            branch.log(line)
        if at == 29:
            run.log({"step": 300, "seconds": 75.0, "event": "control", "freeze_d": True})
    return run, branch


def test_what_began_beside_the_run_has_a_pane_of_its_own_and_the_phones_play_on_against_the_run(ask, pupil, room, pair):
    run, branch = pair
    picture = ask(PHONES[0]).json()["id"]
    assert ask(PHONES[0], picture, True).json()["step"] == 500
    told = stage(pupil, room)
    assert (told["run"]["name"], told["sample"]) == ("main", 500)
    assert (told["beside"]["name"], told["beside"]["sample"], told["beside"]["since"]) == ("main-if-1", 400, 300)
    assert (told["beside"]["with"], told["beside"]["without"]) == ("D frozen", "D not frozen")
    assert told["before"] is None
    assert told["marks"] == [[300, "Step 300: discriminator frozen"]]
    (step, lines), (steps, others) = (
        (each["step"], each["d_fake"]) for each in (told["lines"], told["beside"]["lines"])
    )
    until = step.index(291) + 1
    assert step[0] == 201, "a little of what they have in common"
    assert (step[:until], lines[:until]) == (steps[:until], others[:until])
    assert (step[-1], steps[-1]) == (591, 491)
    assert min(lines[until:]) > 0.89 > 0.5 > max(others[until:]), "no line is smoothed over the step at which they part"
    here, there = (pupil.get(f"/room/{room.code}/versus/shown.png{query}").content for query in ("", "?branch=1"))
    assert here != there
    assert here == training.now(run.folder.parent).sheet.shown
    for act, words in (
        ({"rate_d": 0.1}, ("D frozen", "D not frozen")),
        ({"freeze_d": False}, ("D’s rate 0.1", "D’s rate 0.0002")),
        ({"rate_d": 0.0002}, ("D frozen at first", "D not frozen")),
    ):
        run.log({"step": 600, "seconds": 150.0, "event": "control"} | act)
        told = stage(pupil, room)
        assert (told["beside"]["with"], told["beside"]["without"]) == words
    (run.folder / "journal.jsonl").write_text("")
    run.log({"step": 300, "seconds": 75.0, "event": "control", "label": 0.9})
    assert stage(pupil, room)["beside"]["with"] == "With the change"
    branch.log({"step": 200, "seconds": 50.0, "event": "control", "freeze_d": True})
    assert stage(pupil, room)["beside"]["with"] == "D learns again"
    for each in pair:
        each.set_info(status="running")
    with run.lock(), branch.lock():
        assert stage(pupil, room)["run"]["name"] == "main", "whichever was written last"
    run.delete()
    assert stage(pupil, room)["run"]["name"] == "main-if-1", "what is left of the two"


def test_an_act_lets_what_would_come_of_it_otherwise_train_beside_it_and_a_stop_ends_both(
    teacher, place, room, pair, monkeypatch
):
    asked = []
    monkeypatch.setattr(versus.jobs, "control", lambda place, name, word, *, key: asked.append((name, word)))
    for way in ("beside", "what_if"):
        monkeypatch.setattr(versus.branches, way, lambda place, name, *, key, way=way: asked.append((name, way)))
    monkeypatch.setattr(permissions, "cores", lambda: 2)
    run, branch = pair
    run.set_info(status="running")

    def answered(act):
        asked.clear()
        assert do(teacher, room, act).status_code == 204
        return asked.copy()

    with run.lock():
        assert answered("free-d") == [("main", "free-d"), ("main", "beside")]
        assert answered("what-if") == [("main", "beside")]
        branch.set_info(status="running")
        with branch.lock():
            assert answered("free-d") == [("main", "free-d")], "no third"
            assert answered("stop") == [("main", "stop"), ("main-if-1", "stop")]
        monkeypatch.setattr(place, "place", decide({"SPACE_ID": "a/b", "GAN_RUNS": str(run.folder.parent)}))
        assert answered("free-d") == [("main", "free-d")], "one training at a time"
        assert answered("what-if") == [("main", "what_if")]


def test_only_who_leads_the_room_and_may_train_here_starts_and_changes_a_training(
    teacher, pupil, place, room, runs, monkeypatch
):
    started, asked, back = [], [], []
    monkeypatch.setattr(versus.jobs, "start", lambda place, config, **how: started.append((config, how["key"])))
    monkeypatch.setattr(versus.jobs, "control", lambda place, name, word, *, key: asked.append((name, word)))
    monkeypatch.setattr(versus.branches, "what_if", lambda place, name, *, key: back.append(name))
    assert teacher.post(f"/room/{room.code}/versus/do", json={"key": "wrong", "do": "start"}).status_code == 403
    for wrong in ("delete", "lr-d=0.1", None, 3):
        assert do(teacher, room, wrong).status_code == 400
    assert do(teacher, room, "start").status_code == 204
    ((config, key),) = started
    assert presets.preset_of(config) is presets.PRESETS["digits"]
    assert (config.minutes, key) == (versus.MINUTES, "")
    quiz_run(runs, "quiz")
    for act in ("hold-d", "free-d", "lr-d=x3", "lr-d=/3", "what-if"):
        assert do(teacher, room, act).status_code == 204
    assert asked == [("quiz", act) for act in ("hold-d", "free-d", "lr-d=x3", "lr-d=/3")]
    assert back == ["quiz"]
    assert stage(teacher, room)["may"]


def test_elsewhere_the_teachers_key_is_asked_for(teacher, pupil, place, room, runs, monkeypatch):
    monkeypatch.setattr(place, "place", place.place.among_others())
    monkeypatch.setattr(versus.jobs, "launch", lambda *_: pytest.fail("nothing may be started"))
    assert [stage(each, room)["may"] for each in (teacher, pupil)] == [True, False]
    assert stage(pupil, room)["needs_key"]
    for given in ("", "wrong"):
        refused = do(pupil, room, "start", teacher=given)
        assert refused.status_code == 409
        assert refused.json()["error"]
    assert not list(runs.glob("*/run.json"))
    monkeypatch.setattr(versus.jobs, "launch", lambda *_: None)
    assert do(pupil, room, "start", teacher=place.place.key).status_code == 204
    assert len(list(runs.glob("*/run.json"))) == 1
    monkeypatch.setattr(place, "place", decide({"GAN_TRAINING": "off", "GAN_RUNS": str(runs)}))
    told = stage(teacher, room)
    assert (told["may"], told["needs_key"]) == (False, False)


def test_a_room_keeps_so_many_phones_and_a_new_class_begins_anew(ask, teacher, room, runs, monkeypatch):
    quiz_run(runs, "quiz")
    monkeypatch.setattr(versus, "MOST_VOTERS", 2)
    assert [ask(phone).status_code for phone in PHONES[:3]] == [200, 200, 429]
    assert ask(PHONES[0]).status_code == 200
    teacher.post(f"/room/{room.code}/lead", json={"key": room.key, "clear": True})
    assert "versus" not in room.memory
    assert ask(PHONES[2]).status_code == 200


def test_thirty_phones_cost_one_look_a_second_and_one_cut_a_sheet(room, runs, monkeypatch):
    run = quiz_run(runs, "quiz", steps=(10,))
    monkeypatch.setattr(training, "FRESH", 60.0)
    looks, cuts = [], []
    monkeypatch.setattr(training, "_look", lambda look=training._look: (looks.append(1), look())[1])
    monkeypatch.setattr(training, "cut", lambda *of, cut=training.cut: (cuts.append(of[1]), cut(*of))[1])
    for phone in PHONES:
        versus._give(room, phone)
    begun = time.process_time()
    for phone in PHONES * 10:
        room.memory["versus"].players[phone].id = ""  # as if it had answered
        versus._give(room, phone)
    assert time.process_time() - begun < 0.3, "a thousandth of a second a picture at most"
    assert (len(looks), cuts) == (1, [10])
    training.forget()
    run.save_sample(20, grid(torch.rand(64, 1, 16, 16), columns=8))
    for phone in PHONES:
        versus._give(room, phone)
    assert (len(looks), cuts) == (2, [10, 20])
