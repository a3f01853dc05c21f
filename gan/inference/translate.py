"""Pictures of any size through a CycleGAN's generators: one way, there and back, whole folders.

A generator learned at one size and knows a horse's stripes only at that size, so a picture is seen reduced (or
enlarged) to it. What the generator made is then enlarged, and the finer detail of the picture, which it did not see, is
added wherever it changed little: the ground stays sharp, and no fine stripes are left on what is to be a horse.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from gan.config import CycleGANConfig
from gan.core.checkpoint import load_networks
from gan.core.cyclegan import DIRECTIONS
from gan.data.image_zip import fresh, pictures_in
from gan.errors import UserError, reason
from gan.images import SUFFIXES, find_pictures, open_picture, to_image, to_tensor, to_unit
from gan.inference.runtimes import Generator, fast
from gan.runs.run import Run

WRITTEN = SUFFIXES - {".heic", ".heif", ".avif"}  # formats that results are written in
LIMIT = 1024  # longest side of a result, in pixels
ERASING = 0.125  # a change of so much of full scale, the mean over 5x5 pixels, leaves nothing of the finer detail
STRETCH = 4  # the longer side that a generator sees is at most so many times `size`


def seen_size(run: Run, direction: str) -> int:
    """The shorter side, in pixels, at which a run's generators see a picture that they translate in a direction.

    The size they were trained at, unless `run.json` names one that held-out pictures showed to be better, under "seen":
    {"AtoB": 192}. Stripes of animals that are larger than in training come out clearer.
    """
    return int(run.info.get("seen", {}).get(direction, run.config.size))


def pick(generators: nn.ModuleDict, direction: str) -> tuple[nn.Module, nn.Module | None]:
    """The generators of the way there and of the way back; None for a way back that an import did not bring.

    Raises `UserError` for a direction that there is not, or not in these weights.
    """
    if direction not in DIRECTIONS:
        raise UserError("translation.direction", direction=direction, known=", ".join(DIRECTIONS))
    there, back = DIRECTIONS[direction]
    if there not in generators:
        other = next(name for name in DIRECTIONS if name != direction)
        raise UserError("translation.one_way", direction=other)
    return generators[there], dict(generators.items()).get(back)


def translate(generator: Generator, image: Image.Image, *, size: int, limit: int = LIMIT) -> Image.Image:
    """Translate an RGB picture of any size and aspect ratio; the result is RGB and has the picture's own size.

    Only a picture whose longer side is over `limit` pixels comes back smaller, with that side at `limit`. The
    generator sees the picture with its shorter side at `size`, the size it was trained at (for very long pictures
    less, so that the longer side is at most 4 times `size`).
    """
    return translate_through([generator], image, size=size, limit=limit)[0]


@torch.inference_mode()
def translate_through(
    generators: Sequence[Generator], image: Image.Image, *, size: int, limit: int = LIMIT
) -> list[Image.Image]:
    """Send a picture through one generator after the other: a picture for each; sizes as in `translate`.

    The second is given what the first made, not its copy in 256 shades.
    """
    channels = channels_of(generators[0])
    image = in_colours(image, channels)
    if max(image.size) > limit:
        image = image.resize(_scaled(image.size, limit / max(image.size)), Image.Resampling.LANCZOS, reducing_gap=3.0)
    seen = _seen(image, size)
    width, height = seen.size
    real = to_unit(to_tensor(seen))[None, :channels]  # [1, channels, height, width]
    full = to_unit(to_tensor(image))[None, :channels]
    detail = full - _enlarged(real, full)  # that the generators do not see
    x, results = _padded(seen)[:, :channels], []
    if isinstance(generators[0], nn.Module):
        x = x.to(next(generators[0].parameters()).device)
    for generator in generators:
        x = fast(generator)(x).clamp(-1, 1)
        made = x[..., :height, :width].float().cpu()
        change = avg_pool2d((made - real).abs().mean(1, True) / 2, 5, 1, 2, count_include_pad=False)
        kept = 1 - _enlarged((change / ERASING).clamp(max=1), full).clamp(0, 1)
        results.append(to_image((_enlarged(made, full) + kept * detail).clamp(-1, 1)[0]).convert("RGB"))
    return results


def _enlarged(x: Tensor, like: Tensor) -> Tensor:
    """Pictures float [N, C, h, w] at the height and width of `like`."""
    if x.shape[-2:] == like.shape[-2:]:
        return x
    return interpolate(x, like.shape[-2:], mode="bicubic", antialias=True, align_corners=False)


def channels_of(generator: Generator) -> int:
    """How many channels a generator translates: 1 (grey) or 3; 3 for what is no network."""
    if not isinstance(generator, nn.Module):
        return 3
    return next((layer.in_channels for layer in generator.modules() if isinstance(layer, nn.Conv2d)), 3)


def in_colours(image: Image.Image, channels: int) -> Image.Image:
    """A picture as RGB with what a generator of so many channels sees of it: all, or its grey values."""
    return image.convert("L" if channels == 1 else "RGB").convert("RGB")


def as_seen(image: Image.Image, size: int, config: CycleGANConfig) -> Tensor:
    """A picture as a run's networks see it: float [1, channels, H, W] in [-1, 1], the shorter side about `size`.

    Halved as often as D halves them, H and W leave what the sides of the training pictures left. Where D loses a last
    column that it never lost in training, it answers something else altogether.
    """
    step = max(4, 2**config.n_layers_d)
    seen = _seen(in_colours(image, config.channels), size)
    return _padded(seen, step, (config.crop or config.size) % step)[:, : config.channels]


def _seen(image: Image.Image, size: int) -> Image.Image:
    scaled = _scaled(image.size, min(size / min(image.size), STRETCH * size / max(image.size)))
    if scaled == image.size:
        return image
    return image.resize(scaled, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _scaled(size: tuple[int, int], factor: float) -> tuple[int, int]:
    width, height = (max(1, round(side * factor)) for side in size)
    return width, height


def _padded(image: Image.Image, step: int = 4, rest: int = 0) -> Tensor:
    """float32 [1, 3, H, W] in [-1, 1], mirrored at the right and bottom edge so that H and W leave `rest` by `step`.

    At least 16: the generator itself mirrors the edges of a map that is a quarter as large.
    """
    pixels = np.asarray(image)
    least = [max(16, side) for side in pixels.shape[:2]]
    add = [side + (rest - side) % step - now for side, now in zip(least, pixels.shape, strict=False)]
    pixels = np.pad(pixels, ((0, add[0]), (0, add[1]), (0, 0)), mode="reflect")
    return to_unit(torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous())


def translate_path(
    run: Run,
    source: Path,
    target: Path,
    direction: str = "AtoB",
    *,
    progress: Callable[[str, int, int | None], None] | None = None,
    left_out: list[tuple[str, UserError]] | None = None,
) -> list[Path]:
    """Translate a picture file, or every picture in a zip or directly in a folder, and return the files written.

    `direction` is "AtoB" or "BtoA". For a file, `target` is a file (its ending names the format) or a folder; for a
    folder or a zip it is a folder, made if need be, in which the results have the same names (those of `zips`), those
    of formats that are only read ending in .jpg. Pictures that cannot be read are left out, and `left_out` is given
    (name, why) of each. Raises `UserError` if there is nothing to read or nowhere to write.
    """
    source, target = Path(source), Path(target)
    if run.config.model != "cyclegan":
        raise UserError("run.other_model", run=run.name, model=run.config.model, needed="cyclegan")
    (generator, _), written = pick(load_networks(run)[0], direction), []
    left_out = [] if left_out is None else left_out
    taken: set[PurePosixPath] = set()
    is_folder = source.is_dir() or source.suffix.lower() == ".zip"
    if source.suffix.lower() == ".zip" and source.is_file():
        files = pictures_in(source)
    else:
        paths = find_pictures(source) if source.is_dir() else [source]
        files = {path.name: partial(Path, path) for path in paths}
    if not files:
        raise UserError("translation.empty", path=source)
    if is_folder and target.is_file():
        raise UserError("translation.target_file", target=target, source=source)
    if not is_folder and not target.is_dir() and target.suffix.lower() not in WRITTEN:
        raise UserError("translation.ending", target=target, known=", ".join(sorted(WRITTEN)))

    for done, (name, opened) in enumerate(files.items(), 1):
        as_jpeg = PurePosixPath(name).suffix.lower() not in WRITTEN
        result = fresh(PurePosixPath(f"{PurePosixPath(name).stem}.jpg" if as_jpeg else name), taken)
        out = target / result if is_folder or target.is_dir() else target
        if out.resolve() in (source.resolve(), (source / name).resolve()):
            raise UserError("translation.overwrite", path=out)
        try:
            image = open_picture(opened(), at_least=LIMIT)
        except UserError as error:
            if not is_folder:
                raise
            left_out.append((name, error))
        else:
            _save(translate(generator, image, size=seen_size(run, direction)), out)
            written.append(out)
        if progress is not None:
            progress("translating", done, len(files))
    if not written:
        name, why = left_out[0]
        raise UserError("translation.none_readable", count=len(files), path=source, name=name, why=why)
    return written


def _save(image: Image.Image, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, quality=92)
    except (OSError, ValueError) as error:
        raise UserError("pictures.unwritten", path=path, why=reason(error)) from error
