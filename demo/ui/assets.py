"""Stylesheets and scripts lie beside the module whose part of the page they make."""

from pathlib import Path


def beside(module: str, name: str) -> str:
    """The text of a file by its name, beside a module given by its `__file__`."""
    return (Path(module).parent / name).read_text(encoding="utf-8")
