"""The loop round either duel: a generator that yields a record for every line of the journal.

    for record in train(run):
        ...

serves the command line's progress bar, a notebook, the app's worker process and the tests alike. It knows nothing of
what is being fought over.
"""

import copy
import math
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from filelock import Timeout
from torch import Tensor, nn

from gan.config import Conduct
from gan.core.base import Duel
from gan.core.checkpoint import MODELS, keep_before, load_resume, reached, save_resume, save_weights
from gan.core.device import describe, explain, is_distributed, is_first, pick_device
from gan.errors import UserError, cause, reason
from gan.runs.resume import Plan, plan
from gan.runs.run import LETTING_GO, Run
from gan.threads import Tuner
from gan.words import Words, stored

SAVE_SECONDS = 30.0  # at most so much training is lost to a kill


class Average:
    """The exponential moving average of the generators' weights: what is shown and shipped.

    The decay grows from 0.1 to `decay` over the first steps, min(decay, (1 + t) / (10 + t)), so that an early look is
    not a look at the initialisation.
    """

    def __init__(self, networks: nn.ModuleDict, decay: float) -> None:
        self.networks = copy.deepcopy(networks).eval().requires_grad_(False)
        self.decay = decay
        pairs = list(zip(self.networks.state_dict().values(), networks.state_dict().values(), strict=True))
        self.pairs = [(mean, live) for mean, live in pairs if mean.is_floating_point()]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take the live weights in after round `step`."""
        decay = min(self.decay, (1 + step) / (10 + step))
        means, lives = zip(*self.pairs, strict=True)
        torch._foreach_lerp_(list(means), list(lives), 1 - decay)


def train(
    run: Run,
    *,
    device: str = "auto",
    data_root: Path | None = None,
    seconds: float | None = None,
    settings: dict[str, Any] | None = None,
) -> Iterator[dict[str, Any]]:
    """Train `run` from where it stands until its steps or minutes are done; yields each record of its journal.

    `seconds` ends this call early with the run "paused", to be gone on with by another call. `settings` are those that
    change from here on: a new end, rates and the like, see `runs.resume`. Closing the generator, or an interrupt while
    it works, saves everything and leaves the run "stopped". Raises `UserError` where the run is being trained by
    another process or cannot go on as asked, which leaves it as it was, where its data is missing, or when a loss is no
    longer a number. A finished run whose end does not move yields nothing.
    """
    lock, usual = run.lock(), torch.get_num_threads()
    try:
        if is_first():
            lock.acquire(timeout=LETTING_GO)
    except Timeout:
        raise UserError("training.elsewhere", run=run.name) from None
    try:
        going = plan(run, reached(run), settings, dist.get_world_size() if is_distributed() else 1)
        status, where = run.info["status"], pick_device(device)
        if status == "finished" and not going.moved:
            return
        try:
            training = _Training(run, going, where, data_root, seconds)
        except Exception as error:  # its data is gone, it does not fit, ...
            told = explain(error, run, where)
            if is_first() and status in ("starting", "running"):  # one at rest is as good as it was
                run.set_info(status="failed", why=cause(told))
            raise told from error
        yield from training.records()
    finally:
        torch.set_num_threads(usual)
        if is_first():
            lock.release()


class _Training:
    """The state of one call of `train`."""

    def __init__(
        self, run: Run, going: Plan, device: torch.device, data_root: Path | None, seconds: float | None
    ) -> None:
        self.run, self.going, self.config, self.device = run, going, going.config, device
        self.seconds_here = seconds
        self.world = dist.get_world_size() if is_distributed() else 1
        self.rank = dist.get_rank() if is_distributed() else 0
        model = MODELS[self.config.model]
        gauge = getattr(model, "gauge", None)  # made before the seed is set: looking changes nothing of the training
        self.gauge = gauge(self.config, data_root, device) if gauge and not self.rank else None
        torch.manual_seed(self.config.seed)
        self.duel: Duel = model(self.config, device)
        self.average = Average(self.duel.generators, self.config.ema)
        self.data, self.fixed = model.open_data(self.config, data_root, device)
        self.random = torch.Generator(device).manual_seed(self.config.seed + self.rank)
        if self.rank:
            torch.manual_seed(self.config.seed + self.rank)  # same networks, but noise of its own
        self.draw = self.duel.drawer(self.data, self.random, self.config.batch // self.world)
        self.conduct = Conduct.of(self.config)
        self.tuner = Tuner.of(device.type, self.world)
        self.step, self.seconds, self.samples_made, self.controls_read, self.lines = 0, 0.0, 0, 0, 0
        self.kept: int | None = None  # the step of the checkpoint

    # What is kept

    def save(self, *, before: bool = False) -> None:
        """Write everything needed to go on, then the weights to show; only the first process does.

        `before` settings change the state is kept as `before.pt` as well. Raises `UserError` for weights that
        are no longer numbers: what was kept before them stays.
        """
        if self.rank:
            return
        both = self.duel.generators, self.duel.discriminators
        if not all(value.isfinite().all() for networks in both for value in networks.state_dict().values()):
            raise self.blown_up(Words("training.weight"))
        cuda = torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None
        save_resume(
            self.run,
            {
                "duel": self.duel.state(),
                "average": self.average.networks.state_dict(),
                "conduct": asdict(self.conduct),
                "random": [self.random.get_state(), torch.get_rng_state(), cuda],
                "step": self.step,
                "seconds": self.seconds,
                "samples_made": self.samples_made,
                "controls_read": self.controls_read,
                "lines": self.lines,
            },
        )
        self.kept = self.step
        if before:
            keep_before(self.run)
        if self.step:  # untrained ones show nothing
            save_weights(self.run, self.average.networks, self.duel.discriminators)

    def restore(self) -> None:
        """Go on from `resume.pt`, where there is one."""
        state = load_resume(self.run)
        if state is not None:
            self.take(state)
        if self.rank == 0:  # drop journal lines after this checkpoint: those steps are repeated
            lived = self.run.lived(state["step"], state.get("lines")) if state else []
            self.run.rewrite(lived)
            self.lines = len(lived)

    def take(self, state: dict[str, Any]) -> None:
        """Take over what `save` wrote. Raises `UserError` where it is not of these networks."""
        try:
            self.duel.load_state(state["duel"])
            self.average.networks.load_state_dict(state["average"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise UserError("training.other_networks", run=self.run.name, why=reason(error)) from error
        self.conduct = Conduct(**state["conduct"])
        stream, cpu, cuda = state["random"]
        if self.rank == 0:
            self.random.set_state(stream)
            torch.set_rng_state(cpu)
            if cuda is not None and self.device.type == "cuda":
                torch.cuda.set_rng_state(cuda, self.device)
        else:  # the other processes' streams are not kept: give them new ones
            self.random.manual_seed(self.config.seed + self.rank + 1_000_003 * state["step"])
            torch.manual_seed(self.config.seed + self.rank + 1_000_003 * state["step"])
        for name in ("step", "seconds", "samples_made", "controls_read"):
            setattr(self, name, state[name])
        self.kept = self.step

    def stand(self, status: str, why: Any = "") -> None:
        """Say in `run.json` how the run stands."""
        if self.rank == 0:
            self.run.set_info(
                status=status,
                why=why,
                step=self.step,
                seconds=round(self.seconds, 1),
                device=describe(self.device),
                threads=(self.tuner and self.tuner.chosen) or torch.get_num_threads(),
                processes=self.world,
                pictures=_count(self.data),
                note=stored(_note(self.data)),
                updated=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            )

    def event(self, event: str, **values: Any) -> dict[str, Any]:
        """Write an event into the journal."""
        record = {"step": self.step, "seconds": round(self.seconds, 2), "event": event, **values}
        self.write(record)
        return record

    def write(self, record: dict[str, Any]) -> None:
        """Write a line into the journal; only the first process does."""
        if self.rank == 0:
            self.run.log(record)
            self.lines += 1

    # What steers it

    def progress(self) -> float:
        """How much of the run is done, 0 to 1, by steps or by minutes, whichever is further."""
        return self.config.progress(self.step, self.seconds)

    def rates(self) -> tuple[float, float]:
        """Both learning rates now: constant, then falling linearly to zero over the share `fall`."""
        fall = self.config.fall
        factor = min(1.0, (1 - self.progress()) / fall) if fall else 1.0
        return self.conduct.rate_g * factor, self.conduct.rate_d * factor

    def new_controls(self) -> Iterator[dict[str, Any]]:
        """What was asked since the last look, one by one, the same in every process.

        Looked up anew for each: a pause takes what comes after it.
        """
        while True:
            asked = [self.run.controls()[self.controls_read :][:1] if self.rank == 0 else None]
            if self.world > 1:
                dist.broadcast_object_list(asked)
            if not asked[0]:
                return
            self.controls_read += 1
            yield asked[0][0]

    def obey(self, asked: Iterable[dict[str, Any]], *, standing: bool = False) -> Iterator[dict[str, Any]]:
        """Follow controls, an event each. `standing`: asked before this process began, so only settings count."""
        for control in asked:
            if control.get("do") in ("set", "scale"):
                yield self.change(control)
            elif control.get("do") == "stop" and not standing:
                raise _Stop
            elif control.get("do") == "pause" and not standing:
                yield from self.pause()

    def change(self, control: dict[str, Any]) -> dict[str, Any]:
        """Take over new settings; what stood before is kept, for those who wonder "what if"."""
        try:
            if control["do"] == "scale":
                control = self.conduct.scaled(control)
            replace(self.conduct).change(control)
        except UserError as error:
            return self.event("refused", why=cause(error))
        self.controls_read -= 1  # what is kept knows nothing of it yet
        self.save(before=True)
        self.controls_read += 1
        return self.event("control", **self.conduct.change(control))

    def pause(self) -> Iterator[dict[str, Any]]:
        """Save, then wait until asked to go on or to stop."""
        yield self.event("pause")
        self.save()
        self.stand("paused")
        while True:
            for control in self.new_controls():
                if control.get("do") == "stop":
                    raise _Stop
                if control.get("do") == "go on":
                    self.stand("running")
                    yield self.event("go on")
                    return
                if control.get("do") == "step":
                    yield self.play(control.get("who", "both"))
                yield from self.obey([control] if control.get("do") in ("set", "scale") else [])
            time.sleep(0.05)

    def play(self, who: str) -> dict[str, Any]:
        """One round in slow motion: only "d" learns, only "g", or "both"; an event with all that was measured."""
        conduct = replace(self.conduct, measure=True, hold_g=who == "d", hold_d=who == "g")
        self.duel.set_rates(*self.rates())
        scalars = self.duel.round(self.draw, conduct)
        self.step += 1
        if not conduct.hold_g:
            self.average.update(self.step)
        still = {"d": "grad_g", "g": "grad_d"}.get(who)  # left over from the round before
        values = {name: float(f"{value.item():.6g}") for name, value in scalars.items() if name != still}
        with torch.inference_mode():
            if self.rank == 0:
                self.run.save_sample(self.step, self.duel.show(self.average.networks, self.fixed))
        record = self.event("round", who=who, **values)
        self.stand("paused")
        return record

    # The loop

    def records(self) -> Iterator[dict[str, Any]]:
        """Train; see `train`."""
        self.restore()
        try:
            yield from self.resume()
            yield from self.rounds()
            finished = self.progress() >= 1
            self.save()
            self.stand("finished" if finished else "paused")
        except (_Stop, GeneratorExit, KeyboardInterrupt) as end:
            self.end()
            if not isinstance(end, _Stop):
                raise
        except BaseException as error:
            raise self.failed(error) from error

    def resume(self) -> Iterator[dict[str, Any]]:
        """Write down what was asked, then follow what was asked while nothing trained, and the plan."""
        if self.rank == 0 and self.going.moved:
            self.run.set_info(config=self.config.as_dict())
        standing = self.agree(max(0, len(self.run.controls()) - self.controls_read))
        self.stand("running")  # what is asked from now on is asked of this training
        if self.kept is None:
            self.save()  # should the duel blow up at once, there is something to go back to
        if self.step:
            yield self.event("resume", **self.going.moved)
        yield from self.obey(islice(self.new_controls(), standing), standing=True)
        new = {name: value for name, value in self.going.conduct.items() if getattr(self.conduct, name) != value}
        if self.rank == 0 and new:
            self.run.control("set", **new)
        yield from self.obey(self.new_controls())

    def end(self) -> None:
        """Save what was reached when someone asked to stop."""
        self.event("stop")
        try:
            self.save()
        except Exception as error:
            raise self.failed(error) from error
        self.stand("stopped")

    def failed(self, error: BaseException) -> BaseException:
        """Say in `run.json` what ended the training; returns that as it is told to people."""
        told = explain(error, self.run, self.device)
        with suppress(OSError):  # on a full disk there may be no room for this, either
            self.stand("failed", cause(told))
        return told

    def rounds(self) -> Iterator[dict[str, Any]]:
        """The rounds themselves, until the run or the time given to this call is over."""
        config, began, before = self.config, time.perf_counter(), self.seconds
        saved = mark = began
        mark_step = self.step
        while self.progress() < 1:
            began += self.sample()  # looking is not training
            if config.hold_d_after and self.step == config.hold_d_after and not self.conduct.hold_d:
                self.conduct.hold_d = True
                yield self.event("control", hold_d=True)
            is_logged = self.step % config.log_every == 0
            self.conduct.measure = is_logged
            rate_g, rate_d = self.rates()
            self.duel.set_rates(rate_g, rate_d)
            asked = time.perf_counter()
            scalars = self.duel.round(self.draw, self.conduct)
            self.step += 1
            self.average.update(self.step)
            now = time.perf_counter()
            self.tune(now - asked)
            self.seconds = before + now - began
            if is_logged:
                speed = config.batch * (self.step - mark_step) / max(now - mark, 1e-9)
                mark, mark_step = now, self.step
                yield self.log(scalars, rate_g, rate_d, speed)
            if self.world == 1 or is_logged:
                paused = time.perf_counter()
                yield from self.obey(self.new_controls())
                began += time.perf_counter() - paused  # a pause is not training
            if is_logged and self.agree(now - saved > SAVE_SECONDS):
                self.save()
                self.stand("running")
                saved = now
            if self.seconds_here is not None and is_logged and self.agree(now - began > self.seconds_here):
                break
        self.sample()

    def tune(self, seconds: float) -> None:
        """Take as many threads for the next step as suit one that took so many seconds."""
        if self.tuner is None:
            return
        chosen, count = self.tuner.chosen, self.tuner.stepped(seconds)
        if count != torch.get_num_threads():
            torch.set_num_threads(count)
        if self.tuner.chosen != chosen:
            self.stand("running")

    def agree(self, decision: Any) -> Any:
        """The first process's decision, in every process."""
        if self.world == 1:
            return decision
        told = [decision]
        dist.broadcast_object_list(told)
        return told[0]

    def log(self, scalars: dict[str, Tensor], rate_g: float, rate_d: float, speed: float) -> dict[str, Any]:
        """Write a step into the journal: the one place where the loop waits for the device."""
        values = torch.stack([value.float() for value in scalars.values()])
        if self.world > 1:
            dist.all_reduce(values)
            values /= self.world
        record = {
            "step": self.step,
            "images": self.step * self.config.batch,
            "seconds": round(self.seconds, 2),
            **{name: float(f"{value:.6g}") for name, value in zip(scalars, values.tolist(), strict=True)},
            "rate_g": rate_g,
            "rate_d": rate_d,
            "speed": round(speed, 1),
        }
        for name, value in record.items():
            if not math.isfinite(value):
                raise self.blown_up(f"'{name}'")
        self.write(record)
        return record

    def blown_up(self, what: str | Words) -> UserError:
        """That the duel has come to numbers that are none, and how to go on."""
        lower = " ".join(f"--rate-{side} {getattr(self.conduct, f'rate_{side}') / 2:.2g}" for side in "gd")
        return UserError("training.blown_up", what=what, step=self.step, kept=self.kept, run=self.run.name, lower=lower)

    @torch.inference_mode()
    def sample(self) -> float:
        """Keep a picture of the fixed inputs when the next one is due: often at first, then more rarely.

        Where a gauge was asked for, what it reads is an event beside it. Returns the seconds all that took.
        """
        due, began = math.floor(self.config.samples * math.sqrt(self.progress())), time.perf_counter()
        if due < self.samples_made:
            return 0.0
        self.samples_made = due + 1
        if self.rank == 0:
            self.run.save_sample(self.step, self.duel.show(self.average.networks, self.fixed))
            if self.gauge is not None:
                self.event("gauge", **self.gauge(self.average.networks, self.duel.discriminators))
        return time.perf_counter() - began


class _Stop(Exception):
    """Someone asked the training to stop."""


def _sides(data: Any) -> list[Any]:
    return [data.a, data.b] if hasattr(data, "a") else [data]


def _count(data: Any) -> list[int]:
    """How many pictures each pile has."""
    return [len(side.images) for side in _sides(data)]


def _note(data: Any) -> list[Words]:
    """What the data has to say of itself, such as that it stands in for a larger set."""
    return [*dict.fromkeys(words for side in _sides(data) for words in side.note)]
