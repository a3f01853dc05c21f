"""The optimiser is torch's Adam, without the compiler that torch's imports."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from gan.optim import Adam


def learned(optimiser: type[torch.optim.Optimizer], fused: bool) -> list[torch.Tensor]:
    """The weights of a small network after some steps, its optimiser saved and loaded halfway."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
    made = optimiser(network.parameters(), lr=0.01, betas=(0.5, 0.999), fused=fused)
    for step in range(6):
        if step == 3:
            state = made.state_dict()
            made = optimiser(network.parameters(), lr=0.5, betas=(0.1, 0.2), fused=fused)
            made.load_state_dict(state)
        made.zero_grad(set_to_none=True)
        network(torch.randn(8, 3)).square().mean().backward()
        made.step()
    return [*network.parameters()]


@pytest.mark.parametrize("fused", [True, False])
def test_it_learns_bit_for_bit_as_torchs(fused):
    ours, theirs = learned(Adam, fused), learned(torch.optim.Adam, fused)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.slow
def test_a_training_does_not_import_the_compiler(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    code = (
        "import sys; from gan.__main__ import main\n"
        "settings = '--data mnist --size 16 --ngf 4 --batch 4 --latent 8 --steps 3 --device cpu'\n"
        "assert main(['train', 'dcgan', *settings.split()]) == 0\n"
        "assert 'torch' in sys.modules and 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).resolve().parents[2], check=True)
