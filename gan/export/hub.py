"""Runs for use elsewhere: a folder for the Hugging Face Hub, which can be read back."""

import json
import os
import shutil
from pathlib import Path

from gan.config import CONFIGS, Config
from gan.core.checkpoint import load_networks
from gan.data.registry import PAIRS, SETS, data_root, last_names
from gan.errors import UserError, reason
from gan.export.onnx import export_onnx
from gan.paths import ROOT
from gan.runs.run import Run
from gan.words import mapped, sentence

# A folder for the Hub, and back


def export_folder(run: Run, folder: Path, *, licence: str = "", onnx: bool = True) -> dict[str, float]:
    """Write what `huggingface_hub` can upload: a model card, `config.json`, safetensors, and networks as ONNX.

    Returns for each ONNX file how far its output lies from the network's. `licence` is the identifier that the card
    names for the weights ("mit", "cc-by-4.0"); without one it is "other", with what the data asks for in words. Raises
    `UserError` where the folder holds anything already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError("exchange.not_empty", folder=folder)
    generators, discriminators = load_networks(run)
    info = run.info
    kept = ("name", "model", "config", "step", "seconds", "created", "version", "pictures", "note", "seen", "missing")
    config = {name: info[name] for name in kept if name in info}
    config["config"] = info["config"] | {"data": _public(info["config"]["data"])}
    if "note" in config:
        config["note"] = mapped(config["note"], lambda text: _placeless(text, run))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    shutil.copyfile(run.folder / "weights.safetensors", folder / "model.safetensors")
    samples = run.samples()
    if samples:
        shutil.copyfile(samples[-1][1], folder / "samples.webp")
    differences = {}
    written = dict(generators.items()) | (dict(discriminators.items()) if run.config.model == "dcgan" else {})
    for name, network in written.items() if onnx else ():
        differences[f"{name}.onnx"] = export_onnx(network, folder / f"{name}.onnx")
    weights = {
        net: sum(p.numel() for p in both[net].parameters()) for both in (generators, discriminators) for net in both
    }
    card = _placeless(_card(run, licence, weights, bool(samples), [*differences]), run)
    (folder / "README.md").write_text(card, encoding="utf-8")
    return differences


def import_folder(folder: Path, name: str) -> Run:
    """Make a run of a folder that `export_folder` wrote. Raises `UserError` where it is none."""
    try:
        told = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        config = CONFIGS[told["model"]].of_record(told["config"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError("exchange.no_config", folder=folder, why=reason(error)) from None
    if not (folder / "model.safetensors").is_file():
        raise UserError("exchange.no_weights", folder=folder)
    run = Run.create(name, config)
    try:
        shutil.copyfile(folder / "model.safetensors", run.folder / "weights.safetensors")
        if (folder / "samples.webp").is_file():
            (run.folder / "samples").mkdir()
            shutil.copyfile(folder / "samples.webp", run.folder / "samples" / f"{int(told.get('step', 0)):06d}.webp")
        kept = {key: told[key] for key in ("step", "seconds", "pictures", "note", "seen", "missing") if key in told}
        run.set_info(**kept, status="finished")
        load_networks(run)
    except (UserError, RuntimeError, ValueError, TypeError) as error:
        shutil.rmtree(run.folder)
        raise UserError("exchange.other_weights", folder=folder, why=reason(error)) from None
    return run


# The model card


def _public(data: str) -> str:
    """The data's name without its place on this machine."""
    return ",".join(last_names(data))


def _placeless(text: str, run: Run) -> str:
    """A text that names folders by their names alone, not by where they lie on this machine."""
    data = run.info["config"]["data"]
    for part in (data, *data.split(",")):  # one folder, whatever its name, or two
        path = Path(part.strip())
        for place in {str(path.expanduser().resolve()), str(path)} - {path.name}:
            text = text.replace(place, path.name)
    for root in (Path.cwd(), ROOT, Path.home(), *filter(None, [data_root(None)])):
        if root != Path(root.anchor):
            text = text.replace(f"{root}{os.sep}", "")
    return text


def _card(run: Run, licence: str, weights: dict[str, int], has_samples: bool, onnx: list[str]) -> str:
    """`README.md` as the Hub reads it: front matter, what it is, on what it was trained, and what was measured."""
    from huggingface_hub import ModelCardData  # not needed to train

    info, config = run.info, run.config
    data = _public(config.data)
    record = SETS.get(data) or PAIRS.get(data)
    title = record.title if record else f"Pictures of {data.replace(',', ' and ')}"
    terms = record.licence if record else "The licence of these pictures is for whoever trained on them to say."
    task = {"cyclegan": "image-to-image", "dcgan": "unconditional-image-generation"}[config.model]
    model = {"cyclegan": "CycleGAN", "dcgan": "DCGAN"}[config.model]
    front = ModelCardData(
        license=licence or "other",
        license_name=None if licence else "see-data",
        library_name="pytorch",
        pipeline_tag=task,
        tags=["gan", config.model],
    )
    lines = [
        "---",
        front.to_yaml(),
        "---",
        "",
        f"# {run.name}",
        "",
        f"A {model} for pictures of {config.size}x{config.size}, trained with Spear & Shield.",
        *(["", "![What it made of the same inputs at its last step](samples.webp)"] if has_samples else []),
        "",
        "## Training",
        "",
        f"- Data: {title}. {terms}",
        f"- {info['step']:,} training steps of {config.batch} pictures, {info['seconds'] / 60:.0f} minutes.",
        *([f"- {sentence(info['note'], 'en')}"] if info.get("note") else []),
        "- Weights: " + ", ".join(f"`{net}` {count:,}" for net, count in weights.items()) + ".",
        "- Every setting is in `config.json`.",
        "",
        *_measured(run),
        "## Use",
        "",
        f"`python -m gan import FOLDER --run {run.name}` makes a run of this folder in Spear & Shield.",
    ]
    if onnx:
        if config.model == "cyclegan":
            call = f"x = ...  # float32 [N, {config.channels}, H, W] in [-1, 1], H and W multiples of 4"
        else:
            call = f"x = numpy.random.randn(16, {config.latent}).astype('float32')"
        lines += [
            "",
            "```python",
            "import numpy, onnxruntime",
            "",
            f'session = onnxruntime.InferenceSession("{onnx[0]}")',
        ]
        lines += [call, f"pictures, = session.run(None, {{{_input(config)!r}: x}})  # in [-1, 1]", "```"]
    return "\n".join(lines) + "\n"


def _input(config: Config) -> str:
    return "picture" if config.model == "cyclegan" else "latent"


def _measured(run: Run) -> list[str]:
    """The last evaluation of the journal, in words."""
    from gan.metrics.evaluate import text_report

    found = [record for record in run.journal() if record.get("event") == "evaluation"]
    if not found:
        return []
    config = run.config
    report = text_report({"run": run.name, "model": config.model, "data": _public(config.data)} | found[-1])
    return ["## Figures", "", "```", report, "```", ""]
