"""Which network an imported file becomes, and which files are refused because they would give other pictures here."""

import pytest
import torch
from torch import nn

from gan.__main__ import main
from gan.core.checkpoint import load_networks
from gan.errors import UserError
from gan.export.junyanz import import_official
from gan.runs.run import Run
from gan.words import sentence
from tests.gan.export.test_junyanz import NLayerDiscriminator, ResnetGenerator, largest


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_RUNS", str(tmp_path / "runs"))


@pytest.fixture
def file(tmp_path):
    """`file("latest_net_G_A.pth")`: a generator's file of that name, with weights of its own that change pictures."""
    made = []

    def write(name, network=None):
        torch.manual_seed(len(made))
        made.append(network or ResnetGenerator(4, 2))
        for parameter in made[-1].parameters():
            nn.init.normal_(parameter, 0, 0.05)
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        torch.save(made[-1].eval().state_dict(), path)
        return path

    write.made = made
    return write


@pytest.mark.parametrize(
    ("name", "data", "net"),
    [
        ("latest_net_G_A.pth", "", "a2b"),
        ("latest_net_G_B.pth", "", "b2a"),
        ("latest_net_G_B (1).pth", "", "b2a"),
        ("latest_net_G_B-copy.pth", "", "b2a"),
        ("200_net_G_B_old.pth", "", "b2a"),
        ("latest_netG_B.pth", "", "b2a"),
        ("netG_B2A.pth", "", "b2a"),
        ("netG_A2B.pth", "", "a2b"),
        ("generator_BtoA.pth", "", "b2a"),
        ("zebra2horse.pth", "horse2zebra", "b2a"),
        ("zebra2horse.pth", "", "b2a"),
        ("Zebra2Horse_final.pth", "horse,zebra", "b2a"),
        ("horse2zebra.pth", "", "a2b"),
        ("cat2dog.pth", "", "a2b"),
        ("cat2dog.pth", "dog,cat", "b2a"),
        ("zebra2horse_pretrained/latest_net_G.pth", "horse2zebra", "b2a"),
        ("zebra2horse_pretrained/latest_net_G.pth", "", "b2a"),
        ("zebra2horse/latest_net_G_A.pth", "horse2zebra", "a2b"),  # its own name first
        ("latest_net_G.pth", "", "a2b"),
        ("model.pth", "", "a2b"),
    ],
)
def test_any_part_of_the_name_says_which_way_a_generator_goes(file, capsys, name, data, net):
    more = ["--data", data] if data else []
    assert main(["import", str(file(name)), "--name", "theirs", *more]) == 0
    run = Run.open("theirs")
    assert [*load_networks(run)[0]] == [net]
    base = name.rpartition("/")[2]
    assert run.info["made_of"] == {net: base}
    way = {"a2b": "A to B", "b2a": "B to A"}[net]
    assert f"{base}: the generator {way}" in capsys.readouterr().out
    assert f"{base} ({way})" in sentence(run.info["note"], "en")


def test_the_names_of_the_piles_come_from_the_files(file, capsys):
    assert main(["import", str(file("dog2cat.pth")), str(file("cat2dog.pth")), "--name", "theirs"]) == 0
    told = capsys.readouterr().out
    assert "dog2cat.pth: the generator A to B (dog to cat)" in told
    assert "cat2dog.pth: the generator B to A (cat to dog)" in told
    assert Run.open("theirs").config.data == "dog,cat"
    assert import_official([file("zebra2horse.pth")], "zebras").config.data == "horse2zebra"
    assert import_official([file("plain.pth")], "plain").config.data == "A,B"


def test_networks_named_one_by_one_need_no_name_and_overrule_it(file, capsys):
    paths = [file("first.pth"), file("G_A.pth"), *(file(name, NLayerDiscriminator(4)) for name in ("x.pth", "D_A.pth"))]
    names = ("--a2b", "--b2a", "--d-a", "--d-b")
    options = [word for pair in zip(names, map(str, paths), strict=True) for word in pair]
    assert main(["import", *options, "--name", "theirs", "--data", "cat,dog"]) == 0
    told = capsys.readouterr().out
    assert "G_A.pth: the generator B to A (dog to cat)" in told
    assert "x.pth: the discriminator of pictures of A (cat)" in told
    generators, discriminators = load_networks(Run.open("theirs"))
    x = torch.rand(1, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        for network, theirs in zip((generators["a2b"], generators["b2a"], discriminators["a"], discriminators["b"]),
                                   file.made, strict=True):  # fmt: skip
            assert largest(network(x), theirs(x)) < 1e-5
        assert largest(file.made[0](x), file.made[1](x)) > 0.01


def test_what_is_left_open_or_contradicts_itself_asks_for_names(file):
    judge = NLayerDiscriminator(4)
    with pytest.raises(UserError, match=r"x\.pth and y\.pth are both the network 'a2b': say which is which with --a2b"):
        import_official([file("x.pth"), file("y.pth")], "none")
    with pytest.raises(UserError, match="does not say which generator it is"):
        import_official([file("G_A_and_G_B.pth")], "none")
    with pytest.raises(UserError, match="does not say which discriminator it is"):
        import_official([file("G_A.pth"), file("latest_net_D.pth", judge)], "none")
    with pytest.raises(UserError, match=r"G_B\.pth is the generator B to A, not AtoB"):
        import_official([file("G_B.pth")], "none", way="AtoB")
    with pytest.raises(UserError, match=r"D_A\.pth holds a discriminator, but was to be the generator"):
        import_official([], "none", named={"a2b": file("D_A.pth", judge)})
    run = import_official([file("G_A.pth"), file("other.pth")], "both", way="BtoA")
    assert run.info["made_of"] == {"a2b": "G_A.pth", "b2a": "other.pth"}
    with pytest.raises(UserError, match="no run named"):
        Run.open("none")


def test_a_folder_is_taken_with_all_that_it_holds(file, tmp_path, capsys):
    for name in ("cats/zebra2horse.pth", "cats/horse2zebra.pth"):
        file(name)
    assert main(["import", str(tmp_path / "cats"), "--name", "theirs"]) == 0
    assert Run.open("theirs").info["made_of"] == {"a2b": "horse2zebra.pth", "b2a": "zebra2horse.pth"}


# What would give other pictures


def changed(network, change):
    """The network with each of its parts as `change` gives it: a layer in its place, or several."""
    for name, part in network.named_children():
        if isinstance(part, nn.Sequential):
            layers = [new for layer in part for new in change(layer)]
            setattr(network, name, nn.Sequential(*[changed(layer, change) for layer in layers]))
        else:
            changed(part, change)
    return network


def without_norm(layer):
    """As the authors' code builds it for `--norm none`: nothing in the norm's place, and no bias before it."""
    if isinstance(layer, nn.InstanceNorm2d):
        return [nn.Identity()]
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        is_first = layer.kernel_size == (4, 4) and layer.in_channels == 3  # of a discriminator: no norm follows it
        layer.bias = layer.bias if is_first or layer.out_channels in (1, 3) else None
    return [layer]


def batch_norm(layer):
    return [nn.BatchNorm2d(layer.num_features)] if isinstance(layer, nn.InstanceNorm2d) else [layer]


def zero_padding(layer):
    if isinstance(layer, nn.ReflectionPad2d) and layer.padding[0] == 1:
        return []
    if isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3) and layer.stride == (1, 1):
        layer.padding = (1, 1)
    return [layer]


def with_dropout(layer):
    return [layer, nn.Dropout(0.5)] if isinstance(layer, nn.ReLU) else [layer]


def test_dropout_is_no_reason_to_refuse(file):
    network = ResnetGenerator(4, 2)
    for block in network.model[10:12]:
        changed(block, with_dropout)
    assert any("conv_block.6" in name for name in network.state_dict())
    run, x = import_official([file("G_A.pth", network)], "dropped"), torch.rand(1, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        assert largest(load_networks(run)[0]["a2b"](x), network(x)) < 1e-5


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (without_norm, "trained without instance norm.*'model.1' has no bias"),
        (batch_norm, "'model.2.weight', the weight of a batch norm"),
        (zero_padding, "laid out unlike.*reflection padding.*other pictures"),
    ],
)
def test_a_generator_that_would_be_another_function_is_refused(file, runs, change, sentence):
    network = changed(ResnetGenerator(4, 2), change)
    with torch.no_grad():
        assert network(torch.rand(1, 3, 32, 32)).shape == (1, 3, 32, 32)  # it is a generator
    with pytest.raises(UserError, match=sentence):
        import_official([file("G_A.pth", network)], "none")
    with pytest.raises(UserError, match="no run named"):
        Run.open("none")


def test_one_convolution_without_its_bias_is_enough(file):
    network = ResnetGenerator(4, 2)
    network.model[10].conv_block[5].bias = None
    with pytest.raises(UserError, match=r"'model\.10\.conv_block\.5' has no bias"):
        import_official([file("G_A.pth", network)], "none")


def test_a_discriminator_that_would_be_another_function_is_refused(file):
    bare = changed(NLayerDiscriminator(4), without_norm)
    with pytest.raises(UserError, match=r"trained without instance norm.*'model\.2' has no bias"):
        import_official([file("G_A.pth"), file("D_A.pth", bare)], "none")
    deeper = nn.Module()
    deeper.model = nn.Sequential(nn.Conv2d(3, 4, 4, 2, 1), nn.Conv2d(4, 8, 4, 2, 1), nn.Conv2d(8, 1, 4, 1, 1))
    with pytest.raises(UserError, match="laid out unlike"):
        import_official([file("G_A.pth"), file("D_A.pth", deeper)], "none")


def test_the_number_of_blocks_and_the_channels_are_those_of_the_file(file):
    grey = ResnetGenerator(4, 3)
    grey.model[1], grey.model[-2] = nn.Conv2d(1, 4, 7), nn.Conv2d(4, 1, 7)
    run = import_official([file("G_A.pth", grey)], "grey")
    assert (run.config.blocks, run.config.channels, run.config.ngf) == (3, 1, 4)
    mixed = ResnetGenerator(4, 3)
    mixed.model[-2] = nn.Conv2d(4, 1, 7)
    with pytest.raises(UserError, match="laid out unlike"):
        import_official([file("G_A.pth", mixed)], "none")
    holes = {name: value for name, value in ResnetGenerator(4, 3).state_dict().items() if "model.11" not in name}
    path = file("holes_G_A.pth")
    torch.save(holes, path)
    with pytest.raises(UserError, match="laid out unlike"):
        import_official([path], "none")
