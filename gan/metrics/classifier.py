"""A small classifier of 32x32 grey pictures, in whose features samples are measured.

The usual Frechet distance takes the features of an Inception network trained on photographs: 90 MB to download, and
of little sense for digits. This one has 0.16 million weights, is trained on the set itself and travels with the
project. Distances in its features compare runs of this project with one another, never with published numbers.

    python -m gan.metrics.classifier mnist

trains it anew (two to five minutes on two processor cores) and writes `gan/shipped/classifier-mnist.safetensors`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from gan.console import complain, language
from gan.data.datasets import load
from gan.errors import UserError, reason
from gan.images import Progress, as_grey, to_unit
from gan.paths import SHIPPED_DATA
from gan.words import Words, sentence

SIZE = 32  # side of what the network sees, in pixels
FEATURES = 96
COPIES = 32  # distorted a little, by which one picture is judged
BATCH = 100  # pictures at a time: fastest where the maps stay in the cache


def block(maps_in: int, maps_out: int, kernel: int, stride: int) -> nn.Sequential:
    """Convolution, batch norm, ReLU."""
    conv = nn.Conv2d(maps_in, maps_out, kernel, stride, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(maps_out), nn.ReLU())


class Classifier(nn.Module):
    """Pictures, float [N, 1 or 3, H, W] in [-1, 1], to logits, float [N, 10].

    Colour is turned to grey and any size to 32x32 first.
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.body = nn.Sequential(
            block(1, 24, 5, 2),  # [N, 24, 16, 16]
            block(24, 64, 3, 2),  # [N, 64, 8, 8]
            block(64, 96, 3, 2),  # [N, 96, 4, 4]
            block(96, FEATURES, 3, 1),  # [N, 96, 4, 4]
        )
        self.head = nn.Linear(FEATURES, classes)

    def features(self, x: Tensor) -> Tensor:
        """What the last layer decides by: the maps of the last convolution, each averaged, float [N, 96]."""
        return self.body(as_seen(x)).mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


def as_seen(x: Tensor) -> Tensor:
    """Bring float [N, 1 or 3, H, W] to what the network was trained on, float [N, 1, 32, 32]."""
    x = as_grey(x)
    if x.shape[-2:] != (SIZE, SIZE):
        x = F.interpolate(x, size=(SIZE, SIZE), mode="bilinear", antialias=True, align_corners=False)
    return x


@torch.inference_mode()
def features_of(network: Classifier, images: Tensor, progress: Progress | None = None) -> Tensor:
    """The features of uint8 [N, C, S, S], float32 [N, 96] on the CPU, a batch at a time on the network's device."""
    device, found = next(network.parameters()).device, []
    for done, part in enumerate(images.split(BATCH)):
        found.append(network.features(to_unit(part.to(device))).cpu())
        if progress is not None:
            progress("measuring the training pictures", done * BATCH + len(part), len(images))
    return torch.cat(found)


def weights_file(data_name: str) -> Path:
    """Where the shipped weights of a set's classifier lie, whether or not they exist."""
    return SHIPPED_DATA / f"classifier-{data_name}.safetensors"


def has_classifier(data_name: str) -> bool:
    """Whether a classifier for this set travels with the project; `data_name` may be any folder of a user's."""
    return data_name in trained_names()


def trained_names() -> list[str]:
    """The sets for which a classifier travels with the project."""
    return sorted(path.stem.removeprefix("classifier-") for path in SHIPPED_DATA.glob("classifier-*.safetensors"))


def load_classifier(data_name: str, device: str | torch.device = "cpu") -> Classifier:
    """The shipped classifier of a set, float32, in eval mode, with no gradients; raises `UserError` if none is."""
    if not has_classifier(data_name):
        raise UserError("classifier.none", name=data_name, known=", ".join(trained_names()) or Words("list.none"))
    network = Classifier()
    try:
        state = load_file(weights_file(data_name))
    except (OSError, SafetensorError) as error:
        raise UserError("classifier.damaged", name=data_name, why=reason(error)) from error
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
    return network.eval().requires_grad_(False).to(device)


def save_classifier(network: Classifier, path: Path, **facts: str) -> None:
    """Write the network in half precision, with `facts` in the file's header."""
    state = {k: v.half() if v.is_floating_point() else v for k, v in network.state_dict().items()}
    path.write_bytes(save(state, metadata=facts))


def train_classifier(
    images: Tensor,
    labels: Tensor,
    *,
    epochs: int = 6,
    batch: int = 128,
    rate: float = 4e-3,
    hflip: bool = False,
    seed: int = 0,
) -> Iterator[tuple[Classifier, float]]:
    """Train on uint8 [N, 1, 32, 32] and labels int64 [N]; yields (network, mean loss) after every epoch.

    AdamW with a one-cycle rate, cross-entropy, and every picture bent anew by `augment`.
    """
    torch.manual_seed(seed)
    network = Classifier().train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.02)
    rounds = len(images) // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=epochs * rounds)
    for _ in range(epochs):
        network.train()
        total = torch.zeros(())
        for pick in torch.randperm(len(images))[: rounds * batch].split(batch):
            loss = F.cross_entropy(network(augment(to_unit(images[pick]), hflip)), labels[pick])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.detach()
        yield network.eval(), (total / rounds).item()


def augment(x: Tensor, hflip: bool = False, generator: torch.Generator | None = None) -> Tensor:
    """Turn each of [N, C, H, W] by up to 10 degrees, scale it by up to 10 % and shift it by up to 2 of 32 pixels.

    `hflip` also mirrors half of them, which clothes bear and digits don't. What comes in from outside is black. Chance
    comes from `generator` where one is given, but for the mirror's.
    """
    n = len(x)
    angle, scale, shift = (torch.rand(n, *more, generator=generator) * 2 - 1 for more in ((), (), (2,)))
    angle, scale, shift = angle * torch.pi / 18, 1 + 0.1 * scale, shift / 8  # the grid's full side is 2
    mirror = 1 - 2 * torch.randint(2, (n,)) if hflip else torch.ones(n)
    cos, sin = scale * angle.cos(), scale * angle.sin()
    rows = torch.stack([mirror * cos, -sin, shift[:, 0], mirror * sin, cos, shift[:, 1]], 1)
    grid = F.affine_grid(rows.view(n, 2, 3), list(x.shape), align_corners=False)
    return F.grid_sample(x + 1, grid, align_corners=False) - 1


def sureness(network: Classifier, x: Tensor) -> Tensor:
    """The probability of each class for pictures, float [N, C, H, W] in [-1, 1], to [N, classes].

    It is the mean over 32 slightly distorted copies (`augment`, always the same): what merely fools the network in one
    position does not bear that. Whatever says how sure the classifier is of one picture says this.
    """
    found = []
    for image in x:
        copies = augment(image.cpu().expand(COPIES, -1, -1, -1), generator=torch.Generator().manual_seed(0))
        found.append(network(copies.to(x.device)).softmax(1).mean(0))
    return torch.stack(found)


@torch.inference_mode()
def accuracy(network: Classifier, images: Tensor, labels: Tensor) -> float:
    """The share of uint8 [N, C, S, S] whose largest logit is that of their label."""
    hits = [
        (network(to_unit(x)).argmax(1) == y).sum() for x, y in zip(images.split(1000), labels.split(1000), strict=True)
    ]
    return (sum(hits) / len(images)).item()


def main(data_name: str) -> None:
    """Train the classifier of a set on its training pictures, test it, and put it where `load_classifier` looks."""
    train, test = (load(data_name, SIZE, channels=1, split=split) for split in ("train", "test"))
    if train.note:
        print(sentence(train.note, language()))
    trained = train_classifier(train.images, train.labels, hflip=data_name == "fashion-mnist")
    for epoch, (network, loss) in enumerate(trained, start=1):
        print(f"epoch {epoch}: loss {loss:.4f}, right {accuracy(network, test.images, test.labels):.2%}", flush=True)
    network = network.half().float()  # what will be read back
    right = accuracy(network, test.images, test.labels)
    facts = {"data": data_name, "trained_on": str(len(train.images)), "right": f"{right:.4f} of {len(test.images)}"}
    save_classifier(network, weights_file(data_name), **facts)
    print(f"{weights_file(data_name).name}: {facts['right']}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Say which set: python -m gan.metrics.classifier mnist")
    try:
        main(sys.argv[1])
    except UserError as error:
        complain(Words("console.error", sentence=error))
        sys.exit(1)
