"""The whole argument of a training of either model: its settings, each with its help, choices and bounds.

They stand apart from the models so that the page can show them before torch is there.
"""

from dataclasses import dataclass, fields
from typing import Any, Self

from gan.config import Config, setting
from gan.errors import UserError

LOSSES = ("bce", "saturating", "least-squares", "hinge")
NORMS = ("batch", "instance", "none")


@dataclass(frozen=True, kw_only=True)
class DCGANConfig(Config):
    """The whole argument of a DCGAN training. The switches below are those the lecture's questions ask for."""

    channels: int = setting(
        1, "1 for grey pictures, 3 for colour; a new run takes what its pictures have", choices=(1, 3)
    )
    latent: int = setting(100, "length of the latent vector z", low=1, high=4096)
    up: str = setting(
        "transposed",
        "how the generator goes up in size",
        choices=("transposed", "nearest", "bilinear", "unpool"),
    )
    down: str = setting("stride", "how the discriminator goes down", choices=("stride", "max", "average"))
    norm: str = setting("batch", "normalisation in the generator", choices=NORMS)
    norm_d: str = setting(
        "instance",
        "normalisation in the discriminator: batch is the paper's, instance judges each picture by itself",
        choices=NORMS,
    )
    loss: str = setting("bce", "the adversarial loss", choices=LOSSES)
    label: float = setting(1.0, "target for real pictures; 0.9 is label smoothing", low=0.5, high=1)
    fall: float = setting(
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
    batch: int = setting(1, "pictures of each domain a training step", low=1, high=256)
    blocks: int = setting(6, "residual blocks: 6 for 128x128, 9 for 256x256", low=1, high=12)
    up: str = setting("transposed", "how the generator goes up in size", choices=("transposed", "nearest", "bilinear"))
    change: bool = setting(False, "predict the change, x + net(x), which keeps the background as it was")
    width_d: int = setting(64, "feature maps of the discriminator's first layer", low=4, high=256)
    layers_d: int = setting(3, "strided layers of the discriminator: 3 score 70x70 patches, 2 34x34", low=1, high=4)
    loss: str = setting("least-squares", "the adversarial loss", choices=LOSSES)
    label: float = setting(1.0, "target for real pictures; 0.9 is label smoothing", low=0.5, high=1)
    cycle: float = setting(10.0, "weight of the cycle-consistency loss", low=0, high=100)
    identity: float = setting(0.5, "weight of the identity loss, as a share of the cycle's", low=0, high=10)
    identity_every: int = setting(1, "identity loss at every n-th training step only, to save time", low=1, high=100)
    pool: int = setting(50, "past fakes that the discriminators are shown again (0: none)", low=0, high=1000)
    flip: bool = setting(True, "mirror half of the training pictures")
    fall: float = setting(
        0.5, "learning-rate decay: the share of the run, at its end, in which rates fall to 0", low=0, high=1
    )

    model = "cyclegan"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.crop > self.size:
            raise UserError("settings.crop", crop=self.crop, size=self.size)
        if self.layers_d >= 3 and (self.crop or self.size) < 32:
            raise UserError("settings.small")


CONFIGS: dict[str, type[Config]] = {"dcgan": DCGANConfig, "cyclegan": CycleGANConfig}


def make(model: str, values: dict[str, Any]) -> Config:
    """The settings of a training of `model` from plain values.

    Raises `UserError` for a model that does not exist, and for a setting that does not or is the other model's.
    """
    if model not in CONFIGS:
        raise UserError("settings.model", model=model, known=", ".join(CONFIGS))
    for other, config in CONFIGS.items():
        theirs = {f.name for f in fields(config)} - {f.name for f in fields(CONFIGS[model])}
        if foreign := [name for name in values if name in theirs]:
            values = {"names": ", ".join(f"'{name}'" for name in foreign), "other": other, "model": model}
            raise UserError("settings.foreign" if len(foreign) == 1 else "settings.foreign_many", **values)
    return CONFIGS[model].from_dict(values)
