"""Where things are kept: what came with the program, and the folder that runs go to."""

import os
from collections.abc import Mapping
from pathlib import Path

from gan.errors import UserError

ROOT = Path(__file__).resolve().parents[1]  # of the checkout
SHIPPED_RUNS = ROOT / "checkpoints"
SHIPPED_DATA = ROOT / "gan" / "shipped"
FONT = SHIPPED_DATA / "fonts" / "NotoSansKR-subset.otf"  # matplotlib's own has no Hangul


def runs_root(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder that new runs go to: GAN_RUNS or `checkpoints/`. It need not be there yet.

    Raises `UserError` where a file is in its way.
    """
    root = Path(environ.get("GAN_RUNS") or SHIPPED_RUNS).expanduser().resolve()
    there = next(path for path in (root, *root.parents) if os.path.exists(path))
    if not there.is_dir():
        raise UserError("runs_root.file", root=root, file=there)
    return root
