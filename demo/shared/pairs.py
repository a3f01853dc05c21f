"""What the two domains of a CycleGAN are called."""

from demo.ui.i18n import Language, words
from gan.data.registry import PAIRS, last_names
from gan.runs.run import Run


def names(run: Run, language: Language) -> tuple[str, str]:
    """What the two domains are called: "horse", "zebra"; "A", "B" where nothing names them."""
    data, given = run.config.data, run.info.get("names")
    if data in PAIRS:
        sides = PAIRS[data].a, PAIRS[data].b
    else:
        sides = tuple(given) if isinstance(given, list) else tuple(last_names(data))
        if len(sides) == 1:  # a folder with both: "horse2zebra"
            record = PAIRS.get(sides[0])
            sides = (record.a, record.b) if record else tuple(sides[0].split("2"))
        sides = sides if len(set(sides)) == 2 and all(sides) else ("A", "B")
    known = words(language)

    def said(side: str) -> str:
        keys = (f"translate.names.{each}" for each in (side, side.lower(), side.lower().removesuffix("s")))
        return next((known[key] for key in keys if key in known), side)

    return said(sides[0]), said(sides[1])
