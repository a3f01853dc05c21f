"""What a training is given to learn from, made ready: zips unpacked, places absolute, colours told, advice given."""

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gan.config import Config
from gan.data.image_folder import classes_in, files_of, pair_in
from gan.data.image_io import open_picture
from gan.data.image_zip import unpack
from gan.data.registry import PAIRS, SETS, absolute, folders_of
from gan.data.uploads import scarcity, unevenness
from gan.errors import UserError
from gan.words import Words, mapped

LOOKED_AT = 24  # pictures of a folder, to see whether it has colours
COLOURED = 16  # of 255: a pixel whose channels are further apart is coloured


class Prepared(NamedTuple):
    """Settings with data that can be found from anywhere, what a person should know of it, and what is still aside."""

    config: Config
    colours: str  # a sentence, where they were chosen for the person
    advice: list[Words]
    aside: Path | None  # pictures unpacked, to be kept in the run's folder

    def keep(self, run_folder: Path) -> None:
        """Move what was unpacked into the run's folder, where the settings say that it is."""
        if self.aside is not None:
            (self.aside / "pictures").rename(run_folder / "pictures")
            self.aside.rmdir()

    def discard(self) -> None:
        """Remove what was unpacked, for a run that cannot be made."""
        if self.aside is not None:
            shutil.rmtree(self.aside, ignore_errors=True)


def prepare(config: Config, runs: Path, name: str, root: str | Path | None, *, choose_channels: bool) -> Prepared:
    """Make the data of a run to be made in the folder `runs` ready: `config.data` with absolute places, zips unpacked.

    With `choose_channels` a DCGAN takes the channels that its pictures have. Raises `UserError` where the data is not
    here or cannot be read.
    """
    given = config.data
    aside = _unpacked(given, runs)
    try:
        if aside is None:
            here = config = replace(config, data=absolute(config.data, root))
        else:
            here = replace(config, data=str(aside / "pictures"))
            config = replace(config, data=str(runs / name / "pictures"))
        colours = ""
        if choose_channels and config.model == "dcgan":
            channels = channels_in(here.data, root)
            if channels != config.channels:
                config = replace(config, channels=channels)
                colours = {
                    1: "The pictures are grey, and so are the samples; --channels 3 trains in colour.",
                    3: "The pictures are in colour, and so are the samples; --channels 1 trains in grey.",
                }[channels]
        return Prepared(config, colours, advice(here, root), aside)
    except BaseException as error:
        if aside is None:
            raise
        shutil.rmtree(aside, ignore_errors=True)
        if isinstance(error, UserError):  # the place that it speaks of is gone
            raise mapped(error, lambda text: text.replace(str(aside / "pictures"), given)) from None
        raise


def is_zip(data: str) -> bool:
    """Whether the data is one zip, or two with a comma between them."""
    return all(part.strip().lower().endswith(".zip") for part in data.split(",")) and not Path(data).is_dir()


def _unpacked(data: str, runs: Path) -> Path | None:
    """Unpack a zip, or two as the piles of a pair, beside the runs; None where the data is no zip."""
    if not is_zip(data):
        return None
    archives = [Path(data)] if Path(data).is_file() else [Path(part.strip()) for part in data.split(",")]
    if len(archives) > 2:
        raise UserError("prepare.zips", count=len(archives), data=data)
    for archive in archives:
        if not archive.expanduser().is_file():
            raise UserError("prepare.no_file", path=archive)
    runs.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".unpacked-", dir=runs))
    try:
        for archive, name in zip(archives, ("trainA", "trainB") if len(archives) == 2 else (".",), strict=True):
            unpack(archive.expanduser(), aside / "pictures" / name)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    os.chmod(aside / "pictures", 0o755)
    return aside


def channels_in(data: str, root: str | Path | None) -> int:
    """1 where all of some pictures of a set or folder are grey, else 3; those of known sets are known."""
    if data in SETS:
        return SETS[data].channels
    if data in PAIRS:
        return 3
    files = [file for pile in _piles(data, root, "dcgan") for file in files_of(pile, "train")[0]]
    some = [files[round(at)] for at in np.linspace(0, len(files) - 1, min(LOOKED_AT, len(files)))]
    return 3 if any(map(_is_coloured, some)) else 1


def _is_coloured(file: Path) -> bool:
    try:
        image = open_picture(file, at_least=64)
    except UserError:
        return False
    image.thumbnail((64, 64))  # what a JPEG adds to grey is evened out
    pixels = np.asarray(image, np.int16)
    return bool((pixels.max(2) - pixels.min(2)).max() > COLOURED)


def advice(config: Config, root: str | Path | None) -> list[Words]:
    """What a person should know before training on folders of their own; empty if all is well, and for known sets.

    As `own.advice`, by the number of files, and "same" where both piles are one folder.
    """
    if config.data in SETS or config.data in PAIRS:
        return []
    piles = _piles(config.data, root, config.model)
    counts = [len(files_of(pile, "train")[0]) for pile in piles]
    if config.model == "dcgan":
        counts = [sum(counts)]
    told = scarcity(counts, config.model) + unevenness(counts)
    if config.model == "cyclegan" and piles[0].resolve() == piles[1].resolve():
        told.append(Words("advice.same"))
    return told


def _piles(data: str, root: str | Path | None, model: str) -> list[Path]:
    """The folders of training pictures."""
    folders = folders_of(data, root)
    if len(folders) == 2:
        return folders
    if model == "cyclegan":
        return [*pair_in(folders[0])]
    return classes_in(folders[0]) or folders
