"""What image sets there are by name, and where on this machine they lie.

A set is looked for in the data root (`root`, else the environment variable GAN_DATA), then in the cache that
downloads go to, then where Debian puts it. The layouts: torchvision's own, a folder of idx files (gzipped or
not) with the set's name, and `trainA trainB testA testB` for pairs.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from gan.errors import UserError

SYSTEM = Path("/usr/share/datasets")  # Debian's dataset-* packages


@dataclass(frozen=True)
class SetRecord:
    """What is known of a set before it is loaded; `torchvision` is its class name there."""

    title: str
    torchvision: str
    channels: int
    classes: tuple[str, ...]
    licence: str  # a sentence
    shipped: bool = False


@dataclass(frozen=True)
class PairRecord:
    """What is known of a pair before it is loaded; `folders` are the names to look for under a data root."""

    title: str
    a: str
    b: str
    licence: str  # a sentence
    folders: tuple[str, ...] = ()


_CLOTHES = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"
_THINGS = "airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck"

SETS = {
    "mnist": SetRecord(
        "MNIST, handwritten digits",
        "MNIST",
        1,
        tuple("0123456789"),
        "By Y. LeCun, C. Cortes and C. Burges, CC BY-SA 3.0.",
        shipped=True,
    ),
    "fashion-mnist": SetRecord(
        "Fashion-MNIST, articles of clothing",
        "FashionMNIST",
        1,
        tuple(_CLOTHES.split(",")),
        "By Zalando SE, MIT.",
        shipped=True,
    ),
    "kmnist": SetRecord(
        "KMNIST, cursive Japanese characters",
        "KMNIST",
        1,
        tuple("おきすつなはまやれを"),
        "By ROIS-DS CODH, CC BY-SA 4.0.",
    ),
    "cifar10": SetRecord(
        "CIFAR-10, small photos of ten things",
        "CIFAR10",
        3,
        tuple(_THINGS.split(",")),
        "By A. Krizhevsky, V. Nair and G. Hinton, for research.",
    ),
}


def _official(title: str, a: str, b: str, *folders: str) -> PairRecord:
    licence = "Gathered by the CycleGAN authors, for research: their page names where each picture comes from."
    return PairRecord(title, a, b, licence, folders)


PAIRS = {
    "herd": PairRecord(
        "The drawn herd, plain and striped animals", "plain", "striped", "Drawn by this project's code, MIT."
    ),
    "horse2zebra": _official("Photos of horses and zebras", "horse", "zebra", "horse2zebra"),
    "apple2orange": _official("Photos of apples and oranges", "apple", "orange", "apple2orange", "apple2orange-small"),
    "summer2winter_yosemite": _official(
        "Photos of Yosemite in summer and winter", "summer", "winter", "summer2winter_yosemite"
    ),
    "monet2photo": _official("Monet's paintings and photos", "Monet", "photo", "monet2photo"),
    "cezanne2photo": _official("Cezanne's paintings and photos", "Cezanne", "photo", "cezanne2photo"),
    "ukiyoe2photo": _official("Ukiyo-e prints and photos", "ukiyo-e", "photo", "ukiyoe2photo"),
    "vangogh2photo": _official("Van Gogh's paintings and photos", "Van Gogh", "photo", "vangogh2photo"),
    "maps": _official("Aerial photos and maps", "aerial photo", "map", "maps"),
    "facades": _official("Photos of facades and their labelled plans", "facade", "plan", "facades"),
    "emoji": PairRecord(
        "The same emoji drawn by two hands",
        "Noto",
        "Twemoji",
        "Noto Emoji by Google, Apache-2.0; Twemoji by Twitter and contributors, CC BY 4.0.",
    ),
}


DRAWN = ("herd", "emoji")  # pairs that need no data root


def state(name: str, root: str | Path | None = None) -> str:
    """Say what `load` or `load_pair` would use: "here", "shipped" (a stand-in), "download" or "missing"."""
    if name in DRAWN:
        return "here"
    if name in SETS:
        if find_set(name, "train", root) is not None:
            return "here"
        return "shipped" if SETS[name].shipped else "download"
    if name in PAIRS:
        if find_pair(name, root) is not None:
            return "here"
        return "download"
    try:
        folders_of(name, root)
    except UserError:
        return "missing"
    return "here"


def require(name: str, root: str | Path | None = None, *, pair: bool = False) -> None:
    """Raise the `UserError` that loading a set (or, with `pair`, a pair) would, without loading anything."""
    if pair and name in SETS:
        raise UserError("catalog.single_pile", name=name, pairs=", ".join(PAIRS))
    if name not in SETS and name not in PAIRS:
        folders_of(name, root)
    elif state(name, root) not in ("here", "shipped"):
        raise missing(name)


def cache_root() -> Path:
    """Return the folder that downloads go to when there is no data root to write to."""
    home = os.path.expanduser("~")  # stays "~" for a user whom the system does not know
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.join(home if home != "~" else os.sep, ".cache")
    return Path(caches) / "spear-and-shield"


def data_root(root: str | Path | None) -> Path | None:
    """Return `root`, else the folder that GAN_DATA names, else None."""
    chosen = root or os.environ.get("GAN_DATA")
    return Path(chosen).expanduser() if chosen else None


def download_root(root: str | Path | None) -> Path:
    """Return the data root if it can be written to (it is made if need be), else the cache."""
    for folder in filter(None, (data_root(root), cache_root())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    raise UserError("catalog.unwritable", folder=cache_root())


def folders_of(name: str, root: str | Path | None) -> list[Path]:
    """The folder, or two with a comma between them, that a name stands for; a comma may be part of a folder's name.

    Each is a path, or one under the data root. Raises `UserError` where they are not there.
    """
    if folder := _folder(name, root):
        return [folder]
    pieces = name.split(",")
    cuts = [(",".join(pieces[:at]), ",".join(pieces[at:])) for at in range(1, len(pieces))]
    found = [both for a, b in cuts if all(both := [_folder(a, root), _folder(b, root)])]
    if len(found) == 1:
        return found[0]
    lost = [piece for piece in pieces if not _folder(piece, root)]
    if len(pieces) > 2 and not lost:
        raise UserError("catalog.commas", count=len(pieces), name=name)
    names = ", ".join([*SETS, *PAIRS])
    raise UserError("catalog.unknown", name=(lost or [name])[0].strip(), known=names)


def absolute(name: str, root: str | Path | None) -> str:
    """The name of a set as it is, and folders by their absolute paths, to be found from wherever a run goes on."""
    if name in SETS or name in PAIRS:
        return name
    return ",".join(os.path.abspath(folder) for folder in folders_of(name, root))


def last_names(data: str) -> list[str]:
    """What the folders of `Config.data` are called, without their places on this machine; the name of a known set."""
    parts = [data]
    if not Path(data).is_dir():
        parts = re.split(r",(?=\s*(?:[/~]|[A-Za-z]:[\\/]))", data)  # commas before absolute paths, else all
        parts = parts if len(parts) == 2 else data.split(",")
    return [Path(part.strip()).name for part in parts]


def _folder(name: str, root: str | Path | None) -> Path | None:
    base, name = data_root(root), name.strip()
    paths = filter(None, (Path(name).expanduser(), base / name if base else None))
    return next((path for path in paths if name and path.is_dir()), None)


def find_pair(name: str, root: str | Path | None) -> Path | None:
    """Find the folder that has both sides of a pair."""
    record = PAIRS[name]
    for base in _roots(root):
        for folder in record.folders:
            if all((base / folder / side).is_dir() for side in ("trainA", "trainB")):
                return base / folder
    return None


def find_set(name: str, split: str, root: str | Path | None) -> Path | None:
    """Find the folder that has a set's idx files; for CIFAR-10 the one torchvision calls its root."""
    record = SETS[name]
    for base in _roots(root):
        if name == "cifar10":
            for folder in (base, base / name):
                if (folder / "cifar-10-batches-py").is_dir():
                    return folder
        else:
            for folder in (base / name, base / record.torchvision / "raw", base / record.torchvision):
                if all(idx_file(folder, split, kind) for kind in ("images", "labels")):
                    return folder
    return None


def idx_file(folder: Path, split: str, kind: str) -> Path | None:
    """Find the idx file of "images" or "labels", as it is, gzipped, or (shipped) xz-compressed."""
    dimensions = 3 if kind == "images" else 1
    stem = f"{'train' if split == 'train' else 't10k'}-{kind}-idx{dimensions}-ubyte"
    return next((path for end in ("", ".gz", ".xz") if (path := folder / f"{stem}{end}").is_file()), None)


def missing(name: str) -> UserError:
    """Make the error that says what to put where so that a set or pair known by name can be loaded."""
    if name in SETS:
        return UserError("catalog.set_missing", name=name)
    return UserError("catalog.pair_missing", name=name, folder=PAIRS[name].folders[0])


def _roots(root: str | Path | None) -> list[Path]:
    return [*filter(None, (data_root(root),)), cache_root(), SYSTEM]
