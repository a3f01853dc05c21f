"""Spear & Shield: a compact core that trains DCGAN and CycleGAN for real."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  older Pythons read this, so nothing new may stand in this file
    needed = "Spear & Shield needs Python 3.11 or newer; this is Python {}.{}.\n"
    sys.stderr.write(needed.format(*sys.version_info))
    raise SystemExit(2)

__version__ = "0.1.0"
