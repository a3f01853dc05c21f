"""Networks as ONNX: every kind of layer says what the network says, by plain operators, at any size."""

import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from gan.config import NORMS, CycleGANConfig, DCGANConfig
from gan.core.cyclegan import CycleGAN
from gan.core.dcgan import DCGAN
from gan.errors import UserError
from gan.export import onnx as exported
from gan.export.onnx import export_onnx, to_onnx
from gan.layers import InstanceNorm
from gan.lazy import lazy

DETOURS = {"Shape", "Gather", "Slice", "Concat", "Expand", "ConstantOfShape"}  # arithmetic on shapes


def lively(network: nn.Module) -> nn.Module:
    """The network in eval mode with weights and statistics that hide nothing."""
    torch.manual_seed(0)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0, 0.1)
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2)
        if isinstance(layer, nn.BatchNorm2d | InstanceNorm) and layer.weight is not None:
            nn.init.normal_(layer.weight, 1, 0.3)
            nn.init.normal_(layer.bias, 0, 0.3)
    return network.eval()


def said(model: onnx.ModelProto, x: torch.Tensor) -> torch.Tensor:
    """What onnxruntime makes of an input."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(None, {session.get_inputs()[0].name: x.numpy()})[0])


def check(network: nn.Module, x: torch.Tensor) -> None:
    """The network's file is well made, plain, and says what the network says."""
    model = to_onnx(lively(network))
    onnx.checker.check_model(model, full_check=True)
    assert not DETOURS & {node.op_type for node in model.graph.node}
    with torch.no_grad():
        expected = network(x)
    assert expected.std() > 0.01
    torch.testing.assert_close(said(model, x), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(
    ("upsample", "downsample"),
    [("transposed", "stride"), ("nearest", "max"), ("bilinear", "average"), ("unpool", "stride")],
)
def test_both_networks_of_a_dcgan_say_the_same(upsample, downsample, norm):
    config = DCGANConfig(size=32, ngf=8, upsample=upsample, downsample=downsample, norm=norm, norm_d=norm)
    generators, discriminators = DCGAN.networks(config)
    check(generators["g"], torch.randn(3, config.latent))
    check(discriminators["d"], torch.rand(5, 1, 32, 32) * 2 - 1)


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("upsample", ["transposed", "nearest", "bilinear"])
@pytest.mark.parametrize("channels", [1, 3])
def test_both_networks_of_a_cyclegan_say_the_same_of_any_batch_and_shape(channels, upsample, residual):
    config = CycleGANConfig(channels=channels, ngf=8, ndf=8, blocks=2, upsample=upsample, residual=residual)
    generators, discriminators = CycleGAN.networks(config)
    for shape in ((1, channels, 64, 64), (2, channels, 32, 80)):
        check(generators["a2b"], torch.rand(shape) * 2 - 1)
        check(discriminators["a"], torch.rand(shape) * 2 - 1)


def test_kernels_of_16_bits_take_half_the_bytes_and_hardly_change_a_picture():
    network = lively(CycleGAN.networks(CycleGANConfig(ngf=8, ndf=8, blocks=2, residual=True))[0]["a2b"])
    whole, half = to_onnx(network), to_onnx(network, half=True)
    assert half.ByteSize() < 0.6 * whole.ByteSize()
    x = torch.rand(1, 3, 64, 64) * 2 - 1
    apart = (said(half, x) - said(whole, x)).abs().max()
    assert 0 < apart < 0.02


def test_a_file_says_nothing_of_where_it_was_written():
    model = to_onnx(CycleGAN.networks(CycleGANConfig(ngf=8, blocks=1))[0]["a2b"])
    assert not model.metadata_props
    assert not model.doc_string
    assert all(not part.doc_string and not part.metadata_props for part in (model.graph, *model.graph.node))


def test_what_is_no_network_of_this_project_is_not_written():
    with pytest.raises(TypeError, match="Linear"):
        to_onnx(nn.Linear(2, 2))


def test_a_file_that_says_something_else_is_refused_and_not_left_there(tmp_path, monkeypatch):
    network = DCGAN.networks(DCGANConfig(ngf=4, size=16))[0]["g"].eval()
    monkeypatch.setattr(exported, "TOLERANCE", -1.0)
    with pytest.raises(UserError, match="do not use it"):
        export_onnx(network, tmp_path / "g.onnx")
    assert not (tmp_path / "g.onnx").exists()


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
def test_without_the_packages_a_sentence_says_which(tmp_path, monkeypatch, missing):
    monkeypatch.setattr(exported, missing, lazy("there_is_no_such_package"))
    with pytest.raises(UserError, match="pip install"):
        export_onnx(DCGAN.networks(DCGANConfig(ngf=4, size=16))[0]["g"].eval(), tmp_path / "g.onnx")
