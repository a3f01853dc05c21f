"""What kind of place the app runs in, decided once, from the environment alone."""

import hmac
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from gan.errors import UserError

ROOT = Path(__file__).resolve().parents[1]

Kind = Literal["local", "space", "zerogpu"]
Training = Literal["off", "limited", "on"]


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
    """

    kind: Kind
    training: Training
    runs: Path
    gpu: Callable
    key: str = field(default="", repr=False)

    def opens(self, key: str) -> bool:
        """Whether this is the teacher's key; never so where there is none."""
        return bool(self.key) and hmac.compare_digest(key.encode(), self.key.encode())

    @property
    def megabytes(self) -> int:
        """How large a file may be that is sent here: a picture, or a zip of one's own where one trains on them."""
        return 200 if self.training == "on" or (self.training == "limited" and self.key) else 5


def no_loan(function: Callable | None = None, **_: object) -> Callable:
    """`spaces.GPU` where the GPU, if any, is there all the time: returns the function unchanged."""
    return function if function is not None else lambda later: later


def decide(environ: Mapping[str, str] = os.environ) -> Place:
    """Read the place from the environment: SPACE_ID, SPACES_ZERO_GPU, GAN_TRAINING, GAN_RUNS, GAN_KEY.

    Raises UserError if GAN_TRAINING is none of off, limited, on.
    """
    if environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true"):
        import spaces

        kind, gpu = "zerogpu", spaces.GPU
    else:
        kind, gpu = "space" if environ.get("SPACE_ID") else "local", no_loan
    training = environ.get("GAN_TRAINING") or ("on" if kind == "local" else "limited")
    if training not in get_args(Training):
        raise UserError(f"GAN_TRAINING is {training!r}; set it to off, limited or on.")
    runs = Path(environ.get("GAN_RUNS") or ROOT / "checkpoints").expanduser().resolve()
    return Place(kind, training, runs, gpu, environ.get("GAN_KEY", ""))
