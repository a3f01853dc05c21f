"""Journals as columns of numbers, read once: of a journal that grows, only what is new is read again."""

import os
import threading
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import orjson

COLUMNS = ("step", "images", "seconds", "loss_g", "loss_d", "d_real", "d_fake")
KEPT = 32  # journals in memory: 100,000 lines are 6 MB


_numbers = itemgetter(*COLUMNS)


class _Read(NamedTuple):
    file: tuple[int, int]  # device and inode: a journal that was rewound is another file
    offset: int
    rows: np.ndarray


_kept: dict[Path, _Read] = {}
_lock = threading.Lock()


def stamp(folder: Path) -> tuple[int, int, int]:
    """What changes whenever the journal in a run's folder does; zeros where there is none."""
    try:
        stat = (folder / "journal.jsonl").stat()
    except OSError:
        return 0, 0, 0
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def columns(folder: Path) -> dict[str, np.ndarray]:
    """The logged steps of a run's folder, in order: float64 [n] for each name in COLUMNS.

    Events, torn lines and lines that lack a number are left out; without a journal the columns are empty.
    """
    path = folder / "journal.jsonl"
    with _lock:
        try:
            with open(path, "rb") as file:
                rows = _rows(path, file)
        except OSError:
            rows = np.empty((0, len(COLUMNS)))
    return dict(zip(COLUMNS, rows.T, strict=True))


def _rows(path: Path, file: BinaryIO) -> np.ndarray:
    stat = os.fstat(file.fileno())
    identity = (stat.st_dev, stat.st_ino)
    known = _kept.pop(path, None)
    if known is None or known.file != identity or known.offset > stat.st_size:
        known = _Read(identity, 0, np.empty((0, len(COLUMNS))))
    file.seek(known.offset)
    new = file.read()
    new = new[: new.rfind(b"\n") + 1]  # the last line may still be being written
    rows = np.concatenate([known.rows, _parse(new.splitlines())])
    _kept[path] = _Read(identity, known.offset + len(new), rows)
    while len(_kept) > KEPT:
        del _kept[next(iter(_kept))]
    return rows


def _parse(lines: list[bytes]) -> np.ndarray:
    """The logged steps among these lines, float64 [n, len(COLUMNS)]."""
    try:  # all at once is twice as fast, and nearly always possible
        records = orjson.loads(b"[%s]" % b",".join(lines))
        rows = [_numbers(record) for record in records if "event" not in record]
        return np.array(rows, np.float64).reshape(-1, len(COLUMNS))
    except (ValueError, KeyError, TypeError):
        rows = [row for line in lines if (row := _row(line))]
        return np.array(rows, np.float64).reshape(-1, len(COLUMNS))


def _row(line: bytes) -> list[float] | None:
    try:
        return [float(value) for value in _numbers(orjson.loads(line))]
    except (ValueError, KeyError, TypeError):
        return None
