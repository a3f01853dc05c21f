"""Spear & Shield: a compact core that trains DCGAN and CycleGAN for real."""

__version__ = "0.1.0"
