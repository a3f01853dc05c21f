"""The loop around either model: a generator that yields a record for every line of the journal.

    for record in train(run):
        ...

serves the command line, a notebook, the app's worker process and the tests alike; it does not know what is trained.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from filelock import Timeout
from torch import Tensor, nn

from gan.config import Config, RuntimeSettings
from gan.core import checkpoint
from gan.core.base import GAN
from gan.core.checkpoint import MODELS, TrainState
from gan.core.live_control import LiveControl, Stopped
from gan.core.recorder import Recorder
from gan.device import Team, compile_networks, explain, is_first, pick_device
from gan.errors import UserError, cause
from gan.optim import Average
from gan.runs.resume import Plan, plan
from gan.runs.run import RELEASE_SECONDS, Run
from gan.threads import Tuner
from gan.words import Words

SAVE_SECONDS = 30.0  # at most so much training is lost to a kill
Gauge = Callable[[nn.ModuleDict, nn.ModuleDict], dict[str, float]]


def train(
    run: Run,
    *,
    device: str = "auto",
    data_root: Path | None = None,
    seconds: float | None = None,
    settings: dict[str, Any] | None = None,
    gauge: Callable[[Config, Path | None, torch.device], Gauge | None] = lambda *_: None,
) -> Iterator[dict[str, Any]]:
    """Train `run` from where it stands until its steps or minutes are done; yields each record of its journal.

    `seconds` ends this call early with the run "paused", to be gone on with by another call. `settings` are those that
    change from here on: a new end, rates and the like, see `runs.resume`. `gauge` makes what measures the networks at
    each sample. Closing the generator, or an interrupt while it works, saves everything and leaves the run "stopped".
    Raises `UserError` where the run is being trained by another process or cannot go on as asked, which leaves it as
    it was, where its data is missing, or when a loss is no longer a number. A finished run whose end does not move
    yields nothing.
    """
    lock, usual, team = run.lock(), torch.get_num_threads(), Team()
    try:
        if is_first():
            lock.acquire(timeout=RELEASE_SECONDS)
    except Timeout:
        raise UserError("training.elsewhere", run=run.name) from None
    try:
        going = plan(run, checkpoint.reached(run), settings, team.size)
        status, where = run.info["status"], pick_device(device)
        if status == "finished" and not going.moved:
            return
        try:
            # made before the seed is set: looking changes nothing of the training
            look = gauge(going.config, data_root, where) if team.is_first else None
            trainer = Trainer(run, going, team, where, data_root, look)
        except Exception as error:  # its data is gone, it does not fit, ...
            told = explain(error, run, where)
            if is_first() and status in ("starting", "running"):  # one at rest is as good as it was
                run.set_info(status="failed", why=cause(told))
            raise told from error
        yield from trainer.records(seconds)
    finally:
        torch.set_num_threads(usual)
        if is_first():
            lock.release()


class Stopwatch:
    """The seconds of a training, without those in which it was `paused`."""

    def __init__(self, seconds: float) -> None:
        self.began = time.perf_counter() - seconds

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.began

    @contextmanager
    def paused(self) -> Iterator[None]:
        since = time.perf_counter()
        try:
            yield
        finally:
            self.began += time.perf_counter() - since


class Trainer:
    """What one call of `train` works with; `steps` is the loop."""

    def __init__(
        self, run: Run, going: Plan, team: Team, device: torch.device, data_root: Path | None, gauge: Gauge | None
    ) -> None:
        self.run, self.going, self.team, self.device, self.gauge = run, going, team, device, gauge
        self.config = config = going.config
        model = MODELS[config.model]
        torch.manual_seed(config.seed)
        self.gan: GAN = model(config, device)
        self.average = Average(self.gan.generators, config.ema)
        if config.compile:
            compile_networks(device, self.gan.generators, self.gan.discriminators)
        self.data, self.fixed = model.open_data(config, data_root, device)
        self.stream = torch.Generator(device).manual_seed(config.seed + team.rank)
        if team.rank:
            torch.manual_seed(config.seed + team.rank)  # same networks, but noise of its own
        self.draw = self.gan.drawer(self.data, self.stream, config.batch // team.size)
        self.state = TrainState(RuntimeSettings.of(config))
        self.control = LiveControl(self, going.before)
        self.tuner = Tuner.of(device.type, team.size)
        self.recorder = Recorder(run, team, device, self.state, self.data)
        self.kept: int | None = None  # the step of the checkpoint

    def records(self, limit: float | None) -> Iterator[dict[str, Any]]:
        """Go on from the checkpoint, train, and leave everything saved, however it ends."""
        self.restore()
        try:
            yield from self.begin()
            yield from self.steps(limit)
            is_done = self.progress() >= 1
            self.save()
            self.recorder.stand("finished" if is_done else "paused")
        except (Stopped, GeneratorExit, KeyboardInterrupt) as end:
            self.recorder.event("stop")
            try:
                self.save()
            except Exception as error:
                raise self.failed(error) from error
            self.recorder.stand("stopped")
            if not isinstance(end, Stopped):
                raise
        except BaseException as error:
            raise self.failed(error) from error

    def begin(self) -> Iterator[dict[str, Any]]:
        """Write down the plan, then follow what was asked while nothing trained."""
        if self.team.is_first and self.going.moved:
            self.run.set_info(config=self.config.as_dict())
        self.recorder.stand("running")
        if self.kept is None:
            self.save()  # should it blow up at once, there is something to go back to
        if self.state.step:
            yield self.recorder.event("resume", **self.going.moved)
        yield from self.control.follow(self.control.standing(), standing=True)
        runtime = self.state.runtime
        new = {name: value for name, value in self.going.runtime.items() if getattr(runtime, name) != value}
        if self.team.is_first and new:
            self.run.control("set", **new)
        yield from self.control.follow(self.control.new())

    def steps(self, limit: float | None) -> Iterator[dict[str, Any]]:
        """Train until the run is over, or for `limit` seconds; yields the lines of the journal."""
        config, state, before = self.config, self.state, self.state.seconds
        watch, saved = Stopwatch(before), time.perf_counter()
        logged = saved, state.step
        while self.progress() < 1:
            # a sample where the next one is due; looking is not training
            with watch.paused():
                self.sample()

            # one training step: D, then G, then the average of G's weights
            if config.freeze_d_after and state.step == config.freeze_d_after and not state.runtime.freeze_d:
                state.runtime.freeze_d = True
                yield self.recorder.event("control", freeze_d=True)
            state.runtime.measure = is_logged = state.step % config.log_every == 0
            rates, began = self.rates(), time.perf_counter()
            self.gan.set_rates(*rates)
            scalars = self.gan.train_step(self.draw, state.runtime)
            state.step += 1
            self.average.update(state.step)
            self.tune(time.perf_counter() - began)
            state.seconds = watch.seconds

            # a line of the journal: the only wait for the device
            if is_logged:
                now, (since, step) = time.perf_counter(), logged
                speed = config.batch * (state.step - step) / max(now - since, 1e-9)
                logged = now, state.step
                yield self.log(scalars, rates, speed)

            # what people asked meanwhile; a pause is not training
            if is_logged or self.team.size == 1:
                with watch.paused():
                    yield from self.control.follow(self.control.new())

            # keep what was reached
            if is_logged and self.team.agree(time.perf_counter() - saved > SAVE_SECONDS):
                self.save()
                self.recorder.stand("running")
                saved = time.perf_counter()
            if limit is not None and is_logged and self.team.agree(watch.seconds - before > limit):
                break
        self.sample()

    def progress(self) -> float:
        """How much of the run is done, 0 to 1, by steps or by minutes, whichever is further."""
        return self.config.progress(self.state.step, self.state.seconds)

    def rates(self) -> tuple[float, float]:
        """Both learning rates now: constant, then falling linearly to zero over the share `lr_decay`."""
        decay, runtime = self.config.lr_decay, self.state.runtime
        factor = min(1.0, (1 - self.progress()) / decay) if decay else 1.0
        return runtime.rate_g * factor, runtime.rate_d * factor

    def tune(self, seconds: float) -> None:
        """Take as many threads for the next step as suit one that took so many seconds."""
        if self.tuner is None:
            return
        chosen, count = self.tuner.chosen, self.tuner.stepped(seconds)
        if count != torch.get_num_threads():
            torch.set_num_threads(count)
        if self.tuner.chosen != chosen:
            self.recorder.threads = self.tuner.chosen
            self.recorder.stand("running")

    # What is kept

    def log(self, scalars: dict[str, Tensor], rates: tuple[float, float], speed: float) -> dict[str, Any]:
        """Write a step into the journal. Raises `UserError` for a number that is none."""
        record = self.recorder.line(scalars, rates, speed, self.config.batch)
        for name, value in record.items():
            if not math.isfinite(value):
                raise self.blown_up(f"'{name}'")
        return self.recorder.write(record)

    @torch.inference_mode()
    def show(self) -> None:
        """Keep a picture of the fixed inputs, and the weights that drew it."""
        if self.team.is_first:
            self.run.save_sample(self.state.step, self.gan.show(self.average.networks, self.fixed))
            self.save(only_weights=True)

    def sample(self) -> None:
        """Keep a picture, and what the gauge reads, where the next is due: often at first, then more rarely."""
        due = math.floor(self.config.samples * math.sqrt(self.progress()))
        if due < self.state.samples_made:
            return
        self.state.samples_made = due + 1
        self.show()
        if self.gauge is not None:
            self.recorder.event("gauge", **self.gauge(self.average.networks, self.gan.discriminators))

    def save(self, *, before: bool = False, only_weights: bool = False) -> None:
        """Write everything needed to go on, if not `only_weights`, then the weights to show.

        `before` settings change it is kept as `before.pt` as well. Raises `UserError` for weights that are no longer
        numbers: what was kept before them stays.
        """
        if not self.team.is_first:
            return
        both = self.gan.generators, self.gan.discriminators
        if not all(value.isfinite().all() for networks in both for value in networks.state_dict().values()):
            raise self.blown_up(Words("training.weight"))
        if not only_weights:
            checkpoint.save_resume(self.run, checkpoint.pack(self.state, self.gan, self.average, self.stream))
            self.kept = self.state.step
        if before:
            checkpoint.keep_before(self.run)
        if self.state.step:  # untrained ones show nothing
            checkpoint.save_weights(self.run, self.average.networks, self.gan.discriminators)

    def restore(self) -> None:
        """Go on from `resume.pt`, where there is one, and drop later journal lines: those steps are repeated."""
        saved = checkpoint.load_resume(self.run)
        if saved is not None:
            checkpoint.unpack(saved, self.state, self.run, self.gan, self.average, self.stream, self.team.rank)
            self.kept = self.state.step
        if self.team.is_first:
            lines = self.run.journal_until(saved["step"], saved.get("lines")) if saved else []
            self.run.rewrite(lines)
            self.state.lines = len(lines)

    # Where it goes wrong

    def failed(self, error: BaseException) -> BaseException:
        """Say in `run.json` what ended the training; returns that as it is told to people."""
        told = explain(error, self.run, self.device)
        with suppress(OSError):  # on a full disk there may be no room for this, either
            self.recorder.stand("failed", cause(told))
        return told

    def blown_up(self, what: str | Words) -> UserError:
        """That the training has come to numbers that are none, and how to go on."""
        lower = " ".join(f"--rate-{side} {getattr(self.state.runtime, f'rate_{side}') / 2:.2g}" for side in "gd")
        return UserError(
            "training.blown_up", what=what, step=self.state.step, kept=self.kept, run=self.run.name, lower=lower
        )
