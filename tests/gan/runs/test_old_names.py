"""Settings had other names before they had the field's: run folders, scripts and requests with those go on working."""

import json
from dataclasses import fields

import pytest
import torch

from demo.jobs.presets import settings_of
from gan.__main__ import main
from gan.cli.arguments import given, parser
from gan.cli.commands import COMMANDS
from gan.config import CONFIGS, OLD_NAMES, DCGANConfig, RuntimeSettings, make
from gan.core import checkpoint
from gan.core.trainer import train
from gan.errors import UserError
from gan.paths import SHIPPED_RUNS
from gan.runs import journal
from gan.runs.run import Run
from tests.gan.data.test_datasets import pictures

NOW = {f.name for config in (*CONFIGS.values(), RuntimeSettings) for f in fields(config)}
OLD = {new: old for old, new in OLD_NAMES.items()}


def with_old_names(values):
    return {OLD.get(name, name): value for name, value in values.items()}


def test_every_old_name_leads_to_a_setting_and_is_none_itself():
    assert set(OLD_NAMES.values()) <= NOW
    assert not NOW & set(OLD_NAMES)
    assert len(OLD) == len(OLD_NAMES)


@pytest.mark.parametrize("model", CONFIGS)
def test_a_run_json_of_before_says_the_same(model):
    config = CONFIGS[model]()
    told = with_old_names(config.as_dict())
    assert told.keys() != config.as_dict().keys()
    assert CONFIGS[model].of_record(told) == config


def test_the_shipped_runs_have_old_names_and_are_read():
    seen = set()
    for file in SHIPPED_RUNS.glob("*/run.json"):
        recorded = json.loads(file.read_text(encoding="utf-8"))["config"]
        config = Run(file.parent).config
        seen |= recorded.keys() & OLD_NAMES.keys()
        for name, value in recorded.items():
            assert getattr(config, OLD_NAMES.get(name, name)) == value, (file, name)
    assert {"width", "up", "fall", "flip", "rounds_d", "pool", "cycle"} <= seen


def typed(*words):
    return given(parser(COMMANDS).parse_args(["train", *words]))


def test_the_command_line_takes_both():
    assert typed("dcgan", "--width", "8", "--fall", "0.5", "--no-flip") == {"ngf": 8, "lr_decay": 0.5, "hflip": False}
    assert typed("dcgan", "--ngf", "8", "--lr-decay", "0.5", "--no-hflip") == typed(
        "dcgan", "--width", "8", "--fall", "0.5", "--no-flip"
    )
    assert typed("cyclegan", "--change", "--layers-d", "2", "--hold-d-after", "9") == {
        **{"residual": True, "n_layers_d": 2, "freeze_d_after": 9},
    }


def test_settings_given_by_name_take_both():
    for names in ({"width": 8, "up": "nearest"}, {"ngf": 8, "upsample": "nearest"}):
        assert make("dcgan", names) == DCGANConfig(ngf=8, upsample="nearest")
        config = settings_of("dcgan", "mnist", 1, **names)
        assert (config.ngf, config.upsample) == (8, "nearest")
    with pytest.raises(UserError, match="'ndf'"):
        make("dcgan", {"width_d": 8})  # the other model's, by whichever name


def test_what_was_asked_and_told_by_old_names_counts(own_runs):
    settings = RuntimeSettings(rate_g=0.1, rate_d=0.1)
    assert settings.change({"hold_d": True, "rounds_d": 3}) == {"freeze_d": True, "n_critic": 3}
    assert settings.freeze_d
    assert settings.n_critic == 3
    run = Run.create("old", DCGANConfig(), own_runs)
    run.log({"step": 5, "seconds": 1.0, "event": "control", "hold_d": True, "rounds_d": 2})
    run.log({"step": 6, "seconds": 1.0, "event": "evaluation", "a": {}, "cycle": 0.5, "change": 1})
    assert journal.events(run.folder) == [
        {"step": 5, "seconds": 1.0, "event": "control", "freeze_d": True, "n_critic": 2},
        {"step": 6, "seconds": 1.0, "event": "evaluation", "a": {}, "cycle": 0.5, "change": 1},  # a measurement's names
    ]


def test_a_run_of_before_is_gone_on_with_as_if_it_were_of_today(own_runs, tmp_path):
    """Its run.json, its journal and its checkpoint have the old names; the weights at the end are the same."""
    pictures(tmp_path, 8)
    small = {"size": 16, "ngf": 4, "latent": 8, "batch": 4, "samples": 2, "precision": "fp32", "log_every": 1}
    config = DCGANConfig(data=str(tmp_path), steps=4, freeze_d_after=2, seed=3, upsample="nearest", **small)
    ends = []
    for name in ("today", "before"):
        run = Run.create(name, config, own_runs)
        for record in train(run, device="cpu"):
            if record["step"] == 3 and "event" not in record:
                run.control("stop")
        if name == "before":
            run.set_info(config=with_old_names(run.info["config"]))
            path = run.folder / "journal.jsonl"
            path.write_text(path.read_text().replace('"freeze_d"', '"hold_d"'))
            assert '"hold_d"' in path.read_text()
            saved = torch.load(run.folder / "resume.pt", weights_only=True)
            saved["conduct"] = with_old_names(saved["conduct"])
            assert saved["conduct"]["hold_d"] is True
            torch.save(saved, run.folder / "resume.pt")
        assert main(["train", "--resume", str(run.folder), "--steps", "6", "--rounds-d", "2"]) == 0
        assert run.info["status"] == "finished"
        ends.append((run.config, checkpoint.load_resume(run), journal.events(run.folder)[-1]))
    (config, state, event), (config_before, state_before, event_before) = ends
    assert config == config_before
    assert state["conduct"] == state_before["conduct"]
    assert event.keys() == event_before.keys()
    for side in ("generators", "discriminators"):
        for name, value in state["duel"][side].items():
            assert torch.equal(value, state_before["duel"][side][name]), name
