"""How a run is trained: by a process of its own, or on ZeroGPU by a thread that borrows the GPU again and again.

The process is `python -m gan train --resume RUN` in a session of its own: it outlives the page and the app, and dies
alone. On ZeroGPU, where a process of one's own has no GPU, each call for it goes on with the run for some seconds.
"""

import contextvars
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from demo.server.environment import ROOT, Place
from gan.errors import UserError
from gan.runs.run import Run
from gan.threads import users_environment
from gan.words import LANGUAGES, Words, stored

CHUNK = 40.0  # seconds of training a call for a lent GPU


@dataclass
class Worker:
    """What trains a run: a process, or a thread that borrows the GPU until it is told to stop."""

    work: subprocess.Popen | threading.Thread
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def is_lent(self) -> bool:
        """Whether the GPU is borrowed: between two calls for it nobody holds the run."""
        return isinstance(self.work, threading.Thread)

    def is_alive(self) -> bool:
        """Whether it is still at work."""
        return self.work.is_alive() if self.is_lent else self.work.poll() is None

    def kill(self) -> None:
        """End a process at once, whatever it does."""
        if not self.is_lent:
            self.work.kill()
            self.work.wait()


def launch(run: Run, place: Place, asker: contextvars.Context | None = None) -> Worker:
    """Begin or go on with a run. `run.json` says "starting" until the training's own first word, and how many commands
    were asked before: what is asked meanwhile, by whatever app, is asked of this training.

    A GPU is lent in the name of the visitor whose request is in the context of the `asker`.
    """
    run.set_info(status="starting", why="", controls_before=len(run.controls()))
    if place.kind == "zerogpu":
        stop = threading.Event()
        arguments = (_loop, run, _borrower(place), stop)
        thread = threading.Thread(target=(asker or contextvars.Context()).run, args=arguments, daemon=True)
        thread.start()
        return Worker(thread, stop)
    # its log is read as UTF-8, whatever this machine's own encoding
    quiet = {"TQDM_MININTERVAL": "10", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    with open(run.folder / "train.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gan", "train", "--resume", run.name],
            cwd=ROOT,
            env=users_environment() | quiet | {"GAN_RUNS": str(place.runs)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C in the app's terminal is not meant for it
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
    with suppress(AttributeError, OSError):  # where there are priorities, the page comes before the training
        os.setpriority(os.PRIO_PROCESS, process.pid, 5)
    return Worker(process)


def last_words(run: Run) -> str:
    """The error that a training's process printed before it ended; empty where there was none."""
    try:
        with open(run.folder / "train.log", "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    prefixes = tuple(Words("console.error", sentence="").sentence(language) for language in LANGUAGES)
    return next((line.split(": ", 1)[1] for line in reversed(lines) if line.startswith(prefixes)), "")


def borrow(place: Place) -> None:
    """On ZeroGPU, register the function that borrows the GPU: it must be known before the page is served."""
    if place.kind == "zerogpu":
        _borrower(place)


def _chunk(folder: str) -> str:
    """Go on with a run for some seconds; returns how it stands in `run.json` then."""
    from gan.core.trainer import train
    from gan.metrics.during_training import gauge

    run = Run(Path(folder))
    for _ in train(run, seconds=CHUNK, gauge=gauge):
        pass
    return run.info["status"]


@cache
def _borrower(place: Place) -> Callable[[str], str]:
    return place.gpu(duration=int(CHUNK) + 20)(_chunk)


def _loop(run: Run, chunk: Callable[[str], str], stop: threading.Event) -> None:
    """Call for the GPU until the run is no longer "paused" by the end of a call, or someone asks to stop."""
    try:
        while not stop.is_set():
            if chunk(str(run.folder)) != "paused":
                return
        run.set_info(status="stopped")
    except Exception as error:  # the loan may be refused, too
        why = stored(error) if isinstance(error, UserError) else str(error) or type(error).__name__
        run.set_info(status="failed", why=why)
