"""Lessons as files: what is read of them, and what a teacher is told, with the line."""

import re
import threading

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from demo import app as shell
from demo.lessons import lesson_file, routes
from demo.lessons.stages import STAGES, listed
from demo.server.environment import decide
from demo.ui.i18n import LANGUAGES
from demo.ui.refusals import Refused

SHORTEST = """# Mine

## Turn it
stage: sliders

One knob of z,
and the picture changes.

> Ask first.
> Then turn it.

## Perfect
stage: duel
preset: perfect
What happens?
"""


def test_a_lesson_is_read_as_it_was_meant():
    lesson = lesson_file.parse(SHORTEST)
    assert lesson.title == "Mine"
    first, second = lesson.scenes
    assert (first.title, first.stage, first.choices) == ("Turn it", "sliders", {})
    assert first.sentence == "One knob of z, and the picture changes."
    assert first.notes == "Ask first. Then turn it."
    assert (second.choices, second.sentence, second.notes) == ({"preset": "perfect"}, "What happens?", "")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", "", "no scene"),
        ("just words", "", "no scene"),
        ("## A\n\nA sentence.", "Line 3", "stage: NAME"),
        ("## A\npreset: perfect\n\nA sentence.", "Line 2", "stage: NAME"),
        ("## A\nstage: slider\n\nA sentence.", "Line 2", "pictures, sliders, walk"),
        ("# L\n\n## A\nstage: duel\nspeed: 3\n\nA sentence.", "Line 5", "It has: preset"),
        ("## A\nstage: duel\npreset: perfekt\n\nA.", "Line 3", "balanced, perfect, held"),
        ("## A\nstage: duel\n\n> only notes", "Line 1", "no sentence"),
        ("## A\nstage: duel\n\nA sentence.\n\n## B", "Line 6", "stage: NAME"),
        ("## A\nstage: duel\n\nA.\n" * 100, "", "more than 99"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, line, says):
    with pytest.raises(Refused) as caught:
        lesson_file.parse(text)
    told = caught.value.sentence("en")
    assert line in told
    assert says in told
    assert caught.value.sentence("ko") != told


def test_what_is_no_text_is_refused(tmp_path):
    (tmp_path / "cp949.md").write_bytes("## 수업".encode("cp949"))
    (tmp_path / "long.md").write_bytes(b"#" * 300_000)
    for name, says in (("cp949.md", "UTF-8"), ("long.md", "longer"), ("none.md", "cannot be read"), (".", "cannot be")):
        with pytest.raises(Refused, match=says):
            lesson_file.read(tmp_path / name)
    (tmp_path / "bom.md").write_bytes(b"\xef\xbb\xbf## A\r\nstage: duel\r\n\r\nA sentence.\r\n")  # Notepad's
    assert lesson_file.read(tmp_path / "bom.md").scenes[0].sentence == "A sentence."


def test_both_shipped_lessons_are_the_same_scenes():
    found = [lesson_file.read(lesson_file.shipped(language)) for language in LANGUAGES]
    scenes = [[(scene.stage, scene.choices) for scene in lesson.scenes] for lesson in found]
    assert scenes[0] == scenes[1]
    assert len(scenes[0]) >= 12
    assert all(scene.notes for lesson in found for scene in lesson.scenes)


def test_the_page_is_given_what_it_needs(monkeypatch, tmp_path):
    client = TestClient(Starlette(routes=routes.ROUTES))
    ko = client.get("/lesson/ko.json").json()
    assert ko["scenes"][7]["choices"] == [["#duel-preset", "perfect"]]
    assert all(len(scene["controls"]) <= 3 for scene in ko["scenes"])
    assert ko["words"]["at"] == "{number} / {count}"
    mine = tmp_path / "mine.md"
    mine.write_text("## <b>A</b>\nstage: walk\n\n<script>alert(1)</script>\n", encoding="utf-8")
    monkeypatch.setattr(routes.shown, "file", mine)
    given = client.get("/lesson/en.json").json()
    assert (given["name"], given["scenes"][0]["sentence"]) == ("mine", "<script>alert(1)</script>")
    mine.write_text("## A\nstage: wolk\n\nEdited while it is shown.", encoding="utf-8")
    wrong = client.get("/lesson/ko.json")
    assert wrong.status_code == 409
    assert "wolk" in wrong.json()["error"]
    for path in ("fr.json", "routes.py", "gan.en.md", "..%2Fapp.py"):
        assert client.get(f"/lesson/{path}").status_code == 404


def test_the_command_line_lists_the_stages_and_refuses_a_lesson_that_is_wrong(capsys, tmp_path):
    shell.main(["--stages"])
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said] == list(STAGES)
    assert said == listed()
    assert "preset: balanced, perfect" in said[list(STAGES).index("duel")]
    (tmp_path / "mine.md").write_text("## A\nstage: nothing\n\nA sentence.", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        shell.main(["--lesson", str(tmp_path / "mine.md")])
    assert ended.value.code == 2
    assert "Line 2" in capsys.readouterr().err


def test_only_who_sits_at_the_machine_leads_the_room(monkeypatch):
    monkeypatch.setattr(routes, "shown", routes.Shown())
    app = Starlette(routes=routes.ROUTES)
    teacher = TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 5000))
    pupil = TestClient(app, base_url="http://192.0.2.2", client=("192.0.2.9", 5000))
    assert teacher.post("/lesson/lead/3").status_code == 403  # there is no room
    assert teacher.get("/lesson/invitation.svg").status_code == 404
    routes.shown.room, routes.shown.place = "https://192.0.2.2:7860/", decide({})
    assert teacher.get("/lesson/en.json").json()["leads"]
    assert not pupil.get("/lesson/en.json").json()["leads"]
    assert pupil.post("/lesson/lead/3").status_code == 403
    assert teacher.get("/lesson/lead/3").status_code == 405
    assert teacher.post("/lesson/lead/3").status_code == 204
    assert routes.shown.scene == 3
    assert 'xmlns="http://www.w3.org/2000/svg"' in pupil.get("/lesson/invitation.svg").text  # or no img would show it


def test_a_page_is_told_of_each_scene_once(monkeypatch):
    monkeypatch.setattr(routes, "shown", routes.Shown(scene=2))
    monkeypatch.setattr(routes, "LIFE", 1.0)
    client = TestClient(Starlette(routes=routes.ROUTES))
    threading.Timer(0.5, lambda: setattr(routes.shown, "scene", 5)).start()
    told = client.get("/lesson/follow")
    assert told.headers["content-type"].startswith("text/event-stream")
    assert re.findall(r"data: (\d+)", told.text) == ["2", "5"]
