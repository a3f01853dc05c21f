"""Where runs are kept: the folder that GAN_RUNS names, or `checkpoints/`."""

import os
from collections.abc import Mapping
from pathlib import Path

from gan.errors import UserError

SHIPPED = Path(__file__).resolve().parent.parent / "checkpoints"


def runs_root(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder that new runs go to, which need not be there yet. Raises `UserError` where a file is in its way."""
    root = Path(environ.get("GAN_RUNS") or SHIPPED).expanduser().resolve()
    there = next(path for path in (root, *root.parents) if os.path.exists(path))
    if not there.is_dir():
        raise UserError("runs_root.file", root=root, file=there)
    return root
