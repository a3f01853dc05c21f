"""The Train tab's parts: reports, pages, what is shown when, who may name folders."""

import re
import shutil
from types import SimpleNamespace

import gradio as gr
import pytest

from demo import jobs, train
from demo.language import LANGUAGES, words
from demo.place import Place, no_loan
from gan.errors import UserError
from tests.small_runs import record, small_run


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Two finished runs, "early" and "late", and no others."""
    from gan.run import all_runs

    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    monkeypatch.setattr(jobs.models, "runs", lambda *_, **__: all_runs(tmp_path))
    monkeypatch.setattr(jobs, "_jobs", {})
    return [small_run(tmp_path, name, minutes=5.0) for name in ("early", "late")]


def test_a_report_tells_the_last_logged_step_and_the_share_that_is_done(runs):
    run = runs[0]
    run.set_info(status="stopped", seconds=1.0)
    told = train.report(run)
    last = record(591)
    assert {name: told[name] for name in ("loss_g", "loss_d", "d_real", "d_fake")} == pytest.approx(
        {name: last[name] for name in ("loss_g", "loss_d", "d_real", "d_fake")}
    )
    assert (told["step"], told["seconds"], told["status"]) == (591, 591 / 4, "stopped")
    assert told["progress"] == pytest.approx((591 / 4) / 300)
    assert told["images_per_second"] == pytest.approx(8 * 4)  # 8 pictures a step, 4 steps a second
    assert told["samples"] == 3
    run.set_info(status="finished")
    assert train.report(run)["progress"] == 1


def test_a_report_of_a_run_that_has_only_begun_has_no_losses(runs):
    (runs[0].folder / "journal.jsonl").unlink()
    runs[0].set_info(step=0, seconds=0)
    told = train.report(runs[0])
    assert told["loss_g"] is None
    assert told["images_per_second"] == told["step"] == 0


def test_a_report_does_not_tell_where_a_folder_lies(tmp_path, runs):
    private = small_run(tmp_path, "private", data="/home/someone/cats")
    assert train.report(private)["data"] == "cats"
    assert "/home" not in train.page(private.folder, "x", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_facts_the_newest_sample_and_two_charts(runs, language):
    html = train.page(runs[0].folder, train.stamp(runs[0]), language)
    assert html.count('class="chart"') == 2
    assert html.count('src="data:image/webp') == 1
    assert "<b>591</b>" in html
    assert "<b>2:28 / 5:00</b>" in html
    assert words(language)["curves.status.finished"] in html
    assert 'value="1.0000"' in html


def test_why_a_run_ended_early_is_said_in_a_sentence(runs):
    run = runs[0]
    run.set_info(status="failed", why="<b>no room</b> on the disk")
    html = train.page(run.folder, train.stamp(run), "en")
    assert "It failed: &lt;b&gt;no room" in html
    run.set_info(why="'loss_g' is no longer a number at step 591: the duel has blown up.")
    assert "무너져" in train.page(run.folder, train.stamp(run), "ko")
    run.set_info(status="running", why="")  # and nobody holds its lock
    assert "without a word" in train.page(run.folder, train.stamp(run), "en")
    (run.folder / "train.log").write_text("loading\nerror: There are no pictures in cats.\n")
    assert "It failed: There are no pictures in cats." in train.page(run.folder, train.stamp(run) + "2", "en")


def test_a_run_that_loads_its_data_says_so(runs):
    run = runs[0]
    shutil.rmtree(run.folder / "samples")
    (run.folder / "journal.jsonl").unlink()
    run.set_info(status="running", step=0)
    with run.lock():
        html = train.page(run.folder, train.stamp(run), "en")
    assert "being loaded" in html
    assert "chart" not in html


def test_the_tab_opens_with_the_most_recent_run_and_keeps_the_one_that_was_chosen(runs):
    dropdown, html, *_ = train.opened(None, None)
    assert dropdown.value == "late"
    assert dropdown.choices == [("late", "late"), ("early", "early")]
    assert "late" in html
    assert train.opened("early", None)[0].value == "early"
    assert train.opened("gone", None)[0].value == "late"
    with runs[0].lock():
        runs[0].set_info(status="running")
        assert train.opened("late", None)[0].value == "early"  # something goes on there


def test_nothing_is_sent_while_nothing_is_new(runs):
    assert train.follow("late", "", None) == gr.skip()  # the tab has not been opened yet
    *_, seen = train.watch("late", None)
    assert train.follow("late", seen, None) == gr.skip()
    runs[1].log(record(601))
    _, html, *_, later = train.follow("late", seen, None)
    assert later != seen
    assert "<b>601</b>" in html


def test_a_training_that_someone_starts_is_shown_to_those_who_watch_none(runs, tmp_path):
    *_, seen = train.watch("late", None)
    new = small_run(tmp_path, "new", lines=3)
    new.set_info(status="running")
    with new.lock():
        dropdown, *_, seen = train.follow("late", seen, None)
        assert dropdown.value == "new"
        *_, seen = train.watch("late", None)  # she looks at another one on purpose
        runs[1].log(record(601))
        assert train.follow("late", seen, None)[0].value == "late"


@pytest.mark.parametrize(
    ("status", "possible"),
    [
        ("running", {"pause", "stop"}),
        ("paused", {"go_on", "stop"}),
        ("stopped", {"go_on"}),
        ("failed", {"go_on"}),
        ("finished", set()),
    ],
)
def test_only_the_buttons_that_make_sense_can_be_pressed(runs, status, possible):
    runs[0].set_info(status=status)
    with runs[0].lock():
        _, _, *buttons, _ = train.watch("early", None)
    assert {name for name, button in zip(train.DO, buttons, strict=True) if button.interactive} == possible


def test_without_runs_the_tab_says_what_to_do(monkeypatch):
    monkeypatch.setattr(jobs.models, "runs", lambda *_, **__: [])
    dropdown, html, *_ = train.opened(None, None)
    assert dropdown.value is None
    assert words("en")["train.none"] in html


def test_a_preset_fills_the_fields_and_folds_them_away():
    own, model, data, minutes = train.fill("clothes")
    assert (own.visible, model, data.value, minutes) == (False, "dcgan", "fashion-mnist", 1)
    own, *rest = train.fill(train.OWN)
    assert own.visible
    assert all(value == gr.skip() for value in rest)


def test_a_model_offers_the_data_it_can_use():
    offered = {value for _, value in train.offer("cyclegan").choices}
    assert "herd" in offered
    assert "mnist" not in offered
    assert "mnist" in {value for _, value in train.offer("dcgan").choices}


@pytest.mark.parametrize(
    ("kind", "host", "may"),
    [("local", "127.0.0.1", True), ("local", "192.168.0.7", False), ("space", "127.0.0.1", False)],
)
def test_only_who_sits_at_the_machine_may_name_its_folders(tmp_path, kind, host, may):
    request = SimpleNamespace(client=SimpleNamespace(host=host))
    assert train.is_here(Place(kind, "on", tmp_path, no_loan), request) is may


def test_a_refusal_is_said_in_the_visitors_language(tmp_path):
    def refuse():
        raise jobs.Refused("busy", run="digits")

    request = SimpleNamespace(headers={"accept-language": "ko-KR"})
    with pytest.raises(UserError, match=re.escape("이미 ‘digits’ 학습이 진행 중입니다")):
        train._in_words(request, refuse)
