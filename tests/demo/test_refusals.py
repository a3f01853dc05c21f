"""Refusals reach everyone in her own language: on the page, as a client, on the command line, and of failed runs."""

from types import SimpleNamespace

import gradio as gr
import pytest
from PIL import Image

from demo import jobs
from demo.server import model_cache
from demo.server.environment import Place, no_loan
from demo.tabs.noise import grid, inversion, mode_coverage, real_or_fake, selection
from demo.tabs.questions import q01_upsampling, q15_pooling
from demo.tabs.train import api, form, status_view
from demo.tabs.translate import webcam
from demo.tabs.translate.selection import held
from demo.ui.handlers import catch_errors
from demo.ui.refusals import WORDS
from gan.__main__ import main
from gan.core.dcgan import DCGANConfig
from gan.data.datasets import load
from gan.data.uploads import take
from gan.errors import UserError, cause
from gan.runs.run import Run
from gan.words import HERE, LANGUAGES, read, sentence
from tests.browser import in_a_thread
from tests.small_runs import small_run

# Runs that failed


def test_the_page_says_why_a_run_failed_in_the_readers_language_and_old_ones_as_they_did(runs):
    run = small_run(runs, "mine")
    texts = {}
    for number, why in enumerate(
        (cause(UserError("catalog.unknown", name="cats", known="mnist")), "The old sentence.")
    ):
        run.set_info(status="failed", why=why)
        for language in LANGUAGES:
            texts[number, language] = status_view.facts(run.folder, f"{number}", language)
            assert status_view.report(run, language)["why"] == sentence(why, language)
    assert "It failed: There is no data set or folder &#39;cats&#39;" in texts[0, "en"]
    assert "학습이 실패했습니다: &#39;cats&#39; 데이터나 폴더가 없습니다" in texts[0, "ko"]
    assert "It failed: The old sentence." in texts[1, "en"]
    assert "학습이 실패했습니다: The old sentence." in texts[1, "ko"]
    run.set_info(status="failed", why=cause(UserError("machine.disk_full", then="")))
    assert "디스크가 가득 찼습니다" in status_view.facts(run.folder, "full", "ko")


def test_every_failure_that_the_page_words_itself_is_one_that_there_is():
    for core, page in status_view.MISFORTUNES.items():
        assert core in read(HERE, "en")
        assert all(page in read(WORDS, language) for language in LANGUAGES)


# In the app


def reached(handler, *values, language, is_page=True):
    """The sentence in which a refusal reaches a visitor, by way of Gradio."""
    with gr.Blocks() as blocks:
        button, shown = gr.Button(), gr.Textbox()
        button.click(catch_errors(lambda: handler(*values), is_page=is_page), None, shown)
    (event,) = blocks.fns.values()
    request = gr.Request(headers={"accept-language": language}, client=None)
    with pytest.raises(gr.Error) as refused:
        in_a_thread(blocks.process_api(event, [], request=request))
    return refused.value.message


REFUSALS = {
    "a run that there is not": (
        lambda: model_cache.find("cat"), "There is no run named 'cat' here", "이름이 'cat'인 학습이 없습니다"),
    "nothing held": (lambda: selection.held({}), "No picture is held yet", "아직 고른 그림이 없습니다"),
    "a number of the core's": (
        lambda: DCGANConfig(size=40), "'size' is 16, 32, 64, 128 or 256, not 40", "중 하나여야 합니다. 지금 값: 40"),
    "a number of the page's": (
        lambda: q01_upsampling.endpoint(kernel=99), "The kernel is 99; choose", "커널의 값이 99입니다. 2에서"),
    "a choice": (
        lambda: q15_pooling.compare("cat", 0, "one"), "The pattern 'cat' is unknown", "무늬 'cat' 값은 쓸 수 없습니다"),
    "a field's label": (
        lambda: form.values_of("dcgan", "herd", {"batch": None}), "“Batch” is empty", "‘배치’ 칸이 비어 있습니다"),
    "a class": (
        lambda: inversion.endpoint("mnist", "zebra", None, 0),
        "no class 'zebra'", "이 학습에는 'zebra' 클래스가 없습니다"),
    "nothing found": (lambda: inversion.take("", {}), "Nothing", "없습니다"),
    "a way": (lambda: held("fruit", "AtoC", None, None), "The direction is 'AtoC'", "'AtoC' 방향은 없습니다"),
    "a count": (lambda: grid.endpoint("mnist", 0, 4.5), "The count is 4.5", "그림 수의 값이 4.5입니다"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSALS)
@pytest.mark.parametrize("is_page", [True, False])
def test_a_refusal_reaches_every_visitor_in_her_language(kind, is_page):
    def plain(text):
        return text.replace("&#x27;", "'")

    handler, english, korean = REFUSALS[kind]
    assert english in plain(reached(handler, language="en", is_page=is_page))
    said = plain(reached(handler, language="ko-KR,ko;q=0.9", is_page=is_page))
    assert korean in said
    assert "요청하신 대로" not in said  # nothing stands in front of it: the sentence itself says what is wrong


def test_what_is_shown_in_place_of_a_page_is_in_the_readers_language(runs):
    small_run(runs, "own", data="cifar10", channels=3)
    asked = {"en": SimpleNamespace(headers={}), "ko": SimpleNamespace(headers={"accept-language": "ko"})}
    for language, sign in (("en", "no classifier travels"), ("ko", "이 데이터의 분류기는 프로젝트에 없습니다")):
        assert sign in mode_coverage.show({}, "own", asked[language])[0]
        frame = {"run": "cat", "direction": "AtoB", "picture": webcam.START}
        said = {"en": "There is no run named 'cat'", "ko": "이름이 'cat'인 학습이 없습니다"}[language]
        assert said in webcam.frame(frame, asked[language])["error"]
    Run.create("young", DCGANConfig(data="mnist", size=16))
    assert "아직 생성된 그림이 없습니다" in real_or_fake.show({}, "young", {}, asked["ko"])[1]
    assert "has no samples yet" in real_or_fake.show({}, "young", {}, asked["en"])[1]


def test_a_clients_answer_is_in_its_language(runs, monkeypatch):
    small_run(runs, "mine").set_info(status="failed", why=cause(UserError("densities.empty")))
    monkeypatch.setattr(jobs, "advance", lambda place: None)
    with gr.Blocks() as blocks:
        api.add_endpoints(Place("local", "on", runs, no_loan))
    status = {each.api_name: each.fn for each in blocks.fns.values()}["train_status"]
    korean = SimpleNamespace(headers={"accept-language": "ko"})
    assert status("mine")["why"] == "The drawing is empty; draw something first."
    assert status("mine", request=korean)["why"] == "그린 것이 없습니다. 먼저 그려 주세요."


def test_files_that_are_left_out_say_why_in_the_pages_language(tmp_path, runs):
    for number in range(2):
        Image.new("RGB", (40, 40), (number * 200, 90, 30 + number)).save(tmp_path / f"{number}.png")
    (tmp_path / "text.png").write_text("no picture")
    taken = take(sorted(tmp_path.glob("*.png")), tmp_path / "mine", size=32)
    page = form.told(form.Staged(str(tmp_path / "mine"), (taken,)), "dcgan", 32, "ko")
    assert "text.png 파일을 그림으로 읽을 수 없습니다" in page
    assert "통째로 외워 버립니다" in page  # the advice
    assert "Cannot read text.png as a picture" in form.told(
        form.Staged(str(tmp_path / "mine"), (taken,)), "dcgan", 32, "en"
    )
    note = load(str(tmp_path), 32).note
    assert "text.png(text.png 파일을 그림으로" in sentence(note, "ko")


# On the command line


@pytest.mark.parametrize("name", ["LC_ALL", "LC_MESSAGES", "LANG"])
def test_a_korean_terminal_is_told_in_korean(name, runs, monkeypatch, capsys):
    for each in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(each, raising=False)
    assert main(["sample", "cat", "a.png"]) == 2
    assert capsys.readouterr().err.startswith("error: There is no run named 'cat'.")
    monkeypatch.setenv(name, "ko_KR.UTF-8")
    assert main(["sample", "cat", "a.png"]) == 2
    assert capsys.readouterr().err.startswith("오류: 이름이 'cat'인 학습이 없습니다.")


def test_an_english_name_before_a_korean_one_decides(runs, monkeypatch, capsys):
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    assert main(["sample", "cat", "a.png"]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_the_list_of_runs_says_why_one_failed(runs, monkeypatch, capsys):
    run = Run.create("mine", DCGANConfig(data="mnist", size=16))
    run.set_info(status="failed", why=cause(UserError("densities.empty")))
    assert main(["runs"]) == 0
    assert "The drawing is empty" in capsys.readouterr().out
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    assert main(["runs"]) == 0
    assert "그린 것이 없습니다" in capsys.readouterr().out
    run.set_info(why="The old sentence.")
    assert main(["runs"]) == 0
    assert "The old sentence." in capsys.readouterr().out


def test_the_app_complains_in_the_terminals_language(monkeypatch, capsys):
    from demo.app import main as app

    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    monkeypatch.setenv("GAN_TRAINING", "perhaps")
    with pytest.raises(SystemExit) as ended:
        app([])
    assert ended.value.code == 2
    assert "off, limited, on 중 하나로 정해 주세요" in capsys.readouterr().err


def test_the_last_words_of_a_training_are_known_in_either_language(run):
    from demo.jobs.worker import last_words

    for line in ("error: There is no data.", "오류: 데이터가 없습니다."):
        (run.folder / "train.log").write_text(f"a\n{line}\n", encoding="utf-8")
        assert last_words(run) == line.split(": ")[1]


def test_what_keeps_the_app_from_going_on_with_a_run_is_kept_for_every_reader(runs, capsys):
    small_run(runs, "mine").set_info(status="starting")
    (runs / "mine" / "resume.pt").write_text("no checkpoint")
    assert main(["train", "--resume", "mine"]) == 2
    info = Run.open("mine").info
    assert (info["status"], info["why"]["key"]) == ("failed", "run.unreadable")
    assert sentence(info["why"], "ko").startswith("'mine' 학습의 resume.pt 파일을 읽을 수 없습니다")
    assert main(["train", "--resume", "mine", "--latent", "9"]) == 2
    assert Run.open("mine").info["why"]["key"] == "run.unreadable"  # one at rest is as good as it was
