"""A training with compiled networks: the same steps, whatever else is set, and a sentence where nothing can compile."""

from dataclasses import replace

import pytest
import torch

from gan.config import DCGANConfig
from gan.core import trainer
from gan.core.trainer import train
from gan.device import compile_networks, has_compiler
from gan.errors import UserError
from gan.runs.run import Run

SMALL = {"ngf": 4, "batch": 4, "log_every": 1, "samples": 2, "precision": "fp32"}
DIGITS = DCGANConfig(**SMALL, size=16, latent=8, steps=6, r1=1.0, r2=0.5, penalty_every=2, n_critic=2, data="mnist")


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path / "runs"))


def records(name: str, config: DCGANConfig) -> list[dict]:
    run = Run.create(name, config)
    return [line for line in train(run, device="cpu") if "event" not in line]


@pytest.mark.slow
@pytest.mark.skipif(not has_compiler(torch.device("cpu")), reason="no C++ compiler")
def test_compiled_networks_take_the_same_steps_and_go_on_without_a_compiler(monkeypatch):
    plain = records("plain", DIGITS)
    called = []
    usual = torch.nn.Module.compile
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self, *a, **k: called.append(self) or usual(self, *a, **k))
    compiled = records("compiled", replace(DIGITS, compile=True))
    assert len(called) == 2  # G and D
    assert len(plain) == len(compiled) == DIGITS.steps
    for one, other in zip(plain, compiled, strict=True):
        measured = {key for key in one if key.startswith(("loss", "d_", "grad"))}
        assert {key: other[key] for key in measured} == pytest.approx({key: one[key] for key in measured}, rel=2e-3)
    monkeypatch.setattr("gan.device.shutil.which", lambda name: None)
    more = {"steps": DIGITS.steps + 1, "compile": False}
    assert len([line for line in train(Run.open("compiled"), device="cpu", settings=more) if "event" not in line]) == 1


def test_without_a_compiler_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr("gan.device.shutil.which", lambda name: None)
    with pytest.raises(UserError, match="compiler"):
        compile_networks(torch.device("cpu"))
    monkeypatch.setattr("gan.device.find_spec", lambda name: None)
    with pytest.raises(UserError, match="triton"):
        compile_networks(torch.device("cuda"))
    called = []
    monkeypatch.setattr(trainer, "compile_networks", lambda *_: called.append("compile"))
    records("usual", DCGANConfig(**SMALL, size=16, latent=8, steps=1, data="mnist"))
    assert not called
