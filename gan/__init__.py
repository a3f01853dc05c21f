"""Spear & Shield: a compact core that trains DCGAN and CycleGAN for real."""

import sys

if sys.version_info < (3, 11):  # read by older Pythons too, so nothing new may stand in this file
    sys.stderr.write("Spear & Shield needs Python 3.11 or newer; this is Python %d.%d.\n" % sys.version_info[:2])
    raise SystemExit(2)

__version__ = "0.1.0"
