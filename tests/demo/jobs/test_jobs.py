"""Trainings started from the app: the queue, refusals, kills, and a GPU that is lent by the call.

Where the queue is what is looked at, a training is a stub that needs no torch; what the stub claims of a real one is
held against one here.
"""

import contextvars
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from demo import jobs
from demo.jobs import branches, permissions, presets
from demo.jobs import worker as launch
from demo.ui.i18n import LANGUAGES, words
from gan.core.checkpoint import load_networks
from gan.errors import UserError
from tests.small_runs import small_run
from tests.stub_processes import Stubs, slowly

ROOT = Path(__file__).resolve().parents[3]


def start(place, model, data, minutes, name="", **how):
    return jobs.start(place, presets.settings_of(model, data, minutes), name, **how)


def only(root):
    from gan.runs.run import all_runs

    return lambda *_, **__: all_runs(root)


def wait(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


def steps(run):
    return [line["step"] for line in run.journal() if "loss_g" in line]


def through_a_life(place):
    """A training that is started, paused, played a round of, gone on with and stopped; its run."""
    run = start(place, "dcgan", "mnist", 5)
    assert run.name == "mnist-1"
    assert jobs.status(run) == "starting"
    assert jobs.active().name == "mnist-1"
    waiting = start(place, "dcgan", "mnist", 1)
    assert jobs.status(waiting) == "queued"
    jobs.control(place, waiting.name, "stop")
    assert jobs.status(waiting) == "stopped"

    wait(lambda: len(steps(run)) > 3)
    assert jobs.status(run) == "running"
    process = jobs._workers[run.folder].work
    assert process.pid != os.getpid()
    assert os.getsid(process.pid) == process.pid  # a Ctrl-C in the app's terminal does not reach it
    with pytest.raises(jobs.Refused, match="only while the run is paused"):
        jobs.control(place, "mnist-1", "step-d")
    jobs.control(place, "mnist-1", "hold-d")
    wait(lambda: any(line.get("freeze_d") for line in run.journal()))

    jobs.control(place, "mnist-1", "pause")
    wait(lambda: jobs.status(run) == "paused")
    seen = len(steps(run))
    time.sleep(0.5)
    assert len(steps(run)) == seen
    with pytest.raises(jobs.Refused, match="nothing to pause"):
        jobs.control(place, "mnist-1", "pause")
    jobs.control(place, "mnist-1", "step")
    wait(lambda: any(line.get("event") == "round" for line in run.journal()))
    jobs.control(place, "mnist-1", "resume")
    wait(lambda: len(steps(run)) > seen + 1)
    jobs.control(place, "mnist-1", "stop")
    wait(lambda: jobs.status(run) == "stopped")
    assert process.wait(30) == 0
    assert jobs.active() is None
    for do, sentence in (("stop", "nothing to stop"), ("hold-g", "nothing to change")):
        with pytest.raises(jobs.Refused, match=sentence):
            jobs.control(place, "mnist-1", do)
    return run


def kind(run):
    """What kind of files a run's are: which there are, the types in `run.json`, the events and the kinds of lines."""
    lines = run.journal()
    return {
        "files": {path.name for path in run.folder.iterdir()} - {"samples"},  # the stub has nothing to show
        "info": {name: type(value) for name, value in run.info.items()},
        "status": run.status,
        "events": [line["event"] for line in lines if "event" in line],
        "lines": {(line.get("event"), *sorted(line)) for line in lines},
    }


def test_a_training_is_a_process_of_its_own_that_pauses_goes_on_and_stops(place):
    through_a_life(place)


@pytest.mark.slow
def test_a_real_training_lives_as_the_stub_does(real_place, tmp_path, monkeypatch):
    real = through_a_life(real_place)
    assert load_networks(real)[0]["g"]

    monkeypatch.setattr(launch, "subprocess", Stubs)
    monkeypatch.setenv("GAN_RUNS", str(tmp_path / "stubs"))
    monkeypatch.setattr(jobs.model_cache, "runs", only(tmp_path / "stubs"))
    stub = through_a_life(replace(real_place, runs=tmp_path / "stubs"))
    assert kind(stub) == kind(real)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9")
def test_a_killed_training_is_interrupted_and_goes_on_where_it_was_saved_to_its_end(real_place):
    run = start(real_place, "dcgan", "mnist", 5, "mine")
    wait(lambda: len(steps(run)) > 3)
    jobs.control(real_place, "mine", "pause")  # which saves
    wait(lambda: jobs.status(run) == "paused")
    saved = run.info["step"]
    jobs.control(real_place, "mine", "go on")
    wait(lambda: steps(run)[-1] > saved + 2)
    process = jobs._workers[run.folder].work
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)
    assert jobs.status(run) == "interrupted"
    assert jobs.active() is None

    end = run.info["seconds"] + 0.3
    run.set_info(config=run.info["config"] | {"minutes": end / 60})
    jobs.control(real_place, "mine", "go on")
    assert jobs.status(run) == "starting"
    wait(lambda: jobs.status(run) == "finished")
    assert run.info["seconds"] >= round(end, 1)  # by the clock
    assert next(line for line in run.journal() if line.get("event") == "resume")["step"] == saved
    done = steps(run)
    assert done == sorted(set(done))  # nothing twice
    assert done[-1] > saved
    jobs._workers[run.folder].work.wait(30)
    run.set_info(needed=0)  # it has all the steps that such a training is worth a look from
    with pytest.raises(jobs.Refused, match="not waiting"):
        jobs.control(real_place, "mine", "go on")


def test_another_app_sees_and_stops_a_training_that_this_one_started(place):
    run = start(place, "dcgan", "mnist", 5)
    process = jobs._workers[run.folder].work
    wait(lambda: len(steps(run)) > 1)
    jobs._workers.clear()  # an app that was restarted knows nothing but the folder
    assert jobs.status(run) == "running"
    assert jobs.active().name == run.name
    jobs.control(place, run.name, "stop")
    wait(lambda: jobs.status(run) == "stopped")
    assert process.wait(30) == 0


def test_what_has_finished_does_not_go_on(place):
    run = start(place, "dcgan", "mnist", 0.001)
    wait(lambda: jobs.status(run) == "finished")
    assert jobs.reason(run) == ""
    jobs._workers[run.folder].work.wait(30)
    run.set_info(needed=0)  # it has all the steps that such a training is worth a look from
    with pytest.raises(jobs.Refused, match="not waiting"):
        jobs.control(place, run.name, "go on")


def stopped_by_another_app(place):
    """A run that an app starts and another one, which knows nothing but the folder, stops at once."""
    run = start(place, "dcgan", "mnist", 5)
    assert run.info["controls_before"] == 0
    process = jobs._workers[run.folder].work
    jobs._workers.clear()
    jobs.control(place, run.name, "stop")
    wait(lambda: jobs.status(run) == "stopped")
    assert process.wait(30) == 0
    return run


def test_a_stop_that_another_app_asks_before_the_first_word_is_heard(place):
    run = stopped_by_another_app(place)
    asked = len(run.controls())
    assert asked > 0
    jobs._workers[run.folder] = launch.launch(run, place)  # that stop was not asked of this one
    assert run.info["controls_before"] == asked
    known = len(steps(run))
    wait(lambda: len(steps(run)) > known)


@pytest.mark.slow
def test_a_real_training_hears_it_too(real_place):
    run = stopped_by_another_app(real_place)
    assert run.info["step"] <= 1


def test_what_is_stopped_before_its_first_word_ends_and_can_be_started_after_all(place):
    run = start(place, "dcgan", "mnist", 0.005)
    process = jobs._workers[run.folder].work
    jobs.control(place, run.name, "stop")
    assert process.returncode is not None
    assert jobs.status(run) == "stopped"
    jobs.control(place, run.name, "go on")
    wait(lambda: jobs.status(run) == "finished")


@pytest.mark.slow
def test_a_training_that_fails_says_why(real_place, tmp_path):
    (tmp_path / "pictures").mkdir()
    run = start(real_place, "dcgan", str(tmp_path / "pictures"), 1, paths=True)
    assert run.name == "pictures-1"
    wait(lambda: not jobs._workers[run.folder].is_alive())
    assert jobs.status(run) in ("failed", "interrupted")
    assert jobs.reason(run)["key"] == "folders.empty"


@pytest.mark.parametrize(
    ("training", "asked", "sentence"),
    [
        ("off", ("dcgan", "mnist", 1), "switched off"),
        ("on", ("vae", "mnist", 1), "choose dcgan or cyclegan"),
        ("on", ("dcgan", "mnist", 0), "above 0"),
        ("on", ("dcgan", "mnist", float("nan")), "above 0"),
        ("on", ("dcgan", "mnist", None), "above 0"),
        ("on", ("dcgan", "mnist", 1441), "at most 1440"),
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
        start(replace(place, training=training), *asked)
    assert jobs.model_cache.runs() == []


def test_names_are_checked(place):
    small_run(place.runs, "taken")
    for name, sentence in (("taken", "already is a run"), ("../up", "cannot be named"), ("a b", "cannot be named")):
        with pytest.raises(UserError, match=sentence):
            start(place, "dcgan", "mnist", 1, name)


def test_a_folder_that_is_not_there_is_refused(place):
    with pytest.raises(jobs.Refused, match="no folder"):
        start(place, "dcgan", "/not/there", 1, paths=True)


def test_controls_are_checked(place):
    small_run(place.runs, "done")
    for name, do, sentence in (
        ("done", "stop", "nothing to stop"),
        ("done", "go on", "not waiting"),
        ("done", "explode", "not known; ask for pause"),
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
    monkeypatch.setattr(permissions, "KEPT", 2)
    monkeypatch.setattr(jobs, "advance", lambda _: None)
    small_run(place.runs, "owners")
    now = time.time()
    for index in range(5):
        run = start(replace(place, training="limited"), "dcgan", "mnist", 1)
        run.set_info(status="finished")
        os.utime(run.folder / "run.json", (now + index, now + index))
    names = {run.name for run in jobs.model_cache.runs()}
    assert {"owners", run.name} < names
    assert len(names) == 4
    for name in names - {"owners"}:
        os.utime(place.runs / name / "run.json", (now - 90_000, now - 90_000))
    new = start(replace(place, training="limited"), "dcgan", "mnist", 1)
    assert {run.name for run in jobs.model_cache.runs()} == {"owners", new.name}  # yesterday's are gone


def test_on_a_shared_machine_each_visitor_has_one_training_at_a_time(place, monkeypatch):
    monkeypatch.setattr(jobs, "advance", lambda _: None)
    limited = replace(place, training="limited")
    mine = start(limited, "dcgan", "mnist", 1, visitor="a")
    start(limited, "dcgan", "mnist", 1, visitor="b")
    with pytest.raises(jobs.Refused, match="not done yet"):
        start(limited, "dcgan", "mnist", 1, visitor="a")
    mine.set_info(status="finished")
    start(limited, "dcgan", "mnist", 1, visitor="a")


def test_the_queue_has_an_end(place, monkeypatch):
    monkeypatch.setattr(jobs, "advance", lambda _: None)
    monkeypatch.setattr(jobs, "WAITING", 2)
    first, _ = (start(place, "dcgan", "mnist", 1) for _ in range(2))
    with pytest.raises(jobs.Refused, match="2 runs are waiting"):
        start(place, "dcgan", "mnist", 1)
    jobs.control(place, first.name, "stop")
    start(place, "dcgan", "mnist", 1)


def test_what_waits_starts_by_itself_in_order_also_after_the_app_was_restarted(place, monkeypatch):
    monkeypatch.setattr(jobs, "LOOK", 0.05)
    first = start(place, "dcgan", "mnist", 0.005)
    second, third = start(place, "dcgan", "mnist", 0.005), start(place, "dcgan", "mnist", 0.02)
    assert [run.name for run in jobs.queue()] == [second.name, third.name]
    assert [run.name for run in jobs.recent()[:3]] == [first.name, second.name, third.name]
    wait(lambda: first.status == "finished")
    jobs._workers.clear()  # the app is started again, and knows nothing but the folder
    jobs.look_after(place)
    wait(lambda: jobs.status(third) == "finished")
    jobs._watched.discard(place.runs)
    assert second.status == "finished"
    assert jobs.written(second) < jobs.written(third)


@pytest.mark.slow
def test_two_apps_on_one_folder_start_one_training(place, monkeypatch):
    """Two apps, this process and another, that look into the same queue at the same moment."""
    from gan.runs.run import Run

    for name in ("one", "two"):
        Run.create(name, presets.settings_of("dcgan", "mnist", 0.001), place.runs, status="queued")
    code = (
        "import sys\nfrom pathlib import Path\nfrom demo import jobs\nfrom demo.jobs import worker\n"
        "from gan.runs.run import all_runs\n"
        "from demo.server.environment import Place, no_loan\nfrom tests.stub_processes import Stubs, slowly\n"
        "runs = Path(sys.argv[1])\njobs.model_cache.runs = lambda *_, **__: all_runs(runs)\n"
        "jobs.launch = slowly\nworker.subprocess = Stubs\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "jobs.advance(Place('local', 'on', runs, no_loan))\nprint(len(jobs._workers))\n"
        "[worker.work.wait() for worker in jobs._workers.values()]"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    other = subprocess.Popen([sys.executable, "-c", code, place.runs], cwd=ROOT, **pipes)
    monkeypatch.setattr(jobs, "launch", slowly)
    assert other.stdout.readline() == "ready\n"
    print("go", file=other.stdin, flush=True)
    jobs.advance(place)
    started = [int(other.communicate(timeout=120)[0].split()[0]), len(jobs._workers)]
    assert sorted(started) == [0, 1]
    wait(lambda: sorted(run.status for run in jobs.model_cache.runs()) == ["finished", "queued"])


def test_a_training_is_branched(place):
    """The parent trains here, in a thread, the child is started."""
    from gan.core.trainer import train
    from gan.runs.run import Run

    run = Run.create("mine", presets.settings_of("dcgan", "mnist", 5), place.runs)
    training = threading.Thread(target=lambda: list(train(run, device="cpu")))
    training.start()
    wait(lambda: len(steps(run)) > 3)
    jobs.control(place, "mine", "hold-d")
    wait(lambda: any(line.get("freeze_d") for line in run.journal()))
    act = next(line for line in run.journal() if line.get("freeze_d"))

    child = branches.what_if(place, "mine")
    training.join(30)
    assert child.name == "mine-if-1"
    assert child.info["parent"] == {"run": "mine", "step": act["step"]}
    assert jobs.status(run) == "stopped"
    wait(lambda: jobs.status(child) == "running" and steps(child)[-1] > act["step"] + 2)
    assert not any(line.get("freeze_d") for line in child.journal())
    jobs.control(place, child.name, "stop")
    wait(lambda: jobs.status(child) == "stopped")


def test_a_run_is_deleted_only_at_rest_and_never_a_shipped_one(place, monkeypatch):
    run = start(place, "dcgan", "mnist", 5)
    with pytest.raises(jobs.Refused, match="stop it first"):
        jobs.delete(place, run.name)
    jobs.control(place, run.name, "stop")
    wait(lambda: jobs.at_rest(run))
    with pytest.raises(jobs.Refused, match="automatically after a day"):
        jobs.delete(replace(place, training="limited"), run.name)
    wait(lambda: not run.is_training())

    held = threading.Event()

    def let_go():
        with run.lock():
            held.set()
            time.sleep(0.5)

    threading.Thread(target=let_go).start()  # its process has said that it stopped, and is not quite gone
    assert held.wait(30)
    jobs.delete(place, run.name)
    assert not run.folder.exists()
    monkeypatch.undo()
    with pytest.raises(jobs.Refused, match="came with the program"):
        jobs.delete(place, "mnist")


def test_a_teachers_key_decides_who_may_do_what(place, monkeypatch):
    monkeypatch.setattr(jobs, "advance", lambda _: None)
    taught = replace(place, key="geheim")
    assert "geheim" not in repr(taught)
    with pytest.raises(jobs.Refused, match="only someone with the teacher's key"):
        start(taught, "dcgan", "mnist", 1)
    with pytest.raises(jobs.Refused, match="not the teacher's key"):
        start(taught, "dcgan", "mnist", 1, key="guess")
    run = start(taught, "dcgan", "mnist", 10, key="geheim")
    for call in (lambda: jobs.control(taught, run.name, "stop"), lambda: branches.what_if(taught, run.name)):
        with pytest.raises(jobs.Refused, match="only someone with the teacher's key"):
            call()
    jobs.control(taught, run.name, "stop", key="geheim")
    with pytest.raises(jobs.Refused, match="only someone with the teacher's key"):
        jobs.delete(taught, run.name)
    jobs.delete(taught, run.name, key="geheim")

    hosted = replace(taught, kind="space", training="limited")
    assert start(hosted, "dcgan", "mnist", 1).info["visitor"] is True
    with pytest.raises(jobs.Refused, match="at most 3"):
        start(hosted, "dcgan", "mnist", 10)
    owners = start(hosted, "dcgan", "fashion-mnist", 10, "mine", key="geheim")
    assert "visitor" not in owners.info
    with pytest.raises(jobs.Refused, match="three ready-made"):
        jobs.control(hosted, "mine", "stop")
    jobs.control(hosted, "mine", "stop", key="geheim")
    with pytest.raises(jobs.Refused, match="switched off"):
        start(replace(place, training="off"), "dcgan", "mnist", 1, key="")


def test_a_full_disk_is_refused_before_it_is_full(place, monkeypatch):
    monkeypatch.setattr(permissions, "ROOM", 10**18)
    with pytest.raises(jobs.Refused, match="less than 1 GB"):
        start(place, "dcgan", "mnist", 1)


def test_the_presets_are_possible_and_worded():
    from gan.core.checkpoint import MODELS

    for name, preset in presets.PRESETS.items():
        config = presets.settings_of(preset.model, preset.data, preset.minutes, **preset.settings)
        assert config.model in MODELS
        if name != "zebras":
            assert preset.data in permissions.choices(preset.model)
            assert preset.minutes <= permissions.MOST_MINUTES["limited"]
        for language in LANGUAGES:
            assert words(language)[f"train.presets.{name}"]


def test_every_set_has_a_name_in_both_languages():
    from gan.data.registry import PAIRS, SETS

    for language in LANGUAGES:
        assert {f"train.sets.{name}" for name in (*SETS, *PAIRS)} <= set(words(language))


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
    monkeypatch.setattr(launch, "CHUNK", 0.15)
    loans = Loans()
    zero = replace(place, kind="zerogpu", training="limited", gpu=loans)
    launch.borrow(zero)
    assert loans.duration > launch.CHUNK  # registered before anyone asks
    run = start(zero, "dcgan", "mnist", 0.01)
    standings = set()
    while jobs._workers[run.folder].is_alive():
        standings.add(jobs.status(run))
        time.sleep(0.01)
    assert standings <= {"starting", "running", "finished"}
    assert jobs.status(run) == "finished"
    assert len(loans.calls) >= 3
    assert threading.main_thread() not in loans.calls
    assert [line["step"] for line in run.journal() if line.get("event") == "resume"]
    done = steps(run)
    assert done == sorted(set(done))


@pytest.mark.slow
def test_a_gpu_is_lent_to_a_waiting_training_in_the_name_of_who_asked_for_it(place, monkeypatch):
    visitor = contextvars.ContextVar("visitor", default="nobody")
    lent = []

    def loan(duration):
        return lambda chunk: lambda *arguments: lent.append(visitor.get()) or chunk(*arguments)

    monkeypatch.setattr(launch, "CHUNK", 0.1)
    zero = replace(place, kind="zerogpu", training="limited", gpu=loan)
    runs = []
    for name in ("Ada", "Bora"):
        in_the_name = contextvars.copy_context()
        in_the_name.run(visitor.set, name)
        runs.append(in_the_name.run(start, zero, "dcgan", "mnist", 0.005))
    assert jobs.status(runs[1]) == "queued"
    wait(lambda: jobs.status(runs[0]) == "finished")
    wait(lambda: jobs.advance(zero) or jobs.status(runs[1]) == "finished")
    assert list(dict.fromkeys(lent)) == ["Ada", "Bora"]


@pytest.mark.parametrize("do", ["pause", "stop"])
def test_a_lent_gpu_is_given_back_when_asked_to_pause_or_stop(place, monkeypatch, do):
    monkeypatch.setattr(launch, "CHUNK", 0.2)
    zero = replace(place, kind="zerogpu", training="limited", gpu=Loans())
    run = start(zero, "dcgan", "mnist", 3)
    wait(lambda: len(steps(run)) > 3)
    jobs.control(zero, run.name, do)
    wait(lambda: not jobs._workers[run.folder].is_alive())
    assert jobs.status(run) == "stopped"
    seen = len(steps(run))
    jobs.control(zero, run.name, "go on")
    wait(lambda: len(steps(run)) > seen)
    jobs.control(zero, run.name, "stop")
    wait(lambda: not jobs._workers[run.folder].is_alive())


def test_a_refused_loan_is_the_runs_reason(place, monkeypatch):
    monkeypatch.setattr(launch, "CHUNK", 0.1)
    zero = replace(place, kind="zerogpu", training="limited", gpu=Loans(most=1))
    run = start(zero, "dcgan", "mnist", 3)
    wait(lambda: not jobs._workers[run.folder].is_alive())
    assert jobs.status(run) == "failed"
    assert "quota" in jobs.reason(run)


def test_the_command_runs_where_the_app_was_started_from_elsewhere(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = start(place, "dcgan", "mnist", 0.005)
    wait(lambda: jobs.status(run) == "finished")


def test_what_came_with_the_program_comes_last_in_its_own_order(tmp_path, monkeypatch):
    """Whichever of their files a clone wrote last: a class that has trained nothing sees the digits."""
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    small_run(tmp_path, "mine")
    first, *others = (run.name for run in jobs.recent())
    assert first == "mine"
    assert others == [run.name for run in jobs.model_cache.runs(replicas=False) if run.is_shipped]
    assert others[0] == "mnist"
