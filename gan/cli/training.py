"""The command `train`: start a run, or go on with one, and show how it goes."""

import argparse
import math
import re
import shutil
import time
from typing import Any

from gan.cli import fine_tuning
from gan.cli.arguments import given
from gan.config import MOST_STEPS, Config, make
from gan.console import complain, language
from gan.data.registry import last_names, require
from gan.errors import UserError, cause
from gan.lazy import lazy
from gan.runs.resume import plan
from gan.runs.run import Run, runs_root
from gan.words import Words, sentence

checkpoint = lazy("gan.core.checkpoint")
trainer = lazy("gan.core.trainer")
datasets = lazy("gan.data.datasets")
download = lazy("gan.data.download")
prepare = lazy("gan.data.prepare")
device = lazy("gan.device")
during_training = lazy("gan.metrics.during_training")
tqdm = lazy("tqdm")


def train(options: argparse.Namespace) -> int:
    """Start a run, or go on with one, and show how it goes."""
    source = Run.open(options.source) if options.source else None
    if options.resume:
        if options.model or source:
            raise UserError("command.model_or_resume")
        if options.run:
            raise UserError("command.name_is_kept", run=options.resume)
        run = Run.open(options.resume)
    elif not options.model and not options.source:
        raise UserError("command.no_model")
    device.pick_device(options.device)  # refused before there is anything
    end = device.start_processes()
    try:
        asked = given(options)
        if options.resume:
            if options.download:
                _make_sure(run.config, options)
        else:
            config = _settings(options, asked, source)
            name = options.run or _fresh_name(config.data)
            _make_sure(config, options)
            run = _create(name, config, options, source) if device.is_first() else Run.expect(name)
            device.wait_for_all()  # until its folder is whole
        return _train(run, options, asked if options.resume else {})
    except UserError as error:
        if options.resume and run.info["status"] == "starting":  # the app waits for a word
            run.set_info(status="failed", why=cause(error))
        raise
    finally:
        end()


def _train(run: Any, options: argparse.Namespace, asked: dict[str, Any]) -> int:
    """The progress bar round `trainer.train`; `asked` are the settings that change as the run goes on."""
    go_on, config = (
        f"Go on with: python -m gan train --resume {run.name}",
        plan(run, checkpoint.reached(run), asked).config,
    )
    if device.is_first():
        print(f"{run.name}: {config.model} on {config.data}, in {run.folder}")
    total, unit = _whole(config)
    form = "{l_bar}{bar}| {n_fmt}/{total_fmt} {unit} [{elapsed}{postfix}]"
    bar = tqdm.tqdm(total=total, unit=unit, disable=not device.is_first(), dynamic_ncols=True, bar_format=form)
    how = {"device": options.device, "data_root": options.data_root, "seconds": options.seconds}
    records, trained = trainer.train(run, **how, settings=asked, gauge=during_training.gauge), False
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
            if device.is_first() and run.info["status"] == "finished":  # not every step is a record
                bar.update(total - bar.n)
    except KeyboardInterrupt:
        records.close()
        print(f"\nSaved at step {run.info['step']}. {go_on}")
        return 130
    if device.is_first():
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


def _settings(options: argparse.Namespace, asked: dict[str, Any], source: Run | None) -> Config:
    """The settings of a new run, of `source` where it starts from one."""
    if source:
        if options.model not in (None, source.config.model):
            raise UserError("fine_tuning.model", run=source.name, model=source.config.model, asked=options.model)
        return fine_tuning.settings(source, asked)
    if options.minutes:  # then the clock alone ends it, unless steps were asked for as well
        asked.setdefault("steps", MOST_STEPS)
    return make(options.model, asked)


def _create(name: str, config: Config, options: argparse.Namespace, source: Run | None) -> Run:
    """A new run whose data can be found from anywhere; says what a person should know of that data."""
    choose = options.channels is None and source is None
    ready, run = prepare.prepare(config, runs_root(), name, options.data_root, choose_channels=choose), None
    try:
        run = Run.create(name, ready.config)
        if source:
            fine_tuning.begin(run, source, device.pick_device(options.device))
    except BaseException:
        ready.discard()
        if run:
            shutil.rmtree(run.folder, ignore_errors=True)
        raise
    ready.keep(run.folder)
    if ready.colours:
        print(ready.colours)
    for advice in ready.advice:
        complain(Words("console.warning", sentence=advice))
    return run


def _make_sure(config: Any, options: argparse.Namespace) -> None:
    """Download what is asked for by name, once, where that was allowed; refuse what is not there."""
    if prepare.is_zip(config.data):
        return
    if not options.download:
        require(config.data, options.data_root, pair=config.model == "cyclegan")
    elif device.is_first():
        fetch = {"dcgan": datasets.load, "cyclegan": datasets.load_pair}[config.model]
        with download.terminal_progress() as progress:
            fetch(config.data, config.size, root=options.data_root, progress=progress, download=True)


def _fresh_name(data: str) -> str:
    stem = re.sub(r"[^\w.-]+", "-", last_names(data)[0].removesuffix(".zip")).strip(".-")[:40]
    return f"{stem or 'run'}-{time.strftime('%Y%m%d-%H%M%S')}"
