"""Threads: a training measures how many are fastest, and everything else leaves a core free."""

import os
import subprocess
import sys

import pytest

from gan import threads
from gan.threads import Tuner


def play(tuner: Tuner, seconds_a_step, until: float, clock: float = 0.0) -> tuple[float, dict[int, float]]:
    """Let steps pass on a clock; returns its time, and the seconds spent with each number of threads."""
    spent: dict[int, float] = {}
    while clock < until:
        took = seconds_a_step(tuner.now, clock)
        spent[tuner.now] = spent.get(tuner.now, 0.0) + took
        clock += took
        tuner.stepped(took)
    return clock, spent


def idle(count: int, _clock: float = 0.0) -> float:
    return {1: 0.044, 2: 0.032, 4: 0.025, 8: 0.027}[count]


def busy(count: int, _clock: float = 0.0) -> float:
    """Another program keeps one of two cores busy (measured)."""
    return {1: 0.042, 2: 1.4}[count]


def test_takes_what_is_fastest_and_stops_where_more_are_no_faster():
    tuner = Tuner(2)
    play(tuner, idle, 5)
    assert tuner.chosen == tuner.now == 2
    tuner = Tuner(8)
    play(tuner, idle, 5)
    assert tuner.chosen == tuner.now == 4
    tuner = Tuner(1)
    play(tuner, idle, 5)
    assert tuner.chosen == tuner.now == 1


def test_beside_a_busy_core_one_thread_is_taken_and_little_is_lost_by_looking_again():
    tuner = Tuner(2)
    _, spent = play(tuner, busy, 6)
    assert tuner.chosen == 1
    _, spent = play(tuner, busy, 1000)
    assert spent.get(2, 0) < 0.05 * 1000
    assert spent[2] > 0  # it did look again


def test_a_core_that_becomes_busy_is_noticed_within_seconds_and_one_that_becomes_free_within_minutes():
    def changing(count: int, clock: float) -> float:
        return busy(count) if 30 <= clock < 100 else idle(count)

    tuner = Tuner(2)
    clock, _ = play(tuner, changing, 29.9)
    assert tuner.chosen == 2
    clock, spent = play(tuner, changing, 45, clock)
    assert tuner.chosen == 1
    assert spent[2] < 8
    clock, _ = play(tuner, changing, 320, clock)
    assert tuner.chosen == 2


def test_a_core_that_is_busy_by_fits_counts_by_its_mean_not_by_its_quiet_moments():
    """Two steps of three are quick with two threads; the third waits for a time slice."""
    steps = 0

    def bursts(count: int, clock: float) -> float:
        nonlocal steps
        steps += 1
        return 0.042 if count == 1 else 0.032 if steps % 3 else 0.4

    tuner = Tuner(2)
    play(tuner, bursts, 10)
    assert tuner.chosen == 1


def test_one_slow_step_changes_nothing():
    """A picture is written, a laptop takes a breath."""
    tuner = Tuner(2)
    clock, _ = play(tuner, idle, 5)
    tuner.stepped(0.9)
    clock, spent = play(tuner, idle, 20, clock)
    assert tuner.chosen == 2
    assert 1 not in spent


def test_a_container_s_share_of_the_cores_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    monkeypatch.setattr(threads, "QUOTA", tmp_path / "cpu.max")
    assert threads.cores() == 16
    for text, count in (("max 100000", 16), ("200000 100000", 2), ("50000 100000", 1), ("", 16)):
        threads.QUOTA.write_text(text)
        assert threads.cores() == count


@pytest.mark.parametrize(("cores", "serving"), [(1, "1"), (2, "1"), (4, "3"), (32, "4")])
def test_who_answers_people_leaves_a_core(cores, serving, monkeypatch):
    monkeypatch.setattr(threads, "cores", lambda: cores)
    monkeypatch.setattr(threads, "_ours", None)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    environment = {"PATH": "x"}
    threads.leave_a_core(environment)
    assert environment == {"PATH": "x", "OMP_NUM_THREADS": serving}
    assert threads.users_environment(environment) == {"PATH": "x"}  # a training that it starts chooses for itself


@pytest.mark.slow
def test_it_holds_for_torch_imported_before_and_after():
    code = """if True:
        import os, sys
        from gan import threads
        threads.cores = lambda: 2
        if sys.argv[1] == "before":
            import torch
        threads.leave_a_core()
        import torch
        print(torch.get_num_threads())"""
    environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    for when in ("before", "after"):
        command = [sys.executable, "-c", code, when]
        assert subprocess.run(command, env=environment, capture_output=True, text=True).stdout.strip() == "1"


@pytest.fixture
def two_cores(monkeypatch):
    """A machine on which torch would take two threads, and whose user has not said how many."""
    import torch

    usual = torch.get_num_threads()
    torch.set_num_threads(2)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    yield
    torch.set_num_threads(usual)


@pytest.mark.parametrize(("fast", "slow"), [(1, 2), (2, 1)])
def test_a_training_takes_the_faster_number_and_writes_it_down(fast, slow, runs, two_cores, monkeypatch):
    import time

    import torch

    from gan.core.dcgan import DCGAN, DCGANConfig
    from gan.core.trainer import train
    from gan.runs.run import Run

    used, nothing = [], torch.zeros(())

    def timed(*_):
        """A step that takes a known time, whatever else this machine does."""
        used.append(torch.get_num_threads())
        time.sleep(0.05 if used[-1] == slow else 0.001)
        return {"loss_g": nothing, "loss_d": nothing, "d_real": nothing, "d_fake": nothing}

    monkeypatch.setattr(DCGAN, "train_step", timed)
    monkeypatch.setattr(threads, "SECONDS", 0.05)
    monkeypatch.setattr(threads, "WINDOW", 99)
    small = DCGANConfig(size=16, ngf=4, latent=8, batch=4, steps=300, log_every=10, samples=2)
    list(train(Run.create("measured", small)))
    assert used[0] == 1
    assert slow in used
    assert used[-50:] == [fast] * 50
    assert Run(runs / "measured").info["threads"] == fast
    assert torch.get_num_threads() == 2


def test_there_is_nothing_to_choose_where_the_user_chose_or_on_a_gpu_or_beside_other_processes(two_cores, monkeypatch):
    assert Tuner.of("cuda", 1) is None
    assert Tuner.of("cpu", 2) is None
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert Tuner.of("cpu", 1) is None


def test_what_the_user_set_wins(monkeypatch):
    environment = {"OMP_NUM_THREADS": "7", "PATH": "x"}
    threads.leave_a_core(environment)
    assert environment == {"OMP_NUM_THREADS": "7", "PATH": "x"}
    assert threads.users_environment(environment) == environment
