"""How far a training gets here: measured with a way out, kept for a moment only, and said when it was not enough."""

import threading
from types import SimpleNamespace

import gradio as gr
import pytest
from gradio.state_holder import SessionState

from demo import jobs
from demo.app import build_app
from demo.jobs import presets
from demo.jobs.permissions import Refused
from demo.server.environment import Place, no_loan
from demo.tabs.train import estimate, form, status_view
from demo.ui.i18n import words
from gan.benchmark import throughput
from gan.benchmark.throughput import Estimate
from gan.core.checkpoint import save_resume
from tests.browser import in_a_thread
from tests.small_runs import small_run


def visitor(name="a", language="en"):
    return SimpleNamespace(headers={"accept-language": language}, session_hash=name)


@pytest.fixture
def measured(monkeypatch):
    """The measurements that are made; each waits until `go` is set, or until it is stopped."""
    calls = SimpleNamespace(made=[], go=threading.Event(), found=Estimate(10, 320, None))
    calls.go.set()

    def measure(config, stop=lambda: False):
        calls.made.append(config)
        while not calls.go.wait(0.01):
            if stop():
                raise throughput.Stopped
        return calls.found

    monkeypatch.setattr(throughput, "measure", measure)
    monkeypatch.setattr(estimate, "_known", {})
    monkeypatch.setattr(estimate, "_asked", {})
    monkeypatch.setattr(estimate.jobs, "active", lambda: None)
    return calls


def digits(**settings):
    return presets.settings_of("dcgan", "mnist", 1, **settings)


def test_those_who_ask_at_once_are_told_the_same_and_who_asks_later_has_it_measured_anew(measured, monkeypatch):
    assert "600 in 1 minutes" in estimate.outlook(digits(), 500, "en")
    estimate.outlook(digits(seed=7), 500, "ko")
    assert len(measured.made) == 1
    monkeypatch.setattr(estimate, "KEPT", 0.0)
    estimate.outlook(digits(), 500, "en")
    assert len(measured.made) == 2


@pytest.mark.parametrize(("found", "english", "korean"), [
    (Estimate(10, 320, None, share=0.4), "40 % of its time was left", "40%의 시간만"),
    (Estimate(0.04, 1.3, None, is_bound=True), "No step was done within 20 seconds", "20초 안에 한 스텝도"),
])  # fmt: skip
def test_what_was_measured_under_load_is_told_and_not_kept(measured, found, english, korean):
    measured.found = found
    assert english in estimate.outlook(digits(), 500, "en")
    assert korean in estimate.outlook(digits(), 500, "ko")
    assert len(measured.made) == 2


@pytest.mark.parametrize("change", [
    lambda: estimate.stop(visitor()), lambda: estimate.forget(("clothes", 1), visitor()),
], ids=["stop", "another preset"])  # fmt: skip
def test_a_measurement_is_ended_and_nothing_comes_after_it(measured, change):
    measured.go.clear()
    answers = estimate.ask(digits(), 500, ("digits", 1), visitor())
    told, measure, halt = next(answers)
    assert (words("en")["train.outlook.measuring"] in told, measure.interactive, halt.visible) == (True, False, True)
    assert estimate.forget(("digits", 1), visitor()) == gr.skip()  # a field that was filled with what was asked for
    told, measure, halt = change()
    assert (told, measure.interactive, halt.visible) == ("", True, False)
    ((told, measure, halt),) = answers  # given once more at the end, perhaps after the answer to Stop
    assert (told, measure.interactive, halt.visible) == ("", True, False)
    assert estimate._turn.acquire(timeout=5)  # and it no longer keeps the processor
    estimate._turn.release()


def test_the_end_of_what_is_no_longer_asked_leaves_what_was_asked_next(measured):
    measured.go.clear()
    first, second = (estimate.ask(digits(), 500, (preset, 1), visitor()) for preset in ("digits", "clothes"))
    next(first)
    next(second)
    assert list(first) == [(gr.skip(),) * 3]
    measured.go.set()
    assert "so that is enough" in next(second)[0]


def test_another_visitor_does_not_stop_it(measured):
    measured.go.clear()
    answers = estimate.ask(digits(), 500, ("digits", 1), visitor("a"))
    next(answers)
    estimate.stop(visitor("b"))
    measured.go.set()
    last, end = answers
    assert end == (gr.skip(),) * 3
    assert "so that is enough" in last[0]
    assert (last[1].interactive, last[2].visible) == (True, False)


def test_an_error_of_the_measurement_is_raised_where_the_visitor_is_told(measured, monkeypatch):
    def full(*_, **__):
        raise MemoryError("full")

    monkeypatch.setattr(throughput, "measure", full)
    answers = estimate.ask(digits(), 500, ("digits", 1), visitor())
    next(answers)
    assert next(answers)[0] == ""
    with pytest.raises(MemoryError):
        next(answers)


def test_a_training_for_a_gpu_is_questioned_where_there_is_none(monkeypatch, tmp_path):
    zebras = presets.PRESETS["zebras"]
    config = presets.settings_of(zebras.model, zebras.data, 60, **zebras.settings)
    place = Place("local", "on", tmp_path, no_loan)
    for kind, lacks in (("cpu", True), ("gpu", False), ("mps", False)):
        monkeypatch.setattr("gan.device.inside", lambda kind=kind: (kind, {}))
        assert estimate.lacks_a_gpu("zebras", config, place) is lacks
        assert estimate.lacks_a_gpu("own", config, place) is lacks
        assert not estimate.lacks_a_gpu("digits", digits(), place)
    monkeypatch.setattr("gan.device.inside", lambda: ("cpu", {}))
    assert not estimate.lacks_a_gpu("zebras", config, Place("zerogpu", "on", tmp_path, no_loan))
    assert "60,000 steps" in estimate.question(config, visitor())
    assert "60,000스텝" in estimate.question(config, visitor(language="ko"))


def test_start_asks_first_and_starts_when_told_to(monkeypatch, tmp_path):
    """In the page as it is built: nothing trains before "start it anyway"; "instead" starts what runs here."""
    started = []
    monkeypatch.setattr("gan.device.inside", lambda: ("cpu", {"cores": "2", "memory": "8"}))
    monkeypatch.setattr("demo.jobs.permissions.permit", lambda *_, **__: None)
    for side in ("trainA", "trainB"):  # a data set that is here is one that can be chosen
        (tmp_path / "data" / "horse2zebra" / side).mkdir(parents=True)
    monkeypatch.setenv("GAN_DATA", str(tmp_path / "data"))
    run = small_run(tmp_path, "small")
    monkeypatch.setattr(jobs, "start", lambda place, config, *_, **__: started.append(config.data) or run)
    app = build_app(Place("local", "on", tmp_path, no_loan))
    blocks = {block.elem_id: block for block in app.blocks.values() if getattr(block, "elem_id", None)}
    state = SessionState(app)

    def click(button):
        (handler,) = (each for each in app.fns.values() if (blocks[button]._id, "click") in each.targets)
        values = [None if b.stateful else state.config_values[b._id]["props"].get("value") for b in handler.inputs]
        if blocks["train-preset"] in handler.inputs:
            names = [*form.settings_by_name()]
            shown = form.shown_settings("cyclegan", "horse2zebra", presets.PRESETS["zebras"].settings)
            values = ["", "", "zebras", "cyclegan", "horse2zebra", "", "", 60, None]
            values += [each.value for _, each in zip(names, shown, strict=True)]
        request = gr.Request(headers={"accept-language": "en"}, client=None)
        answer = in_a_thread(app.process_api(handler, values, state=state, request=request))["data"]
        return dict(zip((block.elem_id for block in handler.outputs), answer, strict=True))

    assert "60,000 steps" in click("train-start")["train-slow"]
    assert started == []
    click("train-instead")
    assert started == ["herd"]
    click("train-anyway")
    assert started == ["herd", "horse2zebra"]


def test_a_preset_whose_data_is_not_here_can_still_be_asked_for(away):
    """Gradio would refuse it as no choice, in English; the queue says what is to be done."""
    choices = form.fill("zebras", own=True)[3]
    assert choices.value == "horse2zebra"
    assert [value for _, value in choices.choices].count("horse2zebra") == 1


# What a training that was too short says


@pytest.fixture
def short(tmp_path, monkeypatch):
    """A finished run that got 97 of the 500 rounds that it needs, in a minute."""
    from gan.runs.run import all_runs

    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    monkeypatch.setattr(jobs.model_cache, "runs", lambda *_, **__: all_runs(tmp_path))
    monkeypatch.setattr(jobs, "_workers", {})
    monkeypatch.setattr(jobs, "advance", lambda _: None)
    run = small_run(tmp_path, "short", minutes=1.0, lines=10)
    run.set_info(step=97, seconds=60.0, needed=500)
    save_resume(run, {"step": 97, "seconds": 60.0})
    return run


def shown(run, language="en"):
    return status_view.facts(run.folder, status_view.stamp(run), language)


def test_a_training_that_was_too_short_says_so_and_go_on_prolongs_it(short, tmp_path, monitor):
    assert presets.further(short) == 6  # 60 s * 500 / 97, and a little more
    told = "results are worth a look from about step 500 on. “Go on” trains it further, to 6 minutes in all."
    assert told in shown(short)
    assert "모두 합해 6분까지" in shown(short, "ko")
    assert monitor.show(short, ["short"], visitor())[monitor.buttons["go_on"]].interactive
    assert status_view.report(short)["needed"] == 500
    jobs.control(Place("local", "on", tmp_path, no_loan), "short", "go on")
    assert (short.status, short.config.minutes) == ("queued", 6)


@pytest.mark.parametrize("change", [
    {"needed": None}, {"step": 500}, {"status": "stopped"}, {"visitor": True, "config": {"minutes": 3.0}}, {"step": 0},
])  # fmt: skip
def test_only_what_ended_too_early_and_may_go_on_is_prolonged(short, tmp_path, change):
    """Where training is limited three minutes are the end of it."""
    if "config" in change:
        change = change | {"config": short.info["config"] | change["config"]}
    short.set_info(**change)
    assert presets.further(short) is None
    assert "“Go on” trains it further" not in shown(short)
    if short.status == "finished":
        with pytest.raises(Refused, match="nothing to go on with"):
            jobs.control(Place("local", "on", tmp_path, no_loan), "short", "go on")


def test_without_its_checkpoint_it_only_says_so(short):
    (short.folder / "resume.pt").unlink()
    assert "give the next one more minutes" in shown(short)


def test_what_a_preset_needs_is_written_into_its_run(short, tmp_path):
    place = Place("local", "on", tmp_path, no_loan)
    assert jobs.start(place, digits(), "digits").info["needed"] == presets.PRESETS["digits"].needed
    assert "needed" not in jobs.start(place, digits(ngf=8), "mine").info
    assert jobs.start(place, digits(ngf=8), "told", needed=300).info["needed"] == 300


def test_the_command_line_says_it_too(short, monkeypatch, capsys):
    from gan.__main__ import main

    short.set_info(step=97)
    monkeypatch.setattr("gan.core.trainer.train", lambda *_, **__: iter(()))
    assert main(["train", "--resume", "short"]) == 0
    told = capsys.readouterr().out
    assert "finished after 97 steps" in told
    assert "worth a look from about 500 steps on. Go on with: python -m gan train --resume short --minutes 6" in told
