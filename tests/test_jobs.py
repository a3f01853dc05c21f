"""Trainings started from the app: real processes, refusals, kills, and a GPU that is lent by the call."""

import os
import re
import signal
import subprocess
import threading
import time
from dataclasses import replace

import pytest

from demo import jobs
from demo.language import LANGUAGES, words
from demo.place import Place, no_loan
from gan.errors import UserError
from tests.small_runs import small_run

TINY = {"width": 4, "batch": 8, "latent": 8, "log_every": 1, "precision": "fp32"}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A laptop with a folder of runs of its own, and networks that train in no time."""
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setitem(jobs.SETTINGS, "dcgan", TINY)
    monkeypatch.setattr(jobs.models, "runs", only(tmp_path))
    monkeypatch.setattr(jobs, "_jobs", {})
    yield Place("local", "on", tmp_path, no_loan)
    for job in list(jobs._jobs.values()):
        job.stop.set()
        if isinstance(job.worker, subprocess.Popen):
            job.worker.kill()
            job.worker.wait()
        else:
            job.worker.join(60)


def only(root):
    from gan.run import all_runs

    return lambda *_, **__: all_runs(root)


def wait(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


def steps(run):
    return [line["step"] for line in run.journal() if "loss_g" in line]


def test_a_training_is_a_process_of_its_own_that_pauses_goes_on_and_stops(place):
    run = jobs.start(place, "dcgan", "mnist", 5)
    assert run.name == "mnist-1"
    assert jobs.status(run) == "starting"
    assert jobs.active().name == "mnist-1"
    with pytest.raises(jobs.Refused, match="training already"):
        jobs.start(place, "dcgan", "mnist", 1)

    wait(lambda: len(steps(run)) > 3)
    assert jobs.status(run) == "running"
    process = jobs._jobs[run.folder].worker
    assert process.pid != os.getpid()
    assert os.getsid(process.pid) == process.pid  # a Ctrl-C in the app's terminal does not reach it

    jobs.control(place, "mnist-1", "pause")
    wait(lambda: jobs.status(run) == "paused")
    time.sleep(0.3)
    seen = len(steps(run))
    time.sleep(0.5)
    assert len(steps(run)) == seen
    with pytest.raises(jobs.Refused, match="nothing to pause"):
        jobs.control(place, "mnist-1", "pause")
    jobs.control(place, "mnist-1", "go on")
    wait(lambda: len(steps(run)) > seen)
    jobs.control(place, "mnist-1", "stop")
    wait(lambda: jobs.status(run) == "stopped")
    process.wait(30)
    assert process.returncode == 0
    assert jobs.active() is None
    with pytest.raises(jobs.Refused, match="nothing to stop"):
        jobs.control(place, "mnist-1", "stop")
    assert run.networks()[0]["g"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9")
def test_a_killed_training_is_interrupted_and_goes_on_where_it_was_saved(place):
    run = jobs.start(place, "dcgan", "mnist", 5, "mine")
    wait(lambda: len(steps(run)) > 3)
    jobs.control(place, "mine", "pause")  # which saves
    wait(lambda: jobs.status(run) == "paused")
    saved = run.info["step"]
    jobs.control(place, "mine", "go on")
    wait(lambda: steps(run)[-1] > saved + 2)
    process = jobs._jobs[run.folder].worker
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)
    assert jobs.status(run) == "interrupted"
    assert jobs.active() is None

    jobs.control(place, "mine", "go on")
    assert jobs.status(run) == "starting"
    wait(lambda: any(line.get("event") == "resume" for line in run.journal()))
    wait(lambda: len(steps(run)) > saved)
    assert next(line for line in run.journal() if line.get("event") == "resume")["step"] == saved
    done = steps(run)
    assert done == sorted(set(done))  # nothing twice
    jobs.control(place, "mine", "stop")
    wait(lambda: jobs.status(run) == "stopped")


def test_another_app_sees_and_stops_a_training_that_this_one_started(place):
    run = jobs.start(place, "dcgan", "mnist", 5)
    process = jobs._jobs[run.folder].worker
    wait(lambda: len(steps(run)) > 1)
    jobs._jobs.clear()  # an app that was restarted knows nothing but the folder
    assert jobs.status(run) == "running"
    assert jobs.active().name == run.name
    jobs.control(place, run.name, "stop")
    wait(lambda: jobs.status(run) == "stopped")
    assert process.wait(30) == 0


def test_a_training_finishes_by_the_clock(place):
    run = jobs.start(place, "dcgan", "mnist", 0.03)
    wait(lambda: jobs.status(run) == "finished")
    assert run.info["seconds"] >= 1.8
    assert jobs.reason(run) == ""
    jobs._jobs[run.folder].worker.wait(30)
    with pytest.raises(jobs.Refused, match="not waiting"):
        jobs.control(place, run.name, "go on")


def test_what_is_stopped_before_its_first_word_ends_and_can_be_started_after_all(place):
    run = jobs.start(place, "dcgan", "mnist", 0.02)
    process = jobs._jobs[run.folder].worker
    jobs.control(place, run.name, "stop")
    assert process.returncode is not None
    assert jobs.status(run) == "stopped"
    jobs.control(place, run.name, "go on")
    wait(lambda: jobs.status(run) == "finished")


def test_a_training_that_fails_says_why(place, tmp_path):
    (tmp_path / "pictures").mkdir()
    run = jobs.start(place, "dcgan", str(tmp_path / "pictures"), 1, paths=True)
    assert run.name == "pictures-1"
    wait(lambda: not jobs._jobs[run.folder].is_alive())
    assert jobs.status(run) in ("failed", "interrupted")
    assert jobs.reason(run).startswith("There are no pictures in")


@pytest.mark.parametrize(
    ("training", "asked", "sentence"),
    [
        ("off", ("dcgan", "mnist", 1), "switched off"),
        ("on", ("vae", "mnist", 1), "choose dcgan or cyclegan"),
        ("on", ("dcgan", "mnist", 0), "more than 0"),
        ("on", ("dcgan", "mnist", float("nan")), "more than 0"),
        ("on", ("dcgan", "mnist", None), "more than 0"),
        ("on", ("dcgan", "mnist", 601), "at most 600"),
        ("on", ("dcgan", "facades", 1), "not on this machine"),
        ("on", ("cyclegan", "mnist", 1), "not on this machine"),
        ("on", ("dcgan", "/etc", 1), "not on this machine"),  # a path, from someone who is elsewhere
        ("limited", ("dcgan", "mnist", 3.5), "at most 3"),
        ("limited", ("dcgan", "herd", 1), "three ready-made"),
        ("limited", ("dcgan", "mnist", 1, "rude"), "leave the name empty"),
    ],
)
def test_what_is_not_allowed_is_refused(place, tmp_path, monkeypatch, training, asked, sentence):
    monkeypatch.delenv("GAN_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(jobs.Refused, match=sentence):
        jobs.start(replace(place, training=training), *asked)
    assert jobs.models.runs() == []


def test_names_are_checked(place):
    small_run(place.runs, "taken")
    for name, sentence in (("taken", "already is a run"), ("../up", "cannot be named"), ("a b", "cannot be named")):
        with pytest.raises(UserError, match=sentence):
            jobs.start(place, "dcgan", "mnist", 1, name)


def test_a_folder_that_is_not_there_is_refused(place):
    with pytest.raises(jobs.Refused, match="no folder"):
        jobs.start(place, "dcgan", "/not/there", 1, paths=True)


def test_controls_are_checked(place):
    small_run(place.runs, "done")
    for name, do, sentence in (
        ("done", "stop", "nothing to stop"),
        ("done", "go on", "not waiting"),
        ("done", "explode", "pause, go on or stop"),
        ("../done", "stop", "no run named"),
    ):
        with pytest.raises(UserError, match=sentence):
            jobs.control(place, name, do)
    with pytest.raises(jobs.Refused, match="switched off"):
        jobs.control(replace(place, training="off"), "done", "stop")


def test_on_a_shared_machine_only_visitors_runs_are_gone_on_with(place):
    run = small_run(place.runs, "owners")
    run.set_info(status="stopped")
    with pytest.raises(jobs.Refused, match="three ready-made"):
        jobs.control(replace(place, training="limited"), "owners", "go on")
    run.set_info(shipped=True)
    assert not run.is_shipped  # it is not among the program's own


def test_on_a_shared_machine_old_visitors_runs_make_room_and_others_stay(place, monkeypatch):
    monkeypatch.setattr(jobs, "KEPT", 2)
    monkeypatch.setattr(jobs, "_launch", lambda *_: None)
    small_run(place.runs, "owners")
    for index in range(5):
        run = jobs.start(replace(place, training="limited"), "dcgan", "mnist", 1)
        run.set_info(status="finished")
        os.utime(run.folder / "run.json", (index, index))
    names = {run.name for run in jobs.models.runs()}
    assert "owners" in names
    assert run.name in names
    assert 3 <= len(names) <= 4


def test_the_presets_are_possible_and_worded(place):
    from gan.models import MODELS

    for name, preset in jobs.PRESETS.items():
        assert preset.data in jobs.choices(preset.model)
        assert preset.minutes <= jobs.MOST_MINUTES["limited"]
        assert jobs._config(preset.model, preset.data, 1).model in MODELS
        for language in LANGUAGES:
            assert words(language)[f"train.presets.{name}"]


def test_every_set_has_a_name_in_both_languages():
    from gan.catalog import PAIRS, SETS

    for language in LANGUAGES:
        assert {f"train.sets.{name}" for name in (*SETS, *PAIRS)} <= set(words(language))


def test_every_refusal_is_worded_in_both_languages():
    source = (jobs.ROOT / "demo" / "jobs.py").read_text(encoding="utf-8")
    keys = set(re.findall(r'Refused\("(\w+)"', source)) | {f"cannot.{do}" for do in ("pause", "go_on", "stop")}
    assert len(keys) >= 12
    for language in LANGUAGES:
        assert {f"train.refused.{key}" for key in keys} <= set(words(language))


class Loans:
    """`spaces.GPU` as ZeroGPU has it: a decorator, whose calls are counted and may be refused."""

    def __init__(self, most=10**9):
        self.calls, self.most, self.duration = [], most, None

    def __call__(self, duration):
        self.duration = duration

        def decorate(function):
            def call(folder):
                if len(self.calls) >= self.most:
                    raise RuntimeError("You have exceeded your GPU quota.")
                self.calls.append(threading.current_thread())
                return function(folder)

            return call

        return decorate


def test_a_lent_gpu_is_asked_for_again_and_again_until_the_run_is_finished(place, monkeypatch):
    monkeypatch.setattr(jobs, "CHUNK", 0.5)
    loans = Loans()
    zero = replace(place, kind="zerogpu", training="limited", gpu=loans)
    jobs.borrow(zero)
    assert loans.duration > jobs.CHUNK  # registered before anyone asks
    run = jobs.start(zero, "dcgan", "mnist", 0.03)
    standings = set()
    while jobs._jobs[run.folder].is_alive():
        standings.add(jobs.status(run))
        time.sleep(0.01)
    assert standings <= {"starting", "running", "finished"}
    assert jobs.status(run) == "finished"
    assert len(loans.calls) >= 3
    assert threading.main_thread() not in loans.calls
    assert [line["step"] for line in run.journal() if line.get("event") == "resume"]
    done = steps(run)
    assert done == sorted(set(done))


@pytest.mark.parametrize("do", ["pause", "stop"])
def test_a_lent_gpu_is_given_back_when_asked_to_pause_or_stop(place, monkeypatch, do):
    monkeypatch.setattr(jobs, "CHUNK", 0.4)
    zero = replace(place, kind="zerogpu", training="limited", gpu=Loans())
    run = jobs.start(zero, "dcgan", "mnist", 3)
    wait(lambda: len(steps(run)) > 3)
    jobs.control(zero, run.name, do)
    wait(lambda: not jobs._jobs[run.folder].is_alive())
    assert jobs.status(run) == "stopped"
    seen = len(steps(run))
    jobs.control(zero, run.name, "go on")
    wait(lambda: len(steps(run)) > seen)
    jobs.control(zero, run.name, "stop")
    wait(lambda: not jobs._jobs[run.folder].is_alive())


def test_a_refused_loan_is_the_runs_reason(place, monkeypatch):
    monkeypatch.setattr(jobs, "CHUNK", 0.3)
    zero = replace(place, kind="zerogpu", training="limited", gpu=Loans(most=1))
    run = jobs.start(zero, "dcgan", "mnist", 3)
    wait(lambda: not jobs._jobs[run.folder].is_alive())
    assert jobs.status(run) == "failed"
    assert "quota" in jobs.reason(run)


def test_the_command_runs_where_the_app_was_started_from_elsewhere(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = jobs.start(place, "dcgan", "mnist", 0.02)
    wait(lambda: jobs.status(run) == "finished")
