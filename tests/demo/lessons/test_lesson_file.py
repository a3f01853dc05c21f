"""Lessons as files: what is read of them, and what a teacher is told, with the line."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from demo import app as shell
from demo.lessons import lesson_file, routes
from demo.lessons.rooms import Rooms
from demo.lessons.shown import shown
from demo.lessons.stages import STAGES, listed
from demo.server.environment import ROOT, decide
from demo.ui.i18n import LANGUAGES
from demo.ui.refusals import Refused

SHORTEST = """# Mine

## Turn it
stage: sliders

One knob of z,
and the picture changes.

- [ ] It gets brighter
- [x] It gets thicker
- something else

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
    assert (first.answers, first.right) == (["It gets brighter", "It gets thicker", "something else"], [1])
    assert second.answers == []
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
        ("## A\nstage: duel\n\nA.\n\n- [ ] alone", "Line 1", "two to 6 answers"),
        ("## A\nstage: duel\n\nA.\n" + "- [ ] x\n" * 7, "Line 1", "two to 6 answers"),
        ("## A\nstage: duel\n\nA.\n- [x]\n- [ ] b", "Line 1", "two to 6 answers"),
        ("## A\nstage: quiz\n\nA sentence.", "Line 1", "There are: before, after"),
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
    scenes = [[(s.stage, s.choices, len(s.answers), s.right) for s in lesson.scenes] for lesson in found]
    assert scenes[0] == scenes[1]
    assert len(scenes[0]) >= 12
    assert all(scene.notes for lesson in found for scene in lesson.scenes)


def test_the_page_is_given_what_it_needs(monkeypatch, tmp_path):
    client = TestClient(Starlette(routes=routes.ROUTES))
    ko = client.get("/lesson/ko.json").json()
    assert [["#duel-preset", "perfect"]] in [scene["choices"] for scene in ko["scenes"]]
    assert all(len(scene["controls"]) <= 3 for scene in ko["scenes"])
    assert ko["words"]["at"] == "{number} / {count}"
    mine = tmp_path / "mine.md"
    mine.write_text("## <b>A</b>\nstage: walk\n\n<script>alert(1)</script>\n", encoding="utf-8")
    monkeypatch.setattr(shown, "file", mine)
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


def test_only_who_sits_at_the_machine_shows_a_lesson_of_their_own(monkeypatch):
    monkeypatch.setattr(shown, "place", decide({}))
    monkeypatch.setattr(shown, "text", "")
    app = Starlette(routes=routes.ROUTES)
    teacher = TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 5000))
    pupil = TestClient(app, base_url="http://192.0.2.2", client=("192.0.2.9", 5000))
    mine = "## A\nstage: walk\n\nMy own."
    assert pupil.post("/lesson/own", content=mine).status_code == 403
    assert pupil.get("/lesson/en.json").json()["own"] is None
    assert teacher.post("/lesson/own", content=mine).status_code == 204
    given = pupil.get("/lesson/ko.json").json()
    assert (given["name"], [scene["sentence"] for scene in given["scenes"]]) == ("own", ["My own."])
    assert teacher.delete("/lesson/own").status_code == 204
    assert teacher.get("/lesson/en.json").json()["name"] == "gan"


GOOD = "# Mine\n\n## A\nstage: walk\n\nMy own.\n\n- [x] yes\n- no\n"
DROPPED = {
    "too large": (GOOD.encode() + b"\n> a note" * 30_000, "longer than 200000 bytes"),
    "endless": (b"#" * 3_000_000, "longer than 200000 bytes"),
    "Korean as old editors save it": ("## 가\nstage: walk\n\n가나다.".encode("cp949"), "mine.md is not UTF-8"),
    "UTF-16": (GOOD.encode("utf-16"), "mine.md is not UTF-8"),
    "UTF-16 without a mark": (GOOD.encode("utf-16-le"), "mine.md is not UTF-8"),
    "a picture": ((ROOT / "demo" / "examples" / "horse.webp").read_bytes()[:9_000], "mine.md is not UTF-8"),
    "zeros": (bytes(5_000), "mine.md is not UTF-8"),
    "empty": (b"", "no scene"),
    "blank": (b"\xef\xbb\xbf \n\n", "no scene"),
    "a page": (b"<!doctype html><h1>Not a lesson</h1>", "no scene"),
    "half right": (GOOD.encode() + b"\n## B\nstage: wolk\n\nB.", "Line 12"),
    "too many": (b"## A\nstage: walk\n\nA.\n" * 100, "more than 99"),
}


@pytest.mark.parametrize(("wrong", "says"), DROPPED.values(), ids=DROPPED)
def test_a_wrong_lesson_that_is_dropped_keeps_the_former_one_and_its_room(monkeypatch, wrong, says):
    for name, value in {"file": None, "text": "", "place": decide({}), "rooms": Rooms()}.items():
        monkeypatch.setattr(shown, name, value)
    teacher = TestClient(Starlette(routes=routes.ROUTES), base_url="http://127.0.0.1", client=("127.0.0.1", 5000))

    def drop(content, language="en"):
        headers = {"accept-language": language}
        return teacher.post("/lesson/own", params={"name": "mine.md"}, content=content, headers=headers)

    def now():
        return [teacher.get(f"/lesson/{language}.json").json() for language in LANGUAGES]

    for former in ("gan", "own"):
        if former == "own":
            assert drop(GOOD).status_code == 204
        before, room = now(), teacher.post("/room").json()
        lead, vote = f"/room/{room['code']}/lead", {"voter": "0123456789abcdef", "scene": 1, "choice": 0}
        assert teacher.post(lead, json={"key": room["key"], "scene": 1, "phase": "first"}).status_code == 204
        answer = drop(wrong)
        assert answer.status_code == 409
        assert says in answer.json()["error"]
        assert drop(wrong, "ko").json()["error"] != answer.json()["error"]
        assert now() == before
        assert before[0]["name"] == former
        taken = teacher.post(f"/room/{room['code']}/vote", json=vote).status_code
        assert taken == (204 if former == "own" else 400), "the room asks what it asked before"
