"""Journals as columns of numbers, read once: of a journal that grows, only what is new is read again."""

import os
import threading
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from gan.config import by_new_names

try:  # comes with gradio, and reads three times as fast
    from orjson import loads
except ImportError:
    from json import loads

NEEDED = ("step", "images", "seconds", "loss_g", "loss_d", "d_real", "d_fake")  # of every training
FURTHER = (  # of some: NaN where a line has none
    *("grad_g", "grad_d", "rate_g", "rate_d"),
    *("loss_g_a2b", "loss_d_b", "cycle_a", "idt_b", "loss_g_b2a", "loss_d_a", "cycle_b", "idt_a"),
)
COLUMNS = NEEDED + FURTHER
HEAD = 200  # bytes of the first line, which tells a journal from another one under its name
TOGETHER = 1000  # lines that are parsed together
KEPT = 64  # journals in memory: 100,000 lines are 15 MB, but most have some hundred
NAN = float("nan")


# a line has all columns (a CycleGAN's), those up to the rates (a DCGAN's), or at least the needed ones
SOME = len(NEEDED) + 4
_others = frozenset(COLUMNS[SOME:])
_all, _some, _few = itemgetter(*COLUMNS), itemgetter(*COLUMNS[:SOME]), itemgetter(*NEEDED)


class _Read(NamedTuple):
    # device, inode and first line: a journal that was rewound is another file, and that of a run which was deleted and
    # begun anew may have the old one's inode
    file: tuple[int, int, bytes]
    offset: int
    rows: np.ndarray
    events: list[dict[str, Any]]


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

    Events, torn lines and lines that lack a needed number are left out; without a journal the columns are empty.
    """
    return dict(zip(COLUMNS, _read(folder).rows.T, strict=True))


def events(folder: Path) -> list[dict[str, Any]]:
    """The events of a run's folder, in order: {"step", "seconds", "event", ...}."""
    return _read(folder).events


def _read(folder: Path) -> _Read:
    path = folder / "journal.jsonl"
    with _lock:
        try:
            with open(path, "rb") as file:
                return _read_on(path, file)
        except OSError:
            return _Read((0, 0, b""), 0, np.empty((0, len(COLUMNS))), [])


def _read_on(path: Path, file: BinaryIO) -> _Read:
    stat = os.fstat(file.fileno())
    identity = (stat.st_dev, stat.st_ino, file.readline(HEAD))
    known = _kept.pop(path, None)
    if known is None or known.file != identity or known.offset > stat.st_size:
        known = _Read(identity, 0, np.empty((0, len(COLUMNS))), [])
    file.seek(known.offset)
    new = file.read()
    new = new[: new.rfind(b"\n") + 1]  # the last line may still be being written
    rows, told = _parse(new.splitlines())
    rows = np.concatenate([known.rows, rows])
    _kept[path] = now = _Read(identity, known.offset + len(new), rows, known.events + told)
    while len(_kept) > KEPT:
        del _kept[next(iter(_kept))]
    return now


def _parse(lines: list[bytes]) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """The logged steps among these lines, float64 [n, len(COLUMNS)], and the events."""
    # not all at once: records that are soon gone stay in the cache, and out of the garbage collector's way
    parts = [_parse_some(lines[at : at + TOGETHER]) for at in range(0, max(1, len(lines)), TOGETHER)]
    return np.concatenate([rows for rows, _ in parts]), [event for _, events in parts for event in events]


def _parse_some(lines: list[bytes]) -> tuple[np.ndarray, list[dict[str, Any]]]:
    try:  # together is twice as fast, and nearly always possible
        records = loads(b"[%s]" % b",".join(lines))
        rows = _rows([record for record in records if "event" not in record])
    except (ValueError, KeyError, TypeError):
        records = [record for line in lines if (record := _record(line)) is not None]
        rows = _rows([record for record in records if "event" not in record])
    events = [record for record in records if "event" in record and isinstance(record.get("step"), int | float)]
    events = [by_new_names(event) if event["event"] == "control" else event for event in events]
    return rows, events


def _rows(records: list[dict[str, Any]]) -> np.ndarray:
    """The numbers of logged steps, float64 [n, len(COLUMNS)]: quickly where all have the same ones."""
    rows = np.full((len(records), len(COLUMNS)), NAN)
    for numbers, width in ((_all, len(COLUMNS)), (_some, SOME)):
        if width == SOME and not all(map(_others.isdisjoint, records)):
            continue  # some have more: these would be lost
        try:
            flat = np.fromiter(chain.from_iterable(map(numbers, records)), np.float64, len(records) * width)
        except KeyError:
            continue
        rows[:, :width] = flat.reshape(-1, width)
        return rows
    for row, record in zip(rows, records, strict=True):
        row[: len(NEEDED)] = _few(record)
        row[len(NEEDED) :] = [record.get(name, NAN) for name in FURTHER]
    return rows


def _record(line: bytes) -> dict[str, Any] | None:
    """A line's record where it is fit to read: a step with all it needs, or an event."""
    try:
        record = loads(line)
        if "event" not in record:
            _rows([record])
        return record
    except (ValueError, KeyError, TypeError):
        return None
