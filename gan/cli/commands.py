"""The commands of the command line, each with what was given as an `argparse.Namespace`.

What needs torch is imported where it is used: `--help` is there at once.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from gan.cli.training import train
from gan.console import complain, language
from gan.data.registry import last_names
from gan.errors import UserError, reason
from gan.lazy import lazy
from gan.plots.curves import View, draw
from gan.plots.history import tell
from gan.runs.controls import ask
from gan.runs.run import Run, all_runs
from gan.words import Words, sentence

benchmark = lazy("gan.benchmark.bench")
peers = lazy("gan.benchmark.peers")
checkpoint = lazy("gan.core.checkpoint")
latent = lazy("gan.core.latent")
download = lazy("gan.data.download")
hub = lazy("gan.export.hub")
junyanz = lazy("gan.export.junyanz")
onnx = lazy("gan.export.onnx")
gan_images = lazy("gan.images")
inference_translate = lazy("gan.inference.translate")
metrics_evaluate = lazy("gan.metrics.evaluate")
torch = lazy("torch")

PATIENCE = 30.0  # seconds that `control` waits for what was asked: a step of a large network takes some


def sample(options: argparse.Namespace) -> None:
    """Generate pictures from noise."""
    run = _run_of("dcgan", Run.open(options.run))
    generators, _ = checkpoint.load_networks(run)
    with torch.inference_mode():
        images = generators["g"](latent.noise(options.count, run.config.latent, options.seed))
    _save(gan_images.grid(images), options.out)


def translate(options: argparse.Namespace) -> int:
    """Translate a picture, or all pictures of a folder or zip; 1 where some were left out."""
    run = _run_of("cyclegan", Run.open(options.run))
    left_out: list[tuple[str, UserError]] = []
    with download.terminal_progress() as progress:
        how = {"progress": progress, "left_out": left_out}
        done = inference_translate.translate_path(run, options.input, options.output, options.direction, **how)
    print(f"{len(done)} picture{'s' if len(done) != 1 else ''} written to {options.output}")
    if left_out:
        complain(Words("translation.left_out", left=len(left_out), count=len(left_out) + len(done)))
        for name, why in left_out:
            print(f"  {name}: {why.sentence(language())}", file=sys.stderr)
    return 1 if left_out else 0


def evaluate(options: argparse.Namespace) -> None:
    """Measure a run."""
    run = Run.open(options.run)
    measure = {"dcgan": metrics_evaluate.evaluate_dcgan, "cyclegan": metrics_evaluate.evaluate_cyclegan}[
        run.config.model
    ]
    count = {"count": options.count} if options.count else {}
    with download.terminal_progress() as progress:
        result = measure(run, root=options.data_root, progress=progress, **count)
    if options.sheet:
        _run_of("cyclegan", run)
        _save(metrics_evaluate.contact_sheet(run, root=options.data_root), options.sheet)
    if options.record:
        run.add_event("evaluation", **{k: v for k, v in result.items() if k not in ("run", "model", "data")})
    result["note"] = sentence(result["note"], language())
    print(json.dumps(result, indent=2, ensure_ascii=False) if options.json else metrics_evaluate.text_report(result))


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
    nets = {"a2b": options.a2b, "b2a": options.b2a, "a": options.d_a, "b": options.d_b}
    named = {net: path for net, path in nets.items() if path}
    files = options.files
    if len(files) == 1 and files[0].is_dir() and not (files[0] / "config.json").is_file():
        files = sorted(files[0].glob("latest_net_*.pth")) or sorted(files[0].glob("*.pth")) or files
    if len(files) == 1 and files[0].is_dir():
        if named:
            raise UserError("command.folder_or_files", folder=files[0])
        run = hub.import_folder(files[0], options.run)
    else:
        how = {"data": options.data, "size": options.size, "way": options.direction, "named": named}
        run = junyanz.import_official(files, options.run, **how)
        print("\n".join(junyanz.told(run)))
    print(f"{run.name}: {run.config.model}, in {run.folder}")


def export(options: argparse.Namespace) -> None:
    """Write a run for use elsewhere."""
    run = Run.open(options.run)
    if options.folder.suffix == ".onnx":
        generators = checkpoint.load_networks(run)[0]
        network = generators["g"] if "g" in generators else inference_translate.pick(generators, options.direction)[0]
        differences = {options.folder.name: onnx.export_onnx(network, options.folder)}
    else:
        differences = hub.export_folder(run, options.folder, licence=options.licence, onnx=options.onnx)
    for name, difference in differences.items():
        print(f"{name}: differs from the network by {difference:.1g} at most")
    print(options.folder)
    if options.folder.suffix != ".onnx":
        print(f"Put it on the Hugging Face Hub with: hf upload YOU/{run.name} {options.folder}")


def bench(options: argparse.Namespace) -> None:
    """Measure the speed of this code beside the plain tutorial loop, or beside other people's scripts."""
    if options.peer:
        peers.bench(options.peer, device=options.device, is_json=options.json)
        return
    benchmark.bench(device=options.device, is_json=options.json, only=options.only)


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
