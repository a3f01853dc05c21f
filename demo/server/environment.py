"""What kind of place the app runs in, decided once, from the environment alone."""

import hmac
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from demo.server.surroundings import unwritable
from demo.ui.refusals import Refused
from gan.paths import runs_root

ROOT = Path(__file__).resolve().parents[2]

Kind = Literal["local", "space", "zerogpu"]
Training = Literal["off", "limited", "on"]
LEGIBLE = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is easily taken for something else


@dataclass(frozen=True)
class Place:
    """Where the app runs and what it may do there.

    kind: "local" (a laptop, a server of one's own), "space" (a Hugging Face Space), "zerogpu" (a Space whose
        GPU is lent for seconds at a time).
    training: "on" (as long as one likes), "limited" (short trainings, one at a time), "off".
    runs: the folder of runs.
    gpu: decorator of a function that needs the GPU, as `@place.gpu` or `@place.gpu(duration=15)` (seconds);
        `spaces.GPU` on ZeroGPU, the identity elsewhere.
    key: the teacher's: with one set, only who knows it starts and conducts trainings on a machine of one's own, and
        where training is limited it is not for who knows it.
    is_key_made: the key was made for this start; whoever sits at this machine need not give it.
    is_proxied: other programs pass requests on to the app, so that they seem to come from this machine.
    unwritable: why no runs can be kept in the folder of runs, so that training is off; empty where they can.
    """

    kind: Kind
    training: Training
    runs: Path
    gpu: Callable
    key: str = field(default="", repr=False)
    is_key_made: bool = False
    is_proxied: bool = False
    unwritable: str = ""

    def opens(self, key: str) -> bool:
        """Whether this is the teacher's key; never so where there is none."""
        return bool(self.key) and hmac.compare_digest(key.encode(), self.key.encode())

    def among_others(self, environ: Mapping[str, str] = os.environ) -> "Place":
        """The same place where others reach the page too: with a key, made here unless GAN_KEY names one or is empty.

        Without one any of them could stop and delete what someone else trains.
        """
        if self.kind != "local" or self.training == "off" or "GAN_KEY" in environ:
            return self
        return replace(self, key="".join(secrets.choice(LEGIBLE) for _ in range(8)), is_key_made=True)

    @property
    def megabytes(self) -> int:
        """How large a file may be that is sent here: a picture, or a zip of one's own where one trains on them."""
        return 200 if self.training == "on" or (self.training == "limited" and self.key) else 5


def no_loan(function: Callable | None = None, **_: object) -> Callable:
    """`spaces.GPU` where the GPU, if any, is there all the time: returns the function unchanged."""
    return function if function is not None else lambda later: later


def decide(environ: Mapping[str, str] = os.environ) -> Place:
    """Read the place from the environment: SPACE_ID, SPACES_ZERO_GPU, GAN_TRAINING, GAN_RUNS, GAN_KEY.

    Where nothing can be written to the folder of runs, training is off. Raises UserError if GAN_TRAINING is none of
    off, limited, on, or GAN_RUNS names a file.
    """
    if environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true"):
        import spaces

        kind, gpu = "zerogpu", spaces.GPU
    else:
        kind, gpu = "space" if environ.get("SPACE_ID") else "local", no_loan
    training = environ.get("GAN_TRAINING") or ("on" if kind == "local" else "limited")
    if training not in get_args(Training):
        raise Refused("refused.gan_training", value=training)
    runs = runs_root(environ)
    why = "" if training == "off" else unwritable(runs)
    return Place(kind, "off" if why else training, runs, gpu, environ.get("GAN_KEY", ""), unwritable=why)
