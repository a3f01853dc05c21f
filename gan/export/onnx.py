"""Networks as ONNX: one file for onnxruntime on a server's processor, for ONNX Runtime Web in a page, and for others.

Every layer is written as the one operator that it is, without the arithmetic on shapes that a tracing exporter leaves
between them, and nothing in the file tells of the machine that wrote it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from gan.core import cyclegan, dcgan
from gan.errors import UserError
from gan.layers import InstanceNorm, ReflectConv2d
from gan.lazy import lazy
from gan.strided_convolution import DoublingConv2d, HalvingConv2d

if TYPE_CHECKING:
    from onnx import ModelProto

onnx = lazy("onnx")
onnxruntime = lazy("onnxruntime")

SHAPE = (2, 72, 48)  # batch, height and width of what a written network is tried on, where they are free
TOLERANCE = 1e-3  # how far the output of an exported network may lie from the original's
OPSET, IR_VERSION = 17, 8  # of ONNX 1.12 (2022), so that older programs read it


def to_onnx(network: nn.Module, *, half: bool = False) -> "ModelProto":
    """A generator or a discriminator as an ONNX model, for any batch and, of a CycleGAN, any height and width.

    Inputs and outputs, float32 all: "latent" [N, latent] to "picture" [N, C, size, size] and "picture" to "logit" [N]
    of a DCGAN; "picture" [N, C, H, W], H and W multiples of 4, to "translation" and "picture" to "logits" of a
    CycleGAN. With `half` the kernels are kept in 16 bits, half the bytes, and are computed with in 32.
    """
    graph = _Graph(half=half)
    match network:
        case dcgan.Generator():
            latent = network.stages[0][0].in_channels
            names, shapes = ("latent", "picture"), (["batch", latent], ["batch", None, None, None])
            axes = graph.weight(torch.tensor([2, 3]))
            out = _add(graph, graph.node("Unsqueeze", names[0], axes), network.stages)
        case dcgan.Discriminator():
            side = 4 * 2 ** (len(network.stages) - 1)
            names, shapes = ("picture", "logit"), (["batch", network.stages[0][0].in_channels, side, side], ["batch"])
            out = _add(graph, names[0], network.stages)
            out = graph.node("Reshape", out, graph.weight(torch.tensor([-1])))
        case cyclegan.Generator():
            picture = ["batch", network.stages[0][0].in_channels, "height", "width"]
            names, shapes = ("picture", "translation"), (picture, picture)
            out = _add(graph, names[0], network.stages)
            out = graph.node("Add", names[0], out) if network.residual else graph.node("Tanh", out)
        case cyclegan.Discriminator():
            picture = ["batch", network.stages[0][0].in_channels, "height", "width"]
            names, shapes = ("picture", "logits"), (picture, ["batch", 1, None, None])
            out = _add(graph, names[0], network.stages)
        case _:
            raise TypeError(f"no network of this project: {type(network).__name__}")
    graph.nodes[-1].output[0] = names[1]
    make, kind = onnx.helper, onnx.TensorProto.FLOAT
    ends = [make.make_tensor_value_info(name, kind, shape) for name, shape in zip(names, shapes, strict=True)]
    written = make.make_graph(graph.nodes, type(network).__name__, ends[:1], ends[1:], graph.weights)
    opset = [make.make_opsetid("", OPSET)]
    return make.make_model(written, opset_imports=opset, ir_version=IR_VERSION, producer_name="Spear & Shield")


def export_onnx(network: nn.Module, path: Path) -> float:
    """Write a network as ONNX (see `to_onnx`) once onnxruntime has said the same of noise as the network.

    Returns the largest difference. Raises `UserError` where the packages are missing, or if it is over `TOLERANCE`.
    """
    try:
        written = to_onnx(network)
        session = onnxruntime.InferenceSession(written.SerializeToString(), providers=["CPUExecutionProvider"])
    except ImportError as error:
        raise UserError("exchange.no_onnx", package=error.name) from None
    (given,) = session.get_inputs()
    lacking = iter(SHAPE)
    x = torch.randn([size if isinstance(size, int) else next(lacking) for size in given.shape]).clamp(-1, 1)
    with torch.no_grad():
        expected = network(x)
    (found,) = session.run(None, {given.name: x.numpy()})
    difference = (torch.from_numpy(found) - expected).abs().max().item()
    if not difference <= TOLERANCE:
        raise UserError("exchange.inexact", name=path.name, difference=difference)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written.SerializeToString())
    return difference


class _Graph:
    """A graph that grows layer by layer; values are named by their number."""

    def __init__(self, *, half: bool) -> None:
        self.half, self.nodes, self.weights, self.maps = half, [], [], 0

    def node(self, operator: str, *inputs: str, **attributes: object) -> str:
        """Append an operator; the name of its output."""
        name = f"value-{len(self.nodes)}"
        self.nodes.append(onnx.helper.make_node(operator, [*inputs], [name], **attributes))
        return name

    def weight(self, values: Tensor) -> str:
        """The name of a constant; kernels are kept in 16 bits where the graph is to be half as large."""
        name, is_half = f"weight-{len(self.weights)}", self.half and values.is_floating_point() and values.dim() > 1
        values = values.half() if is_half else values
        self.weights.append(onnx.numpy_helper.from_array(values.detach().cpu().contiguous().numpy(), name))
        return self.node("Cast", name, to=onnx.TensorProto.FLOAT) if is_half else name


def _add(graph: _Graph, x: str, layer: nn.Module) -> str:
    """Append a layer, or all those within it, to the value `x`; the name of its output."""
    if isinstance(layer, nn.Sequential | nn.ModuleList):
        for each in layer:
            x = _add(graph, x, each)
        return x
    return LAYERS[type(layer)](graph, x, layer)


def _kernel(graph: _Graph, layer: nn.Conv2d | nn.ConvTranspose2d) -> list[str]:
    graph.maps = layer.out_channels
    return [graph.weight(values) for values in (layer.weight, layer.bias) if values is not None]


def _conv(graph: _Graph, x: str, layer: nn.Conv2d) -> str:
    high, wide = layer.padding
    pads = [high, wide, high, wide]
    if layer.padding_mode == "reflect":
        edges = graph.weight(torch.tensor([0, 0, high, wide, 0, 0, high, wide]))
        x, pads = graph.node("Pad", x, edges, mode="reflect"), [0] * 4
    return graph.node("Conv", x, *_kernel(graph, layer), strides=[*layer.stride], pads=pads)


def _conv_transpose(graph: _Graph, x: str, layer: nn.ConvTranspose2d) -> str:
    shape = {"strides": [*layer.stride], "pads": [*layer.padding] * 2, "output_padding": [*layer.output_padding]}
    return graph.node("ConvTranspose", x, *_kernel(graph, layer), **shape)


def _unpool(graph: _Graph, x: str, layer: nn.Module) -> str:
    """A transposed convolution of each map on its own, whose kernel is a single 1."""
    kernel, shape = graph.weight(torch.ones(graph.maps, 1, 1, 1)), {"strides": [2, 2], "output_padding": [1, 1]}
    return graph.node("ConvTranspose", x, kernel, group=graph.maps, **shape)


def _instance_norm(graph: _Graph, x: str, layer: nn.InstanceNorm2d) -> str:
    scale = torch.ones(layer.num_features) if layer.weight is None else layer.weight
    bias = torch.zeros(layer.num_features) if layer.bias is None else layer.bias
    return graph.node("InstanceNormalization", x, graph.weight(scale), graph.weight(bias), epsilon=layer.eps)


def _batch_norm(graph: _Graph, x: str, layer: nn.BatchNorm2d) -> str:
    values = (layer.weight, layer.bias, layer.running_mean, layer.running_var)
    return graph.node("BatchNormalization", x, *map(graph.weight, values), epsilon=layer.eps)


def _upsample(graph: _Graph, x: str, layer: nn.Upsample) -> str:
    how = {
        "nearest": {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        "bilinear": {"mode": "linear", "coordinate_transformation_mode": "half_pixel"},
    }[layer.mode]
    return graph.node("Resize", x, "", graph.weight(torch.tensor([1.0, 1.0, 2.0, 2.0])), **how)


def _pool(operator: str) -> Callable[[_Graph, str, nn.Module], str]:
    def add(graph: _Graph, x: str, layer: nn.MaxPool2d | nn.AvgPool2d) -> str:
        return graph.node(operator, x, kernel_shape=[layer.kernel_size] * 2, strides=[layer.stride] * 2)

    return add


LAYERS: dict[type[nn.Module], Callable[[_Graph, str, nn.Module], str]] = {
    nn.Conv2d: _conv,
    ReflectConv2d: _conv,
    nn.ConvTranspose2d: _conv_transpose,
    HalvingConv2d: _conv,
    DoublingConv2d: _conv_transpose,
    nn.Upsample: _upsample,
    dcgan.Unpool: _unpool,
    nn.MaxPool2d: _pool("MaxPool"),
    nn.AvgPool2d: _pool("AveragePool"),
    InstanceNorm: _instance_norm,
    nn.BatchNorm2d: _batch_norm,
    cyclegan.Residual: lambda graph, x, layer: graph.node("Add", x, _add(graph, x, layer.body)),
    nn.ReLU: lambda graph, x, layer: graph.node("Relu", x),
    nn.LeakyReLU: lambda graph, x, layer: graph.node("LeakyRelu", x, alpha=layer.negative_slope),
    nn.Tanh: lambda graph, x, layer: graph.node("Tanh", x),
    nn.Identity: lambda graph, x, layer: x,
}
