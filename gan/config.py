"""Settings: one frozen dataclass per model, whose fields carry their own help, choices and bounds.

The command line builds its options from these fields, the Train tab its controls, and `run.json` holds them,
so a setting is described once. A value that is unknown or impossible is refused with a sentence.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from gan.errors import UserError

MOST_STEPS = 10_000_000


def setting(
    default: Any,
    help: str,
    *,
    choices: tuple = (),
    low: float | None = None,
    high: float | None = None,
    multiple: int = 1,
) -> Any:
    """A dataclass field that knows its help text, its choices or its bounds."""
    limits = {"help": help, "choices": choices, "low": low, "high": high, "multiple": multiple}
    return field(default=default, metadata=limits)


@dataclass(frozen=True, kw_only=True)
class Config:
    """What every duel has in common. `DCGANConfig` and `CycleGANConfig` add their own."""

    data: str = setting("mnist", "data set by name, or a folder or zip of pictures")
    size: int = setting(32, "side of the pictures, in pixels", low=16, high=512, multiple=4)
    channels: int = setting(3, "1 for grey pictures, 3 for colour", choices=(1, 3))
    width: int = setting(64, "feature maps of the widest picture's layer; cost grows with its square", low=4, high=256)
    batch: int = setting(128, "pictures a training step", low=1, high=4096)
    steps: int = setting(5000, "training steps, each an update of both networks", low=1, high=MOST_STEPS)
    minutes: float = setting(0.0, "end after so many minutes of training (0: by the steps alone)", low=0)
    seed: int = setting(0, "random seed: the same one repeats a run on the CPU", low=0, high=2**31 - 1)
    rate_g: float = setting(2e-4, "the generator's learning rate", low=0, high=1)
    rate_d: float = setting(2e-4, "the discriminator's learning rate", low=0, high=1)
    rounds_d: int = setting(1, "discriminator steps per generator step", low=1, high=100)
    hold_d_after: int = setting(0, "freeze the discriminator after this step (0: never)", low=0)
    ema: float = setting(0.999, "EMA decay: of the running average of the generator's weights", low=0, high=0.99999)
    flip: bool = setting(False, "mirror half of the training pictures")
    precision: str = setting(
        "auto", "arithmetic: auto takes bf16 where the hardware has it", choices=("auto", "fp32", "bf16")
    )
    log_every: int = setting(10, "write a line of the journal every so many steps", low=1, high=100_000)
    samples: int = setting(
        40, "sample pictures kept over the whole run, closer together at its start", low=2, high=2000
    )

    def __post_init__(self) -> None:
        for f in fields(self):
            _check(f, getattr(self, f.name))

    def as_dict(self) -> dict[str, Any]:
        """The settings as plain values, as `run.json` holds them."""
        return asdict(self)

    def progress(self, step: int, seconds: float) -> float:
        """How much of the run is done at this step, after so many seconds, 0 to 1: by whichever end comes first."""
        by_time = seconds / (60 * self.minutes) if self.minutes else 0.0
        return min(1.0, max(step / self.steps, by_time))

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The settings from plain values; raises `UserError` for a name that does not exist."""
        known = [f.name for f in fields(cls)]
        for name in values:
            if name not in known:
                raise UserError("config.unknown", name=name, known=", ".join(known))
        return cls(**values)

    @classmethod
    def of_record(cls, values: dict[str, Any]) -> Self:
        """The settings as a `run.json` holds them, which may be older than a setting."""
        return cls.from_dict(values)


def _check(f: Any, value: Any) -> None:
    """Refuse `value` for the field `f` with a sentence that names both and what is allowed."""
    kinds = {float: (int, float), int: (int,), str: (str,), bool: (bool,)}[f.type]
    if not isinstance(value, kinds) or (f.type is not bool and isinstance(value, bool)):
        raise UserError("config.type", name=f.name, value=value, type=f.type.__name__)
    m = f.metadata
    if m["choices"] and value not in m["choices"]:
        allowed = ", ".join(map(str, m["choices"]))
        raise UserError("config.choice", name=f.name, value=value, allowed=allowed)
    if m["low"] is not None and not value >= m["low"]:  # `not >=` also refuses NaN
        raise UserError("config.low", name=f.name, value=value, low=m["low"])
    if m["high"] is not None and value > m["high"]:
        raise UserError("config.high", name=f.name, value=value, high=m["high"])
    if m["multiple"] > 1 and value % m["multiple"]:
        raise UserError("config.multiple", name=f.name, value=value, multiple=m["multiple"])
