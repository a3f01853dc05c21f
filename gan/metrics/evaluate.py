"""How good a run is, in numbers: of a DCGAN's samples, and of a CycleGAN's translations.

Every number stands beside one that says what it could be: the Frechet distance beside that of real pictures, the error
against the true partner beside that of doing nothing. All are measured on test pictures.
"""

from collections.abc import Callable, Iterator
from functools import partial
from math import log2
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from gan.core.checkpoint import load_networks
from gan.core.cyclegan import DIRECTIONS
from gan.core.latent import noise
from gan.core.losses import LOSSES
from gan.data.datasets import load, load_pair
from gan.errors import UserError
from gan.images import Progress, grid, to_uint8, to_unit
from gan.metrics.classifier import has_classifier, load_classifier
from gan.metrics.functional import apart, classes_covered, frechet, nearest, texture_distances
from gan.runs.run import Run
from gan.words import sentence, stored

NEIGHBOURS = 1000  # samples whose nearest training picture is looked for; all of them would take minutes
BATCH = 250  # small pictures at a time through a DCGAN, its discriminator or the classifier
PIXELS = 8 * 128 * 128  # as many through a CycleGAN


@torch.inference_mode()
def evaluate_dcgan(
    run: Run,
    count: int = 5000,
    seed: int = 0,
    root: str | Path | None = None,
    progress: Progress | None = None,
    device: str | torch.device = "cpu",
) -> dict[str, Any]:
    """Measure `count` samples of a DCGAN; the numbers are plain values, fit for JSON.

    `frechet` is the distance of the samples to the set's test pictures (`reference_count` of them; `note` says where a
    stand-in was used), `frechet_floor` that of `floor_count` training pictures, as many as samples if there are so
    many. `features` says in what: "classifier" where one for this set travels with the project, "texture" otherwise;
    then there are no `classes` (see `classes_covered`). `d` is the discriminator's mean verdict on test pictures and
    on samples, a probability where the loss is cross-entropy. `nearest` is the mean distance from a sample to the
    nearest training picture, and from a test picture, of up to 1,000 each: samples much nearer would be copies. Raises
    `UserError` if the data is not here, or if `count` is under 2.
    """
    _check(run, "dcgan", count)
    config, tell = run.config, progress or _silent
    generators, discriminators = load_networks(run, device)
    how = {"channels": config.channels, "root": root, "progress": progress}
    train, test = (load(config.data, config.size, split=split, **how) for split in ("train", "test"))
    real = test.images
    fake = to_uint8(_through(generators["g"], noise(count, config.latent, seed).to(device), tell, "sampling"))
    floor = _some(train.images, count, seed)
    result = _heading(run) | {"count": count, "seed": seed, "reference_count": len(real), "floor_count": len(floor)}
    result["note"] = stored(test.note)

    see = partial(_look, device=device, tell=tell)
    if has_classifier(config.data):
        network = load_classifier(config.data, device)
        of_real, of_fake, of_floor = (see(network.features, images, what="measuring") for images in (real, fake, floor))
        distances = [frechet(features, of_real) for features in (of_fake, of_floor)]
        classes = classes_covered(network.head(of_fake.to(device)).cpu())
        result |= {"features": "classifier", "classes": {"names": list(test.classes)} | classes}
    else:
        distances = texture_distances(real, [fake, floor])
        result["features"] = "texture"
    result |= dict(zip(("frechet", "frechet_floor"), distances, strict=True))

    verdict = LOSSES[config.loss].verdict
    sides = {"real": real, "fake": fake}
    result["d"] = {
        name: verdict(see(discriminators["d"], images, what="judging")).mean().item() for name, images in sides.items()
    }
    result["nearest"] = {}
    for name, images in {"sample": fake, "test": real}.items():
        count_to = partial(tell, f"neighbours of each {name}")
        distances, _ = nearest(images[:NEIGHBOURS], train.images, progress=count_to)
        result["nearest"][name] = distances.mean().item()
    return result


@torch.inference_mode()
def evaluate_cyclegan(
    run: Run,
    count: int = 200,
    root: str | Path | None = None,
    progress: Progress | None = None,
    device: str | torch.device = "cpu",
) -> dict[str, Any]:
    """Measure a CycleGAN on up to `count` test pictures of each side; the numbers are plain values, fit for JSON.

    `directions` has for "AtoB" and "BtoA", with errors as the mean absolute difference, a share of full scale (0..1):

        count           source pictures translated
        change          difference of the translations from their sources: doing nothing has 0, and no cycle error
        cycle           error of the way there and back against the source
        identity        error of what the generator makes of pictures that are of the target already
        texture         Frechet distances to the target's test pictures in `measures.texture`, a rough measure of
                        local colour and contrast: `output` of the translations, `nothing` of the sources as they
                        are, `floor` of as many of the target's training pictures
        partner         error against the true partner, where it is known: of the `output`, and of doing `nothing`
        herd            coat, ground and colour as `coats.measure` has them, for the drawn herd

    Raises `UserError` if the data is not here, or if there are fewer than 2 test pictures of a side.
    """
    _check(run, "cyclegan", count)
    config, tell = run.config, progress or _silent
    generators, _ = load_networks(run, device)
    how = {"channels": config.channels, "root": root, "progress": progress}
    train, test = (load_pair(config.data, config.size, split=split, **how) for split in ("train", "test"))
    sides = {"a2b": (test.a.images[:count], test.b.images[:count], train.b.images)}
    sides["b2a"] = (sides["a2b"][1], sides["a2b"][0], train.a.images)
    result = _heading(run) | {"names": [test.a.name, test.b.name]}
    result |= {"note": stored([*dict.fromkeys(test.a.note + test.b.note)]), "directions": {}}
    for direction, (there, back) in DIRECTIONS.items():
        source, target, train_target = sides[there]
        count_to = partial(tell, f"translating {direction}")
        output, cycle = _there_and_back(generators[there], generators[back], source, device, count_to)
        kept = [apart(generators[there](x).clamp(-1, 1), x) for x in _batches(target, device)]
        others = [output, source, _some(train_target, len(target), seed=0)]
        change = torch.cat(
            [apart(to_unit(x), to_unit(y)) for x, y in zip(output.split(8), source.split(8), strict=True)]
        )
        found = {"count": len(source), "change": change.mean().item(), "cycle": cycle}
        found["identity"] = torch.cat(kept).mean().item()
        names = ("output", "nothing", "floor")
        found["texture"] = dict(zip(names, texture_distances(target, others), strict=True))
        if test.partners:
            pairs = {"output": output, "nothing": source}
            found["partner"] = {name: apart(to_unit(x), to_unit(target)).mean().item() for name, x in pairs.items()}
        if test.masks is not None:
            from gan.metrics import herd as coats

            pictures = (to_unit(x) for x in (source, output, target))
            found["herd"] = coats.measure(*pictures, test.masks[:count])
        result["directions"][direction] = found
    return result


@torch.inference_mode()
def contact_sheet(
    run: Run, count: int = 8, root: str | Path | None = None, device: str | torch.device = "cpu"
) -> Image.Image:
    """A CycleGAN's way with up to `count` test pictures of each side, one of each a row.

    Six columns: the picture of a, its translation, and the way back; then the same for b.
    """
    _check(run, "cyclegan")
    config = run.config
    test = load_pair(config.data, config.size, channels=config.channels, split="test", root=root)
    generators, _ = load_networks(run, device)
    count, columns = min(count, len(test.a.images), len(test.b.images)), []
    for side, (there, back) in zip((test.a, test.b), DIRECTIONS.values(), strict=True):
        real = to_unit(side.images[:count].to(device))
        fake = generators[there](real).clamp(-1, 1)
        columns += [real, fake, generators[back](fake).clamp(-1, 1)]
    return grid(torch.stack(columns, 1).flatten(0, 1), columns=6)


def _check(run: Run, model: str, count: int = 2) -> None:
    if run.config.model != model:
        raise UserError("run.other_model", run=run.name, model=run.config.model, needed=model)
    if run.missing & {"a2b", "b2a"}:
        raise UserError("evaluation.one_way", run=run.name)
    if count < 2:
        raise UserError("evaluation.too_few", count=count)


def _silent(what: str, done: int, total: int | None) -> None:
    """The progress of one who does not ask for it."""


def _heading(run: Run) -> dict[str, Any]:
    config = run.config
    return {"run": run.name, "model": config.model, "data": config.data, "step": run.info["step"]}


def _some(images: Tensor, count: int, seed: int) -> Tensor:
    """`count` of the images, or all, without order."""
    return images[torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))[:count]]


def _through(network: Callable[[Tensor], Tensor], inputs: Tensor, tell: Progress, what: str) -> Tensor:
    """What a network makes of its inputs, batch by batch, on the CPU."""
    out = []
    for done, part in enumerate(inputs.split(BATCH)):
        out.append(network(part).cpu())
        tell(what, done * BATCH + len(part), len(inputs))
    return torch.cat(out)


def _look(
    network: Callable[[Tensor], Tensor], images: Tensor, *, device: str | torch.device, tell: Progress, what: str
) -> Tensor:
    """What a network makes of uint8 pictures."""
    return _through(lambda part: network(to_unit(part.to(device))), images, tell, what)


def _batches(images: Tensor, device: str | torch.device) -> Iterator[Tensor]:
    """uint8 [N, 3, S, S] as float in [-1, 1] on the device, as many at a time as fit in a modest memory."""
    for part in images.split(max(1, PIXELS // images.shape[-1] ** 2)):
        yield to_unit(part.to(device))


def _there_and_back(
    there: nn.Module, back: nn.Module, source: Tensor, device: str | torch.device, tell: Callable[[int, int], None]
) -> tuple[Tensor, float]:
    """The translations of uint8 [N, 3, S, S], uint8 on the CPU, and the mean cycle error.

    The way back starts from what the generator made, not from its copy in 256 shades: small signals in it count.
    """
    fakes, errors, done = [], [], 0
    for real in _batches(source, device):
        fake = there(real).clamp(-1, 1)
        fakes.append(to_uint8(fake).cpu())
        errors.append(apart(back(fake).clamp(-1, 1), real))
        done += len(real)
        tell(done, len(source))
    return torch.cat(fakes), torch.cat(errors).mean().item()


def text_report(result: dict[str, Any]) -> str:
    """What `evaluate_dcgan` or `evaluate_cyclegan` found, for people: a few lines, the best possible beside each."""
    lines = [f"{result['run']}: {result['model']} on {result['data']}, step {result['step']:,}"]
    lines += {"dcgan": _dcgan_lines, "cyclegan": _cyclegan_lines}[result["model"]](result)
    return "\n".join([*lines, *filter(None, [sentence(result["note"], "en")])])


def _dcgan_lines(result: dict[str, Any]) -> list[str]:
    d, near, where = result["d"], result["nearest"], result["features"]
    features = {"classifier": "in the features of the set's own classifier", "texture": "in local colour and contrast"}
    lines = [
        f"{result['count']:,} samples beside {result['reference_count']:,} test pictures",
        f"  Frechet distance   {result['frechet']:.4g}, {features[where]}; real pictures have "
        f"{result['frechet_floor']:.4g} ({result['floor_count']:,} of the training set)",
    ]
    if classes := result.get("classes"):
        names, shares = classes["names"], classes["shares"]
        least = names[shares.index(classes["smallest"])]
        lines += [
            f"  classes            {classes['covered']} of {len(names)} have 5 % of the samples or more; the rarest, "
            f"{least}, has {100 * classes['smallest']:.1f} %; "
            f"entropy {classes['entropy']:.2f} of {log2(len(names)):.2f} "
            f"bits; the classifier is sure of {100 * classes.get('sure', float('nan')):.0f} %",
            *(f"    {name:16} {100 * share:5.1f} %" for name, share in zip(names, shares, strict=True)),
        ]
    return [
        *lines,
        f"  discriminator      {d['real']:.3f} for test pictures, {d['fake']:.3f} for samples (mean)",
        f"  nearest training picture, root mean square (1: black against white): {near['sample']:.3f} from a sample, "
        f"{near['test']:.3f} from a test picture",
    ]


def _cyclegan_lines(result: dict[str, Any]) -> list[str]:
    lines = ["errors are mean absolute differences, 1 is full scale; in brackets what doing nothing has"]
    a, b = result["names"]
    for direction, found in result["directions"].items():
        source, target = (a, b) if direction == "AtoB" else (b, a)
        near = found["texture"]
        lines += [
            f"{direction}, {source} to {target}, {found['count']} test pictures",
            f"  change             {found['change']:.4f} (0): the smaller, the easier the next two",
            f"  cycle error        {found['cycle']:.4f} (0)",
            f"  identity error     {found['identity']:.4f} (0)",
            f"  texture distance   {near['output']:.3g} ({near['nothing']:.3g}); "
            f"real pictures of {target} have {near['floor']:.3g}",
        ]
        if partner := found.get("partner"):
            lines.append(f"  error to partner   {partner['output']:.4f} ({partner['nothing']:.4f})")
        if herd := found.get("herd"):
            lines.append(
                f"  herd               stripe accuracy {100 * herd['coat']:.0f} %, "
                f"background error {herd['ground']:.4f}, colour error {herd['colour']:.2f} of doing nothing's"
            )
    return lines
