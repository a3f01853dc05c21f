"""What to train: ready-made trainings first, one's own pictures, and all settings, each with a sentence."""

import re
import shutil
import time
import uuid
from collections.abc import Callable
from dataclasses import fields
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo.jobs import permissions, presets
from demo.server import model_cache
from demo.server.environment import Place
from demo.ui.data_urls import data_url
from demo.ui.i18n import Language, say, saying, t
from demo.ui.numbers import check, empty
from demo.ui.paragraphs import paragraphs
from demo.ui.templates import macros
from gan.config import CONFIGS
from gan.data.registry import SETS
from gan.errors import UserError
from gan.lazy import lazy

if TYPE_CHECKING:
    from gan.data.uploads import Taken

prepare = lazy("gan.data.prepare")
uploads = lazy("gan.data.uploads")
device = lazy("gan.device")

HTML = macros(__file__)
MODELS = ("dcgan", "cyclegan")
OWN = "own"  # the choice beside the presets, and that of one's own pictures among the data
NAMELESS = ("img", "image", "dsc", "dscn", "pxl", "photo", "picture", "screenshot", "사진", "그림", "이미지")
LONG_NAME = 30  # characters of a domain's name
APART = ("data", "minutes", "steps")  # settings with controls of their own
MOST_LEFT_OUT = 50  # pictures that are named among those left out
STALE = 24 * 3600.0  # seconds that pictures wait for a training


def settings_by_name() -> dict[str, dict[str, Any]]:
    """The dataclass fields of the settings shown, by name and model."""
    found: dict[str, dict[str, Any]] = {}
    for model in MODELS:
        for each in fields(CONFIGS[model]):
            if each.name not in APART:
                found.setdefault(each.name, {})[model] = each
    return found


def control_of(name: str, of: dict[str, Any], values: dict[str, Any]) -> Any:
    """The component of a setting, showing what a DCGAN has: its value among these, or the default."""
    each = of.get("dcgan") or next(iter(of.values()))
    value = values.get(name, each.default)
    words = {
        "label": t(f"train.settings.{name}.label"),
        "info": t(f"train.settings.{name}.info"),
        "visible": "dcgan" in of,
        "min_width": 240,
        "elem_id": f"train-setting-{name.replace('_', '-')}",
    }
    if each.type is bool:
        return gr.Checkbox(value=value, **words)
    if each.metadata["choices"]:
        choices = dict.fromkeys(choice for field in of.values() for choice in field.metadata["choices"])
        shown = [(t(f"train.settings.{name}.choices.{choice}"), choice) for choice in choices]
        return gr.Dropdown(shown, value=value, **words)
    low, high = (each.metadata[end] for end in ("low", "high"))
    precision = 0 if each.type is int else None
    return gr.Number(value=value, minimum=low, maximum=high, precision=precision, **words)


def values_of(model: str, data: str, chosen: dict[str, Any]) -> dict[str, Any]:
    """The settings of a model among those chosen, without what its data set decides. Raises `Unfit` for a gap, and for
    a number that this model can't have."""
    of = settings_by_name()
    values = {}
    for name, value in chosen.items():
        if model in of[name] and not (name == "channels" and data in SETS):
            each, label = of[name][model], t(f"train.settings.{name}.label")
            if value is None:
                raise empty(label)
            if each.type in (int, float) and not each.metadata["choices"]:
                low, high, multiple = (each.metadata[key] for key in ("low", "high", "multiple"))
                check(label, value, low, high, is_int=each.type is int, multiple=multiple)
            values[name] = each.type(value)
    return values


def shown_settings(model: str, data: str, settings: dict[str, Any]) -> list[Any]:
    """What each setting's control shows for a model: these settings, else what learns quickly, else the default."""
    updates = []
    usual = presets.quick(model, data) | settings
    for name, of in settings_by_name().items():
        if model not in of:
            other = next(iter(of.values()))  # a wrong number typed there before would be refused unseen
            updates.append(_update(other, value=other.default, visible=False))
            continue
        value = usual.get(name, of[model].default)
        choices = of[model].metadata["choices"]
        more = {"choices": [(t(f"train.settings.{name}.choices.{c}"), c) for c in choices]} if choices else {}
        updates.append(_update(of[model], value=value, visible=True, **more))
    return updates


def _update(field: Any, **values: Any) -> Any:
    if field.type is bool:
        return gr.Checkbox(**values)
    return gr.Dropdown(**values) if field.metadata["choices"] else gr.Number(**values)


def data_choices(model: str, *, own: bool, wanted: str = OWN) -> list[tuple[Any, str]]:
    """The data sets for a model as choices; with `own` one's own pictures as well.

    One that is `wanted` is among them even where it is not on this machine: what to do then is said at the start.
    """
    names = permissions.choices(model)
    wanted = () if wanted in (*names, OWN) else (wanted,)
    return [(t(f"train.sets.{name}"), name) for name in (*names, *wanted, *([OWN] if own else []))]


def fill(preset: str, *, own: bool) -> tuple:
    """(own settings, model, minutes, data, *room, *settings): a preset fills the fields and folds them away, "own"
    unfolds them."""
    if preset == OWN:
        return gr.Group(visible=True), *[gr.skip()] * (5 + len(settings_by_name()))
    model, data, minutes, _, settings, *_ = presets.PRESETS[preset]
    choices = gr.Radio(choices=data_choices(model, own=own, wanted=data), value=data)
    return gr.Group(visible=False), model, minutes, choices, *room(model, data), *shown_settings(model, data, settings)


def source_selector() -> gr.Dropdown:
    """Which run's weights a training starts from."""
    words = {"label": t("train.source.label"), "info": t("train.source.info")}
    return gr.Dropdown([(t("train.source.none"), "")], value="", elem_id="train-source", **words)


def sources() -> Any:
    """The runs that a training can start from, for the selector of them."""
    names = [run.name for run in model_cache.runs(with_weights=True, replicas=False)]
    return gr.Dropdown(choices=[(t("train.source.none"), ""), *((name, name) for name in names)])


def led(preset: str, *, own: bool) -> tuple | dict:
    """(lead, preset, *fill) for a preset that a button in another tab leads to; nothing where none does."""
    return ("", preset, *fill(preset, own=own)) if preset in presets.PRESETS else {}


def offer(model: str, *, own: bool) -> tuple:
    """(data, *room, *settings): the data sets for a model, and its settings."""
    first = next(each for each in presets.PRESETS.values() if each.model == model)
    known = permissions.choices(model)
    value = first.data if first.data in known else known[0]
    choices = gr.Radio(choices=data_choices(model, own=own), value=value)
    return choices, *room(model, value), *shown_settings(model, value, first.settings)


def room(model: str, data: str) -> tuple:
    """(pictures, the second pile): shown where one's own pictures were chosen, the second for a CycleGAN."""
    is_own = data == OWN
    return gr.Column(visible=is_own), gr.File(visible=is_own and model == "cyclegan")


def chosen(model: str, data: str) -> tuple:
    """(pictures, the second pile, *settings) for a data set that was chosen: digits learn otherwise than photos."""
    known = [each.settings for each in presets.PRESETS.values() if (each.model, each.data) == (model, data)]
    are_photos = data not in SETS and data not in ("herd", "emoji")
    settings = known[0] if known else presets.PHOTOS[model] if are_photos else {}
    return *room(model, data), *shown_settings(model, data, settings)


def machine(language: Language) -> str:
    """The device that trains here, as HTML."""
    kind, values = device.inside()
    return paragraphs(say(language, f"train.machine.{kind}", **values))


# One's own pictures


class Staged(NamedTuple):
    """Pictures that a visitor has given and not trained on yet: their folder, and what was taken for each pile."""

    folder: str
    piles: "tuple[Taken, ...]"
    names: tuple[str, ...] = ()  # of the two domains, where the files given tell


def stage(place: Place, model: str, size: int, files: list[list[str]], progress: Callable | None = None) -> Staged:
    """Check a visitor's files, a list a pile, and keep the pictures until the training starts."""
    permissions.spare(place)
    root = place.runs / ".uploads"
    for old in root.glob("*") if root.is_dir() else []:
        if time.time() - old.stat().st_mtime > STALE:
            shutil.rmtree(old, ignore_errors=True)
    folder = root / uuid.uuid4().hex / "pictures"
    names = ("trainA", "trainB") if model == "cyclegan" else (".",)
    try:
        piles = tuple(
            uploads.take([Path(file) for file in given], folder / name if name != "." else folder, size=size)
            for name, given in zip(names, files, strict=True)
        )
    except BaseException:
        shutil.rmtree(folder.parent, ignore_errors=True)
        raise
    return Staged(str(folder), piles, domains(files) if model == "cyclegan" else ())


def domains(files: list[list[str]]) -> tuple[str, ...]:
    """What two domains are called by the files given: by a zip's name, or by what the pictures' names begin with alike.

    Empty where that says nothing: "IMG_0001.jpg" and "IMG_0002.jpg", or both the same.
    """
    found = []
    for given in files:
        stems = sorted(Path(file).stem for file in given)
        pairs = takewhile(lambda pair: pair[0] == pair[1], zip(stems[0], stems[-1], strict=False)) if stems else ()
        begin = "".join(letter for letter, _ in pairs)
        found.append((begin if len(given) == 1 else re.sub(r"[\d\s_.(\-]+$", "", begin)).strip()[:LONG_NAME])
    said = all(name and name.lower() not in NAMELESS for name in found) and len(set(found)) == len(found)
    return tuple(found) if said else ()


def are_few(staged: Staged, model: str) -> bool:
    """Whether a DCGAN's discriminator would learn these pictures by heart, so that DiffAugment is chosen for it.

    Measured on 100 digits, three seeds (`few` in the recorded experiments). What it does for translations is not known:
    for horses and zebras it made them worse.
    """
    return model == "dcgan" and staged.piles[0].count < uploads.WANTED[model][0]


def told(staged: Staged, model: str, size: int, language: Language) -> str:
    """What was taken, as HTML: counts, some of the pictures, advice, and what was left out, by name."""
    piles = []
    for number, taken in enumerate(staged.piles):
        name = say(language, f"train.own.pile.{'ab'[number]}" if len(staged.piles) > 1 else "train.own.pictures")
        sentence = say(language, "train.own.taken", name=name, count=f"{taken.count:,}")
        piles.append({"taken": sentence, "preview": data_url(uploads.preview(taken.folder), "png")})
    advice = [each.sentence(language) for each in uploads.advice(staged.piles, model, size)]
    if are_few(staged, model):
        advice.append(say(language, "train.own.augmented"))
    left = [(name, why.sentence(language)) for taken in staged.piles for name, why in taken.left_out]
    left += [
        (name, say(language, "train.own.copy_of", original=original))
        for taken in staged.piles
        for name, original in zip(taken.duplicates, taken.originals, strict=True)
    ]
    more = f"{len(left) - MOST_LEFT_OUT:,}" if len(left) > MOST_LEFT_OUT else ""
    return HTML.told(saying(language), piles, paragraphs(*advice), left[:MOST_LEFT_OUT], more)


def advice(run: Any, language: Language) -> list[str]:
    """What a person should know of the folders that a run is to learn from, as sentences; empty if all is well."""
    try:
        found = prepare.advice(run.config, None)
    except (OSError, UserError):  # the training itself will say it
        return []
    return [each.sentence(language) for each in found]


def channels_of(data: str) -> dict[str, int]:
    """{"channels": what a folder's pictures have}; empty where there are none."""
    try:
        return {"channels": prepare.channels_in(data, None)}
    except (OSError, UserError):
        return {}


def move_in(staged: Staged, run: Any) -> None:
    """Let staged pictures become part of a run that waits to train on them."""
    target = run.folder / "pictures"
    Path(staged.folder).rename(target)
    shutil.rmtree(Path(staged.folder).parent, ignore_errors=True)
    names = {"names": list(staged.names)} if staged.names else {}
    run.set_info(config=run.info["config"] | {"data": str(target)}, **names)
