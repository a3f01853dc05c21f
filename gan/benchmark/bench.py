"""Speed, as a ratio: this code beside the plain tutorial loop, same networks and data, in turns in one process.

Turns alternate, and the ratio is of the medians, so a busy machine slows both.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import torch

from gan.benchmark.throughput import timed
from gan.benchmark.tutorial_loops import plain_cyclegan, plain_dcgan
from gan.config import Config, RuntimeSettings
from gan.core.base import GAN
from gan.core.checkpoint import load_networks
from gan.core.cyclegan import CycleGAN, CycleGANConfig
from gan.core.dcgan import DCGAN, DCGANConfig
from gan.core.trainer import train
from gan.device import compile_networks, describe, pick_device
from gan.errors import UserError
from gan.inference.runtimes import runtimes
from gan.paths import ROOT
from gan.runs.run import Run
from gan.threads import Tuner

SECONDS = 20.0  # for each measurement, both sides together
TURN, LOOK = 4.0, 2.0  # seconds: training followed or left alone; between two looks at it


def bench(
    *, device: str = "auto", is_json: bool = False, only: str | None = None, measures: dict[str, Callable] | None = None
) -> dict:
    """Run the measurements, these or this module's, print them as they come, return them by name."""
    where = pick_device(device)
    results: dict[str, Any] = {"device": describe(where), "torch": torch.__version__}
    if not is_json:
        print(f"{results['device']}, torch {torch.__version__}")
    for name, measure in (measures or MEASURES).items():
        if only and name != only:
            continue
        if not only and (name == "compile" or (name == "follow" and not find_spec("gradio"))):
            continue  # a minute's compiling, where it is asked for; `gan` alone, without the app
        results[name] = measure(where, SECONDS)
        if not is_json:
            print(_sentence(name, results[name]))
    if is_json:
        print(json.dumps(results, indent=2))
    return results


def _sentence(name: str, result: dict[str, Any]) -> str:
    if "runtimes" in result:
        lines = [f"{name:10} {result['what']}, ms:"]
        for busy, row in result["runtimes"].items():
            speeds = ", ".join(f"{runtime} {ms:.0f}" for runtime, ms in row.items())
            lines.append(f"{'':10} {busy} cores busy: {speeds}: {result['ratios'][busy]:.2f} times as fast as fp32")
        return "\n".join(lines)
    if "busy" in result:
        lines = [f"{name:10} {result['what']}, steps a second:"]
        for busy, row in result["busy"].items():
            speeds = f"{row['all']:.1f} with {result['all']} threads, {row['one']:.1f} with one"
            lines.append(
                f"{'':10} {busy} cores busy: {speeds}, {row['chosen']:.1f} measured and chosen ({row['took']})"
            )
        return "\n".join(lines)
    if "ratio" not in result:
        return f"{name:10} {result['what']}: {result['ms']:.0f} ms"
    if "alone" in result:
        speeds = f"{result['followed']:.1f} steps a second, left alone {result['alone']:.1f}"
        return f"{name:10} {result['what']}: {speeds}: {result['ratio']:.3f} of its speed"
    other, its = (result["script"], "peer_ms") if "script" in result else ("plain", "plain_ms")
    times = f"{result['ours_ms']:.0f} ms a step, {other} {result[its]:.0f} ms"
    return f"{name:10} {result['what']}: {times}: {result['ratio']:.2f} times as fast"


def alternate(ours: Callable[[], Any], plain: Callable[[], Any], device: torch.device, seconds: float) -> dict:
    """Time both in turns for `seconds`, after two rounds each to warm up: medians in ms, and plain over ours."""
    times: dict[Callable, list[float]] = {ours: [], plain: []}
    for step in (ours, plain) * 2:
        step()
    began = time.perf_counter()
    while len(times[plain]) < 5 or time.perf_counter() - began < seconds:
        for step in (ours, plain):
            times[step].append(timed(step, device))
    a, b = (statistics.median(times[step]) for step in (ours, plain))
    return {"ours_ms": round(a, 2), "plain_ms": round(b, 2), "ratio": round(b / a, 3), "turns": len(times[ours])}


def _dcgan(device: torch.device, seconds: float) -> dict:
    config = DCGANConfig(data="mnist", size=32, ngf=64, batch=128)
    what = "DCGAN 32x32, width 64, batch 128, MNIST"
    return {"what": what} | _beside(plain_dcgan, DCGAN, config, device, seconds)


def _cyclegan(device: torch.device, seconds: float) -> dict:
    config = CycleGANConfig(data="herd", size=128, ngf=32, blocks=6, batch=1)
    what = "CycleGAN 128x128, width 32, 6 blocks, batch 1, identity, herd"
    return {"what": what} | _beside(plain_cyclegan, CycleGAN, config, device, seconds)


def _compile(device: torch.device, seconds: float) -> dict:
    """A DCGAN's training step with compiled networks, beside the same step as it is written."""
    config = DCGANConfig(data="mnist", size=32, ngf=64, batch=128)
    steps = (training_step(DCGAN, config, device, is_compiled=True), training_step(DCGAN, config, device))
    return {"what": "DCGAN 32x32, width 64, batch 128, compiled, beside the same as it is"} | alternate(
        *steps, device, seconds
    )


def _beside(loop: Callable, model: type[GAN], config: Config, device: torch.device, seconds: float) -> dict:
    """A model's training step and that of the tutorial's `loop`, in turns."""
    plain = loop(config, device)
    return alternate(training_step(model, config, device), lambda: next(plain), device, seconds)


def training_step(
    model: type[GAN], config: Config, device: torch.device, *, is_compiled: bool = False
) -> Callable[[], Any]:
    """A model's training step as a training takes it, with data of its own."""
    gan, runtime = model(config, device), RuntimeSettings.of(config)
    runtime.measure = False
    if is_compiled:
        compile_networks(device, gan.generators, gan.discriminators)
    data, _ = model.open_data(config, None, device)
    draw = gan.drawer(data, torch.Generator(device).manual_seed(0), config.batch)
    return partial(gan.train_step, draw, runtime)


def _translate(device: torch.device, seconds: float) -> dict:
    """A 128x128 picture through the generator of the shipped `horse2zebra` on the CPU, by each runtime in turns.

    The ratio is of the arithmetic of before, PyTorch in fp32, to the one that translates now; on idle cores and with so
    many kept busy by something else.
    """
    network = load_networks(Run.open("horse2zebra"))[0]["a2b"]
    x, ways, rows = torch.rand(1, 3, 128, 128) * 2 - 1, runtimes(network), {}
    for busy in (0, 1):
        with _busy(busy, seconds + 60):
            times: dict[str, list[float]] = {name: [] for name in ways}
            began = time.perf_counter()
            while time.perf_counter() - began < seconds / 2 or len(times["fp32"]) < 5:
                for name, way in ways.items():
                    start = time.perf_counter()
                    way(x)
                    times[name].append(1000 * (time.perf_counter() - start))
        rows[busy] = {name: round(statistics.median(spent[2:]), 1) for name, spent in times.items()}
    ratios = {busy: round(row["fp32"] / row["onnxruntime"], 2) for busy, row in rows.items()}
    return {"what": "one 128x128 picture, horse to zebra, on the CPU", "runtimes": rows, "ratios": ratios}


def _threads(device: torch.device, seconds: float) -> dict:
    """Steps a second with all threads, with one, and with as many as a training chooses, beside other work.

    The other work is so many processes that each keep a core busy. The choice's own cost is in its figure.
    """
    config = DCGANConfig(data="mnist", size=32, ngf=24, batch=64)
    gan, runtime = DCGAN(config, torch.device("cpu")), RuntimeSettings.of(config)
    runtime.measure = False
    data, _ = DCGAN.open_data(config, None, gan.device)
    draw = gan.drawer(data, torch.Generator().manual_seed(0), config.batch)
    most, each = torch.get_num_threads(), seconds / 5

    def play(count: int | None) -> float:
        """Steps a second, of the whole time, with so many threads or a tuner's."""
        tuner = Tuner(most) if count is None else None
        steps, began = 0, time.perf_counter()
        while time.perf_counter() - began < (each if tuner is None else 2 * each):
            torch.set_num_threads(tuner.now if tuner else count)
            start = time.perf_counter()
            gan.train_step(draw, runtime)
            if tuner:
                tuner.stepped(time.perf_counter() - start)
            steps += 1
        if tuner:
            row["took"] = tuner.chosen
        return round(steps / (time.perf_counter() - began), 2)

    rows = {}
    try:
        for busy in (0, 1, 2):
            row: dict[str, Any] = {}
            with _busy(busy, 4 * each + 60):
                gan.train_step(draw, runtime)
                row |= {"all": play(most), "one": play(1), "chosen": play(None)}
            rows[busy] = row | {"ratio": round(row["chosen"] / row["all"], 3)}
    finally:
        torch.set_num_threads(most)
    return {"what": "DCGAN 32x32, width 24, batch 64", "all": most, "busy": rows}


@contextmanager
def _busy(cores: int, seconds: float) -> Iterator[None]:
    """Keep so many cores busy with something else, for so many seconds at most."""
    loop = f"import time\nend = time.monotonic() + {seconds}\nwhile time.monotonic() < end: pass"
    loops = [subprocess.Popen([sys.executable, "-c", loop]) for _ in range(cores)]
    try:
        yield
    finally:
        for each in loops:
            each.kill()
            each.wait()


def _follow(device: torch.device, seconds: float) -> dict:
    """A training whose curves are asked of the app every two seconds, in turns with the same one left alone.

    The app is a process of its own on this machine, as in class; the browser's own work is not measured. Raises
    UserError without the app's packages.
    """
    if not find_spec("gradio"):
        raise UserError("bench.no_app")
    speeds: dict[bool, list[float]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as folder, _app(Path(folder)) as address:
        config = DCGANConfig(data="mnist", size=32, ngf=24, batch=64, steps=10**6, samples=2)
        run = Run.create("followed", config, Path(folder))
        records = train(run, device=device.type)
        for _ in range(20):
            record = next(records)
        for _ in range(3):  # the app's first answers load what they need
            _look(address, run.name)
        for turn in range(2 * max(2, round(seconds / TURN))):
            is_followed, done = turn % 2 == 1, threading.Event()
            watcher = threading.Thread(target=_watch, args=(address, run.name, done), daemon=True)
            if is_followed:
                watcher.start()
            began, first = time.perf_counter(), record["step"]
            while time.perf_counter() - began < TURN:
                record = next(records)
            speeds[is_followed].append((record["step"] - first) / (time.perf_counter() - began))
            done.set()
            if is_followed:
                watcher.join()
        records.close()
    alone, followed = (statistics.median(speeds[kind]) for kind in (False, True))
    result = {"followed": round(followed, 2), "alone": round(alone, 2), "ratio": round(followed / alone, 4)}
    return {"what": "DCGAN 32x32, width 24, batch 64, followed", **result, "turns": len(speeds[True])}


@contextmanager
def _app(runs: Path) -> Iterator[str]:
    """The app on a free port with its own folder of runs; gives its address."""
    command = [sys.executable, "-m", "demo", "--port", "0"]
    env = os.environ | {"GAN_RUNS": str(runs)}
    app = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    try:
        for line in app.stdout:
            if "http" in line:
                yield line.split()[-1]
                break
        else:
            raise UserError("bench.app_not_started")
    finally:
        app.terminate()
        app.wait()


def _watch(address: str, run: str, done: threading.Event) -> None:
    while not done.wait(LOOK / 2):
        _look(address, run)
        done.wait(LOOK / 2)


def _look(address: str, run: str) -> None:
    """Ask the app for a run's curves, always as the same visitor, as a page does."""
    call = f"{address.rstrip('/')}/gradio_api/call/curves"
    content = json.dumps({"data": [[run], "step"], "session_hash": "bench"}).encode()
    with urlopen(Request(call, content, {"Content-Type": "application/json"}), timeout=60) as answer:
        event = json.load(answer)["event_id"]
    with urlopen(f"{call}/{event}", timeout=60) as answer:
        answer.read()


MEASURES = {
    "dcgan": _dcgan,
    "cyclegan": _cyclegan,
    "compile": _compile,
    "translate": _translate,
    "threads": _threads,
    "follow": _follow,
}
