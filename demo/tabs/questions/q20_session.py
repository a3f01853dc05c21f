"""A small duel on the server, for `/duel`; the page plays its own (toy_gan.js).

All duels take turns on one thread: small networks gain nothing from several, and lose much where something else trains
(measured: 22 rounds a second on two busy threads, 220 on one).
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from demo.ui.numbers import integer
from demo.ui.refusals import Refused
from gan.lazy import lazy

if TYPE_CHECKING:
    from gan.toy.densities import Points
    from gan.toy.toy_gan import ToyConfig, ToyGAN

densities = lazy("gan.toy.densities")
toy_gan = lazy("gan.toy.toy_gan")
torch = lazy("torch")

# One thread for all


def _one_thread() -> None:
    usual = torch.get_num_threads()
    torch.set_num_threads(1)  # of this thread, but also what threads to come begin with: that is set back
    again = threading.Thread(target=torch.set_num_threads, args=(usual,))
    again.start()
    again.join()


_thread = ThreadPoolExecutor(1, thread_name_prefix="small-duels", initializer=_one_thread)
_free_at = 0.0


def in_turn(function: Callable, *args: Any) -> Any:
    """What a function gives, called on the duels' thread in its turn; a third of its time is kept free."""

    def work() -> Any:
        global _free_at
        time.sleep(max(0.0, _free_at - time.monotonic()))
        begun = time.monotonic()
        try:
            return function(*args)
        finally:
            _free_at = time.monotonic() + 0.5 * (time.monotonic() - begun)

    return _thread.submit(work).result()


# What is asked of a duel


def config_of(
    loss: str, descent: str, rate_g: float, rate_d: float, n_critic: float, seed: float, r1: float
) -> "ToyConfig":
    """The settings that the controls stand for. Raises UserError for one that is not possible."""
    if seed is None or not 0 <= seed < 2**31:
        raise Refused("refused.seed")
    n_critic, seed = integer("n_critic", n_critic), integer("seed", seed)
    return toy_gan.ToyConfig(str(loss), str(descent), float(rate_g), float(rate_d), n_critic, seed, float(r1))


def points_of(data: str) -> "Points":
    """Where the real points come from. Raises UserError for an unknown name."""
    if data not in densities.SETS:
        raise Refused("refused.points", name=data, known=", ".join(densities.SETS))
    return densities.SETS[data]()


def play(gan: "ToyGAN", hold: str, rounds: int) -> None:
    """So many rounds, fewer where it blows up."""
    for _ in range(rounds):
        if not gan.blown_up:
            gan.train_step(freeze_d=hold == "d", freeze_g=hold == "g")
