"""Settings: they round-trip, and refuse what makes no sense with a sentence."""

import subprocess
import sys
from contextlib import suppress
from dataclasses import fields

import pytest
import torch

from gan.config import CONFIGS
from gan.core.cyclegan import CycleGANConfig, Discriminator
from gan.core.dcgan import DCGANConfig
from gan.core.losses import LOSSES
from gan.errors import UserError


@pytest.mark.parametrize("config_class", [DCGANConfig, CycleGANConfig])
def test_settings_round_trip(config_class):
    config = config_class(steps=7, rate_g=1e-3, seed=5)
    assert config_class.from_dict(config.as_dict()) == config


@pytest.mark.parametrize(
    ("config_class", "values", "words"),
    [
        (DCGANConfig, {"size": 48}, ["size", "48", "64"]),
        (DCGANConfig, {"size": 30}, ["size", "30", "multiple of 4"]),
        (DCGANConfig, {"upsample": "magic"}, ["upsample", "magic", "transposed", "unpool"]),
        (DCGANConfig, {"rate_g": float("nan")}, ["rate_g", "nan"]),
        (DCGANConfig, {"batch": 0}, ["batch", "0", "at least 1"]),
        (DCGANConfig, {"batch": "many"}, ["batch", "many", "int"]),
        (DCGANConfig, {"batch": True}, ["batch", "True"]),
        (DCGANConfig, {"hflip": 1}, ["hflip", "bool"]),
        (CycleGANConfig, {"size": 66}, ["size", "66"]),
        (CycleGANConfig, {"size": 64, "crop": 96}, ["crop", "96", "64"]),
        (CycleGANConfig, {"size": 64, "crop_scale": 2.0}, ["crop_scale", "64"]),
        (CycleGANConfig, {"size": 64, "crop": 64, "crop_scale": 2.0}, ["crop_scale", "64"]),
        (CycleGANConfig, {"size": 16}, ["n_layers_d", "16", "24"]),
        (CycleGANConfig, {"size": 64, "crop": 44, "n_layers_d": 4}, ["n_layers_d", "44", "48"]),
        (CycleGANConfig, {"blocks": 99}, ["blocks", "99", "12"]),
    ],
)
def test_an_impossible_setting_is_refused_by_name_value_and_what_is_allowed(config_class, values, words):
    with pytest.raises(UserError) as refusal:
        config_class(**values)
    for word in words:
        assert word in str(refusal.value)


@pytest.mark.parametrize("scales", [1, 2])
@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_the_smallest_pictures_that_are_taken_leave_the_discriminator_a_verdict(layers: int, scales: int):
    sizes = []
    for size in range(16, 100, 4):
        with suppress(UserError):
            sizes.append(CycleGANConfig(size=size, n_layers_d=layers, scales_d=scales, ndf=4))
    assert sizes[-1].size == 96
    network = Discriminator(sizes[0], is_coarse=scales > 1)
    assert network(torch.zeros(1, 3, sizes[0].size, sizes[0].size)).numel() >= 1


def test_an_unknown_setting_is_refused_by_name():
    with pytest.raises(UserError, match=r"colour.*batch"):
        DCGANConfig.from_dict({"colour": 3})


def test_the_settings_name_every_loss_and_need_no_torch():
    choices = {f.name: f.metadata["choices"] for f in fields(DCGANConfig)}
    assert choices["loss"] == tuple(LOSSES)
    assert set(CONFIGS) == {"dcgan", "cyclegan"}
    code = "import sys, gan.config; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
