"""What question 1 computes: a small picture sent up in size, and what is to be said of it."""

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from demo.tabs.questions.q01_kernels import checked
from demo.ui.refusals import Refused, Said
from gan.lazy import lazy

if TYPE_CHECKING:
    from torch import Tensor  # torch is slow to import and the page comes first: see `warm`

resampling = lazy("gan.analysis.resampling")
torch = lazy("torch")
F = lazy("torch.nn.functional")

PATTERNS = ("digit", "diagonal", "dot", "checker")
DRAWN = "drawn"  # beside them: a patch drawn by hand
WAYS = ("nearest", "bilinear", "unpool", "transposed")
WEIGHTS = ("ones", "bilinear", "random", "learned", "painted")
RANGES = {"kernel": (2, 5), "stride": (1, 4), "padding": (0, 2)}
SIZE = 8  # pixels a side of the input picture
SMALL = 3  # of the one whose matrix is shown
NEARLY = 0.05  # of the mean: values that differ by less are called nearly flat, not ripples


def draw(pattern: str, size: int) -> "Tensor":
    """A small grey picture, float32 [1, 1, size, size] in [0, 1], drawn by code."""
    picture = Image.new("F", (size, size))
    pen, unit = ImageDraw.Draw(picture), size / 8
    if pattern == "digit":  # a 5 of strokes one unit wide

        def stroke(left: float, top: float, right: float, bottom: float) -> None:
            pen.rectangle((left * unit, top * unit, right * unit - 1, bottom * unit - 1), fill=1)

        for box in ((2, 1, 6, 2), (2, 2, 3, 4), (2, 3, 5, 4), (5, 4, 6, 6), (2, 6, 5, 7)):
            stroke(*box)
    grid = (np.indices((size, size)) + 0.5) / unit
    values = {
        "digit": np.asarray(picture),
        "diagonal": np.clip(1.2 - np.abs(grid[0] - grid[1]) * 0.8, 0, 1),
        "dot": np.clip(2.2 - np.hypot(grid[0] - 4, grid[1] - 4), 0, 1),
        "checker": (grid // 2).sum(0) % 2,
    }[pattern]
    return torch.tensor(values, dtype=torch.float32)[None, None]


def picture(pattern: str, patch: list[list[float]] | None, times: int) -> "Tensor":
    """The input, SIZE x SIZE, or as it would be some times as large: float32 [1, 1, SIZE * times, SIZE * times]."""
    if pattern != DRAWN:
        return draw(pattern, SIZE * times)
    cells = checked(patch, SIZE)
    if cells is None:
        raise Refused("refused.patch", size=SIZE)
    return torch.tensor(cells)[None, None].repeat_interleave(times, 2).repeat_interleave(times, 3)


def upsample(
    pattern: str,
    way: str,
    weights: str,
    kernel: int,
    stride: int,
    padding: int,
    painted: list[list[float]] | None = None,
    patch: list[list[float]] | None = None,
) -> dict[str, Any]:
    """Send a picture up in size; what comes out, how often each output pixel was touched, and what is to be said of it.

    `painted` are the rows of the kernel for the weights "painted", `patch` those of a "drawn" picture.

    Returns {"input", "pooled" (None unless unpooling): what an earlier max pooling made the input of; "kernel" (None
    unless transposed), "output", "spectrum" (of the output): float32 arrays [h, w], "touches": int64 [h, w], "matrix"
    (None unless transposed): that of the convolution whose transpose this is, for an input of SMALL x SMALL; "says":
    [(key under questions.q1.says, values), ...]}. Raises UserError for a value that is not offered.
    """
    for name, value, allowed in (
        ("pattern", pattern, (*PATTERNS, DRAWN)),
        ("way", way, WAYS),
        ("weights", weights, WEIGHTS),
    ):
        if value not in allowed:
            raise Refused("refused.unknown", name=Said(f"refused.named.{name}"), value=value, known=", ".join(allowed))
    for name, value in (("kernel", kernel), ("stride", stride), ("padding", padding)):
        low, high = RANGES[name]
        if value not in range(low, high + 1):
            raise Refused("refused.whole", name=Said(f"refused.named.{name}"), value=value, low=low, high=high)

    kernel, stride, padding = int(kernel), int(stride), int(padding)
    x, taps, matrix, pooled = picture(pattern, patch, 1), None, None, None
    if way == "transposed":
        if weights == "painted":
            cells = checked(painted, kernel)
            if cells is None:
                raise Refused("refused.painted", kernel=kernel)
            taps = torch.tensor(cells)
        else:
            examples = torch.cat([draw(each, SIZE * stride) for each in PATTERNS])
            taps = resampling.kernel_of(weights, kernel, stride, examples)
        if (SMALL - 1) * stride + kernel > 2 * padding:
            matrix = resampling.matrix(taps, stride, padding, SMALL).numpy()
        y, touches = resampling.transposed(x, taps, stride, padding)
        says = _comment(taps, weights, stride, padding)
    elif way == "unpool":
        pooled = picture(pattern, patch, stride)  # as an earlier layer would have had it
        x, indices = F.max_pool2d(pooled, stride, return_indices=True)
        y, touches = resampling.unpool(x, indices, stride)
        says = [("unpool", {"share": _percent((touches > 0).float().mean())})]
    else:
        y, touches = (resampling.nearest if way == "nearest" else resampling.bilinear)(x, stride)
        says = [(way, {"low": int(touches.min()), "high": int(touches.max())})]
    return {
        "pooled": None if pooled is None else pooled[0, 0].numpy(),
        "input": x[0, 0].numpy(),
        "kernel": None if taps is None else taps.numpy(),
        "output": y[0, 0].numpy(),
        "touches": touches.numpy(),
        "spectrum": resampling.spectrum(y[0, 0]).numpy(),
        "matrix": matrix,
        "says": says,
    }


def _comment(taps: "Tensor", weights: str, stride: int, padding: int) -> list[tuple[str, dict[str, Any]]]:
    """What is seen of a transposed convolution, from the touches and from what becomes of flat ground."""
    kernel = taps.shape[0]

    def inside(kernel_weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        flat, touches = resampling.transposed(torch.ones(1, 1, SIZE, SIZE), kernel_weights, stride, padding)
        return resampling.inner(flat[0, 0], kernel, padding), resampling.inner(touches, kernel, padding)

    flat, touches = inside(taps)
    low, high = int(touches.min()), int(touches.max())
    sizes = {"kernel": kernel, "stride": stride}
    if low == 0:
        says = [("gaps", {**sizes, "share": _percent((touches == 0).float().mean())})]
    elif low < high:
        says = [("uneven", {**sizes, "low": low, "high": high})]
    else:
        says = [("even", {**sizes, "low": low})]

    ripple = (flat.max() - flat.min()).item()
    ground = {"low": short(flat.min()), "high": short(flat.max())}
    if ripple < 0.005:
        says.append(("flat", ground))
    else:
        share = ripple / max(abs(flat.mean().item()), 1e-9)
        is_nearly = share < NEARLY
        says.append(("nearly_flat", ground | {"share": f"{100 * share:.1g}"}) if is_nearly else ("rippled", ground))
        ones = inside(torch.ones_like(taps))[0]
        if weights == "learned" and low and ripple < 0.5 * (ones.max() - ones.min()).item():
            says.append(("compensates", {"ones_low": short(ones.min()), "ones_high": short(ones.max())}))
        elif low == high and not is_nearly:
            says.append(("weights_ripple", {}))
    return says


def _percent(share: Any) -> int:
    return round(100 * float(share))


def short(value: Any) -> str:
    return f"{round(float(value), 2) + 0.0:g}"  # adding zero turns a rounded -0 into 0
