"""The import of the CycleGAN authors' files, checked against their networks, written out here layer by layer."""

import pickle

import pytest
import torch
from torch import nn

from gan.core.checkpoint import load_networks
from gan.errors import UserError
from gan.export.junyanz import import_official
from gan.inference.translate import pick
from gan.runs.run import Run


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path / "runs"))


def norm(maps: int, tracked: bool = False) -> nn.Module:
    return nn.InstanceNorm2d(maps, affine=False, track_running_stats=tracked)


class ResnetBlock(nn.Module):
    def __init__(self, maps: int) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(maps, maps, 3),
            norm(maps),
            nn.ReLU(True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(maps, maps, 3),
            norm(maps),
        )

    def forward(self, x):
        return x + self.conv_block(x)


class ResnetGenerator(nn.Module):
    """`resnet_6blocks`, `resnet_9blocks`: the numbers of the layers are those of the official code."""

    def __init__(self, width: int, blocks: int, tracked: bool = False) -> None:
        super().__init__()
        down = [nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7), norm(width, tracked), nn.ReLU(True)]
        for maps in (width, 2 * width):
            down += [nn.Conv2d(maps, 2 * maps, 3, 2, 1), norm(2 * maps, tracked), nn.ReLU(True)]
        up = []
        for maps in (4 * width, 2 * width):
            up += [nn.ConvTranspose2d(maps, maps // 2, 3, 2, 1, 1), norm(maps // 2, tracked), nn.ReLU(True)]
        up += [nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh()]
        self.model = nn.Sequential(*down, *(ResnetBlock(4 * width) for _ in range(blocks)), *up)

    def forward(self, x):
        return self.model(x)


class NLayerDiscriminator(nn.Module):
    """`basic`: 70x70 patches."""

    def __init__(self, width: int) -> None:
        super().__init__()
        layers = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2, True)]
        for maps, stride in ((width, 2), (2 * width, 2), (4 * width, 1)):
            layers += [nn.Conv2d(maps, 2 * maps, 4, stride, 1), norm(2 * maps), nn.LeakyReLU(0.2, True)]
        self.model = nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, 1, 1))

    def forward(self, x):
        return self.model(x)


def official(folder, name: str, network: nn.Module, spread: float = 0.05) -> nn.Module:
    """Give a network weights that change a picture, biases too, and write its file."""
    torch.manual_seed(len(name) + sum(map(ord, name)))
    for parameter in network.parameters():
        nn.init.normal_(parameter, 0, spread)
    torch.save(network.state_dict(), folder / name)
    return network.eval()


def largest(x, y) -> float:
    return (x - y).abs().max().item()


def test_the_numbers_of_the_layers_are_those_that_the_authors_files_have():
    names = ResnetGenerator(4, 9).state_dict()
    assert {"model.1.weight", "model.4.weight", "model.7.weight", "model.10.conv_block.1.weight"} <= names.keys()
    assert {"model.18.conv_block.5.bias", "model.19.weight", "model.22.weight", "model.26.bias"} <= names.keys()


@pytest.mark.parametrize("blocks", [6, 9])
def test_both_directions_and_both_judges_say_what_the_originals_say(tmp_path, blocks):
    there, back = (
        official(tmp_path, f"latest_net_G_{side}.pth", ResnetGenerator(16, blocks)).requires_grad_(False)
        for side in "AB"
    )
    of_b, of_a = (official(tmp_path, f"latest_net_D_{side}.pth", NLayerDiscriminator(8)) for side in "AB")
    run = import_official(sorted(tmp_path.glob("*.pth")), "theirs", data="horse,zebra", size=128)
    generators, discriminators = load_networks(run)
    x = torch.rand(2, 3, 64, 72) * 2 - 1
    with torch.no_grad():
        assert largest(there(x), back(x)) > 0.1  # so that one can't stand for the other
        assert largest(generators["a2b"](x), there(x)) < 1e-5
        assert largest(generators["b2a"](x), back(x)) < 1e-5
        assert largest(of_a(x), of_b(x)) > 1e-2
        assert largest(discriminators["a"](x), of_a(x)) < 1e-5
        assert largest(discriminators["b"](x), of_b(x)) < 1e-5
    assert (run.config.ngf, run.config.blocks, run.config.ndf, run.config.size) == (16, blocks, 8, 128)
    assert run.status == "finished"
    assert not run.missing


@pytest.mark.slow
def test_the_full_width_is_the_same_function(tmp_path):
    there = official(tmp_path, "latest_net_G.pth", ResnetGenerator(64, 9), spread=0.02)
    run = import_official([tmp_path / "latest_net_G.pth"], "horses", data="horse2zebra")
    x, here = torch.rand(1, 3, 64, 64) * 2 - 1, load_networks(run)[0]["a2b"]
    with torch.no_grad():
        assert largest(here(x), there(x)) < 3e-5  # rounding, which differs from processor to processor
        assert largest(here.double()(x.double()), there.double()(x.double())) < 1e-9
    assert (run.config.ngf, run.config.blocks) == (64, 9)


def test_statistics_that_old_files_carry_are_left_out_as_the_authors_do(tmp_path):
    old = official(tmp_path, "latest_net_G_A.pth", ResnetGenerator(8, 6, tracked=True))
    new = ResnetGenerator(8, 6)
    assert any("running_mean" in name for name in old.state_dict())
    new.load_state_dict(old.state_dict(), strict=False)
    run, x = import_official([tmp_path / "latest_net_G_A.pth"], "old"), torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        assert largest(load_networks(run)[0]["a2b"](x), new(x)) < 1e-5


def test_one_direction_is_a_run_that_knows_what_it_lacks(tmp_path):
    there = official(tmp_path, "latest_net_G.pth", ResnetGenerator(8, 6))
    run = import_official([tmp_path / "latest_net_G.pth"], "one", way="BtoA")
    generators, discriminators = load_networks(run)
    assert ([*generators], [*discriminators]) == (["b2a"], [])
    assert run.missing == {"a2b", "a", "b"}
    generator, back = pick(generators, "BtoA")
    x = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        assert largest(generator(x), there(x)) < 1e-5
    assert back is None
    with pytest.raises(UserError, match="translate BtoA only"):
        pick(generators, "AtoB")


def test_names_of_a_network_on_several_gpus_are_read(tmp_path):
    network = ResnetGenerator(4, 6)
    torch.save({f"module.{name}": value for name, value in network.state_dict().items()}, tmp_path / "net_G_A.pth")
    run = import_official([tmp_path / "net_G_A.pth"], "several")
    with torch.no_grad():
        x = torch.rand(1, 3, 32, 32)
        assert largest(load_networks(run)[0]["a2b"](x), network(x)) < 1e-5


class Evil:
    def __reduce__(self):
        return print, ("executed",)


def test_what_is_no_such_network_is_refused_with_a_sentence_and_leaves_no_run(tmp_path, capsys):
    def refused(sentence: str, *names: str) -> None:
        with pytest.raises(UserError, match=sentence):
            import_official([tmp_path / name for name in names], "none")

    generator = ResnetGenerator(4, 6).state_dict()
    (tmp_path / "evil_G_A.pth").write_bytes(pickle.dumps({"model.1.weight": Evil()}))
    torch.save({"model.1.weight": Evil()}, tmp_path / "evil_G_B.pth")
    torch.save({"model.model.0.weight": torch.zeros(4, 3, 4, 4)}, tmp_path / "unet_G_A.pth")
    torch.save(generator | {"model.2.weight": torch.ones(4)}, tmp_path / "affine_G_A.pth")
    torch.save([1, 2], tmp_path / "list_G_A.pth")
    torch.save({}, tmp_path / "empty_G_A.pth")
    torch.save({k: v for k, v in generator.items() if "model.7" not in k}, tmp_path / "torn_G_A.pth")
    torch.save(generator, tmp_path / "fine_G_A.pth")
    torch.save(ResnetGenerator(8, 6).state_dict(), tmp_path / "wide_G_B.pth")
    torch.save(NLayerDiscriminator(4).state_dict(), tmp_path / "fine_D_A.pth")
    refused("no file", "nowhere_G_A.pth")
    refused("cannot be read as weights", "evil_G_A.pth")
    refused("cannot be read as weights", "evil_G_B.pth")
    refused("none of the networks .* 'model.model.0.weight'", "unet_G_A.pth")
    refused("none of the networks .* 'model.2.weight'", "affine_G_A.pth")
    refused("no state dict", "list_G_A.pth")
    refused("it is empty", "empty_G_A.pth")
    refused("laid out unlike", "torn_G_A.pth")
    refused("do not belong together: their 'ngf' is 8 and 4", "fine_G_A.pth", "wide_G_B.pth")
    refused("both the network 'a2b'", "fine_G_A.pth", "torn_G_A.pth")
    refused("at least one generator", "fine_D_A.pth")
    assert "executed" not in capsys.readouterr().out
    with pytest.raises(UserError, match="no run named"):
        Run.open("none")
