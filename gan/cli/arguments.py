"""What the commands of the command line take; what they do is in `commands.py` and `training.py`."""

import argparse
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from gan import __version__
from gan.config import CONFIGS, OLD_NAMES
from gan.lazy import lazy

curves = lazy("gan.plots.curves")
controls = lazy("gan.runs.controls")

BENCHMARKS = ("dcgan", "cyclegan", "compile", "translate", "threads", "follow")  # of gan.benchmark.bench


def parser(commands: dict[str, Callable[[argparse.Namespace], int | None]]) -> argparse.ArgumentParser:
    """The parser of all commands, given by name; the chosen one's function comes as `command`."""
    parser = argparse.ArgumentParser(prog="python -m gan", description="Train, use and measure DCGAN and CycleGAN.")
    parser.add_argument("--version", action="version", version=__version__)
    subs = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, help: str) -> argparse.ArgumentParser:
        sub = subs.add_parser(name, help=help, description=help)
        sub.set_defaults(command=commands[name])
        return sub

    _train_options(add("train", "Train a model; the run is a folder in checkpoints/ (or GAN_RUNS)."))

    sub = add("sample", "Generate a sheet of pictures from noise.")
    sub.add_argument("run", metavar="RUN", help="a DCGAN run, by name or folder")
    sub.add_argument("out", metavar="OUT.png", type=Path, help="the picture to write")
    sub.add_argument("--count", type=_count, default=64, help="how many pictures (default: 64)")
    sub.add_argument("--seed", type=_seed, default=0, help="the same seed gives the same pictures (default: 0)")

    sub = add(
        "translate",
        "Translate a picture, or a folder or zip of pictures, in each picture's own size.",
    )
    sub.add_argument("run", metavar="RUN", help="a CycleGAN run, by name or folder")
    sub.add_argument(
        "input",
        metavar="IN",
        type=Path,
        help="a picture, or a folder or zip of pictures; exit code 1 where some cannot be read",
    )
    sub.add_argument("output", metavar="OUT", type=Path, help="where to write it, or them")
    sub.add_argument("--direction", choices=("AtoB", "BtoA"), default="AtoB", help="(default: AtoB)")

    sub = add("evaluate", "Measure a run: Frechet distance and classes, or cycle and identity error.")
    sub.add_argument("run", metavar="RUN", help="a run, by name or folder")
    sub.add_argument("--count", type=_count, help="how many pictures to measure on")
    sub.add_argument("--sheet", metavar="OUT.png", type=Path, help="also write test pictures with their translations")
    sub.add_argument("--record", action="store_true", help="also write the result into the run's journal")
    sub.add_argument("--data-root", type=Path, metavar="DIR", help="where data sets lie (default: GAN_DATA)")
    sub.add_argument("--json", action="store_true", help="for machines")

    sub = add("control", "Ask something of a run that is training now, here or in the app.")
    sub.add_argument("run", metavar="RUN", help="a run, by name or folder")
    sub.add_argument("acts", nargs="+", metavar="ACT", help=f"one or more of {', '.join(controls.COMMANDS)}")

    sub = add("runs", "List the runs and how they stand.")
    sub.add_argument("--json", action="store_true", help="for machines")

    sub = add("curves", "Draw the curves of runs side by side, each with its last samples.")
    sub.add_argument("runs", nargs="+", metavar="RUN", help="run's name, or the path of its folder")
    sub.add_argument("--out", type=Path, required=True, help="picture to write, .png or .svg")
    sub.add_argument("--axis", default="step", choices=curves.AXES, help="horizontal axis (default: step)")
    sub.add_argument(
        "--panels", nargs="+", default=curves.DEFAULT, choices=curves.PANELS, help="charts (default: loss verdict)"
    )
    sub.add_argument("--log", action="store_true", help="logarithmic scales")

    sub = add("import", "Make a run of weights from elsewhere: the CycleGAN authors' files, or an exported folder.")
    sub.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        type=Path,
        help="latest_net_G_A.pth, zebra2horse.pth and the like, whose names say what they are, or a folder",
    )
    for option, what in (
        ("a2b", "generator A to B"),
        ("b2a", "generator B to A"),
        ("d-a", "discriminator of A"),
        ("d-b", "discriminator of B"),
    ):
        sub.add_argument(f"--{option}", metavar="FILE", type=Path, help=f"the {what}, whatever its name")
    sub.add_argument("--name", "--run", dest="run", required=True, metavar="NAME", help="a name for the new run")
    sub.add_argument(
        "--data",
        default="",
        help="what the two domains are, 'horse2zebra' or 'horse,zebra', for the page (default: by the files' names)",
    )
    sub.add_argument("--size", type=int, default=256, help="side of the pictures they were trained on (default: 256)")
    sub.add_argument(
        "--direction",
        choices=("AtoB", "BtoA"),
        default="",
        help="of a generator whose name says none (default: AtoB)",
    )

    sub = add("export", "Write a run as a folder for the Hugging Face Hub: model card, safetensors, ONNX.")
    sub.add_argument("run", metavar="RUN", help="a run, by name or folder")
    sub.add_argument("folder", metavar="FOLDER", type=Path, help="a new folder; or OUT.onnx for a generator alone")
    sub.add_argument("--direction", choices=("AtoB", "BtoA"), default="AtoB", help="for OUT.onnx (default: AtoB)")
    sub.add_argument("--licence", default="", help="the card's licence for the weights, 'mit' say (default: other)")
    sub.add_argument("--onnx", action=argparse.BooleanOptionalAction, default=True, help="generators as ONNX, too")

    sub = add("bench", "Measure speed: this code and the plain tutorial loop, alternating, as a ratio.")
    which = sub.add_mutually_exclusive_group()
    which.add_argument("--only", choices=BENCHMARKS, help="one measurement only")
    which.add_argument("--peer", metavar="DIR", type=Path, help="beside your copy of pytorch/examples or PyTorch-GAN")
    sub.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    sub.add_argument("--json", action="store_true", help="for machines")
    return parser


def _train_options(sub: argparse.ArgumentParser) -> None:
    """The options of `train`: every setting of both models, described by the settings themselves."""
    sub.add_argument("model", nargs="?", choices=("dcgan", "cyclegan"), help="what to train")
    sub.add_argument(
        "--resume",
        metavar="RUN",
        help="go on with a run, by name or folder. --steps N lets it end at step N and --minutes M after M minutes, "
        "each counted from the run's first step and whatever its end was before; with both, whichever comes first "
        "ends it. --rate-g, --rate-d, --n-critic, --label and --freeze-d-after may change too, nothing else",
    )
    sub.add_argument(
        "--from",
        dest="source",
        metavar="RUN",
        help="start a new run from the weights of another, a shipped one too: on pictures of your own (--data), say. "
        "Its networks stay as they are, and what is not given is as in that run",
    )
    sub.add_argument(
        *("--name", "--run"),
        dest="run",
        metavar="NAME",
        help="a name for the new run (default: made from data and time); behind torchrun only --name, since it takes "
        "--run for an option of its own",
    )
    sub.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    sub.add_argument("--data-root", type=Path, metavar="DIR", help="where data sets lie (default: GAN_DATA)")
    sub.add_argument(
        "--download",
        action="store_true",
        help="fetch the data set from its official address if it is not here",
    )
    sub.add_argument("--seconds", type=float, help="pause after so many seconds; --resume goes on")
    settings: dict[str, dict[str, Any]] = {}  # by name the fields of the models that have it
    for model, config in CONFIGS.items():
        for f in fields(config):
            settings.setdefault(f.name, {})[model] = f
    for name, of in settings.items():
        only = f"{next(iter(of))} only; " if len(of) == 1 else ""
        help = _either({model: f.metadata["help"] for model, f in of.items()})
        default = _either({model: f.default for model, f in of.items()})
        text = f"{help} ({only}default {default})".replace("%", "%%")
        f = next(iter(of.values()))
        options = [
            "--" + each.replace("_", "-") for each in (name, *(old for old in OLD_NAMES if OLD_NAMES[old] == name))
        ]
        if f.type is bool:
            sub.add_argument(*options, action=argparse.BooleanOptionalAction, default=None, help=text)
        else:
            # Choices may differ between the models: the settings check them, with a sentence.
            choices = dict.fromkeys(str(choice) for field in of.values() for choice in field.metadata["choices"])
            metavar = f"{{{','.join(choices)}}}" if choices else f.type.__name__.upper()
            sub.add_argument(*options, dest=name, type=f.type, default=None, help=text, metavar=metavar)


def given(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that were typed, of whichever model."""
    names = {f.name for config in CONFIGS.values() for f in fields(config)}
    return {name: value for name, value in vars(options).items() if name in names and value is not None}


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
