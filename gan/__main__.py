"""The command line: `python -m gan --help`.

Every command prints errors as one sentence and exits with 2. Ctrl-C during a training saves the run.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

from gan import __version__
from gan.config import MOST_STEPS
from gan.errors import UserError


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options) or 0
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


# The commands


def train(options: argparse.Namespace) -> int:
    """Start a run, or go on with one, and show how it goes."""
    from gan.models import MODELS
    from gan.run import Run
    from gan.training import is_first, start_processes

    if options.resume:
        if options.model:
            raise UserError("Give either a model to train or --resume RUN, not both.")
        run = Run.open(options.resume)
        _prolong(run, options)
    elif not options.model:
        raise UserError("Say what to train: 'train dcgan', 'train cyclegan', or 'train --resume RUN'.")
    end = start_processes()
    try:
        if not options.resume:
            config_class = MODELS[options.model].config_class
            names = {f.name for f in fields(config_class)}
            given = {k: v for k, v in vars(options).items() if k in names and v is not None}
            if options.minutes:  # then the clock alone ends it, unless steps were asked for as well
                given.setdefault("steps", MOST_STEPS)
            config = config_class(**given)
            name = options.run or _fresh_name(config.data)
            _make_sure(config, options)
            run = Run.create(name, config) if is_first() else Run.expect(name)
        return _train(run, options)
    finally:
        end()


def _train(run: Any, options: argparse.Namespace) -> int:
    """The progress bar round `training.train`."""
    from tqdm import tqdm

    from gan.training import is_first, train

    config, go_on = run.config, f"Go on with: python -m gan train --resume {run.name}"
    if is_first():
        print(f"{run.name}: {config.model} on {config.data}, in {run.folder}")
    total = round(60 * config.minutes) if config.minutes else config.steps
    bar = tqdm(total=total, unit="s" if config.minutes else "step", disable=not is_first(), dynamic_ncols=True)
    records = train(run, device=options.device, data_root=options.data_root, seconds=options.seconds)
    try:
        with bar:
            for record in records:
                now = record["seconds"] if config.minutes else record["step"]
                bar.update(min(round(now), total) - bar.n)
                if event := record.get("event"):
                    bar.write(f"step {record['step']}: {event}")
                else:
                    shown = {name: f"{record[name]:.3f}" for name in ("loss_g", "loss_d", "d_real", "d_fake")}
                    bar.set_postfix(step=record["step"], **shown, refresh=False)
    except KeyboardInterrupt:
        records.close()
        print(f"\nSaved at step {run.info['step']}. {go_on}")
        return 130
    if is_first():
        info = run.info
        note = f" {info['note']}" if info.get("note") else ""
        print(f"{info['status']} after {info['step']} steps, {info['seconds']:.0f} s.{note}")
        if info["status"] != "finished":
            print(go_on)
    return 0


def _prolong(run: Any, options: argparse.Namespace) -> None:
    """`--resume RUN --steps N` or `--minutes M` move a run's end; its other settings stay what they were."""
    settings = {k: v for k in ("steps", "minutes") if (v := getattr(options, k)) is not None}
    if settings:
        config = run.config
        run.set_info(config=type(config).from_dict(config.as_dict() | settings).as_dict())


def _make_sure(config: Any, options: argparse.Namespace) -> None:
    """Download what is asked for by name, once, where that was allowed; refuse what is not there."""
    from gan.catalog import require
    from gan.data import load, load_pair
    from gan.training import is_first

    if not options.download:
        require(config.data, options.data_root, pair=config.model == "cyclegan")
    elif is_first():
        fetch = {"dcgan": load, "cyclegan": load_pair}[config.model]
        fetch(config.data, config.size, root=options.data_root, progress=_bar(), download=True)


def _fresh_name(data: str) -> str:
    return f"{Path(data.split(',')[0]).name}-{time.strftime('%Y%m%d-%H%M%S')}"


def sample(options: argparse.Namespace) -> None:
    """Generate pictures from noise."""
    import torch

    from gan.latent import noise
    from gan.pictures import grid
    from gan.run import Run

    run = _run_of("dcgan", Run.open(options.run))
    generators, _ = run.networks()
    with torch.inference_mode():
        images = generators["g"](noise(options.count, run.config.latent, options.seed))
    _save(grid(images), options.out)


def translate(options: argparse.Namespace) -> None:
    """Translate a picture, or all pictures of a folder."""
    from gan.run import Run
    from gan.translation import translate_path

    run = _run_of("cyclegan", Run.open(options.run))
    done = translate_path(run, options.input, options.output, options.direction, progress=_bar())
    print(f"{len(done)} picture{'s' if len(done) != 1 else ''} written to {options.output}")


def evaluate(options: argparse.Namespace) -> None:
    """Measure a run."""
    from gan import evaluation
    from gan.run import Run

    run = Run.open(options.run)
    measure = {"dcgan": evaluation.evaluate_dcgan, "cyclegan": evaluation.evaluate_cyclegan}[run.config.model]
    count = {"count": options.count} if options.count else {}
    result = measure(run, root=options.data_root, progress=_bar(), **count)
    if options.sheet:
        _run_of("cyclegan", run)
        _save(evaluation.contact_sheet(run, root=options.data_root), options.sheet)
    if options.record:
        run.add_event("evaluation", **{k: v for k, v in result.items() if k not in ("run", "model", "data")})
    print(json.dumps(result, indent=2) if options.json else evaluation.text_report(result))


def runs(options: argparse.Namespace) -> None:
    """List the runs."""
    from gan.run import all_runs

    rows = []
    for run in all_runs():
        info = run.info
        config = info["config"]
        row = {"name": run.name, "model": info["model"], "data": config["data"], "size": config["size"]}
        rows.append(row | {"status": run.status, "step": info["step"], "seconds": info["seconds"], "why": info["why"]})
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    if not rows:
        print("There are no runs yet. Start one with: python -m gan train dcgan --data mnist --minutes 1")
    for row in rows:
        how = f"{row['status']} at step {row['step']}, {row['seconds']:.0f} s"
        print(f"{row['name']:24} {row['model']:9} {row['data']:16} {row['size']:4} px  {how}  {row['why']}".rstrip())


def curves(options: argparse.Namespace) -> None:
    """Draw the curves of some runs side by side."""
    from gan.curves import View, draw
    from gan.run import Run
    from gan.stories import tell

    view = View(options.axis, tuple(options.panels), log=options.log)
    draw([tell(Run.open(name)) for name in options.runs], view, options.out)
    print(options.out)


def bench(options: argparse.Namespace) -> None:
    """Measure the speed of this code beside the plain tutorial loop."""
    from gan.bench import bench

    bench(device=options.device, is_json=options.json, only=options.only)


def _run_of(model: str, run: Any) -> Any:
    if run.config.model != model:
        raise UserError(f"The run '{run.name}' is a {run.config.model}; this needs a {model}.")
    return run


def _save(image: Any, path: Path) -> None:
    """Write a Pillow image, the format by the file's ending."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)
    except (OSError, ValueError) as error:
        raise UserError(f"The picture cannot be written to {path} ({error}).") from error
    print(f"{path}: {image.width}x{image.height}")


def _bar() -> Any:
    """A progress callback (what, done, of how many) that draws a bar on a terminal."""
    from tqdm import tqdm

    bars: dict[str, tqdm] = {}

    def progress(what: str, done: int, total: int | None) -> None:
        bar = bars.get(what) or bars.setdefault(what, tqdm(desc=what, total=total, leave=False, disable=None))
        bar.update(done - bar.n)

    return progress


# What they take


def _parser() -> argparse.ArgumentParser:
    from gan.curves import AXES, DEFAULT, PANELS

    parser = argparse.ArgumentParser(prog="python -m gan", description="Train, use and measure DCGAN and CycleGAN.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(command: Any, help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(command.__name__, help=help, description=help)
        sub.set_defaults(command=command)
        return sub

    _train_options(add(train, "Train a model; the run is a folder in checkpoints/ (or GAN_RUNS)."))

    sub = add(sample, "Generate a sheet of pictures from noise.")
    sub.add_argument("run", metavar="RUN", help="a DCGAN run, by name or folder")
    sub.add_argument("out", metavar="OUT.png", type=Path, help="the picture to write")
    sub.add_argument("--count", type=_count, default=64, help="how many pictures (default: 64)")
    sub.add_argument("--seed", type=_seed, default=0, help="the same seed gives the same pictures (default: 0)")

    sub = add(translate, "Translate a picture, or a folder or zip of pictures, in each picture's own size.")
    sub.add_argument("run", metavar="RUN", help="a CycleGAN run, by name or folder")
    sub.add_argument("input", metavar="IN", type=Path, help="a picture, or a folder or zip of pictures")
    sub.add_argument("output", metavar="OUT", type=Path, help="where to write it, or them")
    sub.add_argument("--direction", choices=("AtoB", "BtoA"), default="AtoB", help="(default: AtoB)")

    sub = add(evaluate, "Measure a run: Frechet distance and classes, or cycle and identity error.")
    sub.add_argument("run", metavar="RUN", help="a run, by name or folder")
    sub.add_argument("--count", type=_count, help="how many pictures to measure on")
    sub.add_argument("--sheet", metavar="OUT.png", type=Path, help="also write test pictures with their translations")
    sub.add_argument("--record", action="store_true", help="also write the result into the run's journal")
    sub.add_argument("--data-root", type=Path, metavar="DIR", help="where data sets lie (default: GAN_DATA)")
    sub.add_argument("--json", action="store_true", help="for machines")

    sub = add(runs, "List the runs and how they stand.")
    sub.add_argument("--json", action="store_true", help="for machines")

    sub = add(curves, "Draw the curves of runs side by side, each with its last samples.")
    sub.add_argument("runs", nargs="+", metavar="RUN", help="run's name, or the path of its folder")
    sub.add_argument("--out", type=Path, required=True, help="picture to write, .png or .svg")
    sub.add_argument("--axis", default="step", choices=AXES, help="along the bottom (default: step)")
    sub.add_argument("--panels", nargs="+", default=DEFAULT, choices=PANELS, help="charts (default: loss verdict)")
    sub.add_argument("--log", action="store_true", help="logarithmic scales")

    sub = add(bench, "Measure speed: this code and the plain tutorial loop, alternating, as a ratio.")
    sub.add_argument("--only", choices=("dcgan", "cyclegan", "translate", "follow"), help="one measurement only")
    sub.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    sub.add_argument("--json", action="store_true", help="for machines")
    return parser


def _train_options(sub: argparse.ArgumentParser) -> None:
    """The options of `train`: every setting of both models, described by the settings themselves."""
    from gan.cyclegan import CycleGANConfig
    from gan.dcgan import DCGANConfig

    sub.add_argument("model", nargs="?", choices=("dcgan", "cyclegan"), help="what to train")
    sub.add_argument(
        "--resume",
        metavar="RUN",
        help="go on with a run, by name or folder; --steps or --minutes move its end",
    )
    sub.add_argument(
        "--run", "--name", dest="run", metavar="NAME", help="a name for the new run (default: made from data and time)"
    )
    sub.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    sub.add_argument("--data-root", type=Path, metavar="DIR", help="where data sets lie (default: GAN_DATA)")
    sub.add_argument(
        "--download",
        action="store_true",
        help="fetch the data set from its official address if it is not here",
    )
    sub.add_argument("--seconds", type=float, help="pause after so many seconds; --resume goes on")
    models = {"dcgan": DCGANConfig, "cyclegan": CycleGANConfig}
    settings: dict[str, dict[str, Any]] = {}  # by name the fields of the models that have it
    for model, config in models.items():
        for f in fields(config):
            settings.setdefault(f.name, {})[model] = f
    for name, of in settings.items():
        only = f"{next(iter(of))} only; " if len(of) == 1 else ""
        help = _either({model: f.metadata["help"] for model, f in of.items()})
        default = _either({model: f.default for model, f in of.items()})
        text = f"{help} ({only}default {default})".replace("%", "%%")
        f = next(iter(of.values()))
        option = "--" + name.replace("_", "-")
        if f.type is bool:
            sub.add_argument(option, action=argparse.BooleanOptionalAction, default=None, help=text)
        else:
            # Choices may differ between the models: the settings check them, with a sentence.
            choices = dict.fromkeys(str(choice) for field in of.values() for choice in field.metadata["choices"])
            metavar = f"{{{','.join(choices)}}}" if choices else f.type.__name__.upper()
            sub.add_argument(option, type=f.type, default=None, help=text, metavar=metavar)


def _either(values: dict[str, Any]) -> str:
    """A value that is the same for all models, or what each of them has."""
    if len(set(values.values())) == 1:
        return str(next(iter(values.values())))
    return "; ".join(f"{model}: {value}" for model, value in values.items())


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 100_000:
        raise argparse.ArgumentTypeError("must be from 1 to 100000")
    return value


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**31:
        raise argparse.ArgumentTypeError("must be from 0 to 2147483647")
    return value


if __name__ == "__main__":
    sys.exit(main())
