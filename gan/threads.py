"""How many threads compute. As many as there are cores is right only while nothing else wants one.

torch splits every layer among its threads and waits for the slowest. Where another program, a browser say, keeps a core
busy, the thread there waits for its time slice, hundreds of times a training step: on two cores of which one is busy,
DCGAN at 32x32 makes 0.7 steps a second with two threads and 23.8 with one; idle, 31.3 and 22.7. So a training measures
(`Tuner`), and whatever answers people leaves a core free (`leave_a_core`). OMP_NUM_THREADS, set by the user, wins.
"""

import os
import sys
from collections.abc import Generator, MutableMapping
from pathlib import Path

VARIABLE = "OMP_NUM_THREADS"
SERVING = 4  # threads for one visitor's picture: small networks gain nothing from more
QUOTA = Path("/sys/fs/cgroup/cpu.max")  # what a container may use: "200000 100000" is two cores

STEPS, SECONDS = 5, 0.4  # of a number of threads at least so many steps are timed, and for at least so long
WORSE = 1.5  # so many times the best is not worth a longer look, nor are still more threads
SLOWER, WINDOW = 2.0, 2.0  # steps that take so many times what was measured, over so many seconds: take fewer threads
AGAIN = 60.0  # seconds until all are measured anew: cores may have become free
SHARE = 0.02  # of the time at most is lost by measuring

_ours: str | None = None  # what `leave_a_core` wrote into the environment


def cores() -> int:
    """How many cores this process may use."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        count = os.cpu_count() or 1
    try:
        quota, period = QUOTA.read_text().split()
        return max(1, min(count, int(quota) // int(period)))
    except (OSError, ValueError):  # not in a container, or in one without a limit ("max")
        return count


def leave_a_core(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let this process compute with all cores but one, at most `SERVING`; the sooner it is called the better.

    It also holds for numpy where that has not been imported yet. A user's own OMP_NUM_THREADS stays as it is.
    """
    global _ours
    if environment.get(VARIABLE):
        return
    count = max(1, min(SERVING, cores() - 1))
    environment[VARIABLE] = _ours = str(count)
    if "torch" in sys.modules:  # it read the environment when it was imported
        import torch

        torch.set_num_threads(count)


def users_environment(environment: MutableMapping[str, str] = os.environ) -> dict[str, str]:
    """The environment as the user made it, for a training that chooses for itself."""
    return {k: v for k, v in environment.items() if k != VARIABLE or v != _ours}


class Tuner:
    """Chooses the number of threads by timing the steps that are made anyway; call `stepped` after each.

    `chosen` is the number to go on with, None until the first measurement is done.
    """

    def __init__(self, most: int) -> None:
        self.chosen: int | None = None
        self._steps = self._run(most)
        self.now = next(self._steps)

    @classmethod
    def of(cls, device: str, processes: int) -> "Tuner | None":
        """For a training on that kind of device; None where the user has chosen or there is nothing to choose."""
        import torch

        most = torch.get_num_threads()
        if device != "cpu" or processes > 1 or most == 1 or os.environ.get(VARIABLE):
            return None
        tuner = cls(most)
        torch.set_num_threads(tuner.now)
        return tuner

    def stepped(self, seconds: float) -> int:
        """Take in how long the last step took with `now` threads; returns how many the next one is to have."""
        self.now = self._steps.send(seconds)
        return self.now

    def _run(self, most: int) -> Generator[int, float, None]:
        """Yields the threads of each step and is sent its seconds."""
        yield 1  # the first step of all prepares more than kernels
        limit = most
        while True:
            self.chosen, usual, lost = yield from self._compare(limit)
            limit = most
            at, steps, seconds = 0.0, 0, 0.0
            while at < max(AGAIN, lost / SHARE):
                took = yield self.chosen
                at, steps, seconds = at + took, steps + 1, seconds + took
                if seconds < WINDOW or steps < 3:
                    continue
                if self.chosen > 1 and seconds / steps > SLOWER * usual:
                    limit = self.chosen // 2  # something else wants the cores now: so many no longer fit
                    break
                steps, seconds = 0, 0.0

    @staticmethod
    def _compare(limit: int) -> Generator[int, float, tuple[int, float, float]]:
        """Time 1, 2, 4, ... threads until more are no faster: (the best number, its seconds a step, seconds lost)."""
        spent: dict[int, tuple[float, int]] = {}  # seconds and steps, the first included
        means: dict[int, float] = {}
        count = 1
        while True:
            first = yield count  # with another number of threads the first step also makes its kernels
            timed: list[float] = []
            while len(timed) < STEPS or sum(timed) < SECONDS:
                timed.append((yield count))
                if means and sum(timed) > WORSE * min(means.values()) * max(STEPS, len(timed)):
                    break  # hopeless, whatever the rest would take
            means[count] = sum(timed) / len(timed)
            spent[count] = first + sum(timed), 1 + len(timed)
            best = min(means, key=means.get)
            if count >= limit or means[count] > WORSE * means[best]:
                break
            count = min(2 * count, limit)
        lost = sum(seconds - means[best] * steps for seconds, steps in spent.values())
        return best, means[best], max(lost, 0.0)
