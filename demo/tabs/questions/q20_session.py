"""A visitor's small duel: kept, played and looked at.

All duels take turns on one thread: small networks gain nothing from several, and lose much where something else trains
(measured: 22 rounds a second on two busy threads, 220 on one).
"""

import copy
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from demo.tabs.questions import q20_figures
from demo.ui.drawing_pad import decode
from demo.ui.i18n import Language
from demo.ui.numbers import integer
from demo.ui.refusals import Refused
from demo.ui.templates import macros
from gan.lazy import lazy

if TYPE_CHECKING:
    from gan.toy.densities import Points
    from gan.toy.toy_gan import ToyConfig, ToyGAN

densities = lazy("gan.toy.densities")
toy_gan = lazy("gan.toy.toy_gan")
torch = lazy("torch")

HTML = macros(__file__)
BUDGET = 0.12  # seconds of an update's rounds, shared by all who wait
ENOUGH = 0.02  # how far D may be from the best to be called that
PAPER = 40  # squares a side of an empty drawing
MOST_TRAIL = 400  # divergences remembered; then every second is forgotten


@dataclass
class Held:
    """A visitor's duel, and how it is being played."""

    gan: "ToyGAN"
    running: bool = False
    alone: int = 0  # rounds that D still trains alone
    touched: float = field(default_factory=time.monotonic)
    drawn: float = 0.0  # when the curves were
    trail: list[tuple[int, float]] = field(default_factory=list)  # (round, divergence)
    lock: Any = field(default_factory=threading.Lock)


# One thread for all


def _one_thread() -> None:

    usual = torch.get_num_threads()
    torch.set_num_threads(1)  # of this thread, but also what threads to come begin with: that is set back
    again = threading.Thread(target=torch.set_num_threads, args=(usual,))
    again.start()
    again.join()


_thread = ThreadPoolExecutor(1, thread_name_prefix="small-duels", initializer=_one_thread)
_waiting = 0
_free_at = 0.0
_counting = threading.Lock()


def in_turn(function: Callable, *args: Any, **options: Any) -> Any:
    """What a function of a `Held` gives, done on the duels' thread in its turn; a third of its time is kept free."""

    def work() -> Any:
        global _free_at
        _count(-1)
        time.sleep(max(0.0, _free_at - time.monotonic()))
        begun = time.monotonic()
        try:
            return function(*args, **options)
        finally:
            _free_at = time.monotonic() + 0.5 * (time.monotonic() - begun)

    _count(1)
    return _thread.submit(work).result()


def _count(change: int) -> None:
    global _waiting
    with _counting:
        _waiting += change


def budget() -> float:
    """Seconds that the rounds of an update may take, now that so many wait."""
    return BUDGET / (1 + _waiting / 3)


def pace() -> float:
    """Seconds between two drawings of the curves, now that so many wait."""
    return 1 + _waiting / 5


# What is asked of a duel


def config_of(loss: str, descent: str, rate_g: float, rate_d: float, n_critic: float, seed: float) -> "ToyConfig":
    """The settings that the controls stand for. Raises UserError for one that is not possible."""
    if seed is None or not 0 <= seed < 2**31:
        raise Refused("refused.seed")
    n_critic, seed = integer("n_critic", n_critic), integer("seed", seed)
    return toy_gan.ToyConfig(str(loss), str(descent), float(rate_g), float(rate_d), n_critic, seed)


def points_of(data: str, drawing: str) -> "Points":
    """Where the real points come from. Raises UserError for an unknown name or an empty drawing."""
    if data != "drawn":
        if data not in densities.SETS:
            raise Refused("refused.points", name=data, known=", ".join(densities.SETS))
        return densities.SETS[data]()
    return densities.drawn(torch.from_numpy(ink(drawing)))


def ink(drawing: str) -> np.ndarray:
    """A drawing from its data address as float32 [H, W] in [0, 1]; nothing but paper for what is none."""
    image = decode(drawing or "")
    if image is None:
        return np.zeros((PAPER, PAPER), np.float32)
    return np.asarray(image.convert("L").resize((200, 200)), np.float32) / 255


def new(data: str, drawing: str, config: "ToyConfig", alone: int = 0, taught: "ToyConfig | None" = None) -> Held:
    """A new duel; D may have trained alone before it begins, with settings of its own (`taught`)."""
    gan = copy.deepcopy(_begun(data, drawing, taught or config, alone))
    gan.change(config)
    return Held(gan)


@lru_cache(maxsize=8)
def _begun(data: str, drawing: str, config: "ToyConfig", alone: int) -> "ToyGAN":
    """A duel after so many rounds of D alone: a class that clicks on one lesson waits for them once."""
    gan = toy_gan.ToyGAN(points_of(data, drawing), config)
    for _ in range(alone):
        gan.train_step(freeze_g=True)
    return gan


def play(held: Held, config: "ToyConfig", hold: str, rounds: int) -> None:
    """Up to so many rounds, as many as there is time for; D alone for as long as that was asked for."""
    with held.lock:
        held.gan.change(config)
        until, alone = time.monotonic() + budget(), held.alone > 0
        for _ in range(rounds):
            held.gan.train_step(freeze_d=hold == "d" and not alone, freeze_g=hold == "g" or alone)
            held.alone = max(0, held.alone - 1)
            if held.gan.blown_up:
                held.running = False
            if held.gan.blown_up or time.monotonic() > until:
                break


def seen(held: Held, hold: str, shows: list[str], language: Language, *, curves: bool) -> tuple[str, Any]:
    """(figure, curves) of a duel as it stands; without `curves` those are left as they are."""
    with held.lock:
        gan, view = held.gan, held.gan.look()
        if held.alone and view.off < ENOUGH:
            held.alone = 0
            held.running = False
        if not held.trail or held.trail[-1][0] != gan.rounds:
            held.trail.append((gan.rounds, view.divergence))
            if len(held.trail) > MOST_TRAIL:
                held.trail = held.trail[::2]
        make = q20_figures.line if gan.points.dims == 1 else q20_figures.plane
        figure = HTML.page(
            says=q20_figures.comment(gan, view, hold, language),
            dims=gan.points.dims,
            panels=make(view, gan.loss, shows, language),
            numbers=q20_figures.numbers(gan, view, language),
            is_running=held.running,
        )
        return figure, q20_figures.curves(gan, held.trail, language) if curves else gr.skip()
