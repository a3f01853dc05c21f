"""How far a training gets here: measured when someone asks, with a way out, and said before an hour is given to it."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo import jobs
from demo.jobs import presets
from demo.server.environment import Place
from demo.ui.gradio_workarounds import session_of
from demo.ui.i18n import Language, language_of, say
from demo.ui.paragraphs import paragraphs
from gan.config import Config
from gan.lazy import lazy

if TYPE_CHECKING:
    from gan.benchmark.throughput import Estimate

throughput = lazy("gan.benchmark.throughput")
device = lazy("gan.device")

KEPT = 60.0  # seconds: a class that asks at the same moment is told the same; who asks later has it measured anew
LOOK = 0.1  # seconds between two looks at whether the visitor still wants to know

_known: dict[Config, tuple[float, "Estimate"]] = {}
_turn = threading.Lock()  # two measurements at once would each find the machine busy
VISITORS = 300  # whose last question is known
_asked: dict[str, tuple[str, object]] = {}  # by session what it asked for last, and a token of that very question


def outlook(config: Config, needed: int | None, language: Language, stop: Callable[[], bool] = lambda: False) -> str:
    """How far a training gets on this machine, measured, as HTML; raises `estimate.Stopped` once `stop()` is true."""
    apart = {"seed": 0, "minutes": 0.0, "steps": 1, "samples": 2}
    apart["data"] = "herd" if config.model == "cyclegan" else "mnist"
    found = measured(type(config).from_dict(config.as_dict() | apart), stop)  # the same work, so measured once
    key, values = throughput.outlook(config, found, needed)
    shown = {
        name: f"{value:,.0f}" if value >= 10 else f"{value:.2g}" for name, value in values.items() if value is not None
    }
    told = [say(language, f"train.outlook.{key}", **shown)]
    if found.is_bound:
        told.append(say(language, "train.outlook.bound", seconds=f"{throughput.LIMIT:.0f}"))
    if found.is_disturbed:
        told.append(say(language, "train.outlook.disturbed", percent=f"{100 * found.share:.0f}"))
    return paragraphs(*told, kind=f"outlook {key}")


def measured(config: Config, stop: Callable[[], bool] = lambda: False) -> "Estimate":
    """The speed of such a training; what was measured beside other work is told, and not kept."""
    while not _turn.acquire(timeout=LOOK):
        if stop():
            raise throughput.Stopped
    try:
        for old in [each for each, (at, _) in _known.items() if time.monotonic() - at > KEPT]:
            del _known[old]
        if config not in _known:
            found = throughput.measure(config, stop=stop)
            if found.is_disturbed or found.is_bound:
                return found
            _known[config] = time.monotonic(), found
        return _known[config][1]
    finally:
        _turn.release()


def ask(config: Config, needed: int | None, asked: tuple, request: gr.Request) -> Iterator[tuple]:
    """(outlook, its button, Stop) while it is measured and at the end; nothing of it once it was stopped.

    `asked` is what the page's controls said. Gradio gives the last answer once more at the end, which may reach the
    page after that to Stop: so the last one is to be right then, too.
    """
    language, session, mine = language_of(request), session_of(request), (repr(asked), object())
    if jobs.active() is not None:
        yield paragraphs(say(language, "train.outlook.busy")), *pressable(False)
        return
    _asked.pop(session, None)
    _asked[session] = mine
    while len(_asked) > VISITORS:
        del _asked[next(iter(_asked))]
    found: dict[str, Any] = {}

    def is_unwanted() -> bool:
        return _asked.get(session) is not mine

    worker = threading.Thread(target=_work, args=(found, partial(outlook, config, needed, language, is_unwanted)))
    worker.daemon = True
    worker.start()
    yield paragraphs(say(language, "train.outlook.measuring")), *pressable(True)
    while worker.is_alive():
        worker.join(LOOK)
        if is_unwanted():
            yield (gr.skip(),) * 3 if session in _asked else ("", *pressable(False))
            return
    yield found.get("html", ""), *pressable(False)
    if "error" in found:
        raise found["error"]
    yield (gr.skip(),) * 3


def _work(found: dict[str, Any], call: Callable[[], str]) -> None:

    try:
        found["html"] = call()
    except throughput.Stopped:
        pass
    except Exception as error:  # raised where the visitor is told
        found["error"] = error


def stop(request: gr.Request) -> tuple:
    """(outlook, its button, Stop): what is being measured is not wanted."""
    _asked.pop(session_of(request), None)
    return "", *pressable(False)


def forget(asked: tuple, request: gr.Request) -> Any:
    """`stop` where the controls say something else now than what was asked; fields say so also when they are filled."""
    if _asked.get(session_of(request), ("",))[0] == repr(asked):
        return gr.skip()
    return stop(request)


def pressable(measures: bool) -> tuple[gr.Button, gr.Button]:
    """(measure, Stop): what can be pressed now."""
    return gr.Button(interactive=not measures), gr.Button(visible=measures)


def lacks_a_gpu(preset: str, config: Config, place: Place) -> bool:
    """Whether this is a training that takes a GPU, by its preset or its settings, on a machine that has none."""
    known = presets.PRESETS.get(preset)
    wants = (known is not None and known.gpu) or presets.wants_gpu(config)
    return wants and place.kind != "zerogpu" and device.inside()[0] == "cpu"


def question(config: Config, reader: gr.Request | None) -> str:
    """What is asked before such a training is started all the same."""
    needed = next(each.needed for each in presets.PRESETS.values() if each.gpu)
    return say(reader, "train.slow_here.question", minutes=f"{config.minutes:g}", needed=f"{needed:,}")
