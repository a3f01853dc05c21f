"""What computes a generator: all runtimes say the same, and a network that has changed is not answered from memory."""

import gc

import onnxruntime
import pytest
import torch
from PIL import Image
from torch import nn

from gan.config import CycleGANConfig
from gan.core.cyclegan import CycleGAN
from gan.inference import runtimes
from gan.inference.runtimes import fast
from gan.inference.translate import translate_through
from gan.lazy import lazy
from tests.gan.export.test_onnx import lively


@pytest.fixture
def network():
    return lively(CycleGAN.networks(CycleGANConfig(ngf=8, ndf=8, blocks=1, residual=True))[0]["a2b"])


@pytest.fixture
def x():
    return torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.fixture
def made(monkeypatch):
    """The sessions that are made."""
    sessions, make = [], onnxruntime.InferenceSession
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *a, **k: sessions.append(1) or make(*a, **k))
    return sessions


@torch.no_grad()
def test_every_runtime_gives_the_networks_pictures(network, x):
    expected, found = network(x), runtimes.runtimes(network)
    assert {"fp32", "onnxruntime"} <= set(found) <= {"fp32", "bf16", "onnxruntime"}
    for name, way in found.items():
        torch.testing.assert_close(way(x), expected, rtol=0, atol=0.1 if name == "bf16" else 1e-4)
    torch.testing.assert_close(runtimes.in_bf16(network)(x), expected, rtol=0, atol=0.1)


@torch.no_grad()
def test_a_session_is_made_once_and_anew_where_weights_have_changed(network, x, made):
    first = fast(network)(x)
    assert torch.equal(fast(network)(x), first)
    assert len(made) == 1
    network.stages[-1].weight.mul_(2)
    torch.testing.assert_close(fast(network)(x), network(x), rtol=0, atol=1e-4)
    assert len(made) == 2
    network.load_state_dict({name: torch.zeros_like(value) for name, value in network.state_dict().items()})
    assert torch.equal(fast(network)(x), x)  # of a residual generator


def test_a_session_ends_with_its_network(x):
    networks = CycleGAN.networks(CycleGANConfig(ngf=4, ndf=4, blocks=1))[0]
    gc.collect()
    before = len(runtimes._sessions)
    fast(networks["a2b"])(x)
    assert len(runtimes._sessions) == before + 1
    del networks
    gc.collect()
    assert len(runtimes._sessions) == before


@torch.no_grad()
def test_a_picture_is_translated_by_it_there_and_back(network, made):
    translate_through([network, network], Image.new("RGB", (40, 32), "red"), size=32)
    assert len(made) == 1


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
def test_without_the_packages_the_network_itself_answers(network, monkeypatch, missing):
    place = {"onnx": "gan.export.onnx.onnx", "onnxruntime": "gan.inference.runtimes.onnxruntime"}[missing]
    monkeypatch.setattr(place, lazy("there_is_no_such_package"))
    assert fast(network) is network


def test_what_is_no_network_of_this_project_stays_as_it_is():
    assert fast(abs) is abs
    other = nn.Conv2d(3, 3, 1)
    assert fast(other) is other


def test_a_hook_is_called(network, x):
    seen = []
    hook = network.stages[0].register_forward_hook(lambda *_: seen.append(1))
    fast(network)(x)
    assert seen == [1]
    hook.remove()
    assert fast(network) is not network
