"""Modules that are imported when they are first used: torch takes seconds, and the page and `--help` come before it."""

from importlib import import_module
from typing import Any


class lazy:
    """`np = lazy("numpy")` stands for the module. Each use goes through Python's own import, so threads may share it;
    `importlib.util.LazyLoader` is not safe for that before Python 3.12."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)

    def __repr__(self) -> str:
        return f"lazy({self._name!r})"
