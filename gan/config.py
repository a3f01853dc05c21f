"""Settings: one frozen dataclass per model, whose fields carry their own help, choices and bounds.

The command line builds its options from these fields, the Train tab its controls, and `run.json` holds them,
so a setting is described once. A value that is unknown or impossible is refused with a sentence. Nothing here needs
torch: the page shows the settings before it is there.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from gan.errors import UserError

MOST_STEPS = 10_000_000

# What settings were called in run folders, scripts and journals before they had the field's names: read ever after.
OLD_NAMES = {
    "width": "ngf",
    "width_d": "ndf",
    "layers_d": "n_layers_d",
    "up": "upsample",
    "down": "downsample",
    "change": "residual",
    "flip": "hflip",
    "pool": "pool_size",
    "cycle": "lambda_cycle",
    "identity": "lambda_identity",
    "fall": "lr_decay",
    "rounds_d": "n_critic",
    "hold_d": "freeze_d",
    "hold_g": "freeze_g",
    "hold_d_after": "freeze_d_after",
}


def by_new_names(values: dict[str, Any]) -> dict[str, Any]:
    """The same values, those of settings by the names that settings have now."""
    return {OLD_NAMES.get(name, name): value for name, value in values.items()}


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
    """What the settings of every training have in common. `DCGANConfig` and `CycleGANConfig` add their own."""

    data: str = setting("mnist", "data set by name, or a folder or zip of pictures")
    size: int = setting(32, "side of the pictures, in pixels", low=16, high=512, multiple=4)
    channels: int = setting(3, "1 for grey pictures, 3 for colour", choices=(1, 3))
    ngf: int = setting(64, "feature maps of the generator's last layer; cost grows with its square", low=4, high=256)
    batch: int = setting(128, "pictures a training step", low=1, high=4096)
    steps: int = setting(5000, "training steps, each an update of both networks", low=1, high=MOST_STEPS)
    minutes: float = setting(0.0, "end after so many minutes of training (0: by the steps alone)", low=0)
    seed: int = setting(0, "random seed: the same one repeats a run on the CPU", low=0, high=2**31 - 1)
    rate_g: float = setting(2e-4, "the generator's learning rate", low=0, high=1)
    rate_d: float = setting(2e-4, "the discriminator's learning rate", low=0, high=1)
    n_critic: int = setting(1, "discriminator steps per generator step", low=1, high=100)
    freeze_d_after: int = setting(0, "freeze the discriminator after this step (0: never)", low=0)
    ema: float = setting(0.999, "EMA decay: of the running average of the generator's weights", low=0, high=0.99999)
    hflip: bool = setting(False, "mirror half of the training pictures")
    subset: int = setting(0, "train on so many pictures of each set alone, chosen by a fixed seed (0: all)", low=0)
    diff_augment: bool = setting(False, "show the discriminator all pictures changed at random; for few pictures")
    spectral_norm: bool = setting(False, "spectral normalisation of the discriminator's layers")
    r1: float = setting(0.0, "gamma of R1, the gradient penalty at real pictures (0: none)", low=0, high=1000)
    r2: float = setting(0.0, "gamma of R2, the gradient penalty at generated pictures (0: none)", low=0, high=1000)
    penalty_every: int = setting(1, "gradient penalty every n-th training step, n times as strong", low=1, high=100)
    precision: str = setting(
        "auto", "arithmetic: auto takes bf16 where the hardware has it", choices=("auto", "fp32", "bf16")
    )
    compile: bool = setting(False, "compile the networks first (torch.compile): a slower start, then faster steps")
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
        known, values = [f.name for f in fields(cls)], by_new_names(values)
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


ABSOLUTE_LOSSES = ("bce", "saturating", "least-squares", "hinge")  # of what D says of one picture alone
LOSS_NAMES = (*ABSOLUTE_LOSSES, "relativistic")
NORMS = ("batch", "instance", "none")


@dataclass(frozen=True, kw_only=True)
class DCGANConfig(Config):
    """The whole argument of a DCGAN training. The switches below are those the lecture's questions ask for."""

    channels: int = setting(
        1, "1 for grey pictures, 3 for colour; a new run takes what its pictures have", choices=(1, 3)
    )
    latent: int = setting(100, "length of the latent vector z", low=1, high=4096)
    upsample: str = setting(
        "transposed",
        "how the generator goes up in size",
        choices=("transposed", "nearest", "bilinear", "unpool"),
    )
    downsample: str = setting("stride", "how the discriminator goes down", choices=("stride", "max", "average"))
    norm: str = setting("batch", "normalisation in the generator", choices=NORMS)
    norm_d: str = setting(
        "instance",
        "normalisation in the discriminator: batch is the paper's, instance judges each picture by itself",
        choices=NORMS,
    )
    loss: str = setting("bce", "the adversarial loss", choices=LOSS_NAMES)
    label: float = setting(1.0, "target for real pictures; 0.9 is label smoothing", low=0.5, high=1)
    lr_decay: float = setting(
        0.0, "learning-rate decay: the share of the run, at its end, in which rates fall to 0", low=0, high=1
    )
    gauge: int = setting(0, "pictures measured at each sample, for curves of quality (0: none)", low=0, high=10_000)

    model = "dcgan"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.gauge == 1:
            raise UserError("settings.gauge")
        if self.size & (self.size - 1):
            raise UserError("settings.doubling", size=self.size)

    @classmethod
    def of_record(cls, values: dict[str, Any]) -> Self:
        """As in `Config`; before `norm_d` there was one norm for both networks."""
        return cls.from_dict({"norm_d": values.get("norm", "batch")} | values)


@dataclass(frozen=True, kw_only=True)
class CycleGANConfig(Config):
    """The whole argument of a CycleGAN training; the defaults are the paper's, at 128x128."""

    data: str = setting("herd", "pair of sets by name, a folder (or zip) with trainA and trainB, or two 'A,B'")
    size: int = setting(128, "side the pictures are kept at, in pixels", low=16, high=512, multiple=4)
    crop: int = setting(0, "side of the random crops trained on (0: whole pictures)", low=0, high=512, multiple=4)
    crop_scale: float = setting(
        1.0, "crops up to so many times as wide, resized to `crop`: near and far animals", low=1, high=8
    )
    batch: int = setting(1, "pictures of each domain a training step", low=1, high=256)
    blocks: int = setting(6, "residual blocks: 6 for 128x128, 9 for 256x256", low=1, high=12)
    upsample: str = setting(
        "transposed", "how the generator goes up in size", choices=("transposed", "nearest", "bilinear")
    )
    residual: bool = setting(False, "predict the change, x + net(x), which keeps the background as it was")
    ndf: int = setting(64, "feature maps of the discriminator's first layer", low=4, high=256)
    n_layers_d: int = setting(3, "strided layers of the discriminator: 3 score 70x70 patches, 2 34x34", low=1, high=4)
    scales_d: int = setting(
        1, "discriminators a domain: 2 adds one that is shown the pictures at half their size", low=1, high=2
    )
    loss: str = setting("least-squares", "the adversarial loss", choices=LOSS_NAMES)
    label: float = setting(1.0, "target for real pictures; 0.9 is label smoothing", low=0.5, high=1)
    lambda_cycle: float = setting(10.0, "weight of the cycle-consistency loss", low=0, high=100)
    lambda_identity: float = setting(0.5, "weight of the identity loss, as a share of the cycle's", low=0, high=10)
    identity_every: int = setting(1, "identity loss at every n-th training step only, to save time", low=1, high=100)
    pool_size: int = setting(50, "past fakes that the discriminators are shown again (0: none)", low=0, high=1000)
    hflip: bool = setting(True, "mirror half of the training pictures")
    lr_decay: float = setting(
        0.5, "learning-rate decay: the share of the run, at its end, in which rates fall to 0", low=0, high=1
    )

    model = "cyclegan"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.crop > self.size:
            raise UserError("settings.crop", crop=self.crop, size=self.size)
        if self.crop_scale > 1 and self.crop in (0, self.size):
            raise UserError("settings.crop_scale", size=self.size)
        least = 3 * 2**self.n_layers_d * self.scales_d  # else nothing is left of a picture for the last layer
        if (self.crop or self.size) < least:
            raise UserError("settings.small", size=self.crop or self.size, layers=self.n_layers_d, least=least)


CONFIGS: dict[str, type[Config]] = {"dcgan": DCGANConfig, "cyclegan": CycleGANConfig}


def make(model: str, values: dict[str, Any]) -> Config:
    """The settings of a training of `model` from plain values.

    Raises `UserError` for a model that does not exist, and for a setting that does not or is the other model's.
    """
    if model not in CONFIGS:
        raise UserError("settings.model", model=model, known=", ".join(CONFIGS))
    values = by_new_names(values)
    for other, config in CONFIGS.items():
        theirs = {f.name for f in fields(config)} - {f.name for f in fields(CONFIGS[model])}
        if foreign := [name for name in values if name in theirs]:
            values = {"names": ", ".join(f"'{name}'" for name in foreign), "other": other, "model": model}
            raise UserError("settings.foreign" if len(foreign) == 1 else "settings.foreign_many", **values)
    return CONFIGS[model].from_dict(values)


@dataclass
class RuntimeSettings:
    """What may be changed while a training goes on; it starts from the settings and is saved with the run."""

    rate_g: float
    rate_d: float
    n_critic: int = 1
    label: float = 1.0
    freeze_g: bool = False
    freeze_d: bool = False
    measure: bool = True  # whether this round also measures the gradients

    def change(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Apply the settings that may change during training, and return those that were applied.

        Raises `UserError` for an impossible one; then nothing has changed.
        """
        limits = {f.name: f.metadata for f in fields(Config)} | {"label": {"low": 0.5, "high": 1.0}}
        taken = {}
        for name, value in by_new_names(asked).items():
            if name in ("freeze_g", "freeze_d") and isinstance(value, bool):
                taken[name] = value
            elif name in ("rate_g", "rate_d", "n_critic", "label"):
                low, high = limits[name]["low"], limits[name]["high"]
                if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                    raise UserError("runtime.number", name=name, value=value, low=low, high=high)
                if name == "n_critic" and value != int(value):
                    raise UserError("runtime.whole", name=name, value=value, low=low, high=high)
                taken[name] = type(getattr(self, name))(value)
            elif name in ("freeze_g", "freeze_d"):
                raise UserError("runtime.truth", name=name, value=value)
        for name, value in taken.items():
            setattr(self, name, value)
        return taken

    def scaled(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The learning rates times the factors asked for, at most 1; raises `UserError` for an impossible factor."""
        rates = {}
        for name in ("rate_g", "rate_d"):
            if name in asked:
                factor = asked[name]
                if isinstance(factor, bool) or not isinstance(factor, int | float) or not 0 < factor < float("inf"):
                    raise UserError("runtime.factor", name=name, factor=factor)
                rates[name] = float(f"{min(1.0, getattr(self, name) * factor):.6g}")
        return rates

    @classmethod
    def of(cls, config: Config) -> "RuntimeSettings":
        """What a run's settings ask for at its first step."""
        label = getattr(config, "label", 1.0)
        return cls(rate_g=config.rate_g, rate_d=config.rate_d, n_critic=config.n_critic, label=label)
