"""What people ask of a training, in words: "pause", "hold-d", "lr-g=0.0006", "lr-g=x3". Command line and app share
them.

A relative change is applied by the training process, in the order of the requests: the sender cannot know what
others have requested meanwhile, or which requests have not been read yet.
"""

from contextlib import suppress
from typing import Any

from gan.config import RuntimeSettings
from gan.errors import UserError
from gan.runs import journal
from gan.runs.run import Run

PLAIN = {
    "pause": {"do": "pause"},
    "resume": {"do": "go on"},
    "stop": {"do": "stop"},
    "step": {"do": "step", "who": "both"},
    "step-d": {"do": "step", "who": "d"},
    "step-g": {"do": "step", "who": "g"},
    "hold-d": {"do": "set", "freeze_d": True},
    "free-d": {"do": "set", "freeze_d": False},
    "hold-g": {"do": "set", "freeze_g": True},
    "free-g": {"do": "set", "freeze_g": False},
}
NUMBERS = {"lr-g": "rate_g", "lr-d": "rate_d", "rounds-d": "n_critic", "label": "label"}
SCALES = ("lr-g", "lr-d")  # those that may also be asked for as a factor: "lr-g=x3", "lr-g=/3"
COMMANDS = (*PLAIN, *(f"{name}=NUMBER" for name in NUMBERS), *(f"{name}=xNUMBER" for name in SCALES))
# how a run stands when it has done what was asked
LEADS_TO = {"pause": "paused", "go on": "running", "stop": "stopped"}


def parse(word: str) -> dict[str, Any]:
    """The control that a word stands for, as `Run.control` takes it; raises `UserError` for one that means nothing."""
    name, is_number, text = word.partition("=")
    if not is_number and name in PLAIN:
        return dict(PLAIN[name])
    if not is_number or name not in NUMBERS:
        raise UserError("acts.unknown", word=word, known=", ".join(COMMANDS))
    is_factor = name in SCALES and text[:1] in ("x", "/")
    try:
        value = float(text[1:] if is_factor else text)
    except ValueError:
        raise UserError("acts.no_number", text=text, word=word) from None
    if is_factor:
        values = {NUMBERS[name]: 1 / value if text[0] == "/" and value else value}
        RuntimeSettings(rate_g=0, rate_d=0).scaled(values)
        return {"do": "scale", **values}
    values = {NUMBERS[name]: value}
    RuntimeSettings(rate_g=0, rate_d=0).change(values)
    return {"do": "set", **values}


def ask(run: Run, *words: str) -> str | None:
    """Ask all of that of a run that is training now; returns how it will stand then, where that was asked.

    Raises `UserError` if it is not training, or for a word out of place.
    """
    asked = [parse(word) for word in words]
    status = run.status
    if status not in ("running", "paused"):
        raise UserError("acts.not_training", run=run.name, status=status)
    pauses = status == "paused"
    for control in asked:
        if control["do"] == "step" and not pauses:
            raise UserError("acts.step_while_paused")
        pauses = {"pause": True, "go on": False}.get(control["do"], pauses)
    for control in asked:
        run.control(**control)
    return next((LEADS_TO[control["do"]] for control in reversed(asked) if control["do"] in LEADS_TO), None)


def runtime_of(run: Run) -> RuntimeSettings:
    """How a run is conducted now: its settings, and what its journal says was changed since."""
    runtime = RuntimeSettings.of(run.config)
    for event in journal.events(run.folder):
        if event["event"] == "control":
            with suppress(UserError):  # of a journal that someone has edited
                runtime.change(event)
    return runtime


def controls_before(run: Run) -> int:
    """How many commands were asked of a run before its training was started, be it by the app or just now."""
    info = run.info
    asked = info.get("controls_before") if info["status"] == "starting" else None
    return len(run.controls()) if asked is None else asked
