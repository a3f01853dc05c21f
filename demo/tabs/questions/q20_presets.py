"""What can be chosen of the small duel: its lessons, and the controls' values."""

from typing import NamedTuple

DATA = ("ring", "rings", "line", "grid", "hill", "hills", "drawn")
DESCENTS = ("adam", "sgd")
RATES = (0.0, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02)
R1 = (0.0, 0.1, 1.0, 10.0)  # gamma
HOLDS = ("none", "d", "g")
SPEEDS = {"slow": 5, "normal": 120, "fast": 3600}  # rounds a second, as far as there is time for them
SHOWS = ("real", "fake", "pull", "net")  # what can be laid over the verdict


class Try(NamedTuple):
    """What a lesson suggests to try then, as a button: these settings, on the lesson begun anew or as it stands."""

    loss: str
    descent: str
    rate_g: float
    anew: bool = True
    r1: float = 0.0


class Preset(NamedTuple):
    """A lesson: the data, the settings, the rounds that D trains alone before it begins, and what to try then."""

    data: str
    loss: str
    descent: str
    rate_g: float
    rate_d: float
    hold: str
    alone: int = 0
    r1: float = 0.0
    tries: dict[str, Try] = {}  # noqa: RUF012, never changed


PERFECT = {  # measured over three seeds: covered 0.65 and more of the ring after 1,500 rounds, 0.28 with plain steps
    "adam": Try("saturating", "adam", 0.0002),
    "bce": Try("bce", "sgd", 0.0001),
    "least-squares": Try("least-squares", "adam", 0.0002),
    "hinge": Try("hinge", "adam", 0.0002),
}
RESTLESS = {  # measured over six seeds: five chase, covered 0.01 to 0.28; 1,600 rounds of R1 later it is 0.94 and more
    "r1": Try("bce", "sgd", 0.02, False, r1=0.1),
}
PRESETS = {
    "balanced": Preset("ring", "bce", "adam", 0.0005, 0.002, "none"),
    "perfect": Preset("ring", "saturating", "sgd", 0.002, 0.002, "none", 300, tries=PERFECT),
    "held": Preset("ring", "bce", "adam", 0.0005, 0.002, "d", 300, tries={"both": Try("bce", "adam", 0.0002, False)}),
    "restless": Preset("ring", "bce", "sgd", 0.02, 0.002, "none", tries=RESTLESS),
    "hills": Preset("hills", "bce", "adam", 0.0005, 0.002, "none"),
    "grid": Preset("grid", "bce", "adam", 0.0005, 0.002, "none"),
}

# the controls that a lesson sets, beside "n_critic"
SETTINGS = ("data", "loss", "descent", "rate_g", "rate_d", "r1", "hold")
TRIES = tuple(dict.fromkeys(name for lesson in PRESETS.values() for name in lesson.tries))
