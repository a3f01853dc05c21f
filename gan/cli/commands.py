"""The commands of the command line, each with what was given as an `argparse.Namespace`.

What needs torch is imported where it is used: `--help` is there at once.
"""

import argparse
import json
import math
import re
import sys
import time
from pathlib import Path
from typing import Any

from gan.cli.arguments import given
from gan.config import MOST_STEPS, make
from gan.console import complain, language
from gan.data.registry import last_names, require
from gan.errors import UserError, cause, reason
from gan.plots.curves import View, draw
from gan.plots.history import tell
from gan.runs.controls import ask
from gan.runs.resume import plan
from gan.runs.run import Run, all_runs, runs_root
from gan.words import Words, sentence

PATIENCE = 30.0  # seconds that `control` waits for what was asked: a step of a large network takes some


def train(options: argparse.Namespace) -> int:
    """Start a run, or go on with one, and show how it goes."""
    from gan.core.device import is_first, pick_device, start_processes

    if options.resume:
        if options.model:
            raise UserError("command.model_or_resume")
        if options.run:
            raise UserError("command.name_is_kept", run=options.resume)
        run = Run.open(options.resume)
    elif not options.model:
        raise UserError("command.no_model")
    pick_device(options.device)  # refused before there is anything
    end = start_processes()
    try:
        asked = given(options)
        if options.resume:
            if options.download:
                _make_sure(run.config, options)
        else:
            if options.minutes:  # then the clock alone ends it, unless steps were asked for as well
                asked.setdefault("steps", MOST_STEPS)
            config = make(options.model, asked)
            name = options.run or _fresh_name(config.data)
            _make_sure(config, options)
            run = _create(name, config, options) if is_first() else Run.expect(name)
        return _train(run, options, asked if options.resume else {})
    except UserError as error:
        if options.resume and run.info["status"] == "starting":  # the app waits for a word
            run.set_info(status="failed", why=cause(error))
        raise
    finally:
        end()


def _train(run: Any, options: argparse.Namespace, asked: dict[str, Any]) -> int:
    """The progress bar round `training.train`; `asked` are the settings that change as the run goes on."""
    from tqdm import tqdm

    from gan.core.checkpoint import reached
    from gan.core.device import is_first
    from gan.core.trainer import train
    from gan.metrics.during_training import gauge

    go_on, config = f"Go on with: python -m gan train --resume {run.name}", plan(run, reached(run), asked).config
    if is_first():
        print(f"{run.name}: {config.model} on {config.data}, in {run.folder}")
    total, unit = _whole(config)
    form = "{l_bar}{bar}| {n_fmt}/{total_fmt} {unit} [{elapsed}{postfix}]"
    bar = tqdm(total=total, unit=unit, disable=not is_first(), dynamic_ncols=True, bar_format=form)
    how = {"device": options.device, "data_root": options.data_root, "seconds": options.seconds}
    records, trained = train(run, **how, settings=asked, gauge=gauge), False
    try:
        with bar:
            for record in records:
                trained = True
                bar.update(int(total * config.progress(record["step"], record["seconds"])) - bar.n)
                if event := record.get("event"):
                    bar.write(f"step {record['step']}: {event}")
                else:
                    shown = {name: f"{record[name]:.3f}" for name in ("loss_g", "loss_d", "d_real", "d_fake")}
                    speed = f"{record['speed']:.0f}/s"
                    samples = len(run.samples())
                    bar.set_postfix(step=record["step"], **shown, pictures=speed, samples=samples, refresh=False)
            if is_first() and run.info["status"] == "finished":  # not every step is a record
                bar.update(total - bar.n)
    except KeyboardInterrupt:
        records.close()
        print(f"\nSaved at step {run.info['step']}. {go_on}")
        return 130
    if is_first():
        info = run.info
        note = sentence(info.get("note", ""), language())
        print(f"{info['status']} after {info['step']} steps, {info['seconds']:.0f} s. {note}".rstrip())
        if info["status"] != "finished":
            print(go_on)
        elif info["step"] < info.get("needed", 0):
            minutes = math.ceil(1.1 * config.minutes * info["needed"] / max(1, info["step"]))
            print(f"It is worth a look from about {info['needed']} steps on. {go_on} --minutes {minutes}")
        elif not trained:
            print("There was nothing left to do; --steps or --minutes move its end.")
    return 0


def _whole(config: Any) -> tuple[int, str]:
    """What the bar counts to, and in what: the end that was asked for; of two, percent of whichever comes first."""
    if not config.minutes:
        return config.steps, "steps"
    return (math.ceil(60 * config.minutes), "s") if config.steps == MOST_STEPS else (100, "%")


def _create(name: str, config: Any, options: argparse.Namespace) -> Any:
    """A new run whose data can be found from anywhere; says what a person should know of that data."""
    from gan.data.prepare import prepare

    ready = prepare(config, runs_root(), name, options.data_root, choose_channels=options.channels is None)
    try:
        run = Run.create(name, ready.config)
    except BaseException:
        ready.discard()
        raise
    ready.keep(run.folder)
    if ready.colours:
        print(ready.colours)
    for advice in ready.advice:
        complain(Words("console.warning", sentence=advice))
    return run


def _make_sure(config: Any, options: argparse.Namespace) -> None:
    """Download what is asked for by name, once, where that was allowed; refuse what is not there."""
    from gan.core.device import is_first
    from gan.data.datasets import load, load_pair
    from gan.data.download import terminal_progress
    from gan.data.prepare import is_zip

    if is_zip(config.data):
        return
    if not options.download:
        require(config.data, options.data_root, pair=config.model == "cyclegan")
    elif is_first():
        fetch = {"dcgan": load, "cyclegan": load_pair}[config.model]
        with terminal_progress() as progress:
            fetch(config.data, config.size, root=options.data_root, progress=progress, download=True)


def _fresh_name(data: str) -> str:

    stem = re.sub(r"[^\w.-]+", "-", last_names(data)[0].removesuffix(".zip")).strip(".-")[:40]
    return f"{stem or 'run'}-{time.strftime('%Y%m%d-%H%M%S')}"


def sample(options: argparse.Namespace) -> None:
    """Generate pictures from noise."""
    import torch

    from gan.core.checkpoint import load_networks
    from gan.core.latent import noise
    from gan.images import grid

    run = _run_of("dcgan", Run.open(options.run))
    generators, _ = load_networks(run)
    with torch.inference_mode():
        images = generators["g"](noise(options.count, run.config.latent, options.seed))
    _save(grid(images), options.out)


def translate(options: argparse.Namespace) -> int:
    """Translate a picture, or all pictures of a folder or zip; 1 where some were left out."""
    from gan.data.download import terminal_progress
    from gan.inference.translate import translate_path

    run = _run_of("cyclegan", Run.open(options.run))
    left_out: list[tuple[str, UserError]] = []
    with terminal_progress() as progress:
        how = {"progress": progress, "left_out": left_out}
        done = translate_path(run, options.input, options.output, options.direction, **how)
    print(f"{len(done)} picture{'s' if len(done) != 1 else ''} written to {options.output}")
    if left_out:
        complain(Words("translation.left_out", left=len(left_out), count=len(left_out) + len(done)))
        for name, why in left_out:
            print(f"  {name}: {why.sentence(language())}", file=sys.stderr)
    return 1 if left_out else 0


def evaluate(options: argparse.Namespace) -> None:
    """Measure a run."""
    from gan.data.download import terminal_progress
    from gan.metrics import evaluate as evaluation

    run = Run.open(options.run)
    measure = {"dcgan": evaluation.evaluate_dcgan, "cyclegan": evaluation.evaluate_cyclegan}[run.config.model]
    count = {"count": options.count} if options.count else {}
    with terminal_progress() as progress:
        result = measure(run, root=options.data_root, progress=progress, **count)
    if options.sheet:
        _run_of("cyclegan", run)
        _save(evaluation.contact_sheet(run, root=options.data_root), options.sheet)
    if options.record:
        run.add_event("evaluation", **{k: v for k, v in result.items() if k not in ("run", "model", "data")})
    result["note"] = sentence(result["note"], language())
    print(json.dumps(result, indent=2, ensure_ascii=False) if options.json else evaluation.text_report(result))


def control(options: argparse.Namespace) -> None:
    """Ask something of a run that is training, and show what came of it."""

    run = Run.open(options.run)
    before = len(run.journal())
    wanted, told = ask(run, *options.acts), 0
    end = time.monotonic() + PATIENCE
    while True:
        trains, standing = run.is_training(), run.status
        for record in run.journal()[before:]:
            before += 1
            if event := record.get("event"):
                told += 1
                values = {k: v for k, v in record.items() if k not in ("step", "seconds", "event")}
                said = " ".join(f"{k}={sentence(v, language())}" for k, v in values.items())
                print(f"step {record['step']}: {event} {said}".rstrip())
        is_done = told >= len(options.acts) and wanted in (None, standing)
        if is_done or not trains or time.monotonic() > end:
            break
        time.sleep(0.05)
    late = "" if is_done or not trains else "; what was asked comes when the step that it is at is done"
    print(f"{run.name}: {run.status}{late}")


def runs(options: argparse.Namespace) -> None:
    """List the runs."""

    rows = []
    for run in all_runs():
        info = run.info
        config = info["config"]
        why = sentence(info["why"], language())
        row = {"name": run.name, "model": info["model"], "data": config["data"], "size": config["size"]}
        rows.append(row | {"status": run.status, "step": info["step"], "seconds": info["seconds"], "why": why})
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    if not rows:
        print("There are no runs yet. Start one with: python -m gan train dcgan --data mnist --minutes 1")
    for row in rows:
        how = f"{row['status']} at step {row['step']}, {row['seconds']:.0f} s"
        data = ",".join(last_names(row["data"]))
        print(f"{row['name']:24} {row['model']:9} {data:16} {row['size']:4} px  {how}  {row['why']}".rstrip())


def curves(options: argparse.Namespace) -> None:
    """Draw the curves of some runs side by side."""

    view = View(options.axis, tuple(options.panels), log=options.log)
    draw([tell(Run.open(name)) for name in options.runs], view, options.out)
    print(options.out)


def import_(options: argparse.Namespace) -> None:
    """Make a run of weights from elsewhere."""
    from gan.export import junyanz
    from gan.export.hub import import_folder

    nets = {"a2b": options.a2b, "b2a": options.b2a, "a": options.d_a, "b": options.d_b}
    named = {net: path for net, path in nets.items() if path}
    files = options.files
    if len(files) == 1 and files[0].is_dir() and not (files[0] / "config.json").is_file():
        files = sorted(files[0].glob("latest_net_*.pth")) or sorted(files[0].glob("*.pth")) or files
    if len(files) == 1 and files[0].is_dir():
        if named:
            raise UserError("command.folder_or_files", folder=files[0])
        run = import_folder(files[0], options.run)
    else:
        how = {"data": options.data, "size": options.size, "way": options.direction, "named": named}
        run = junyanz.import_official(files, options.run, **how)
        print("\n".join(junyanz.told(run)))
    print(f"{run.name}: {run.config.model}, in {run.folder}")


def export(options: argparse.Namespace) -> None:
    """Write a run for use elsewhere."""
    from gan.core.checkpoint import load_networks
    from gan.export import hub
    from gan.inference.translate import pick

    run = Run.open(options.run)
    if options.folder.suffix == ".onnx":
        generators = load_networks(run)[0]
        network = generators["g"] if "g" in generators else pick(generators, options.direction)[0]
        differences = {options.folder.name: hub.export_onnx(network, run.config, options.folder)}
    else:
        differences = hub.export_folder(run, options.folder, licence=options.licence, onnx=options.onnx)
    for name, difference in differences.items():
        print(f"{name}: differs from the network by {difference:.1g} at most")
    print(options.folder)
    if options.folder.suffix != ".onnx":
        print(f"Put it on the Hugging Face Hub with: hf upload YOU/{run.name} {options.folder}")


def bench(options: argparse.Namespace) -> None:
    """Measure the speed of this code beside the plain tutorial loop."""
    from gan.benchmark.bench import bench

    bench(device=options.device, is_json=options.json, only=options.only)


COMMANDS = {
    "train": train,
    "sample": sample,
    "translate": translate,
    "evaluate": evaluate,
    "control": control,
    "runs": runs,
    "curves": curves,
    "import": import_,
    "export": export,
    "bench": bench,
}


def _run_of(model: str, run: Any) -> Any:
    if run.config.model != model:
        raise UserError("run.other_model", run=run.name, model=run.config.model, needed=model)
    return run


def _save(image: Any, path: Path) -> None:
    """Write a Pillow image, the format by the file's ending."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)
    except (OSError, ValueError) as error:
        raise UserError("pictures.unwritten", path=path, why=reason(error)) from error
    print(f"{path}: {image.width}x{image.height}")
